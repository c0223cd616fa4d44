"""What the events say: the recompute rules applied to the events of a month, in pandas.

The warehouse does the same in SQL from the same rules; the supplier's returns start from here.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outturn.sample.months import Month

Figures = tuple[Decimal, Decimal]
Mask = NDArray[np.bool_]


def measure_all(
    rules: list[dict[str, str]], events: dict[str, pd.DataFrame], month: Month
) -> dict[str, Figures]:
    """Numerator and denominator of every rule for the month; rows of one rule add up."""
    found: dict[str, Figures] = {}
    for rule in rules:
        numerator, denominator = found.get(rule["recompute_rule"], (Decimal(0), Decimal(0)))
        more, base = _measure(rule, events.get(rule["event_type"]), month)
        found[rule["recompute_rule"]] = (numerator + more, denominator + base)
    return found


def _measure(rule: dict[str, str], events: pd.DataFrame | None, month: Month) -> Figures:
    if events is None:
        return Decimal(0), Decimal(rule["denominator_measure"] == "one")
    chosen = _selected(rule, events, month)
    passing = chosen & _passes(rule, events, month)
    return (
        _total(rule["numerator_measure"], events, passing),
        _total(rule["denominator_measure"], events, chosen),
    )


def _selected(rule: dict[str, str], events: pd.DataFrame, month: Month) -> Mask:
    start, end = month.start, (month + 1).start
    if rule["attribution"] == "stock":
        chosen = (events["opened"].to_numpy() < end) & ~(events["closed"].to_numpy() < end)
    else:
        dates = events[rule["attribution"]].to_numpy()
        chosen = (dates >= start) & (dates < end)
    for flag in ("is_sme", "is_disputed"):
        if rule[flag]:
            chosen &= events[flag].to_numpy() == int(rule[flag] == "true")
    return np.asarray(chosen, dtype=bool)


def _passes(rule: dict[str, str], events: pd.DataFrame, month: Month) -> Mask:
    test = rule["pass_test"]
    if test == "all":
        passing = np.ones(len(events), dtype=bool)
    elif test == "overdue":
        passing = events["due"].to_numpy() < (month + 1).start
    elif test in ("outcome", "not_outcome"):
        passing = (events["outcome"] == rule["outcome_code"]).to_numpy()
    else:
        passing = events["closed"].to_numpy() <= events["due"].to_numpy()
    return np.asarray(~passing if test in ("late", "not_outcome") else passing, dtype=bool)


def _total(measure: str, events: pd.DataFrame, chosen: Mask) -> Decimal:
    if measure == "one":
        return Decimal(1)
    if measure == "count":
        return Decimal(int(chosen.sum()))
    if measure == "amount":
        return Decimal(int(events["pence"].to_numpy()[chosen].sum())) / 100
    return Decimal(int(events["quantity"].to_numpy()[chosen].sum()))
