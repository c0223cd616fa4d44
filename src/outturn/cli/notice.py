"""`outturn notice`: look at a credit notice, make a draft of it, export the published ratings.

Nothing here issues: that needs a person's approval, in Airflow's DAG credit_notice.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from outturn.settings import get_settings

app = typer.Typer(help="Credit notices: look, draft; issuing is Airflow's credit_notice.")

Contract = Annotated[str, typer.Argument(help="Contract code.")]
Period = Annotated[str, typer.Argument(help="Service month, YYYY-MM.")]
AsAt = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="From an as-at build made by `outturn refresh`."),
]


@app.command()
def show(contract: Contract, period: Period, as_at: AsAt = None) -> None:
    """Print what the notice says: evidence, arithmetic, what changed since last month."""
    from outturn.notice import content, wording

    notice = content.read(get_settings(), contract, period, _schema(as_at))
    typer.echo(wording.markdown(notice))


@app.command()
def draft(
    contract: Contract,
    period: Period,
    out: Annotated[Path, typer.Option(help="Folder for the PDF and the XLSX.")] = Path(),
    as_at: AsAt = None,
) -> None:
    """Write the notice as PDF and XLSX, marked as a draft; nothing is issued or recorded."""
    from outturn.notice import content, issuing

    notice = content.read(get_settings(), contract, period, _schema(as_at))
    notice.refuse_unless_due()
    for path in issuing.preview(notice, out):
        typer.echo(str(path))


@app.command()
def pa23(
    contract: Contract,
    out: Annotated[Path, typer.Option(help="Folder for the CSV and the JSON.")] = Path(),
    as_at: AsAt = None,
) -> None:
    """Export the newest contract performance notice (UK9): ratings of the published KPIs."""
    from outturn.notice import pa23 as performance

    for path in performance.export(get_settings(), contract, out, _schema(as_at)):
        typer.echo(str(path))


def _schema(as_at: datetime | None) -> str:
    """The schema of the live marts, or of the as-at build of a day."""
    return f"asat_{as_at:%Y%m%d}_marts" if as_at else "marts"
