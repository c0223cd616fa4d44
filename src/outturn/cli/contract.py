"""`outturn contract`: check the extract contracts and render what is made from them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from outturn.contracts import load_contracts, load_folders
from outturn.errors import DraftImpossible
from outturn.landing import render_dictionary, render_sources
from outturn.progress import say
from outturn.settings import PROJECT_ROOT, Settings, get_settings

app = typer.Typer(help="Extract contracts: check, draft, render what is made from them.")


@app.command()
def check() -> None:
    """Read every contract in force; exit 1 with file, key and reason at the first bad one."""
    for key, contract in load_contracts(get_settings()).items():
        forms = ", ".join(
            f"{form.name} ({', '.join(pattern.text for pattern in form.files)})"
            for form in contract.forms
        )
        typer.echo(f"{key} {contract.version}: {len(contract.columns)} columns; {forms}")


@app.command()
def render() -> None:
    """Write dbt's source files and docs/dictionary.md from the project's contracts."""
    settings = get_settings()
    contracts = load_folders(settings.extracts_path)
    changed = render_sources(contracts, settings.dbt_path / "models")
    dictionary = PROJECT_ROOT / "docs" / "dictionary.md"
    text = render_dictionary(contracts)
    if not dictionary.exists() or dictionary.read_text(encoding="utf-8") != text:
        dictionary.parent.mkdir(parents=True, exist_ok=True)
        dictionary.write_text(text, encoding="utf-8")
        changed.append(dictionary)
    for path in changed:
        typer.echo(f"wrote {path.relative_to(PROJECT_ROOT)}")


@app.command()
def draft(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A sample.")],
    source: Annotated[str | None, typer.Option(help="Who sends it; else its folder.")] = None,
    extract: Annotated[str | None, typer.Option(help="What it is called; else its name.")] = None,
    dates: Annotated[
        str | None, typer.Option(help="How days are written where two ways fit: dd/mm/yyyy.")
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="The workbook's sheet to read.")] = None,
    to_output: Annotated[bool, typer.Option("--stdout", help="Print it, write nothing.")] = False,
) -> None:
    """Write a first contract from a sample file, with what is to be checked in it.

    Exits 1 when the sample cannot be read, or a contract of that name is there already.
    """
    from outturn.profiling.drafting import draft as draft_contract
    from outturn.profiling.drafting import written
    from outturn.profiling.writing import Asked

    settings = get_settings()
    asked = Asked(source or _source_of(settings, file), extract or _extract_of(file), dates, sheet)
    folder = settings.extracts_dir or settings.extracts_path
    path = folder / asked.source / f"{asked.extract}.yaml"
    if path.exists() and not to_output:
        remedy = "Give another --source or --extract, or --stdout to look at the draft."
        raise DraftImpossible(file.name, f"there is {path} already", remedy=remedy)
    drafted = draft_contract(file, asked)
    text = written(file, drafted)
    if to_output:
        typer.echo(text, nl=False)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    asks = sum(line.strip().startswith("# ASK") for line in text.splitlines())
    say(f"wrote {path}: {len(drafted.columns)} columns, {asks} questions; read its comments.")
    others = [
        key for key, contract in load_contracts(settings).items()
        if contract.match(file.name) and key != f"{asked.source}/{asked.extract}"
    ]  # fmt: skip
    if others:
        say(f"warning: the name {file.name} fits {', '.join(others)} too: narrow one of `files`.")
    say(f"Then: outturn init, and outturn load '{file}'.")


def _source_of(settings: Settings, file: Path) -> str:
    """The folder's name where a source is called so."""
    sources = {contract.source for contract in load_contracts(settings).values()}
    folder = file.absolute().parent.name
    return folder if folder in sources else "other"


def _extract_of(file: Path) -> str:
    from outturn.profiling.columns import column_names
    from outturn.profiling.values import pattern_of

    bare = re.sub(r"<[^>]*>|[*]", " ", pattern_of(file.name).rsplit(".", 1)[0])
    return column_names([bare])[0]
