"""Values that mean something to a program go from a mart to a chart's query and back unchanged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from outturn.database import connect
from outturn.settings import Settings
from tests.dashboards.visitor import Visitor
from tests.naughty import STRINGS

CASES = "marts.indicator_cases"


@pytest.fixture(scope="module")
def naughty(superset: Settings) -> Iterator[None]:
    """As many cases as there are strings are called like them, for as long as this module runs."""
    with connect(superset, "admin", autocommit=True) as connection:
        connection.execute(f"create table ops.cases_before as table {CASES}")
        places = connection.execute(
            f"select ctid::text from {CASES} limit %s", (len(STRINGS),)
        ).fetchall()
        for (place,), text in zip(places, STRINGS, strict=True):
            connection.execute(
                f"update {CASES} set case_id = %s where ctid = %s::tid", (text, place)
            )
        yield
        connection.execute(f"delete from {CASES}")
        connection.execute(f"insert into {CASES} table ops.cases_before")
        connection.execute("drop table ops.cases_before")


@pytest.fixture(scope="module")
def chart(superset: Settings) -> dict[str, Any]:
    """The chart of cases on its dashboard, as a query names it."""
    with connect(superset, "superset") as connection:
        row = connection.execute(
            """
            select dashboards.id, slices.id, tables.id
            from dashboards
            inner join dashboard_slices on dashboards.id = dashboard_slices.dashboard_id
            inner join slices on dashboard_slices.slice_id = slices.id
            inner join tables on slices.datasource_id = tables.id
            where dashboards.slug = 'indicator-performance'
                and tables.table_name = 'indicator_cases'
            limit 1
            """
        ).fetchone()
    assert row is not None
    board, slice_id, dataset = row
    return {
        "datasource": {"id": dataset, "type": "table"},
        "form_data": {"dashboardId": board, "slice_id": slice_id},
    }


# Superset takes a double quote at a filter value's start for none of it.
@pytest.mark.parametrize("text", [text for text in STRINGS if not text.startswith('"')])
def test_a_value_comes_back_from_a_chart_as_it_is(
    naughty: None, chart: dict[str, Any], viewer: Visitor, text: str
) -> None:
    wanted = {
        "columns": ["case_id"],
        "metrics": [],
        "filters": [{"col": "case_id", "op": "==", "val": text}],
        "row_limit": 10,
    }
    status, answer = viewer.send("POST", "/api/v1/chart/data", chart | {"queries": [wanted]})
    assert status == 200, answer
    assert json.loads(answer)["result"][0]["data"] == [{"case_id": text}]
