"""The working-day timetable: right days, right hour across the clock changes, no month left out."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pendulum
import pytest
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction

from outturn.settings import Settings
from outturn.timetable import (
    WorkingDayTimetable,
    bank_holidays,
    deadline_month,
    reported_month,
    working_day,
)

TWO_DAYS = WorkingDayTimetable((6, 12))


def runs(first: str, last: str) -> list[DagRunInfo]:
    """What a backfill between two UTC dates makes."""
    restriction = TimeRestriction(pendulum.parse(first), pendulum.parse(last), catchup=True)
    found: list[DagRunInfo] = []
    interval = None
    while True:
        info = TWO_DAYS.next_dagrun_info(
            last_automated_data_interval=interval, restriction=restriction
        )
        if info is None:
            return found
        found.append(info)
        interval = info.data_interval


@pytest.mark.parametrize(
    ("year", "month", "number", "expected"),
    [
        (2018, 1, 1, date(2018, 1, 2)),  # New Year's Day
        (2018, 4, 1, date(2018, 4, 3)),  # Easter Monday
        (2018, 4, 6, date(2018, 4, 10)),
        (2018, 5, 6, date(2018, 5, 9)),  # early May holiday
        (2020, 5, 6, date(2020, 5, 11)),  # moved to VE day, Friday 8 May
        (2022, 6, 1, date(2022, 6, 1)),
        (2022, 6, 3, date(2022, 6, 7)),  # two days of jubilee
        (2022, 9, 13, date(2022, 9, 20)),  # the state funeral
        (2017, 7, 1, date(2017, 7, 3)),  # begins on a Saturday
    ],
)
def test_working_days_skip_weekends_and_englands_bank_holidays(
    year: int, month: int, number: int, expected: date
) -> None:
    assert working_day(year, month, number) == expected


def test_holidays_are_englands_not_scotlands() -> None:
    assert date(2018, 8, 27) in bank_holidays(2018)
    assert date(2018, 1, 2) not in bank_holidays(2018)
    assert date(2018, 11, 30) not in bank_holidays(2018)


def test_a_month_has_no_thirtieth_working_day() -> None:
    with pytest.raises(ValueError, match="2018-02 has 20 working days"):
        working_day(2018, 2, 30)


def test_a_backfill_takes_every_month_once_for_each_day_and_skips_none() -> None:
    made = [reported_month(info.logical_date) for info in runs("2015-01-01", "2020-12-31")]
    expected = [f"{year}-{month:02d}" for year in range(2015, 2021) for month in range(1, 13)]
    assert made == [month for month in expected for _ in TWO_DAYS.days]


def test_runs_begin_at_six_in_london_in_winter_and_in_summer() -> None:
    for info in runs("2017-01-01", "2018-12-31"):
        local = info.run_after.in_timezone("Europe/London")
        assert (local.hour, local.minute) == (6, 0)
    hours = {info.run_after.month: info.run_after.hour for info in runs("2017-01-01", "2017-12-31")}
    assert (hours[2], hours[7]) == (6, 5)


def test_every_run_has_its_own_logical_date_and_comes_after_the_one_before() -> None:
    for earlier, later in pairwise(runs("2015-01-01", "2018-12-31")):
        assert earlier.logical_date < later.logical_date
        assert earlier.run_after < later.run_after


def test_a_run_begins_after_the_month_that_it_reports_on() -> None:
    for info in runs("2015-01-01", "2018-12-31"):
        assert info.data_interval is not None
        assert info.data_interval.end <= info.run_after < info.data_interval.end.add(months=1)


def test_the_bounds_of_a_backfill_are_included() -> None:
    months = [reported_month(info.logical_date) for info in runs("2016-03-01", "2016-03-31")]
    assert months == ["2016-03", "2016-03"]


def test_without_catch_up_a_new_deployment_begins_with_a_day_to_come() -> None:
    restriction = TimeRestriction(pendulum.datetime(2014, 4, 1), None, catchup=False)
    info = TWO_DAYS.next_dagrun_info(last_automated_data_interval=None, restriction=restriction)
    assert info is not None
    now = pendulum.now("UTC")
    assert now <= info.run_after < now.add(days=40)


def test_a_scheduler_that_was_down_makes_up_for_the_newest_missed_day_only() -> None:
    restriction = TimeRestriction(pendulum.datetime(2014, 4, 1), None, catchup=False)
    last = DataInterval(pendulum.datetime(2017, 1, 1), pendulum.datetime(2017, 2, 1))
    missed = TWO_DAYS.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)
    assert missed is not None
    now = pendulum.now("UTC")
    assert now.subtract(days=40) < missed.run_after <= now
    following = TWO_DAYS.next_dagrun_info(
        last_automated_data_interval=missed.data_interval, restriction=restriction
    )
    assert following is not None
    assert following.run_after > now


def test_a_timetable_survives_airflows_database() -> None:
    copy = WorkingDayTimetable.deserialize(TWO_DAYS.serialize())
    assert (copy.days, copy.hour, copy.timezone) == ((6, 12), 6, "Europe/London")
    assert copy.summary == "WD6, WD12 06:00 Europe/London"


@pytest.mark.parametrize("days", [(), (0,), (12, 6), (6, 6), (6, 18)])
def test_days_that_no_month_has_or_out_of_order_are_refused(days: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="working days"):
        WorkingDayTimetable(days)


@pytest.mark.parametrize(
    ("day", "run_type", "expected"),
    [(3, "scheduled", "2018-03"), (1, "scheduled", None), (3, "manual", None)],
)
def test_only_the_run_of_the_deadlines_day_must_find_the_month_final(
    day: int, run_type: str, expected: str | None
) -> None:
    class Run:
        logical_date = pendulum.datetime(2018, 3, day)

    Run.run_type = run_type  # type: ignore[attr-defined]
    assert deadline_month(Settings(), Run()) == expected
