"""One embedded server for the whole test session; each warehouse test gets a database of its own.

The database is copied from an initialised template, which takes a tenth of a second.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from outturn import database, server, warehouse
from outturn.settings import Settings

PRISTINE = "pristine"


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def server_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An initialised warehouse on an embedded server of the session's own."""
    os.environ.pop("OUTTURN_DSN", None)
    home = tmp_path_factory.mktemp("outturn")
    settings = Settings(home=home / "home", pg_port=free_port(), airflow_port=free_port())
    server.start(settings)
    try:
        warehouse.initialise(settings)
        # Copies are made of this one, whatever a test does to the session's own database.
        _administer(settings, "create database {} template outturn", PRISTINE)
        yield settings
    finally:
        server.remove(settings)


@contextmanager
def copied_warehouse(server_settings: Settings, home: Path) -> Iterator[Settings]:
    """Settings of a fresh copy of the initialised database, with an empty archive and landing."""
    name = f"outturn_{os.getpid()}_{abs(hash(str(home))) % 10**8}"
    home.mkdir(exist_ok=True)
    (home / "secrets.json").write_bytes(server_settings.secrets_path.read_bytes())
    (home / "seeds").symlink_to(server_settings.home / "seeds")
    _administer(server_settings, f"create database {{}} template {PRISTINE}", name)
    _administer(server_settings, "grant create, temporary on database {} to outturn_models", name)
    _administer(server_settings, "grant create on database {} to outturn_published", name)
    try:
        yield server_settings.model_copy(update={"home": home, "database": name})
    finally:
        _administer(server_settings, "drop database {} with (force)", name)


@pytest.fixture
def warehouse_settings(server_settings: Settings, tmp_path: Path) -> Iterator[Settings]:
    """A warehouse of the test's own."""
    with copied_warehouse(server_settings, tmp_path / "home") as settings:
        yield settings


@pytest.fixture(scope="module")
def empty_warehouse(
    server_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """A warehouse shared by a module's tests, nothing delivered."""
    with copied_warehouse(server_settings, tmp_path_factory.mktemp("empty")) as settings:
        yield settings


def _administer(settings: Settings, statement: str, name: str) -> None:
    with psycopg.connect(server.admin_dsn(settings), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


def rows(
    settings: Settings, query: str, role: database.Role | database.AudienceCode = "admin"
) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    with database.connect(settings, role) as connection:
        found: list[tuple[Any, ...]] = connection.execute(query).fetchall()  # type: ignore[call-overload]
        return found


def marts_checksums(settings: Settings, schema: str = "marts") -> dict[str, str]:
    """A checksum of each mart's rows, whatever their order; the publication's own row left out."""
    tables = rows(
        settings,
        f"select tablename from pg_tables where schemaname = '{schema}'"
        " and tablename <> 'publication' order by tablename",
    )
    checksum = "select md5(coalesce(string_agg(row::text, chr(10) order by row::text), ''))"
    return {
        table: rows(settings, f"{checksum} from {schema}.{table} as row")[0][0]
        for (table,) in tables
    }
