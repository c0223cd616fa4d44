"""The bundle holds together, and what would not is refused before Superset sees it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest

from outturn.dashboards import exposures, managing
from outturn.dashboards.bundle import Bundle, charts_on, read, tabs_of
from outturn.dashboards.check import check
from outturn.dashboards.marts import marts
from outturn.errors import BundleProblem

GLANCE = "contract-at-a-glance"


def changed(change: Callable[[dict[str, Any]], None]) -> Bundle:
    """The bundle after a change to its documents."""
    kinds = copy.deepcopy(asdict(read()))
    change(kinds)
    return Bundle(**kinds)


def test_every_dashboard_leads_to_columns_of_marts() -> None:
    check(read())


def test_there_are_the_four_dashboards_with_at_most_12_charts_a_tab() -> None:
    boards = read().dashboards
    assert set(boards) == {
        *(GLANCE, "indicator-performance", "service-credits", "support-cost-ratio")
    }
    for slug, board in boards.items():
        assert charts_on(slug, board)
        for tab in tabs_of(board):
            assert sum("chart" in item for row in tab["rows"] for item in row) <= 12


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda b: b["charts"][f"{GLANCE}/credits-outstanding"].update(title="Credits by month"),
            "2 have",
        ),
        (
            lambda b: b["charts"][f"{GLANCE}/credits-outstanding"].update(description=" "),
            "no description",
        ),
        (
            lambda b: b["charts"][f"{GLANCE}/credits-outstanding"].update(dataset="credits"),
            "no dataset",
        ),
        (
            lambda b: b["charts"][f"{GLANCE}/credits-outstanding"]["params"].update(metric="x"),
            "no metric x",
        ),
        (
            lambda b: b["charts"][f"{GLANCE}/credits-outstanding"].update(filters=[["x", "==", 1]]),
            "column x",
        ),
        (
            lambda b: b["charts"].update(
                {f"{GLANCE}/y": b["charts"][f"{GLANCE}/credits-outstanding"]}
            ),
            "on no",
        ),
        (lambda b: b["charts"].pop(f"{GLANCE}/credits-outstanding"), "there is no chart"),
        (lambda b: b["datasets"].update({"no_mart": {}}), "there is no mart"),
        (lambda b: b["datasets"]["credits_by_period"]["labels"].update(x="X"), "no column x"),
        (
            lambda b: b["datasets"]["credits_by_period"]["metrics"]["credit"].update(
                expression="SUM(credit_eur)"
            ),
            "no column credit_eur",
        ),
        (
            lambda b: b["dashboards"][GLANCE]["tabs"][0]["rows"][0].append(
                {"chart": "exceptions", "width": 1}
            ),
            "wider",
        ),
        (
            lambda b: b["dashboards"][GLANCE]["filters"][0].update(not_on=["gone"]),
            "spares gone, not on it",
        ),
        (
            lambda b: b["charts"][f"{GLANCE}/points-and-limit"]["params"].update(
                metrics=["credit", "critical_limit"]
            ),
            "2 charts colour credit",
        ),
    ],
)
def test_a_broken_chain_is_refused_by_name(
    change: Callable[[dict[str, Any]], None], message: str
) -> None:
    with pytest.raises(BundleProblem, match=message):
        check(changed(change))


def test_a_metric_says_what_dbt_says_of_its_column() -> None:
    metrics = read().datasets["credits_by_period"]["metrics"]
    assert metrics["credit"]["column"] == "credit_gbp"
    described = marts()["credits_by_period"].columns["credit_gbp"].description
    assert described.startswith("Credit after caps")


def test_exposures_are_those_of_the_bundle() -> None:
    assert exposures.PATH.read_text(encoding="utf-8") == exposures.render(read())


def test_a_difference_is_told_by_its_place() -> None:
    change = managing.Change("update", "charts/x", "params.metric")
    assert str(change) == "update charts/x (params.metric)"
