"""An oracle of credits, written from the rules (REGIME 2 to 4) with fractions, month by month.

Nothing of the product is imported, and the product never imports this. It is slow and plain on
purpose: one contract, one line of schemes, one basis at a time.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import floor

from tests.warehouse.oracle_facts import Contract, Indicator, Scheme, Version

BASES = ("reported", "recomputed", "agreed")
ORDER = ("met", "minor", "serious", "severe", "below_threshold")
PENNY = Fraction(1, 100)


@dataclass
class Result:
    status: str
    severity: str | None = None
    value: Fraction | None = None
    failed: bool = False
    repeat: bool = False
    base_points: Fraction = Fraction(0)
    points: Fraction = Fraction(0)
    shortfall: Fraction = Fraction(0)
    credit_pct: Fraction = Fraction(0)
    version: Version | None = None


@dataclass
class Credit:
    points: Fraction
    failed: int
    charges: Fraction | None
    uncapped: Fraction | None
    credit: Fraction | None
    headroom: Fraction | None
    cap_bound: str
    critical: bool


def last_day(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, calendar.monthrange(year, number)[1]).isoformat()


def rounded(value: Fraction, places: int, mode: str) -> Fraction:
    """By magnitude, as the version says: half_up is away from zero, down towards it."""
    if mode == "none":
        return value
    scaled = abs(value) * 10**places
    whole, rest = floor(scaled), scaled - floor(scaled)
    up = {"down": False, "half_up": rest >= Fraction(1, 2)}.get(
        mode, rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole % 2 == 1)
    )
    return Fraction(whole + up, 10**places) * (1 if value >= 0 else -1)


def months_of(frequency: str, month: str) -> list[str] | None:
    """The months of the measurement period that ends with this one; None when none does."""
    length = {"M": 1, "Q": 3, "A": 12}[frequency]
    year, number = int(month[:4]), int(month[5:])
    if (number - 4 + 12) % 12 % length != length - 1:
        return None
    first = year * 12 + number - length
    return [f"{n // 12:04}-{n % 12 + 1:02}" for n in range(first, first + length)]


def short_of_target(direction: str, version: Version, value: Fraction) -> Fraction:
    low, high = version.target, version.target_high
    if direction == "higher":
        short = low - value
    elif direction == "lower":
        short = value - low
    elif direction == "inside":
        short = low - value if value < low else value - (high or low)
    else:
        short = min(value - low, (high or low) - value)
    return max(short, Fraction(0))


def met_without_bands(direction: str, version: Version, value: Fraction) -> bool:
    inside = version.target <= value <= (version.target_high or version.target)
    return {
        "higher": value >= version.target,
        "lower": value <= version.target,
        "inside": inside,
        "outside": not inside,
    }[direction]


def measure(
    contract: Contract,
    of: Indicator,
    months: list[str],
    basis: str,
    relieved: bool,
    first_awaited: str,
) -> Result | None:
    """One indicator's period on one basis, before any scheme; None when it is not expected.

    From the month `first_awaited`, a version's due working day has not come yet.
    """
    month, end = months[-1], last_day(months[-1])
    key = (of.code, month)
    version = next((v for v in of.versions if v.valid_from <= end <= (v.valid_to or "9999")), None)
    if version is None or (end < contract.starts_on and key not in contract.returns):
        return None
    absent = "not_reported"
    cases = contract.returns.get(key)
    if basis == "recomputed":
        absent, cases = "not_recomputable", None
        if version.recompute_rule and contract.event_months.issuperset(months):
            counts = [
                contract.events.get((version.recompute_rule, m), (Fraction(0), Fraction(0)))
                for m in months
            ]
            cases = (
                sum((n for n, _ in counts), Fraction(0)),
                sum((d for _, d in counts), Fraction(0)),
            )
    decided = basis == "agreed" and key in contract.decisions
    if decided:
        cases = contract.decisions[key]
    awaiting = version.has_due_day and month >= first_awaited
    if awaiting and (basis != "recomputed" or version.recompute_rule):
        absent = "awaited"
    if cases is None:
        return Result(absent, version=version)
    if relieved and not decided:
        less = contract.excluded.get(key, (Fraction(0), Fraction(0)))
        cases = (cases[0] - less[0], cases[1] - less[1])
    if cases[1] <= 0:
        return Result("not_measured", version=version)
    factor = 100 if of.unit.startswith("%") else 1000 if of.unit.startswith("per 1,000") else 1
    value = rounded(cases[0] * factor / cases[1], version.rounding_dp, version.rounding_mode)
    hit = [band for band in version.bands if band.holds(value)]
    assert len(hit) == (1 if version.bands else 0), "bands of the oracle's contracts are whole"
    if hit:
        severity = hit[0].severity
    else:
        severity = "met" if met_without_bands(of.direction, version, value) else "minor"
    return Result(
        "measured",
        severity,
        value,
        base_points=hit[0].points if hit else Fraction(0),
        credit_pct=hit[0].credit_pct if hit else Fraction(0),
        shortfall=short_of_target(of.direction, version, value),
        version=version,
    )


def judge(
    contract: Contract,
    of: Indicator,
    schemes: dict[str, Scheme | None],
    always: Scheme | None,
    basis: str,
    relieved: bool,
    first_awaited: str,
) -> dict[str, Result]:
    """One indicator by one line of schemes, period by period: chains of repeats run here."""
    results: dict[str, Result] = {}
    failed_before, number_before = False, -1
    periods = [p for p in (months_of(of.frequency, month) for month in schemes) if p]
    for number, months in enumerate(periods):
        month = months[-1]
        result = measure(contract, of, months, basis, relieved, first_awaited)
        if result is None or result.version is None:
            failed_before = False
            continue
        in_contract = last_day(month) >= contract.starts_on
        scheme = schemes[month] or always
        if result.status == "not_reported" and in_contract and scheme and scheme.deems:
            bands = result.version.bands
            worst = max(
                bands, key=lambda b: (ORDER.index(b.severity), b.points, b.credit_pct), default=None
            )
            result.status, result.severity = "deemed", worst.severity if worst else "minor"
            result.base_points = worst.points if worst else Fraction(0)
            result.credit_pct = worst.credit_pct if worst else Fraction(0)
            result.shortfall = scheme.deemed_shortfall
        result.failed = result.severity not in (None, "met")
        scores = result.failed and in_contract and of.kind == "KPI"
        result.repeat = scores and failed_before and number_before == number - 1
        waived = Fraction(0)
        if relieved and not (basis == "agreed" and (of.code, month) in contract.decisions):
            waived = min(contract.waived.get((of.code, month), Fraction(0)), Fraction(100))
        factor = (scheme.multiplier if scheme else Fraction(2)) if result.repeat else Fraction(1)
        result.base_points = result.base_points if scores else Fraction(0)
        result.points = result.base_points * factor * (100 - waived) / 100
        if not scores:
            result.shortfall = result.credit_pct = Fraction(0)
        failed_before, number_before = scores, number
        results[month] = result
    return results


def uncapped(
    scheme: Scheme,
    kpis: list[Result],
    points: Fraction,
    previous: Fraction | None,
    charges: Fraction,
) -> tuple[Fraction, Fraction | None]:
    """What a month's failures cost by the scheme's method, and the amount at risk if it has one."""
    pct = Fraction(0)
    if scheme.method == "service_points":
        pct = points * scheme.pct_per_point
    elif scheme.method == "shortfall_percentage":
        pct = sum((kpi.shortfall for kpi in kpis), Fraction(0))
    elif scheme.method == "at_risk_pool":
        shares = ((k.version.pool_pct if k.version else Fraction(0)) * k.credit_pct for k in kpis)
        at_risk = scheme.at_risk_pct * charges / 100
        return at_risk * sum(shares, Fraction(0)) / 10000, at_risk
    elif scheme.method == "worst_band":
        pct = max((kpi.credit_pct for kpi in kpis), default=Fraction(0))
    elif scheme.method == "points_ratchet":
        starts = [step[0] for step in scheme.steps]
        ends = [*starts[1:], points]
        tiers = zip(scheme.steps, ends, strict=True)
        return sum(
            (max(min(points, end) - s[0], Fraction(0)) * s[1] for s, end in tiers), Fraction(0)
        ), None
    elif scheme.method == "points_step":
        at = (
            (points + previous) / 2
            if scheme.mean_with_previous and previous is not None
            else points
        )
        reached = [step for step in scheme.steps if step[0] <= at]
        pct = reached[-1][2] if reached else Fraction(0)
    else:
        units = (
            floor(k.shortfall / (k.version.unit_size if k.version else Fraction(1))) for k in kpis
        )
        pct = sum(units) * scheme.unit_pct
    return pct * charges / 100, None


def down(value: Fraction) -> Fraction:
    return floor(value / PENNY) * PENNY


def credits_of(
    contract: Contract, schemes: dict[str, Scheme | None], judged: list[dict[str, Result]]
) -> dict[str, Credit]:
    """A line's credits month by month: its own points, caps and windows. KPIs' results only."""
    found: dict[str, Credit] = {}
    live = [month for month in schemes if last_day(month) >= contract.starts_on]
    points: dict[str, Fraction] = {}
    given: dict[str, Fraction] = {}
    for at, month in enumerate(live):
        kpis = [results[month] for results in judged if month in results and results[month].failed]
        points[month] = sum((kpi.points for kpi in kpis), Fraction(0))
        scheme, charges = schemes[month], contract.charges.get(month)
        if scheme is None:
            continue
        before = live[at - 1] if at and schemes[live[at - 1]] else None
        window = live[max(at - scheme.critical_months + 1, 0) : at + 1]
        is_critical = sum((points[m] for m in window), Fraction(0)) >= scheme.critical_points
        result = Credit(points[month], len(kpis), charges, None, None, None, "none", is_critical)
        if charges is not None:
            previous = points[before] if before else None
            gross, at_risk = uncapped(scheme, kpis, points[month], previous, charges)
            year = live[max(at - 11, 0) : at + 1]
            caps: dict[str, Fraction] = {}
            if at_risk is not None:
                caps["at_risk"] = at_risk
            if scheme.period_cap_pct is not None:
                caps["period"] = charges * scheme.period_cap_pct / 100
            if scheme.rolling12_cap_pct is not None:
                base = sum((contract.charges.get(m, Fraction(0)) for m in year), Fraction(0))
                spent = sum((given.get(m, Fraction(0)) for m in year[:-1]), Fraction(0))
                caps["rolling12"] = max(base * scheme.rolling12_cap_pct / 100 - spent, Fraction(0))
            apply_caps(result, gross, caps)
            given[month] = result.credit or Fraction(0)
        if charges is not None or kpis:
            found[month] = result
    return found


def apply_caps(result: Credit, gross: Fraction, caps: dict[str, Fraction]) -> None:
    """Rounded once: half up to the penny, down where a cap binds."""
    lowest = min(caps.values(), default=None)
    result.uncapped = rounded(gross, 2, "half_up")
    result.credit = result.uncapped
    if lowest is None:
        return
    if gross > lowest:
        result.credit = down(lowest)
        bound = [name for name, cap in caps.items() if cap == lowest]
        both = bound == ["period", "rolling12"]
        result.cap_bound = "both" if both else bound[0]
    result.headroom = lowest - result.credit
    result.critical = result.critical or (gross > 0 and gross >= lowest)


def lines(
    contract: Contract, months: list[str]
) -> dict[tuple[str, str], tuple[dict[str, Scheme | None], Scheme | None]]:
    """By role and scheme ('' in force): the scheme of each month, and the one of a what-if."""
    in_force: dict[str, Scheme | None] = {
        month: next(
            (
                s
                for first, last, s in contract.in_force
                if first <= last_day(month) <= (last or "9")
            ),
            None,
        )
        for month in months
    }
    found: dict[tuple[str, str], tuple[dict[str, Scheme | None], Scheme | None]] = {
        ("in_force", ""): (in_force, None)
    }
    for scheme in contract.what_if:
        found["what_if", scheme.code] = (dict.fromkeys(months, scheme), scheme)
    return found
