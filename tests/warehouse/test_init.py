"""What `outturn init` makes: roles that may do their own work and nothing else."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest

from outturn import warehouse
from outturn.database import Role, connect
from outturn.settings import Settings
from tests.conftest import rows


def test_a_second_init_changes_nothing(server_settings: Settings) -> None:
    digest = """
        select md5(string_agg(day::text || is_working_day, ',' order by day)) from ops.calendar_day
    """
    before = rows(server_settings, digest)
    warehouse.initialise(server_settings)
    assert rows(server_settings, digest) == before


def test_owners_cannot_log_in(server_settings: Settings) -> None:
    found = rows(
        server_settings,
        """
        select rolname, rolcanlogin from pg_roles
        where rolname in ('outturn_owner', 'outturn_models', 'outturn_published')
        """,
    )
    owners = ("outturn_models", "outturn_owner", "outturn_published")
    assert sorted(found) == [(owner, False) for owner in owners]


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("finance", "select * from ops.extract_file"),
        ("finance", "select * from landing.supplier__indicator_returns"),
        ("finance", "create table marts.mine (a integer)"),
        ("loader", "select * from history.published_figure"),
        ("loader", "select ops.swap_marts(1)"),
        ("loader", "delete from ops.extract_file"),
        (
            "transformer",
            "insert into ops.delivery (file_id) values (1)",
        ),
        ("transformer", "delete from landing.supplier__indicator_returns"),
        ("publisher", "update history.published_figure set value = '0'"),
        ("publisher", "delete from landing.supplier__indicator_returns"),
        ("publisher", "drop schema marts cascade"),
    ],
)
def test_no_role_may_do_another_ones_work(
    warehouse_settings: Settings, role: Role, statement: str
) -> None:
    with (
        connect(warehouse_settings, role) as connection,
        pytest.raises(
            (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)
        ),
    ):
        connection.execute(statement)  # type: ignore[call-overload]


def test_history_refuses_change_even_to_its_owner(warehouse_settings: Settings) -> None:
    with connect(warehouse_settings, "admin") as connection:
        connection.execute("set role outturn_owner")
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            connection.execute("truncate history.published_figure")


@pytest.mark.parametrize(
    ("day", "working_days", "expected"),
    [
        # Good Friday 25 March and Easter Monday 28 March 2016 are no working days.
        (date(2016, 3, 24), 1, date(2016, 3, 29)),
        (date(2016, 3, 26), 1, date(2016, 3, 29)),
        (date(2015, 12, 24), 2, date(2015, 12, 30)),
        (date(2016, 4, 30), 5, date(2016, 5, 9)),
    ],
)
def test_working_days_are_counted_from_the_day_after(
    server_settings: Settings, day: date, working_days: int, expected: date
) -> None:
    found = rows(server_settings, f"select ops.add_working_days('{day}', {working_days})")
    assert found == [(expected,)]
