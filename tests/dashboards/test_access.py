"""A reader sees the dashboards and nothing else; nobody gets in by trying."""

from __future__ import annotations

import urllib.request

import pytest

from outturn.dashboards import serving
from outturn.database import connect
from outturn.settings import Settings
from tests.dashboards.visitor import Visitor

REFUSED = (
    "/sqllab/",
    "/users/list/",
    "/roles/list/",
    "/databaseview/list/",
    "/api/v1/database/",
    "/api/v1/database/1",
    "/api/v1/database/1/schemas/",
    "/api/v1/security/users/",
    "/api/v1/security/roles/",
    "/api/v1/query/",
    "/api/v1/saved_query/",
    "/api/v1/log/",
    "/api/v1/dashboard/export/?q=!(1)",
    "/api/v1/chart/export/?q=!(1)",
    "/api/v1/assets/export/",
)


def test_a_reader_finds_exactly_the_four_dashboards(viewer: Visitor) -> None:
    found = viewer.json("/api/v1/dashboard/")["result"]
    slugs = {
        *("contract-at-a-glance", "indicator-performance"),
        *("service-credits", "support-cost-ratio"),
    }
    assert {board["slug"] for board in found} == slugs


@pytest.mark.parametrize("path", REFUSED)
def test_a_reader_is_refused_everything_else(viewer: Visitor, path: str) -> None:
    assert viewer.get(path)[0] in {403, 404}


@pytest.mark.parametrize(
    ("method", "path", "document"),
    [
        (
            "POST",
            "/api/v1/chart/",
            {"slice_name": "x", "datasource_id": 1, "datasource_type": "table"},
        ),
        ("PUT", "/api/v1/dashboard/1", {"dashboard_title": "x"}),
        ("DELETE", "/api/v1/dashboard/1", {}),
        ("PUT", "/api/v1/dataset/1", {"sql": "select 1"}),
        ("POST", "/api/v1/sqllab/execute/", {"database_id": 1, "sql": "select 1"}),
        ("POST", "/api/v1/security/users/", {"username": "x"}),
    ],
)
def test_a_reader_changes_nothing(
    viewer: Visitor, method: str, path: str, document: dict[str, object]
) -> None:
    assert viewer.send(method, path, document)[0] in {403, 404}


def test_a_reader_gets_no_data_but_through_a_dashboard(superset: Settings, viewer: Visitor) -> None:
    with connect(superset, "superset") as connection:
        dataset = connection.execute("select min(id) from tables").fetchone()
    assert dataset is not None
    query = {
        "datasource": {"id": dataset[0], "type": "table"},
        "queries": [{"columns": ["question"], "metrics": []}],
    }
    status, text = viewer.send("POST", "/api/v1/chart/data", query)
    assert status == 403, text


def test_a_dashboard_opens_no_dataset_but_its_own(superset: Settings, viewer: Visitor) -> None:
    with connect(superset, "superset") as connection:
        row = connection.execute(
            """
            select dashboards.id, slices.id, own.id, other.id
            from dashboards
            inner join dashboard_slices on dashboards.id = dashboard_slices.dashboard_id
            inner join slices on dashboard_slices.slice_id = slices.id
            inner join tables as own on slices.datasource_id = own.id
            cross join tables as other
            where dashboards.slug = 'indicator-performance'
            and other.table_name = 'contract_headlines'
            limit 1
            """
        ).fetchone()
    assert row is not None
    board, chart, own, other = row
    statuses = [
        viewer.send(
            "POST",
            "/api/v1/chart/data",
            {
                "datasource": {"id": dataset, "type": "table"},
                "form_data": {"dashboardId": board, "slice_id": chart},
                "queries": [{"columns": [column], "metrics": []}],
            },
        )[0]
        for dataset, column in ((own, "period_month"), (other, "question"))
    ]
    assert statuses == [200, 403]


def test_the_login_of_superset_reads_marts_and_nothing_else(superset: Settings) -> None:
    with connect(superset, "finance") as connection:
        row = connection.execute(
            """
            select has_schema_privilege('marts', 'usage'),
                has_schema_privilege('landing', 'usage'),
                has_schema_privilege('quarantine', 'usage'),
                current_setting('default_transaction_read_only')
            """
        ).fetchone()
    assert row == (True, False, False, "on")


def test_without_a_login_there_is_nothing_to_see(superset: Settings) -> None:
    stranger = Visitor(superset)
    assert stranger.get("/superset/dashboard/contract-at-a-glance/")[1].startswith("/login/")
    assert stranger.json("/api/v1/dashboard/").get("result") in (None, [])


def test_pages_forbid_what_they_do_not_need(superset: Settings) -> None:
    with urllib.request.urlopen(f"{serving.base_url(superset)}/login/") as answer:  # noqa: S310
        headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "img-src 'self' blob: data:" in policy
    assert "unsafe-eval" not in policy
    assert "frame-ancestors 'none'" in policy
    cookie = headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
