"""From a loaded file to an accepted or held one: facts, suite, verdict, record and page."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from outturn.check import engine, pages
from outturn.check.results import CheckResult, Outcome
from outturn.check.setting_aside import set_aside
from outturn.check.suite import FileFacts, plan
from outturn.contracts import Contract, load_contracts
from outturn.database import connect
from outturn.errors import OutturnError
from outturn.seeds import current_seed_dir
from outturn.settings import Settings

CHECKABLE = ("loaded", "accepted", "held")
EARLIER_FILES = 12


def pending(settings: Settings, source: str | None = None) -> list[int]:
    """Files to check, of one source or of all, oldest first.

    Those that are loaded; and held ones again when another extract's file was accepted since: a
    decision may come before the claim that it answers.
    """
    with connect(settings, "loader") as connection:
        rows = connection.execute(
            """
            select file_id from ops.extract_file
            where (status = 'loaded' or (status = 'held' and exists (
                    select from ops.extract_file as newer
                    where newer.status = 'accepted' and newer.extract <> extract_file.extract
                        and newer.checked_at > extract_file.checked_at
                )))
                and (%(source)s::text is null or split_part(extract, '/', 1) = %(source)s)
            order by file_id
            """,
            {"source": source},
        )
        return [int(row[0]) for row in rows]


def check_file(settings: Settings, file_id: int) -> CheckResult:
    """Check one file that is loaded (or was checked before); its status is set by the verdict.

    Idempotent: checking again replaces the results. Raises OutturnError for a file that is not
    loaded; a failed check is a result, which the caller may raise by `raise_if_held`.
    """
    return next(iter(check_files(settings, [file_id])))


def check_files(settings: Settings, file_ids: Iterable[int]) -> Iterator[CheckResult]:
    """Check many files one by one; the index of the pages is brought up to date at the end."""
    contracts = load_contracts(settings)
    seeds_path = current_seed_dir(settings)
    try:
        for file_id in file_ids:
            with connect(settings, "loader", autocommit=True) as connection:
                contract, facts = _facts(connection, contracts, file_id, seeds_path)
                outcomes = engine.validate(settings, facts, plan(contract, facts))
                while set_aside(connection, contract, file_id, outcomes):
                    _, facts = _facts(connection, contracts, file_id, seeds_path)
                    outcomes = engine.validate(settings, facts, plan(contract, facts))
                result = _result(settings, facts, outcomes)
                _record(connection, result, outcomes)
                pages.write_file_page(settings, connection, file_id)
            yield result
    finally:
        pages.write_index(settings)


def _facts(
    connection: psycopg.Connection[Any],
    contracts: dict[str, Contract],
    file_id: int,
    seeds_path: Path,
) -> tuple[Contract, FileFacts]:
    row = connection.execute(
        """
        select extract_file.extract, extract_file.status, extract_file.landed,
            (select min(period) from ops.file_part where file_id = %(id)s and period <> ''),
            (select max(period) from ops.file_part where file_id = %(id)s and period <> ''),
            (select name from ops.delivery where file_id = %(id)s order by delivery_id limit 1)
        from ops.extract_file as extract_file where extract_file.file_id = %(id)s
        """,
        {"id": file_id},
    ).fetchone()
    if row is None or row[1] not in CHECKABLE:
        state = "is not known" if row is None else f"is {row[1]}"
        raise OutturnError(f"file {file_id} {state}: only loaded files are checked.")
    extract, _, landed, first, last, name = row
    if extract not in contracts:
        raise OutturnError(f"{name}: the extract {extract} has no contract any more.")
    return contracts[extract], FileFacts(
        file_id=file_id,
        extract=extract,
        name=name,
        table=contracts[extract].table,
        landed=landed,
        first_day=None if first is None else date.fromisoformat(f"{first}-01"),
        last_day=None if last is None else _month_end(last),
        earlier_counts=_earlier_counts(connection, file_id, first),
        seeds_path=seeds_path,
    )


def _month_end(period: str) -> date:
    year, month = int(period[:4]), int(period[5:])
    return date(year, month, monthrange(year, month)[1])


def _earlier_counts(
    connection: psycopg.Connection[Any], file_id: int, first: str | None
) -> tuple[int, ...]:
    """Landed rows of the last accepted files about the same parts in earlier periods.

    Only files that span one period compare with each other: this one must, too.
    """
    if first is None:
        return ()
    rows = connection.execute(
        """
        with own as (
            select extract_file.extract, file_part.part_code, file_part.period,
                count(*) over () as parts
            from ops.file_part inner join ops.extract_file using (file_id)
            where file_id = %(id)s
        )
        select distinct on (earlier.period) extract_file.landed
        from own
        inner join ops.file_part as earlier
            on earlier.part_code = own.part_code and earlier.period < own.period
        inner join ops.extract_file as extract_file
            on extract_file.file_id = earlier.file_id and extract_file.extract = own.extract
        where own.parts = 1 and extract_file.status = 'accepted'
            and 1 = (
                select count(*) from ops.file_part as every where every.file_id = earlier.file_id
            )
        order by earlier.period desc, earlier.file_id desc
        limit %(limit)s
        """,
        {"id": file_id, "limit": EARLIER_FILES},
    )
    return tuple(int(row[0]) for row in rows)


def _result(settings: Settings, facts: FileFacts, outcomes: list[Outcome]) -> CheckResult:
    failures = [outcome.name for outcome in outcomes if outcome.verdict == "failed"]
    return CheckResult(
        file_id=facts.file_id,
        extract=facts.extract,
        name=facts.name,
        accepted=not failures,
        page=str(pages.file_page(settings, facts.file_id)),
        failures=failures,
        warnings=[outcome.name for outcome in outcomes if outcome.verdict == "warning"],
    )


def _record(
    connection: psycopg.Connection[Any], result: CheckResult, outcomes: list[Outcome]
) -> None:
    """Results and status in one transaction: a file is never accepted without its results."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("delete from ops.check_result where file_id = %s", (result.file_id,))
        cursor.executemany(
            """
            insert into ops.check_result (file_id, check_name, column_name, severity, success,
                observed, unexpected_count, details)
            values (%s, %s, %s, %s, %s, %s, %s, %s)
            """,
            [_row(result.file_id, outcome) for outcome in outcomes],
        )
        cursor.execute(
            """
            update ops.extract_file set status = %s, checked_at = clock_timestamp()
            where file_id = %s and status in ('loaded', 'accepted', 'held')
            """,
            ("accepted" if result.accepted else "held", result.file_id),
        )


def _row(file_id: int, outcome: Outcome) -> tuple[Any, ...]:
    details = {
        "description": outcome.description,
        "expected": outcome.expected,
        "columns": list(outcome.examples[0]) if outcome.examples else [],
        "examples": [list(example.values()) for example in outcome.examples],
        "problem": outcome.problem,
    }
    return (
        file_id,
        outcome.name,
        outcome.column,
        outcome.severity,
        outcome.success,
        outcome.observed,
        outcome.unexpected_count,
        Jsonb(details),
    )
