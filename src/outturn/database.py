"""Connections, one login role for each kind of work: nobody connects as more than it needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, NewType

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy.engine import URL
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_exponential

from outturn import server
from outturn.errors import NotReady, ServerProblem
from outturn.secret_store import all_secrets
from outturn.settings import Settings

Role = Literal["admin", "loader", "transformer", "publisher", "finance", "airflow", "superset"]
# Readers that reference data names, each a login role too; only audiences.py makes one of a text.
AudienceCode = NewType("AudienceCode", str)

LOGIN_ROLES: tuple[Role, ...] = (
    "loader",
    "transformer",
    "publisher",
    "finance",
    "airflow",
    "superset",
)
# Services whose metadata is a database of their own; they do not log in to the warehouse.
SERVICE_ROLES: tuple[Role, ...] = ("airflow", "superset")


def login_name(role: Role | AudienceCode) -> str:
    """The PostgreSQL login role behind a kind of work."""
    return f"outturn_{role}"


def dsn_for(settings: Settings, role: Role | AudienceCode, database: str | None = None) -> str:
    """libpq conninfo of a role (password included: never log it).

    Raises NotReady before `outturn init` has made the role.
    """
    base = settings.dsn or server.admin_dsn(settings)
    if role == "admin":
        return make_conninfo(base, dbname=database or settings.database)
    password = all_secrets(settings).get(login_name(role))
    if password is None:
        raise NotReady(
            f"the role {login_name(role)} has no password yet.", remedy="Run `outturn init`."
        )
    chosen = database or default_database(settings, role)
    return make_conninfo(base, user=login_name(role), password=password, dbname=chosen)


def default_database(settings: Settings, role: Role | AudienceCode) -> str:
    """The database that a role works in: a service's own metadata, else the warehouse."""
    own = {"airflow": settings.airflow_database, "superset": settings.superset_database}
    return own.get(role, settings.database)


@contextmanager
def connect(
    settings: Settings,
    role: Role | AudienceCode = "loader",
    *,
    database: str | None = None,
    **options: Any,
) -> Iterator[psycopg.Connection[Any]]:
    """A connection that commits on success, rolls back on an exception and is always closed.

    Raises ServerProblem when the server does not take the connection, without its password.
    """
    try:
        opened = _open(dsn_for(settings, role, database), options)
    except psycopg.OperationalError as problem:
        raise ServerProblem(
            f"PostgreSQL does not take {login_name(role)}: {str(problem).strip()}.",
            remedy="Is it running, and is `outturn init` done? `outturn doctor` looks.",
        ) from problem
    with opened as connection:
        yield connection


@retry(
    retry=retry_if_exception_type(psycopg.OperationalError),
    stop=stop_after_delay(15),
    wait=wait_exponential(multiplier=0.1, max=2),
    reraise=True,
)
def _open(conninfo: str, options: dict[str, Any]) -> psycopg.Connection[Any]:
    return psycopg.connect(conninfo, connect_timeout=5, **options)


def sqlalchemy_url(
    settings: Settings, role: Role | AudienceCode, database: str | None = None
) -> str:
    """The same connection as a SQLAlchemy URL (psycopg2, named in full as Airflow wants it)."""
    parts = conninfo_to_dict(dsn_for(settings, role, database))
    url = URL.create(
        "postgresql+psycopg2",
        username=_text(parts.get("user")),
        password=_text(parts.get("password")),
        host=_text(parts.get("host")),
        port=int(str(parts["port"])) if parts.get("port") else None,
        database=_text(parts.get("dbname")),
    )
    return url.render_as_string(hide_password=False)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
