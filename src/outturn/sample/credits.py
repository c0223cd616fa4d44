"""What became of each month's service credit: decisions of the customer, lines on later invoices.

The supplier's own arithmetic stands on the invoice; the decisions name no amount, so that the
warehouse's does there. Where the two differ, the demonstration shows it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import cached_property

from outturn.sample.decisions import Files
from outturn.sample.delivery import Cell
from outturn.sample.months import Month, working_day_after
from outturn.sample.profile import Profile, rows_of
from outturn.sample.returns import Return, value_of

HEADER = (
    "decision_id", "contract_code", "period", "decision", "amount_gbp", "decided_on", "decided_by",
    "reason", "invoice_number",
)  # fmt: skip
NOTICE_DAY, ANSWER_DAY = 11, 24
ANSWERED_AFTER, DEDUCTED_AFTER, SETTLED_AFTER, DEDUCTED_LATE = 1, 2, 4, 6
CLIENT = "Head of Commercial"
# Places in a contract year, counted from its first month.
NEVER_CLAIMED, NOT_ON_INVOICE, SETTLED, WAIVED = 4, 7, 2, 8
#: The first month's credit is booked a second time: refused, as it goes beyond what was agreed.
BOOKED_TWICE = 0
#: A settled dispute of the first year was deducted late; those of later years are not yet.
DEDUCTED_LATE_UNTIL = 12


@dataclass
class Credits:
    """The months' credits by the supplier's arithmetic, and the steps that are taken with them."""

    profile: Profile
    pence: dict[Month, int] = field(default_factory=dict)
    charges: dict[Month, int] = field(default_factory=dict)
    failed: dict[str, Month] = field(default_factory=dict)

    def reckon(self, month: Month, lines: list[Return], files: Files, charges: int) -> None:
        """The month's credit from its figures after relief and decisions; `charges` in pence."""
        self.charges[month] = charges
        scheme = self.scheme
        points = sum((self._points(line, files, month) for line in lines), Decimal(0))
        exact = points * Decimal(scheme["pct_per_point"] or 0) / 100 * charges
        window = [month + -earlier for earlier in range(12)]
        within = sum(self.charges.get(one, 0) for one in window)
        given = sum(self.pence.get(one, 0) for one in window[1:])
        cap = min(
            Decimal(charges) * Decimal(scheme["period_cap_pct"]) / 100,
            max(Decimal(within) * Decimal(scheme["rolling12_cap_pct"]) / 100 - given, Decimal(0)),
        )
        rounding = ROUND_DOWN if exact > cap else ROUND_HALF_UP
        self.pence[month] = int(min(exact, cap).quantize(Decimal(1), rounding))

    def on_invoice(self, month: Month) -> list[tuple[int, str]]:
        """Pence and invoice number of each service credit on the month's invoices.

        One a year the supplier forgets.
        """
        return [
            (self.pence[credited], _invoice(month))
            for credited in self._deducted_in(month)
            if self._place(credited) != NOT_ON_INVOICE
        ]

    def decided_by(self, month: Month) -> list[tuple[Cell, ...]]:
        """What one month's file tells: what was decided since the month before's, then this one's.

        So the last month's answers are not there yet.
        """
        return [*self.later_decisions(month + -1), *self.first_decisions(month)]

    def first_decisions(self, month: Month) -> list[tuple[Cell, ...]]:
        """The notice of the month's credit, and the deduction of earlier ones."""
        made = []
        if self._is_claimed(month):
            made.append(self._row(month, "notified", NOTICE_DAY, month, "Notice sent"))
        for credited in self._deducted_in(month):
            made.append(self._deduction(credited, month))
            if self._number(credited) == BOOKED_TWICE:
                again = list(self._deduction(credited, month))
                again[0], again[4], again[7] = f"{again[0]}-2", "100.00", "Booked again by mistake"
                made.append(tuple(again))
        return made

    def later_decisions(self, month: Month) -> list[tuple[Cell, ...]]:
        """The supplier's answer to last month's notice, and how an earlier dispute was settled."""
        made = []
        answered = month + -ANSWERED_AFTER
        if self._is_claimed(answered):
            step, reason = ("agreed", "Accepted by the supplier")
            if self._place(answered) in (SETTLED, WAIVED):
                step, reason = ("disputed", "The supplier names customer-caused delays")
            made.append(self._row(answered, step, ANSWER_DAY, month, reason))
        settled = month + -SETTLED_AFTER
        if self._is_claimed(settled) and self._place(settled) == SETTLED:
            made.append(self._row(settled, "agreed", ANSWER_DAY, month, "Dispute settled in full"))
        if self._is_claimed(settled) and self._place(settled) == WAIVED:
            reason = "Waived against additional service hours"
            made.append(self._row(settled, "waived", ANSWER_DAY, month, reason))
        return made

    def _is_claimed(self, month: Month) -> bool:
        return self.pence.get(month, 0) > 0 and self._place(month) != NEVER_CLAIMED

    def _deducted_in(self, month: Month) -> list[Month]:
        """The months whose credits are deducted on this month's invoices."""
        soon, late = month + -DEDUCTED_AFTER, month + -DEDUCTED_LATE
        found = []
        if self._is_claimed(soon) and self._place(soon) not in (SETTLED, WAIVED):
            found.append(soon)
        is_settled = self._place(late) == SETTLED and self._number(late) < DEDUCTED_LATE_UNTIL
        if self._is_claimed(late) and is_settled:
            found.append(late)
        return found

    def _number(self, month: Month) -> int:
        return month.number - self.profile.day1.number

    def _place(self, month: Month) -> int:
        return self._number(month) % 12

    def _row(
        self, credited: Month, step: str, working_day: int, month: Month, reason: str
    ) -> tuple[Cell, ...]:
        contract = self.profile.contract["contract_code"]
        decided = working_day_after(month, working_day).isoformat()
        name = f"CD-{credited.period.replace('-', '')}-{step}"
        return (name, contract, credited.period, step, "", decided, CLIENT, reason, "")

    def _deduction(self, credited: Month, month: Month) -> tuple[Cell, ...]:
        row = self._row(credited, "deducted", NOTICE_DAY, month, "Deducted on the invoice")
        return (*row[:-1], _invoice(month))

    @cached_property
    def scheme(self) -> dict[str, str]:
        """The scheme in force: the demonstration's is one of points."""
        chosen = self.profile.reference("contract_schemes")
        code = chosen[chosen["role"] == "in_force"]["scheme_code"].iloc[0]
        schemes = self.profile.reference("credit_schemes")
        return rows_of(schemes[schemes["scheme_code"] == code])[0]

    @cached_property
    def bands(self) -> dict[tuple[str, str], list[dict[str, str]]]:
        """The bands of each indicator's version."""
        found: dict[tuple[str, str], list[dict[str, str]]] = {}
        for band in rows_of(self.profile.reference("indicator_bands")):
            found.setdefault((band["indicator_code"], band["valid_from"]), []).append(band)
        return found

    @cached_property
    def months_in_period(self) -> dict[str, int]:
        """Months of each indicator's measurement period."""
        months = {"M": 1, "Q": 3, "A": 12}
        return {row["indicator_code"]: months[row["frequency"]] for row in self.profile.indicators}

    def _points(self, line: Return, files: Files, month: Month) -> Decimal:
        """Points of one KPI: its band's, multiplied when it failed the period before."""
        if line.kind != "KPI":
            return Decimal(0)
        numerator, denominator, waived = _settled(line, files)
        value = value_of((numerator, denominator), line.factor) if denominator > 0 else None
        points = self._band_points(line, month, value)
        before = self.failed.pop(line.indicator_code, None)
        if not points:
            return Decimal(0)
        self.failed[line.indicator_code] = month
        if before is not None and before + self.months_in_period[line.indicator_code] == month:
            points *= Decimal(self.scheme["repeat_multiplier"])
        return points * (100 - waived) / 100

    def _band_points(self, line: Return, month: Month, value: Decimal | None) -> Decimal:
        if value is None:
            return Decimal(0)
        version = self.profile.version(line.indicator_code, month)
        shown = value.quantize(Decimal(1).scaleb(-int(version["rounding_dp"])), ROUND_HALF_UP)
        bands = self.bands.get((line.indicator_code, version["valid_from"]), [])
        found = (Decimal(band["points"] or 0) for band in bands if _is_in(shown, band))
        return next(found, Decimal(0))


def _invoice(month: Month) -> str:
    return f"SC-{month.period.replace('-', '')}"


def _settled(line: Return, files: Files) -> tuple[Decimal, Decimal, Decimal]:
    """Numerator, denominator and waived percentage after what was decided about the line."""
    for decision in files.decisions:
        if decision[1:3] == (line.indicator_code, line.period):
            return Decimal(str(decision[3])), Decimal(str(decision[4])), Decimal(0)
    claims = {claim[0] for claim in files.claims if claim[2] == line.indicator_code}
    for relief in files.relief:
        if relief[0] in claims and relief[1] != "rejected":
            less = [Decimal(str(figure or 0)) for figure in relief[3:6]]
            return line.numerator - less[0], line.denominator - less[1], less[2]
    return line.numerator, line.denominator, Decimal(0)


def _is_in(value: Decimal, band: dict[str, str]) -> bool:
    lower, upper = band["lower_bound"], band["upper_bound"]
    above = not lower or value > Decimal(lower)
    above = above or (band["lower_inclusive"] == "true" and value == Decimal(lower))
    below = not upper or value < Decimal(upper)
    return above and (below or (band["upper_inclusive"] == "true" and value == Decimal(upper)))
