"""What a typed cell of a workbook says as text: as the form would write it, for one judge of all.

Dates, numbers and truth values are typed in a workbook, so nothing is to be parsed: they are
written as the form writes them and then judged like any other text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from outturn.contracts import Column, FormColumn
from outturn.contracts.dates import write_day
from outturn.load.cells import is_blank
from outturn.load.sheet_xml import Unsaid

# From here on the 15 digits that Excel keeps would cut off decimals that may matter.
MANY = 1e11
# From here on a number may be another than the one that was written.
LARGEST = 2.0**53
# Excel counts a 29 February 1900: what it calls a day before March is one or another.
FIRST_DAY = date(1900, 3, 1)


class NotExactError(ValueError):
    """What is no text of a column of text: an error, or a number of more digits than are kept."""


def says_nothing(cells: Sequence[Any]) -> bool:
    """Whether a row is blank."""
    return all(type(cell) is str and is_blank(cell) for cell in cells)


def column_text(
    cells: Sequence[Any], column: Column | None, text_of: Callable[[Any], str]
) -> Sequence[str]:
    """A column's cells as text. What `text_of` makes of one kind of cell is made once a value."""
    kinds = set(map(type, cells))
    if kinds <= {str}:
        return cells
    if column is not None and _writes_itself(column, kinds, cells):
        return [cell if type(cell) is str else repr(cell) for cell in cells]
    if len(kinds - {str}) > 1 or Unsaid in kinds:  # 1, 1.0 and True are one key
        return [cell if type(cell) is str else text_of(cell) for cell in cells]
    known = {cell: cell if type(cell) is str else text_of(cell) for cell in set(cells)}
    return [known[cell] for cell in cells]


def _writes_itself(column: Column, kinds: set[type], cells: Sequence[Any]) -> bool:
    """Whether a column's numbers are such that Python writes them as we do, or not as numbers.

    Python writes the shortest digits that mean the number. Where 15 digits reach beyond the
    decimals kept, that is our writing too, or it has more decimals and is judged one by one.
    """
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
        if not abs(cell) < LARGEST:  # nor is what is no number at all
            return f"{cell:.16e}"  # no declared way of writing a number
        return format(Decimal(f"{cell:.15g}" if abs(cell) < MANY else repr(cell)), "f")
    if isinstance(cell, datetime):
        midnight = cell.time() == time(0)
        return cell.date().isoformat() if midnight else cell.isoformat(sep=" ")
    if isinstance(cell, date | time | timedelta):
        return _duration(cell) if isinstance(cell, timedelta) else cell.isoformat()
    return "" if cell is None else str(cell)


def _duration(cell: timedelta) -> str:
    """A length of time as a workbook shows it: 42:00:00, however many days that are."""
    minutes, seconds = divmod(abs(cell), timedelta(minutes=1))
    hours, minutes = divmod(minutes, 60)
    sign = "-" if cell < timedelta(0) else ""
    return f"{sign}{hours}:{minutes:02}:{seconds.total_seconds():06.3f}".removesuffix(".000")


def write(cell: Any, column: Column, style: FormColumn) -> str:
    """A typed cell as the form writes values of its column, or so that it is none of them.

    Raises NotExactError.
    """
    if isinstance(cell, Unsaid) and column.type == "text" and cell not in style.blanks:
        raise NotExactError(
            "has an error, a day below 0 or a formula without a value under "
            f"{column.name}: {cell[:60]}"
        )
    if isinstance(cell, bool) and column.type == "boolean":
        return style.booleans.true[0] if cell else style.booleans.false[0]
    if isinstance(cell, float) and column.type == "text" and not abs(cell) < LARGEST:
        raise NotExactError(f"has a number of more digits than a workbook keeps: {cell!r}")
    if not isinstance(cell, date):
        return as_text(cell)
    return _moment(cell, column, style)


def _moment(cell: date, column: Column, style: FormColumn) -> str:
    moment = cell if isinstance(cell, datetime) else datetime.combine(cell, time(0))
    if moment.date() < FIRST_DAY:
        return f"{as_text(cell)} (Excel)"
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
