"""What all DAGs share: assets, owners, tags, and errors that end with the link to their runbook."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, ParamSpec, TypeVar

from airflow.sdk import DAG, Asset, AssetAlias, Param, dag, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from outturn.errors import (
    BuildFailed,
    LeaseTaken,
    OutturnError,
    ServerProblem,
    SourceUnreachable,
)
from outturn.settings import Settings, get_settings

P = ParamSpec("P")
R = TypeVar("R")

# What may be gone at the next attempt. Everything else fails at once: trying again changes nothing.
PASSING = (SourceUnreachable, LeaseTaken, ServerProblem, BuildFailed)
FIRST_MONTH = datetime(2014, 4, 1, tzinfo=UTC)


class Tag(StrEnum):
    """The DAGs' tags."""

    INTAKE = "intake"
    PUBLICATION = "publication"
    SUPPLIER = "supplier"
    FINANCE = "finance"
    CREDITS = "credits"


def defaults() -> dict[str, Any]:
    """What every DAG is given: one run at a time, no catch-up, an owner, retries."""
    arguments = {
        "owner": "data-engineering",
        "retries": 2,
        "retry_delay": timedelta(seconds=20),
    }
    return {
        "start_date": FIRST_MONTH,
        "catchup": False,
        "max_active_runs": 1,
        "default_args": arguments,
    }


def month_parameter() -> Param:
    """A run's parameter: a month, `all`, or blank."""
    pattern = r"^(all|\d{4}-(0[1-9]|1[0-2]))?$"
    return Param("", type="string", pattern=pattern, title="YYYY-MM, all, or blank")


def extract_asset(key: str) -> Asset:
    """The asset of an extract, named as its contract is: `supplier/indicator_returns`."""
    return Asset(name=key, uri=f"outturn://extracts/{key}")


def extract_assets(settings: Settings | None = None) -> list[Asset]:
    """One asset per contract file; only names are read, for this runs whenever a DAG is parsed."""
    given = settings or get_settings()
    folders = [given.extracts_path, *([given.extracts_dir] if given.extracts_dir else [])]
    keys = {f"{p.parent.name}/{p.stem}" for folder in folders for p in folder.glob("*/*.yaml")}
    return [extract_asset(key) for key in sorted(keys)]


def runbook(settings: Settings, dag_id: str, error: str = "") -> str:
    """Where to read what to do about a DAG's error."""
    anchor = f"#{error.lower()}" if error else ""
    return f"{settings.runbook_url.rstrip('/')}/{dag_id}.md{anchor}"


def explained(dag_id: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a task's errors end with the runbook's link; what no retry can cure fails at once."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return function(*args, **kwargs)
            except (AirflowSkipException, AirflowFailException):
                raise
            except Exception as problem:
                name = type(problem).__name__
                text = f"{name}: {problem}\nWhat to do: {runbook(get_settings(), dag_id, name)}"
                is_final = isinstance(problem, OutturnError) and not isinstance(problem, PASSING)
                raise (AirflowFailException if is_final else RuntimeError)(text) from problem

        return call

    return decorate


def receive_dag(source: str, doc: str, *, schedule: str = "*/15 * * * *") -> DAG:
    """The DAG `receive_<source>`: receive → load → check → announce.

    What is good goes on: a refused or held file fails its task, and the run, after the others
    went through. The announcement is an event of the asset of each extract that changed.
    """
    dag_id = f"receive_{source}"
    alias = AssetAlias(f"{source} extracts")

    @dag(
        dag_id=dag_id,
        schedule=schedule,
        tags=[Tag.INTAKE, Tag(source)] if source in set(Tag) else [Tag.INTAKE],
        doc_md=doc,
        **defaults(),
    )
    def wire() -> None:
        @task
        @explained(dag_id)
        def receive() -> list[int]:
            from outturn.receive import receive as take

            return take(get_settings(), source)

        @task(trigger_rule="all_done")
        @explained(dag_id)
        def load() -> int:
            from outturn.intake import load_waiting

            return load_waiting(get_settings(), source)

        @task(trigger_rule="all_done")
        @explained(dag_id)
        def check() -> int:
            from outturn.intake import check_waiting

            return check_waiting(get_settings(), source)

        @task(trigger_rule="all_done", outlets=[alias])
        @explained(dag_id)
        def announce(*, outlet_events: Any = None, dag_run: Any = None) -> list[str]:
            from outturn.intake import changed_extracts

            extracts = changed_extracts(get_settings(), source, dag_run.start_date)
            for extract in extracts:
                outlet_events[alias].add(extract_asset(extract))
            return extracts

        @task
        def all_went_through() -> None:
            """Reached only if no file was refused or held: otherwise the run counts as failed."""

        steps = [receive(), load(), check(), announce()]
        for before, after in itertools.pairwise(steps):
            before >> after
        steps >> all_went_through()

    return wire()
