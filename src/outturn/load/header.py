"""Which cell of a file is which column: by declared headers alone, nothing guessed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from outturn.contracts import Contract, Form, FormColumn
from outturn.contracts.forms import normal_header
from outturn.errors import FileRefused

SEARCHED_ROWS = 30
SHOWN = 8
# Spreadsheets write thousands of blank cells: more than so many at the end are no columns.
BLANK_COLUMNS = 200


@dataclass(frozen=True)
class Layout:
    """The header as found: where each column is, and which cells must be blank.

    `titles` are its cells as they stand, for a header that comes again is no record.
    """

    line: int
    width: int
    positions: dict[str, int]
    unnamed: tuple[int, ...]
    ignored: tuple[int, ...]
    titles: tuple[tuple[int, str], ...] = ()

    @property
    def needed(self) -> int:
        """How many cells a record needs to have every named column."""
        return max([*self.positions.values(), *self.ignored], default=-1) + 1


def find_header(
    file: str, contract: Contract, form: Form, rows: Iterable[tuple[int, Sequence[str]]]
) -> tuple[int, Layout]:
    """(index of the header among the rows, layout), from the first rows of a file.

    Each row is (line, cells). Without a declared row the header is the first row that has every
    column that must be there. Raises FileRefused naming missing, unknown and repeated columns.
    """
    best: tuple[int, int, int, Sequence[str]] | None = None
    known = _known(form)
    for index, (line, cells) in enumerate(rows):
        if form.header_row is not None:
            if line >= form.header_row:
                return index, _layout(file, contract, form, line, cells)
            continue
        found = sum(normal_header(cell) in known for cell in cells)
        if found and (best is None or found > best[0]):
            best = (found, index, line, cells)
        if not _missing(form, cells):
            break
    if best is None:
        raise _no_header(file, contract, form)
    return best[1], _layout(file, contract, form, best[2], best[3])


def _known(form: Form) -> dict[str, FormColumn]:
    return {normal_header(header): column for column in form.columns for header in column.headers}


def _missing(form: Form, cells: Sequence[str]) -> list[FormColumn]:
    present = {normal_header(cell) for cell in cells}
    return [
        column
        for column in form.columns
        if not column.optional and not any(normal_header(h) in present for h in column.headers)
    ]


def _layout(file: str, contract: Contract, form: Form, line: int, cells: Sequence[str]) -> Layout:
    known = _known(form)
    ignore = {normal_header(header) for header in form.ignore}
    positions: dict[str, int] = {}
    unnamed, ignored, unknown, repeated = [], [], [], []
    for index, cell in enumerate(cells):
        name = normal_header(cell)
        if not name and not form.ignore_unnamed:
            unnamed.append(index)
        elif not name:
            continue
        elif name in known:
            if known[name].name in positions:
                repeated.append(cell)
            positions.setdefault(known[name].name, index)
        elif name in ignore:
            ignored.append(index)
        else:
            unknown.append(cell)
    missing = _missing(form, cells)
    if unknown or repeated or missing:
        raise _bad_header(file, contract, form, line, unknown, repeated, missing)
    titles = tuple((index, cells[index]) for index in sorted(positions.values()))
    layout = Layout(line, len(cells), positions, tuple(unnamed), tuple(ignored), titles)
    if layout.width - layout.needed <= BLANK_COLUMNS:
        return layout
    inner = tuple(index for index in unnamed if index < layout.needed)
    return replace(layout, width=layout.needed, unnamed=inner)


def _bad_header(
    file: str,
    contract: Contract,
    form: Form,
    line: int,
    unknown: list[str],
    repeated: list[str],
    missing: list[FormColumn],
) -> FileRefused:
    said = []
    if missing:
        names = [f"{column.name} ({_or(column.headers)})" for column in missing]
        said.append(f"misses the column {_listed(names)}")
    if unknown:
        said.append(f"has a column we do not know: {_listed([repr(cell) for cell in unknown])}")
    if repeated:
        said.append(f"has a column twice: {_listed([repr(cell) for cell in repeated])}")
    return FileRefused(
        file,
        "the header " + "; ".join(said),
        line=line,
        remedy=f"Ask the sender for the agreed columns, or map them in {form.declared_in} "
        f"(form {form.name} of {contract.key}): add a header to its column, or put it under "
        "`ignore`.",
    )


def _no_header(file: str, contract: Contract, form: Form) -> FileRefused:
    wanted = [column.headers[0] for column in form.columns if not column.optional]
    return FileRefused(
        file,
        f"no header found in the first {SEARCHED_ROWS} rows: looked for {_listed(wanted)}",
        remedy=f"Check the delimiter ({form.delimiter!r}), the encoding and the headers that "
        f"{form.declared_in} declares for the form {form.name} of {contract.key}.",
    )


def _listed(names: list[str]) -> str:
    shown = ", ".join(name[:100] for name in names[:SHOWN])
    return shown if len(names) <= SHOWN else f"{shown} and {len(names) - SHOWN} more"


def _or(headers: tuple[str, ...]) -> str:
    return " or ".join(repr(header) for header in headers)
