"""`outturn load FILE --explain`: what a load would do, told without doing it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer
import yaml
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from outturn.profiling.explaining import Explanation, explain
from outturn.profiling.mending import Mend
from outturn.profiling.trying import Outcome
from outturn.profiling.values import pattern_of
from outturn.settings import Settings

SHOWN_REJECTS = 5
SHOWN_RAW = 300
_MARKS = {True: "[green]✓[/green]", False: "[red]✗[/red]", None: ""}


def explain_files(
    settings: Settings, files: list[Path], extract: str | None, *, as_json: bool
) -> bool:
    """Tell of each file what a load would do; whether all of them would load whole."""
    told = [explain(settings, path, extract) for path in files]
    if as_json:
        typer.echo(json.dumps([_plain(one) for one in told], ensure_ascii=False, indent=2))
    else:
        console = _console()
        for path, one in zip(files, told, strict=True):
            _show(console, path, one)
    return all(one.would_load for one in told)


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(width=160, highlight=False)


def _show(console: Console, path: Path, told: Explanation) -> None:
    console.rule(escape(told.file), align="left")
    if told.extract:
        console.print(f"{told.extract}, form {told.form}, declared in {told.declared_in}",
                      markup=False)  # fmt: skip
    if told.trouble:
        console.print(f"[red]✗[/red] {escape(told.trouble)}")
    _show_facts(console, told)
    _show_headers(console, told)
    _show_outcome(console, told)
    if told.mend is not None and told.mend.says_something:
        _show_mend(console, told, told.mend)
    if told.extract is None:
        _show_nearest(console, path, told)
    console.print("Nothing was registered, archived or landed.", style="dim")


def _show_facts(console: Console, told: Explanation) -> None:
    if not told.facts:
        return
    table = _table("", "detected", "declared", "")
    for fact in told.facts:
        table.add_row(fact.name, escape(fact.detected), escape(fact.declared), _MARKS[fact.agrees])
    console.print(table)


def _show_headers(console: Console, told: Explanation) -> None:
    if not told.headers:
        return
    table = _table("cell", "header", "column", "")
    for one in told.headers:
        colour = "red" if one.what in ("not known", "comes twice") else "dim"
        table.add_row(
            str(one.cell), escape(one.text), one.column, f"[{colour}]{one.what}[/{colour}]"
        )
    console.print(table)
    for name in told.missing:
        console.print(f"[red]✗[/red] missing: {escape(name)}")


def _show_outcome(console: Console, told: Explanation) -> None:
    outcome = told.outcome
    if outcome is None:
        return
    if outcome.refusal is not None:
        console.print(f"[red]✗ would be refused:[/red] {escape(str(outcome.refusal))}")
    else:
        console.print(
            f"[green]✓[/green] would load: {outcome.landed:,} records land, "
            f"{outcome.set_aside:,} are set aside. Checks on landed rows come after a load."
        )
    if outcome.rejected:
        table = _table("line", "column", "value", "reason")
        for one in outcome.rejected[:SHOWN_REJECTS]:
            for fault in one.faults:
                table.add_row(
                    str(one.line), fault.column or "(record)", escape(fault.value[:100]),
                    escape(fault.reason),
                )  # fmt: skip
            table.add_row("", "record", f"[dim]{escape(one.raw[:SHOWN_RAW])}[/dim]", "")
        console.print(table)


def _show_mend(console: Console, told: Explanation, mend: Mend) -> None:
    outcome = mend.outcome
    total = outcome.landed + outcome.set_aside
    if mend.form:
        place = (
            f"a new file <OUTTURN_EXTRACTS_DIR>/{(told.extract or '').split('/')[0]}/own.yaml"
            if mend.is_new
            else f"{mend.declared_in}, form {told.form}"
        )
        result = (
            f"still refused: {outcome.refusal.reason}"
            if outcome.refusal
            else f"{outcome.landed:,} of {total:,} records would land"
        )
        console.print(f"With this in {place}: {result}.", markup=False)
    for note in mend.notes:
        console.print(f"[yellow]check[/yellow] {escape(note)}")
    if mend.form:
        console.print(snippet(told, mend), markup=False, soft_wrap=True)


def snippet(told: Explanation, mend: Mend) -> str:
    """The changed keys as YAML; for a form that is new the whole file."""
    document: dict[str, Any] = mend.form
    if mend.is_new:
        head = {"apiVersion": "outturn/v1", "kind": "ExtractForm", "extract": told.extract}
        document = head | {"form": mend.form}
    text = yaml.safe_dump(
        document, sort_keys=False, allow_unicode=True, width=100, default_flow_style=None
    )
    return "\n".join(f"    {line}" for line in text.splitlines())


def _show_nearest(console: Console, path: Path, told: Explanation) -> None:
    for near in told.nearest:
        missing = f"; misses {', '.join(near.missing)}" if near.missing else ""
        unknown = f"; does not know {', '.join(near.unknown)}" if near.unknown else ""
        if not near.missing and not near.unknown:
            console.print(
                f"Every header fits {near.extract}, form {near.form} ({near.declared_in}): "
                f"only the name does not. Add {pattern_of(path.name)!r} to its `files`.",
                markup=False,
            )
            continue
        console.print(
            f"near: {near.extract}, form {near.form} ({', '.join(near.patterns)}): "
            f"{near.found} headers fit{missing}{unknown}",
            markup=False,
        )
    if told.nearest:
        best = told.nearest[0].extract
        console.print(f"Try it as one: outturn load '{path}' --extract {best} --explain")
    console.print(f"A contract of its own: outturn contract draft '{path}'", markup=False)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _plain(told: Explanation) -> dict[str, Any]:
    return {
        "file": told.file,
        "extract": told.extract,
        "form": told.form,
        "declared_in": told.declared_in,
        "trouble": told.trouble,
        "would_load": told.would_load,
        "facts": [asdict(fact) for fact in told.facts],
        "headers": [asdict(header) for header in told.headers],
        "missing": told.missing,
        "outcome": _plain_outcome(told.outcome),
        "mend": _plain_mend(told.mend),
        "nearest": [asdict(near) for near in told.nearest],
    }


def _plain_outcome(outcome: Outcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return None
    return {
        "landed": outcome.landed,
        "set_aside": outcome.set_aside,
        "refusal": str(outcome.refusal) if outcome.refusal else None,
        "rejected": [asdict(one) for one in outcome.rejected[:SHOWN_REJECTS]],
    }


def _plain_mend(mend: Mend | None) -> dict[str, Any] | None:
    if mend is None:
        return None
    outcome = _plain_outcome(mend.outcome)
    return {"form": mend.form, "check": mend.notes, "is_new": mend.is_new, "outcome": outcome}
