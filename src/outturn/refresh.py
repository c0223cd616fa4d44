"""The whole way of a figure: what `outturn refresh` does and what the DAGs' tasks call."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from outturn import intake, publish, receive, run, transform
from outturn.contracts import load_contracts
from outturn.errors import IntakeFailed, OutturnError
from outturn.progress import say, step
from outturn.settings import Settings


def refresh(
    settings: Settings,
    period: str | None = None,
    *,
    everything: bool = False,
    as_at: date | None = None,
) -> str | None:
    """Receive, load and check what lies at the landing URL, then build and publish.

    Returns the run key, or None when nothing was due. With `as_at` nothing is received: the
    marts as known at the end of that day are built in schemas of their own.
    Raises IntakeFailed, after publishing what is good, when a file was refused or held.
    """
    if as_at is not None:
        return build_as_at(settings, as_at)
    problems = receive_all(settings)
    run_key = build_and_publish(settings, period, everything=everything)
    if problems:
        raise IntakeFailed(problems)
    return run_key


def build_and_publish(
    settings: Settings, period: str | None = None, *, everything: bool = False
) -> str | None:
    """Plan, build and publish one run; None when nothing is due."""
    planned = run.plan(settings, period, everything=everything)
    if planned is None:
        say("Nothing is due: the published marts are what the files say.")
        return None
    with step(f"Build {_describe(planned)}"):
        build(settings, planned.run_key)
    with step("Publish"):
        publish_run(settings, planned.run_key)
    return planned.run_key


def build(settings: Settings, run_key: str) -> None:
    """Build and test a planned run's marts beside the live ones, alone."""
    with run.lease(settings, run_key):
        transform.build(settings, run.load(settings, run_key))


def publish_run(settings: Settings, run_key: str) -> bool:
    """Swap a built run's marts in; False when that was done already."""
    with run.lease(settings, run_key):
        return publish.publish(settings, run.load(settings, run_key))


def build_as_at(settings: Settings, day: date) -> str:
    """The marts as known at the end of a day, in schemas asat_<day>_*; the live ones stay."""
    planned = run.plan_as_at(settings, day)
    with step(f"Build {_describe(planned)} as known at the end of {day:%d/%m/%Y}"):
        transform.build(settings, planned)
    say(f"The marts are in schema {planned.marts_schema}.")
    return planned.run_key


def receive_all(
    settings: Settings, source: str | None = None, received_at: datetime | None = None
) -> list[OutturnError]:
    """Receive, load and check; every file is tried, what went wrong is returned, file by file."""
    problems: list[OutturnError] = []
    if settings.landing_url and is_missing_folder(settings.landing_url):
        say(f"warning: OUTTURN_LANDING_URL is {settings.landing_url}, and there is no such folder.")
    with step("Receive"):
        for name in [source] if source else sources_of(settings):
            try:
                receive.receive(settings, name, received_at)
            except OutturnError as problem:  # another source's files are not held up by it
                problems.append(problem)
    for act in (intake.load_waiting, intake.check_waiting):
        try:
            act(settings, source)
        except IntakeFailed as failed:
            problems += failed.problems
    return problems


def is_missing_folder(url: str) -> bool:
    """Whether a URL names a local folder that is not there; others are known once they are listed.

    A source that never delivered is no error, but a misspelt path would look like one.
    """
    return "://" not in url and not Path(url).is_dir()


def sources_of(settings: Settings) -> list[str]:
    """The sources that any contract names."""
    return sorted({contract.source for contract in load_contracts(settings).values()})


def _describe(planned: run.Run) -> str:
    if not planned.last_period:
        return "marts without a month: no file was accepted yet"
    facts = (
        f"{len(planned.months)} months' facts" if len(planned.months) != 1 else planned.months[0]
    )
    return f"{planned.first_period} to {planned.last_period} ({facts})"
