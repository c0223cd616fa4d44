"""Bands of an indicator version: every value on its rounding grid falls into exactly one.

Without rounding the grid has no steps, and neighbours must share a bound that one of them includes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise
from typing import Protocol

SEVERITIES = ("met", "minor", "serious", "severe", "below_threshold")


class Row(Protocol):
    """A row of reference data: its values by column, blank where there is none."""

    def __getitem__(self, column: str, /) -> str:
        """The value of a column."""


@dataclass(frozen=True)
class Band:
    """One band: bounds in the indicator's unit, None unbounded; flags, None where blank."""

    line: int
    severity: str
    lower: Decimal | None
    lower_inclusive: bool | None
    upper: Decimal | None
    upper_inclusive: bool | None

    @classmethod
    def read(cls, line: int, row: Row) -> Band:
        """From a row of indicator_bands."""
        return cls(
            line,
            row["severity"],
            _number(row["lower_bound"]),
            _flag(row["lower_inclusive"]),
            _number(row["upper_bound"]),
            _flag(row["upper_inclusive"]),
        )

    @property
    def place(self) -> tuple[bool, Decimal, bool, Decimal]:
        """Sorts bands from the lowest values to the highest."""
        return (
            self.lower is not None,
            self.lower or Decimal(0),
            self.upper is None,
            self.upper or Decimal(0),
        )


@dataclass(frozen=True)
class BandProblem:
    """What is wrong, at which line and column, with the value that falls into none or two bands."""

    what: str
    line: int
    column: str
    value: str


def natural_top(indicator: Row) -> Decimal | None:
    """The value above which nothing is measured, where the indicator's unit or kind says so."""
    if indicator["unit"].startswith("%"):
        return Decimal(100)
    if indicator["is_share"].lower() != "true":
        return None
    return Decimal(1000 if indicator["unit"].startswith("per 1,000") else 1)


def check_bands(bands: Sequence[Band], version: Row, top: Decimal | None) -> BandProblem | None:
    """The first hole or overlap of one version's bands; None when they are whole.

    `top`: what the highest band has to reach, None without end.
    """
    ordered = flagged(sorted(bands, key=lambda band: band.place))
    if all(band.severity != "met" for band in ordered):
        return BandProblem("has no band met", ordered[0].line, "severity", ordered[0].severity)
    for band in ordered:
        if band.lower is not None and band.upper is not None and band.lower > band.upper:
            return BandProblem("ends before it begins", band.line, "upper_bound", str(band.upper))
    step = _step(version)
    for lower, upper in pairwise(ordered):
        problem = _between(lower, upper, step)
        if problem:
            return problem
    return _at_the_ends(ordered[0], ordered[-1], top)


def flagged(ordered: Sequence[Band]) -> list[Band]:
    """The same bands with every blank flag filled in, as int_indicator_bands fills it in.

    A bound that two bands share is in the one that the other's flag leaves it to, else in the
    better one; any other bound is in its band.
    """
    bands = list(ordered)
    for at, (lower, upper) in enumerate(pairwise(ordered)):
        if lower.upper is None or lower.upper != upper.lower:
            continue
        is_lower_better = SEVERITIES.index(lower.severity) < SEVERITIES.index(upper.severity)
        if lower.upper_inclusive is None:
            left_to_it = upper.lower_inclusive
            fill = is_lower_better if left_to_it is None else not left_to_it
            bands[at] = replace(bands[at], upper_inclusive=fill)
        if upper.lower_inclusive is None:
            left_to_it = lower.upper_inclusive
            fill = not is_lower_better if left_to_it is None else not left_to_it
            bands[at + 1] = replace(bands[at + 1], lower_inclusive=fill)
    return [
        replace(
            band,
            lower_inclusive=band.lower_inclusive is not False,
            upper_inclusive=band.upper_inclusive is not False,
        )
        for band in bands
    ]


def _between(lower: Band, upper: Band, step: Decimal | None) -> BandProblem | None:
    if lower.upper is None or upper.lower is None:
        return _problem("overlaps", lower, upper, upper.lower)
    if step is None:
        return _between_without_grid(lower, upper, lower.upper, upper.lower)
    last = _last_on_grid(lower.upper, step, inclusive=lower.upper_inclusive is not False)
    first = _first_on_grid(upper.lower, step, inclusive=upper.lower_inclusive is not False)
    if first <= last:
        return _problem("overlaps", lower, upper, first)
    if first > last + step:
        return _hole(lower, upper, last + step, first - step, step)
    return None


def _between_without_grid(
    lower: Band, upper: Band, last: Decimal, first: Decimal
) -> BandProblem | None:
    if last == first and lower.upper_inclusive != upper.lower_inclusive:
        return None
    if last > first or (last == first and lower.upper_inclusive):
        return _problem("overlaps", lower, upper, first)
    return _hole(lower, upper, last, first, Decimal(0))


def _hole(lower: Band, upper: Band, start: Decimal, end: Decimal, step: Decimal) -> BandProblem:
    """Names the whole hole, and a value in its middle."""
    middle = (start + end) / 2
    if step:
        middle = _last_on_grid(middle, step, inclusive=True)
    hole = f"a hole from {start} to {end}" if start != end else f"a hole at {start}"
    return _problem(f"leaves {hole} after", lower, upper, middle)


def _problem(what: str, lower: Band, upper: Band, value: Decimal | None) -> BandProblem:
    said = f"band {upper.severity} {what} band {lower.severity} of line {lower.line}"
    return BandProblem(said, upper.line, "lower_bound", "" if value is None else str(value))


def _at_the_ends(first: Band, last: Band, top: Decimal | None) -> BandProblem | None:
    """Nothing is measured below 0, and nothing above the top: bounds there are as good as none."""
    if first.lower is not None and (
        first.lower > 0 or (first.lower == 0 and not first.lower_inclusive)
    ):
        said = f"no band holds what is below band {first.severity}"
        return BandProblem(said, first.line, "lower_bound", str(first.lower))
    if last.upper is None:
        return None
    if top is None or last.upper < top or (last.upper == top and not last.upper_inclusive):
        said = f"no band holds what is above band {last.severity}"
        return BandProblem(said, last.line, "upper_bound", str(last.upper))
    return None


def _step(version: Row) -> Decimal | None:
    if version["rounding_mode"] == "none" or version["rounding_dp"] == "":
        return None
    return Decimal(1).scaleb(-int(version["rounding_dp"]))


def _first_on_grid(bound: Decimal, step: Decimal, *, inclusive: bool) -> Decimal:
    steps = (bound / step).to_integral_value(ROUND_CEILING)
    return steps * step + (step if not inclusive and steps * step == bound else 0)


def _last_on_grid(bound: Decimal, step: Decimal, *, inclusive: bool) -> Decimal:
    steps = (bound / step).to_integral_value(ROUND_FLOOR)
    return steps * step - (step if not inclusive and steps * step == bound else 0)


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _flag(text: str) -> bool | None:
    return text.lower() == "true" if text else None
