"""An approval whose answer is kept for the tasks after it, a rejection as well.

Airflow's own operator leaves its result behind only when it approves: a rejection skips what
follows in the midst of it, and who rejected, and why, would be known to its metadata alone.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator

ANSWER = "answer"


class RecordedApproval(ApprovalOperator):
    """Airflow's ApprovalOperator; the answer is also an XCom of key `answer`.

    It holds chosen_options, params_input, responded_at (ISO) and responded_by_user.
    """

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Keep the answer, then go on as Airflow does: approved, or skipping what follows."""
        if "error" not in event:
            answered_at = event["responded_at"]
            kept = {key: event[key] for key in ("chosen_options", "params_input")}
            kept["responded_by_user"] = dict(event["responded_by_user"] or {})
            kept["responded_at"] = getattr(answered_at, "isoformat", lambda: str(answered_at))()
            context["ti"].xcom_push(key=ANSWER, value=kept)
        return super().execute_complete(context, event)
