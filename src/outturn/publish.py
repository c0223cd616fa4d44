"""Publishing: the marts that were built take the place of those that are read, in one go."""

from __future__ import annotations

import logging
from typing import Any

import psycopg
from psycopg import sql
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from outturn import changes, credit_ledger, figure_changes
from outturn.database import connect
from outturn.errors import PublishFailed
from outturn.run import Run
from outturn.settings import Settings

log = logging.getLogger(__name__)

# A mart with a primary key has its numbers and flags recorded in history.published_figure.
PUBLISHED_MARTS = """
select
    class.relname,
    array_agg(attribute.attname order by attribute.attnum)
        filter (where attribute.attnum = any(key.conkey)),
    array_agg(attribute.attname order by attribute.attnum)
        filter (where attribute.attnum <> all(key.conkey)
            and attribute.atttypid in ('numeric'::regtype, 'boolean'::regtype))
from pg_class as class
inner join pg_constraint as key on key.conrelid = class.oid and key.contype = 'p'
inner join pg_attribute as attribute on attribute.attrelid = class.oid and attribute.attnum > 0
where class.relnamespace = to_regnamespace('marts_next') and not attribute.attisdropped
group by class.relname
order by class.relname
"""


def publish(settings: Settings, run: Run) -> bool:
    """Swap the run's marts in and record what changed; False when it was published already.

    Raises PublishFailed when marts_next is not this run's or its inputs changed meanwhile.
    """
    published = _swap(settings, run)
    _drop_old(settings)
    return published


@retry(
    retry=retry_if_exception_type(psycopg.errors.LockNotAvailable),
    stop=stop_after_attempt(20),
    wait=wait_random_exponential(multiplier=0.05, max=2),
    reraise=True,
)
def _swap(settings: Settings, run: Run) -> bool:
    with connect(settings, "publisher") as connection:
        connection.execute("set local lock_timeout = '200ms'")
        if _is_published(connection, run):
            return False
        _assert_built(connection, run)
        fingerprints = _assert_unchanged(connection, run)
        for mart, key, measures in connection.execute(PUBLISHED_MARTS).fetchall():
            if measures:
                _record_figures(connection, run, mart, key, measures)
        figure_changes.record(connection, settings, run)
        credit_ledger.seal(connection, run.publication_id)
        credit_ledger.post(connection, run.publication_id)
        connection.execute("select ops.swap_marts(%s)", (run.publication_id,))
        periods = [*run.months, ""]
        changes.record(connection, run.publication_id, fingerprints, periods)
        connection.execute(
            "update ops.publication set published_at = clock_timestamp() where publication_id = %s",
            (run.publication_id,),
        )
    return True


def _is_published(connection: psycopg.Connection[Any], run: Run) -> bool:
    row = connection.execute(
        "select published_at from ops.publication where publication_id = %s for update",
        (run.publication_id,),
    ).fetchone()
    return row is not None and row[0] is not None


def _assert_built(connection: psycopg.Connection[Any], run: Run) -> None:
    try:
        rows = connection.execute("select publication_id from marts_next.publication").fetchall()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as problem:
        raise PublishFailed(
            f"run {run.run_key} has built nothing.", remedy="Build it first."
        ) from problem
    if rows != [(run.publication_id,)]:
        raise PublishFailed(
            f"marts_next holds publication {rows}, not {run.publication_id}.",
            remedy="Another run has built since; start this refresh again.",
        )


def _assert_unchanged(connection: psycopg.Connection[Any], run: Run) -> dict[str, str]:
    """A file accepted during the build may be in some models and not in others."""
    row = connection.execute(
        "select fingerprints, code_version from ops.publication where publication_id = %s",
        (run.publication_id,),
    ).fetchone()
    planned: dict[str, str] = row[0] if row else {}
    code: str | None = row[1] if row else None
    now = changes.find(connection, run.as_at, run.seed_hash, code).fingerprints
    if now != planned:
        changed = sorted(p or "decisions" for p in now if now[p] != planned.get(p))
        raise PublishFailed(
            f"files were accepted while the marts were built ({', '.join(changed)}).",
            remedy="Run the refresh again: it takes them in.",
        )
    return now


def _record_figures(
    connection: psycopg.Connection[Any],
    run: Run,
    mart: str,
    key: list[str],
    measures: list[str],
) -> None:
    """Append the figures that differ from what was last published, vanished ones as null."""
    pairs = sql.SQL(", ").join(
        sql.SQL("{}, next_row.{}").format(sql.Literal(name), sql.Identifier(name)) for name in key
    )
    statement = sql.SQL(
        """
        insert into history.published_figure (publication_id, mart, figure_key, measure, value)
        with next_figure as (
            select jsonb_build_object({pairs}) as figure_key, measure.key as measure, measure.value
            from marts_next.{mart} as next_row
            cross join lateral jsonb_each_text(to_jsonb(next_row)) as measure
            where measure.key = any(%(measures)s)
        ),
        last_figure as (
            select distinct on (figure_key, measure) figure_key, measure, value
            from history.published_figure
            where mart = %(mart)s
            order by figure_key, measure, publication_id desc
        )
        select %(publication_id)s, %(mart)s, figure_key, measure, next_figure.value
        from next_figure
        full join last_figure using (figure_key, measure)
        where next_figure.value is distinct from last_figure.value
        """
    ).format(pairs=pairs, mart=sql.Identifier(mart))
    connection.execute(
        statement,
        {"measures": measures, "mart": mart, "publication_id": run.publication_id},
    )


def _drop_old(settings: Settings) -> None:
    """Old marts go when nobody reads them; what cannot be dropped now goes next time."""
    try:
        with connect(settings, "publisher") as connection:
            connection.execute("set local lock_timeout = '2s'")
            connection.execute("select ops.drop_old_marts()")
    except psycopg.errors.LockNotAvailable:
        log.info("the previous marts are still being read; the next publication drops them")
