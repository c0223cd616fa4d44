"""A sheet's rows of typed cells, in memory for a few thousand of them and the workbook's texts."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, time
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from python_calamine import CalamineError, CalamineWorkbook

from outturn.errors import FileRefused
from outturn.load.book import Book, SheetPart
from outturn.load.sheet_volumes import Volume, volumes
from outturn.load.sheet_xml import Survey, Unsaid, below_zero, refuse_doubles

T = TypeVar("T")


@dataclass(frozen=True)
class Rows:
    """Rows of one width: their numbers in the sheet, from 1, and their typed cells."""

    numbers: Sequence[int]
    cells: list[list[Any]]

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, part: slice) -> Rows:
        return Rows(self.numbers[part], self.cells[part])


def sheet_rows(book: Book, sheet: SheetPart, folder: Path) -> Generator[Rows, None, None]:
    """The rows of a sheet, some thousands at a time.

    While some are worked on the next are read, and those after them cut. `folder` is for scratch.
    Raises FileRefused for what cannot be read exactly.
    """
    with closing(ahead(_read(book.file, ahead(volumes(book, sheet, folder))))) as slices:
        last = 0
        for found in slices:
            if found.top < last:
                raise FileRefused(book.file, "has rows out of their order", line=found.top + 1)
            last = found.top + len(found.cells)
            yield _whole(book.file, found)


def ahead(items: Generator[T, None, None]) -> Generator[T, None, None]:
    """The items, each made by a thread of its own while the one before is used."""
    with closing(items), ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item


@dataclass(frozen=True)
class _Found:
    """What the reader made of a slice: cells from row `top` and column `left` on, from 0."""

    cells: list[list[Any]]
    top: int
    left: int
    says: Survey
    text: Callable[[], bytes]


def _read(file: str, ready: Generator[Volume, None, None]) -> Generator[_Found, None, None]:
    """What the reader makes of each slice that has cells. It leaves Python's lock to others."""
    with closing(ready):
        for volume in ready:
            with _readable(file):
                book = CalamineWorkbook.from_path(str(volume.path))
            for number, says in enumerate(volume.surveys):
                with _readable(file):
                    sheet = book.get_sheet_by_index(number)
                    cells = sheet.to_python() if sheet.start is not None else []
                if sheet.start is not None:
                    top, left = sheet.start
                    yield _Found(cells, top, left, says, partial(volume.text, number))
            book.close()


def _whole(file: str, found: _Found) -> Rows:
    """The rows with what the reader did not tell. Raises FileRefused for two cells at one place."""
    cells = found.cells
    if found.left:
        cells = [[""] * found.left + row for row in cells]
    for (row, column), what in found.says.unsaid.items():
        cells[row - found.top - 1][column - 1] = what
    if found.says.is_below_zero:
        for row, column in below_zero(found.text()):
            if isinstance(cells[row - found.top - 1][column - 1], date | time):
                cells[row - found.top - 1][column - 1] = Unsaid("a day below 0")
    if sum(len(row) - row.count("") for row in cells) < found.says.cells:
        refuse_doubles(file, found.text())
    return Rows(range(found.top + 1, found.top + 1 + len(cells)), cells)


@contextmanager
def _readable(file: str) -> Iterator[None]:
    """Turn whatever the reader stumbles over into a refusal, its panics too."""
    try:
        yield
    except (CalamineError, OSError, ValueError, OverflowError) as error:
        raise FileRefused(file, f"cannot be read as a workbook ({error})") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise FileRefused(file, f"cannot be read as a workbook ({error})") from error
