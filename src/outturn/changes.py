"""Which months are due: those whose files, reference data or code are not the published ones.

Content decides, never timestamps. A month is recorded only when it is published, and forgotten
when its rebuild begins, so that a run killed half-way leaves it due.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from outturn.contracts import Contract, load_contracts
from outturn.database import connect
from outturn.settings import PROJECT_ROOT, Settings

# Periods of extracts that replace by key are '': they touch no fact, but the figures all the same.
# The same bytes read by another contract (a redrive) are other rows.
FINGERPRINTS = """
select
    current_file.period,
    md5(string_agg(
        concat_ws(
            ':', extract_file.extract, current_file.part_code, extract_file.sha256,
            extract_file.contract_hash, extract_file.landed
        ), ','
        order by extract_file.extract, current_file.part_code
    ) || %(basis)s) as fingerprint
from ops.current_file(%(as_at)s) as current_file
inner join ops.extract_file as extract_file on current_file.file_id = extract_file.file_id
group by current_file.period
"""

# Notices are steps that no publication added: the marts lack them until the next one.
NOTICES = """
select md5(string_agg(row_hash, ',' order by entry_number))
from ops.credit_ledger
where source = 'notice'
"""


@dataclass(frozen=True)
class Months:
    """What is known (first and last period of any accepted file) and what of it is due."""

    known: list[str]
    due: list[str]
    fingerprints: dict[str, str]
    is_changed: bool


def code_version() -> str:
    """A hash over models, macros and contracts: other code may mean other figures."""
    digest = hashlib.sha256()
    for path in sorted(_code_files()):
        digest.update(str(path.relative_to(PROJECT_ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _code_files() -> Iterable[Path]:
    for folder, patterns in (
        ("dbt_project/models", ("*.sql",)),
        ("dbt_project/macros", ("*.sql",)),
    ):
        for pattern in patterns:
            yield from (PROJECT_ROOT / folder).rglob(pattern)


def find(
    connection: psycopg.Connection[Any], as_at: datetime, seed_hash: str, code: str | None = None
) -> Months:
    """Compare what is current with what was published (`connection`: publisher).

    `code`: the code version to compare for; the present one unless a run was planned by another.
    """
    basis = f"{seed_hash}:{code or code_version()}"
    rows = connection.execute(FINGERPRINTS, {"as_at": as_at, "basis": basis}).fetchall()
    fingerprints: dict[str, str] = dict(rows)
    notices = connection.execute(NOTICES).fetchone()
    if notices and notices[0]:
        fingerprints[""] = f"{fingerprints.get('', '')}:{notices[0]}"
    published = dict(
        connection.execute("select period, fingerprint from ops.month_state").fetchall()
    )
    changed = {
        period
        for period in fingerprints.keys() | published.keys()
        if fingerprints.get(period) != published.get(period)
    }
    known = sorted(period for period in fingerprints if period)
    due = sorted(period for period in changed if period)
    return Months(known, due, fingerprints, bool(changed))


def widen(settings: Settings, months: list[str]) -> list[str]:
    """The months, and those whose facts share a record with them.

    A record that several periods' files hold (an event, open in one month and closed in the
    next) counts once, as the newest of them has it: when one of those files changes, the
    others' facts may too.
    """
    if not months:
        return months
    wider = set(months)
    with connect(settings, "loader") as connection:
        for contract in load_contracts(settings).values():
            if contract.replaces == "period" and contract.period_column is None and contract.keys:
                wider |= _sharing(connection, contract, months)
    return sorted(wider)


def _sharing(
    connection: psycopg.Connection[Any], contract: Contract, months: list[str]
) -> set[str]:
    keys = sql.SQL(", ").join(map(sql.Identifier, contract.keys))
    statement = sql.SQL(
        """
        select distinct file_part.period
        from landing.{table} as other
        inner join ops.file_part as file_part on other.file_id = file_part.file_id
        where
            file_part.period <> all(%(months)s)
            and ({other_keys}) in (
                select {keys} from landing.{table}
                where file_id in (
                    select part.file_id
                    from ops.file_part as part
                    inner join ops.extract_file as file on part.file_id = file.file_id
                    where file.extract = %(extract)s and part.period = any(%(months)s)
                )
            )
        """
    ).format(
        table=sql.Identifier(contract.table),
        keys=keys,
        other_keys=sql.SQL(", ").join(sql.Identifier("other", key) for key in contract.keys),
    )
    rows = connection.execute(statement, {"months": months, "extract": contract.key}).fetchall()
    return {row[0] for row in rows}


def forget(connection: psycopg.Connection[Any], months: list[str]) -> None:
    """Their facts are about to be replaced: due until published."""
    connection.execute("delete from ops.month_state where period = any(%s)", (months,))


def record(
    connection: psycopg.Connection[Any],
    publication_id: int,
    fingerprints: dict[str, str],
    periods: Iterable[str],
) -> None:
    """Remember what these periods were published from; in the transaction of the swap."""
    connection.cursor().executemany(
        """
        insert into ops.month_state (period, fingerprint, publication_id) values (%s, %s, %s)
        on conflict (period) do update
            set fingerprint = excluded.fingerprint, publication_id = excluded.publication_id
        """,
        [
            (period, fingerprints[period], publication_id)
            for period in periods
            if period in fingerprints
        ],
    )
