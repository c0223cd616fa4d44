"""Pages of what was checked, for a reader without a network: one a file, and an index of all.

They are made from what `ops` holds, so they can be made again at any time.
"""

from __future__ import annotations

import os
import tempfile
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from jinja2 import Environment, PackageLoader, StrictUndefined
from psycopg.rows import dict_row

from outturn.database import connect
from outturn.settings import Settings

SET_ASIDE_SHOWN = 50
LONDON = ZoneInfo("Europe/London")

_FILES = """
select extract_file.file_id, extract_file.extract, extract_file.sha256, extract_file.size_bytes,
    extract_file.status, extract_file.refusal, extract_file.records, extract_file.landed,
    extract_file.quarantined, extract_file.checked_at, first_delivery.name,
    first_delivery.received_at, part.periods, result.warnings, result.failed_checks
from ops.extract_file as extract_file
cross join lateral (
    select delivery.name, delivery.received_at from ops.delivery as delivery
    where delivery.file_id = extract_file.file_id order by delivery.delivery_id limit 1
) as first_delivery
cross join lateral (
    select nullif(concat_ws(' to ', min(file_part.period),
        nullif(max(file_part.period), min(file_part.period))), '') as periods
    from ops.file_part as file_part
    where file_part.file_id = extract_file.file_id and file_part.period <> ''
) as part
cross join lateral (
    select count(*) filter (where not success and severity = 'warning') as warnings,
        array_agg(check_name order by check_name) filter (where not success) as failed_checks
    from ops.check_result where check_result.file_id = extract_file.file_id
) as result
where %(file_id)s::bigint is null or extract_file.file_id = %(file_id)s
order by first_delivery.received_at desc, extract_file.file_id desc
"""


def file_page(settings: Settings, file_id: int) -> Path:
    """Where the page of a file is."""
    return settings.home / "checks" / f"{file_id}.html"


def index_page(settings: Settings) -> Path:
    """Where the page of all files is."""
    return settings.home / "checks" / "index.html"


def render_pages(settings: Settings) -> Path:
    """Write every page anew from what is recorded; the index's path."""
    with connect(settings, "loader") as connection:
        checked = connection.execute(
            "select file_id from ops.extract_file where checked_at is not null order by file_id"
        ).fetchall()
        for (file_id,) in checked:
            write_file_page(settings, connection, file_id)
    return write_index(settings)


def write_file_page(settings: Settings, connection: psycopg.Connection[Any], file_id: int) -> Path:
    """Write the page of one checked file."""
    with connection.cursor(row_factory=dict_row) as cursor:
        file = cursor.execute(_FILES, {"file_id": file_id}).fetchone()
        checks = cursor.execute(
            """
            select check_name, column_name, severity, success, observed, unexpected_count, details
            from ops.check_result where file_id = %s
            order by success, severity, check_name
            """,
            (file_id,),
        ).fetchall()
        set_aside = cursor.execute(
            """
            select line_number, errors from quarantine.record
            where file_id = %s order by line_number limit %s
            """,
            (file_id, SET_ASIDE_SHOWN),
        ).fetchall()
        deliveries = cursor.execute(
            """
            select received_at, name, url from ops.delivery
            where file_id = %s order by delivery_id
            """,
            (file_id,),
        ).fetchall()
    failed = [c for c in checks if not c["success"] and c["severity"] == "critical"]
    facts = {"file": file, "checks": checks, "set_aside": set_aside, "deliveries": deliveries}
    return _write(file_page(settings, file_id), "file.html", facts | {"failed": failed})


def write_index(settings: Settings) -> Path:
    """Write the page of all files."""
    with (
        connect(settings, "loader") as connection,
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        files = cursor.execute(_FILES, {"file_id": None}).fetchall()
        waiting = cursor.execute(
            "select source, name, reason, first_seen_at from ops.waiting_file order by 1, 2"
        ).fetchall()
    return _write(index_page(settings), "index.html", {"files": files, "waiting": waiting})


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("outturn.check"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"moment": _moment, "count": _count, "words": _words}
    return environment


def _moment(value: datetime | None) -> str:
    return "" if value is None else f"{value.astimezone(LONDON):%d/%m/%Y %H:%M}"


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _words(name: str) -> str:
    """`charges_add_up` as a person would write it."""
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]


def _write(path: Path, template: str, facts: dict[str, Any]) -> Path:
    """Write a page whole or not at all: a reader may be looking at it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = _environment().get_template(template).render(facts)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
    Path(temporary).chmod(0o644)
    Path(temporary).replace(path)
    return path
