"""Which months a run rebuilds, and what "as at" a day means."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from outturn.changes import Months
from outturn.errors import NotReady
from outturn.run import _choose, end_of_day

KNOWN = ["2016-01", "2016-02", "2016-03"]


def months(due: list[str], *, changed: bool | None = None) -> Months:
    return Months(KNOWN, due, {}, bool(due) if changed is None else changed)


def test_nothing_known_means_nothing_to_do() -> None:
    assert _choose(Months([], [], {}, False), None, None, everything=False) is None


def test_everything_before_any_file_is_marts_without_months() -> None:
    assert _choose(Months([], [], {}, False), None, None, everything=True) == ([], "")


def test_nothing_changed_means_nothing_to_do() -> None:
    assert _choose(months([]), "2016-03", None, everything=False) is None


def test_without_a_period_every_month_due_is_taken() -> None:
    assert _choose(months(["2016-02", "2016-03"]), None, None, everything=False) == (
        ["2016-02", "2016-03"],
        "2016-03",
    )


def test_a_restated_month_does_not_shorten_what_is_published() -> None:
    assert _choose(months(["2016-01"]), "2016-03", None, everything=False) == (
        ["2016-01"],
        "2016-03",
    )


def test_a_period_takes_every_due_month_up_to_it() -> None:
    assert _choose(months(KNOWN), None, "2016-02", everything=False) == (
        ["2016-01", "2016-02"],
        "2016-02",
    )


def test_a_decision_alone_rebuilds_no_fact_but_is_published() -> None:
    assert _choose(months([], changed=True), "2016-03", None, everything=False) == ([], "2016-03")


def test_a_period_that_no_file_knows_is_refused_by_name() -> None:
    with pytest.raises(NotReady, match="2017-09"):
        _choose(months(KNOWN), None, "2017-09", everything=False)


def test_the_end_of_a_day_in_summer_is_an_hour_before_midnight_utc() -> None:
    assert end_of_day(date(2016, 7, 1)) == datetime(2016, 7, 1, 22, 59, 59, 999999, UTC)
    assert end_of_day(date(2016, 1, 1)) == datetime(2016, 1, 1, 23, 59, 59, 999999, UTC)
