"""### Notify the supplier of a service credit, once, after another person's approval.

**When** somebody triggers it. **Owner** data engineering; answered by the commercial team.
**Parameters** `contract_code`, `period` (YYYY-MM); blank: the oldest credit that can be claimed.
**Does** draft (evidence, arithmetic, what changed) → approve (waits for a person, who gives a
reason) → settle (records the answer; approved: PDF, XLSX and the ledger's step, together) → the
marts are refreshed. Who triggered it cannot approve it.
**When it fails** nothing was issued: see `docs/runbooks/credit_notice.md`.
"""

from dataclasses import asdict
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Param, dag, task
from airflow.sdk.exceptions import AirflowSkipException

from outturn.dag_wiring import Tag, defaults, explained
from outturn.recorded_approval import ANSWER, RecordedApproval
from outturn.settings import get_settings

DAG_ID = "credit_notice"
SETTINGS = get_settings()
MONTH = Param("", type="string", pattern=r"^(\d{4}-(0[1-9]|1[0-2]))?$", title="YYYY-MM or blank")


@dag(
    dag_id=DAG_ID,
    schedule=None,
    params={"contract_code": Param("", type="string"), "period": MONTH},
    tags=[Tag.CREDITS],
    doc_md=__doc__,
    **defaults(),
)
def credit_notice() -> None:
    """Wire draft → approve → settle → refresh."""

    @task
    @explained(DAG_ID)
    def draft(*, params: Any = None) -> dict[str, str]:
        from outturn.notice import issuing

        made = issuing.draft(SETTINGS, params["contract_code"], params["period"])
        if made is None:
            raise AirflowSkipException("no credit waits to be notified")
        return asdict(made)

    approve = RecordedApproval(
        task_id="approve",
        subject="{{ ti.xcom_pull(task_ids='draft')['title'] }}",
        body="{{ ti.xcom_pull(task_ids='draft')['body'] }}",
        params={"reason": Param("", type="string", title="Reason (required)")},
    )
    # A rejection skips what follows the approval directly; the answer is recorded all the same.
    approved = EmptyOperator(task_id="approved")

    @task.short_circuit(trigger_rule="none_failed")
    @explained(DAG_ID)
    def settle(*, ti: Any = None, dag_run: Any = None) -> list[str]:
        from outturn.notice import answers

        drafted = ti.xcom_pull(task_ids="draft")
        answered = ti.xcom_pull(task_ids="approve", key=ANSWER)
        if not answered:
            raise AirflowSkipException("nobody was asked, or nobody answered")
        return answers.settle(SETTINGS, drafted, answered, dag_run)

    refresh = TriggerDagRunOperator(task_id="refresh", trigger_dag_id="monthly_refresh")
    draft() >> approve >> approved >> settle() >> refresh


credit_notice()
