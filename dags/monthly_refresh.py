"""### Build and publish the figures of the months that are due.

**When** an extract changed (`receive_*` announces it), and at 06:00 London time on working days 6
(costs) and 12 (all final) of the month after; on day 13 it fails if the month is not final.
**Owner** data engineering. **Parameter** `period`: a month, `all`, or blank: all that are due.
**Does** decide → build (dbt, one process, beside the live marts, under a lease) → publish (swap).
A retry of `build` runs only what failed.
**When it fails** readers keep the last published figures: see `docs/runbooks/monthly_refresh.md`.
"""

from typing import Any

from airflow.sdk import AssetAny, AssetOrTimeSchedule, dag, task

from outturn.dag_wiring import Tag, defaults, explained, extract_assets, month_parameter
from outturn.settings import get_settings
from outturn.timetable import WorkingDayTimetable, deadline_month, reported_month

DAG_ID = "monthly_refresh"
SETTINGS = get_settings()


@dag(
    dag_id=DAG_ID,
    schedule=AssetOrTimeSchedule(
        timetable=WorkingDayTimetable.of(SETTINGS), assets=AssetAny(*extract_assets(SETTINGS))
    ),
    params={"period": month_parameter()},
    tags=[Tag.PUBLICATION],
    doc_md=__doc__,
    **defaults(),
)
def monthly_refresh() -> None:
    """Wire decide → build → publish."""

    @task.short_circuit(ignore_downstream_trigger_rules=False)
    @explained(DAG_ID)
    def decide(*, params: Any = None, dag_run: Any = None) -> str | None:
        from outturn import monthly

        month = reported_month(dag_run.logical_date)
        return monthly.decide(SETTINGS, params["period"], dag_run.run_type, month)

    @task
    @explained(DAG_ID)
    def build(run_key: str) -> None:
        from outturn import refresh

        refresh.build(SETTINGS, run_key)

    @task
    @explained(DAG_ID)
    def publish(run_key: str) -> None:
        from outturn import refresh

        refresh.publish_run(SETTINGS, run_key)

    @task(trigger_rule="all_done", retries=0)
    @explained(DAG_ID)
    def is_final_in_time(*, dag_run: Any = None) -> None:
        from outturn import monthly

        monthly.assert_final(SETTINGS, deadline_month(SETTINGS, dag_run))

    run_key = decide()
    build(run_key) >> publish(run_key) >> is_final_in_time()


monthly_refresh()
