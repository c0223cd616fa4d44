"""What the events say: the recompute rules applied to the events of a month, in pandas.

The warehouse does the same in SQL from the same rules; the supplier's returns start from here.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd

from outturn.sample.months import Month

Figures = tuple[Decimal, Decimal]


def measure_all(
    rules: pd.DataFrame, events: dict[str, pd.DataFrame], month: Month
) -> dict[str, Figures]:
    """Numerator and denominator of every rule for the month; rows of one rule add up."""
    found: dict[str, Figures] = {}
    for rule in rules.to_dict("records"):
        numerator, denominator = found.get(rule["recompute_rule"], (Decimal(0), Decimal(0)))
        more, base = _measure(rule, events.get(rule["event_type"]), month)
        found[rule["recompute_rule"]] = (numerator + more, denominator + base)
    return found


def _measure(rule: dict[str, str], events: pd.DataFrame | None, month: Month) -> Figures:
    if events is None:
        return Decimal(0), Decimal(rule["denominator_measure"] == "one")
    chosen = events[_selected(rule, events, month)]
    passing = chosen[_passes(rule, chosen, month)]
    return (
        _total(rule["numerator_measure"], passing),
        _total(rule["denominator_measure"], chosen),
    )


def _selected(rule: dict[str, str], events: pd.DataFrame, month: Month) -> pd.Series[bool]:
    start, end = month.start, (month + 1).start
    if rule["attribution"] == "stock":
        chosen = (events["opened"] < end) & ~(events["closed"] < end)
    else:
        dates = events[rule["attribution"]]
        chosen = (dates >= start) & (dates < end)
    for flag in ("is_sme", "is_disputed"):
        if rule[flag]:
            chosen &= events[flag] == int(rule[flag] == "true")
    return chosen


def _passes(rule: dict[str, str], events: pd.DataFrame, month: Month) -> pd.Series[bool]:
    on_time = events["closed"] <= events["due"]
    is_outcome = events["outcome"] == rule["outcome_code"]
    tests = {
        "on_time": on_time,
        "late": ~on_time,
        "outcome": is_outcome,
        "not_outcome": ~is_outcome,
        "overdue": events["due"] < (month + 1).start,
        "all": pd.Series(np.ones(len(events), dtype=bool), index=events.index),
    }
    return tests[rule["pass_test"]]


def _total(measure: str, events: pd.DataFrame) -> Decimal:
    if measure == "one":
        return Decimal(1)
    if measure == "count":
        return Decimal(len(events))
    if measure == "amount":
        return Decimal(int(events["pence"].sum())) / 100
    return Decimal(int(events["quantity"].sum()))
