"""One run: which months it rebuilds, as known when, from which reference data, into what."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg.types.json import Jsonb

from outturn import audiences, changes, seeds
from outturn.database import connect
from outturn.errors import LeaseTaken, NotReady
from outturn.settings import Settings

LONDON = ZoneInfo("Europe/London")

# Any two runs that build the live schemas ask for this advisory lock; PostgreSQL gives it
# back the moment its holder's connection ends, however it ends.
LEASE = 0x6F757474


@dataclass(frozen=True)
class Run:
    """What a build needs to know. Periods are YYYY-MM; `months`: those whose facts are rebuilt.

    `seen_by`: only what was taken in by then, for a past publication; None: all that is here.
    """

    run_key: str
    publication_id: int
    as_at: datetime
    seed_hash: str
    seed_path: Path
    first_period: str
    last_period: str
    months: list[str]
    schema_prefix: str = ""
    seen_by: datetime | None = None

    @property
    def is_live(self) -> bool:
        """Whether it builds the schemas that are published (an as-at build has its own)."""
        return self.schema_prefix == ""

    @property
    def marts_schema(self) -> str:
        """Where its marts are built."""
        return "marts_next" if self.is_live else f"{self.schema_prefix}marts"


def end_of_day(day: date) -> datetime:
    """The last instant of a day in London, which is what "as at" a day means."""
    midnight = datetime.combine(day + timedelta(days=1), time(), LONDON)
    return (midnight - timedelta(microseconds=1)).astimezone(UTC)


def plan(settings: Settings, period: str | None = None, *, everything: bool = False) -> Run | None:
    """Decide the next live run and record it; None when nothing is due.

    `period`: the month the run is for: due months up to it are rebuilt. `everything`: from the
    first to the last period of any accepted file. Neither: every month that is due.
    Raises NotReady when no accepted file knows the period.
    """
    seed_set = seeds.prepare(settings)
    seeds.register(settings, seed_set)
    audiences.warn_of_unapplied(settings)
    as_at = datetime.now(UTC)
    with connect(settings, "publisher") as connection:
        months = changes.find(connection, as_at, seed_set.seed_hash)
        chosen = _choose(months, _last_published(connection), period, everything=everything)
        if chosen is None:
            return None
        due, last = chosen
        rebuilt = [month for month in changes.widen(settings, due) if month <= last]
        run = Run(
            run_key=f"outturn-build-{uuid.uuid4().hex[:12]}",
            publication_id=0,
            as_at=as_at,
            seed_hash=seed_set.seed_hash,
            seed_path=seed_set.path,
            first_period=months.known[0] if months.known else "",
            last_period=last,
            months=rebuilt,
        )
        _record(connection, run, months.fingerprints)
    return load(settings, run.run_key)


def plan_as_at(settings: Settings, day: date) -> Run:
    """A run that rebuilds everything as known at the end of `day`, in schemas of its own."""
    as_at = end_of_day(day)
    seed_set = seeds.set_known_at(settings, as_at)
    with connect(settings, "publisher") as connection:
        months = changes.find(connection, as_at, seed_set.seed_hash)
    if not months.known:
        raise NotReady(f"no file was known at the end of {day:%d/%m/%Y}.")
    return Run(
        run_key=f"outturn-asat-{day:%Y%m%d}-{uuid.uuid4().hex[:6]}",
        publication_id=0,
        as_at=as_at,
        seed_hash=seed_set.seed_hash,
        seed_path=seed_set.path,
        first_period=months.known[0],
        last_period=months.known[-1],
        months=months.known,
        schema_prefix=f"asat_{day:%Y%m%d}_",
    )


def plan_again(settings: Settings, publication_id: int) -> Run:
    """A run that builds a past publication once more, in schemas of its own, with today's code.

    From the reference data and the files that it was built from: what came in since is left out,
    whenever it says it was received. Raises NotReady when there is no such publication.
    """
    with connect(settings, "publisher") as connection:
        row = connection.execute(
            """
            select as_at, seed_hash, archived_path, first_period, last_period
            from ops.publication inner join ops.seed_set using (seed_hash)
            where publication_id = %s and published_at is not null
            """,
            (publication_id,),
        ).fetchone()
        if row is None:
            raise NotReady(f"there is no publication {publication_id}.")
        months = changes.find(connection, row[0], row[1])
    return Run(
        run_key=f"outturn-pub{publication_id}-{uuid.uuid4().hex[:6]}",
        publication_id=publication_id,
        as_at=row[0],
        seed_hash=row[1],
        seed_path=Path(row[2]),
        first_period=row[3],
        last_period=row[4],
        months=months.known,
        schema_prefix=f"pub{publication_id}_",
        seen_by=row[0],
    )


def load(settings: Settings, run_key: str) -> Run:
    """A planned run by its key, as tasks hand it to each other."""
    with connect(settings, "publisher") as connection:
        row = connection.execute(
            """
            select publication_id, as_at, seed_hash, archived_path,
                first_period, last_period, months
            from ops.publication inner join ops.seed_set using (seed_hash)
            where run_key = %s
            """,
            (run_key,),
        ).fetchone()
    if row is None:
        raise NotReady(f"there is no run {run_key}.", remedy="Start again with `outturn refresh`.")
    return Run(run_key, row[0], row[1], row[2], Path(row[3]), row[4], row[5], row[6])


@contextmanager
def lease(settings: Settings, run_key: str) -> Iterator[None]:
    """Keep every other run off the live schemas. Raises LeaseTaken naming the holder."""
    with connect(
        settings, "publisher", autocommit=True, application_name=f"lease {run_key}"
    ) as connection:
        row = connection.execute("select pg_try_advisory_lock(%s)", (LEASE,)).fetchone()
        if row is None or not row[0]:
            raise LeaseTaken(
                f"{_holder(connection)} is building the marts.",
                remedy="Wait until it has finished; a killed run gives its lease back by itself.",
            )
        yield


def _holder(connection: psycopg.Connection[Any]) -> str:
    row = connection.execute(
        """
        select activity.application_name
        from pg_locks as locks
        inner join pg_stat_activity as activity on locks.pid = activity.pid
        where locks.locktype = 'advisory' and locks.granted and locks.objid = %s
        """,
        (LEASE,),
    ).fetchone()
    return str(row[0]) if row else "another run"


def _last_published(connection: psycopg.Connection[Any]) -> str | None:
    row = connection.execute(
        "select max(last_period) from ops.publication where published_at is not null"
    ).fetchone()
    return row[0] if row else None


def _choose(
    months: changes.Months, published: str | None, period: str | None, *, everything: bool
) -> tuple[list[str], str] | None:
    """Months to rebuild and the last period of the marts; None when nothing is due.

    Before any file there are no months ("" as the last): `everything` then gives empty marts, and
    what reference data says alone.
    """
    if not months.known:
        return ([], "") if everything else None
    if everything:
        target = months.known[-1]
    elif period is not None:
        if period not in months.known:
            raise NotReady(
                f"no accepted file is about {period}.",
                remedy=f"Files are known for {months.known[0]} to {months.known[-1]}.",
            )
        target = period
    elif months.is_changed:
        target = months.due[-1] if months.due else (published or months.known[-1])
    else:
        return None
    last = max(target, published or target)
    rebuilt = [month for month in months.due if month <= last]
    if not rebuilt and not months.is_changed and not everything and period is None:
        return None
    return rebuilt, last


def _record(connection: psycopg.Connection[Any], run: Run, fingerprints: dict[str, str]) -> None:
    connection.execute(
        """
        insert into ops.publication
            (run_key, as_at, seed_hash, code_version, first_period, last_period, months,
            fingerprints)
        values (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            run.run_key,
            run.as_at,
            run.seed_hash,
            changes.code_version(),
            run.first_period,
            run.last_period,
            run.months,
            Jsonb(fingerprints),
        ),
    )
