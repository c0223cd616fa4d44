"""An Excel workbook's sheet as records: typed cells become the text that the form declares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from outturn.contracts import Contract, FilePattern, Form
from outturn.errors import FileRefused
from outturn.load.blocks import Block, CellsBlock, ControlRecord, RowsBlock
from outturn.load.book import Book, SheetPart, open_book
from outturn.load.header import SEARCHED_ROWS, find_header
from outturn.load.records import Record
from outturn.load.sheet_cells import (
    LARGEST,
    NotExactError,
    as_text,
    column_text,
    says_nothing,
    write,
)
from outturn.load.sheet_rows import Rows, sheet_rows


class Workbook:
    """One sheet of a workbook. `layout` is known at once, `trailer` when all rows are read."""

    def __init__(self, file: str, contract: Contract, form: Form, path: Path, folder: Path) -> None:
        """Reads up to the header; `folder` is for scratch. Raises FileRefused."""
        self._file, self._form = file, form
        columns = {column.name: column for column in contract.columns}
        styles = {style.name: style for style in form.columns}
        self._rows = _rows(file, form, path, folder)
        self.trailer: ControlRecord | None = None
        needed = (form.header_row or SEARCHED_ROWS) + 1
        first = self._first_rows(needed)
        if not first:
            raise FileRefused(file, f"the sheet {form.sheet or ''!r} is empty".replace("''", ""))
        shown = ([as_text(cell) for cell in cells] for cells in first.cells[:needed])
        lines = zip(first.numbers, shown, strict=False)
        index, self.layout = find_header(file, contract, form, lines)
        self._ahead = first[index + 1 :]
        self._writers = {
            index: (columns[name], styles[name]) for name, index in self.layout.positions.items()
        }

    def blocks(self) -> Iterator[Block]:
        """The records, some thousands at a time. Raises FileRefused for a missing trailer."""
        held: Rows | None = None
        for rows in self._batches():
            if held:
                yield self._block(held)
            held = rows
        last = held.numbers[-1] if held else None
        if held and self._is_trailer(self._record(held, -1)):
            held = held[:-1]
        if self._form.trailer and not self._form.trailer.optional and self.trailer is None:
            raise FileRefused(
                self._file,
                f"does not end with the control record {self._form.trailer.marker!r}",
                line=last,
                remedy="Ask the sender for the whole file; it heals by itself.",
            )
        if held:
            yield self._block(held)

    def _first_rows(self, last: int) -> Rows:
        """The rows of the sheet up to one number, and what was read with them."""
        numbers: list[int] = []
        cells: list[list[Any]] = []
        while not numbers or numbers[-1] < last:
            more = next(self._rows, None)
            if more is None:
                break
            numbers += more.numbers
            cells += more.cells
        width = max(map(len, cells), default=0)
        return Rows(numbers, [row + [""] * (width - len(row)) for row in cells])

    def _batches(self) -> Iterator[Rows]:
        """The rows after the header that say something, some thousands at a time."""
        for rows in chain([self._ahead], self._rows):
            said = _that_say_something(rows)
            if said:
                yield said

    def _block(self, rows: Rows) -> Block:
        """Rows for the engine as columns; one by one where they are wider than the header."""
        columns: list[Sequence[Any]] = list(zip(*rows.cells, strict=True))
        missing = self.layout.width - len(columns)
        if missing < 0:
            return self._rows_block(rows)
        try:
            texts = [
                column_text(cells, self._writers.get(index, (None,))[0], partial(self._text, index))
                for index, cells in enumerate(columns)
            ]
        except NotExactError:
            return self._rows_block(rows)
        texts += [("",) * len(rows)] * missing
        return CellsBlock(texts, len(rows), partial(self._record, rows))

    def _rows_block(self, rows: Rows) -> RowsBlock:
        return RowsBlock([self._record(rows, index) for index in range(len(rows))])

    def _record(self, rows: Rows, index: int) -> Record:
        number, cells = rows.numbers[index], rows.cells[index]
        try:
            return Record(number, "", self._as_text(cells))
        except NotExactError as problem:
            return Record(number, "", tuple(map(as_text, cells)), str(problem))

    def _is_trailer(self, record: Record) -> bool:
        wanted = self._form.trailer
        if wanted is None or not wanted.marks(record.cells):
            return False
        self.trailer = ControlRecord(record.line, record.cells)
        return True

    def _as_text(self, cells: list[Any]) -> tuple[str, ...]:
        return tuple(
            cell if type(cell) is str else self._text(index, cell)
            for index, cell in enumerate(cells)
        )

    def _text(self, index: int, cell: Any) -> str:
        if type(cell) is float and cell.is_integer() and abs(cell) < LARGEST:
            return str(int(cell))
        if index in self._writers:
            return write(cell, *self._writers[index])
        return as_text(cell)


def _rows(file: str, form: Form, path: Path, folder: Path) -> Iterator[Rows]:
    with open_book(file, path) as book:
        yield from sheet_rows(book, _chosen(file, form, book), folder)


def _that_say_something(rows: Rows) -> Rows:
    """The rows that are not blank; where each begins with a word none has to be looked through."""
    first = [cells[0] for cells in rows.cells]
    if first and set(map(type, first)) == {str} and min(first) >= "!":
        return rows
    said = [index for index, cells in enumerate(rows.cells) if not says_nothing(cells)]
    if len(said) == len(rows):
        return rows
    return Rows([rows.numbers[index] for index in said], [rows.cells[index] for index in said])


def _chosen(file: str, form: Form, book: Book) -> SheetPart:
    """The form's sheet: the one that has its name, or the only one to be seen that is like it."""
    shown = [sheet for sheet in book.sheets if sheet.is_visible]
    found = shown
    if form.sheet is not None:
        wanted, pattern = form.sheet.casefold(), FilePattern(form.sheet)
        found = [sheet for sheet in book.sheets if sheet.name.strip().casefold() == wanted]
        found = found or [sheet for sheet in shown if pattern.match(sheet.name.strip())]
    if len(found) == 1:
        return found[0]
    problem = "several sheets and none is named" if shown else "no sheet to be seen"
    if form.sheet:
        problem = f"no sheet {form.sheet!r}"
    raise FileRefused(
        file,
        f"has {problem}: it has {', '.join(repr(sheet.name) for sheet in book.sheets)}",
        remedy=f"Ask for the agreed workbook, or name the sheet in {form.declared_in}.",
    )
