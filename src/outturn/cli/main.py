"""The command line: `outturn …`. Thin: each command calls one function and shows its result."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from outturn.cli import changes, contract, dashboards, files, ledger, notice, sample
from outturn.errors import IntakeFailed, OutturnError
from outturn.progress import console, say, step
from outturn.settings import Settings, get_settings

app = typer.Typer(
    help="A warehouse for outsourced public services.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(files.files_app, name="files")
app.add_typer(files.quarantine_app, name="quarantine")
app.add_typer(contract.app, name="contract")
app.add_typer(dashboards.app, name="dashboards")
app.add_typer(ledger.app, name="ledger")
app.add_typer(notice.app, name="notice")
app.command("sample")(sample.sample)
app.command("changes")(changes.changes)
app.command("rebuild")(changes.rebuild)

Json = Annotated[bool, typer.Option("--json", help="For machines.")]


def main() -> None:
    """Entry point: an error of ours is said in plain words, with its exit code."""
    # A terminal is told steps; what each node of a build did is in `home/logs/dbt`.
    logging.getLogger("outturn").setLevel(logging.WARNING)
    try:
        app()
    except OutturnError as problem:
        console.print(f"[red]{type(problem).__name__}[/red]: ", end="")
        console.print(str(problem), markup=False)
        sys.exit(problem.exit_code)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Say what would go wrong on this machine. Exits 1 if anything would."""
    from outturn.doctor import examine

    findings = examine(get_settings())
    if as_json:
        typer.echo(json.dumps([finding.__dict__ for finding in findings]))
    for finding in findings if not as_json else []:
        mark = "[green]✓[/green]" if finding.is_well else "[red]✗[/red]"
        console.print(f"{mark} {finding.name}: {finding.seen}")
        if not finding.is_well:
            console.print(f"  {finding.remedy}")
    raise typer.Exit(0 if all(finding.is_well for finding in findings) else 1)


@app.command()
def init(
    airflow: Annotated[
        bool, typer.Option("--airflow", help="Also Airflow's configuration and metadata.")
    ] = False,
) -> None:
    """Create roles, domains, schemas and tables, on the embedded server or OUTTURN_DSN's."""
    from outturn import services, warehouse

    settings = get_settings()
    start_server(settings)
    warehouse.initialise(settings)
    if airflow:
        with step("Airflow's configuration and metadata"):
            services.prepare(settings)
    say(f"Generated passwords: {settings.secrets_path}")


def start_server(settings: Settings) -> None:
    """The embedded server, unless the administrator's DSN names another."""
    from outturn import server

    if settings.dsn is None:
        with step(f"PostgreSQL on port {settings.pg_port}"):
            server.start(settings)


@app.command()
def receive(
    source: Annotated[str | None, typer.Argument(help="One source; all without.")] = None,
    received_at: Annotated[
        datetime | None, typer.Option(help="For files without a time of their own.")
    ] = None,
) -> None:
    """Archive and register what lies at the landing URL, without loading it."""
    from outturn.receive import receive as receive_source
    from outturn.refresh import sources_of

    settings = get_settings()
    for name in [source] if source else sources_of(settings):
        say(f"{name}: {len(receive_source(settings, name, received_at))} new")


@app.command()
def load(
    paths: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, metavar="FILE")],
    extract: Annotated[
        str | None, typer.Option(help="e.g. finance/payments; else by the file's name.")
    ] = None,
    received_at: Annotated[datetime | None, typer.Option(help="When it was received.")] = None,
    explained: Annotated[
        bool, typer.Option("--explain", help="Load nothing: say what would be done, and why.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Archive, load and check files from anywhere. Exits 1 if one is refused or held."""
    from outturn import check, receive
    from outturn.load import load_file

    settings = get_settings()
    if explained:
        from outturn.cli import explain

        would_load = explain.explain_files(settings, paths, extract, as_json=as_json)
        raise typer.Exit(0 if would_load else 1)
    problems: list[OutturnError] = []
    results: list[dict[str, Any]] = []
    for file_id in receive.receive_paths(settings, paths, extract, received_at):
        result = load_file(settings, file_id)
        results.append(result.__dict__)
        say(
            f"{result.name}: {result.records} records, {result.landed} landed, "
            f"{result.quarantined} quarantined"
        )
        for after in (
            result.raise_if_refused,
            lambda file_id=file_id: check.check_file(settings, file_id).raise_if_held(),
        ):
            problem = _problem_of(after)
            if problem:
                problems.append(problem)
                break
    if as_json:
        typer.echo(json.dumps(results, default=str))
    if problems:
        raise IntakeFailed(problems)


def _problem_of(act: Callable[[], Any]) -> OutturnError | None:
    try:
        act()
    except OutturnError as problem:
        return problem
    return None


@app.command()
def refresh(
    period: Annotated[str | None, typer.Option(help="YYYY-MM; else all that are due.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="First to last period of any accepted file.")
    ] = False,
    as_at: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="As known at the end of this day in London."),
    ] = None,
) -> None:
    """Receive, load, check, build and publish: what the DAGs do, without Airflow."""
    from outturn.refresh import refresh as run_refresh

    settings = get_settings()
    day: date | None = as_at.date() if as_at else settings.as_at
    run_refresh(settings, period, everything=everything, as_at=day)


@app.command()
def status(as_json: Json = False) -> None:
    """What is published, what is due, what waits."""
    from outturn.status import status_of

    facts = status_of(get_settings())
    if as_json:
        typer.echo(json.dumps(facts, default=str))
        return
    for name, value in facts.items():
        typer.echo(f"{name.replace('_', ' ')}: {value}")


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="One select over the marts.")],
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV on standard output.")] = False,
    audience: Annotated[str, typer.Option(help="Whose login to read as.")] = "finance",
) -> None:
    """Ask the marts, read-only, as the readers of an audience."""
    from outturn.query import ask, copy_csv

    settings = get_settings()
    if as_csv:
        copy_csv(settings, query, sys.stdout.buffer, audience)
        return
    columns, rows = ask(settings, query, audience)
    table = Table(*columns)
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    console_out(table)


def console_out(table: Table) -> None:
    """Results go to standard output, whatever is said meanwhile goes to standard error."""
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else 200).print(table)


@app.command()
def demo(
    scale: Annotated[float, typer.Option(help="Rows against a service of 50,000 staff.")] = 0.02,
    months: Annotated[int, typer.Option(help="Service months from October 2015.")] = 36,
) -> None:
    """Bring everything up on a generated contract and run it through Airflow."""
    from outturn.demo import demo as run_demo

    run_demo(get_settings(), months=months, scale=scale)


@app.command()
def stop() -> None:
    """End what was started here: Superset and Airflow, then PostgreSQL."""
    from outturn import server, services
    from outturn.dashboards import serving

    settings = get_settings()
    with step("Stop Superset"):
        serving.stop(settings)
    with step("Stop Airflow"):
        services.stop(settings)
    with step("Stop PostgreSQL"):
        server.stop(settings)


@app.command()
def clean(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Stop everything and delete this installation's state: archive, server, logs, passwords."""
    import shutil

    from outturn import server

    settings = get_settings()
    if not yes and os.isatty(0):
        typer.confirm(f"Delete {settings.home} and the embedded server's data?", abort=True)
    stop()
    server.remove(settings)
    shutil.rmtree(settings.home, ignore_errors=True)
