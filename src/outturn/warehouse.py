"""`outturn init`: roles, databases, schemas, tables. A second run changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from importlib.resources import files
from typing import Any

import holidays
import psycopg
from psycopg import sql

from outturn import audiences, landing, seeds
from outturn.audiences import Audience
from outturn.contracts import load_contracts
from outturn.database import (
    LOGIN_ROLES,
    SERVICE_ROLES,
    AudienceCode,
    connect,
    default_database,
    login_name,
)
from outturn.progress import step
from outturn.secret_store import keep_only, secret
from outturn.settings import Settings

RECORDS_OWNER = "outturn_owner"
MODELS_OWNER = "outturn_models"
PUBLISHED_OWNER = "outturn_published"

# Statement files in their order, each run as the role that is to own what it makes.
STATEMENT_FILES = (
    ("010_schemas.sql", None),
    ("020_intake.sql", RECORDS_OWNER),
    ("021_waiting.sql", RECORDS_OWNER),
    ("030_runs.sql", RECORDS_OWNER),
    ("050_credit_ledger.sql", RECORDS_OWNER),
    ("055_changes.sql", RECORDS_OWNER),
    ("057_audiences.sql", PUBLISHED_OWNER),
    ("040_swap.sql", MODELS_OWNER),
    ("060_publish.sql", PUBLISHED_OWNER),
    ("090_public.sql", None),
)

# The live marts, and those before them that somebody may still be reading.
READ_SCHEMAS = r"""
select ops.take_over(nspname) from pg_namespace where nspname ~ '^marts(_before_\d+)?$'
"""
CALENDAR_FROM, CALENDAR_TO = date(1995, 1, 1), date(2065, 12, 31)


def initialise(settings: Settings) -> None:
    """Create what the warehouse needs, as the administrator; the only use of that login.

    Raises errors of the contracts and of the reference data, which are read here first.
    """
    contracts = load_contracts(settings)
    readers = audiences.read(settings)
    with step("Roles and databases"), _administrator(settings, "postgres") as connection:
        _create_roles(settings, connection, readers)
        _create_database(connection, settings.database, None)
        _let_in(connection, settings.database, readers)
        for service in SERVICE_ROLES:
            _create_database(connection, default_database(settings, service), login_name(service))
        if settings.dsn is None:
            _close_other_databases(connection)
    with (
        step("Schemas, domains and tables"),
        connect(settings, "admin", autocommit=False) as connection,
    ):
        _close_public(connection)
        for name, owner in STATEMENT_FILES:
            _run_as(connection, owner, [_statement_file(name)])
        _run_as(connection, RECORDS_OWNER, landing.create_statements(contracts))
        _fill_calendar(connection)
        _set_audiences(connection, readers)
    keep_only(settings, "outturn_", {login_name(role) for role in (*LOGIN_ROLES, *readers)})
    with step("Reference data"):
        seeds.register(settings, seeds.prepare(settings))


def _administrator(settings: Settings, database: str) -> Any:
    """A connection outside a transaction: databases cannot be created inside one."""
    return connect(settings, "admin", database=database, autocommit=True)


def _create_roles(
    settings: Settings,
    connection: psycopg.Connection[Any],
    readers: Mapping[AudienceCode, Audience],
) -> None:
    for owner in (RECORDS_OWNER, MODELS_OWNER, PUBLISHED_OWNER):
        _create_role(connection, owner, sql.SQL("nologin"))
        connection.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(owner)))
    for role in {*LOGIN_ROLES, *readers}:
        name = login_name(role)
        password = sql.Literal(secret(settings, name))
        _create_role(connection, name, sql.SQL("login password {}").format(password))
    for member in (login_name("transformer"), PUBLISHED_OWNER):
        connection.execute(
            sql.SQL("grant {} to {}").format(sql.Identifier(MODELS_OWNER), sql.Identifier(member))
        )
    for reader in readers:
        _limit_reader(connection, reader)


def _create_role(connection: psycopg.Connection[Any], name: str, options: sql.Composable) -> None:
    exists = connection.execute("select 1 from pg_roles where rolname = %s", (name,)).fetchone()
    verb = sql.SQL("alter role" if exists else "create role")
    connection.execute(sql.SQL("{} {} {}").format(verb, sql.Identifier(name), options))


def _limit_reader(connection: psycopg.Connection[Any], role: AudienceCode) -> None:
    """A reader's own limits: it cannot write by accident nor hold the server for long."""
    name = sql.Identifier(login_name(role))
    for setting in ("default_transaction_read_only = on", "statement_timeout = '60s'"):
        connection.execute(sql.SQL("alter role {} set ").format(name) + sql.SQL(setting))


def _create_database(connection: psycopg.Connection[Any], name: str, owner: str | None) -> None:
    database = sql.Identifier(name)
    exists = connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone()
    if not exists:
        connection.execute(
            sql.SQL("create database {} encoding 'UTF8' template template0").format(database)
        )
    connection.execute(sql.SQL("revoke all on database {} from public").format(database))
    if owner:
        connection.execute(
            sql.SQL("alter database {} owner to {}").format(database, sql.Identifier(owner))
        )
        return
    for maker in (MODELS_OWNER, PUBLISHED_OWNER):
        connection.execute(
            sql.SQL("grant create on database {} to {}").format(database, sql.Identifier(maker))
        )
    connection.execute(
        sql.SQL("grant temporary on database {} to {}").format(
            database, sql.Identifier(MODELS_OWNER)
        )
    )


def _let_in(
    connection: psycopg.Connection[Any], name: str, readers: Iterable[AudienceCode]
) -> None:
    """Services stay in the databases of their own; everybody else enters the warehouse's."""
    for role in {*LOGIN_ROLES, *readers} - {*SERVICE_ROLES}:
        connection.execute(
            sql.SQL("grant connect on database {} to {}").format(
                sql.Identifier(name), sql.Identifier(login_name(role))
            )
        )


def _close_other_databases(connection: psycopg.Connection[Any]) -> None:
    """On our own server nobody but the administrator enters the databases that initdb made."""
    for name in ("postgres", "template1"):
        connection.execute(
            sql.SQL("revoke all on database {} from public").format(sql.Identifier(name))
        )


def _close_public(connection: psycopg.Connection[Any]) -> None:
    connection.execute("revoke all on schema public from public")


def _set_audiences(
    connection: psycopg.Connection[Any], readers: Mapping[AudienceCode, Audience]
) -> None:
    """Say who reads which contracts and apply it to what is read; who was taken out loses all."""
    rules = audiences.rules(readers.values())
    connection.execute(sql.SQL("set role {}").format(sql.Identifier(PUBLISHED_OWNER)))
    known = connection.execute("select distinct login from ops.audience").fetchall()
    connection.execute("delete from ops.audience")
    connection.cursor().executemany("insert into ops.audience values (%s, %s)", list(rules))
    connection.execute(READ_SCHEMAS)
    connection.execute("reset role")
    for gone in sorted({login for (login,) in known} - {login for login, _ in rules}):
        name = sql.Identifier(gone)
        connection.execute(sql.SQL("alter role {} nologin password null").format(name))
        connection.execute(sql.SQL("drop owned by {}").format(name))


def _statement_file(name: str) -> str:
    return (files("outturn") / "sql" / name).read_text(encoding="utf-8")


def _run_as(connection: psycopg.Connection[Any], owner: str | None, statements: list[str]) -> None:
    if owner:
        connection.execute(sql.SQL("set role {}").format(sql.Identifier(owner)))
    for statement in statements:
        connection.execute(statement.encode())
    connection.execute("reset role")


def _fill_calendar(connection: psycopg.Connection[Any]) -> None:
    """England's bank holidays as rows; written again only when the library knows otherwise."""
    expected = calendar_rows(CALENDAR_FROM, CALENDAR_TO)
    connection.execute(sql.SQL("set role {}").format(sql.Identifier(RECORDS_OWNER)))
    found = connection.execute("select * from ops.calendar_day order by day").fetchall()
    if found != expected:
        connection.execute("delete from ops.calendar_day")
        with connection.cursor().copy("copy ops.calendar_day from stdin") as copy:
            for row in expected:
                copy.write_row(row)
    connection.execute("reset role")


def calendar_rows(first: date, last: date) -> list[tuple[date, bool, str | None, int]]:
    """(day, is a working day, bank holiday's name, working days up to and including it)."""
    england = holidays.country_holidays(
        "GB", subdiv="ENG", years=range(first.year, last.year + 1), language="en_GB"
    )
    rows: list[tuple[date, bool, str | None, int]] = []
    index = 0
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        name = england.get(day)
        working = day.weekday() < 5 and name is None
        index += working
        rows.append((day, working, name, index))
    return rows
