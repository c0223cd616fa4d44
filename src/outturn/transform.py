"""dbt, in this process, as one build; what it did is written to `ops` and named in the log."""

from __future__ import annotations

import csv
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from outturn import changes
from outturn.database import connect, dsn_for
from outturn.errors import BuildFailed
from outturn.progress import say
from outturn.run import Run
from outturn.settings import Settings

log = logging.getLogger(__name__)

FAILED = ("error", "fail", "runtime error")
SHOWN_ROWS = 20


def build(settings: Settings, run: Run) -> None:
    """Build and test every model of a run. A repeated call runs only what failed before.

    Raises BuildFailed naming each model or test and its message; the live marts are untouched.
    """
    _end_strays(settings, run)
    if run.is_live:
        with connect(settings, "publisher") as connection:
            changes.forget(connection, run.months)
    target = settings.home / "dbt" / run.run_key
    arguments = ["retry", "--state", str(target)]
    if not _can_retry(target):
        _begin_marts(settings, run)
        arguments = _build(run)
    with environment(settings, run):
        outcome = invoke(settings, [*arguments, "--target-path", str(target)])
    results = [_facts(settings, result) for result in getattr(outcome.result, "results", [])]
    _record(settings, run, results)
    if not outcome.success:
        raise _failure(run, results, outcome.exception)


def document(settings: Settings, run: Run) -> Path:
    """Write one page about all models, columns and tests that needs no network; its path.

    Raises BuildFailed when dbt cannot write it.
    """
    target = settings.home / "dbt" / "docs"
    told = json.dumps({**variables(run), "marts_schema": "marts"})
    with environment(settings, run):
        outcome = invoke(
            settings, ["docs", "generate", "--static", "--vars", told, "--target-path", str(target)]
        )
    if not outcome.success:
        raise BuildFailed(
            f"the models' page was not written: {outcome.exception}",
            remedy="The figures are not affected.",
        )
    return target / "static_index.html"


def invoke(settings: Settings, arguments: list[str]) -> Any:
    """Run one dbt command in this process (never two at once) and return dbt's own result.

    dbt is quiet on the terminal: its whole log is in `home/logs/dbt`, each node's end is said here.
    """
    from dbt.cli.main import dbtRunner

    project = str(settings.dbt_path)
    logs = str(settings.home / "logs" / "dbt")
    common = ["--quiet", "--project-dir", project, "--profiles-dir", project, "--log-path", logs]
    return dbtRunner(callbacks=[_tell]).invoke([*arguments, *common])


def _tell(event: Any) -> None:
    """One line for each model, seed and test that ends: a log's reader sees where a build is."""
    if event.info.name == "NodeFinished":
        node = event.data.node_info
        log.info("%s %s", node.node_status, node.unique_id)


def variables(run: Run) -> dict[str, Any]:
    """What the models are told; no model asks the clock."""
    return {
        "as_at": run.as_at.isoformat(),
        "seen_by": run.seen_by.isoformat() if run.seen_by else "infinity",
        "first_period": run.first_period,
        "last_period": run.last_period,
        "months": run.months,
        "publication_id": run.publication_id,
        "schema_prefix": run.schema_prefix,
        "marts_schema": run.marts_schema,
        **_calendar_inputs(run.seed_path),
    }


def _calendar_inputs(seed_path: Path) -> dict[str, int]:
    """What reference data says of the calendar, by the name of the var that it sets."""
    with (seed_path / "calendar_inputs.csv").open(encoding="utf-8", newline="") as rows:
        return {row["input_code"]: int(row["value"]) for row in csv.DictReader(rows)}


def _build(run: Run) -> list[str]:
    """Unit tests prove the code, not the month: `make test` runs them."""
    arguments = ["build", "--exclude-resource-type", "unit_test"]
    arguments += ["--vars", json.dumps(variables(run))]
    return arguments if run.is_live else [*arguments, "--full-refresh"]


def _begin_marts(settings: Settings, run: Run) -> None:
    with connect(settings, "transformer") as connection:
        connection.execute("set role outturn_models")
        connection.execute("select staging.begin_marts(%s)", (run.marts_schema,))


def _can_retry(target: Path) -> bool:
    """Whether an earlier attempt of this very run ended with failures to take up again."""
    results = target / "run_results.json"
    if not results.exists():
        return False
    found = json.loads(results.read_text())["results"]
    return any(result["status"] in (*FAILED, "skipped") for result in found)


@contextmanager
def environment(settings: Settings, run: Run) -> Iterator[None]:
    """dbt takes its connection from the environment; it is put back afterwards.

    Variables that begin with DBT_ENV_SECRET_ are masked by dbt in its logs.
    """
    parts = conninfo_to_dict(dsn_for(settings, "transformer"))
    changed = {
        "OUTTURN_PG_HOST": str(parts["host"]),
        "OUTTURN_PG_PORT": str(parts.get("port", 5432)),
        "OUTTURN_PG_DATABASE": str(parts["dbname"]),
        "OUTTURN_TRANSFORMER_USER": str(parts["user"]),
        "DBT_ENV_SECRET_TRANSFORMER_PASSWORD": str(parts["password"]),
        "OUTTURN_RUN_KEY": run.run_key,
        "OUTTURN_DBT_THREADS": str(settings.dbt_threads),
        "OUTTURN_DBT_SEEDS_DIR": os.path.relpath(run.seed_path, settings.dbt_path),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "0",
        "DO_NOT_TRACK": "1",
    }
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _end_strays(settings: Settings, run: Run) -> None:
    """A killed run leaves its SQL running; under the lease nothing else builds the live marts."""
    pattern = "outturn-build-%" if run.is_live else f"{run.run_key.rsplit('-', 1)[0]}-%"
    with connect(settings, "transformer") as connection:
        ended = connection.execute(
            """
            select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity
            where application_name like %s
                and usename = current_user
                and pid <> pg_backend_pid()
            """,
            (pattern,),
        ).fetchone()
    if ended and ended[0]:
        log.warning("ended %s statements that a killed run had left behind", ended[0])


def _facts(settings: Settings, result: Any) -> dict[str, Any]:
    response = result.adapter_response or {}
    return {
        "unique_id": result.node.unique_id,
        "resource_type": str(result.node.resource_type),
        "status": str(result.status),
        "seconds": round(result.execution_time, 3),
        "rows_affected": response.get("rows_affected"),
        "message": _message(settings, result),
    }


def _message(settings: Settings, result: Any) -> str:
    """dbt's message without its own stack; of a test that found something, the rows it found.

    A singular test says in a column `message` what is wrong; of others column = value is said.
    """
    if str(result.status) not in ("fail", "warn") or str(result.node.resource_type) != "test":
        return str(result.message or "").split("\n\n  > in macro", 1)[0].strip()
    compiled = result.node.compiled_code
    query = f"select * from ({compiled}) as failing limit {SHOWN_ROWS}"  # noqa: S608 dbt's own
    with connect(settings, "transformer", row_factory=dict_row) as connection:
        connection.execute("set role outturn_models")
        failing = connection.execute(query.encode()).fetchall()
    return "\n    ".join(
        str(row.get("message") or ", ".join(f"{name} = {value}" for name, value in row.items()))
        for row in failing
    )


def _record(settings: Settings, run: Run, results: list[dict[str, Any]]) -> None:
    with connect(settings, "transformer") as connection:
        connection.cursor().executemany(
            """
            insert into ops.dbt_result
                (run_key, unique_id, resource_type, status, seconds, rows_affected, message)
            values (%(run_key)s, %(unique_id)s, %(resource_type)s, %(status)s, %(seconds)s,
                %(rows_affected)s, %(message)s)
            on conflict (run_key, unique_id) do update set
                status = excluded.status, seconds = excluded.seconds,
                rows_affected = excluded.rows_affected, message = excluded.message,
                finished_at = clock_timestamp()
            """,
            [{"run_key": run.run_key, **result} for result in results],
        )
    built = sum(result["resource_type"] == "model" for result in results)
    tested = sum("test" in result["resource_type"] for result in results)
    say(f"  dbt: {built} models built, {tested} tests run")
    for result in results:
        if result["status"] == "warn":
            say(f"  warning: {result['message']}")


def _failure(run: Run, results: list[dict[str, Any]], exception: object) -> BuildFailed:
    failed = [result for result in results if result["status"] in FAILED]
    lines = [f"{result['unique_id']}: {result['message']}" for result in failed]
    if not lines:
        lines = [str(exception)]
    return BuildFailed(
        "the figures were not built; the published ones stay as they were.\n  "
        + "\n  ".join(lines),
        remedy=f"Run key {run.run_key}; see ops.dbt_result and docs/runbooks/monthly_refresh.md.",
    )
