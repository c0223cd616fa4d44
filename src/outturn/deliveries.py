"""What was delivered, in `ops`: contents, sightings of them, and what waits at the sources.

A content (sha256 of an extract) is registered once. A sighting under an address is a delivery;
seeing the same content at the same address again is not. The same content at another address, or
after another content stood at this one, is a new delivery: it makes old bytes the newest again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row


@dataclass(frozen=True)
class Delivery:
    """One sighting of a content under a name. `number` is the `_n` of the name, 0 without one."""

    extract: str
    form: str
    sha256: str
    size_bytes: int
    source: str
    name: str
    number: int
    url: str
    received_at: datetime
    modified_at: datetime | None


@dataclass(frozen=True)
class Known:
    """What was last delivered at an address."""

    url: str
    extract: str
    sha256: str
    size_bytes: int
    modified_at: datetime | None


@dataclass(frozen=True)
class Waiting:
    """A file that lies at a source, or is promised there, and was not taken, and why."""

    url: str
    name: str
    reason: str
    size_bytes: int | None
    modified_at: datetime | None


def latest_by_url(connection: psycopg.Connection[Any], urls: Iterable[str]) -> dict[str, Known]:
    """The last delivery at each of these addresses."""
    with connection.cursor(row_factory=class_row(Known)) as cursor:
        cursor.execute(
            """
            select distinct on (delivery.url)
                delivery.url, extract_file.extract, extract_file.sha256, extract_file.size_bytes,
                delivery.modified_at
            from ops.delivery as delivery
            inner join ops.extract_file as extract_file using (file_id)
            where delivery.url = any(%s)
            order by delivery.url, delivery.delivery_id desc
            """,
            (list(urls),),
        )
        return {known.url: known for known in cursor}


def names_of(connection: psycopg.Connection[Any], extract: str, sha256: str) -> list[str]:
    """The names under which a content was delivered, oldest first."""
    found = connection.execute(
        """
        select delivery.name
        from ops.delivery as delivery
        inner join ops.extract_file as extract_file using (file_id)
        where extract_file.extract = %s and extract_file.sha256 = %s
        order by delivery.delivery_id
        """,
        (extract, sha256),
    )
    return [str(row[0]) for row in found.fetchall()]


def register(connection: psycopg.Connection[Any], delivery: Delivery) -> tuple[int, bool]:
    """Record a delivery in one transaction; its file_id, and whether it is a new delivery.

    A lock on the address makes two rounds at once record one delivery.
    """
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (delivery.url,))
        known = latest_by_url(connection, [delivery.url]).get(delivery.url)
        file_id = _file_id(connection, delivery)
        if known and (known.extract, known.sha256) == (delivery.extract, delivery.sha256):
            return file_id, False
        connection.execute(
            """
            insert into ops.delivery
                (file_id, source, name, url, received_at, delivery_number, modified_at)
            values (%s, %s, %s, %s, %s, %s, %s)
            """,
            (
                file_id,
                delivery.source,
                delivery.name,
                delivery.url,
                delivery.received_at,
                delivery.number,
                delivery.modified_at,
            ),
        )
        return file_id, True


def _file_id(connection: psycopg.Connection[Any], delivery: Delivery) -> int:
    connection.execute(
        """
        insert into ops.extract_file (extract, sha256, size_bytes, form)
        values (%s, %s, %s, %s)
        on conflict (extract, sha256) do nothing
        """,
        (delivery.extract, delivery.sha256, delivery.size_bytes, delivery.form),
    )
    row = connection.execute(
        "select file_id from ops.extract_file where extract = %s and sha256 = %s",
        (delivery.extract, delivery.sha256),
    ).fetchone()
    if row is None:
        raise LookupError(f"{delivery.extract} {delivery.sha256} vanished while it was registered")
    return int(row[0])


def absent(
    connection: psycopg.Connection[Any], folder: str, promised: Iterable[str]
) -> list[Waiting]:
    """Those files that a manifest promises in a folder, that are not there and never came."""
    urls = {f"{folder}/{name}": name for name in sorted(promised)}
    came = latest_by_url(connection, urls)
    reason = "the manifest names it, but it is not there"
    return [Waiting(url, name, reason, None, None) for url, name in urls.items() if url not in came]


def note_waiting(
    connection: psycopg.Connection[Any], source: str, waiting: Iterable[Waiting]
) -> None:
    """Replace what is known to wait at a source; what still waits keeps its first sighting."""
    rows = [(source, w.url, w.name, w.reason, w.size_bytes, w.modified_at) for w in waiting]
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(
            "delete from ops.waiting_file where source = %s and url <> all(%s)",
            (source, [row[1] for row in rows]),
        )
        cursor.executemany(
            """
            insert into ops.waiting_file (source, url, name, reason, size_bytes, modified_at)
            values (%s, %s, %s, %s, %s, %s)
            on conflict (source, url) do update set
                reason = excluded.reason,
                size_bytes = excluded.size_bytes,
                modified_at = excluded.modified_at,
                last_seen_at = clock_timestamp()
            """,
            rows,
        )
