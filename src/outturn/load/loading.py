"""One file, one transaction: landing, quarantine, parts and status together, or nothing."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from outturn.database import connect
from outturn.errors import FileRefused, OutturnError
from outturn.load.controls import Totals, check_controls
from outturn.load.duck import warm_up
from outturn.load.engine import Engine
from outturn.load.job import Job, contract_of, make_job
from outturn.load.judge import Judge
from outturn.load.opening import Document, documents
from outturn.load.pipeline import results, undisturbed
from outturn.load.result import LoadResult
from outturn.load.scratch import scratch_folder
from outturn.load.storing import (
    copy_rows,
    refuse_if_bad,
    remove,
    summarise,
    write_rejects,
)
from outturn.load.worker import BlockResult, Worker
from outturn.settings import Settings

MOST_REJECTS = 200_000
MEMORY_FOLDER_BYTES = 256 << 20
COPY_START = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_END = b"\xff\xff"

_FILE = """
select
    extract_file.extract,
    extract_file.form,
    extract_file.sha256,
    extract_file.status,
    extract_file.refusal,
    extract_file.records,
    extract_file.landed,
    extract_file.quarantined,
    (
        select delivery.name from ops.delivery as delivery
        where delivery.file_id = extract_file.file_id
        order by delivery.received_at desc, delivery.delivery_id desc limit 1
    ) as name
from ops.extract_file as extract_file
where extract_file.file_id = %s
for update
"""

_LOADED = """
update ops.extract_file set
    status = 'loaded', form = %(form)s, refusal = null, records = %(records)s, landed = %(landed)s,
    quarantined = %(quarantined)s, control_totals = %(totals)s, contract_hash = %(hash)s,
    loaded_at = clock_timestamp(), checked_at = null
where file_id = %(file_id)s
"""

_REFUSED = """
update ops.extract_file set
    status = 'refused', refusal = %(refusal)s, records = null, landed = null, quarantined = null,
    control_totals = null, contract_hash = %(hash)s, loaded_at = null, checked_at = null
where file_id = %(file_id)s
"""


def pending(settings: Settings, source: str | None = None) -> list[int]:
    """The files that are registered but not loaded, oldest delivery first."""
    query = """
        select extract_file.file_id from ops.extract_file as extract_file
        where extract_file.status = 'registered'
            and (%(source)s::text is null or split_part(extract_file.extract, '/', 1) = %(source)s)
        order by extract_file.file_id
    """
    with connect(settings, "loader") as connection:
        return [int(row[0]) for row in connection.execute(query, {"source": source}).fetchall()]


@undisturbed()
def load_file(settings: Settings, file_id: int, *, again: bool = False) -> LoadResult:
    """Load one registered file; one that was loaded before only `again` (for a redrive).

    A refusal is stored and told in the result. Killed anywhere, the transaction leaves nothing.
    Raises OutturnError for a file_id that is not there.
    """
    started = time.monotonic()
    warm_up()
    with connect(settings, "loader") as connection:
        row = connection.execute(_FILE, (file_id,)).fetchone()
        if row is None:
            raise OutturnError(f"there is no file {file_id}.", remedy="See `outturn files`.")
        extract, _, _, status, refusal, records, landed, quarantined, name = row
        if status != "registered" and not again:
            problem = FileRefused.as_stored(name, refusal) if status == "refused" else None
            counts = (records or 0, landed or 0, quarantined or 0)
            return LoadResult(file_id, extract, name, *counts, 0.0, problem)
        contract = contract_of(settings, extract, name)
        totals, problem = Totals(), None
        try:
            job = make_job(settings, file_id, row, contract)
            with connection.transaction():
                totals = _load(connection, job, clean=status != "registered")
        except FileRefused as refused:
            problem = refused
            remove(connection, file_id, contract)
            connection.execute(
                _REFUSED,
                {"file_id": file_id, "refusal": str(refused), "hash": contract.hash},
            )
    seconds = time.monotonic() - started
    if problem is not None:
        return LoadResult(file_id, extract, name, 0, 0, 0, seconds, problem)
    return LoadResult(
        file_id, extract, name, totals.records, totals.landed, totals.quarantined, seconds
    )


def _load(connection: psycopg.Connection[Any], job: Job, *, clean: bool) -> Totals:
    contract = job.contract
    refuse_without_month(job)
    if clean:
        remove(connection, job.file_id, contract)
    totals = Totals()
    with (
        scratch_folder() as folder,
        scratch_folder(_memory_folder()) as fast,
        (folder / "rejects").open("w+", encoding="utf-8") as spool,
    ):
        with copy_rows(connection, contract) as copy:
            copy.write(COPY_START)
            for result in read_results(job, folder, fast, totals):
                for piece in result.binary:
                    copy.write(piece)
                spool.writelines(result.rejected)
            copy.write(COPY_END)
        refuse_if_bad(job, totals, spool)
        write_rejects(connection, job.file_id, spool)
    summarise(connection, job, totals)
    connection.execute(
        _LOADED,
        {
            "file_id": job.file_id,
            "form": job.form.name,
            "records": totals.records,
            "landed": totals.landed,
            "quarantined": totals.quarantined,
            "totals": Jsonb(totals.as_json()),
            "hash": contract.hash,
        },
    )
    return totals


def refuse_without_month(job: Job) -> None:
    """Raise FileRefused where only a name says the month and this one does not."""
    contract = job.contract
    if contract.replaces == "period" and contract.period_column is None and job.period is None:
        patterns = ", ".join(pattern.text for pattern in job.form.files)
        raise FileRefused(job.name, f"its name does not say the month: expected {patterns}")


def read_results(job: Job, folder: Path, fast: Path, totals: Totals) -> Iterator[BlockResult]:
    """Every document's blocks in order, counted; each document's control totals are checked.

    Needs no connection. `folder` and `fast` are for scratch, the second better in memory.
    """
    numbered = 0
    with documents(job.name, job.path, job.contract, job.form, folder) as found:
        for name, document in found:
            own = Totals()
            for result in results(document.blocks(), _worker_maker(job, fast, document), numbered):
                own.count(result)
                totals.count(result)
                yield result
                if totals.quarantined > MOST_REJECTS:
                    raise FileRefused(job.name, f"more than {MOST_REJECTS} records are bad")
            check_controls(name, job.form, document.trailer, own)
            totals.declared |= own.declared
            numbered += own.records


def _memory_folder() -> str | None:
    """A folder in memory for what passes between engine and connection, where there is one.

    A few MB at a time go through it; a disk would write them out for nothing.
    """
    folder = "/dev/shm"  # noqa: S108 - a folder with a random name is made in it
    if not os.access(folder, os.W_OK) or shutil.disk_usage(folder).free < MEMORY_FOLDER_BYTES:
        return None
    return folder


def _worker_maker(job: Job, folder: Path, document: Document) -> Any:
    def make(number: int) -> Worker:
        own = folder / f"worker{number}"
        own.mkdir(exist_ok=True)
        controlled = [name for name, _ in job.form.trailer.sums] if job.form.trailer else []
        engine = Engine(job.contract, job.form, document.layout, job.codes, controlled, own)
        judge = Judge(job.contract, job.form, document.layout, job.codes, job.summed)
        return Worker(engine, judge, job.form.delimiter, job.file_id, is_summed=bool(controlled))

    return make
