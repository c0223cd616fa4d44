"""What a load writes: landing, quarantine, parts; and whether the file as a whole is usable."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import islice
from typing import IO, Any

import psycopg
from psycopg import sql

from outturn.contracts import Contract
from outturn.errors import FileRefused, NotReady
from outturn.load.controls import Totals
from outturn.load.job import Job
from outturn.load.worker import Rejected

SHOWN_REJECTS = 3


@contextmanager
def copy_rows(connection: psycopg.Connection[Any], contract: Contract) -> Iterator[psycopg.Copy]:
    """A binary COPY into the extract's landing table. Raises NotReady before it is made."""
    names = ("file_id", "record_number", *(column.name for column in contract.columns))
    statement = sql.SQL("copy landing.{} ({}) from stdin (format binary)").format(
        sql.Identifier(contract.table), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    try:
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            yield copy
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as problem:
        raise NotReady(
            f"{contract.path} is newer than the warehouse: landing.{contract.table} is not there "
            "or lacks a column.",
            remedy="Run `outturn init`: it makes what a contract needs and changes nothing else.",
        ) from problem


def refuse_if_bad(job: Job, totals: Totals, spool: IO[str]) -> None:
    """Refuse a file with too many bad records, or with none at all where some must be."""
    limit = job.form.reject_limit or job.contract.reject_limit
    if not limit.allows(totals.quarantined, totals.records):
        spool.seek(0)
        first = [Rejected.from_line(line) for line in islice(spool, SHOWN_REJECTS)]
        shown = "; ".join(
            f"line {one.line}, {fault.column or 'the record'}: {fault.value[:60]!r} {fault.reason}"
            for one in first
            for fault in one.faults[:1]
        )
        raise FileRefused(
            job.name,
            f"{totals.quarantined} of {totals.records} records are bad, more than the "
            f"{limit.records} or {limit.percent:g}% allowed: {shown}",
            line=first[0].line,
            column=first[0].faults[0].column or None,
            value=first[0].faults[0].value[:200],
            remedy="Ask the sender for a corrected file; it heals by itself. If the contract is "
            f"wrong, correct {job.form.declared_in} and redrive the file.",
        )
    if totals.records == 0 and not job.contract.empty_allowed:
        raise FileRefused(
            job.name,
            "has a header but no records",
            remedy="Ask the sender for the whole file, or declare `emptyAllowed: true`.",
        )


def write_rejects(connection: psycopg.Connection[Any], file_id: int, spool: IO[str]) -> None:
    """The spooled records into quarantine."""
    spool.seek(0)
    names = "file_id, line_number, record_number, raw_record, errors"
    statement = f"copy quarantine.record ({names}) from stdin"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for line in spool:
            number, record, raw, faults = json.loads(line)
            copy.write_row((file_id, number, record, raw, json.dumps(faults)))


def summarise(connection: psycopg.Connection[Any], job: Job, totals: Totals) -> None:
    """Ask the database what landed: parts, sums and counts come from it, not from ourselves.

    Raises AssertionError when it holds another number of rows than were counted.
    """
    part, period = _part(job)
    sums = [sql.SQL(", sum({})").format(sql.Identifier(name)) for name in job.summed]
    query = sql.SQL(
        "select {}, {}, count(*){} from landing.{} where file_id = %s group by 1, 2"
    ).format(part, period, sql.Composed(sums), sql.Identifier(job.contract.table))
    landed = 0
    found = {name: Decimal(0) for name in job.summed}
    statement = "copy ops.file_part (file_id, part_code, period) from stdin"
    groups = connection.execute(query, (job.file_id,)).fetchall()
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for code, month, rows, *amounts in groups:
            copy.write_row((job.file_id, code, month))
            landed += rows
            for name, amount in zip(job.summed, amounts, strict=True):
                found[name] += amount or Decimal(0)
    totals.sums = found
    quarantined = _quarantined(connection, job.file_id)
    if (landed, quarantined) != (totals.landed, totals.quarantined):
        raise AssertionError(
            f"{job.name}: {landed} + {quarantined} rows are in the database where "
            f"{totals.landed} + {totals.quarantined} were counted"
        )


def _part(job: Job) -> tuple[sql.Composable, sql.Composable]:
    """What a row replaces, as SQL: part and period, or its key."""
    contract = job.contract
    if contract.replaces == "key":
        keys = sql.SQL(", ").join(
            sql.SQL("{}::text").format(sql.Identifier(key)) for key in contract.keys
        )
        return sql.SQL("concat_ws('|', {})").format(keys), sql.SQL("''::text")
    part = sql.Identifier(contract.part_column)
    if contract.period_column is None:
        return part, sql.SQL("{}::text").format(sql.Literal(job.period))
    return part, sql.Identifier(contract.period_column)


def _quarantined(connection: psycopg.Connection[Any], file_id: int) -> int:
    query = "select count(*) from quarantine.record where file_id = %s"
    ((number,),) = connection.execute(query, (file_id,)).fetchall()
    return int(number)


def remove(connection: psycopg.Connection[Any], file_id: int, contract: Contract) -> None:
    """Take away what an earlier load of the file left."""
    for table in (
        sql.Identifier("landing", contract.table),
        sql.Identifier("quarantine", "record"),
        sql.Identifier("ops", "file_part"),
        sql.Identifier("ops", "check_result"),
    ):
        connection.execute(sql.SQL("delete from {} where file_id = %s").format(table), (file_id,))
