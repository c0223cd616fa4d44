"""Bands of an indicator version: every value on its rounding grid falls into exactly one.

Without rounding the grid has no steps, and neighbours must share a bound that one of them includes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise

FULL_SHARE = 100


@dataclass(frozen=True)
class Band:
    """One band: bounds in the indicator's unit, None unbounded. Unit: % values end at 100."""

    line: int
    severity: str
    lower: Decimal | None
    lower_inclusive: bool
    upper: Decimal | None
    upper_inclusive: bool
    is_percentage: bool

    @classmethod
    def read(
        cls, line: int, values: Mapping[str, str], *, lower_is_better: bool, unit: str
    ) -> Band:
        """From a row of indicator_bands; without a flag a bound is in the better band."""
        return cls(
            line,
            values["severity"],
            _number(values["lower_bound"]),
            _flag(values["lower_inclusive"], otherwise=not lower_is_better),
            _number(values["upper_bound"]),
            _flag(values["upper_inclusive"], otherwise=lower_is_better),
            unit.startswith("%"),
        )


@dataclass(frozen=True)
class BandProblem:
    """What is wrong, at which line and column, with the value that falls into none or two bands."""

    what: str
    line: int
    column: str
    value: str


def check_bands(bands: Sequence[Band], version: Mapping[str, str]) -> BandProblem | None:
    """The first hole or overlap of one version's bands; None when they are whole."""
    ordered = sorted(bands, key=lambda band: (band.lower is not None, band.lower or Decimal(0)))
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
    return _at_the_ends(ordered[0], ordered[-1])


def _between(lower: Band, upper: Band, step: Decimal | None) -> BandProblem | None:
    if lower.upper is None or upper.lower is None:
        shared = "" if upper.lower is None else str(upper.lower)
        return _problem("overlaps", shared, lower, upper)
    if step is None:
        last, first, gap = lower.upper, upper.lower, Decimal(0)
        if last == first and lower.upper_inclusive == upper.lower_inclusive:
            what = "overlaps" if lower.upper_inclusive else "leaves a hole after"
            return _problem(what, str(first), lower, upper)
    else:
        last = _last_on_grid(lower.upper, step, inclusive=lower.upper_inclusive)
        first = _first_on_grid(upper.lower, step, inclusive=upper.lower_inclusive)
        gap = step
    if first < last + gap:
        return _problem("overlaps", str(first), lower, upper)
    if first > last + gap:
        return _problem("leaves a hole after", str(last + gap), lower, upper)
    return None


def _problem(what: str, value: str, lower: Band, upper: Band) -> BandProblem:
    said = f"band {upper.severity} {what} band {lower.severity} of line {lower.line}"
    return BandProblem(said, upper.line, "lower_bound", value)


def _at_the_ends(first: Band, last: Band) -> BandProblem | None:
    """Nothing is measured below 0, and no share above 100%: bounds there are as good as none."""
    if first.lower is not None and (
        first.lower > 0 or (first.lower == 0 and not first.lower_inclusive)
    ):
        said = f"no band holds what is below band {first.severity}"
        return BandProblem(said, first.line, "lower_bound", str(first.lower))
    if last.upper is None or not last.is_percentage:
        return None
    if last.upper < FULL_SHARE or (last.upper == FULL_SHARE and not last.upper_inclusive):
        said = f"no band holds what is above band {last.severity}"
        return BandProblem(said, last.line, "upper_bound", str(last.upper))
    return None


def _step(version: Mapping[str, str]) -> Decimal | None:
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


def _flag(text: str, *, otherwise: bool) -> bool:
    return text.lower() == "true" if text else otherwise
