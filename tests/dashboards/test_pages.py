"""What a person sees: a real Chromium logs in as finance and reads the dashboards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from outturn.dashboards import environment, serving
from outturn.dashboards.bundle import charts_on, read
from outturn.secret_store import all_secrets
from outturn.settings import Settings
from tests.conftest import rows
from tests.dashboards.board import WAIT, Board

# Lists of what went wrong, which nothing may have, and of changes: the sample is published once.
MAY_BE_EMPTY = re.compile(
    r"FROM marts\.(credit_refusals|credit_invoices|unclaimed_credits|publication_changes)\b"
)
OUTSTANDING = "select coalesce(sum(outstanding_gbp), 0) from marts.credit_ageing"
UNCLAIMED = "select coalesce(sum(unclaimed_gbp), 0) from marts.unclaimed_credits"


@pytest.fixture(scope="session")
def session(superset: Settings, browser: Browser) -> dict[str, Any]:
    """Cookies of a log-in through the form."""
    context = browser.new_context(locale="en-GB", timezone_id="Europe/London")
    page = context.new_page()
    page.goto(f"{serving.base_url(superset)}/login/")
    page.fill("#username", environment.VIEWER)
    page.fill("#password", all_secrets(superset)[environment.password_name(environment.VIEWER)])
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "/login" not in url, timeout=WAIT)
    state: dict[str, Any] = context.storage_state()  # type: ignore[assignment]
    context.close()
    return state


@pytest.fixture
def board(superset: Settings, browser: Browser, session: dict[str, Any]) -> Iterator[Board]:
    context = browser.new_context(
        storage_state=session,  # type: ignore[arg-type]
        viewport={"width": 1280, "height": 1400},
        locale="en-GB",
        timezone_id="Europe/London",
    )
    yield Board(context.new_page(), serving.base_url(superset))
    context.close()


def value(settings: Settings, query: str) -> Any:
    return rows(settings, query, "finance")[0][0]


@pytest.mark.parametrize("slug", sorted(read().dashboards))
def test_every_chart_asks_and_is_answered_without_a_complaint(board: Board, slug: str) -> None:
    board.open(slug)
    board.read_through(slug)
    board.wait_for_answers(len(charts_on(slug, read().dashboards[slug])))
    assert [answer.status for answer in board.answers if answer.status != 200] == []
    assert len(board.answers) >= len(charts_on(slug, read().dashboards[slug]))
    results = [result for answer in board.answers for result in answer.json()["result"]]
    assert [result["error"] for result in results if result["error"]] == []
    empty = [result["query"] for result in results if not result["rowcount"]]
    assert [query for query in empty if not MAY_BE_EMPTY.search(query)] == []
    assert board.complaints == []
    assert board.hosts == {board.base.removeprefix("http://")}


def test_the_glance_tells_what_sql_tells(board: Board, superset: Settings) -> None:
    board.open("contract-at-a-glance")
    owed, unclaimed = (value(superset, query) for query in (OUTSTANDING, UNCLAIMED))
    failed = value(
        superset,
        "select count(*) from marts.indicator_performance where basis = 'agreed'"
        " and kind = 'KPI' and recency = 'latest' and is_failed",
    )
    ratio, gap = rows(
        superset,
        "select ratio_pct, gap_gbp from marts.support_cost_ratio"
        " where span = 'rolling12' and basis = 'gross' and recency = 'latest'",
        "finance",
    )[0]
    expect(board.figure("Credits owed")).to_have_text(f"£{owed:,.0f}", timeout=WAIT)
    expect(board.figure("Never claimed")).to_have_text(f"£{unclaimed:,.0f}", timeout=WAIT)
    expect(board.figure("KPIs failed")).to_have_text(f"{failed}", timeout=WAIT)
    expect(board.figure("Support costs")).to_have_text(f"{ratio:.1f}%", timeout=WAIT)
    expect(board.figure("To the aim")).to_have_text(f"£{gap / 1_000_000:.1f}M", timeout=WAIT)
    answers = rows(superset, "select verdict, answer from marts.contract_headlines", "finance")
    table = board.chart("The contract in five answers")
    for verdict, answer in answers:
        expect(table).to_contain_text(verdict, timeout=WAIT)
        expect(table).to_contain_text(answer, timeout=WAIT)


@pytest.mark.parametrize(
    ("title", "query"),
    [
        ("Due", "select sum(due_gbp) from marts.credit_ledger where recency = 'latest'"),
        ("Claimed", "select sum(notified_gbp) from marts.credit_ledger where recency = 'latest'"),
        ("Deducted", "select sum(deducted_gbp) from marts.credit_ledger where recency = 'latest'"),
        ("Outstanding", OUTSTANDING),
        ("Unclaimed", UNCLAIMED),
    ],
)
def test_service_credits_tell_what_sql_tells(
    board: Board, superset: Settings, title: str, query: str
) -> None:
    board.open("service-credits")
    expect(board.figure(title)).to_have_text(f"£{value(superset, query):,.0f}", timeout=WAIT)


def test_the_support_cost_ratio_tells_what_sql_tells(board: Board, superset: Settings) -> None:
    newest = rows(
        superset,
        "select basis, ratio_pct, path_pct, gap_gbp from marts.support_cost_ratio"
        " where span = 'rolling12' and recency = 'latest' order by basis",
        "finance",
    )
    (_, gross, path, gap), (_, net, *_) = newest
    board.open("support-cost-ratio")
    expect(board.figure("Gross ratio")).to_have_text(f"{gross:.1f}%", timeout=WAIT)
    expect(board.figure("Should be by now")).to_have_text(f"{path:.1f}%", timeout=WAIT)
    expect(board.figure("To go")).to_have_text(f"£{gap / 1_000_000:.1f}M", timeout=WAIT)
    expect(board.figure("Net ratio")).to_have_text(f"{net:.1f}%", timeout=WAIT)


def test_a_scheme_stands_beside_the_one_in_force(board: Board, superset: Settings) -> None:
    schemes = rows(
        superset,
        "select scheme_label, sum(credit_gbp), sum(difference_gbp) from marts.credits_by_period"
        " where is_on_payable_basis group by scheme_label",
        "finance",
    )
    board.open("service-credits")
    board.show("What if")
    table = board.chart("Schemes side by side")
    for label, credit, difference in schemes:
        row = table.locator("tbody tr", has_text=label)
        expect(row).to_contain_text(f"£{credit:,.0f}", timeout=WAIT)
        sign = "-" if difference < 0 else "+"
        expect(row).to_contain_text(f"{sign}£{abs(difference):,.0f}")


def test_a_filter_narrows_the_credits_to_its_year(board: Board, superset: Settings) -> None:
    due = "select sum(due_gbp) from marts.credit_ledger where recency = 'latest'"
    year = value(superset, "select max(fiscal_year) from marts.credit_ledger")
    of_all = value(superset, due)
    of_year = value(superset, f"{due} and fiscal_year = '{year}'")
    assert of_year != of_all
    board.open("service-credits")
    expect(board.figure("Due")).to_have_text(f"£{of_all:,.0f}", timeout=WAIT)
    board.choose(year)
    expect(board.figure("Due")).to_have_text(f"£{of_year:,.0f}", timeout=WAIT)


def test_a_click_on_the_worst_indicator_leads_to_its_cases(
    board: Board, superset: Settings
) -> None:
    label, cases = rows(
        superset,
        """
        select performance.indicator_label, count(cases.case_id)
        from marts.indicator_performance as performance
        inner join marts.indicator_cases as cases using (indicator_label)
        where performance.basis = 'agreed' and performance.recency = 'latest'
        and performance.is_failed and cases.recency = 'latest'
        group by performance.indicator_label order by count(cases.case_id) desc limit 1
        """,
        "finance",
    )[0]
    board.open("indicator-performance")
    worst = board.chart("Worst indicators now")
    cell = worst.get_by_text(label, exact=True).first
    expect(cell).to_be_visible(timeout=WAIT)
    cell.click()
    listed = board.chart("Cases, with file and record")
    placeholder = f"{cases} records..."
    expect(listed.get_by_placeholder(placeholder)).to_be_visible(timeout=WAIT)
    file_name = value(
        superset,
        "select file_name from marts.indicator_cases where recency = 'latest'"
        f" and indicator_label = '{label}'"
        " order by case_kind desc, due_at, case_id limit 1",
    )
    expect(listed.locator("tbody tr").first).to_contain_text(label, timeout=WAIT)
    expect(listed.locator("tbody tr").first).to_contain_text(file_name)


def test_the_list_and_the_trend_mean_the_same_worst_indicator(
    board: Board, superset: Settings
) -> None:
    board.open("indicator-performance")
    board.choose("SLA", number=1)  # SLAs score no points: within a band they are equally bad
    worst = rows(
        superset,
        "select indicator_label, indicator_code from marts.indicator_performance"
        " where basis = 'agreed' and recency = 'latest' and is_failed and kind = 'SLA'"
        " order by state_order desc, points desc, indicator_code limit 1",
        "finance",
    )[0]
    listed = board.chart("Worst indicators now").locator("tbody tr")
    expect(listed.first).to_contain_text(worst[0], timeout=WAIT)
    board.expect_drawn("Target", worst[1])


def test_worst_indicator_and_its_cases_are_two_clicks_away(
    board: Board, superset: Settings
) -> None:
    label, cases = rows(
        superset,
        """
        select indicator_label, count(*) from marts.indicator_cases where recency = 'latest'
        group by indicator_label order by min(worst_rank) limit 1
        """,
        "finance",
    )[0]
    board.page.goto(f"{board.base}/dashboard/list/")
    board.take_from_list("indicator-performance")  # the first click
    listed = board.chart("Cases, with file and record")
    expect(listed.locator("tbody tr").first).to_contain_text(label, timeout=WAIT)
    board.chart("Worst indicators now").get_by_text(label, exact=True).first.click()  # the second
    expect(listed.get_by_placeholder(f"{cases} records...")).to_be_visible(timeout=WAIT)


def test_going_from_one_dashboard_to_another_raises_no_complaint(board: Board) -> None:
    board.page.goto(f"{board.base}/dashboard/list/")
    for slug in [*sorted(read().dashboards), min(read().dashboards)]:
        board.take_from_list(slug)
        board.read_through(slug)
        board.page.get_by_role("menuitem", name="Dashboards").click()
        board.page.wait_for_url("**/dashboard/list/**", timeout=WAIT)
    assert board.complaints == []


def test_what_is_not_known_is_shown_as_that_and_not_as_0(board: Board, superset: Settings) -> None:
    board.open("support-cost-ratio")  # the net ratio has no aim, hence no gap
    net = board.chart("Full years").locator("tbody tr", has_text="net")
    expect(net.first.locator("td").last).to_have_text("N/A", timeout=WAIT)
    label = value(
        superset,
        "select indicator_label from marts.indicator_performance where basis = 'agreed'"
        " and recency = 'latest' and is_failed and kind = 'SLA' order by worst_rank limit 1",
    )
    board.open("indicator-performance")  # an SLA scores no points, which is not 0 points
    sla = board.chart("Worst indicators now").locator("tbody tr", has_text=label)
    expect(sla.get_by_text("N/A", exact=True)).to_be_visible(timeout=WAIT)


def test_the_scorecard_shows_a_sign_and_the_value(board: Board, superset: Settings) -> None:
    text = value(
        superset,
        "select result_text from marts.indicator_performance where basis = 'agreed'"
        " and recency = 'latest' and severity = 'minor' and is_in_contract limit 1",
    )
    board.open("indicator-performance")
    board.show("Scorecard")
    expect(board.chart("Scorecard")).to_contain_text(text, timeout=WAIT)


def test_the_gap_is_support_cost_less_15_per_cent(superset: Settings) -> None:
    cost, spent, gap = rows(
        superset,
        "select support_cost_gbp, expenditure_gbp, gap_gbp from marts.support_cost_ratio"
        " where span = 'rolling12' and basis = 'gross' and recency = 'latest'",
        "finance",
    )[0]
    assert gap == round(cost - Decimal("0.15") * spent, 2)
