"""The nth working days of a month as an Airflow timetable, registered as an Airflow plugin.

A service month is reported on in the month after it: working day 6 (costs, provisional) and
working day 12 (performance and credits, final) at 06:00 in London. Each run's data interval lies
in the *UTC* month that it reports on: London months begin at 23:00 UTC of the day before in
summer, so that intervals cut in London make a backfill from one date to another skip a month.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import holidays
import pendulum
from airflow.plugins_manager import AirflowPlugin
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable

from outturn.settings import Settings

LONDON = "Europe/London"


@lru_cache(maxsize=256)
def bank_holidays(year: int) -> frozenset[date]:
    """England's bank holidays of a year, from the package `holidays`."""
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))


def working_day(year: int, month: int, number: int) -> date:
    """The nth working day of a month in England, the first being 1.

    Raises ValueError when the month has not so many.
    """
    day, count = date(year, month, 1), 0
    while day.month == month:
        count += day.weekday() < 5 and day not in bank_holidays(year)
        if count == number:
            return day
        day += timedelta(days=1)
    raise ValueError(f"{year}-{month:02d} has {count} working days, there is no number {number}")


def reported_month(moment: datetime | None) -> str | None:
    """The month (YYYY-MM) that a run with this logical date is about: that of its UTC date.

    None for a run without one, which an asset or a person started.
    """
    if moment is None:
        return None
    return str(pendulum.instance(moment).in_timezone("UTC").format("YYYY-MM"))


def deadline_month(settings: Settings, dag_run: Any) -> str | None:
    """The month that must be final now, if this is the run of the deadline's working day."""
    if dag_run.logical_date is None or dag_run.run_type != "scheduled":
        return None
    day = WorkingDayTimetable.of(settings).days[_index(pendulum.instance(dag_run.logical_date))]
    return reported_month(dag_run.logical_date) if day == settings.deadline_working_day else None


def _index(logical_date: pendulum.DateTime) -> int:
    return logical_date.in_timezone("UTC").day - 1


class WorkingDayTimetable(Timetable):
    """Runs at `hour` on each of some working days; about the month before the one they are in.

    The ith day's interval begins i days into the reported month and ends with it, so that every
    run has a logical date of its own and a backfill of a range of dates takes each month whole.
    """

    description = "Working days of the month"

    def __init__(self, days: tuple[int, ...], hour: int = 6, timezone: str = LONDON) -> None:
        if list(days) != sorted(set(days)) or not days or not 1 <= days[0] <= days[-1] <= 17:
            raise ValueError(f"days must be rising numbers of working days, 1 to 17, not {days}")
        self.days = tuple(days)
        self.hour = hour
        self.timezone = timezone

    @classmethod
    def of(cls, settings: Settings) -> WorkingDayTimetable:
        """The refresh's days and, after them, the day on which it must have been final."""
        return cls((*settings.refresh_working_days, settings.deadline_working_day))

    @property
    def summary(self) -> str:
        """What the pages show, for instance `WD6, WD12 06:00 Europe/London`."""
        days = ", ".join(f"WD{day}" for day in self.days)
        return f"{days} {self.hour:02d}:00 {self.timezone}"

    def serialize(self) -> dict[str, Any]:
        """The constructor's arguments, for Airflow's metadata database."""
        return {"days": list(self.days), "hour": self.hour, "timezone": self.timezone}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> WorkingDayTimetable:
        """The reverse of `serialize`."""
        return cls(tuple(data["days"]), data["hour"], data["timezone"])

    def infer_manual_data_interval(self, *, run_after: pendulum.DateTime) -> DataInterval:
        """A run started by hand is about the last whole UTC month."""
        end = run_after.in_timezone("UTC").start_of("month")
        return DataInterval(end.subtract(months=1), end)

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """The run that follows the last one, or the first that the restriction allows.

        Without catch-up, a scheduler that was down makes up for the newest day it missed only,
        and a new deployment begins with the next day to come.
        """
        month, index = self._after(last_automated_data_interval, restriction)
        info = self._info(month, index)
        while self._is_passed_over(info, month, index, last_automated_data_interval, restriction):
            month, index = self._following(month, index)
            info = self._info(month, index)
        if restriction.latest is not None and info.data_interval.start > restriction.latest:
            return None
        return info

    def _is_passed_over(
        self,
        info: DagRunInfo,
        month: pendulum.DateTime,
        index: int,
        last: DataInterval | None,
        restriction: TimeRestriction,
    ) -> bool:
        """Whether this day is too early for the DAG's start, or missed and not made up for."""
        if restriction.earliest is not None and info.data_interval.start < restriction.earliest:
            return True
        if restriction.catchup:
            return False
        decisive = info if last is None else self._info(*self._following(month, index))
        return bool(decisive.run_after < pendulum.now("UTC"))

    def _after(
        self, last: DataInterval | None, restriction: TimeRestriction
    ) -> tuple[pendulum.DateTime, int]:
        """Reported month and index of day to look at first."""
        if last is not None:
            start = last.start.in_timezone("UTC")
            return self._following(start.start_of("month"), _index(start))
        if restriction.catchup and restriction.earliest is not None:
            return restriction.earliest.in_timezone("UTC").start_of("month"), 0
        return pendulum.now("UTC").start_of("month").subtract(months=1), 0

    def _following(self, month: pendulum.DateTime, index: int) -> tuple[pendulum.DateTime, int]:
        if index + 1 < len(self.days):
            return month, index + 1
        return month.add(months=1), 0

    def _info(self, month: pendulum.DateTime, index: int) -> DagRunInfo:
        end = month.add(months=1)
        day = working_day(end.year, end.month, self.days[index])
        at = datetime(day.year, day.month, day.day, self.hour, tzinfo=ZoneInfo(self.timezone))
        return DagRunInfo(
            run_after=pendulum.instance(at).in_timezone("UTC"),
            data_interval=DataInterval(month.add(days=index), end),
        )


class OutturnPlugin(AirflowPlugin):
    """Makes the timetable known to Airflow (entry point `airflow.plugins` of the package)."""

    name = "outturn"
    timetables: ClassVar = [WorkingDayTimetable]
