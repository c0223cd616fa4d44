"""`outturn contract`: check the extract contracts and render what is made from them."""

from __future__ import annotations

import typer

from outturn.contracts import load_contracts, load_folders
from outturn.landing import render_dictionary, render_sources
from outturn.settings import PROJECT_ROOT, get_settings

app = typer.Typer(help="Extract contracts: check them, render what is made from them.")


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
