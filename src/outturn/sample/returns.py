"""The supplier's indicator returns: what it says, which is not always what the events say.

A failure by a narrow margin tempts: some cases are left out "for customer-caused delay" until the
target is met. Such returns keep a believable comment, and the events keep the truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

import numpy as np
from numpy.random import Generator

from outturn.sample.months import Month
from outturn.sample.profile import Profile
from outturn.sample.recompute import Figures

EXCLUSION_CHANCE = {"KPI": 0.45, "SLA": 0.15}
NARROW = Decimal("0.4")
SLIP_CHANCE = 0.03
FAVOUR_CHANCE = 0.15


@dataclass(frozen=True)
class Return:
    """One line of a return; `true_figures` is what the events say, None where there are none."""

    indicator_code: str
    kind: str
    period: str
    numerator: Decimal
    denominator: Decimal
    reported_value: Decimal | None
    commentary: str
    true_figures: Figures | None
    is_share: bool
    direction: str
    target: Decimal
    factor: Decimal

    @property
    def value(self) -> Decimal | None:
        """Numerator / denominator in the indicator's unit, not rounded."""
        return value_of((self.numerator, self.denominator), self.factor)

    @property
    def meets_target(self) -> bool:
        """Whether the unrounded value meets the target (no cases: yes)."""
        return meets((self.numerator, self.denominator), self.factor, self.direction, self.target)


def value_of(figures: Figures, factor: Decimal) -> Decimal | None:
    """The value in the indicator's unit; None without cases."""
    return figures[0] / figures[1] * factor if figures[1] else None


def meets(figures: Figures, factor: Decimal, direction: str, target: Decimal) -> bool:
    """Whether the unrounded value meets the target; true without cases."""
    value = value_of(figures, factor)
    if value is None:
        return True
    return value <= target if direction == "lower" else value >= target


class Returns:
    """Builds each month's return; keeps the sums of quarters and years that are under way."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.levels = profile.table("indicator_levels").set_index("indicator_code").to_dict("index")
        self.open_periods: dict[str, list[Figures]] = {}

    def for_month(self, month: Month, measured: dict[str, Figures]) -> list[Return]:
        """One return for each indicator whose measurement period ends with the month."""
        lines = []
        for indicator in self.profile.indicators:
            version = self.profile.version(indicator["indicator_code"], month)
            truth = self._truth(indicator, version, measured)
            if month.ends(indicator["frequency"]):
                lines.append(self._line(indicator, version, month, truth))
        return lines

    def history(self, month: Month) -> list[Return]:
        """The lines of a month before Day 1, around the level achieved before contracting out."""
        return [
            self._line(
                indicator, self.profile.version(indicator["indicator_code"], month), month, None
            )
            for indicator in self.profile.indicators
            if indicator["history_from"]
            and indicator["history_from"][:7] <= month.period
            and month.ends(indicator["frequency"])
        ]

    def _truth(
        self, indicator: dict[str, str], version: dict[str, str], measured: dict[str, Figures]
    ) -> Figures | None:
        if not version["recompute_rule"]:
            return None
        parts = self.open_periods.setdefault(indicator["indicator_code"], [])
        parts.append(measured[version["recompute_rule"]])
        months = {"M": 1, "Q": 3, "A": 12}[indicator["frequency"]]
        kept = parts[-months:]
        self.open_periods[indicator["indicator_code"]] = kept
        return (sum((n for n, _ in kept), Decimal(0)), sum((d for _, d in kept), Decimal(0)))

    def _line(
        self,
        indicator: dict[str, str],
        version: dict[str, str],
        month: Month,
        truth: Figures | None,
    ) -> Return:
        code = indicator["indicator_code"]
        number = list(self.levels).index(code)
        rng = np.random.default_rng([self.profile.seed, month.number, 1000 + number])
        factor = unit_factor(indicator["unit"])
        target, direction = Decimal(version["target"]), indicator["direction"]
        if truth is None:
            said, comment = self._drawn(indicator, month, factor, rng), ""
        else:
            said, comment = _as_told(truth, indicator, factor, target, rng)
        return Return(
            indicator_code=code,
            kind=indicator["kind"],
            period=month.period,
            numerator=said[0],
            denominator=said[1],
            reported_value=_stated(said, factor, rng),
            commentary=comment,
            true_figures=truth,
            is_share=indicator["is_share"] == "true",
            direction=direction,
            target=target,
            factor=factor,
        )

    def _drawn(
        self, indicator: dict[str, str], month: Month, factor: Decimal, rng: Generator
    ) -> Figures:
        """Figures around the level of the phase (before Day 1: of Day 1), not from events."""
        row = self.levels[indicator["indicator_code"]]
        is_history = month < self.profile.day1
        level = float(indicator["day1_level"] if is_history else row[self.profile.phase(month)])
        denominator = Decimal(row["denominator"])
        cap = 100.0 if indicator["is_share"] == "true" else float("inf")
        distance = min(level, cap - level) if cap - level < level else level
        value = min(cap, max(0.0, level + rng.normal(0, 0.12) * distance))
        step = Decimal(1).scaleb(-int(row["numerator_dp"]))
        numerator = (Decimal(repr(value)) * denominator / factor).quantize(step, ROUND_HALF_UP)
        return numerator, denominator


def unit_factor(unit: str) -> Decimal:
    """100 for units that start with %, 1,000 for "per 1,000", else 1 (REGIME, measurement)."""
    if unit.startswith("%"):
        return Decimal(100)
    return Decimal(1000) if unit == "per 1,000" else Decimal(1)


def _as_told(
    truth: Figures, indicator: dict[str, str], factor: Decimal, target: Decimal, rng: Generator
) -> tuple[Figures, str]:
    """The truth, or the truth less some cases that it would have been convenient not to have."""
    tempted = rng.random() < EXCLUSION_CHANCE[indicator["kind"]]
    slipped = rng.random() < SLIP_CHANCE
    direction = indicator["direction"]
    if indicator["is_share"] != "true" or not truth[1]:
        return truth, ""
    if tempted and not meets(truth, factor, direction, target):
        cases = cases_to_target(truth, direction, target)
        failures = truth[1] - truth[0] if direction == "higher" else truth[0]
        if 0 < cases <= failures * NARROW or (0 < cases <= failures and cases == 1):
            unit = "£" if cases != cases.to_integral_value() else ""
            return without(truth, direction, cases), f"Excludes {unit}{cases:,} customer-caused"
    if slipped and truth[0] > 3:
        return without(truth, direction, Decimal(1)), ""
    return truth, ""


def cases_to_target(truth: Figures, direction: str, target: Decimal) -> Decimal:
    """Fewest failing cases (or pounds) whose exclusion meets the target; 0 where none can."""
    numerator, denominator = truth
    share = target / 100
    step = Decimal(1) if numerator == numerator.to_integral_value() else Decimal("0.01")
    if direction == "higher":
        return (denominator - numerator / share).quantize(step, ROUND_CEILING)
    return ((numerator - share * denominator) / (1 - share)).quantize(step, ROUND_CEILING)


def without(truth: Figures, direction: str, cases: Decimal) -> Figures:
    """The figures less some failing cases."""
    if direction == "higher":
        return truth[0], max(truth[0], truth[1] - cases)
    return max(Decimal(0), truth[0] - cases), truth[1] - cases


def _stated(figures: Figures, factor: Decimal, rng: Generator) -> Decimal | None:
    """The figure that the supplier prints: one decimal, now and then rounded in its favour."""
    value = value_of(figures, factor)
    favour = rng.random() < FAVOUR_CHANCE
    if value is None:
        return None
    return value.quantize(Decimal("0.1"), ROUND_CEILING if favour else ROUND_HALF_UP)
