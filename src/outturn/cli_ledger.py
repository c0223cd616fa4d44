"""`outturn ledger`: whether the ledger of credits is what was written."""

from __future__ import annotations

import typer

from outturn.settings import get_settings

app = typer.Typer(help="The append-only ledger of service credits.")


@app.callback()
def ledger() -> None:
    """Commands about the ledger."""


@app.command()
def verify() -> None:
    """Recompute its chain of hashes; exits 1 naming the first entry that does not fit."""
    from outturn.credit_ledger import verify as verify_chain

    chain = verify_chain(get_settings())
    typer.echo(f"{chain.entries} entries fit; the last one's hash is {chain.last_hash or '-'}")
