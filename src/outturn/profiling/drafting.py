"""A first contract from a sample file: what the sample proves, and what to ask of the rest."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from outturn.contracts import Contract, Form
from outturn.contracts.building import build_contract
from outturn.contracts.forms import normal_header
from outturn.contracts.reading import check_document
from outturn.errors import DraftImpossible, FileRefused
from outturn.load.cells import is_blank, plain_number
from outturn.profiling.columns import Drafted, column_names, draft_column
from outturn.profiling.sniffing import DELIMITERS, Row, Seen, likely_header, look_at
from outturn.profiling.trying import Outcome, records_of, try_load
from outturn.profiling.values import numbers, pattern_of
from outturn.profiling.writing import Asked, as_yaml, document_of, form_column

MOST_RECORDS = 200_000
MOST_KEY_COLUMNS = 2
MOST_COLUMNS = 298  # a contract's 300 without the sender and the month
_TOTAL = re.compile(r"(grand |sub)?totals?\b|sum\b|trailer\b|end\b", re.IGNORECASE)


@dataclass
class Draft:
    """A contract as data, with what to check by place, and what the sample comes to under it."""

    document: dict[str, Any]
    columns: list[Drafted]
    checks: list[str] = field(default_factory=list)
    records: int = 0
    outcome: Outcome = field(default_factory=Outcome)


def draft(path: Path, asked: Asked) -> Draft:
    """A contract under which the sample loads. Raises DraftImpossible with the reason."""
    seen = look_at(path)
    if seen.trouble or seen.kind not in ("csv", "xlsx", "jsonl"):
        raise DraftImpossible(path.name, seen.trouble or f"is {seen.kind}")
    form, checks = _dialect(path, seen, asked)
    row = _header(path, seen, asked)
    headers = [" ".join(cell.split()) for cell in row[1]]
    _refuse_repeated(path, headers)
    named = [header for header in headers if header]
    if len(named) > MOST_COLUMNS:
        raise DraftImpossible(path.name, f"has more columns than {MOST_COLUMNS}")
    names = column_names(named)
    if seen.kind != "jsonl" and row[0] > 1:
        form["headerRow"] = row[0]
    records = _read(path, asked, form, dict(zip(names, named, strict=True)))
    positions = [index for index, header in enumerate(headers) if header]
    if seen.kind == "jsonl":
        positions = list(range(len(names)))
    trailer = None if seen.kind == "jsonl" else _trailer(records, positions, names)
    if trailer is not None:
        form["trailer"] = trailer
        records = records[:-1]
        checks.append(f"trailer: the last record holds totals that tie ({trailer['marker']!r})")
    table = [[cells[index] if index < len(cells) else "" for cells in records]
             for index in positions]  # fmt: skip
    columns = [
        draft_column(name, header, cells, asked.dates)
        for name, header, cells in zip(names, named, table, strict=True)
    ]
    _unnamed(form, checks, headers, records)
    form["columns"] = {column.name: form_column(column) for column in columns}
    document = document_of(path, asked, form, columns, checks, _keys(columns, table))
    return _tried(path, Draft(document, columns, checks, len(records)))


def _dialect(path: Path, seen: Seen, asked: Asked) -> tuple[dict[str, Any], list[str]]:
    """The keys of the form that say how the file is written."""
    checks: list[str] = []
    form: dict[str, Any] = {"name": "sample", "files": pattern_of(path.name)}
    if seen.kind != "csv":
        form["format"] = seen.kind
    if seen.encoding not in (None, "ascii", "utf-8") and not seen.has_mark:
        form["encoding"] = ["utf-8", seen.encoding] if seen.encoding == "cp1252" else seen.encoding
        checks.append(f"encoding: it is no UTF-8 and {seen.encoding} fits; so would its relatives")
    if seen.kind == "csv" and seen.delimiter in DELIMITERS and seen.delimiter != ",":
        form["delimiter"] = seen.delimiter
    if seen.kind == "csv" and seen.quote not in (None, '"'):
        checks.append(f'quote: {seen.quote!r} looks like a quote; only " is one here')
    if seen.kind == "csv" and not seen.ends:
        form["finalNewline"] = "optional"
        checks.append("finalNewline: the sample's last line does not end. Is it whole?")
    visible = [sheet for sheet in seen.sheets if sheet.is_visible]
    if asked.sheet or len(visible) > 1:
        form["sheet"] = asked.sheet or max(visible, key=lambda one: one.height).name
        if not asked.sheet:
            names = ", ".join(sheet.name for sheet in visible)
            checks.append(f"sheet: the longest of {names}; choose another by --sheet")
    return form, checks


def _header(path: Path, seen: Seen, asked: Asked) -> Row:
    rows = seen.rows
    for sheet in seen.sheets:
        if asked.sheet and sheet.name.casefold() == asked.sheet.casefold():
            rows = sheet.rows
    row = likely_header(rows)
    if row is None:
        raise DraftImpossible(path.name, "no row of it looks like a header of different words")
    return row


def _refuse_repeated(path: Path, headers: Sequence[str]) -> None:
    seen: dict[str, str] = {}
    for header in filter(None, headers):
        if normal_header(header) in seen:
            raise DraftImpossible(path.name, f"has the header {header!r} twice")
        seen[normal_header(header)] = header


def _read(
    path: Path, asked: Asked, form: dict[str, Any], headers: dict[str, str]
) -> list[tuple[str, ...]]:
    """The sample's records as the loader splits them, every column as text."""
    columns = [Drafted(name, header) for name, header in headers.items()]
    plain = form | {"columns": {c.name: form_column(c) for c in columns}, "ignoreUnnamed": True}
    contract = _built(path, document_of(path, asked, plain, columns, [], ()))
    found = itertools.islice(records_of(path, contract, _form(contract)), MOST_RECORDS)
    try:
        records = [record.cells for record in found if record.fault is None]
    except FileRefused as problem:
        raise DraftImpossible(path.name, problem.reason) from problem
    if not records:
        raise DraftImpossible(path.name, "has a header but no records")
    return records


def _form(contract: Contract) -> Form:
    return contract.forms[0]


def _trailer(
    records: Sequence[tuple[str, ...]], positions: Sequence[int], names: Sequence[str]
) -> dict[str, Any] | None:
    """The last record as control totals, only if what it says ties with the records before."""
    *before, last = records
    filled = [index for index, cell in enumerate(last) if not is_blank(cell)]
    if len(before) < 2 or not filled or len(filled) > 4:
        return None
    sums, word = {}, None
    for index in filled:
        text = last[index].strip()
        if index in positions and _ties(before, index, text):
            sums[names[positions.index(index)]] = index + 1
        elif _TOTAL.match(text) and word is None:
            word = index
        else:
            return None
    if not sums or (word is None and not is_blank(last[0])):
        return None
    marker = last[word].strip() if word is not None else ""
    cell = {"cell": word + 1} if word else {}
    return {"marker": marker, **cell, "sums": sums}


def _ties(records: Sequence[tuple[str, ...]], index: int, text: str) -> bool:
    cells = [cells[index] for cells in records if index < len(cells)]
    options = numbers({text, *(cell for cell in cells if not is_blank(cell))})
    if options is None:
        return False
    found = sum((Decimal(plain_number(options, c) or 0) for c in cells if not is_blank(c)),
                Decimal(0))  # fmt: skip
    return found == Decimal(plain_number(options, text) or 0)


def _unnamed(
    form: dict[str, Any],
    checks: list[str],
    headers: Sequence[str],
    records: Sequence[tuple[str, ...]],
) -> None:
    blank = [index for index, header in enumerate(headers) if not header]
    filled = sum(
        not is_blank(cells[index]) for cells in records for index in blank if index < len(cells)
    )
    if filled:
        form["ignoreUnnamed"] = True
        checks.append(f"ignoreUnnamed: {filled} values stand in cells without a header, left out")


def _keys(columns: Sequence[Drafted], table: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The fewest columns, at most two, that are never blank and tell the sample's rows apart."""
    height = len(table[0]) if table else 0
    candidates = [
        index for index, column in enumerate(columns)
        if column.required and column.kind in ("string", "integer", "date")
    ]  # fmt: skip
    if height < 2:
        return ()
    for size in range(1, MOST_KEY_COLUMNS + 1):
        for chosen in itertools.combinations(candidates, size):
            if len(set(zip(*(table[index] for index in chosen), strict=True))) == height:
                return tuple(columns[index].name for index in chosen)
    return ()


def _built(path: Path, document: dict[str, Any]) -> Contract:
    check_document(path, document)
    relative = f"{document['domain']}/{document['name']}.yaml"
    return build_contract(path, relative, document)


def _tried(path: Path, drafted: Draft) -> Draft:
    contract = _built(path, drafted.document)
    drafted.outcome = try_load(path, path.name, contract, _form(contract), {})
    return drafted


def written(path: Path, drafted: Draft) -> str:
    """The drafted contract's file, which says what it rests on."""
    outcome = drafted.outcome
    said = [
        f"A first contract, drafted from {path.name} ({drafted.records:,} records"
        + (", the first of them)." if drafted.records >= MOST_RECORDS else ")."),
        "What is declared holds for every record of the sample; other files may differ.",
        "Look at each CHECK, answer each ASK, and say in descriptions what the columns mean.",
        "Rows land by this alone. Figures need a staging model, or, if these files say what an",
        "extract says that is here already, a form of that one instead (kind: ExtractForm).",
    ]
    if outcome.refusal is not None:
        said.append(f"The sample itself does not load yet: {outcome.refusal.reason}.")
    elif outcome.set_aside:
        said.append(f"{outcome.set_aside} of its records are bad and would be set aside.")
    return as_yaml(drafted.document, drafted.columns, drafted.checks, said)
