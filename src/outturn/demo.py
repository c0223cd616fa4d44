"""`make demo`: everything from nothing to published figures, through Airflow's real scheduler.

A generated contract is delivered as it would have been over the years: the history first, for one
catch-up run, then three months one by one. A second call finds all of it published and changes
nothing; a call after a killed one goes on where that stopped.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from outturn import (
    airflow_config,
    findings,
    monthly,
    run,
    sample_post,
    server,
    services,
    transform,
    warehouse,
)
from outturn.airflow_api import ENDED, AirflowClient
from outturn.dashboards import bundle, environment, managing, serving
from outturn.database import connect
from outturn.doctor import examine
from outturn.errors import AirflowProblem, NotReady
from outturn.progress import say, step
from outturn.sample_post import Batch
from outturn.settings import Settings

REFRESH = "monthly_refresh"
# An announcement starts a refresh within seconds; after this long we start one ourselves.
PATIENCE = 20.0
RUN_SECONDS = 900.0

NOT_REGISTERED = """
select count(*)
from unnest(%(sources)s::text[], %(names)s::text[]) as wanted (source, name)
where not exists (
    select from ops.delivery
    where delivery.source = wanted.source and delivery.name = wanted.name
)
"""
IN_WORK = "select count(*) from ops.extract_file where status in ('registered', 'loaded')"
NEWEST_RUN = """
select run_key from ops.publication
where published_at is not null order by publication_id desc limit 1
"""
NOT_CURRENT = """
select delivery.name, extract_file.status, extract_file.refusal
from ops.extract_file as extract_file
inner join ops.delivery as delivery on extract_file.file_id = delivery.file_id
where extract_file.status in ('refused', 'held')
order by delivery.received_at
"""


def demo(settings: Settings, *, months: int = 36, scale: float = 0.02) -> None:
    """Bring everything up, deliver the sample, run it through Airflow, say what was found.

    `months`: service months from October 2015; `scale`: rows against a service of 50,000 staff.
    Raises NotReady when this machine lacks something, RunFailed when a refresh fails.
    """
    started = time.monotonic()
    landing = _local_landing(settings)
    _examine(settings)
    if settings.dsn is None:
        with step(f"PostgreSQL 18 on port {settings.pg_port}"):
            server.start(settings)
    warehouse.initialise(settings)
    folder = settings.home / "sample" / f"{months}-months-scale-{scale:g}"
    _start_airflow_and_generate(settings, folder, months, scale)
    client = AirflowClient(settings)
    changed = False
    with superset_meanwhile(settings):
        for batch in sample_post.batches(sample_post.items(folder)):
            changed |= run_batch(settings, client, folder, landing, batch)
    if changed:
        _write_model_page(settings)
    else:
        say("All of it is delivered and published already: nothing was changed.")
    _tell(settings, time.monotonic() - started)


def _local_landing(settings: Settings) -> Path:
    if "://" in settings.landing and not settings.landing.startswith("file://"):
        raise NotReady(
            "the demo delivers its files into a local landing folder.",
            remedy="Unset OUTTURN_LANDING_URL, or name a folder.",
        )
    return Path(settings.landing.removeprefix("file://"))


def _examine(settings: Settings) -> None:
    """Say everything that would go wrong before anything is begun."""
    with step("This machine"):
        wrong = [finding for finding in examine(settings) if not finding.is_well]
    if wrong:
        raise NotReady(
            "; ".join(f"{finding.name}: {finding.seen}" for finding in wrong),
            remedy=" ".join(finding.remedy for finding in wrong),
        )


def _start_airflow_and_generate(
    settings: Settings, folder: Path, months: int, scale: float
) -> None:
    """Airflow's start waits for imports, the sample for the processor: both at once."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        airflow = pool.submit(services.start, settings)
        if not folder.exists():
            with step(f"Sample: {months} months at scale {scale:g}"):
                _generate(settings, folder, months, scale)
        with step(f"Airflow on port {settings.airflow_port}"):
            airflow.result()
            services.wait_until_healthy(settings)
            wait_for_dags(settings)


@contextmanager
def superset_meanwhile(settings: Settings) -> Iterator[None]:
    """Bring Superset up while the body runs, and wait for it afterwards.

    It is begun only now because it makes secrets, as Airflow's start does. Without its environment
    there is nothing to bring up, which is said.
    """
    if not environment.is_installed():
        say("Superset's environment is not there: no dashboards (`make demo` makes it).")
        yield
        return
    with ThreadPoolExecutor(max_workers=1) as pool:
        superset: Future[None] = pool.submit(_bring_superset_up, settings)
        yield
        with step(f"Superset on port {settings.superset_port}"):
            superset.result()


def _bring_superset_up(settings: Settings) -> None:
    managing.apply(settings, bundle.read())
    serving.start(settings)
    serving.wait_until_healthy(settings)


def _generate(settings: Settings, folder: Path, months: int, scale: float) -> None:
    """Generate beside, then rename: a killed attempt is never taken for a sample."""
    from outturn import sample  # pandas and openpyxl are loaded only when a sample is made

    partial = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    sample.generate(settings, months=months, scale=scale, out=partial)
    partial.rename(folder)


def wait_for_dags(settings: Settings, seconds: float = 60) -> None:
    """Return when Airflow has read every DAG. Raises AirflowProblem naming one that it cannot."""
    client = AirflowClient(settings)
    expected = {path.stem for path in airflow_config.DAGS_FOLDER.glob("*.py")}
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        errors = client.import_errors()
        if errors:
            raise AirflowProblem("a DAG cannot be read: " + errors[0])
        if expected <= set(client.known_dags()):
            return
        time.sleep(0.5)
    raise AirflowProblem(f"Airflow does not know the DAGs {sorted(expected)} yet.")


def run_batch(
    settings: Settings, client: AirflowClient, folder: Path, landing: Path, batch: Batch
) -> bool:
    """Deliver a batch and see it through to publication; False when that was done before."""
    new = sample_post.deliver(folder, landing, batch)
    if not new and _is_settled(settings, batch):
        return False
    since = datetime.now(UTC)
    with step(f"{batch.title}: {len(batch.items)} files received, loaded and checked"):
        _take_in(client, batch, since)
    with step(f"{batch.title}: built and published"):
        _wait_until_published(settings, client, since)
    return True


def _is_settled(settings: Settings, batch: Batch) -> bool:
    """Whether every file of the batch is registered and nothing waits to be loaded or published."""
    wanted = {
        "sources": [item.source for item in batch.items],
        "names": [item.name for item in batch.items],
    }
    with connect(settings, "loader") as connection:
        missing = connection.execute(NOT_REGISTERED, wanted).fetchone()
        in_work = connection.execute(IN_WORK).fetchone()
    waits = (missing[0] if missing else 0) + (in_work[0] if in_work else 0)
    return waits == 0 and not monthly.find_months(settings).is_changed


def _take_in(client: AirflowClient, batch: Batch, since: datetime) -> None:
    """Trigger each source's DAG and follow it; a refused file is part of the story.

    The schedule may have taken the files before us: its runs since then are looked at as well.
    """
    dags = [f"receive_{source}" for source in sorted({item.source for item in batch.items})]
    for dag_id, run_id in [(dag_id, client.trigger(dag_id)) for dag_id in dags]:
        client.wait(dag_id, run_id, seconds=RUN_SECONDS, progress=_tell_task(dag_id))
    for dag_id in dags:
        for run_id in client.failed_runs(dag_id, since):
            failed = client.failures(dag_id, run_id)
            say(f"  {dag_id}: {', '.join(failed.tasks)} failed by name; what is good went on")
            if not set(failed.tasks) <= {"load", "check"}:
                raise failed


def _wait_until_published(settings: Settings, client: AirflowClient, since: datetime) -> None:
    """Follow the refreshes that the announcements started until nothing is due."""
    deadline = time.monotonic() + RUN_SECONDS
    idle_since = time.monotonic()
    tell = _tell_task(REFRESH)
    while time.monotonic() < deadline:
        runs = client.runs(REFRESH, since)
        for one in runs:
            if one["state"] == "failed":
                raise client.failures(REFRESH, one["dag_run_id"])
        active = [one for one in runs if one["state"] not in ENDED]
        if not monthly.find_months(settings).is_changed:
            return
        if active:
            idle_since = time.monotonic()
            tell(client.running(REFRESH, active[0]["dag_run_id"]))
        elif time.monotonic() - idle_since > PATIENCE:
            client.trigger(REFRESH)
            idle_since = time.monotonic()
        time.sleep(2)
    raise AirflowProblem(
        f"nothing was published within {RUN_SECONDS:.0f} s.", remedy=f"See {client.page(REFRESH)}."
    )


def _write_model_page(settings: Settings) -> None:
    with connect(settings, "publisher") as connection:
        row = connection.execute(NEWEST_RUN).fetchone()
    if row is not None:
        with step("Page about all models and tests"):
            transform.document(settings, run.load(settings, row[0]))


def _tell_task(dag_id: str) -> Any:
    """A listener that names each task as it begins."""
    told: list[str] = []

    def tell(task: str) -> None:
        if task and told[-1:] != [task]:
            told.append(task)
            say(f"    {dag_id}: {task}")

    return tell


def _tell(settings: Settings, seconds: float) -> None:
    out = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    out.print(findings.totals(settings))
    out.print(findings.newest_months(settings))
    with connect(settings, "loader") as connection:
        for name, status, reason in connection.execute(NOT_CURRENT).fetchall():
            out.print(f"{name} was {status}{': ' + reason if reason else ''}", markup=False)
    links = {
        "Airflow": f"{airflow_config.base_url(settings)} (user {services.ADMIN_USER})",
        "Dashboards": _dashboards(settings),
        "Check pages": settings.home / "checks" / "index.html",
        "Models and tests": settings.home / "dbt" / "docs" / "static_index.html",
        "Passwords": settings.secrets_path,
        "Logs": airflow_config.logs_folder(settings),
    }
    for title, place in links.items():
        out.print(f"{title}: {place}", markup=False, soft_wrap=True)
    out.print(f"Done in {seconds / 60:.1f} minutes. `make stop` ends what was started.")


def _dashboards(settings: Settings) -> str:
    """Where the dashboards are and who may look, by the names of the secrets."""
    if not serving.is_healthy(settings):
        return "not served"
    slug = next(iter(bundle.read().dashboards))
    page = f"{serving.base_url(settings)}/superset/dashboard/{slug}/"
    name = environment.password_name(environment.VIEWER)
    return f"{page} (user {environment.VIEWER}; password: {name} in the file below)"
