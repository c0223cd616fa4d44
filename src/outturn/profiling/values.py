"""Which declared ways of writing fit a column's values: asked of the loader's own readers.

What fits here is therefore what a load takes. Where two ways fit and mean different days, both
are told and none is chosen.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from outturn.contracts import Column, FilePattern, Form, FormColumn, Numbers
from outturn.contracts.dates import DATE_WAYS, double_meaning, read_day
from outturn.load.cells import BadValueError, plain_number, read_cell

# Words that say that nothing is there. A lone dash may also mean nought: somebody must know.
NOTHING = ("-", "NULL", "null", "N/A", "n/a", "#N/A", "None", "Nil", "nil", "REDACTED", "Redacted")
MOMENT_WAYS = ("iso", "yyyy-mm-dd hh:mm", "dd/mm/yyyy hh:mm", "d/m/yyyy hh:mm", "mm/dd/yyyy hh:mm")
MOST_WAYS = 3
_CURRENCIES = ("£", "€", "$", "GBP", "Â£")
_TRUTHS = (("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"))
_BLANK_FORM = Form("any", (FilePattern("*"),), ())


@dataclass(frozen=True)
class Days:
    """Ways that read every value as a day. `rival`: a way that reads other days in the same."""

    ways: tuple[str, ...]
    rival: str | None = None


def days(values: Collection[str]) -> Days | None:
    """How a column's values are days, None when some are not. Excel's bare numbers are not."""
    readings = {way: _read_all(way, values) for way in DATE_WAYS if not way.startswith("excel")}
    whole = [way for way, read in readings.items() if len(read) == len(values)]
    if whole:
        return Days((whole[0],), _rival(whole[0], values, readings))
    ways: list[str] = []
    left = set(values)
    while left and len(ways) < MOST_WAYS:
        best = max(readings, key=lambda way: len(left & readings[way].keys()))
        taken = left & readings[best].keys()
        if not taken:
            return None
        rival = _rival(best, taken, readings)
        if rival:
            return None if not ways else Days((*ways, best), rival)
        ways.append(best)
        left -= taken
    return Days(tuple(ways)) if not left and double_meaning(ways) is None else None


def _read_all(way: str, values: Collection[str]) -> dict[str, date]:
    found = {}
    for value in values:
        try:
            found[value] = read_day(way, value)
        except ValueError:
            continue
    return found


def _rival(way: str, values: Collection[str], readings: dict[str, dict[str, date]]) -> str | None:
    own = readings[way]
    for other, read in readings.items():
        if all(value in read for value in values) and any(read[v] != own[v] for v in values):
            return other
    return None


def numbers(values: Collection[str]) -> Numbers | None:
    """The fewest options with which every value is a number, None when some are not."""
    for currency in _CURRENCIES:
        wide = Numbers(currency, ",", brackets=True, spaces=True, percent=True, trailing_minus=True)
        if not _all_numbers(wide, values):
            continue
        for narrower in (
            {"currency": None}, {"thousands": None}, {"brackets": False}, {"spaces": False},
            {"percent": False}, {"trailing_minus": False},
        ):  # fmt: skip
            less = replace(wide, **narrower)
            wide = less if _all_numbers(less, values) else wide
        return wide
    return None


def _all_numbers(ways: Numbers, values: Collection[str]) -> bool:
    return all(plain_number(ways, value) is not None for value in values)


def moments(values: Collection[str], timezone: str = "Europe/London") -> str | None:
    """The one way in which every value is a day with a time; None when none or two fit."""
    column = Column("x", "timestamptz", "a moment", "timestamp")
    form = replace(_BLANK_FORM, timezone=timezone)
    fits = []
    for way in MOMENT_WAYS:
        style = FormColumn("x", (), timestamps=way)
        try:
            fits.append((way, [read_cell(column, style, form, value) for value in values]))
        except BadValueError:
            continue
    return fits[0][0] if fits and all(read == fits[0][1] for _, read in fits) else None


def truths(values: Collection[str]) -> tuple[str, str] | None:
    """The words for true and false when the values are just these two."""
    words = {value.casefold() for value in values}
    return next((pair for pair in _TRUTHS if set(pair) == words), None)


def nothing_words(values: Collection[str]) -> tuple[str, ...]:
    """The words among values that say that nothing is there."""
    return tuple(sorted({value.strip() for value in values} & set(NOTHING)))


def raw_numbers(ways: Numbers) -> dict[str, object]:
    """The options as a contract writes them."""
    named = {
        "currency": ways.currency,
        "thousands": ways.thousands,
        "brackets": ways.brackets,
        "spaces": ways.spaces,
        "percent": ways.percent,
        "trailingMinus": ways.trailing_minus,
        "dashIsZero": ways.dash_is_zero,
    }
    return {key: value for key, value in named.items() if value}


def pattern_of(name: str) -> str:
    """A pattern of file names with the name's month as tokens; the name itself without one."""
    text = re.sub(r"[<>*\[\]]", "*", name)
    for found, tokens in _MONTHS_IN_NAMES:
        pattern = re.sub(found, tokens, text, count=1, flags=re.IGNORECASE)
        if pattern == text:
            continue
        read = FilePattern(pattern).match(name)
        if read and read.period:
            return pattern
    return text


_WORD = (
    r"(?<![a-z])(january|february|march|april|may|june|july|august|september|october|november|"
    r"december|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec)"
)
_YEAR = r"(?:19|20)[0-9]{2}"
_MONTHS_IN_NAMES: Sequence[tuple[str, str]] = (
    (rf"(?<![0-9]){_YEAR}-(?:0[1-9]|1[0-2])(?![0-9])", "<YYYY-MM>"),
    (rf"{_WORD}([^a-z0-9]*){_YEAR}(?![0-9])", r"<Month>\2<YYYY>"),
    (rf"(?<![0-9]){_YEAR}([^a-z0-9]*){_WORD}(?![a-z])", r"<YYYY>\1<Month>"),
    (rf"{_WORD}([^a-z0-9]*)[0-9]{{2}}(?![0-9])", r"<Month>\2<YY>"),
    (rf"(?<![0-9]){_YEAR}([^0-9]?)(?:0[1-9]|1[0-2])(?![0-9])", r"<YYYY>\1<MM>"),
    (rf"(?<![0-9])(?:0[1-9]|1[0-2])([^0-9]?){_YEAR}(?![0-9])", r"<MM>\1<YYYY>"),
    (r"q[1-4]([^a-z0-9]*)20[0-9]{2}[-_ ]?[0-9]{2}(?![0-9])", r"Q<Q>\1<FY>"),
)
