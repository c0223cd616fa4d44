"""A past publication, built once more, held against what was published then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from outturn import changes, run, transform
from outturn.database import connect
from outturn.errors import RebuildDiffers
from outturn.progress import say, step
from outturn.publish import PUBLISHED_MARTS
from outturn.settings import Settings

# A figure that is not there and one that is null are the same: not published.
DIFFERENCES = """
with latest as (
    select distinct on (figure_key, measure) figure_key, measure, value
    from history.published_figure
    where mart = {mart} and publication_id <= %(publication_id)s
    order by figure_key, measure, publication_id desc
),
published as (
    select figure_key, measure, value as then_value from latest where value is not null
),
rebuilt as (
    select jsonb_build_object({pairs}) as figure_key, measure.key as measure,
        measure.value as now_value
    from {schema}.{table} as built
    cross join lateral jsonb_each_text(to_jsonb(built)) as measure
    where measure.key = any(%(measures)s) and measure.value is not null
)
select {mart}, figure_key::text, measure, then_value, now_value
from published full join rebuilt using (figure_key, measure)
order by figure_key::text, measure
"""
PUBLISHED_AGAIN = PUBLISHED_MARTS.replace("'marts_next'", "%(schema)s")
GONE = """
select mart, figure_key::text, measure, value, null from (
    select distinct on (mart, figure_key, measure) * from history.published_figure
    where publication_id <= %(publication_id)s and mart <> all(%(marts)s)
    order by mart, figure_key, measure, publication_id desc
) as latest
where value is not null
"""

Difference = tuple[str, str, str, str | None, str | None]


@dataclass(frozen=True)
class Comparison:
    """Figures of a past publication, and those that come out otherwise: then, and now."""

    publication_id: int
    figures: int
    differences: list[Difference]
    same_code: bool


def rebuild(settings: Settings, publication_id: int) -> Comparison:
    """Build a past publication in schemas of its own (pub<id>_*) and compare each figure as text.

    Raises NotReady when there is no such publication, BuildFailed when it cannot be built.
    """
    planned = run.plan_again(settings, publication_id)
    with step(f"Build publication {publication_id} again"):
        transform.build(settings, planned)
    with connect(settings, "publisher") as connection:
        figures = _figures(connection, planned)
        code = connection.execute(
            "select code_version from ops.publication where publication_id = %s", (publication_id,)
        ).fetchone()
    return Comparison(
        publication_id,
        len(figures),
        [figure for figure in figures if figure[3] != figure[4]],
        code is not None and code[0] == changes.code_version(),
    )


def prove(settings: Settings, publication_id: int) -> Comparison:
    """Rebuild and say how it went. Raises RebuildDiffers naming the first figures that differ."""
    found = rebuild(settings, publication_id)
    if found.differences:
        raise RebuildDiffers(publication_id, found.differences, same_code=found.same_code)
    say(f"{found.figures} figures of publication {publication_id} are as published.")
    return found


def _figures(connection: psycopg.Connection[Any], planned: run.Run) -> list[Difference]:
    """Mart, key and measure of every figure, as published then and as built now."""
    facts: dict[str, Any] = {"publication_id": planned.publication_id}
    found: list[Difference] = []
    marts = connection.execute(PUBLISHED_AGAIN, {"schema": planned.marts_schema}).fetchall()
    for mart, key, measures in marts:
        if not measures:
            continue
        pairs = sql.SQL(", ").join(
            sql.SQL("{}, built.{}").format(sql.Literal(name), sql.Identifier(name)) for name in key
        )
        statement = sql.SQL(DIFFERENCES).format(
            mart=sql.Literal(mart),
            pairs=pairs,
            schema=sql.Identifier(planned.marts_schema),
            table=sql.Identifier(mart),
        )
        found += connection.execute(statement, {**facts, "measures": measures}).fetchall()
    facts["marts"] = [mart for mart, _, _ in marts]
    return found + connection.execute(GONE, facts).fetchall()
