"""Contracts drawn at random, at the edges of the rules: values on bounds and ties, gaps, caps."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from tests.warehouse.credits_oracle import months_of
from tests.warehouse.oracle_facts import Band, Cases, Contract, Indicator, Scheme, Version

MONTHS = [f"{n // 12:04}-{n % 12 + 1:02}" for n in range(2019 * 12 + 3, 2019 * 12 + 20)]
AS_AT, FIRST_AWAITED = "2020-09-05T00:00:00+00:00", "2020-08"  # due on its 10th working day
POINTS_METHODS = ("service_points", "points_ratchet", "points_step")
METHODS = (*POINTS_METHODS, "at_risk_pool", "worst_band")
SHORTFALL_METHODS = ("shortfall_percentage", "per_full_unit")
RULES = ("R0", "R1", "R2", "R3")


def draw(rng: Random, number: int) -> Contract:
    """One contract with its indicators, schemes and all that was delivered."""
    code = f"C{number:05}"
    starts = rng.choice(["2019-04-01", "2019-04-01", "2019-07-01", "2019-07-15"])
    in_percent = rng.random() < 0.6
    count = rng.randint(1, 4)
    indicators = [
        _indicator(rng, f"{code}-{k}", RULES[k], starts, in_percent) for k in range(count)
    ]
    methods = METHODS + (SHORTFALL_METHODS if in_percent else SHORTFALL_METHODS[1:])
    contract = Contract(
        code,
        starts,
        indicators,
        in_force=_in_force(rng, code, starts, methods),
        what_if=[_scheme(rng, f"{code}-W{k}", methods) for k in range(rng.randint(0, 2))],
        charges={m: _money(rng) for m in MONTHS if rng.random() < 0.93},
        returns={},
        events={},
        event_months={m for m in MONTHS if rng.random() < 0.95},
        decisions={},
        excluded={},
        waived={},
    )
    for indicator in indicators:
        for month in MONTHS:
            if months_of(indicator.frequency, month):
                _deliver(rng, contract, indicator, month)
        _count(rng, contract, indicator)
    return contract


def cases(rng: Random, indicator: Indicator, month: str) -> Cases:
    """A numerator and denominator whose value lies on, or just beside, a bound or the target."""
    version = next(v for v in reversed(indicator.versions) if v.valid_from <= f"{month}-28")
    places = [version.target, version.target_high or version.target]
    places += [bound for band in version.bands for bound in (band.lower, band.upper) if bound]
    step = Fraction(1, 10**version.rounding_dp)
    value = (
        rng.choice(places)
        + rng.choice([-3, -1, Fraction(-1, 2), 0, 0, Fraction(1, 2), 1, 2]) * step
    )
    if rng.random() < 0.3:
        value += rng.choice([-1, 1]) * Fraction(rng.randint(0, 900), 100)
    denominator = Fraction(rng.choice([1, 3, 7, 37, 100, 1000, 1000]))
    if rng.random() < 0.04:
        return Fraction(0), Fraction(0)
    factor = 100 if indicator.unit == "%" else 1000 if indicator.unit.startswith("per") else 1
    return Fraction(round(value * denominator / factor * 10**6), 10**6), denominator


def _indicator(rng: Random, code: str, rule: str, starts: str, in_percent: bool) -> Indicator:
    frequency = rng.choice(["M", "M", "M", "M", "Q", "A"])
    direction = rng.choice(["higher", "higher", "lower", "inside", "outside"])
    unit = "%" if in_percent else rng.choice(["%", "per 1,000", "days"])
    first = {"M": starts[:7], "Q": "2019-07" if starts > "2019-04" else "2019-04", "A": "2019-04"}
    has_bands = rng.random() < 0.85
    versions = [_version(rng, direction, first[frequency] + "-01", rule, has_bands)]
    if frequency == "M" and rng.random() < 0.3:
        versions[0].valid_to = "2019-12-31"
        versions.append(_version(rng, direction, "2020-01-01", rule, has_bands))
    kind = "KPI" if rng.random() < 0.85 else "SLA"
    return Indicator(code, kind, unit, direction, frequency, versions)


def _version(rng: Random, direction: str, valid_from: str, rule: str, has_bands: bool) -> Version:
    places = rng.randint(0, 3)
    target = Fraction(rng.randint(300, 900), 10)
    has_range = direction in ("inside", "outside")
    high = target + Fraction(rng.randint(10, 90), 10) if has_range else None
    version = Version(
        valid_from,
        None,
        target,
        high,
        unit_size=rng.choice([Fraction(1), Fraction(1, 2), Fraction(3, 10), Fraction(5)]),
        rounding_dp=places,
        rounding_mode=rng.choice(["half_up", "half_up", "half_even", "down", "none"]),
        pool_pct=Fraction(rng.randint(0, 100)),
        has_due_day=rng.random() < 0.9,
        recompute_rule=rule if rng.random() < 0.5 else None,
        bands=[],
    )
    if has_bands:
        version.bands = _bands(rng, direction, version)
    return version


def _bands(rng: Random, direction: str, version: Version) -> list[Band]:
    """Bands that touch: each bound belongs to one of its two sides, or the grid lies between."""
    worse = rng.sample(["minor", "serious", "severe", "below_threshold"], rng.randint(1, 4))
    worse.sort(key=["minor", "serious", "severe", "below_threshold"].index)
    target, high = version.target, version.target_high
    if direction in ("inside", "outside"):
        middle, outer = ("met", worse[0]) if direction == "inside" else (worse[0], "met")
        severities, cuts = [outer, middle, outer], [target, high or target]
    else:
        severities = ["met", *worse]
        sign = -1 if direction == "higher" else 1
        cuts = [target + sign * Fraction(15 * k, 10) for k in range(len(worse))]
        if direction == "higher":
            severities, cuts = severities[::-1], cuts[::-1]
    worth = {severity: _worth(rng, severity) for severity in severities}
    bands = [Band(severity, None, False, None, False, *worth[severity]) for severity in severities]
    on_grid = version.rounding_mode != "none" and version.rounding_dp >= 1
    for below, above, cut in zip(bands, bands[1:], cuts, strict=False):
        below.upper = above.lower = cut
        above.lower_in = rng.random() < 0.7
        below.upper_in = not above.lower_in
        if on_grid and rng.random() < 0.3:
            below.upper = cut - Fraction(1, 10**version.rounding_dp)
            above.lower_in = below.upper_in = True
    return bands


def _worth(rng: Random, severity: str) -> tuple[Fraction, Fraction]:
    if severity == "met":
        return Fraction(0), Fraction(0)
    return Fraction(rng.choice([1, 2, 3, 5])) * rng.choice([1, Fraction(1, 2)]), Fraction(
        rng.randint(0, 100)
    )


def _scheme(rng: Random, code: str, methods: tuple[str, ...]) -> Scheme:
    def maybe(chance: float, *values: Fraction) -> Fraction | None:
        return rng.choice(values) if rng.random() < chance else None

    steps: dict[Fraction, tuple[Fraction, Fraction]] = {}
    for _ in range(rng.randint(1, 4)):
        place = Fraction(rng.choice([0, 1, 2, 3, 5, 8]), rng.choice([1, 2]))
        steps[place] = Fraction(rng.randint(0, 300_00), 100), Fraction(rng.randint(0, 12))
    return Scheme(
        code,
        rng.choice(methods),
        pct_per_point=Fraction(rng.choice([1, 2, 10]), rng.choice([1, 4, 8])),
        at_risk_pct=Fraction(rng.choice([2, 10, 15])),
        unit_pct=Fraction(rng.choice([1, 2, 3]), rng.choice([1, 4])),
        multiplier=Fraction(rng.choice([1, 2, 2, 3, Fraction(3, 2)])),
        mean_with_previous=rng.random() < 0.5,
        period_cap_pct=maybe(0.5, Fraction(5), Fraction(2), Fraction(10)),
        rolling12_cap_pct=maybe(0.5, Fraction(3), Fraction(1), Fraction(5), Fraction(1, 8)),
        deems=rng.random() < 0.5,
        deemed_shortfall=Fraction(rng.choice([0, 3, 7.5])),
        critical_points=Fraction(rng.choice([3, 6, 12])),
        critical_months=rng.choice([1, 3, 4]),
        steps=[(place, *worth) for place, worth in sorted(steps.items())],
    )


def _in_force(
    rng: Random, code: str, starts: str, methods: tuple[str, ...]
) -> list[tuple[str, str | None, Scheme]]:
    first, second = (_scheme(rng, f"{code}-{k}", methods) for k in "AB")
    shape = rng.random()
    if shape < 0.5:
        return [(starts, None, first)]
    if shape < 0.8:
        return [(starts, "2020-01-30", first), ("2020-01-31", None, second)]
    if shape < 0.95:
        return [(starts, "2019-11-30", first), ("2020-03-15", None, second)]
    return []


def _money(rng: Random) -> Fraction:
    return Fraction(rng.choice([0, 10_00, 1_000_000_00, rng.randint(1, 5_000_000)]), 100)


def _deliver(rng: Random, contract: Contract, of: Indicator, month: str) -> None:
    key = (of.code, month)
    if f"{month}-28" < of.versions[0].valid_from:
        return
    if rng.random() < 0.92:
        contract.returns[key] = cases(rng, of, month)
    if rng.random() < 0.05:
        contract.decisions[key] = cases(rng, of, month)
    if rng.random() < 0.06:
        contract.excluded[key] = Fraction(rng.randint(0, 2)), Fraction(rng.randint(0, 3))
    if rng.random() < 0.06:
        contract.waived[key] = Fraction(rng.choice([25, 60, 100, Fraction(1, 8)]))


def _count(rng: Random, contract: Contract, of: Indicator) -> None:
    """Events of a month by the indicator's rule: those with the outcome, of all."""
    rule = next((v.recompute_rule for v in of.versions if v.recompute_rule), None)
    if rule is None or rng.random() < 0.5:
        contract.event_months = set() if rng.random() < 0.3 else contract.event_months
        return
    for month in sorted(contract.event_months):
        total = rng.choice([0, 1, 3, 4])
        contract.events[rule, month] = Fraction(rng.randint(0, total)), Fraction(total)
