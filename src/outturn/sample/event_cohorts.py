"""Service events: for each event type and month a cohort whose failures follow the story.

A cohort is what the type's anchor date (due, opened, closed) places in the month. Row counts follow
the scale; total quantities and pounds do not. Failures are placed, not tossed for, so that a small
sample tells the same story as a full one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

from outturn.sample.months import Month, working_calendar, working_days
from outturn.sample.profile import Profile
from outturn.sample.shares import split_whole

Times = NDArray[np.datetime64]
NAT = np.datetime64("NaT", "m")
NEVER_CLOSED = 0.06
CLOSE_OF_DAY = 17 * 60
NOISE = 0.18
SHOCK_CHANCE, SHOCK = 0.02, 2.2


@dataclass(frozen=True)
class EventType:
    """One row of `event_types`, typed. Pounds are pence, shares are of 1."""

    number: int
    code: str
    anchor: str
    rows: int
    is_scaled: bool
    clock: int
    clock_unit: str
    late_days: float
    quantity: int
    pence: int
    sme: float | None
    disputed: float | None
    good_outcome: str
    levels: list[dict[str, str]]

    @property
    def is_mean(self) -> bool:
        """Whether the quantity is a length of time, known only when the event is closed."""
        return any(level["failure"] == "MEAN" for level in self.levels)

    @property
    def lookahead(self) -> int:
        """Months that an event may be opened before its anchor's month."""
        days = {"calendar_days": 1.0, "working_days": 1.7, "hours": 0.05, "minutes": 0.0}
        return (
            0
            if self.anchor in ("opened", "stock")
            else int(self.clock * days[self.clock_unit] / 28) + 1
        )


def event_types(profile: Profile) -> list[EventType]:
    """Every event type at the profile's scale."""
    levels: dict[str, list[dict[str, str]]] = {}
    for row in profile.records("event_levels"):
        levels.setdefault(row["event_type"], []).append(row)
    return [
        _typed(number, row, levels[row["event_type"]], profile.scale)
        for number, row in enumerate(profile.records("event_types"))
    ]


def _typed(
    number: int, row: dict[str, str], levels: list[dict[str, str]], scale: float
) -> EventType:
    is_scaled = row["is_scaled"] == "true"
    rows = max(int(row["min_rows"]), round(int(row["monthly_rows"]) * scale))
    return EventType(
        number=number,
        code=row["event_type"],
        anchor=row["anchor"],
        rows=rows if is_scaled else int(row["monthly_rows"]),
        is_scaled=is_scaled,
        clock=int(row["clock"]),
        clock_unit=row["clock_unit"],
        late_days=float(row["late_days"]),
        quantity=int(row["quantity_total"] or 0),
        pence=int(row["amount_total_gbp"] or 0) * 100,
        sme=float(row["sme_pct"]) / 100 if row["sme_pct"] else None,
        disputed=float(row["disputed_pct"]) / 100 if row["disputed_pct"] else None,
        good_outcome=row["good_outcome"],
        levels=levels,
    )


def cohort(kind: EventType, month: Month, phase: str, seed: int) -> pd.DataFrame:
    """The events of one type that its anchor places in the month, with their whole future.

    Times are local (Europe/London) to the minute; `pence` and `quantity` are −1 where unknown.
    """
    rng = np.random.default_rng([seed, month.number, kind.number])
    placed = _place_failures(kind, phase, rng)
    opened, due, closed = _dates(kind, month, placed.outcome == "LATE", rng)
    outcome = np.where(placed.outcome == "LATE", kind.good_outcome, placed.outcome)
    return pd.DataFrame(
        {
            "type_number": np.full(kind.rows, kind.number, dtype=np.int16),
            "cohort": np.full(kind.rows, month.number, dtype=np.int32),
            "sequence": np.arange(1, kind.rows + 1, dtype=np.int32),
            "opened": opened,
            "due": due,
            "closed": closed,
            "quantity": placed.quantity,
            "pence": placed.pence,
            "outcome": pd.Categorical(outcome),
            "is_sme": _flags(kind.rows, kind.sme, rng),
            "is_disputed": _flags(kind.rows, kind.disputed, rng),
            "valid": _valid(opened, kind, rng),
        }
    )


class _Sizes:
    """Quantity or pence of each row: failures take their share first, the rest spreads."""

    def __init__(self, total: int, count: int, *, start: int) -> None:
        self.left = total
        self.values = np.full(count, start, dtype=np.int64)
        self.is_set = np.zeros(count, dtype=bool)

    def give(self, rows: NDArray[np.int64], total: int, rng: Generator) -> None:
        """Spread a part of the total over these rows."""
        self.values[rows] = split_whole(total, rng.uniform(0.5, 1.5, len(rows)))
        self.is_set[rows] = True
        self.left -= int(self.values[rows].sum())

    def give_rest(self, weights: NDArray[np.float64]) -> None:
        """Spread what is left over the rows that have nothing yet."""
        rest = ~self.is_set
        self.values[rest] = split_whole(self.left, weights[rest])


@dataclass(frozen=True)
class _Placed:
    outcome: NDArray[np.object_]
    quantity: NDArray[np.int64]
    pence: NDArray[np.int64]


def _place_failures(kind: EventType, phase: str, rng: Generator) -> _Placed:
    """Which rows fail in which way, and how the totals spread over rows."""
    count, used = kind.rows, 0
    order = rng.permutation(count)
    outcome = np.full(count, kind.good_outcome, dtype=object)
    quantity = _Sizes(kind.quantity, count, start=1 if kind.quantity else -1)
    pence = _Sizes(kind.pence, count, start=-1)
    for level in kind.levels:
        share = _noisy(float(level[phase]), level["failure"], rng)
        if level["failure"] == "MEAN":
            lengths = np.rint(rng.normal(share, share * 0.22, count))
            quantity.values = np.maximum(1, lengths).astype(np.int64)
            continue
        sizes = pence if level["measure"] == "amount" else quantity
        rows, total = _failing(level["measure"], share / 100, count, sizes.left, rng)
        chosen, used = order[used : used + rows], used + rows
        outcome[chosen] = level["failure"]
        if total:
            sizes.give(chosen, total, rng)
    if kind.quantity:
        single = pence.is_set & ~quantity.is_set
        quantity.is_set |= single
        quantity.left -= int(single.sum())
        quantity.give_rest(rng.uniform(0.6, 1.4, count))
    if kind.pence:
        pence.give_rest(rng.lognormal(0, 0.35, count) * np.maximum(quantity.values, 1))
    return _Placed(outcome, quantity.values, pence.values)


def _noisy(level: float, failure: str, rng: Generator) -> float:
    shock = SHOCK if rng.random() < SHOCK_CHANCE else 1.0
    wobble = rng.normal(0, 1)
    if failure == "MEAN":
        return level * (1 + 0.02 * wobble)
    return min(60.0, level * float(np.exp(NOISE * wobble)) * shock)


def _failing(measure: str, share: float, count: int, left: int, rng: Generator) -> tuple[int, int]:
    """Rows that fail, and their total for a failure measured by quantity or amount."""
    if measure == "count":
        return int(count * share + rng.random() * 0.999), 0
    total = int(left * share)
    rows = min(max(1, round(count * min(4 * share, 0.12))), max(total, 0))
    return rows, total if rows else 0


def _dates(
    kind: EventType, month: Month, late: NDArray[np.bool_], rng: Generator
) -> tuple[Times, Times, Times]:
    count = kind.rows
    days = working_days(month)
    anchor = days[rng.integers(0, len(days), count)]
    if kind.clock_unit in ("hours", "minutes"):
        return _within_a_day(kind, anchor, late, rng)
    if kind.anchor in ("opened", "stock"):
        opened_day, due_day = anchor, _shift(anchor, kind, 1)
    else:
        opened_day, due_day = _shift(anchor, kind, -1), anchor
    opened = _at(opened_day, rng, 8 * 60, 15 * 60 + 30)
    due = _at(due_day, rng, CLOSE_OF_DAY, CLOSE_OF_DAY)
    closed: Times
    if kind.anchor == "closed":
        closed = np.maximum(_at(due_day, rng, 8 * 60, 16 * 60), opened)
        return opened, np.full(count, NAT), closed
    closed = _closed(kind, opened_day, due_day, opened, late, rng)
    return opened, due, closed


def _closed(
    kind: EventType,
    opened_day: Times,
    due_day: Times,
    opened: Times,
    late: NDArray[np.bool_],
    rng: Generator,
) -> Times:
    """In time: between opening and due. Late: days after due; a few stay open (not stocks)."""
    count = kind.rows
    length = (due_day - opened_day).astype(np.int64)
    used = np.minimum(length, (rng.beta(3.2, 1.4, count) * (length + 1)).astype(np.int64))
    in_time = np.maximum(
        opened_day,
        np.busday_offset(opened_day + used, 0, roll="backward", busdaycal=working_calendar()),
    )
    overrun = 1 + rng.exponential(kind.late_days, count).astype(np.int64)
    day = np.where(late, due_day + overrun, in_time)
    closed = np.maximum(_at(day, rng, 8 * 60, 16 * 60 + 30), opened + np.timedelta64(15, "m"))
    never = late & (rng.random(count) < NEVER_CLOSED) & (kind.anchor != "stock") & kind.is_scaled
    closed[never] = NAT
    return closed


def _within_a_day(
    kind: EventType, day: Times, late: NDArray[np.bool_], rng: Generator
) -> tuple[Times, Times, Times]:
    minutes = kind.clock * (60 if kind.clock_unit == "hours" else 1)
    opened = _at(day, rng, 8 * 60, 12 * 60)
    taken = np.maximum(1, (minutes * rng.uniform(0.1, 1.0, kind.rows))).astype(np.int64)
    taken = np.where(late, minutes + rng.integers(20, 280, kind.rows), taken)
    due: Times = np.full(kind.rows, NAT)
    if kind.anchor == "due":
        due = opened + np.timedelta64(minutes, "m")
    closed: Times = opened + taken.astype("timedelta64[m]")
    return opened, due, closed


def _shift(day: Times, kind: EventType, sign: int) -> Times:
    days = sign * kind.clock
    if kind.clock_unit == "calendar_days":
        later: Times = day + np.timedelta64(days, "D")
        return later
    working: Times = np.busday_offset(day, days, roll="forward", busdaycal=working_calendar())
    return working


def _at(day: Times, rng: Generator, first_minute: int, last_minute: int) -> Times:
    minutes = rng.integers(first_minute, last_minute + 1, len(day)).astype("timedelta64[m]")
    moments: Times = day.astype("datetime64[m]") + minutes
    return moments


def _flags(count: int, share: float | None, rng: Generator) -> NDArray[np.int8]:
    """1, 0, or −1 for "does not apply"."""
    if share is None:
        return np.full(count, -1, dtype=np.int8)
    return (rng.random(count) < share).astype(np.int8)


def _valid(opened: Times, kind: EventType, rng: Generator) -> Times:
    """When an invoice was valid: on receipt, or some days later after a correction."""
    if kind.disputed is None:
        return np.full(kind.rows, NAT)
    wait = np.where(rng.random(kind.rows) < 0.1, rng.integers(1, 4, kind.rows), 0)
    valid: Times = opened + wait.astype("timedelta64[D]").astype("timedelta64[m]")
    return valid
