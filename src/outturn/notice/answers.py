"""An answer as the orchestrator stores it, turned into one that the notice understands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from outturn.notice.issuing import Answer, Draft
from outturn.notice.issuing import settle as settle_notice
from outturn.settings import Settings

APPROVED = "Approve"


def settle(
    settings: Settings, drafted: dict[str, str], answered: dict[str, Any], dag_run: Any
) -> list[str]:
    """Settle a run of credit_notice; the issued files, none when it was rejected.

    `drafted` is what the run's task `draft` returned, `answered` what `approve` kept of the answer;
    `dag_run` says who asked. Raises ApprovalRefused and NoticeRefused.
    """
    answer = Answer(
        run_id=dag_run.run_id,
        is_approved=answered["chosen_options"] == [APPROVED],
        reason=str((answered.get("params_input") or {}).get("reason") or ""),
        requested_by=str(dag_run.triggering_user_name or ""),
        answered_by=str((answered.get("responded_by_user") or {}).get("name") or ""),
        answered_at=_moment(answered["responded_at"]),
    )
    return [str(path) for path in settle_notice(settings, Draft(**drafted), answer)]


def _moment(value: datetime | str) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
