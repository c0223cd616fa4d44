"""Which month a refresh takes: asked for, due, many due, started by the calendar, or none."""

from __future__ import annotations

from typing import Any

import pytest

from outturn import monthly
from outturn.changes import Months
from outturn.errors import MonthNotFinal
from outturn.settings import Settings

KNOWN = [f"2018-{month:02d}" for month in range(1, 10)]


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What `run.plan` was asked for; nothing is due there."""
    asked: list[dict[str, Any]] = []

    def plan(settings: Settings, period: str | None = None, *, everything: bool = False) -> None:
        asked.append({"period": period, "everything": everything})

    monkeypatch.setattr(monthly.run, "plan", plan)
    monkeypatch.setattr(monthly, "wait_for_intake", lambda settings: True)
    return asked


def set_due(monkeypatch: pytest.MonkeyPatch, *due: str, known: list[str] = KNOWN) -> None:
    months = Months(known, list(due), {}, is_changed=bool(due))
    monkeypatch.setattr(monthly, "find_months", lambda settings: months)


@pytest.mark.parametrize(
    ("period", "run_type", "month", "due", "expected"),
    [
        ("2018-03", "manual", None, [], "2018-03"),
        ("", "asset_triggered", None, ["2018-07", "2018-08"], None),  # the plan takes all due
        ("", "scheduled", "2018-08", [], "2018-08"),  # a working day changes what is provisional
        ("", "scheduled", "2018-10", ["2018-09"], "2018-09"),  # nothing is known of October yet
        ("", "backfill", "2018-03", ["2018-03"], "2018-03"),
        ("2018-02", "scheduled", "2018-08", [], "2018-02"),
    ],
)
def test_a_run_is_planned_for(
    planned: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    period: str,
    run_type: str,
    month: str | None,
    due: list[str],
    expected: str | None,
) -> None:
    set_due(monkeypatch, *due)
    assert monthly.decide(Settings(), period, run_type, month) is None
    assert planned == [{"period": expected, "everything": False}]


def test_a_backfill_leaves_a_month_alone_that_is_published(
    planned: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_due(monkeypatch, "2018-04")
    assert monthly.decide(Settings(), "", "backfill", "2018-03") is None
    assert planned == []


def test_all_asks_for_everything(planned: list[dict[str, Any]]) -> None:
    monthly.decide(Settings(), "all")
    assert planned == [{"period": None, "everything": True}]


def test_a_day_of_the_calendar_before_any_file_plans_nothing_in_particular(
    planned: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_due(monkeypatch, known=[])
    monthly.decide(Settings(), "", "scheduled", "2018-08")
    assert planned == [{"period": None, "everything": False}]


def test_a_published_month_is_final(monkeypatch: pytest.MonkeyPatch) -> None:
    set_due(monkeypatch, "2018-09")
    monthly.assert_final(Settings(), "2018-08")
    monthly.assert_final(Settings(), None)


@pytest.mark.parametrize(
    ("month", "why"), [("2018-10", "no accepted file"), ("2018-09", "are not published")]
)
def test_a_month_that_is_not_final_is_named(
    monkeypatch: pytest.MonkeyPatch, month: str, why: str
) -> None:
    set_due(monkeypatch, "2018-09")
    with pytest.raises(MonthNotFinal, match=f"{month} is not final.*{why}"):
        monthly.assert_final(Settings(), month)
