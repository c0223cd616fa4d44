"""`outturn changes`, `outturn rebuild`: what publications changed; does one come out again."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from outturn.settings import get_settings

SINCE = """
select publication_id, mart, figure, measure, from_value, to_value, change_kind, why
from marts.publication_changes
where publication_id > %(since)s and (%(mart)s = '' or mart = %(mart)s)
order by publication_id, mart, figure, measure
limit %(limit)s
"""


def changes(
    since: Annotated[
        int | None, typer.Option(help="A publication's id; without it, the last one before now's.")
    ] = None,
    mart: Annotated[str, typer.Option(help="Of one mart only.")] = "",
    limit: Annotated[int, typer.Option(help="At most so many.")] = 200,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Published figures that later publications changed: from, to, and why."""
    from psycopg.rows import dict_row

    from outturn.database import connect

    with connect(get_settings(), "finance", row_factory=dict_row) as connection:
        if since is None:
            row = connection.execute(
                "select max(publication_id) - 1 as since from marts.publication"
            ).fetchone()
            since = int(row["since"]) if row else 0
        facts = {"since": since, "mart": mart, "limit": limit}
        found = connection.execute(SINCE, facts).fetchall()
    if as_json:
        typer.echo(json.dumps(found, default=str))
        return
    for one in found:
        typer.echo(
            f"{one['publication_id']} {one['mart']} {one['figure']} {one['measure']}: "
            f"{one['from_value'] or '-'} → {one['to_value'] or '-'} ({one['why']})"
        )
    typer.echo(f"{len(found)} figures changed since publication {since}.")


def rebuild(
    publication: Annotated[int, typer.Argument(help="A publication's id.")],
) -> None:
    """Build a past publication again beside the live marts; exit 1 if a figure differs."""
    from outturn.rebuild import prove

    prove(get_settings(), publication)
