"""What goes wrong on the way: a late, a restated, a truncated, a spoiled and a repeated delivery."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal

import pandas as pd

from outturn.sample.months import Month
from outturn.sample.returns import Return

LATE_DAYS = 7
RESTATED_DAYS = 12
CUT_AT = 0.62
#: Column → what a hand-edited export puts there; one row each, all within the reject limit.
SPOILED = (
    ("Opened", "31/02/2018 09:15"),
    ("Amount (£)", "1,2O4.50"),
    ("Quantity", "N/K"),
    ("Contract", "SSCL-OLD"),
    ("Disputed", "maybe"),
    ("Event ID", ""),
)


@dataclass(frozen=True)
class Accidents:
    """The month of each accident. The last three months have one each, as the demo shows them."""

    late_return: Month
    restated_return: Month
    bad_rows: Month
    truncated_ledger: Month
    duplicate_events: Month

    @classmethod
    def over(cls, months: list[Month]) -> Accidents:
        """Placed from the end of the service months; in a short sample they share months."""
        last = months[-1]
        first = months[0]
        return cls(
            late_return=max(first, last + -2),
            restated_return=max(first, last + -1),
            bad_rows=last,
            truncated_ledger=last + -6,
            duplicate_events=max(first, last + -9),
        )

    def describe(self) -> dict[str, str]:
        """Accident → period."""
        return {name: month.period for name, month in vars(self).items()}


def spoil(events: pd.DataFrame) -> pd.DataFrame:
    """The month's events with some cells that no system would export."""
    spoiled = events.copy()
    step = max(1, len(spoiled) // (len(SPOILED) + 1))
    for number, (column, text) in enumerate(SPOILED, start=1):
        spoiled.loc[min(number * step, len(spoiled) - 1), column] = text
    return spoiled


def truncate(content: bytes) -> bytes:
    """A transfer that broke off in the middle of a line."""
    return content[: int(len(content) * CUT_AT)].rstrip(b"\r\n")[:-3]


def restate(lines: list[Return]) -> list[Return]:
    """What the supplier corrects weeks later: its own exclusions fall, one more KPI has failed."""
    corrected, failed = [], False
    for line in lines:
        figures = line.true_figures or (line.numerator, line.denominator)
        changed = figures != (line.numerator, line.denominator)
        new = replace(line, numerator=figures[0], denominator=figures[1])
        if (
            not failed
            and line.kind == "KPI"
            and line.direction == "higher"
            and line.factor == 100
            and new.meets_target
        ):
            new, failed = _worse(new), True
        note = "Corrected after the customer's query"
        corrected.append(replace(new, commentary=note) if changed or new != line else line)
    return corrected


def _worse(line: Return) -> Return:
    """The same line just below its target."""
    share = (line.target - Decimal("0.3")) / 100
    numerator = (line.denominator * share).to_integral_value(ROUND_FLOOR)
    return replace(line, numerator=numerator, reported_value=None)
