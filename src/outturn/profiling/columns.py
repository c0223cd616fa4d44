"""What each column of a sample holds: its type as far as every value of it proves one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from outturn.load.cells import ASCII_SPACE, NUMBER_SPACE, is_blank, plain_number
from outturn.profiling.values import (
    days,
    moments,
    nothing_words,
    numbers,
    raw_numbers,
    truths,
)

MOST_DISTINCT = 50_000
_RESERVED = {"file_id", "record_number"}
_SPELT = {"£": " gbp ", "%": " pct ", "&": " and ", "€": " eur ", "$": " usd "}
# A number under such a word names a thing: nobody adds it up, and its leading noughts count.
_NAMES_A_THING = re.compile(
    r"(?:^|_)(id|no|number|num|ref|reference|code|key|postcode|phone)(?:_|$)"
)
_DAY_WORDS = re.compile(r"(?:^|_)(date|day|paid|on)(?:_|$)")


@dataclass
class Drafted:
    """A column as a contract would declare it. `checks` is what a person is to look at."""

    name: str
    header: str
    kind: str = "string"
    physical: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    required: bool = False
    unit: str | None = None
    style: dict[str, Any] = field(default_factory=dict)
    checks: list[str] = field(default_factory=list)


def column_names(headers: Sequence[str]) -> list[str]:
    """A name in snake_case for each header, no two the same: "Amount (£)" is `amount_gbp`."""
    names: list[str] = []
    for header in headers:
        text = "".join(_SPELT.get(one, one) for one in header)
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
        plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", plain)
        name = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")[:45] or "column"
        name = name if name[0].isalpha() else f"column_{name}"[:45]
        candidate, number = name, 2
        while candidate in names or candidate in _RESERVED:
            candidate, number = f"{name}_{number}", number + 1
        names.append(candidate)
    return names


def draft_column(name: str, header: str, cells: Sequence[str], dates: str | None) -> Drafted:
    """The narrowest type that every value of a column has; text where none is certain.

    `dates` decides where days could be read in two ways.
    """
    filled = [cell for cell in cells if not is_blank(cell)]
    drafted = Drafted(name, header, required=bool(cells) and len(filled) == len(cells))
    if not filled:
        drafted.checks.append("has no value in the sample: its type is not known")
        return drafted
    distinct = set(filled)
    words = nothing_words(distinct)
    rest = {value for value in distinct if value.strip() not in words}
    if rest and (_type(drafted, rest, dates) or _trimmed_type(drafted, rest, dates)):
        if words:
            drafted.required = False
            drafted.style["blanks"] = list(words)
            drafted.checks.append(f"{', '.join(words)} taken as blank: is it so, or is it nought?")
        return drafted
    drafted.kind = "string"
    if len({value.strip(ASCII_SPACE) for value in distinct}) < len(distinct):
        drafted.checks.append("some values differ only by white space, which is kept")
    return drafted


def _type(drafted: Drafted, values: set[str], dates: str | None) -> bool:
    """Whether all values have a type that is no text; then it is written down."""
    return (
        _period(drafted, values)
        or _truth(drafted, values)
        or _day(drafted, values, dates)
        or _moment(drafted, values)
        or _number(drafted, values)
    )


def _trimmed_type(drafted: Drafted, values: set[str], dates: str | None) -> bool:
    """The same of the values without the white space around them."""
    bare = {value.strip(NUMBER_SPACE) for value in values}
    if bare == values or not _type(drafted, bare, dates):
        return False
    drafted.style["trim"] = True
    return True


def _period(drafted: Drafted, values: set[str]) -> bool:
    if not all(re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", value) for value in values):
        return False
    drafted.options["format"] = "yyyy-MM"
    return True


def _truth(drafted: Drafted, values: set[str]) -> bool:
    pair = truths(values)
    if pair is None:
        return False
    drafted.kind = "boolean"
    drafted.style["booleans"] = {"true": [pair[0]], "false": [pair[1]]}
    return True


def _day(drafted: Drafted, values: set[str], dates: str | None) -> bool:
    found = days(values)
    if found is None or any(way.endswith("hh:mm") for way in found.ways):
        return False
    if found.ways == ("yyyymmdd",) and not _DAY_WORDS.search(drafted.name):
        return False
    ways: tuple[str, ...] = found.ways
    if found.rival:
        if dates not in (found.ways[-1], found.rival):
            both = f"{found.ways[-1]} or {found.rival}"
            drafted.checks.append(
                f"ASK: days written {both}? Every value reads both ways; until it is known it is "
                f"text (draft again with --dates {found.ways[-1]}, or the other)"
            )
            return False
        ways = (*found.ways[:-1], str(dates))
    drafted.kind = "date"
    drafted.style["dates"] = ways[0] if len(ways) == 1 else list(ways)
    if len(ways) > 1:
        drafted.checks.append("written in several ways")
    return True


def _moment(drafted: Drafted, values: set[str]) -> bool:
    way = moments(values)
    if way is None:
        return False
    drafted.kind = "timestamp"
    drafted.style["timestamps"] = way
    drafted.checks.append("times without an offset are taken as London's: `timezone` says else")
    return True


def _number(drafted: Drafted, values: set[str]) -> bool:
    options = numbers(values)
    if options is None or any(re.match(r"0[0-9]", value.strip()) for value in values):
        return False
    plain = [plain_number(options, value) or "0" for value in values]
    decimals = max(len(one.partition(".")[2]) for one in plain)
    digits = max(len(one.lstrip("-").partition(".")[0]) for one in plain)
    if digits > 18 or decimals > 12:
        drafted.checks.append("digits without end: kept as text")
        return False
    raw = raw_numbers(options)
    if not decimals and not raw:
        if _NAMES_A_THING.search(drafted.name):
            drafted.checks.append("whole numbers that look like a name: kept as text")
            return False
        drafted.kind = "integer"
        return True
    drafted.kind = "number"
    scale = max(decimals, 2)
    drafted.physical = f"numeric({min(max(digits + 4, 12) + scale, 38)}, {scale})"
    if options.currency in ("£", "GBP", "Â£") or "gbp" in drafted.name:
        drafted.unit = "GBP"
    if raw:
        drafted.style["numbers"] = raw
    return True
