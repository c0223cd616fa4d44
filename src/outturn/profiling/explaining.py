"""Why a file would load or not: what it shows beside what its contract declares."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from outturn.contracts import Contract, Form, load_contracts
from outturn.contracts.forms import normal_header
from outturn.errors import OutturnError
from outturn.profiling.mending import Mend, best_row, fits_encoding, header_row, mend
from outturn.profiling.sniffing import Row, Seen, look_at
from outturn.profiling.trying import Outcome, codes_of, try_load
from outturn.settings import Settings

NEAREST = 3


@dataclass(frozen=True)
class Fact:
    """One thing that is detected and declared; `agrees` is None where nothing can be compared."""

    name: str
    detected: str
    declared: str
    agrees: bool | None = None


@dataclass(frozen=True)
class Header:
    """One cell of the header, and the column it is: blank where it is none, with why."""

    cell: int
    text: str
    column: str
    what: str


@dataclass(frozen=True)
class Near:
    """A form whose headers are like the file's, though its pattern of names is not."""

    extract: str
    form: str
    declared_in: str
    patterns: tuple[str, ...]
    found: int
    missing: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass
class Explanation:
    """All that can be told of a file without loading it."""

    file: str
    seen: Seen
    extract: str | None = None
    form: str | None = None
    declared_in: str | None = None
    trouble: str | None = None
    facts: list[Fact] = field(default_factory=list)
    headers: list[Header] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    outcome: Outcome | None = None
    mend: Mend | None = None
    nearest: list[Near] = field(default_factory=list)

    @property
    def would_load(self) -> bool:
        """Whether a load would take the file; some of its records may be set aside."""
        return self.outcome is not None and self.outcome.refusal is None


def explain(settings: Settings, path: Path, extract: str | None = None) -> Explanation:
    """What a load of this file would do and why. Reads only; asks neither server nor archive.

    Raises OutturnError for an extract that is not there.
    """
    contracts = load_contracts(settings)
    if extract is not None and extract not in contracts:
        known = ", ".join(sorted(contracts))
        raise OutturnError(f"there is no extract {extract!r}.", remedy=f"There are: {known}.")
    seen = look_at(path)
    told = Explanation(path.name, seen, trouble=seen.trouble)
    chosen = [contracts[extract]] if extract else list(contracts.values())
    matches = [found for one in chosen if (found := one.match(path.name))]
    if len(matches) > 1:
        fits = ", ".join(found.contract.key for found in matches)
        told.trouble = f"its name fits several extracts: {fits}; say which by --extract"
        return told
    if not matches and extract is None:
        told.trouble = "its name fits no extract's contract"
        told.nearest = _nearest(contracts, seen)
        return told
    contract = matches[0].contract if matches else chosen[0]
    form = matches[0].form if matches else contract.forms[-1]
    _by_contract(settings, told, path, contract, form)
    return told


def _by_contract(
    settings: Settings, told: Explanation, path: Path, contract: Contract, form: Form
) -> None:
    told.extract, told.form, told.declared_in = contract.key, form.name, form.declared_in
    seen, row = told.seen, header_row(form, told.seen)
    found = contract.match(path.name)
    told.facts = _facts(seen, form, row, found.name.period if found else None)
    if row is not None:
        told.headers, told.missing = _match_headers(form, row)
    codes = codes_of(settings, contract)
    told.outcome = try_load(path, path.name, contract, form, codes)
    if not told.outcome.is_clean and seen.kind != "zip":
        told.mend = mend(path, path.name, contract, form, seen, codes)


def _facts(seen: Seen, form: Form, row: Row | None, month: str | None) -> list[Fact]:
    facts = [Fact("format", seen.kind, form.format, seen.kind in (form.format, "zip"))]
    if seen.encoding:
        mark = " with a byte order mark" if seen.has_mark else ""
        declared = " or ".join(form.encodings)
        facts.append(Fact("encoding", seen.encoding + mark, declared, fits_encoding(form, seen)))
    if seen.kind == "csv":
        shown = repr(seen.delimiter) if seen.delimiter else "none found"
        facts.append(
            Fact("delimiter", shown, repr(form.delimiter), seen.delimiter == form.delimiter)
        )
        facts.append(Fact("quote", seen.quote or "none seen", '"', seen.quote in (None, '"')))
        wanted = "wanted" if form.final_newline_required and not form.trailer else "optional"
        facts.append(
            Fact("end of the last line", "there" if seen.ends else "missing", wanted,
                 seen.ends or wanted == "optional")
        )  # fmt: skip
    if seen.sheets:
        names = ", ".join(s.name + ("" if s.is_visible else " (hidden)") for s in seen.sheets)
        facts.append(Fact("sheet", names, form.sheet or "the one that is visible"))
    line = str(row[0]) if row and seen.kind != "jsonl" else "none found"
    if seen.kind != "jsonl":
        declared = str(form.header_row) if form.header_row else "the first that has every column"
        facts.append(Fact("header row", line, declared, row is not None))
    facts.append(Fact("month in the name", month or "none", ", ".join(p.text for p in form.files)))
    if form.trailer:
        word = form.trailer.marker or "no word"
        facts.append(Fact("control record", "", f"{word!r} in cell {form.trailer.cell}"))
    return facts


def _match_headers(form: Form, row: Row) -> tuple[list[Header], list[str]]:
    known = {normal_header(h): column.name for column in form.columns for h in column.headers}
    ignored = {normal_header(header) for header in form.ignore}
    headers, seen = [], set()
    for cell, text in enumerate(row[1], 1):
        name = normal_header(text)
        column = known.get(name, "")
        what = "" if column else "ignored" if name in ignored else "not known" if name else "blank"
        if column in seen:
            what = "comes twice"
        if column:
            seen.add(column)
        headers.append(Header(cell, " ".join(text.split()), column, what))
    missing = [
        f"{column.name} ({' or '.join(column.headers)})"
        for column in form.columns
        if column.name not in seen and not column.optional
    ]
    return headers, missing


def _nearest(contracts: dict[str, Contract], seen: Seen) -> list[Near]:
    """The forms that know most of the file's headers, best first."""
    found = []
    for contract in contracts.values():
        for form in contract.forms:
            row = best_row(form, seen.rows)
            if row is None:
                continue
            headers, missing = _match_headers(form, row)
            matched = sum(bool(one.column) for one in headers)
            unknown = tuple(one.text for one in headers if one.what == "not known")
            if matched:
                patterns = tuple(pattern.text for pattern in form.files)
                place = (contract.key, form.name, form.declared_in)
                found.append(Near(*place, patterns, matched, tuple(missing), unknown))
    found.sort(key=lambda near: (-near.found + len(near.missing), len(near.unknown)))
    return found[:NEAREST]
