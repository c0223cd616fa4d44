"""Ways of writing a day, as forms declare them: each reads a text exactly or not at all.

A way is a picture such as `dd/mm/yyyy`; behind it ` 00:00` (a midnight stands there) or ` hh:mm`
(a time of day stands there and is left out). Several ways of one column never read the same text
as two days: a contract that could is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import cache

from outturn.contracts.file_names import month_number

EARLIEST_YEAR = 1900

_YEAR, _MONTH, _DAY = "(?P<year>[0-9]{4})", "(?P<month>[0-9]{2})", "(?P<day>[0-9]{2})"
_SHORT_YEAR, _ONE_MONTH = "(?P<short>[0-9]{2})", "(?P<month>[0-9]{1,2})"
_ONE_DAY = "(?P<day>[0-9]{1,2})"
# Some write two spaces, for a month's name of four letters.
_BETWEEN, _SPACED = "(?:[-/]| +)", "(?:-| +)"
_WORD, _LONG_WORD = "(?P<word>[A-Za-z]{3,4})", "(?P<word>[A-Za-z]{3,9})"

DATE_PATTERNS = {
    "yyyy-mm-dd": f"{_YEAR}-{_MONTH}-{_DAY}",
    "yyyy/mm/dd": f"{_YEAR}/{_MONTH}/{_DAY}",
    "yyyymmdd": f"{_YEAR}{_MONTH}{_DAY}",
    "dd/mm/yyyy": f"{_DAY}/{_MONTH}/{_YEAR}",
    "mm/dd/yyyy": f"{_MONTH}/{_DAY}/{_YEAR}",
    "d/m/yyyy": f"{_ONE_DAY}/{_ONE_MONTH}/{_YEAR}",
    "m/d/yyyy": f"{_ONE_MONTH}/{_ONE_DAY}/{_YEAR}",
    "dd-mm-yyyy": f"{_DAY}-{_MONTH}-{_YEAR}",
    "dd.mm.yyyy": rf"{_DAY}\.{_MONTH}\.{_YEAR}",
    "dd/mm/yy": f"{_DAY}/{_MONTH}/{_SHORT_YEAR}",
    "d/m/yy": f"{_ONE_DAY}/{_ONE_MONTH}/{_SHORT_YEAR}",
    "m/d/yy": f"{_ONE_MONTH}/{_ONE_DAY}/{_SHORT_YEAR}",
    "dd.mm.yy": rf"{_DAY}\.{_MONTH}\.{_SHORT_YEAR}",
    "dd-mm-yy": f"{_DAY}-{_MONTH}-{_SHORT_YEAR}",
    "dd-mmm-yyyy": f"{_ONE_DAY}{_BETWEEN}{_WORD}{_BETWEEN}{_YEAR}",
    "dd-mmm-yy": f"{_ONE_DAY}{_BETWEEN}{_WORD}{_BETWEEN}{_SHORT_YEAR}",
    "dd-mmmm-yyyy": f"{_ONE_DAY}{_SPACED}{_LONG_WORD}{_SPACED}{_YEAR}",
    "excel": "(?P<serial>[0-9]{2,5})",
    "excel-1904": "(?P<serial>[0-9]{1,5})",
}
# Before March 1900 Excel counts a 29 February that never was.
_EPOCHS = {"excel": date(1899, 12, 30), "excel-1904": date(1904, 1, 1)}
_FIRST_SERIAL = {"excel": 61, "excel-1904": 0}
_TIMES = {
    "00:00": r"[T ]00?:00(:00(\.0+)?)?",
    "hh:mm": r"[T ]([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?",
}
_TIMED = (
    "yyyy-mm-dd", "yyyy/mm/dd", "dd/mm/yyyy", "d/m/yyyy", "m/d/yyyy", "dd-mm-yyyy", "dd.mm.yyyy",
    "dd-mmm-yyyy",
)  # fmt: skip
# Every way that a form may declare; the stricter one of two that read the same comes first.
DATE_WAYS = (*DATE_PATTERNS, *(f"{way} {time}" for time in _TIMES for way in _TIMED))
_PICTURES = {
    "yyyy": "%Y", "yy": "%y", "mmmm": "%B", "mmm": "%b", "mm": "%m", "m": "%m", "dd": "%d",
    "d": "%d",
}  # fmt: skip


def read_day(written: str, text: str) -> date:
    """The day that a text says in this way. ValueError with the reason as a sentence's end."""
    match = _pattern(written).fullmatch(text)
    if not match:
        raise ValueError(f"is not a date written as {written}")
    try:
        day = _day(written.split(" ", maxsplit=1)[0], match.groupdict())
    except (ValueError, OverflowError):
        raise ValueError(f"is no day of the calendar (written as {written})") from None
    if day.year < EARLIEST_YEAR:
        raise ValueError(f"is before the year {EARLIEST_YEAR}")
    return day


def write_day(written: str, day: date) -> str:
    """The day in this way, as `read_day` reads it back."""
    bare, _, time = written.partition(" ")
    if bare in _EPOCHS:
        text = str((day - _EPOCHS[bare]).days)
    else:
        picture = re.sub("yyyy|yy|m+|d+", lambda part: _PICTURES[part.group()], bare)
        text = day.strftime(picture)
    return f"{text} 00:00:00" if time else text


def double_meaning(ways: Sequence[str]) -> tuple[str, str, str] | None:
    """A text with the two ways that read different days in it, or None when there is none."""
    for text in _samples(ways):
        meanings: dict[date, str] = {}
        for way in ways:
            try:
                meanings.setdefault(read_day(way, text), way)
            except ValueError:
                continue
        if len(meanings) > 1:
            first, second, *_ = meanings.values()
            return text, first, second
    return None


def _samples(ways: Sequence[str]) -> Iterator[str]:
    for way in ways:
        for day in (date(2001, 2, 3), date(2010, 11, 12)):
            yield write_day(way, day)


@cache
def _pattern(written: str) -> re.Pattern[str]:
    bare, _, time = written.partition(" ")
    return re.compile(DATE_PATTERNS[bare] + (_TIMES[time] if time else ""), re.ASCII)


def _day(written: str, parts: dict[str, str | None]) -> date:
    serial = parts.get("serial")
    if serial is not None:
        if int(serial) < _FIRST_SERIAL[written]:
            raise ValueError(serial)
        return _EPOCHS[written] + timedelta(days=int(serial))
    year = int(parts["year"] or 0) if parts.get("year") else 2000 + int(parts["short"] or 0)
    word = parts.get("word")
    month = month_number(word) if word else int(parts["month"] or 0)
    return date(year, month or 0, int(parts["day"] or 0))
