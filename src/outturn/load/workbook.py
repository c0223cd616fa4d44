"""An Excel workbook's sheet as records: typed cells become the text that the form declares."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from outturn.contracts import Column, Contract, FilePattern, Form, FormColumn
from outturn.errors import FileRefused
from outturn.load.blocks import BLOCK_ROWS, Block, CellsBlock, ControlRecord, RowsBlock
from outturn.load.header import SEARCHED_ROWS, Layout, find_header
from outturn.load.records import Record
from outturn.load.sheet_cells import (
    LARGEST,
    NotExactError,
    as_text,
    column_text,
    says_nothing,
    write,
)
from outturn.load.sheet_xml import Unsaid, refuse_far, unsaid

MAX_UNCOMPRESSED = 400 << 20
# A row's number in the sheet, from 1, and its typed cells.
Row = tuple[int, list[Any]]


class Workbook:
    """One sheet of a workbook. `layout` is known at once, `trailer` when all rows are read."""

    def __init__(self, file: str, contract: Contract, form: Form, path: Path) -> None:
        """Reads up to the header. Raises FileRefused."""
        self._file, self._form = file, form
        self._columns = {column.name: column for column in contract.columns}
        _refuse_bomb(file, path)
        self._sheet, self._unsaid = _sheet(file, form, path)
        self._unsaid_rows = {row for row, _ in self._unsaid}
        self._cells = self._sheet.iter_rows()
        self._next = (self._sheet.start[0] if self._sheet.start else 0) + 1
        self.trailer: ControlRecord | None = None
        first = self._read(max((form.header_row or SEARCHED_ROWS) + 2 - self._next, 1))
        if not first:
            raise FileRefused(file, f"the sheet {form.sheet or ''!r} is empty".replace("''", ""))
        shown = [(number, [as_text(cell) for cell in cells]) for number, cells in first]
        index, self.layout = find_header(file, contract, form, shown)
        self._ahead = first[index + 1 :]
        self._writers = self._cell_writers(self.layout)

    def blocks(self) -> Iterator[Block]:
        """The records, some thousands at a time. Raises FileRefused for a missing trailer."""
        held: list[Row] = []
        for rows in self._batches():
            if held:
                yield self._block(held)
            held = rows
        last = held[-1][0] if held else None
        if held and self._is_trailer(self._record(held[-1])):
            held.pop()
        if self._form.trailer and not self._form.trailer.optional and self.trailer is None:
            raise FileRefused(
                self._file,
                f"does not end with the control record {self._form.trailer.marker!r}",
                line=last,
                remedy="Ask the sender for the whole file; it heals by itself.",
            )
        if held:
            yield self._block(held)

    def _batches(self) -> Iterator[list[Row]]:
        """The rows after the header that say something, some thousands at a time."""
        rows = self._ahead
        while rows:
            said = [row for row in rows if _begins(row[1]) or not says_nothing(row[1])]
            if said:
                yield said
            rows = self._read(BLOCK_ROWS)

    def _read(self, most: int) -> list[Row]:
        """The next rows, at most so many, with what the reader did not tell of them."""
        cells: list[list[Any]] = list(islice(self._cells, most))
        first, self._next = self._next, self._next + len(cells)
        left = [""] * (self._sheet.start[1] if self._sheet.start else 0)
        if left:
            cells = [left + row for row in cells]
        for number in self._unsaid_rows.intersection(range(first, self._next)):
            row = cells[number - first]
            cells[number - first] = [
                self._unsaid.get((number, place), cell) for place, cell in enumerate(row, 1)
            ]
        return list(enumerate(cells, first))

    def _block(self, rows: list[Row]) -> Block:
        """Rows for the engine as columns; one by one where they have not the header's width."""
        is_odd = len(rows[0][1]) != self.layout.width
        if is_odd or not self._unsaid_rows.isdisjoint(range(rows[0][0], rows[-1][0] + 1)):
            return RowsBlock([self._record(row) for row in rows])
        try:
            columns = [
                column_text(cells, self._writers.get(index, (None,))[0], partial(self._text, index))
                for index, cells in enumerate(zip(*(cells for _, cells in rows), strict=True))
            ]
        except NotExactError:
            return RowsBlock([self._record(row) for row in rows])
        return CellsBlock(columns, len(rows), lambda index: self._record(rows[index]))

    def _record(self, row: Row) -> Record:
        number, cells = row
        try:
            return Record(number, "", self._as_text(cells), self._error_in(number))
        except NotExactError as problem:
            plain = tuple(as_text(cell) for cell in cells)
            return Record(number, "", plain, str(problem))

    def _error_in(self, number: int) -> str | None:
        """An error where text is wanted would be text; all other columns refuse it themselves."""
        if number not in self._unsaid_rows:
            return None
        for index, (column, style) in self._writers.items():
            said = self._unsaid.get((number, index + 1))
            if said and column.type == "text" and said not in style.blanks:
                return f"has an error or a formula without a value under {column.name}: {said[:60]}"
        return None

    def _is_trailer(self, record: Record) -> bool:
        wanted = self._form.trailer
        if wanted is None or not wanted.marks(record.cells):
            return False
        self.trailer = ControlRecord(record.line, record.cells)
        return True

    def _cell_writers(self, layout: Layout) -> dict[int, tuple[Column, FormColumn]]:
        styles = {style.name: style for style in self._form.columns}
        return {
            index: (self._columns[name], styles[name]) for name, index in layout.positions.items()
        }

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


def _begins(cells: list[Any]) -> bool:
    """Whether the first cell says something: a quick answer for most rows."""
    first = cells[0]
    return type(first) is str and first >= "!"


def _refuse_bomb(file: str, path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(info.file_size for info in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise FileRefused(file, f"is no Excel workbook or a damaged one ({error})") from error
    if size > MAX_UNCOMPRESSED:
        raise FileRefused(
            file,
            f"unpacks to {size >> 20} MB, more than the {MAX_UNCOMPRESSED >> 20} MB allowed",
            remedy="Ask for the extract as CSV, or in several workbooks.",
        )


def _sheet(file: str, form: Form, path: Path) -> tuple[CalamineSheet, Unsaid]:
    """The form's sheet, and what its reader does not tell of it."""
    with readable(file):
        book = CalamineWorkbook.from_path(str(path))
        shown = [
            one.name for one in book.sheets_metadata if one.visible == SheetVisibleEnum.Visible
        ]
        if form.sheet is not None:
            pattern = FilePattern(form.sheet)
            found = [n for n in book.sheet_names if n.strip().casefold() == form.sheet.casefold()]
            found = found or [name for name in shown if pattern.match(name.strip())]
        else:
            found = shown
        if len(found) == 1:
            return _read_both(file, path, book, found[0])
    wanted = f"no sheet {form.sheet!r}" if form.sheet else "several sheets and none is named"
    raise FileRefused(
        file,
        f"has {wanted}: it has {', '.join(map(repr, book.sheet_names))}",
        remedy=f"Ask for the agreed workbook, or name the sheet in {form.declared_in}.",
    )


def _read_both(
    file: str, path: Path, book: CalamineWorkbook, name: str
) -> tuple[CalamineSheet, Unsaid]:
    """Sheet and survey at one time: the reader leaves Python's lock to others."""
    refuse_far(file, path, name)
    with ThreadPoolExecutor(1) as pool:
        surveyed = pool.submit(unsaid, file, path, name)
        try:
            sheet = book.get_sheet_by_name(name)
        finally:
            found = surveyed.result()  # its refusal says more than the reader's
    return sheet, found


@contextmanager
def readable(file: str) -> Iterator[None]:
    """Turn whatever the reader stumbles over into a refusal, its panics too."""
    try:
        yield
    except (CalamineError, zipfile.BadZipFile, zlib.error, OSError, ValueError) as error:
        raise FileRefused(file, f"cannot be read as a workbook ({error})") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise FileRefused(file, f"cannot be read as a workbook ({error})") from error
