"""One file, one transaction: landing, quarantine, parts and status together, or nothing."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from outturn import archive, seeds
from outturn.contracts import Contract, Form, load_contracts
from outturn.database import connect
from outturn.errors import FileRefused, OutturnError
from outturn.load.controls import Totals, check_controls, summed_columns
from outturn.load.engine import Engine
from outturn.load.judge import Judge
from outturn.load.opening import Document, documents
from outturn.load.pipeline import results
from outturn.load.references import Codes, read_codes
from outturn.load.result import LoadResult
from outturn.load.worker import BlockResult, Rejected, Worker
from outturn.settings import Settings

SHOWN_REJECTS = 3
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


@dataclass(frozen=True)
class _Job:
    """One file with all that its load needs."""

    file_id: int
    name: str
    path: Path
    contract: Contract
    form: Form
    period: str | None
    codes: dict[str, Codes]
    summed: tuple[str, ...]


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


def load_file(settings: Settings, file_id: int, *, again: bool = False) -> LoadResult:
    """Load one registered file; one that was loaded before only `again` (for a redrive).

    A refusal is stored and told in the result. Killed anywhere, the transaction leaves nothing.
    Raises OutturnError for a file_id that is not there.
    """
    started = time.monotonic()
    with connect(settings, "loader") as connection:
        row = connection.execute(_FILE, (file_id,)).fetchone()
        if row is None:
            raise OutturnError(f"there is no file {file_id}.", remedy="See `outturn files`.")
        extract, _, _, status, refusal, records, landed, quarantined, name = row
        if status != "registered" and not again:
            problem = FileRefused.as_stored(name, refusal) if status == "refused" else None
            counts = (records or 0, landed or 0, quarantined or 0)
            return LoadResult(file_id, extract, name, *counts, 0.0, problem)
        contract = _contract(settings, extract, name)
        totals, problem = Totals(), None
        try:
            job = _job(settings, file_id, row, contract)
            with connection.transaction():
                totals = _load(connection, job, clean=status != "registered")
        except FileRefused as refused:
            problem = refused
            _remove(connection, file_id, contract)
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


def _contract(settings: Settings, extract: str, name: str) -> Contract:
    contracts = load_contracts(settings)
    if extract not in contracts:
        raise OutturnError(
            f"{name}: the extract {extract!r} has no contract any more.",
            remedy="Put its contract back under extracts/ or OUTTURN_EXTRACTS_DIR.",
        )
    return contracts[extract]


def _job(settings: Settings, file_id: int, row: tuple[Any, ...], contract: Contract) -> _Job:
    _, form_name, sha256, *_, name = row
    found = contract.match(name)
    form = found.form if found else _stored_form(contract, form_name, name)
    return _Job(
        file_id=file_id,
        name=name,
        path=archive.path_of(settings, sha256),
        contract=contract,
        form=form,
        period=found.name.period if found else None,
        codes=read_codes(contract, seeds.current_seed_dir(settings)),
        summed=summed_columns(contract),
    )


def _stored_form(contract: Contract, form_name: str, name: str) -> Form:
    """The form that the file was received as, for one whose name says nothing."""
    try:
        return contract.form(form_name)
    except KeyError:
        raise FileRefused(
            name,
            f"was received as the form {form_name!r}, which the contract does not have",
            remedy=f"Put the form back into {contract.path}, then redrive the file.",
        ) from None


def _load(connection: psycopg.Connection[Any], job: _Job, *, clean: bool) -> Totals:
    contract = job.contract
    if contract.replaces == "period" and contract.period_column is None and job.period is None:
        patterns = ", ".join(pattern.text for pattern in job.form.files)
        raise FileRefused(job.name, f"its name does not say the month: expected {patterns}")
    if clean:
        _remove(connection, job.file_id, contract)
    totals = Totals()
    parts: set[tuple[str, str]] = set()
    with (
        tempfile.TemporaryDirectory(prefix="outturn-load-") as scratch,
        tempfile.TemporaryDirectory(prefix="outturn-load-", dir=_memory_folder()) as fast,
    ):
        folder = Path(scratch)
        with (folder / "rejects").open("w+", encoding="utf-8") as spool:
            with _copy(connection, contract) as copy:
                copy.write(COPY_START)
                for result in _read(job, folder, Path(fast), totals):
                    for piece in result.binary:
                        copy.write(piece)
                    parts |= result.tally.parts
                    _spool(spool, result.rejected)
                copy.write(COPY_END)
            _judge_whole(job, totals, spool)
            _write_rejects(connection, job.file_id, spool)
    _write_parts(connection, job.file_id, parts)
    _assert_counts(connection, job, totals)
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


def _read(job: _Job, folder: Path, fast: Path, totals: Totals) -> Iterator[BlockResult]:
    """Every document's blocks in order, counted; each document's control totals are checked."""
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
    folder = "/dev/shm"
    if not os.access(folder, os.W_OK) or shutil.disk_usage(folder).free < MEMORY_FOLDER_BYTES:
        return None
    return folder


def _worker_maker(job: _Job, folder: Path, document: Document) -> Any:
    def make(number: int) -> Worker:
        own = folder / f"worker{number}"
        own.mkdir(exist_ok=True)
        engine = Engine(
            job.contract, job.form, document.layout, job.codes, job.summed, job.period, own
        )
        judge = Judge(job.contract, job.form, document.layout, job.codes, job.summed)
        return Worker(engine, judge, job.form.delimiter, job.file_id)

    return make


@contextmanager
def _copy(connection: psycopg.Connection[Any], contract: Contract) -> Iterator[psycopg.Copy]:
    names = ("file_id", "record_number", *(column.name for column in contract.columns))
    statement = sql.SQL("copy landing.{} ({}) from stdin (format binary)").format(
        sql.Identifier(contract.table), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        yield copy


def _spool(spool: IO[str], rejected: list[Rejected]) -> None:
    for one in rejected:
        faults = [fault.as_json() for fault in one.faults]
        spool.write(json.dumps([one.line, one.number, one.raw, faults]) + "\n")


def _judge_whole(job: _Job, totals: Totals, spool: IO[str]) -> None:
    """Refuse a file with too many bad records, or with none at all where some must be."""
    limit = job.contract.reject_limit
    if not limit.allows(totals.quarantined, totals.records):
        spool.seek(0)
        first = [json.loads(line) for line, _ in zip(spool, range(SHOWN_REJECTS), strict=False)]
        shown = "; ".join(
            f"line {line}, {fault['column'] or 'the record'}: {fault['value'][:60]!r} {fault['reason']}"
            for line, _, _, faults in first
            for fault in faults[:1]
        )
        raise FileRefused(
            job.name,
            f"{totals.quarantined} of {totals.records} records are bad, more than the {limit.records} "
            f"or {limit.percent:g}% allowed: {shown}",
            line=first[0][0],
            column=first[0][3][0]["column"] or None,
            value=first[0][3][0]["value"][:200],
            remedy="Ask the sender for a corrected file; it heals by itself. If the contract is "
            f"wrong, correct {job.form.declared_in} and redrive the file.",
        )
    if totals.records == 0 and not job.contract.empty_allowed:
        raise FileRefused(
            job.name, "has a header but no records",
            remedy="Ask the sender for the whole file, or declare `emptyAllowed: true`.",
        )


def _write_rejects(connection: psycopg.Connection[Any], file_id: int, spool: IO[str]) -> None:
    spool.seek(0)
    statement = (
        "copy quarantine.record (file_id, line_number, record_number, raw_record, errors) from stdin"
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for line in spool:
            number, record, raw, faults = json.loads(line)
            copy.write_row((file_id, number, record, raw, json.dumps(faults)))


def _write_parts(
    connection: psycopg.Connection[Any], file_id: int, parts: set[tuple[str, str]]
) -> None:
    statement = "copy ops.file_part (file_id, part_code, period) from stdin"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for part, period in sorted(parts):
            copy.write_row((file_id, part, period))


def _assert_counts(connection: psycopg.Connection[Any], job: _Job, totals: Totals) -> None:
    """What the database holds is what was counted: asked of the database, not of ourselves."""
    landed, quarantined = (
        _count(connection, table, job.file_id)
        for table in (
            sql.Identifier("landing", job.contract.table), sql.Identifier("quarantine", "record")
        )
    )  # fmt: skip
    if (landed, quarantined) != (totals.landed, totals.quarantined):
        raise AssertionError(
            f"{job.name}: {landed} + {quarantined} rows are in the database where "
            f"{totals.landed} + {totals.quarantined} were counted"
        )


def _count(connection: psycopg.Connection[Any], table: sql.Identifier, file_id: int) -> int:
    query = sql.SQL("select count(*) from {} where file_id = %s").format(table)
    row = connection.execute(query, (file_id,)).fetchone()
    assert row is not None  # an aggregate has always a row
    return int(row[0])


def _remove(connection: psycopg.Connection[Any], file_id: int, contract: Contract) -> None:
    for table in (
        sql.Identifier("landing", contract.table),
        sql.Identifier("quarantine", "record"),
        sql.Identifier("ops", "file_part"),
        sql.Identifier("ops", "check_result"),
    ):
        connection.execute(sql.SQL("delete from {} where file_id = %s").format(table), (file_id,))
