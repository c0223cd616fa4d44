"""`outturn ledger`: whether the ledger of credits, and history, are what was written."""

from __future__ import annotations

import typer

from outturn.settings import get_settings

app = typer.Typer(help="The append-only ledger of service credits.")


@app.callback()
def ledger() -> None:
    """Commands about the ledger."""


@app.command()
def verify() -> None:
    """Recompute its chain of hashes, and history's; exits 1 naming the first that does not fit."""
    from outturn import credit_ledger

    chain = credit_ledger.verify(get_settings())
    typer.echo(f"{chain.entries} entries fit; the last one's hash is {chain.last_hash or '-'}")
    typer.echo(f"{credit_ledger.verify_history(get_settings())} publications are as sealed.")
