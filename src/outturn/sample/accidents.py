"""What goes wrong on the way: a late, a restated, a truncated, a spoiled, a repeated delivery."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from outturn.sample.months import Month
from outturn.sample.returns import Return, cases_to_target, without

LATE_DAYS = 7
RESTATED_DAYS = 12
CUT_AT = 0.62
#: Column → what a hand-edited export puts there; one row each, all within the reject limit.
SPOILED = (
    ("Opened", "31/02/2018 09:15"),
    ("Amount (£)", "1,2O4.50"),
    ("Quantity", "N/K"),
    ("Contract", "UNKNOWN"),
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


def overstate(lines: list[Return]) -> list[Return]:
    """The return before its correction: failed KPIs are talked up to their targets.

    The first is left, so that a credit is notified which the correction then adjusts.
    """
    talked_up = [line for line in lines if _is_failed(line)][1:]
    changed = [_talked_up(line) if line in talked_up else line for line in lines]
    if changed == lines:
        first = next(n for n, line in enumerate(lines) if line.kind == "KPI" and line.true_figures)
        one_less = replace(lines[first], numerator=lines[first].numerator - 1)
        changed = [*lines[:first], one_less, *lines[first + 1 :]]
    return changed


def restate(lines: list[Return]) -> list[Return]:
    """What the supplier corrects weeks later, after a query: what the events say."""
    return [
        replace(
            line,
            numerator=line.true_figures[0],
            denominator=line.true_figures[1],
            reported_value=None,
            commentary="Corrected after the customer's query",
        )
        if line.true_figures and line.true_figures != (line.numerator, line.denominator)
        else line
        for line in lines
    ]


def _is_failed(line: Return) -> bool:
    return bool(
        line.kind == "KPI" and line.true_figures and line.is_share and not line.meets_target
    )


def _talked_up(line: Return) -> Return:
    figures = line.true_figures or (line.numerator, line.denominator)
    cases = cases_to_target(figures, line.direction, line.target)
    numerator, denominator = without(figures, line.direction, cases)
    note = f"Excludes {cases:,} customer-caused"
    return replace(line, numerator=numerator, denominator=denominator, commentary=note)
