"""Reference data: the project's seeds, or another organisation's laid over them.

A seed set is archived whole under its hash. A file that the other organisation does not have
is an empty table with the right columns, never the demonstration's rows.
"""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from outturn.database import connect
from outturn.errors import SeedProblem
from outturn.progress import say
from outturn.seed_files import read_records
from outturn.seed_record import Record, Tables
from outturn.seed_rules import SeedColumn, check
from outturn.settings import Settings

# Who may read is no figure: a change of it makes no month due, and a past day has today's readers.
NO_FIGURES = {"audiences"}


@dataclass(frozen=True)
class SeedSet:
    """A validated, archived set: its hash, its folder and the newest change of its sources."""

    seed_hash: str
    path: Path
    modified_at: datetime


@cache
def seed_columns(seeds_path: Path) -> dict[str, tuple[SeedColumn, ...]]:
    """Columns by seed name, in order: the public interface that user files are held to."""
    found: dict[str, tuple[SeedColumn, ...]] = {}
    for properties in sorted(seeds_path.glob("*.yml")):
        for seed in yaml.safe_load(properties.read_text(encoding="utf-8")).get("seeds", []):
            found[seed["name"]] = tuple(_column(column) for column in seed["columns"])
    return found


def _column(properties: dict[str, Any]) -> SeedColumn:
    meta = properties.get("config", {}).get("meta", {})
    return SeedColumn(
        properties["name"],
        properties["data_type"],
        "not_null" in properties.get("data_tests", []),
        tuple(meta.get("one_of", ())),
        meta.get("refers_to"),
    )


@cache
def seed_keys(seeds_path: Path) -> dict[str, tuple[str, ...]]:
    """The columns that tell a seed's rows apart, by seed name."""
    return {
        seed["name"]: tuple(seed["config"].get("meta", {}).get("key", ()))
        for properties in sorted(seeds_path.glob("*.yml"))
        for seed in yaml.safe_load(properties.read_text(encoding="utf-8")).get("seeds", [])
    }


def prepare(settings: Settings) -> SeedSet:
    """Validate the seeds in force and archive those of figures under `home/seeds/<hash>`.

    Raises SeedProblem with file, line, column and value of the first thing wrong.
    """
    columns = seed_columns(settings.dbt_path / "seeds")
    tables = read_tables(settings)
    texts = {name: _canonical(columns[name], records) for name, records in tables.items()}
    _warn_of_unknown_contracts(texts)
    for name in NO_FIGURES:
        del texts[name]
    joined = "\0".join(f"{name}\0{texts[name]}" for name in sorted(texts))
    seed_hash = hashlib.sha256(joined.encode()).hexdigest()
    path = settings.home / "seeds" / seed_hash
    _archive(path, texts)
    sources = [_source(settings, name) for name in texts]
    modified = max((source.stat().st_mtime for source in sources if source.exists()), default=0.0)
    return SeedSet(seed_hash, path, datetime.fromtimestamp(modified, UTC))


def read_tables(settings: Settings) -> Tables:
    """The rows in force of every seed, checked; a seed without a file has none.

    Raises SeedProblem with file, line, column and value of the first thing wrong.
    """
    project = settings.dbt_path / "seeds"
    columns = seed_columns(project)
    _refuse_strangers(settings.seeds_dir, columns)
    tables = {}
    for name, expected in columns.items():
        source = _source(settings, name)
        tables[name] = read_records(source, expected) if source.exists() else []
    check(tables, columns, seed_keys(project))
    return tables


def _source(settings: Settings, name: str) -> Path:
    return (settings.seeds_dir or settings.dbt_path / "seeds") / f"{name}.csv"


def register(settings: Settings, seed_set: SeedSet) -> None:
    """Record since when a set is known; the first published was known from the beginning.

    Not the first registered: `outturn init` may have seen other seeds than those in use.
    """
    with connect(settings, "publisher") as connection:
        connection.execute(
            """
            insert into ops.seed_set (seed_hash, known_at, archived_path)
            select %(hash)s,
                case when exists (select from ops.publication where published_at is not null)
                    then %(modified_at)s else '-infinity'::timestamptz end,
                %(path)s
            on conflict (seed_hash) do nothing
            """,
            {
                "hash": seed_set.seed_hash,
                "modified_at": seed_set.modified_at,
                "path": str(seed_set.path),
            },
        )


def current_seed_dir(settings: Settings) -> Path:
    """The folder of the set in force: every seed file, each with all its columns."""
    return prepare(settings).path


def set_known_at(settings: Settings, as_at: datetime) -> SeedSet:
    """The archived set that was in use at a time (for as-at builds).

    The newest that was known, or one that was published again after it: what is taken back counts.
    """
    with connect(settings, "publisher") as connection:
        row = connection.execute(
            """
            with used as (
                select seed_hash, known_at as since, registered_at from ops.seed_set
                union all
                select seed_hash, published_at, published_at from ops.publication
            )
            select seed_set.seed_hash, seed_set.archived_path
            from used inner join ops.seed_set using (seed_hash)
            where used.since <= %s
            order by used.since desc, used.registered_at desc
            limit 1
            """,
            (as_at,),
        ).fetchone()
    if row is None:
        raise SeedProblem(
            "ops.seed_set", "no reference data was known then", remedy="Run `outturn init`."
        )
    return SeedSet(row[0], Path(row[1]), as_at)


def _refuse_strangers(seeds_dir: Path | None, columns: dict[str, tuple[SeedColumn, ...]]) -> None:
    """A misspelt file name would silently mean an empty table."""
    if seeds_dir is None:
        return
    if not seeds_dir.is_dir():
        raise SeedProblem(str(seeds_dir), "is not a folder", remedy="Check OUTTURN_SEEDS_DIR.")
    for path in sorted(seeds_dir.glob("*.csv")):
        if path.stem not in columns:
            raise SeedProblem(
                path.name,
                "is not a seed that is known",
                remedy=f"Known: {', '.join(f'{name}.csv' for name in sorted(columns))}.",
            )


def _warn_of_unknown_contracts(texts: dict[str, str]) -> None:
    """Rows about a contract that is not there are left out by the models; say so."""
    contracts = {row["contract_code"] for row in csv.DictReader(io.StringIO(texts["contracts"]))}
    for name, text in texts.items():
        rows = csv.DictReader(io.StringIO(text))
        if name == "contracts" or "contract_code" not in (rows.fieldnames or ()):
            continue
        for unknown in sorted({row["contract_code"] for row in rows} - contracts - {""}):
            _warn(f"{name}.csv names contract {unknown!r}, which contracts.csv has not.")


@cache
def _warn(text: str) -> None:
    """Once a process: every file that is loaded looks at the reference data."""
    say(f"warning: {text}")


def _canonical(expected: tuple[SeedColumn, ...], records: list[Record]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    names = [column.name for column in expected]
    writer.writerow(names)
    writer.writerows([record[name] for name in names] for record in records)
    return out.getvalue()


def _archive(path: Path, texts: dict[str, str]) -> None:
    if path.exists():
        return
    partial = path.with_name(f"{path.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for name, text in texts.items():
        (partial / f"{name}.csv").write_text(text, encoding="utf-8")
    partial.replace(path)
