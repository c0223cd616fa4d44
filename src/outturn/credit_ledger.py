"""What a publication records for good, and whether it is still what was written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from outturn.database import connect
from outturn.errors import LedgerBroken
from outturn.settings import Settings

# Steps that the built marts have and the ledger does not: they were judged by int_credit_entries.
POST = """
insert into ops.credit_ledger (
    contract_code, period, entry_key, step, source, amount_gbp, effective_on, scheme_code, basis,
    actor, requested_by, reason, decision_id, invoice_number, file_id, record_number, publication_id
)
select
    contract_code, period_month, entry_key, step, source_kind, amount_gbp, effective_on,
    scheme_code, basis, actor, requested_by, reason, decision_id, invoice_number, file_id,
    record_number, %(publication_id)s
from marts_next.credit_ledger as built
where not exists (
    select from ops.credit_ledger as entry
    where
        entry.contract_code = built.contract_code
        and entry.period = built.period_month
        and entry.entry_key = built.entry_key
)
order by contract_code, period_month, step_number
on conflict (contract_code, period, entry_key) do nothing
"""


@dataclass(frozen=True)
class Chain:
    """A ledger whose chain holds: its entries, and the hash of the last one to note elsewhere."""

    entries: int
    last_hash: str


def post(connection: psycopg.Connection[Any], publication_id: int) -> int:
    """Record the steps that marts_next adds; how many were new. Once, however often it is called.

    Runs in the transaction of the swap (`connection`: publisher): readers never see a step that
    the ledger lacks, nor the ledger a step that was not published.
    """
    found = connection.execute("select to_regclass('marts_next.credit_ledger')").fetchone()
    if found is None or found[0] is None:
        return 0
    return connection.execute(POST, {"publication_id": publication_id}).rowcount


def seal(connection: psycopg.Connection[Any], publication_id: int) -> None:
    """Seal the figures that a publication added to history, in the transaction of the swap."""
    connection.execute(
        "insert into history.publication_seal (publication_id) values (%s)", (publication_id,)
    )


def verify_history(settings: Settings) -> int:
    """Recompute every publication's seal; how many there are.

    Raises LedgerBroken naming the first publication whose figures do not fit.
    """
    with connect(settings, "publisher") as connection:
        fault = connection.execute("select * from history.seal_fault()").fetchone()
        if fault is not None:
            raise LedgerBroken("history, publication", int(fault[0]), str(fault[1]))
        counted = connection.execute("select count(*) from history.publication_seal").fetchone()
    return int(counted[0]) if counted else 0


def verify(settings: Settings) -> Chain:
    """Recompute every row's hash. Raises LedgerBroken naming the first row that does not fit."""
    with connect(settings, "publisher") as connection:
        fault = connection.execute("select * from ops.credit_ledger_fault()").fetchone()
        if fault is not None:
            raise LedgerBroken("ops.credit_ledger, entry", int(fault[0]), str(fault[1]))
        last = connection.execute(
            "select entry_number, row_hash from ops.credit_ledger"
            " order by entry_number desc limit 1"
        ).fetchone()
    return Chain(int(last[0]), str(last[1])) if last else Chain(0, "")
