"""The credit worked out step by step from its evidence, as a supplier would check it by hand.

It is a second computation, apart from the models': a notice whose steps do not end at the published
credit is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from outturn.errors import NoticeRefused
from outturn.notice.content import Notice, Row

PENNY = Decimal("0.01")
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Step:
    """One line of the working: what it is, how it is made, what it comes to."""

    what: str
    how: str
    result: str


def kpi_working(row: Row) -> str:
    """How one failed KPI's value and points come about."""
    if row["value"] is None:
        return f"{row['status']}: counts as {row['severity'].replace('_', ' ')}"
    factor = "" if row["unit_factor"] == 1 else f" x {text(row['unit_factor'])}"
    rounding = "not rounded"
    if row["rounding_dp"] is not None and row["rounding_mode"] != "none":
        mode = row["rounding_mode"].replace("_", " ")
        rounding = f"rounded {mode} to {row['rounding_dp']} decimals"
    points = f"{text(row['base_points'])} points"
    if row["multiplier"] != 1:
        points += f" x {text(row['multiplier'])} (failed the period before as well)"
    if row["waived_points_pct"]:
        points += f" x {text(HUNDRED - row['waived_points_pct'])}% (rest waived)"
    return (
        f"{text(row['numerator'])} / {text(row['denominator'])}{factor} = {text(row['value'])}"
        f" ({rounding}); {row['band_text']}; {points} = {text(row['points'])}"
    )


def credit_working(notice: Notice) -> list[Step]:
    """From the failed KPIs to the amount of this notice.

    Raises NoticeRefused when the steps do not end at the published credit.
    """
    credit, evidence = notice.credit, notice.evidence
    if not evidence:
        raise NoticeRefused(notice.contract_code, notice.period, "no failed KPI is published")
    steps, uncapped = METHODS[evidence[0]["method"]](notice)
    after, capped = _capped(evidence[0], credit, uncapped)
    if capped != credit["credit_gbp"]:
        raise NoticeRefused(
            notice.contract_code,
            notice.period,
            f"worked out by hand the credit is £{capped}, published is £{credit['credit_gbp']}",
            remedy="Report this as a fault of the figures; nothing was issued.",
        )
    return [*steps, *after, *_claimed(notice)]


def _service_points(notice: Notice) -> tuple[list[Step], Decimal]:
    points, steps = _points(notice.evidence)
    first, charges = notice.evidence[0], notice.credit["charges_gbp"]
    uncapped = points * first["pct_per_point"] / HUNDRED * charges
    how = f"{text(points)} points x {text(first['pct_per_point'])}% x {pounds(charges)}"
    return [*steps, Step("Credit before caps", how, exact(uncapped))], uncapped


def _shortfall_percentage(notice: Notice) -> tuple[list[Step], Decimal]:
    total = sum((row["shortfall"] or Decimal(0) for row in notice.evidence), Decimal(0))
    how = " + ".join(f"{row['indicator_code']} {text(row['shortfall'])}" for row in notice.evidence)
    charges = notice.credit["charges_gbp"]
    uncapped = total / HUNDRED * charges
    steps = [Step("Percentage points short of target", how, text(total))]
    made = Step("Credit before caps", f"{text(total)}% x {pounds(charges)}", exact(uncapped))
    return [*steps, made], uncapped


def _at_risk_pool(notice: Notice) -> tuple[list[Step], Decimal]:
    first, charges = notice.evidence[0], notice.credit["charges_gbp"]
    at_risk = first["at_risk_pct"] / HUNDRED * charges
    how = f"{text(first['at_risk_pct'])}% x {pounds(charges)}"
    steps, uncapped = [Step("Amount at risk", how, exact(at_risk))], Decimal(0)
    for row in notice.evidence:
        allocation = row["pool_allocation_pct"] or Decimal(0)
        band = row["band_credit_pct"] or Decimal(0)
        part = at_risk * allocation / HUNDRED * band / HUNDRED
        uncapped += part
        how = f"{exact(at_risk)} x {text(allocation)}% allocated x {text(band)}% of the band"
        steps.append(Step(row["indicator_label"], how, exact(part)))
    return [*steps, Step("Credit before caps", "their sum", exact(uncapped))], uncapped


def _worst_band(notice: Notice) -> tuple[list[Step], Decimal]:
    worst = max(notice.evidence, key=lambda row: row["band_credit_pct"] or Decimal(0))
    charges, share = notice.credit["charges_gbp"], worst["band_credit_pct"] or Decimal(0)
    uncapped = share / HUNDRED * charges
    how = f"{text(share)}% ({worst['indicator_code']}, the highest band) x {pounds(charges)}"
    return [Step("Credit before caps", how, exact(uncapped))], uncapped


def _per_full_unit(notice: Notice) -> tuple[list[Step], Decimal]:
    steps, units = [], Decimal(0)
    for row in notice.evidence:
        full = (row["shortfall"] or Decimal(0)) // row["unit_size"]
        units += full
        how = f"{text(row['shortfall'])} short / {text(row['unit_size'])}, whole units only"
        steps.append(Step(row["indicator_label"], how, text(full)))
    first, charges = notice.evidence[0], notice.credit["charges_gbp"]
    uncapped = units * first["unit_pct"] / HUNDRED * charges
    how = f"{text(units)} units x {text(first['unit_pct'])}% x {pounds(charges)}"
    return [*steps, Step("Credit before caps", how, exact(uncapped))], uncapped


def _by_table(notice: Notice) -> tuple[list[Step], Decimal]:
    """Methods with a table of steps: the table is shown, its result is the published one."""
    points, steps = _points(notice.evidence)
    how = f"{text(points)} points in the table of steps: {notice.evidence[0]['scheme_steps']}"
    if notice.evidence[0]["average_with_previous"] and notice.earlier:
        how += f"; averaged with {text(notice.earlier['points'])} points of the month before"
    uncapped = Decimal(notice.credit["uncapped_gbp"])
    return [*steps, Step("Credit before caps", how, exact(uncapped))], uncapped


METHODS: dict[str, Callable[[Notice], tuple[list[Step], Decimal]]] = {
    "service_points": _service_points,
    "shortfall_percentage": _shortfall_percentage,
    "at_risk_pool": _at_risk_pool,
    "worst_band": _worst_band,
    "per_full_unit": _per_full_unit,
    "points_ratchet": _by_table,
    "points_step": _by_table,
}


def _points(evidence: list[Row]) -> tuple[Decimal, list[Step]]:
    total = sum((row["points"] for row in evidence), Decimal(0))
    how = " + ".join(f"{row['indicator_code']} {text(row['points'])}" for row in evidence)
    return total, [Step("Points", how, text(total))]


def _capped(first: Row, credit: Row, uncapped: Decimal) -> tuple[list[Step], Decimal]:
    """The caps, the lower of which binds; rounded half up once, and down where a cap binds."""
    steps, caps = [], []
    if credit["period_cap_gbp"] is not None:
        caps.append(credit["period_cap_gbp"])
        how = f"{text(first['period_cap_pct'])}% x {pounds(credit['charges_gbp'])}"
        steps.append(Step("Cap on the month", how, exact(credit["period_cap_gbp"])))
    if credit["rolling12_cap_gbp"] is not None:
        caps.append(credit["rolling12_cap_gbp"])
        allowance, months = first["rolling12_allowance_gbp"], first["rolling12_months"]
        given = allowance - credit["rolling12_cap_gbp"]
        how = (
            f"{text(first['rolling12_cap_pct'])}% of the charges of {months}"
            f" month{'' if months == 1 else 's'} = {exact(allowance)},"
            f" less {exact(given)} given in the {'11 ' if months == 12 else ''}months before"
        )
        steps.append(Step("Cap on 12 months", how, exact(credit["rolling12_cap_gbp"])))
    if first["method"] == "at_risk_pool":
        caps.append(first["at_risk_pct"] / HUNDRED * credit["charges_gbp"])
    lowest = min(caps, default=None)
    if lowest is not None and uncapped > lowest:
        capped, how = lowest.quantize(PENNY, ROUND_DOWN), "the lowest cap binds; rounded down"
    else:
        capped, how = uncapped.quantize(PENNY, ROUND_HALF_UP), "no cap binds; rounded half up"
    return [*steps, Step("Credit", how, pounds(capped))], capped


def _claimed(notice: Notice) -> list[Step]:
    credit = notice.credit
    taken = credit["notified_gbp"] + credit["waived_gbp"] + credit["lapsed_gbp"]
    if not taken:
        return []
    how = f"{pounds(credit['due_gbp'])} due, less {pounds(taken)} notified or given up before"
    return [Step("Claimed by this notice", how, pounds(notice.amount_gbp))]


def text(number: Decimal | None) -> str:
    """A number as short as it is exact; a dash when it is not known."""
    if number is None:
        return "-"
    plain = f"{number:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def pounds(amount: Decimal) -> str:
    """£1,234.50."""
    return f"£{amount:,.2f}".replace("£-", "-£")


def exact(amount: Decimal) -> str:
    """Pounds with every decimal that there is, at least two."""
    shown = text(amount)
    places = max(2, len(shown.partition(".")[2]))
    return f"£{amount:,.{places}f}"
