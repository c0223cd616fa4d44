"""What a form would have to say so that a file of its kind loads: tried, not only supposed.

Each round looks at why the file does not load, changes the form as a contract writes it, and tries
again. What two people could read in two ways is never chosen: it becomes a note.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from outturn.contracts import Column, Contract, Form, FormColumn
from outturn.contracts.building import with_form
from outturn.contracts.forms import PLAIN, build_form, normal_header
from outturn.contracts.reading import read_document
from outturn.errors import ContractInvalid
from outturn.load.cells import NUMBER_SPACE, BadValueError, read_cell
from outturn.load.references import Codes
from outturn.profiling.aliasing import map_headers
from outturn.profiling.sniffing import DELIMITERS, Row, Seen, likely_header
from outturn.profiling.trying import Outcome, try_load
from outturn.profiling.values import days, nothing_words, numbers, pattern_of, raw_numbers, truths

ROUNDS = 6


@dataclass
class Mend:
    """Changed keys of a form, what to check of them, and what the file would then come to.

    `is_new`: the file's form is none that the contract declares, so all of it is to be written.
    """

    form: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    outcome: Outcome = field(default_factory=Outcome)
    is_new: bool = False
    declared_in: str = ""

    @property
    def says_something(self) -> bool:
        """Whether there is anything to change or to know."""
        return bool(self.form or self.notes)


def mend(
    path: Path, name: str, contract: Contract, form: Form, seen: Seen, codes: dict[str, Codes]
) -> Mend:
    """The changes to a form with which the file loads, as far as they can be told for certain."""
    before = _written(contract, form, name)
    raw, notes = deepcopy(before), []
    current, outcome = form, try_load(path, name, contract, form, codes)
    for _ in range(ROUNDS):
        if outcome.is_clean:
            break
        changed, said = _round(contract, current, deepcopy(raw), seen, outcome)
        notes += [one for one in said if one not in notes]
        if changed == raw:
            break
        try:
            built = build_form(contract, Path(contract.path), "form", changed)
        except ContractInvalid as problem:
            notes.append(f"{problem.reason}: say in the contract what this file lacks")
            break
        raw, current = changed, built
        outcome = try_load(path, name, with_form(contract, built), built, codes)
    is_new = form.name == PLAIN
    difference = {key: value for key, value in raw.items() if before.get(key) != value}
    if difference and is_new:
        difference = raw | {"columns": _present(raw["columns"], header_row(current, seen))}
    elif "columns" in difference:
        old = before["columns"]
        changed = {name: one for name, one in raw["columns"].items() if old.get(name) != one}
        difference = difference | {"columns": changed}
    return Mend(difference, notes, outcome, is_new, form.declared_in)


def _written(contract: Contract, form: Form, name: str) -> dict[str, Any]:
    """The form as its file writes it; for the plain one, as it would be written."""
    if form.name == PLAIN:
        columns: dict[str, Any] = {
            column.name: column.name
            if column.required
            else {"header": [column.name], "optional": True}
            for column in contract.columns
        }
        return {"name": "own", "files": pattern_of(name), "columns": columns}
    document = read_document(Path(form.declared_in))
    if document["kind"] == "ExtractForm":
        return dict(document["form"])
    custom = {one["property"]: one["value"] for one in document["customProperties"]}
    return dict(next(one for one in custom["forms"] if one["name"] == form.name))


def _present(columns: dict[str, Any], row: Row | None) -> dict[str, Any]:
    """A new form's columns with the headers that the file has, without those that it lacks."""
    there = {normal_header(cell) for cell in row[1]} if row else set()
    kept = {}
    for name, own in columns.items():
        style = own if isinstance(own, dict) else {"header": own}
        words = [style["header"]] if isinstance(style["header"], str) else style["header"]
        found = [word for word in words if normal_header(word) in there]
        if found:
            rest = {key: value for key, value in style.items() if key not in ("header", "optional")}
            kept[name] = {"header": found[0], **rest} if rest else found[0]
    return kept


def _round(
    contract: Contract, form: Form, raw: dict[str, Any], seen: Seen, outcome: Outcome
) -> tuple[dict[str, Any], list[str]]:
    notes = _dialect(form, raw, seen)
    row = header_row(form, seen)
    if row is not None:
        notes += map_headers(contract, form, raw, row)
        notes += _values(contract, form, raw, outcome)
    return raw, notes


def _dialect(form: Form, raw: dict[str, Any], seen: Seen) -> list[str]:
    notes = []
    if seen.kind in ("csv", "xlsx", "jsonl") and seen.kind != form.format:
        raw["format"] = seen.kind
    if not fits_encoding(form, seen):
        others = raw.get("encoding", "utf-8")
        declared = [others] if isinstance(others, str) else list(others)
        keeps = seen.encoding == "cp1252" and declared == ["utf-8"]
        raw["encoding"] = ["utf-8", "cp1252"] if keeps else seen.encoding
        if seen.encoding in ("cp1252", "latin-1"):
            notes.append(f"encoding: no UTF-8; {seen.encoding} fits, as others of its kind would")
    if seen.kind == "csv" and seen.delimiter in DELIMITERS and seen.delimiter != form.delimiter:
        raw["delimiter"] = seen.delimiter
    if seen.kind == "csv" and not seen.ends and form.final_newline_required and not form.trailer:
        raw["finalNewline"] = "optional"
        notes.append("finalNewline: only if this sender's files never end with a line end")
    visible = [sheet for sheet in seen.sheets if sheet.is_visible]
    if seen.kind == "xlsx" and len(visible) > 1 and form.sheet is None:
        raw["sheet"] = max(visible, key=lambda one: _known(form, best_row(form, one.rows))).name
        notes.append(f"sheet: there are {', '.join(sheet.name for sheet in visible)}")
    return notes


def fits_encoding(form: Form, seen: Seen) -> bool:
    """Whether the declared encodings are what the file shows."""
    if seen.encoding is None or seen.has_mark or seen.encoding in form.encodings:
        return True
    if seen.encoding == "ascii":
        return not all(one.startswith("utf-16") for one in form.encodings)
    return seen.encoding == "cp1252" and "latin-1" in form.encodings


def header_row(form: Form, seen: Seen) -> Row | None:
    """The file's header as far as it can be told: in the form's sheet where it names one."""
    rows = seen.rows
    for sheet in seen.sheets:
        if form.sheet and sheet.name.strip().casefold() == form.sheet.casefold():
            rows = sheet.rows
    return best_row(form, rows)


def best_row(form: Form, rows: Sequence[Row]) -> Row | None:
    """The row with most of the form's headers, else the one that looks like a header."""
    best = max(rows, key=lambda row: _known(form, row), default=None)
    return best if best is not None and _known(form, best) else likely_header(rows)


def _known(form: Form, row: Row | None) -> int:
    headers = {normal_header(header) for column in form.columns for header in column.headers}
    return sum(normal_header(cell) in headers for cell in row[1]) if row else 0


def _values(contract: Contract, form: Form, raw: dict[str, Any], outcome: Outcome) -> list[str]:
    bad: defaultdict[str, set[str]] = defaultdict(set)
    for one in outcome.rejected:
        for fault in one.faults:
            if fault.column and fault.value.strip():
                bad[fault.column].add(fault.value)
    notes: list[str] = []
    for name, values in bad.items():
        column = contract.column(name)
        words = nothing_words(values)
        rest = {value for value in values if value.strip() not in words}
        if words and not column.required:
            _set(raw, name, "blanks", sorted({*raw.get("blanks", []), *words}))
            notes.append(f"{name}: {', '.join(words)} taken as blank; a dash may also mean nought")
        if rest:
            notes += _column(form, column, raw, rest)
    return notes


def _column(form: Form, column: Column, raw: dict[str, Any], bad: Collection[str]) -> list[str]:
    """What the bad values of one column would need; a note where that cannot be told."""
    style = next((one for one in form.columns if one.name == column.name), None)
    if style is None:
        return []
    bad = _after_trim(form, column, raw, style, bad)
    if bad and column.type == "date":
        found = days(bad)
        if found is None:
            return []
        if found.rival:
            both = f"{found.ways[-1]} or as {found.rival}"
            ask = "ask the sender, then name the one under `dates`"
            return [f"{column.name}: its days are written as {both}, both read them all: {ask}"]
        declared = [style.dates, *style.other_dates]
        _set(raw, column.name, "dates", _joined(raw, column.name, declared, found.ways))
    elif bad and column.type in ("numeric", "bigint"):
        options = numbers(bad)
        if options is not None and raw_numbers(options):
            _set(raw, column.name, "numbers", raw_numbers(style.numbers) | raw_numbers(options))
    elif column.type == "boolean":
        pair = truths(bad)
        if pair:
            _set(raw, column.name, "booleans", {"true": [pair[0]], "false": [pair[1]]})
    return []


def _after_trim(
    form: Form, column: Column, raw: dict[str, Any], style: FormColumn, bad: Collection[str]
) -> Collection[str]:
    """What is bad even without white space around it; where there was some, it is declared."""
    bare = {value.strip(NUMBER_SPACE) for value in bad}
    if column.type == "text" or bare == set(bad):
        return bad
    _set(raw, column.name, "trim", value=True)
    return () if _reads(column, style, form, bare) else bare


def _reads(column: Column, style: FormColumn, form: Form, values: Collection[str]) -> bool:
    try:
        return all(read_cell(column, style, form, value) is not None for value in values)
    except BadValueError:
        return False


def _joined(
    raw: dict[str, Any], name: str, declared: Sequence[str], ways: Sequence[str]
) -> str | list[str]:
    """The found ways, after the declared ones where somebody declared them."""
    own = raw["columns"].get(name)
    was_said = "dates" in raw or (isinstance(own, dict) and "dates" in own)
    joined = [*declared, *ways] if was_said else list(ways)
    return joined[0] if len(joined) == 1 else joined


def _set(raw: dict[str, Any], name: str, key: str, value: Any) -> None:
    own = raw["columns"].get(name)
    if own is not None:
        own = own if isinstance(own, dict) else {"header": own}
        raw["columns"][name] = own | {key: value}
