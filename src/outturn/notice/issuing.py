"""From a request to an issued notice: drafted, answered by another person, recorded once.

The files and the ledger's row belong together: the files take their names within the transaction
that records them, so that a killed attempt leaves nothing or is finished by the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from outturn.database import connect
from outturn.errors import ApprovalRefused, NoticeRefused
from outturn.notice import content, pdf, sheets, wording
from outturn.notice.content import Notice
from outturn.notice.issue import Issue
from outturn.run import LONDON
from outturn.settings import Settings

INSERT_ANSWER = """
insert into ops.notice_answer (run_id, contract_code, period, publication_id, notice_hash, answer,
    requested_by, answered_by, reason)
values (%(run_id)s, %(contract)s, %(period)s, %(publication_id)s, %(hash)s, %(answer)s,
    %(requested_by)s, %(answered_by)s, %(reason)s)
"""
# What the ledger says is due and not notified, whatever a mart said when the notice was drafted.
OPEN = """
select coalesce(sum(amount_gbp) filter (where step in ('due', 'adjustment')), 0)
    - coalesce(sum(amount_gbp) filter (where step in ('notified', 'waived', 'lapsed')), 0),
    count(*) filter (where step = 'adjustment')
from ops.credit_ledger
where contract_code = %(contract)s and period = %(period)s
"""
INSERT_STEP = """
insert into ops.credit_ledger (contract_code, period, entry_key, step, source, amount_gbp,
    effective_on, scheme_code, basis, actor, requested_by, reason, publication_id, notice_hash)
values (%(contract)s, %(period)s, 'notified:' || %(adjustments)s, 'notified', 'notice',
    %(amount)s, %(day)s, %(scheme)s, %(basis)s, %(answered_by)s, %(requested_by)s, %(reason)s,
    %(publication_id)s, %(hash)s)
"""


@dataclass(frozen=True)
class Answer:
    """What a person answered: approved or not, why, who and when; and who had asked."""

    run_id: str
    is_approved: bool
    reason: str
    requested_by: str
    answered_by: str
    answered_at: datetime


@dataclass(frozen=True)
class Draft:
    """What is put before a person. `hash` is the notice's: another one is another notice."""

    contract_code: str
    period: str
    title: str
    body: str
    hash: str


def draft(settings: Settings, contract: str = "", period: str = "") -> Draft | None:
    """The notice to be approved; None when no month was named and nothing can be claimed.

    Blank `period`: the oldest credit that can still be notified, of `contract` or of any.
    Raises NoticeRefused for a credit that is not there, or notified already.
    """
    if not period or not contract:
        found = content.oldest_claimable(settings, contract, period)
        if found is None and not period:
            return None
        if found is None:
            raise NoticeRefused(contract or "any contract", period, "nothing of it is claimable")
        contract, period = found
    notice = content.read(settings, contract, period)
    with connect(settings, "publisher") as connection:
        _refuse_unless_open(connection, notice)
    body = wording.markdown(notice)
    return Draft(contract, period, wording.title(notice), body, notice.hash)


def settle(settings: Settings, drafted: Draft, answer: Answer) -> list[Path]:
    """Record the answer; on approval write the notice and its step. The files, none if rejected.

    A repeated call for the same run changes nothing. Raises ApprovalRefused for an answer that
    does not count and NoticeRefused when the notice is no longer what was approved.
    """
    _refuse_unless_other_person(answer)
    with connect(settings, "publisher") as connection:
        connection.execute("select pg_advisory_xact_lock(hashtext('ops.credit_ledger'))")
        if _is_settled(connection, answer.run_id):
            return written(settings, drafted) if answer.is_approved else []
        notice = content.read(settings, drafted.contract_code, drafted.period)
        facts = _facts(notice, answer)
        if not answer.is_approved:
            facts["hash"] = drafted.hash
            connection.execute(INSERT_ANSWER, facts)
            return []
        facts["adjustments"] = _refuse_unless_open(connection, notice)
        _refuse_unless_the_same(notice, drafted)
        connection.execute(INSERT_ANSWER, facts)
        connection.execute(INSERT_STEP, facts)
        return _write(settings, notice, answer)


def files_of(settings: Settings, notice: Notice) -> list[Path]:
    """Where a notice's files are or would be."""
    folder = folder_of(settings, notice.contract_code, notice.period)
    stem = f"credit-notice-{notice.contract_code}-{notice.period}-{notice.number}"
    return [folder / f"{stem}.pdf", folder / f"{stem}.xlsx"]


def folder_of(settings: Settings, contract: str, period: str) -> Path:
    """The folder of a credit's notices."""
    return settings.home / "notices" / contract / period


def written(settings: Settings, drafted: Draft) -> list[Path]:
    """The files that were issued for a credit."""
    return sorted(folder_of(settings, drafted.contract_code, drafted.period).glob("*-notice-*"))


def preview(notice: Notice, folder: Path) -> list[Path]:
    """Write a draft, marked as such, into a folder of the caller's; nothing is recorded."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"draft-{notice.contract_code}-{notice.period}"
    made = [(folder / f"{stem}.pdf", pdf.render), (folder / f"{stem}.xlsx", sheets.render)]
    for path, render in made:
        path.write_bytes(render(notice, None))
    return [path for path, _ in made]


def _refuse_unless_other_person(answer: Answer) -> None:
    if not answer.requested_by or not answer.answered_by:
        raise ApprovalRefused(
            "it is not known who asked or who answered",
            remedy="A person triggers the notice and another one answers.",
        )
    if answer.requested_by.strip().lower() == answer.answered_by.strip().lower():
        raise ApprovalRefused(
            f"{answer.answered_by} asked for the notice and cannot approve or reject it",
            remedy="Trigger it again; another person answers.",
        )
    if not answer.reason.strip():
        raise ApprovalRefused("it gives no reason", remedy="Trigger it again; give a reason.")


def _is_settled(connection: psycopg.Connection[Any], run_id: str) -> bool:
    query = "select 1 from ops.notice_answer where run_id = %s"
    return connection.execute(query, (run_id,)).fetchone() is not None


def _refuse_unless_open(connection: psycopg.Connection[Any], notice: Notice) -> int:
    """Hold the notice against the ledger itself; how many adjustments the credit has had."""
    notice.refuse_unless_due()
    facts = {"contract": notice.contract_code, "period": notice.period}
    left, adjustments = connection.execute(OPEN, facts).fetchone() or (0, 0)
    if left != notice.amount_gbp:
        raise NoticeRefused(
            notice.contract_code,
            notice.period,
            f"the ledger has £{left} left to notify, the notice £{notice.amount_gbp}:"
            " a credit is issued once",
            remedy="Notified meanwhile: nothing is left to do. Else refresh and ask anew.",
        )
    return int(adjustments)


def _refuse_unless_the_same(notice: Notice, drafted: Draft) -> None:
    if notice.hash != drafted.hash:
        raise NoticeRefused(
            notice.contract_code,
            notice.period,
            "the figures were published anew since the notice was drafted",
            remedy="Trigger it again and approve what it says now.",
        )


def _facts(notice: Notice, answer: Answer) -> dict[str, Any]:
    return {
        "run_id": answer.run_id,
        "contract": notice.contract_code,
        "period": notice.period,
        "publication_id": notice.publication_id,
        "hash": notice.hash,
        "answer": "approved" if answer.is_approved else "rejected",
        "requested_by": answer.requested_by,
        "answered_by": answer.answered_by,
        "reason": answer.reason.strip(),
        "amount": notice.amount_gbp,
        "day": answer.answered_at.astimezone(LONDON).date(),
        "scheme": notice.credit["scheme_code"],
        "basis": notice.credit["basis"],
    }


def _write(settings: Settings, notice: Notice, answer: Answer) -> list[Path]:
    issue = Issue(
        answer.requested_by,
        answer.answered_by,
        answer.answered_at.astimezone(LONDON).date(),
        answer.reason.strip(),
    )
    paths = files_of(settings, notice)
    paths[0].parent.mkdir(parents=True, exist_ok=True)
    for path, render in zip(paths, (pdf.render, sheets.render), strict=True):
        partial = path.with_name(f".{path.name}.part")
        partial.write_bytes(render(notice, issue))
        partial.replace(path)
    return paths
