"""`outturn sample`: write the demonstration's deliveries into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def sample(
    out: Annotated[Path, typer.Option(help="Folder for the deliveries, one sub-folder a source.")],
    months: Annotated[int, typer.Option(min=1, help="Service months from October 2015.")] = 36,
    scale: Annotated[
        float,
        typer.Option(min=0.001, max=10, help="Multiplies rows, never pounds; 1 is 50,000 staff."),
    ] = 0.02,
) -> None:
    """Generate what the supplier and finance would send: the same bytes for the same options."""
    from outturn.sample import generate  # pandas and openpyxl are loaded only here
    from outturn.settings import get_settings

    summary = generate(get_settings(), out, months=months, scale=scale)
    typer.echo(f"{summary.files} files in {summary.folder}")
    for form, rows in sorted(summary.rows.items()):
        typer.echo(f"  {form:<20} {rows:>12,} rows")
    typer.echo(f"Service months {summary.first_period} to {summary.last_period}")
    for name, period in summary.accidents.items():
        typer.echo(f"  {name.replace('_', ' '):<20} {period}")
