"""The monthly event files: what was opened or closed in the month, as it stood at its end."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outturn.sample.event_cohorts import EventType, cohort, event_types
from outturn.sample.months import Month
from outturn.sample.profile import Profile

HEADER = (
    "Contract", "Event ID", "Event Type", "Service Area", "Opened", "Due", "Closed", "Quantity",
    "Amount (£)", "Outcome", "SME", "Disputed", "Valid From",
)  # fmt: skip


class EventStream:
    """The live events month by month: only what a later month may still need stays in memory."""

    def __init__(self, profile: Profile, first: Month) -> None:
        self.profile, self.first = profile, first
        self.kinds = event_types(profile)
        table = profile.table("event_types")
        self.prefixes = table["prefix"].to_numpy()
        self.areas = table["service_area"].to_numpy()
        self.codes = table["event_type"].to_numpy()
        self.live = pd.DataFrame()

    def advance(self, month: Month) -> dict[str, pd.DataFrame]:
        """Bring in what the month needs; the live events by type."""
        cohorts = [
            self._cohort(kind, anchor)
            for kind in self.kinds
            for anchor in self._anchors(kind, month)
        ]
        kept = [self.live] if len(self.live) else []
        self.live = pd.concat([*kept, *cohorts], ignore_index=True)
        groups = self.live.groupby("type_number", sort=False)
        return {str(self.codes[int(str(number))]): events for number, events in groups}

    def file(self, month: Month) -> pd.DataFrame:
        """The rows of the month's file, as texts; then forget what is over."""
        start, end = month.start, (month + 1).start
        opened, closed, due = self.live["opened"], self.live["closed"], self.live["due"]
        due_open = ~(due < end) & due.notna()
        changed = (opened >= start) | (closed >= start) & (closed < end)
        if month == self.first:
            changed |= True
        delivered = self.live[(opened < end) & changed]
        rows = self._texts(delivered, end)
        over = (opened < end) & (closed.isna() | (closed < end)) & ~due_open
        stock = self.live["type_number"].isin([k.number for k in self.kinds if k.anchor == "stock"])
        self.live = self.live[~(over & ~(stock & closed.isna()))]
        return rows

    def _anchors(self, kind: EventType, month: Month) -> list[Month]:
        if month != self.first:
            return [month + kind.lookahead]
        back = int(self.profile.setting["event_lookback_months"]) if kind.anchor == "stock" else 0
        return [month + offset for offset in range(-back, kind.lookahead + 1)]

    def _cohort(self, kind: EventType, month: Month) -> pd.DataFrame:
        events = cohort(kind, month, self.profile.phase(month), self.profile.seed)
        if month < self.first:
            events = events[events["closed"] >= self.first.start]
        return events

    def _texts(self, events: pd.DataFrame, end: np.datetime64) -> pd.DataFrame:
        number = events["type_number"].to_numpy()
        is_open = ~(events["closed"] < end).to_numpy()
        cohorts = events["cohort"].to_numpy()
        months = {n: Month(int(n)).period.replace("-", "") for n in np.unique(cohorts)}
        stem = pd.Series(self.prefixes[number]) + "-" + pd.Series(cohorts).map(months) + "-"
        identity = stem + pd.Series(events["sequence"].to_numpy()).astype(str).str.zfill(6)
        area = pd.Series(self.areas[number])
        means = {k.number for k in self.kinds if k.is_mean}
        hidden = is_open & np.isin(number, list(means))
        columns = (
            np.full(len(events), self.profile.contract["contract_code"]),
            identity,
            self.codes[number],
            area,
            _times(events["opened"]),
            _times(events["due"]),
            np.where(is_open, "", _times(events["closed"])),
            np.where(hidden, "", _whole(events["quantity"])),
            _amounts(events["pence"]),
            np.where(is_open, "", events["outcome"].astype(str).to_numpy()),
            _yes_no(events["is_sme"]),
            _yes_no(events["is_disputed"]),
            _times(events["valid"]),
        )
        rows = pd.DataFrame(dict(zip(HEADER, columns, strict=True)))
        order = np.lexsort((identity.to_numpy().astype(str), events["opened"].to_numpy()))
        return rows.iloc[order].reset_index(drop=True)


def _times(values: pd.Series[pd.Timestamp]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """dd/mm/yyyy hh:mm; blank for none. Days are few, so each is written once."""
    days, number = np.unique(values.to_numpy().astype("datetime64[D]"), return_inverse=True)
    texts = np.array([_day(day) for day in days], dtype=object)[number]
    minutes = (values.to_numpy() - values.to_numpy().astype("datetime64[D]")).astype(
        "timedelta64[m]"
    )
    clock = np.array([f" {m // 60:02d}:{m % 60:02d}" for m in range(1440)], dtype=object)
    missing = values.isna().to_numpy()
    safe = np.where(missing, 0, minutes.astype(np.int64))
    return np.where(missing, "", texts + clock[safe])


def _day(day: np.datetime64) -> str:
    year, month, number = [*str(day).split("-"), "", ""][:3]
    return f"{number}/{month}/{year}"


def _whole(values: pd.Series[int]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    return np.where(values < 0, "", values.astype(str)).astype(object)


def _amounts(values: pd.Series[int]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    pence = values.to_numpy()
    return np.array(
        [f"{p // 100:,}.{p % 100:02d}" if p >= 0 else "" for p in pence.tolist()], dtype=object
    )


def _yes_no(values: pd.Series[int]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    return np.array(["N", "Y", ""], dtype=object)[values.to_numpy()]
