"""What is published, what is due and what waits: for `outturn status` and the end of the demo."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from outturn import changes, seeds, server
from outturn.database import connect
from outturn.settings import Settings


def status_of(settings: Settings) -> dict[str, Any]:
    """Facts by name, plain values, in the order in which a person would ask."""
    facts: dict[str, Any] = {"home": str(settings.home), "server": _server(settings)}
    seed_hash = seeds.prepare(settings).seed_hash
    with connect(settings, "publisher") as connection:
        published = connection.execute(
            """
            select publication_id, published_at, first_period, last_period
            from ops.publication where published_at is not null
            order by publication_id desc limit 1
            """
        ).fetchone()
        months = changes.find(connection, datetime.now(UTC), seed_hash)
        files = connection.execute(
            "select status, count(*) from ops.extract_file group by status order by status"
        ).fetchall()
    names = ("publication", "published_at", "first_period", "last_period")
    facts |= dict(zip(names, published or (None,) * 4, strict=True))
    return facts | {"months_due": months.due, "files": dict(files)}


def _server(settings: Settings) -> str:
    if settings.dsn is not None:
        return "OUTTURN_DSN"
    return "running" if server.is_running(settings) else "stopped"
