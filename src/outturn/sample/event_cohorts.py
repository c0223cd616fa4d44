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

from outturn.sample.months import Month, working_calendar
from outturn.sample.profile import Profile
from outturn.sample.shares import split_whole

NAT = np.datetime64("NaT", "m")
NEVER_CLOSED = 0.06
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


@dataclass
class _Placed:
    outcome: NDArray[np.object_]
    quantity: NDArray[np.int64]
    pence: NDArray[np.int64]


def _place_failures(kind: EventType, phase: str, rng: Generator) -> _Placed:
    """Which rows fail in which way, and how the totals spread over rows."""
    count = kind.rows
    order = rng.permutation(count)
    outcome = np.full(count, kind.good_outcome, dtype=object)
    quantity = np.full(count, 1 if kind.quantity else -1, dtype=np.int64)
    pence = np.full(count, -1, dtype=np.int64)
    left, used = {"quantity": kind.quantity, "amount": kind.pence}, 0
    sized = {"quantity": np.zeros(count, dtype=bool), "amount": np.zeros(count, dtype=bool)}
    for level in kind.levels:
        share = _noisy(float(level[phase]), level["failure"], rng)
        if level["failure"] == "MEAN":
            spread = rng.normal(share, share * 0.22, count)
            quantity = np.maximum(1, np.rint(spread)).astype(np.int64)
            continue
        rows, total = _failing(level["measure"], share / 100, count, left, rng)
        chosen, used = order[used : used + rows], used + rows
        outcome[chosen] = level["failure"]
        if total and len(chosen):
            values = quantity if level["measure"] == "quantity" else pence
            values[chosen] = split_whole(total, rng.uniform(0.5, 1.5, len(chosen)))
            sized[level["measure"]][chosen] = True
            left[level["measure"]] -= total
    rest = ~sized["quantity"]
    if kind.quantity:
        rest &= ~sized["amount"]
        left["quantity"] -= int(quantity[sized["amount"]].sum())
        quantity[rest] = split_whole(left["quantity"], rng.uniform(0.6, 1.4, int(rest.sum())))
    if kind.pence:
        others = ~sized["amount"]
        weights = rng.lognormal(0, 0.35, count) * np.maximum(quantity, 1)
        pence[others] = split_whole(left["amount"], weights[others])
    return _Placed(outcome, quantity, pence)


def _noisy(level: float, failure: str, rng: Generator) -> float:
    shock = SHOCK if rng.random() < SHOCK_CHANCE else 1.0
    wobble = rng.normal(0, 1)
    if failure == "MEAN":
        return level * (1 + 0.02 * wobble)
    return min(60.0, level * float(np.exp(NOISE * wobble)) * shock)


def _failing(
    measure: str, share: float, count: int, left: dict[str, int], rng: Generator
) -> tuple[int, int]:
    """Rows that fail, and their total for a failure measured by quantity or amount."""
    if measure == "count":
        return int(count * share + rng.random() * 0.999), 0
    total = int(left[measure] * share)
    rows = min(max(1, round(count * min(4 * share, 0.12))), max(total, 0))
    return rows, total if rows else 0


def _dates(
    kind: EventType, month: Month, late: NDArray[np.bool_], rng: Generator
) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64], NDArray[np.datetime64]]:
    count = kind.rows
    days = _working_days(month)
    anchor = days[rng.integers(0, len(days), count)]
    if kind.clock_unit in ("hours", "minutes"):
        return _within_a_day(kind, anchor, late, rng)
    if kind.anchor in ("opened", "stock"):
        opened_day, due_day = anchor, _shift(anchor, kind, 1)
    else:
        opened_day, due_day = _shift(anchor, kind, -1), anchor
    opened = _at(opened_day, rng, 8 * 60, 15 * 60 + 30)
    due = due_day.astype("datetime64[m]") + np.timedelta64(17 * 60, "m")
    if kind.anchor == "closed":
        return opened, np.full(count, NAT), np.maximum(_at(due_day, rng, 8 * 60, 16 * 60), opened)
    closed = _closed(kind, opened_day, due_day, opened, late, rng)
    return opened, due, closed


def _closed(
    kind: EventType,
    opened_day: NDArray[np.datetime64],
    due_day: NDArray[np.datetime64],
    opened: NDArray[np.datetime64],
    late: NDArray[np.bool_],
    rng: Generator,
) -> NDArray[np.datetime64]:
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
    kind: EventType, day: NDArray[np.datetime64], late: NDArray[np.bool_], rng: Generator
) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64], NDArray[np.datetime64]]:
    minutes = kind.clock * (60 if kind.clock_unit == "hours" else 1)
    opened = _at(day, rng, 8 * 60, 12 * 60)
    taken = np.maximum(1, (minutes * rng.uniform(0.1, 1.0, kind.rows))).astype(np.int64)
    taken = np.where(late, minutes + rng.integers(20, 280, kind.rows), taken)
    due = opened + np.timedelta64(minutes, "m") if kind.anchor == "due" else np.full(kind.rows, NAT)
    return opened, due, opened + taken.astype("timedelta64[m]")


def _working_days(month: Month) -> NDArray[np.datetime64]:
    days = np.arange(
        month.first_day.isoformat(), (month + 1).first_day.isoformat(), dtype="datetime64[D]"
    )
    return days[np.is_busday(days, busdaycal=working_calendar())]


def _shift(day: NDArray[np.datetime64], kind: EventType, sign: int) -> NDArray[np.datetime64]:
    if kind.clock_unit == "calendar_days":
        return day + np.timedelta64(sign * kind.clock, "D")
    shifted: NDArray[np.datetime64] = np.busday_offset(
        day, sign * kind.clock, roll="forward", busdaycal=working_calendar()
    )
    return shifted


def _at(
    day: NDArray[np.datetime64], rng: Generator, first_minute: int, last_minute: int
) -> NDArray[np.datetime64]:
    minutes = rng.integers(first_minute, last_minute + 1, len(day)).astype("timedelta64[m]")
    return day.astype("datetime64[m]") + minutes


def _flags(count: int, share: float | None, rng: Generator) -> NDArray[np.int8]:
    """1, 0, or −1 for "does not apply"."""
    if share is None:
        return np.full(count, -1, dtype=np.int8)
    return (rng.random(count) < share).astype(np.int8)


def _valid(
    opened: NDArray[np.datetime64], kind: EventType, rng: Generator
) -> NDArray[np.datetime64]:
    """When an invoice was valid: on receipt, or some days later after a correction."""
    if kind.disputed is None:
        return np.full(kind.rows, NAT)
    wait = np.where(rng.random(kind.rows) < 0.1, rng.integers(1, 4, kind.rows), 0)
    return opened + wait.astype("timedelta64[D]").astype("timedelta64[m]")
