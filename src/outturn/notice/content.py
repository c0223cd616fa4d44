"""What a credit notice says: read from the marts of one publication, or of an as-at build."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from outturn.database import connect
from outturn.errors import NoticeRefused
from outturn.settings import Settings

Row = dict[str, Any]

CREDIT = """
select last_step.*, first_step.effective_on as due_on, credits.method, credits.failed_kpis,
    credits.points, credits.charges_gbp, credits.uncapped_gbp, credits.period_cap_gbp,
    credits.rolling12_cap_gbp, credits.credit_gbp,
    credits.cap_bound, credits.headroom_gbp
from {schema}.credit_ledger as last_step
inner join {schema}.credit_ledger as first_step
    on last_step.contract_code = first_step.contract_code
    and last_step.period_month = first_step.period_month
    and first_step.step_number = 1
left join {schema}.credits_by_period as credits
    on last_step.contract_code = credits.contract_code
    and last_step.period_month = credits.period_month
    and credits.is_payable
where last_step.recency = 'latest'
    and last_step.contract_code = %(contract)s and last_step.period_month = %(period)s
"""
EVIDENCE = """
select * from {schema}.credit_evidence
where contract_code = %(contract)s and period_month = %(period)s
order by indicator_code
"""
LIFE = """
select * from {schema}.credit_ledger
where contract_code = %(contract)s and period_month = %(period)s
order by step_number
"""
TITLES = """
select distinct contract_title, supplier_name from {schema}.indicator_performance
where contract_code = %(contract)s
"""
CLAIMABLE = """
select contract_code, period_month from {schema}.unclaimed_credits
where claim_state = 'claimable'
    and (%(contract)s = '' or contract_code = %(contract)s)
    and (%(period)s = '' or period_month = %(period)s)
order by period_month, contract_code
"""


@dataclass(frozen=True)
class Notice:
    """One notice: the credit after its last step, its failed KPIs, its life and the month before.

    Amounts are Decimal pounds. `amount_gbp` is what this notice claims: all that is due and was
    not notified before.
    """

    contract_code: str
    period: str
    publication_id: int
    title: str
    supplier: str
    credit: Row
    evidence: list[Row]
    life: list[Row]
    earlier: Row | None
    earlier_evidence: list[Row]

    @property
    def amount_gbp(self) -> Decimal:
        """Due, less what was notified, waived or has lapsed."""
        row = self.credit
        return Decimal(row["due_gbp"] - row["notified_gbp"] - row["waived_gbp"] - row["lapsed_gbp"])

    @property
    def number(self) -> int:
        """1 for the credit's first notice; each adjustment since makes the next number."""
        return 1 + len([step for step in self.life if step["step"] == "notified"])

    @property
    def hash(self) -> str:
        """A hash of all that the notice says: what was approved is what is issued."""
        said = {
            "contract": self.contract_code,
            "period": self.period,
            "title": self.title,
            "supplier": self.supplier,
            "credit": _plain(self.credit),
            "evidence": [_plain(row) for row in self.evidence],
        }
        text = json.dumps(said, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def refuse_unless_due(self) -> None:
        """Raise NoticeRefused when there is nothing that this notice could claim."""
        if self.amount_gbp > 0:
            return
        notified = [step for step in self.life if step["step"] == "notified"]
        if notified:
            last = notified[-1]
            raise NoticeRefused(
                self.contract_code,
                self.period,
                f"£{last['notified_gbp']} was notified on {last['effective_on']:%d/%m/%Y} by"
                f" {last['actor']}; a credit is issued once",
            )
        raise NoticeRefused(
            self.contract_code, self.period, f"nothing is due: it is {self.credit['life_state']}"
        )


def read(settings: Settings, contract: str, period: str, schema: str = "marts") -> Notice:
    """The notice of a contract's credit for a month (YYYY-MM), as the marts in `schema` have it.

    Raises NoticeRefused when there is no such credit.
    """
    with connect(settings, "publisher", row_factory=dict_row) as connection:
        found = _rows(connection, CREDIT, schema, contract, period)
        if not found:
            raise NoticeRefused(contract, period, "there is no such credit")
        before = _month_before(period)
        titles = _rows(connection, TITLES, schema, contract, period)
        publication = _rows(
            connection, "select publication_id from {schema}.publication", schema, "", ""
        )
        earlier = _rows(connection, CREDIT, schema, contract, before)
        return Notice(
            contract_code=contract,
            period=period,
            publication_id=publication[0]["publication_id"],
            title=titles[0]["contract_title"] if titles else contract,
            supplier=titles[0]["supplier_name"] if titles else "",
            credit=found[0],
            evidence=_rows(connection, EVIDENCE, schema, contract, period),
            life=_rows(connection, LIFE, schema, contract, period),
            earlier=earlier[0] if earlier else None,
            earlier_evidence=_rows(connection, EVIDENCE, schema, contract, before),
        )


def oldest_claimable(
    settings: Settings, contract: str = "", period: str = ""
) -> tuple[str, str] | None:
    """Contract and month of the oldest credit that can still be notified; None when there is none.

    `contract`, `period`: of these only, unless blank.
    """
    with connect(settings, "publisher", row_factory=dict_row) as connection:
        found = _rows(connection, CLAIMABLE, "marts", contract, period)
    return (found[0]["contract_code"], found[0]["period_month"]) if found else None


def _rows(
    connection: psycopg.Connection[Any], query: str, schema: str, contract: str, period: str
) -> list[Row]:
    statement = sql.SQL(query).format(schema=sql.Identifier(schema))
    return connection.execute(statement, {"contract": contract, "period": period}).fetchall()


def _month_before(period: str) -> str:
    number = int(period[:4]) * 12 + int(period[5:]) - 2
    return f"{number // 12}-{number % 12 + 1:02d}"


def _plain(row: Row) -> Row:
    """Without what a later publication of the same figures would have otherwise."""
    return {k: v for k, v in row.items() if k != "recency"}
