"""A thin client of Airflow's REST API: trigger a run, follow it, read why a task failed.

Far quicker than the `airflow` command, which imports Airflow for four seconds at each call.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_exponential

from outturn.airflow_config import base_url
from outturn.errors import AirflowProblem, RunFailed
from outturn.secret_store import all_secrets
from outturn.settings import Settings

ENDED = frozenset({"success", "failed"})
COMPONENTS = ("metadatabase", "scheduler", "dag_processor", "triggerer")
# What the pages show of a failed task: enough for the message and the runbook's link.
TAIL_LINES = 25

Progress = Callable[[str], None]

_patiently = retry(
    retry=retry_if_exception_type(httpx.TransportError),
    stop=stop_after_delay(30),
    wait=wait_exponential(multiplier=0.2, max=3),
    reraise=True,
)


class AirflowClient:
    """Talks to this home's Airflow as one of its users; logs in at the first call."""

    def __init__(self, settings: Settings, user: str = "admin") -> None:
        self._settings = settings
        self._user = user
        self._http = httpx.Client(base_url=base_url(settings), timeout=30, trust_env=False)
        self._token = ""

    def unhealthy(self) -> list[str]:
        """Names of what does not answer yet; empty when all is well. Never raises."""
        try:
            answer = self._http.get("/api/v2/monitor/health", timeout=5)
            answer.raise_for_status()
        except httpx.HTTPError:
            return ["api server"]
        state = answer.json()
        return [
            part.replace("_", " ")
            for part in COMPONENTS
            if (state.get(part) or {}).get("status") != "healthy"
        ]

    def known_dags(self) -> dict[str, bool]:
        """DAG ids, and whether each has import errors behind it (then it is stale)."""
        found = self._call("GET", "/api/v2/dags", params={"limit": 100})["dags"]
        return {dag["dag_id"]: bool(dag["has_import_errors"]) for dag in found}

    def import_errors(self) -> list[str]:
        """One text per DAG file that cannot be read."""
        found = self._call("GET", "/api/v2/importErrors")["import_errors"]
        return [f"{error['filename']}: {error['stack_trace']}" for error in found]

    def asset_events(self, dag_id: str) -> list[dict[str, Any]]:
        """What a DAG announced, oldest first: asset's name (`name`), run and task of each event."""
        params = {"limit": 100, "order_by": "timestamp", "source_dag_id": dag_id}
        found: list[dict[str, Any]] = self._call("GET", "/api/v2/assets/events", params=params)[
            "asset_events"
        ]
        return found

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None) -> str:
        """Start a run now, without a logical date; returns its run id."""
        body = {"logical_date": None, "conf": conf or {}}
        run = self._call("POST", f"/api/v2/dags/{dag_id}/dagRuns", json=body)
        return str(run["dag_run_id"])

    def runs(self, dag_id: str, since: datetime | None = None) -> list[dict[str, Any]]:
        """The DAG's runs, oldest first; `since` keeps those that were queued at it or later."""
        params: dict[str, Any] = {"limit": 100, "order_by": "-run_after"}
        found = self._call("GET", f"/api/v2/dags/{dag_id}/dagRuns", params=params)["dag_runs"]
        kept = [run for run in found if since is None or _time(run["queued_at"]) >= since]
        return sorted(kept, key=lambda run: str(run["queued_at"]))

    def failed_runs(self, dag_id: str, since: datetime) -> list[str]:
        """Ids of the DAG's runs that ended as failed at `since` or later."""
        return [
            run["dag_run_id"]
            for run in self.runs(dag_id)
            if run["state"] == "failed" and _time(run["end_date"]) >= since
        ]

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """One run as Airflow describes it (state, start_date, end_date, conf, run_type ...)."""
        found: dict[str, Any] = self._call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")
        return found

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """The run's task instances, in order of start."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        found = self._call("GET", path)["task_instances"]
        return sorted(found, key=lambda task: str(task["start_date"] or "9"))

    def running(self, dag_id: str, run_id: str) -> str:
        """Names of the run's tasks that run now; empty when none does."""
        now = [task for task in self.tasks(dag_id, run_id) if task["state"] == "running"]
        return ", ".join(str(task["task_id"]) for task in now)

    def log_tail(self, dag_id: str, run_id: str, task: dict[str, Any]) -> str:
        """The last lines of a task's newest attempt."""
        number = max(1, int(task["try_number"]))
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task['task_id']}"
        answer = self._call(
            "GET", f"{path}/logs/{number}", params={"map_index": task.get("map_index", -1)}
        )
        lines = [_event(line) for line in answer.get("content", [])]
        return "\n".join(line for line in lines[-TAIL_LINES:] if line)

    def question(self, dag_id: str, run_id: str, task_id: str) -> dict[str, Any]:
        """What a waiting task asks a person: subject, body, options, and the answer once given."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/-1/hitlDetails"
        found: dict[str, Any] = self._call("GET", path)
        return found

    def answer(
        self, dag_id: str, run_id: str, task_id: str, option: str, given: dict[str, Any]
    ) -> None:
        """Answer a waiting task as this user. Raises AirflowProblem when that is not allowed."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/-1/hitlDetails"
        body = {"chosen_options": [option], "params_input": given}
        self._call("PATCH", path, json=body)

    def wait(
        self, dag_id: str, run_id: str, *, seconds: float = 900, progress: Progress | None = None
    ) -> dict[str, Any]:
        """Follow a run to its end and return it, whatever the end is.

        `progress` hears which tasks run, at each look. Raises AirflowProblem after `seconds`.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            run = self.run(dag_id, run_id)
            if run["state"] in ENDED:
                return run
            if progress:
                progress(self.running(dag_id, run_id))
            time.sleep(1)
        raise AirflowProblem(
            f"run {run_id} of {dag_id} has not ended after {seconds:.0f} s.",
            remedy=f"See {self.page(dag_id, run_id)}.",
        )

    def failures(self, dag_id: str, run_id: str) -> RunFailed:
        """Why a run failed, as an error to raise: each failed task with the end of its log."""
        failed = [task for task in self.tasks(dag_id, run_id) if task["state"] == "failed"]
        tails = {str(task["task_id"]): self.log_tail(dag_id, run_id, task) for task in failed}
        return RunFailed(dag_id, run_id, tails, remedy=f"See {self.page(dag_id, run_id)}.")

    def page(self, dag_id: str, run_id: str = "") -> str:
        """Address of the page of a DAG or of one of its runs."""
        tail = f"/runs/{run_id}" if run_id else ""
        return f"{base_url(self._settings)}/dags/{dag_id}{tail}"

    @_patiently
    def _call(self, method: str, path: str, **options: Any) -> Any:
        if not self._token:
            self._log_in()
        answer = self._send(method, path, options)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._log_in()
            answer = self._send(method, path, options)
        if answer.is_error:
            raise AirflowProblem(
                f"Airflow answered {answer.status_code} to {method} {path}: {answer.text[:500]}",
                remedy="The API server's log is logs/airflow-api-server.log in OUTTURN_HOME.",
            )
        return answer.json()

    def _send(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        return self._http.request(method, path, headers=headers, **options)

    def _log_in(self) -> None:
        password = all_secrets(self._settings).get(f"airflow_{self._user}", "")
        body = {"username": self._user, "password": password}
        answer = self._http.post("/auth/token", json=body)
        if answer.is_error:
            raise AirflowProblem(
                f"Airflow refused the login of {self._user} ({answer.status_code}).",
                remedy=f"Its password is `airflow_{self._user}` in {self._settings.secrets_path}.",
            )
        self._token = str(answer.json()["access_token"])


def _event(line: object) -> str:
    """A log line's text, with the message of the exception that it carries."""
    if not isinstance(line, dict):
        return str(line)
    details = line.get("error_detail") or []
    values = [str(detail.get("exc_value", "")) for detail in details if isinstance(detail, dict)]
    return "\n".join([str(line.get("event", "")), *values[:1]])


def _time(text: str | None) -> datetime:
    return datetime.fromisoformat(text) if text else datetime.max.replace(tzinfo=UTC)
