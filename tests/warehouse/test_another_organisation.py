"""Another organisation's contracts, described in CSV alone, give the figures computed by hand.

Its seeds are written from the public columns, with optional ones absent, in other orders and line
ends. `expected/` was worked out on paper from the rules, not taken from a run.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from outturn.query import copy_csv
from outturn.refresh import build_as_at, refresh
from outturn.seeds import seed_columns
from outturn.settings import PROJECT_ROOT, Settings
from tests.conftest import copied_warehouse, rows
from tests.naughty import secrets_told

# One of their events is called so: it is to arrive in the marts as it is.
NAUGHTY_ID = 'J6\'; drop schema marts; -- "q" %s {{ 7*7 }} <script>alert(1)</script> =1+1 \u202e😀'

THEIRS = Path(__file__).parent / "another_organisation"

CREDITS = """
select contract_code, scheme_code, role, basis, period_month, points, window_points, charges_gbp,
    uncapped_gbp, period_cap_gbp, rolling12_cap_gbp, credit_gbp, cap_bound, headroom_gbp,
    critical_failure, failed_kpis, failed_indicators, is_payable
from marts.credits_by_period
order by contract_code, scheme_code, basis desc, period_month
"""
# Every reported figure; of the recomputed ones those that can be, of the agreed ones the decided.
PERFORMANCE = """
select indicator_code, basis, period_month, status, severity, severity_unrelieved, rating,
    is_repeat, is_late, numerator, denominator, value, value_unrelieved, base_points, points,
    points_unrelieved, scheme_code, fiscal_quarter
from marts.indicator_performance
where contract_code in ('CLEAN', 'CAPS') and (
    basis = 'reported'
    or basis = 'recomputed' and status <> 'not_recomputable'
    or indicator_code = 'C7' and period_month = '2024-06'
)
order by indicator_code, basis desc, period_month
"""
AGREED_OTHERWISE = """
select agreed.indicator_code, agreed.period_month
from marts.indicator_performance as agreed
inner join marts.indicator_performance as reported
    using (indicator_code, period_month, file_name, record_number)
where agreed.basis = 'agreed' and reported.basis = 'reported'
    and (agreed.value, agreed.points) is distinct from (reported.value, reported.points)
"""


@pytest.fixture(scope="module")
def theirs(
    server_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Their warehouse, refreshed once for every test of this module."""
    landing = tmp_path_factory.mktemp("landing")
    shutil.copytree(THEIRS / "landing", landing, dirs_exist_ok=True)
    events = landing / "supplier" / "service_events_2024-06.csv"
    text = events.read_text(encoding="utf-8")
    events.write_text(text.replace(",J6,", f",{quoted(NAUGHTY_ID)},"), encoding="utf-8")
    with copied_warehouse(server_settings, tmp_path_factory.mktemp("theirs")) as copied:
        settings = copied.model_copy(
            update={
                "seeds_dir": THEIRS / "seeds",
                "landing_url": str(landing),
                "settle_seconds": 0,
            }
        )
        refresh(settings, everything=True)
        yield settings


def quoted(text: str) -> str:
    """A cell of a CSV."""
    return '"' + text.replace('"', '""') + '"'


def asked(settings: Settings, query: str) -> list[str]:
    """What `outturn sql --csv` answers, line by line."""
    out = io.BytesIO()
    copy_csv(settings, query, out)
    return out.getvalue().decode().splitlines()


def expected(mart: str) -> list[str]:
    return (THEIRS / "expected" / f"{mart}.csv").read_text(encoding="utf-8").splitlines()


def test_points_repeats_and_both_caps_are_those_computed_by_hand(theirs: Settings) -> None:
    assert asked(theirs, CREDITS) == expected("credits_by_period")


def test_values_bands_relief_and_lateness_are_those_computed_by_hand(theirs: Settings) -> None:
    assert asked(theirs, PERFORMANCE) == expected("indicator_performance")
    assert rows(theirs, AGREED_OTHERWISE) == [("C7", "2024-06")]


def test_only_bases_that_differ_in_band_or_points_disagree(theirs: Settings) -> None:
    query = """
        select indicator_code, period_month, reported_severity, recomputed_severity,
            agreed_severity, recomputed_effect_gbp, agreed_effect_gbp
        from marts.indicator_disagreements order by period_month
    """
    assert asked(theirs, query)[1:] == [
        "C7,2024-04,met,minor,met,10000.00,0.00",
        "C7,2024-06,minor,minor,met,0.00,-10000.00",
    ]


def test_a_case_is_shown_in_the_newest_state_it_was_delivered_in(theirs: Settings) -> None:
    query = """
        select period_month, case_id, case_kind, file_name, record_number
        from marts.indicator_cases where indicator_code = 'C7'
        order by period_month, case_id
    """
    assert asked(theirs, query)[1:] == [
        "2024-04,J2,failed,service_events_2024-05.csv,1",
        "2024-04,J4,failed,service_events_2024-04.csv,4",
        f"2024-06,{quoted(NAUGHTY_ID)},failed,service_events_2024-06.csv,1",
        "2024-06,J7,failed,service_events_2024-06.csv,2",
        "2024-06,J8,failed,service_events_2024-06.csv,3",
        "2024-08,R1,excluded,relief_claims_2024-09.csv,1",
    ]


def test_support_costs_follow_a_mapping_that_changes_with_the_day(theirs: Settings) -> None:
    query = """
        select span, basis, period_month, support_cost_gbp, expenditure_gbp, ratio_pct, gap_gbp
        from marts.support_cost_ratio where span in ('month', 'fytd')
        order by span desc, basis, period_month
    """
    assert asked(theirs, query)[1:] == [
        "month,gross,2024-04,150.00,1000.00,15.0000,50.00",
        "month,gross,2024-05,200.50,1000.00,20.0500,100.50",
        "month,net,2024-04,150.00,900.00,16.6667,",
        "month,net,2024-05,200.50,1000.00,20.0500,",
        "fytd,gross,2024-04,150.00,1000.00,15.0000,50.00",
        "fytd,gross,2024-05,350.50,2000.00,17.5250,150.50",
        "fytd,net,2024-04,150.00,900.00,16.6667,",
        "fytd,net,2024-05,350.50,1900.00,18.4474,",
    ]


def test_statements_are_checked_against_their_own_figures(theirs: Settings) -> None:
    query = "select statement_code, verdict_text from marts.statement_checks order by 1"
    assert asked(theirs, query)[1:] == [
        "KPIS,● agrees exactly",
        "ONLY,○ cannot be checked independently",
        "SAVING,● agrees at the stated precision",
        "TERM,▲ disagrees by 1 years (less)",
    ]


def test_a_source_reports_only_on_its_own_contracts(theirs: Settings) -> None:
    ((name, line, errors),) = rows(
        theirs,
        """
        select delivery.name, record.line_number, record.errors
        from quarantine.record as record inner join ops.delivery as delivery using (file_id)
        """,
    )
    assert (name, line) == ("indicator_returns_2024-04.csv", 9)
    assert (errors[0]["column"], errors[0]["value"]) == ("contract_code", "ELSE")


def test_nothing_of_the_demonstration_is_left_anywhere(theirs: Settings) -> None:
    seeds = PROJECT_ROOT / "dbt_project" / "seeds"
    codes = {
        line.split(",")[0]
        for name in ("contracts", "indicators", "credit_schemes", "posts_baselines")
        for line in (seeds / f"{name}.csv").read_text(encoding="utf-8").splitlines()[1:]
    }
    tables = rows(
        theirs,
        """
        select format('%I.%I', schemaname, tablename) from pg_tables
        where schemaname in ('landing', 'staging', 'intermediate', 'marts', 'quarantine')
        """,
    )
    assert len(tables) > len(seed_columns(seeds))
    for (table,) in tables:
        query = (
            f"select distinct cell.value from {table} as x, jsonb_each_text(to_jsonb(x)) as cell"
        )
        assert codes.isdisjoint(value for (value,) in rows(theirs, query)), table


def test_a_day_in_the_past_knows_only_what_had_come(theirs: Settings) -> None:
    """June came late, July was not restated yet, and nobody had decided anything."""
    build_as_at(theirs, date(2024, 8, 10))
    query = """
        select contract_code, period_month, points, credit_gbp
        from asat_20240810_marts.credits_by_period where is_payable and period_month > '2024-05'
        order by contract_code, period_month
    """
    assert asked(theirs, query)[1:] == [
        "CAPS,2024-06,15,100.00",
        "CAPS,2024-07,0,0.00",
        "CLEAN,2024-06,11,110000.00",
        "CLEAN,2024-07,9,",
    ]
    assert asked(theirs, CREDITS) == expected("credits_by_period")


def test_nothing_that_a_refresh_leaves_tells_a_secret(theirs: Settings) -> None:
    """Archive, logs of dbt, its compiled code and results, check pages, every row of ops."""
    assert (theirs.home / "dbt").is_dir()
    assert secrets_told(theirs) == []
