"""What a file is read as: blocks of text lines, or records that are cells already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from outturn.load.records import Record

BLOCK_BYTES = 4 << 20
BLOCK_ROWS = 20_000
BLOCK_LINES = 60_000


@dataclass(frozen=True)
class TextBlock:
    """Whole lines of UTF-8. `newline` is how they all end, None where they end in several ways.

    `is_certain`: each line is one record whatever it holds, for there is neither a quote nor a
    line that may be blank.
    """

    data: bytes
    newline: str | None
    lines: int
    first_line: int
    is_certain: bool = False


@dataclass(frozen=True)
class RowsBlock:
    """Records that need no further splitting."""

    records: list[Record]


@dataclass(frozen=True)
class CellsBlock:
    """So many rows as columns of text, as many as the header has; none of the rows is blank.

    `record` gives the row of an index as a record, for one that must be judged.
    """

    columns: list[Sequence[str]]
    rows: int
    record: Callable[[int], Record]


Block = TextBlock | RowsBlock | CellsBlock


@dataclass(frozen=True)
class ControlRecord:
    """The trailer as it stands in the file."""

    line: int
    cells: tuple[str, ...]
