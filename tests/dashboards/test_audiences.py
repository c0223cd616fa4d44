"""Whoever is of a limited audience sees its contracts' rows, however else Superset is asked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from outturn.dashboards import environment, managing, serving
from outturn.dashboards.bundle import charts_on, read
from outturn.database import AudienceCode, connect
from outturn.secret_store import all_secrets
from outturn.settings import PROJECT_ROOT, Settings
from tests.conftest import rows
from tests.dashboards.board import WAIT, Board
from tests.dashboards.visitor import Visitor

MANAGERS = AudienceCode("sscl_managers")
OWN, OTHER = "SSCL-BSS", "OTHER"
BOARDS = ("indicator-performance", "service-credits")
GUARDED = "select tablename from pg_tables where schemaname = 'marts' and rowsecurity"
OUTSTANDING = "select sum(outstanding_gbp) from marts.credit_ledger where recency = 'latest'"
CHARTS = """
select distinct on (tables.table_name)
    tables.table_name, dashboards.id, slices.id, tables.id, tables.database_id
from dashboards
inner join dashboard_slices on dashboards.id = dashboard_slices.dashboard_id
inner join slices on dashboard_slices.slice_id = slices.id
inner join tables on slices.datasource_id = tables.id
where dashboards.slug in ('indicator-performance', 'service-credits')
"""


@pytest.fixture(scope="module")
def two_contracts(superset: Settings) -> Iterator[Settings]:
    """A third of the rows of each mart is another contract's, for as long as this module runs."""
    marts = [mart for (mart,) in rows(superset, GUARDED)]
    with connect(superset, "admin", autocommit=True) as connection:
        for mart in marts:
            connection.execute(f"create table ops.before_{mart} as table marts.{mart}")
            connection.execute(
                f"update marts.{mart} set contract_code = '{OTHER}'"
                " where (ctid::text::point)[1]::integer % 3 = 1"
            )
        yield superset
        for mart in marts:
            connection.execute(f"delete from marts.{mart}")
            connection.execute(f"insert into marts.{mart} table ops.before_{mart}")
            connection.execute(f"drop table ops.before_{mart}")


@pytest.fixture(scope="module")
def manager(two_contracts: Settings) -> Visitor:
    visitor = Visitor(two_contracts)
    visitor.log_in(MANAGERS, begins_at="indicator-performance")
    return visitor


@pytest.fixture(scope="module")
def charts(superset: Settings) -> dict[str, dict[str, Any]]:
    """A chart of each mart on the two dashboards, as a query names it."""
    with connect(superset, "superset") as connection:
        found = connection.execute(CHARTS).fetchall()
    return {
        mart: {
            "datasource": {"id": dataset, "type": "table"},
            "form_data": {"dashboardId": board, "slice_id": chart},
        }
        for mart, board, chart, dataset, _ in found
    }


def ask(visitor: Visitor, chart: dict[str, Any], **query: Any) -> tuple[int, Any]:
    """Status, and the rows of one query or what was said instead."""
    status, text = visitor.send("POST", "/api/v1/chart/data", {**chart, "queries": [query]})
    return status, json.loads(text)["result"][0]["data"] if status == 200 else text


def contracts_of(visitor: Visitor, chart: dict[str, Any]) -> set[str]:
    _, data = ask(visitor, chart, columns=["contract_code"], metrics=[])
    return {row["contract_code"] for row in data}


def test_managers_find_the_dashboards_of_contracts_alone(manager: Visitor) -> None:
    found = manager.json("/api/v1/dashboard/")["result"]
    assert {board["slug"] for board in found} == set(BOARDS)
    assert manager.json("/api/v1/dashboard/contract-at-a-glance").get("result") is None


def test_each_mart_shows_managers_their_contract_and_finance_both(
    manager: Visitor, viewer: Visitor, charts: dict[str, dict[str, Any]]
) -> None:
    seen = {mart: contracts_of(manager, chart) for mart, chart in charts.items()}
    assert set(seen) >= {"indicator_performance", "credits_by_period", "credit_ledger"}
    assert {mart: codes - {OWN} for mart, codes in seen.items()} == {mart: set() for mart in seen}
    for mart in ("indicator_performance", "credits_by_period", "credit_ledger"):
        assert seen[mart] == {OWN}
        assert contracts_of(viewer, charts[mart]) == {OWN, OTHER}


@pytest.mark.parametrize(
    "query",
    [
        {"columns": ["contract_code"], "filters": [{"col": "contract_code", "op": "==",
         "val": OTHER}]},
        {"columns": ["contract_code"], "extras": {"where": "1 = 1) or (1 = 1"}},
        {"columns": ["contract_code"], "extras": {"where": "contract_code = 'OTHER' or true"}},
        {"metrics": [{"expressionType": "SQL", "label": "x", "sqlExpression":
         "max(contract_code) filter (where contract_code <> 'SSCL-BSS')"}]},
        {"metrics": [{"expressionType": "SQL", "label": "x", "sqlExpression":
         "(select max(contract_code) from marts.credit_ledger where contract_code > 'OO' and"
         " contract_code < 'P')"}]},
        {"metrics": [{"expressionType": "SQL", "label": "x", "sqlExpression":
         "(select max(question) from marts.contract_headlines)"}]},
        {"columns": [], "result_type": "samples"},
        {"columns": [], "result_type": "drill_detail"},
    ],
)  # fmt: skip
def test_no_query_brings_another_contracts_rows(
    manager: Visitor, charts: dict[str, dict[str, Any]], query: dict[str, Any]
) -> None:
    _, said = ask(manager, charts["credits_by_period"], **{"metrics": [], **query})
    assert OTHER not in str(said).replace("contract_code = 'OTHER'", "")
    assert "in trouble" not in str(said)


def test_values_of_a_column_are_asked_for_through_a_dashboard_only(
    manager: Visitor, charts: dict[str, dict[str, Any]]
) -> None:
    dataset = charts["credits_by_period"]["datasource"]["id"]
    path = f"/api/v1/datasource/table/{dataset}/column/contract_code/values/"
    assert manager.get(path)[0] == 403


@contextmanager
def roles_added(settings: Settings, *names: str) -> Iterator[None]:
    """The managers' user has these roles as well, which are made if need be."""
    user = "(select id from ab_user where username = 'sscl_managers')"
    with connect(settings, "superset", autocommit=True) as connection:
        for name in names:
            connection.execute(
                "insert into ab_role (id, name) values (nextval('ab_role_id_seq'), %s)"
                " on conflict (name) do nothing",
                (name,),
            )
        connection.execute(
            "insert into ab_user_role (id, user_id, role_id) select"
            f" nextval('ab_user_role_id_seq'), {user}, id from ab_role where name = any(%s)",
            (list(names),),
        )
        yield
        connection.execute(
            f"delete from ab_user_role using ab_role where user_id = {user}"
            " and role_id = ab_role.id and ab_role.name = any(%s)",
            (list(names),),
        )


def test_sql_lab_is_closed_and_would_show_no_more_if_somebody_opened_it(
    two_contracts: Settings, manager: Visitor
) -> None:
    with connect(two_contracts, "superset") as connection:
        database = connection.execute(
            "select id from dbs where database_name = 'outturn marts'"
        ).fetchone()
    assert database is not None
    question = {
        "database_id": database[0],
        "sql": "select distinct contract_code from marts.credits_by_period",
        "runAsync": False,
    }
    assert manager.send("POST", "/api/v1/sqllab/execute/", question)[0] in {403, 404}
    with roles_added(two_contracts, "sql_lab", "Alpha"):
        status, text = manager.send("POST", "/api/v1/sqllab/execute/", question)
    assert status == 200, text
    assert json.loads(text)["data"] == [{"contract_code": OWN}]


def test_whoever_is_of_two_audiences_reads_nothing(
    two_contracts: Settings, manager: Visitor, charts: dict[str, dict[str, Any]]
) -> None:
    with roles_added(two_contracts, "audience_second"):
        status, said = ask(
            manager, charts["credits_by_period"], columns=["contract_code"], metrics=[]
        )
    assert status != 200
    assert OWN not in str(said)
    with connect(two_contracts, "superset") as connection:
        connection.execute("delete from ab_role where name = 'audience_second'")


def test_managers_read_their_pages_in_a_browser(two_contracts: Settings, browser: Browser) -> None:
    context = browser.new_context(
        viewport={"width": 1280, "height": 1400}, locale="en-GB", timezone_id="Europe/London"
    )
    board = Board(context.new_page(), serving.base_url(two_contracts))
    board.page.goto(f"{board.base}/login/")
    board.page.fill("#username", MANAGERS)
    password = all_secrets(two_contracts)[environment.password_name(MANAGERS)]
    board.page.fill("#password", password)
    board.page.click("button[type=submit]")
    board.page.wait_for_url(lambda url: "indicator-performance" in url, timeout=WAIT)
    for slug in BOARDS:
        board.answers.clear()
        board.open(slug)
        board.read_through(slug)
        board.wait_for_answers(len(charts_on(slug, read().dashboards[slug])))
        assert [answer.status for answer in board.answers if answer.status != 200] == []
        said = [
            json.dumps(result["data"])
            for answer in board.answers
            for result in answer.json()["result"]
        ]
        assert [text for text in said if OTHER in text] == []
    ((own,),) = rows(two_contracts, OUTSTANDING, MANAGERS)
    ((both,),) = rows(two_contracts, OUTSTANDING)
    assert round(own) != round(both)
    expect(board.figure("Outstanding")).to_have_text(f"£{own:,.0f}", timeout=WAIT)
    assert board.complaints == []
    context.close()


def test_an_audience_that_is_taken_out_can_no_longer_come_in(
    two_contracts: Settings, tmp_path: Path
) -> None:
    """Its connection, role and user go; put in again, all is as it was."""
    shutil.copytree(PROJECT_ROOT / "dbt_project" / "seeds", tmp_path / "seeds")
    (tmp_path / "seeds" / "audiences.csv").unlink()
    without = two_contracts.model_copy(update={"seeds_dir": tmp_path / "seeds"})
    assert managing.apply(without, read()) == ["databases/outturn marts: sscl_managers"]
    password = all_secrets(two_contracts)[environment.password_name(MANAGERS)]
    roles = "select name from ab_role where name like 'audience%'"
    try:
        with connect(two_contracts, "superset") as connection:
            assert connection.execute(roles).fetchall() == []
        place = Visitor(two_contracts).try_password(MANAGERS, password)[1]
        assert place.startswith("/login/")
    finally:
        managing.apply(two_contracts, read())
