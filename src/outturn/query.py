"""`outturn sql`: one read-only statement over the marts, as one audience, with a timeout."""

from __future__ import annotations

from typing import IO, Any

import psycopg

from outturn import audiences
from outturn.database import AudienceCode, connect
from outturn.errors import QueryRefused
from outturn.seed_audiences import FINANCE
from outturn.settings import Settings

_NO_SUCH_TABLE = (
    psycopg.errors.UndefinedTable,
    psycopg.errors.InvalidSchemaName,
    psycopg.errors.InsufficientPrivilege,
)
_MARTS = """
select table_name from information_schema.tables where table_schema = 'marts' order by table_name
"""


def ask(
    settings: Settings, query: str, audience: str = FINANCE
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and rows. Raises QueryRefused with PostgreSQL's reason, AudienceUnknown.

    Parameters force the extended protocol, which takes exactly one statement; the reader's
    transactions are read-only.
    """
    reader = audiences.find(settings, audience).code
    try:
        with connect(settings, reader) as connection:
            cursor = connection.execute(query.replace("%", "%%").encode(), {})
            return [column.name for column in cursor.description or ()], cursor.fetchall()
    except psycopg.Error as problem:
        raise _refused(settings, problem, reader) from problem


def copy_csv(settings: Settings, query: str, out: IO[bytes], audience: str = FINANCE) -> None:
    """The same as CSV with a header, streamed."""
    reader = audiences.find(settings, audience).code
    statement = f"copy ({query.rstrip().rstrip(';')}) to stdout (format csv, header)"
    try:
        with (
            connect(settings, reader) as connection,
            connection.cursor().copy(statement.encode()) as copy,
        ):
            for block in copy:
                out.write(block)
    except psycopg.Error as problem:
        raise _refused(settings, problem, reader) from problem


def _refused(settings: Settings, problem: psycopg.Error, reader: AudienceCode) -> QueryRefused:
    """PostgreSQL's reason, and where a table is not there or not readable, those that are."""
    remedy = ""
    if isinstance(problem, _NO_SUCH_TABLE):
        with connect(settings, reader) as connection:
            rows = connection.execute(_MARTS).fetchall()
        names = ", ".join(f"marts.{name}" for (name,) in rows)
        remedy = f"There are: {names}." if names else "Nothing is published yet: outturn refresh."
    said = str(problem).strip()
    return QueryRefused(f"{said}\n" if remedy else said, remedy=remedy)
