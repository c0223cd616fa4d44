"""The facts that the demonstration must reproduce, on a small generated sample, end to end.

They are tests of the demonstration, not of the models: another organisation's seeds must pass.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from outturn import refresh, sample
from outturn.database import connect
from outturn.errors import IntakeFailed
from outturn.settings import Settings
from tests.conftest import copied_warehouse, marts_checksums, rows


@pytest.fixture(scope="module")
def published(
    server_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Four service months of the demonstration, published once for every test of this module."""
    home = tmp_path_factory.mktemp("demonstration")
    with copied_warehouse(server_settings, home) as settings:
        sample.generate(settings, Path(settings.landing), months=4, scale=0.002)
        with pytest.raises(IntakeFailed, match="cut short"):
            refresh.refresh(settings, everything=True)
        yield settings


def one(settings: Settings, query: str) -> Any:
    return rows(settings, query, "finance")[0]


def test_23_kpis_and_71_slas_are_live_on_day_1(published: Settings) -> None:
    found = rows(
        published,
        """
        select indicators.kind, count(distinct indicators.indicator_code)
        from staging.indicators as indicators
        inner join staging.indicator_versions as versions using (indicator_code)
        where '2015-10-01' between versions.valid_from and coalesce(versions.valid_to, 'infinity')
        group by indicators.kind order by indicators.kind
        """,
    )
    assert found == [("KPI", 23), ("SLA", 71)]


def test_support_costs_of_2014_15_are_690m_and_22_per_cent(published: Settings) -> None:
    cost, ratio = one(
        published,
        """
        select support_cost_gbp, round(ratio_pct, 1) from marts.support_cost_ratio
        where fiscal_year = '2014/15' and span = 'year' and basis = 'gross'
        """,
    )
    assert (cost, ratio) == (Decimal("690000000.00"), Decimal("22.0"))


def test_the_saving_stated_as_9_6m_agrees_only_by_truncation(published: Settings) -> None:
    value, verdict = one(
        published,
        "select computed_value * 1000000, verdict from marts.statement_checks"
        " where statement_code = 'FM-SAVING-GBP'",
    )
    assert (value, verdict) == (Decimal("9671832.60"), "agrees only by truncation")


def test_every_file_ties_from_delivery_to_mart(published: Settings) -> None:
    layers, broken = one(
        published,
        "select count(*), count(*) filter (where not is_reconciled) from marts.reconciliation",
    )
    assert layers > 0
    assert broken == 0


def test_points_make_credits_by_hand(published: Settings) -> None:
    """service_points: points × percent per point × charges, before the caps, to the penny."""
    found = rows(
        published,
        """
        select credits.points * schemes.pct_per_point / 100 * credits.charges_gbp,
            credits.uncapped_gbp
        from marts.credits_by_period as credits
        inner join staging.credit_schemes as schemes using (scheme_code)
        where credits.method = 'service_points' and credits.points > 0
        """,
    )
    assert found
    assert all(abs(by_hand - stored) <= Decimal("0.005") for by_hand, stored in found)


def test_every_published_figure_is_kept(published: Settings) -> None:
    """Marts with a primary key: the evidence (cases, exceptions) is in files, not in history."""
    found = rows(published, "select distinct mart from history.published_figure")
    assert {mart for (mart,) in found} >= {
        *("indicator_performance", "indicator_disagreements", "credits_by_period"),
        *("support_cost_ratio", "support_cost_by_category", "statement_checks"),
    }


def test_delivering_everything_again_changes_nothing(published: Settings) -> None:
    before = marts_checksums(published)
    landing = Path(published.landing)
    for path in sorted(landing.glob("supplier/SSCL_Charges_*.csv")):
        shutil.copy2(path, path.with_name(f"{path.stem}_9.csv"))
    assert refresh.refresh(published, everything=True) is not None
    assert marts_checksums(published) == before


def test_the_reader_reads_marts_and_nothing_else(published: Settings) -> None:
    with (
        connect(published, "finance") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("select * from staging.contracts")
