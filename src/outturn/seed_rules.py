"""What reference data must say to mean one thing: checked when it loads, not when a figure hits it.

Allowed words, keys and references are declared in `meta` beside each seed's columns. Ranges of
days and bands of values (REGIME 2 and 3) are the rules below. The first thing wrong is refused with
file, line, column and value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from outturn.errors import SeedProblem
from outturn.seed_audiences import check_audiences
from outturn.seed_bands import Band, check_bands, natural_top
from outturn.seed_credits import check_credits
from outturn.seed_record import Record, Tables

# Months in a measurement period. Quarters and years begin with the fiscal year: in April unless
# calendar_inputs.csv says otherwise.
PERIOD_MONTHS = {"M": 1, "Q": 3, "A": 12}
FISCAL_YEAR_START_MONTH = 4
RANGES = ("inside", "outside")


@dataclass(frozen=True)
class SeedColumn:
    """A column of a seed, from the `.yml` beside the project's file of that name.

    `one_of`: the only words it may hold; `refers_to`: `seed.column` pairs' other end.
    """

    name: str
    data_type: str
    required: bool
    one_of: tuple[str, ...] = ()
    refers_to: str | None = None


def check(
    tables: Tables,
    columns: Mapping[str, tuple[SeedColumn, ...]],
    keys: Mapping[str, tuple[str, ...]],
) -> None:
    """Raise SeedProblem for the first row that breaks a rule. `keys`: key columns by seed."""
    for seed, records in tables.items():
        for column in columns[seed]:
            _check_words(seed, column, records)
            _check_reference(seed, column, records, tables)
        _check_key(seed, keys.get(seed, ()), records)
    _check_ranges_of_days("indicator_versions", ("indicator_code",), tables["indicator_versions"])
    in_force = [row for row in tables["contract_schemes"] if row["role"] == "in_force"]
    what_if = [row for row in tables["contract_schemes"] if row["role"] == "what_if"]
    _check_ranges_of_days("contract_schemes", ("contract_code",), in_force)
    _check_ranges_of_days("contract_schemes", ("contract_code", "scheme_code"), what_if)
    _check_ranges_of_days("cost_categories", ("code_type", "code"), tables["cost_categories"])
    indicators = {row["indicator_code"]: row for row in tables["indicators"]}
    start_month = _fiscal_year_start_month(tables["calendar_inputs"])
    for version in tables["indicator_versions"]:
        _check_version(version, indicators[version["indicator_code"]], start_month)
    _check_bands(tables, indicators)
    check_credits(tables, start_month)
    check_audiences(tables)


def _check_words(seed: str, column: SeedColumn, records: Iterable[Record]) -> None:
    for record in records:
        value = record[column.name]
        if column.one_of and value and value not in column.one_of:
            words = ", ".join(column.one_of)
            raise record.problem(seed, column.name, "is not a word that is known", f"Use: {words}.")


def _check_reference(
    seed: str, column: SeedColumn, records: Iterable[Record], tables: Tables
) -> None:
    if column.refers_to is None:
        return
    other, name = column.refers_to.split(".")
    known = {record[name] for record in tables[other]}
    for record in records:
        if record[column.name] and record[column.name] not in known:
            raise record.problem(
                seed, column.name, f"is not in {other}.csv", f"Add it there as {name}."
            )


def _check_key(seed: str, key: tuple[str, ...], records: Iterable[Record]) -> None:
    lines: dict[tuple[str, ...], int] = {}
    for record in records if key else ():
        values = tuple(record[name] for name in key)
        first = lines.setdefault(values, record.line)
        if first != record.line:
            said = f"is there twice with the same {' and '.join(key)}: first in line {first}"
            raise record.problem(seed, key[-1], said, "Keep one of the two.")


def _check_ranges_of_days(seed: str, parts: tuple[str, ...], records: Iterable[Record]) -> None:
    """Of two rows about the same thing, one must end before the other begins."""
    last: dict[tuple[str, ...], Record] = {}
    for record in sorted(records, key=lambda row: row["valid_from"]):
        if record["valid_to"] and record["valid_to"] < record["valid_from"]:
            raise record.problem(seed, "valid_to", "is before valid_from")
        thing = tuple(record[name] for name in parts)
        before = last.get(thing)
        if before and (not before["valid_to"] or before["valid_to"] >= record["valid_from"]):
            raise record.problem(
                seed,
                "valid_from",
                f"overlaps line {before.line} ({' '.join(thing)})",
                "valid_to is the last day covered: end the earlier row the day before.",
            )
        last[thing] = record


def _fiscal_year_start_month(inputs: Iterable[Record]) -> int:
    for record in inputs:
        if record["input_code"] != "fiscal_year_start_month":
            continue
        if not 1 <= int(record["value"]) <= 12:
            raise record.problem("calendar_inputs", "value", "is not a month from 1 to 12")
        return int(record["value"])
    return FISCAL_YEAR_START_MONTH


def _check_version(version: Record, indicator: Record, start_month: int) -> None:
    starts = date.fromisoformat(version["valid_from"])
    frequency = indicator["frequency"] or "M"
    if starts.day != 1 or (starts.month - start_month) % PERIOD_MONTHS[frequency] != 0:
        raise version.problem(
            "indicator_versions",
            "valid_from",
            f"is not the first day of a period of {indicator['indicator_code']} ({frequency})",
        )
    if indicator["direction"] not in RANGES or not version["target"]:
        return
    if not version["target_high"] or float(version["target_high"]) < float(version["target"]):
        raise version.problem(
            "indicator_versions",
            "target_high",
            f"a range is from target ({version['target']}) up to target_high",
        )


def _check_bands(tables: Tables, indicators: Mapping[str, Record]) -> None:
    rows: dict[tuple[str, str], list[Record]] = {}
    for row in tables["indicator_bands"]:
        rows.setdefault((row["indicator_code"], row["valid_from"]), []).append(row)
    versions = {(v["indicator_code"], v["valid_from"]): v for v in tables["indicator_versions"]}
    for thing, records in rows.items():
        version = versions.get(thing)
        if version is None:
            raise records[0].problem(
                "indicator_bands",
                "valid_from",
                f"is the valid_from of no version of {thing[0]}",
                "Bands belong to a row of indicator_versions.csv.",
            )
        top = natural_top(indicators[thing[0]].values)
        problem = check_bands([Band.read(row.line, row.values) for row in records], version, top)
        if problem:
            raise SeedProblem(
                "indicator_bands.csv",
                f"{thing[0]} from {thing[1]}: {problem.what}",
                line=problem.line,
                column=problem.column,
                value=problem.value,
                remedy="Every value on the rounding grid must fall into exactly one band.",
            )
