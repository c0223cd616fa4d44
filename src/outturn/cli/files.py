"""`outturn files` and `outturn quarantine`: what was delivered and what is in no figure."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from outturn.settings import get_settings

files_app = typer.Typer(invoke_without_command=True)
quarantine_app = typer.Typer(
    help="Records that were set aside, with line, column, value and reason.", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="For machines.")]
FileId = Annotated[int, typer.Argument(help="The file's number, as `outturn files` lists it.")]

LONDON = ZoneInfo("Europe/London")
_COLOURS = {"accepted": "green", "held": "red", "refused": "red"}


@files_app.callback()
def files(
    status: Annotated[
        str | None, typer.Option(help="Only these: registered, loaded, accepted, held, refused.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List every delivered file: its status, when it was received, its records, what is wrong."""
    from outturn.quarantine import list_files, list_waiting

    settings = get_settings()
    found = [row for row in list_files(settings) if status in (None, row.status)]
    waiting = list_waiting(settings)
    if as_json:
        _print_json({"files": [asdict(r) for r in found], "waiting": [asdict(r) for r in waiting]})
        return
    table = _table(
        "File", "Name", "Status", "Received", "Records", "Landed", "Set aside", "Refusal"
    )
    for row in found:
        table.add_row(
            str(row.file_id),
            escape(row.name),
            _status(row.status),
            _moment(row.received_at),
            *(_count(n) for n in (row.records, row.landed, row.quarantined)),
            escape(row.refusal or ""),
        )
    _print(table)
    for one in waiting:
        typer.echo(f"not taken: {one.url}: {one.reason}.")


@quarantine_app.command("list")
def list_set_aside(as_json: Json = False) -> None:
    """List the files of which records were set aside."""
    from outturn.quarantine import list_files

    found = list_files(get_settings(), only_set_aside=True)
    if as_json:
        _print_json([asdict(row) for row in found])
        return
    table = _table("File", "Name", "Extract", "Received", "Records", "Set aside")
    for row in found:
        table.add_row(
            str(row.file_id),
            escape(row.name),
            row.extract,
            _moment(row.received_at),
            _count(row.records),
            _count(row.quarantined),
        )
    _print(table)


@quarantine_app.command("show")
def show_set_aside(file_id: FileId, as_json: Json = False) -> None:
    """Show each record of a file that was set aside, whole, with all that is wrong in it."""
    from outturn.quarantine import file_of, show

    settings = get_settings()
    file, records = file_of(settings, file_id), show(settings, file_id)
    if as_json:
        _print_json({"file": asdict(file), "records": [asdict(record) for record in records]})
        return
    for record in records:
        typer.echo(f"{file.name}, line {record.line_number}: {record.raw_record}")
        for error in record.errors:
            typer.echo(f"    {error.get('column')}: {error.get('value')!r}: {error.get('reason')}")
    typer.echo(f"{len(records)} of {file.records or 0} records of {file.name} are set aside.")


@quarantine_app.command()
def redrive(file_id: FileId, as_json: Json = False) -> None:
    """Load an archived file again under today's contract and reference data, and check it.

    Exits 1 when it is refused or held back.
    """
    from outturn import quarantine

    loaded, checked = quarantine.redrive(get_settings(), file_id)
    if as_json:
        facts = asdict(loaded) | {"problem": loaded.refusal}
        _print_json({"load": facts, "check": asdict(checked) if checked else None})
    else:
        typer.echo(
            f"{loaded.name}: {loaded.landed} of {loaded.records} records landed, "
            f"{loaded.quarantined} set aside."
        )
    loaded.raise_if_refused()
    if checked is not None:
        checked.raise_if_held()


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE, header_style="bold")
    for column in columns:
        is_number = column in ("File", "Records", "Landed", "Set aside")
        table.add_column(column, justify="right" if is_number else "left", overflow="fold")
    return table


def _print(table: Table) -> None:
    """On a terminal as wide as it is; in a log, never broken by a width that nobody has."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    console.print(table)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, default=_plain, ensure_ascii=False, indent=2))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _status(status: str) -> str:
    colour = _COLOURS.get(status)
    return f"[{colour}]{status}[/{colour}]" if colour else status


def _moment(value: datetime) -> str:
    return f"{value.astimezone(LONDON):%d/%m/%Y %H:%M}"


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
