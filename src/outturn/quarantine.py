"""Files and what was set aside of them: what was delivered, which records are in no figure, why.

A record is set aside whole, with every column that is wrong. When its contract or the reference
data is corrected, `redrive` reads the archived file again; a corrected delivery needs no redrive.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row

from outturn.check import CheckResult, check_file, pages
from outturn.database import connect
from outturn.errors import OutturnError
from outturn.load import LoadResult, load_file
from outturn.settings import Settings

_FILES = """
select extract_file.file_id, extract_file.extract, newest.name, extract_file.status,
    newest.received_at, extract_file.records, extract_file.landed, extract_file.quarantined,
    extract_file.refusal, newest.deliveries
from ops.extract_file as extract_file
cross join lateral (
    select delivery.name, delivery.received_at, count(*) over () as deliveries
    from ops.delivery as delivery
    where delivery.file_id = extract_file.file_id
    order by delivery.received_at desc, delivery.delivery_number desc, delivery.name desc
    limit 1
) as newest
where (%(file_id)s::bigint is null or extract_file.file_id = %(file_id)s)
    and (not %(only_set_aside)s or extract_file.quarantined > 0)
order by newest.received_at, extract_file.file_id
"""


@dataclass(frozen=True)
class FileRow:
    """One delivered content of an extract, by its newest delivery."""

    file_id: int
    extract: str
    name: str
    status: str
    received_at: datetime
    records: int | None
    landed: int | None
    quarantined: int | None
    refusal: str | None
    deliveries: int


@dataclass(frozen=True)
class WaitingRow:
    """A file that lies at a source and was not taken, and why."""

    source: str
    name: str
    url: str
    reason: str
    first_seen_at: datetime


@dataclass(frozen=True)
class SetAside:
    """One bad record, whole. `errors`: column, value and reason of each bad column."""

    line_number: int
    record_number: int | None
    raw_record: str
    errors: list[dict[str, Any]]


def list_files(
    settings: Settings, *, only_set_aside: bool = False, file_id: int | None = None
) -> list[FileRow]:
    """Every registered file by the time it was received; or those with records set aside."""
    facts = {"file_id": file_id, "only_set_aside": only_set_aside}
    with (
        connect(settings, "loader") as connection,
        connection.cursor(row_factory=class_row(FileRow)) as cursor,
    ):
        return cursor.execute(_FILES, facts).fetchall()


def list_waiting(settings: Settings) -> list[WaitingRow]:
    """Files that were seen at the sources' last listing and not taken."""
    with (
        connect(settings, "loader") as connection,
        connection.cursor(row_factory=class_row(WaitingRow)) as cursor,
    ):
        return cursor.execute(
            "select source, name, url, reason, first_seen_at from ops.waiting_file order by 1, 2"
        ).fetchall()


def file_of(settings: Settings, file_id: int) -> FileRow:
    """One file. Raises OutturnError when there is none with this number."""
    found = list_files(settings, file_id=file_id)
    if not found:
        raise OutturnError(
            f"there is no file {file_id}.", remedy="`outturn files` lists them with their numbers."
        )
    return found[0]


def show(settings: Settings, file_id: int) -> list[SetAside]:
    """The records of a file that were set aside, in the order of the file."""
    file_of(settings, file_id)
    with (
        connect(settings, "loader") as connection,
        connection.cursor(row_factory=class_row(SetAside)) as cursor,
    ):
        return cursor.execute(
            """
            select line_number, record_number, raw_record, errors
            from quarantine.record where file_id = %s order by line_number
            """,
            (file_id,),
        ).fetchall()


def redrive(settings: Settings, file_id: int) -> tuple[LoadResult, CheckResult | None]:
    """Load an archived file again under today's contract and reference data, and check it.

    What it had landed and set aside is replaced in one transaction. Until the check has accepted
    it, no figure uses it; the check is None when the file is refused.
    """
    file_of(settings, file_id)
    loaded = load_file(settings, file_id, again=True)
    if loaded.refusal is not None:
        pages.file_page(settings, file_id).unlink(missing_ok=True)
        pages.write_index(settings)
        return loaded, None
    return loaded, check_file(settings, file_id)
