"""A contract as the oracle of credits reads it: reference data and deliveries, as fractions."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

Cases = tuple[Fraction, Fraction]  # numerator, denominator


@dataclass
class Band:
    severity: str
    lower: Fraction | None
    lower_in: bool
    upper: Fraction | None
    upper_in: bool
    points: Fraction
    credit_pct: Fraction

    def holds(self, value: Fraction) -> bool:
        above = self.lower is None or value > self.lower or (self.lower_in and value == self.lower)
        below = self.upper is None or value < self.upper or (self.upper_in and value == self.upper)
        return above and below


@dataclass
class Version:
    valid_from: str
    valid_to: str | None
    target: Fraction
    target_high: Fraction | None
    unit_size: Fraction
    rounding_dp: int
    rounding_mode: str
    pool_pct: Fraction
    has_due_day: bool
    recompute_rule: str | None
    bands: list[Band]


@dataclass
class Indicator:
    code: str
    kind: str
    unit: str
    direction: str
    frequency: str
    versions: list[Version]


@dataclass
class Scheme:
    code: str
    method: str
    pct_per_point: Fraction = Fraction(0)
    at_risk_pct: Fraction = Fraction(0)
    unit_pct: Fraction = Fraction(0)
    multiplier: Fraction = Fraction(2)
    mean_with_previous: bool = False
    period_cap_pct: Fraction | None = None
    rolling12_cap_pct: Fraction | None = None
    deems: bool = False
    deemed_shortfall: Fraction = Fraction(0)
    critical_points: Fraction = Fraction(50)
    critical_months: int = 3
    steps: list[tuple[Fraction, Fraction, Fraction]] = field(
        default_factory=list
    )  # from_points, rate_gbp, credit_pct


@dataclass
class Contract:
    code: str
    starts_on: str
    indicators: list[Indicator]
    in_force: list[tuple[str, str | None, Scheme]]  # first and last day
    what_if: list[Scheme]
    charges: dict[str, Fraction]
    returns: dict[tuple[str, str], Cases]  # by indicator and period, as they stand at the end
    events: dict[tuple[str, str], Cases]  # by recomputation rule and month
    event_months: set[str]
    decisions: dict[tuple[str, str], Cases]
    excluded: dict[tuple[str, str], Cases]
    waived: dict[tuple[str, str], Fraction]
