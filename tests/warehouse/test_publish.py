"""The swap: readers see no mixture, a repetition changes nothing, history keeps changes."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import psycopg
import pytest

from outturn import changes, publish, run, seeds
from outturn.database import connect
from outturn.errors import LeaseTaken, PublishFailed
from outturn.settings import Settings
from tests.conftest import rows


def planned(settings: Settings, number: int) -> run.Run:
    """A recorded run over no files at all."""
    seed_set = seeds.prepare(settings)
    seeds.register(settings, seed_set)
    key = f"outturn-build-{number}"
    with connect(settings, "publisher") as connection:
        one = run.Run(
            key, 0, datetime.now(UTC), seed_set.seed_hash, seed_set.path, "2016-01", "2016-01", []
        )
        run._record(connection, one, {})
    return run.load(settings, key)


def build(settings: Settings, one: run.Run, value: str) -> None:
    """What dbt would leave behind: a mart with a key, and the publication's row."""
    with connect(settings, "transformer") as connection:
        connection.execute("set role outturn_models")
        connection.execute("select staging.begin_marts('marts_next')")
        connection.execute(
            "create table marts_next.ratio (period_month text primary key, ratio_pct numeric)"
        )
        connection.execute("insert into marts_next.ratio values ('2016-01', %s)", (value,))
        connection.execute(
            "create table marts_next.publication as select %s::bigint as publication_id",
            (one.publication_id,),
        )
        connection.execute(
            "grant select on all tables in schema marts_next to outturn_finance, outturn_publisher"
        )


FIGURES = "select publication_id, measure, value from history.published_figure order by 1, 2"


def test_publishing_swaps_and_records_only_what_changed(warehouse_settings: Settings) -> None:
    for number, value in ((1, "22.00"), (2, "22.00"), (3, "21.90")):
        one = planned(warehouse_settings, number)
        build(warehouse_settings, one, value)
        assert publish.publish(warehouse_settings, one)
    assert rows(warehouse_settings, "select ratio_pct::text from marts.ratio", "finance") == [
        ("21.90",)
    ]
    assert rows(warehouse_settings, FIGURES) == [
        (1, "ratio_pct", "22.00"),
        (3, "ratio_pct", "21.90"),
    ]


def test_publishing_again_changes_nothing(warehouse_settings: Settings) -> None:
    one = planned(warehouse_settings, 1)
    build(warehouse_settings, one, "22.00")
    publish.publish(warehouse_settings, one)
    assert publish.publish(warehouse_settings, one) is False
    assert rows(warehouse_settings, FIGURES) == [(1, "ratio_pct", "22.00")]


def test_another_runs_marts_are_not_published(warehouse_settings: Settings) -> None:
    first, second = planned(warehouse_settings, 1), planned(warehouse_settings, 2)
    build(warehouse_settings, second, "22.00")
    with pytest.raises(PublishFailed, match="not 1"):
        publish.publish(warehouse_settings, first)
    assert rows(warehouse_settings, FIGURES) == []


def test_a_file_accepted_during_the_build_refuses_the_publication(
    warehouse_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = planned(warehouse_settings, 1)
    build(warehouse_settings, one, "22.00")
    later = changes.Months(["2016-01"], ["2016-01"], {"2016-01": "other"}, is_changed=True)
    monkeypatch.setattr(changes, "find", lambda *_: later)
    with pytest.raises(PublishFailed, match="2016-01"):
        publish.publish(warehouse_settings, one)


def test_a_reader_is_never_waited_for_and_keeps_its_table(warehouse_settings: Settings) -> None:
    first = planned(warehouse_settings, 1)
    build(warehouse_settings, first, "22.00")
    publish.publish(warehouse_settings, first)
    with connect(warehouse_settings, "finance") as reader:
        reader.execute("select * from marts.ratio")
        second = planned(warehouse_settings, 2)
        build(warehouse_settings, second, "21.00")
        assert publish.publish(warehouse_settings, second)
        assert reader.execute("select ratio_pct from marts.ratio").fetchone() is not None
    third = planned(warehouse_settings, 3)
    build(warehouse_settings, third, "20.00")
    publish.publish(warehouse_settings, third)
    leftovers = "select nspname from pg_namespace where nspname like 'marts_before%'"
    assert rows(warehouse_settings, leftovers) == []


def test_two_runs_cannot_hold_the_lease(warehouse_settings: Settings) -> None:
    with (
        run.lease(warehouse_settings, "first"),
        pytest.raises(LeaseTaken, match="lease first"),
        run.lease(warehouse_settings, "second"),
    ):
        pass
    with run.lease(warehouse_settings, "third"):
        pass


def test_a_killed_holder_gives_its_lease_back(warehouse_settings: Settings) -> None:
    with run.lease(warehouse_settings, "first"):
        with connect(warehouse_settings, "admin") as connection:
            connection.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                " where application_name = 'lease first'"
            )
        with run.lease(warehouse_settings, "second"):
            pass


def test_a_run_is_refused_without_its_build(warehouse_settings: Settings) -> None:
    one = planned(warehouse_settings, 1)
    with pytest.raises((PublishFailed, psycopg.Error)):
        publish.publish(warehouse_settings, dataclasses.replace(one, publication_id=99))
