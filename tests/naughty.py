"""Values that mean something to some program on their way, and must come through as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil

from outturn.database import connect
from outturn.secret_store import all_secrets
from outturn.settings import Settings

STRINGS = (
    "'; drop schema landing cascade; --",
    "Robert'); DELETE FROM ops.delivery; --",
    '"quoted" and \\backslash\\ and \\N and \\.',
    "%s %(x)s {0} {x} $1 :x ${HOME} `id`",
    "{{ 7 * 7 }} {% raw %} {# x #}",
    "<script>alert('x')</script><img src=x onerror=alert(1)>",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(A1)",
    "\u202eright to left\u202c",
    "zero\u200bwidth \ufeff mark",
    "😀 👩‍👩‍👧 e\u0301",
    "null",
    "../../etc/passwd",
    "[red]markup[/red]",
)
# Files that hold secrets by design, readable by their owner alone; the server's own data.
HOLDERS = {"secrets.json", "airflow.cfg", "superset.env"}


def secrets_told(settings: Settings, *more: str) -> list[str]:
    """Where a generated password or one of `more` stands that must not be.

    Looked at: files under the home, rows of the warehouse, command lines of running processes.
    """
    words = {*all_secrets(settings).values(), *more}
    found = [str(path) for path in settings.home.rglob("*") if _tells(path, words)]
    found += [
        f"process {process.pid}"
        for process in psutil.process_iter(["cmdline"])
        if _any_in(words, process.info["cmdline"] or ())
    ]
    with connect(settings, "admin") as connection:
        tables = connection.execute(
            "select schemaname, tablename from pg_tables"
            " where schemaname in ('ops', 'quarantine', 'history', 'marts')"
        ).fetchall()
        for schema, table in tables:
            rows = connection.execute(f"select t::text from {schema}.{table} as t").fetchall()  # type: ignore[call-overload]
            if _any_in(words, (text for (text,) in rows)):
                found.append(f"{schema}.{table}")
    return found


def _tells(path: Path, words: set[str]) -> bool:
    if path.name in HOLDERS or not path.is_file():
        return False
    return _any_in(words, [path.read_text(encoding="utf-8", errors="replace")])


def _any_in(words: set[str], texts: Any) -> bool:
    return any(word in text for text in texts for word in words)
