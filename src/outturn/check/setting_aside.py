"""Records that a check with `scope: record` finds are set aside one by one; their file is taken.

The loader sets aside what cannot be read; this, what is read and may not be, such as a claim after
its deadline. A file with more of them than its reject limit is held back whole, as by any check.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from outturn.check.results import Outcome
from outturn.contracts import Contract

_QUARANTINE = """
insert into quarantine.record (file_id, line_number, record_number, raw_record, errors)
select file_id, record_number + 1, record_number,
    (to_jsonb(landed) - 'file_id' - 'record_number')::text, %(errors)s
from landing.{table} as landed
where file_id = %(file_id)s and record_number = %(record)s
"""
_DELETE = "delete from landing.{table} where file_id = %(file_id)s and record_number = %(record)s"
_PARTS = """
delete from ops.file_part where file_id = %(file_id)s and part_code not in (
    select {part} from landing.{table} where file_id = %(file_id)s
)
"""
_COUNTS = """
update ops.extract_file as file set
    landed = landed - %(number)s, quarantined = quarantined + %(number)s
where file_id = %(file_id)s
"""


def set_aside(
    connection: psycopg.Connection[Any], contract: Contract, file_id: int, outcomes: list[Outcome]
) -> bool:
    """Move the records that such checks name into quarantine; whether there were any to move.

    Of many failing records an outcome names some: check again until none is left. Nothing is moved
    of a file that has more than its limit allows.
    """
    by_record = {check.name for check in contract.checks if check.by_record}
    found = [outcome for outcome in outcomes if outcome.name in by_record and not outcome.success]
    reasons = _reasons(found)
    if not reasons or not _is_allowed(connection, contract, file_id, found):
        return False
    named = {"table": sql.Identifier(contract.table), "part": _part(contract)}
    moved = 0
    with connection.transaction():
        for record, errors in reasons.items():
            values = {"file_id": file_id, "record": record, "errors": Jsonb(errors)}
            connection.execute(sql.SQL(_QUARANTINE).format(**named), values)
            moved += connection.execute(sql.SQL(_DELETE).format(**named), values).rowcount
        connection.execute(sql.SQL(_PARTS).format(**named), {"file_id": file_id})
        connection.execute(_COUNTS, {"file_id": file_id, "number": moved})
    return moved > 0


def _reasons(found: Iterable[Outcome]) -> dict[int, list[dict[str, str]]]:
    """What is wrong with each record that is named, in the shape of quarantine.record.errors."""
    reasons: dict[int, list[dict[str, str]]] = {}
    for outcome in found:
        for example in outcome.examples:
            record = int(example["record_number"])
            column, value = list(example.items())[-1]
            said = re.sub(r"\s+", " ", f"{outcome.name.replace('_', ' ')}: {outcome.description}")
            seen = ", ".join(f"{k} {v}" for k, v in example.items() if k != "record_number")
            reason = {"column": column, "value": value, "reason": f"{said} ({seen})"}
            reasons.setdefault(record, []).append(reason)
    return reasons


def _is_allowed(
    connection: psycopg.Connection[Any], contract: Contract, file_id: int, found: list[Outcome]
) -> bool:
    ((records, quarantined),) = connection.execute(
        "select records, quarantined from ops.extract_file where file_id = %s", (file_id,)
    ).fetchall()
    failing = sum(outcome.unexpected_count or 0 for outcome in found)
    return contract.reject_limit.allows(quarantined + failing, records)


def _part(contract: Contract) -> sql.Composable:
    if contract.replaces == "period":
        return sql.Identifier(contract.part_column)
    keys = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(k)) for k in contract.keys)
    return sql.SQL("concat_ws('|', {})").format(keys)
