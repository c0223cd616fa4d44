"""An Excel workbook's sheet as records: typed cells become the text that the form declares.

Dates, numbers and truth values are typed in a workbook, so nothing is to be parsed: they are
written as the form writes them and then judged like any other text.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from outturn.contracts import Column, Contract, FilePattern, Form, FormColumn
from outturn.contracts.dates import write_day
from outturn.errors import FileRefused
from outturn.load.blocks import BLOCK_ROWS, Block, CellsBlock, ControlRecord, RowsBlock
from outturn.load.cells import is_blank
from outturn.load.header import SEARCHED_ROWS, Layout, find_header
from outturn.load.records import Record
from outturn.load.sheet_xml import Unsaid, survey

MAX_UNCOMPRESSED = 400 << 20
# From here on the 15 digits that Excel keeps would cut off decimals that may matter.
MANY = 1e11

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
        self._rows = self._numbered(self._sheet)
        self.trailer: ControlRecord | None = None
        first = []
        wanted = (form.header_row or SEARCHED_ROWS) + 1
        for row in self._rows:
            first.append(row)
            if row[0] >= wanted:
                break
        if not first:
            raise FileRefused(file, f"the sheet {form.sheet or ''!r} is empty".replace("''", ""))
        shown = [(number, [as_text(cell) for cell in cells]) for number, cells in first]
        index, self.layout = find_header(file, contract, form, shown)
        self._ahead = first[index + 1 :]
        self._writers = self._cell_writers(self.layout)

    def blocks(self) -> Iterator[Block]:
        """The records, some thousands at a time. Raises FileRefused for a missing trailer."""
        rows: list[Row] = []
        last: Row | None = None
        for row in self._all_rows():
            if _says_nothing(row[1]):
                continue
            if last is not None:
                rows.append(last)
            last = row
            if len(rows) >= BLOCK_ROWS:
                yield self._block(rows)
                rows = []
        if last is not None and not self._is_trailer(self._record(last)):
            rows.append(last)
        if self._form.trailer and not self._form.trailer.optional and self.trailer is None:
            raise FileRefused(
                self._file,
                f"does not end with the control record {self._form.trailer.marker!r}",
                line=last[0] if last else None,
                remedy="Ask the sender for the whole file; it heals by itself.",
            )
        if rows:
            yield self._block(rows)

    def _block(self, rows: list[Row]) -> Block:
        """Rows for the engine as they are, but for columns whose cells would not write as text."""
        width = self.layout.width
        is_odd = any(len(cells) != width for _, cells in rows)
        if is_odd or not self._unsaid_rows.isdisjoint(number for number, _ in rows):
            return RowsBlock([self._record(row) for row in rows])
        for index, (column, _) in self._writers.items():
            if not _writes_itself(column, [cells[index] for _, cells in rows]):
                for _, cells in rows:
                    if type(cells[index]) is not str:
                        cells[index] = self._text(index, cells[index])
        return CellsBlock([cells for _, cells in rows], lambda index: self._record(rows[index]))

    def _record(self, row: Row) -> Record:
        number, cells = row
        return Record(number, "", self._as_text(cells), self._error_in(number))

    def _all_rows(self) -> Iterator[Row]:
        yield from self._ahead
        yield from self._rows

    def _numbered(self, sheet: CalamineSheet) -> Iterator[Row]:
        first = (sheet.start[0] if sheet.start else 0) + 1
        offset = sheet.start[1] if sheet.start else 0
        for index, cells in enumerate(sheet.iter_rows()):
            number, row = first + index, [""] * offset + cells
            if number in self._unsaid_rows:
                row = [self._unsaid.get((number, n), cell) for n, cell in enumerate(row, 1)]
            yield number, row

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
        if type(cell) is float and cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        if index in self._writers:
            return _write(cell, *self._writers[index])
        return as_text(cell)


def _says_nothing(cells: list[Any]) -> bool:
    return all(type(cell) is str and is_blank(cell) for cell in cells)


def _writes_itself(column: Column, cells: list[Any]) -> bool:
    """Whether a column's cells are text, or numbers that Python writes as we do or not as numbers.

    Python writes the shortest digits that mean the number. Where 15 digits reach beyond the
    decimals kept, that is our writing too, or it has more decimals and is judged one by one.
    """
    kinds = set(map(type, cells))
    if kinds <= {str}:
        return True
    if column.type != "numeric" or not kinds <= {str, float}:
        return False
    numbers = [cell for cell in cells if type(cell) is float]
    limit = min(MANY, 10.0 ** (15 - (column.scale or 0)))
    return -limit < min(numbers) and max(numbers) < limit


def as_text(cell: Any) -> str:
    """A typed cell in its plainest writing: 1234.5, 2016-03-31, true. Excel keeps 15 digits."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return format(Decimal(f"{cell:.15g}" if abs(cell) < MANY else repr(cell)), "f")
    if isinstance(cell, datetime):
        midnight = cell.time() == time(0)
        return cell.date().isoformat() if midnight else cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return "" if cell is None else str(cell)


def _write(cell: Any, column: Column, style: FormColumn) -> str:
    """A typed cell as the form writes values of its column."""
    if isinstance(cell, bool) and column.type == "boolean":
        return style.booleans.true[0] if cell else style.booleans.false[0]
    if not isinstance(cell, date):
        return as_text(cell)
    moment = cell if isinstance(cell, datetime) else datetime.combine(cell, time(0))
    if column.type == "period":
        return f"{moment:%Y-%m}"
    if column.type == "date" and moment.time() == time(0):
        return write_day(style.dates, moment.date())
    if column.type == "timestamptz" and style.timestamps != "iso":
        day = write_day(style.timestamps.split(" ")[0], moment.date())
        return f"{day} {moment:%H:%M:%S}"
    return moment.isoformat(sep=" ") if column.type == "timestamptz" else as_text(cell)


def raw_of(cells: tuple[str, ...]) -> str:
    """A record of cells as one line of CSV, for the quarantine."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()


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
            unsaid = survey(file, path, found[0])
            return book.get_sheet_by_name(found[0]), unsaid
    wanted = f"no sheet {form.sheet!r}" if form.sheet else "several sheets and none is named"
    raise FileRefused(
        file,
        f"has {wanted}: it has {', '.join(map(repr, book.sheet_names))}",
        remedy=f"Ask for the agreed workbook, or name the sheet in {form.declared_in}.",
    )


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
