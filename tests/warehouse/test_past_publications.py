"""A year of publications, each built once more: the same code gives the very figures of then.

Files came late and restated, decisions came, reference data changed; what changed is named.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from outturn import rebuild, refresh, run, sample, sample_post
from outturn.errors import IntakeFailed, NoticeRefused, RebuildDiffers
from outturn.notice import pa23
from outturn.settings import Settings
from tests.conftest import copied_warehouse, rows

MONTHS, STEPS = 12, 4
PUBLICATIONS = range(1, STEPS + 3)
LEDGER = "select entry_key, step, amount_gbp, row_hash from ops.credit_ledger order by entry_number"


def publish(settings: Settings) -> None:
    with contextlib.suppress(IntakeFailed):  # the sample has a ledger that is cut short
        refresh.refresh(settings, everything=True)


@pytest.fixture(scope="module")
def year(server_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Eight months at once, four one by one, then another percentage for a point."""
    home = tmp_path_factory.mktemp("year")
    with copied_warehouse(server_settings, home) as settings:
        folder = home / "sample"
        sample.generate(settings, folder, months=MONTHS, scale=0.002)
        for batch in sample_post.batches(sample_post.items(folder), months=STEPS):
            sample_post.deliver(folder, Path(settings.landing), batch)
            publish(settings)
        seeds = home / "other-seeds"
        shutil.copytree(settings.dbt_path / "seeds", seeds, ignore=shutil.ignore_patterns("*.yml"))
        schemes = seeds / "credit_schemes.csv"
        text = schemes.read_text(encoding="utf-8")
        assert "SP-STANDARD,service_points,0.5," in text
        schemes.write_text(
            text.replace("SP-STANDARD,service_points,0.5,", "SP-STANDARD,service_points,0.4,")
        )
        changed = settings.model_copy(update={"seeds_dir": seeds})
        publish(changed)
        yield changed


@pytest.mark.parametrize("publication", PUBLICATIONS)
def test_a_past_publication_comes_out_again_to_the_byte(year: Settings, publication: int) -> None:
    found = rebuild.rebuild(year, publication)
    assert found.differences == []
    assert found.figures > 5000


def test_what_came_in_later_would_show(year: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the moment at which files were taken in, later files would be in it."""
    plan = run.plan_again
    monkeypatch.setattr(run, "plan_again", lambda *given: replace(plan(*given), seen_by=None))
    with pytest.raises(RebuildDiffers, match="figures of publication 4 differ"):
        rebuild.prove(year, 4)


def test_each_change_names_what_it_came_from(year: Settings) -> None:
    told = rows(
        year,
        "select distinct why_kind, why from marts.publication_changes"
        " where mart = 'indicator_performance'",
        "finance",
    )
    assert {"restatement", "decision"} <= {kind for kind, _ in told}
    whys = " ".join(why for _, why in told)
    assert "SSCL_KPI_Return_2016-08_2.xlsx" in whys
    assert "indicator_decisions_" in whys
    last = rows(
        year,
        "select distinct why from marts.publication_changes where recency = 'latest'"
        " and mart = 'credits_by_period'",
        "finance",
    )
    assert last == [("reference data: credit_schemes.csv",)]


def test_a_change_says_from_and_to_as_history_has_them(year: Settings) -> None:
    wrong = rows(
        year,
        """
        select changes.figure_key, changes.measure from history.figure_change as changes
        where changes.to_value is distinct from (
            select value from history.published_figure as figure
            where (figure.mart, figure.measure, figure.figure_key, figure.publication_id)
                = (changes.mart, changes.measure, changes.figure_key, changes.publication_id)
        ) or changes.from_value is not distinct from changes.to_value
        """,
    )
    assert wrong == []


def test_a_month_published_for_the_first_time_is_no_change(year: Settings) -> None:
    assert rows(
        year,
        """
        select count(*) from history.figure_change as changes
        inner join ops.publication as before
            on before.publication_id = changes.previous_publication_id
        where changes.figure_key ->> 'period_month' > before.last_period
        """,
    ) == [(0,)]


def test_a_credit_is_recorded_once_however_often_its_month_is_built(year: Settings) -> None:
    before = rows(year, LEDGER)
    publish(year)
    refresh.build_and_publish(year, "2016-05")
    assert rows(year, LEDGER) == before
    assert before


def test_a_restatement_after_the_record_is_an_adjustment_with_its_publication(
    year: Settings,
) -> None:
    found = rows(
        year,
        "select period, amount_gbp <> 0, reason, publication_id from ops.credit_ledger"
        " where step = 'adjustment' order by entry_number",
    )
    assert found
    assert all(changed and "computed as £" in reason for _, changed, reason, _ in found)
    assert {publication for *_, publication in found} <= set(PUBLICATIONS)


def test_as_at_a_day_the_ledger_is_what_the_files_of_then_say(year: Settings) -> None:
    refresh.build_as_at(year, date(2016, 4, 30))
    steps = rows(
        year,
        "select max(period_month), max(effective_on), count(*) filter (where step = 'notified')"
        " from asat_20160430_marts.credit_ledger",
    )
    ((last_month, last_day, notified),) = steps
    assert last_month == "2016-03"
    assert last_day <= date(2016, 4, 30)
    assert notified > 0


def test_the_published_ratings_are_exported_by_the_acts_names(
    year: Settings, tmp_path: Path
) -> None:
    table, release = pa23.export(year, "SSCL-BSS", tmp_path)
    lines = table.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("Contract reference,Contract title,Contracting authority,Supplier")
    assert len(lines) - 1 >= 3
    assert all("2015-10-01,2016-09-30" in line for line in lines[1:])
    assert '"noticeType": "UK9"' in release.read_text(encoding="utf-8")
    with pytest.raises(NoticeRefused, match="no assessment period"):
        pa23.export(year, "NONE", tmp_path)
