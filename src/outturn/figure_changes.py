"""Which figures a publication changed, and why: file, decision, notice, reference data, code, time.

The cause is found from what differs between the inputs of two publications and from what the mart
is made of. Where several things came at once all are named, the nearest to the figure first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from outturn import lineage
from outturn.contracts import load_contracts
from outturn.lineage import Ancestors
from outturn.run import Run
from outturn.settings import Settings

SHOWN = 6
# Of equally near causes the one that most surely changed a figure is named first.
KINDS = ("restatement", "decision", "claim", "new file")
LEDGER = "ops/credit_ledger"

PREVIOUS = """
select publication.publication_id, publication.as_at, publication.seed_hash,
    publication.code_version, publication.last_period, seed_set.archived_path
from ops.publication inner join ops.seed_set using (seed_hash)
where publication.published_at is not null and publication.publication_id < %(publication_id)s
order by publication.publication_id desc
limit 1
"""
FILES = """
select now.extract, now.period, now.part_code, before.file_id is not null, (
        select delivery.name from ops.delivery where delivery.file_id = now.file_id
        order by delivery.received_at, delivery.name limit 1
    )
from ops.current_file(%(as_at)s) as now
left join ops.current_file(%(before)s, %(before)s) as before
    on now.extract = before.extract and now.period = before.period
    and now.part_code = before.part_code
where before.file_id is distinct from now.file_id
order by 1, 2, 3
"""
NOTICES = """
select contract_code || ' ' || period from ops.credit_ledger
where source = 'notice' and recorded_at > %(before)s order by entry_number
"""
PERIODS = """
select distinct mart, coalesce(figure_key ->> 'period_month', '')
from history.published_figure where publication_id = %(publication_id)s
"""
RECORD = """
insert into history.figure_change (publication_id, previous_publication_id, mart, figure_key,
    measure, from_value, to_value, change_kind, why_kind, why)
with reasons as (
    select * from unnest(%(marts)s::text[], %(periods)s::text[], %(kinds)s::text[],
        %(whys)s::text[]) as reason (mart, period_month, why_kind, why)
),
changed as (
    select figure.*, coalesce(figure.figure_key ->> 'period_month', '') as period_month, (
            select earlier.value from history.published_figure as earlier
            where earlier.mart = figure.mart and earlier.measure = figure.measure
                and earlier.figure_key = figure.figure_key
                and earlier.publication_id < figure.publication_id
            order by earlier.publication_id desc limit 1
        ) as from_value
    from history.published_figure as figure
    where figure.publication_id = %(publication_id)s
)
select changed.publication_id, %(previous)s, changed.mart, changed.figure_key, changed.measure,
    changed.from_value, changed.value,
    case when changed.from_value is null then 'new'
        when changed.value is null then 'withdrawn' else 'changed' end,
    reasons.why_kind, reasons.why
from changed inner join reasons using (mart, period_month)
where changed.from_value is distinct from changed.value
    and (
        changed.from_value is not null
        or changed.period_month between '0' and %(last_period)s
    )
"""


@dataclass(frozen=True)
class Cause:
    """One thing that is otherwise than at the publication before.

    `period`: the month that it is about, '' when it is about none; `inputs`: what a mart must be
    made of to be touched (extract, source or seed); none: every mart is.
    """

    kind: str
    name: str
    period: str = ""
    inputs: frozenset[str] = frozenset()

    def touches(self, ancestors: Ancestors | None) -> bool:
        """Whether a mart made of these can have changed by it."""
        return ancestors is None or not self.inputs or bool(self.inputs & _all(ancestors))

    @property
    def rank(self) -> int:
        """Its place among equally near ones."""
        return KINDS.index(self.kind) if self.kind in KINDS else len(KINDS)

    def distance(self, period: str) -> int:
        """How near it is to a figure of the month: the nearest is the cause that is named first."""
        if self.kind in KINDS:
            if self.period == period or not period:
                return 0
            return 4 if self.period and self.period < period else 5
        return {"notice": 1, "reference data": 2, "code": 3}.get(self.kind, 6)


def record(connection: psycopg.Connection[Any], settings: Settings, run: Run) -> int:
    """Write what the run's publication changed; how many figures. In the transaction of the swap.

    The first publication changes nothing; nor does a month that was not published before.
    """
    facts: dict[str, Any] = {"publication_id": run.publication_id}
    row = connection.execute(PREVIOUS, facts).fetchone()
    if row is None:
        return 0
    previous, before, seed_hash, code, last_period, seed_path = row
    causes = [
        *_files(connection, settings, run.as_at, before),
        *_notices(connection, before),
        *_seeds(Path(seed_path), run.seed_path, changed=seed_hash != run.seed_hash),
        *_code(connection, run, code),
    ]
    told = lineage.read(settings, run)
    pairs = connection.execute(PERIODS, facts).fetchall()
    reasons = [(mart, period, *_why(causes, told, mart, period)) for mart, period in pairs]
    names = ("marts", "periods", "kinds", "whys")
    facts |= {name: [one[n] for one in reasons] for n, name in enumerate(names)}
    facts |= {"previous": previous, "last_period": last_period}
    return connection.execute(RECORD, facts).rowcount


def _why(
    causes: list[Cause], told: dict[str, Ancestors] | None, mart: str, period: str
) -> tuple[str, str]:
    """The nearest cause's kind, and all of them in words."""
    ancestors = told.get(mart) if told else None
    near = sorted(
        (cause for cause in causes if cause.touches(ancestors)),
        key=lambda cause: (cause.distance(period), cause.rank, cause.name),
    )
    if not near:
        return "time", "the day on which it was published"
    words = list(dict.fromkeys(f"{cause.kind}: {cause.name}" for cause in near))
    more = f"; and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return near[0].kind, "; ".join(words[:SHOWN]) + more


def _files(
    connection: psycopg.Connection[Any], settings: Settings, as_at: datetime, before: datetime
) -> Iterable[Cause]:
    """Files that are current now and were not.

    By contract, what replaces by key is a decision when it is ours, else a claim; its key often
    names the month.
    """
    contracts = load_contracts(settings)
    seen = set()
    for extract, period, part, is_replaced, name in connection.execute(
        FILES, {"as_at": as_at, "before": before}
    ):
        contract = contracts.get(extract)
        kind = "restatement" if is_replaced else "new file"
        if contract is not None and contract.replaces == "key":
            kind = "decision" if contract.any_contract else "claim"
        about = period or next((key for key in part.split("|") if _is_month(key)), "")
        cause = Cause(kind, name, about, frozenset({extract}))
        if cause not in seen:
            seen.add(cause)
            yield cause


def _notices(connection: psycopg.Connection[Any], before: datetime) -> Iterable[Cause]:
    for (name,) in connection.execute(NOTICES, {"before": before}):
        yield Cause("notice", name, inputs=frozenset({LEDGER}))


def _seeds(before: Path, now: Path, *, changed: bool) -> Iterable[Cause]:
    """Seeds whose rows differ between two archived sets."""
    if not changed:
        return
    for path in sorted(now.glob("*.csv")):
        earlier = before / path.name
        if not earlier.exists() or earlier.read_bytes() != path.read_bytes():
            yield Cause("reference data", path.name, inputs=frozenset({path.stem}))


def _code(connection: psycopg.Connection[Any], run: Run, before: str) -> Iterable[Cause]:
    row = connection.execute(
        "select code_version from ops.publication where publication_id = %s", (run.publication_id,)
    ).fetchone()
    if row is not None and row[0] != before:
        yield Cause("code", f"{before} to {row[0]}")


def _all(ancestors: Ancestors) -> frozenset[str]:
    return ancestors.sources | ancestors.seeds


def _is_month(text: str) -> bool:
    return len(text) == 7 and text[4] == "-" and text[:4].isdigit() and text[5:].isdigit()
