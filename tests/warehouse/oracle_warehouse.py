"""Random contracts as seeds and as landed files of several deliveries, in any order of loading."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import psycopg

from tests.warehouse.oracle_facts import Band, Contract, Indicator, Scheme, Version
from tests.warehouse.random_contracts import MONTHS, RULES, cases

Row = tuple[Any, ...]
RETURNS = "contract_code, indicator_code, period, numerator, denominator"
CHARGES = "contract_code, period, service_line, charge_type, charge_gbp"
EVENTS = "contract_code, event_id, event_type, opened_at, outcome_code"
DECISIONS = (
    "contract_code, indicator_code, period, agreed_numerator, agreed_denominator, decided_on,"
    " decided_by"
)
CLAIMS = (
    "claim_id, contract_code, indicator_code, period, claimed_on, excluded_numerator,"
    " excluded_denominator"
)
RELIEF = (
    "claim_id, status, decided_on, excluded_numerator, excluded_denominator, waived_points_pct,"
    " decided_by"
)


@dataclass
class File:
    """An accepted file: its rows, and the parts that it replaces when received."""

    extract: str
    columns: str
    received_at: str
    rows: list[Row] = field(default_factory=list)
    parts: set[tuple[str, str]] = field(default_factory=set)


def decimal(value: Fraction | None) -> str:
    """A fraction of tenths and the like as a plain decimal; blank for none."""
    if value is None:
        return ""
    return f"{Decimal(value.numerator) / Decimal(value.denominator):f}"


def write_seeds(folder: Path, contracts: Iterable[Contract]) -> None:
    """The reference data of these contracts as another organisation would write it."""
    tables: dict[str, list[dict[str, str]]] = {
        "recompute_rules": [
            {"recompute_rule": rule, "event_type": rule, "attribution": "opened",
             "pass_test": "outcome", "outcome_code": "OK"} for rule in RULES
        ]
    }  # fmt: skip

    def put(seed: str, **row: object) -> None:
        shown = {
            k: decimal(v) if isinstance(v, Fraction) else "" if v is None else str(v)
            for k, v in row.items()
        }
        tables.setdefault(seed, []).append(shown)

    for contract in contracts:
        put("contracts", contract_code=contract.code, starts_on=contract.starts_on)
        for indicator in contract.indicators:
            _put_indicator(put, contract, indicator)
        for role, applied in (
            ("in_force", contract.in_force),
            ("what_if", [("2019-01-01", None, scheme) for scheme in contract.what_if]),
        ):
            for first, last, scheme in applied:
                _put_scheme(put, scheme)
                put("contract_schemes", contract_code=contract.code, scheme_code=scheme.code,
                    valid_from=first, valid_to=last, role=role)  # fmt: skip
    for seed, rows in tables.items():
        with (folder / f"{seed}.csv").open("w", newline="") as out:
            writer = csv.DictWriter(out, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


def _put_indicator(put: Any, contract: Contract, indicator: Indicator) -> None:
    put("indicators", indicator_code=indicator.code, contract_code=contract.code,
        kind=indicator.kind, unit=indicator.unit, direction=indicator.direction,
        frequency=indicator.frequency)  # fmt: skip
    for version in indicator.versions:
        _put_version(put, indicator, version)


def _put_version(put: Any, indicator: Indicator, version: Version) -> None:
    key = {"indicator_code": indicator.code, "valid_from": version.valid_from}
    put("indicator_versions", **key, valid_to=version.valid_to, target=version.target,
        target_high=version.target_high, unit_size=version.unit_size,
        rounding_dp=version.rounding_dp, rounding_mode=version.rounding_mode,
        pool_allocation_pct=version.pool_pct, due_working_day=10 if version.has_due_day else None,
        recompute_rule=version.recompute_rule)  # fmt: skip
    for band in version.bands:
        _put_band(put, key, band)


def _put_band(put: Any, key: dict[str, str], band: Band) -> None:
    put("indicator_bands", **key, severity=band.severity,
        lower_bound=band.lower, lower_inclusive=str(band.lower_in).lower(),
        upper_bound=band.upper, upper_inclusive=str(band.upper_in).lower(),
        points=band.points, credit_pct=band.credit_pct)  # fmt: skip


def _put_scheme(put: Any, scheme: Scheme) -> None:
    put("credit_schemes", scheme_code=scheme.code, method=scheme.method,
        pct_per_point=scheme.pct_per_point, at_risk_pct=scheme.at_risk_pct,
        unit_pct=scheme.unit_pct, repeat_multiplier=scheme.multiplier,
        average_with_previous=str(scheme.mean_with_previous).lower(),
        period_cap_pct=scheme.period_cap_pct, rolling12_cap_pct=scheme.rolling12_cap_pct,
        unreported_is_failure=str(scheme.deems).lower(), deemed_shortfall=scheme.deemed_shortfall,
        critical_points=scheme.critical_points, critical_months=scheme.critical_months)  # fmt: skip
    for place, rate, pct in scheme.steps:
        put("credit_scheme_steps", scheme_code=scheme.code, from_points=place, rate_gbp=rate,
            credit_pct=pct)  # fmt: skip


def files(rng: Random, contracts: list[Contract]) -> list[File]:
    """Deliveries that end in what the contracts say. Some months were first delivered wrong, some
    were restated wrong and then restated back; older files may be loaded after newer ones.
    """
    found: list[File] = []
    for month in MONTHS:
        days = ("02", "03", "04") if month == MONTHS[-1] else ("12", "18", "25")
        following = "2020-09" if month == MONTHS[-1] else MONTHS[MONTHS.index(month) + 1]
        times = [f"{following}-{day}T10:00:00+00:00" for day in days]
        found += _waves(rng, contracts, month, times, "supplier/indicator_returns", RETURNS)
        found += _waves(rng, contracts, month, times, "supplier/service_charges", CHARGES)
        found.append(_events(contracts, month, times[0]))
    found += _decisions(rng, contracts)
    rng.shuffle(found)
    return found


def plain_files(contracts: list[Contract]) -> list[File]:
    """The same state, each figure delivered once, in the order of its months."""
    found: list[File] = []
    for month in MONTHS:
        following = "2020-09" if month == MONTHS[-1] else MONTHS[MONTHS.index(month) + 1]
        at = f"{following}-02T10:00:00+00:00"
        for extract, columns, right in (
            ("supplier/indicator_returns", RETURNS, _returned),
            ("supplier/service_charges", CHARGES, _charged),
        ):
            file = File(extract, columns, at)
            for contract in contracts:
                rows = right(contract, month)
                file.rows += rows
                file.parts |= {(contract.code, month)} if rows else set()
            found.append(file)
        found.append(_events(contracts, month, at))
    return [*found, *_decisions(Random(0), contracts)]  # noqa: S311 nothing secret


def _waves(
    rng: Random, contracts: list[Contract], month: str, times: list[str], extract: str, columns: str
) -> list[File]:
    waves = [File(extract, columns, at) for at in times]
    for contract in contracts:
        right = (_returned if columns == RETURNS else _charged)(contract, month)
        if not right:
            continue
        wrong = [row if rng.random() < 0.2 else _wrong(rng, contract, month, row) for row in right]
        fate = rng.random()
        sequence = (
            [right] if fate < 0.75 else [wrong, right] if fate < 0.9 else [right, wrong, right]
        )
        for wave, rows in zip(waves, sequence, strict=False):
            wave.rows += rows
            wave.parts.add((contract.code, month))
    return waves


def _returned(contract: Contract, month: str) -> list[Row]:
    keys = [(of.code, month) for of in contract.indicators if (of.code, month) in contract.returns]
    return [(contract.code, *key, *map(decimal, contract.returns[key])) for key in keys]


def _charged(contract: Contract, month: str) -> list[Row]:
    """A month's charges on two lines; what is no charge lies beside them."""
    if month not in contract.charges:
        return []
    part = Fraction(int(contract.charges[month] * 37), 100)
    lines = [("A", "charge", part), ("B", None, contract.charges[month] - part)]
    lines += [("A", "service_credit", Fraction(-5)), ("C", "adjustment", Fraction(7))]
    return [(contract.code, month, name, kind, decimal(gbp)) for name, kind, gbp in lines]


def _wrong(rng: Random, contract: Contract, month: str, row: Row) -> Row:
    of = next((of for of in contract.indicators if of.code == row[1]), None)
    if of is None:
        return (*row[:-1], decimal(Fraction(rng.randint(0, 10**8), 100)))
    return (*row[:3], *map(decimal, cases(rng, of, month)))


def _events(contracts: list[Contract], month: str, received_at: str) -> File:
    file = File("supplier/service_events", EVENTS, received_at)
    for contract in contracts:
        if month not in contract.event_months:
            continue
        file.parts.add((contract.code, month))
        for rule in RULES:
            passed, total = contract.events.get((rule, month), (Fraction(0), Fraction(0)))
            for n in range(int(total)):
                name, outcome = f"{month}-{rule}-{n}", "OK" if n < passed else "NOT"
                opened = f"{month}-15T12:00:00+00:00"
                file.rows.append((contract.code, name, rule, opened, outcome))
    return file


def _decisions(rng: Random, contracts: list[Contract]) -> list[File]:
    """Agreed figures; claims with their decisions, some rejected, some in two parts that add up."""
    at = "2020-09-04T12:00:00+00:00"
    agreed = File("finance/indicator_decisions", DECISIONS, at)
    claims = File("supplier/relief_claims", CLAIMS, at)
    relief = File("finance/relief_decisions", RELIEF, at)
    day = "2020-09-01"

    def claim(contract: Contract, key: tuple[str, str], claimed: Row, *decision: object) -> None:
        claim_id = f"{contract.code}-{len(claims.rows)}"
        claims.rows.append((claim_id, contract.code, *key, day, *claimed))
        claims.parts.add((claim_id, ""))
        relief.rows.append((claim_id, decision[0], day, *decision[1:], "Finance"))
        relief.parts.add((claim_id, ""))

    for contract in contracts:
        for key, (passed, total) in contract.decisions.items():
            row = (contract.code, *key, decimal(passed), decimal(total), day, "Finance")
            agreed.rows.append(row)
            agreed.parts.add(("|".join((contract.code, *key)), ""))
        for key, (passed, total) in contract.excluded.items():
            figures = (decimal(passed), decimal(total))
            if rng.random() < 0.5:
                claim(contract, key, figures, "accepted", None, None, None)
            else:
                claim(contract, key, ("9", "9"), "accepted_in_part", *figures, None)
            claim(contract, key, ("1", "1"), "rejected", None, None, None)
        for key, share in contract.waived.items():
            for part in (share / 2, share / 2):
                claim(contract, key, (None, None), "accepted", None, None, decimal(part))
    return [agreed, claims, relief]


def land(connection: psycopg.Connection[Any], delivered: list[File]) -> None:
    """Put files into `landing` as accepted ones, numbered as they come."""
    for number, file in enumerate(delivered, start=1):
        connection.execute(
            "insert into ops.extract_file (file_id, extract, sha256, size_bytes, status, records,"
            " landed, quarantined) overriding system value"
            " values (%s, %s, encode(sha256(%s::text::bytea), 'hex'), 1, 'accepted', %s, %s, 0)",
            (number, file.extract, str(number), len(file.rows), len(file.rows)),
        )
        connection.execute(
            "insert into ops.delivery (file_id, source, name, url, received_at)"
            " values (%s, 's', %s, %s, %s)",
            (number, f"file {number}", f"file {number}", file.received_at),
        )
        cursor = connection.cursor()
        with cursor.copy("copy ops.file_part (file_id, part_code, period) from stdin") as copy:
            for part in sorted(file.parts):
                copy.write_row((number, *part))
        table = file.extract.replace("/", "__")
        columns = f"file_id, record_number, {file.columns}"
        with cursor.copy(f"copy landing.{table} ({columns}) from stdin") as copy:  # type: ignore[call-overload]
            for record, row in enumerate(file.rows, start=1):
                copy.write_row((number, record, *row))
