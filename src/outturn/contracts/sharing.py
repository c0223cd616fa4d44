"""Extracts of one name from several sources: they land in one table, and every figure reads that.

A source is a folder that reports on the contracts whose `source_code` names it. It sends the same
extracts as the project's own sources do: in a form of its own, by a contract file of the same
extract name, or in the plain form without any, when only contracts.csv names it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from outturn.contracts.model import Contract
from outturn.errors import ContractInvalid

_CODE = re.compile(r"[a-z][a-z0-9_]{0,30}")


def share_tables(contracts: dict[str, Contract]) -> dict[str, Contract]:
    """The contracts, each landing in the table of the first one of its extract's name.

    Raises ContractInvalid for one whose rows would not fit in there.
    """
    first: dict[str, Contract] = {}
    shared: dict[str, Contract] = {}
    for key, contract in contracts.items():
        known = first.setdefault(contract.extract, contract)
        if known is not contract:
            _refuse_other_rows(contract, known)
        shared[key] = replace(contract, table=known.table)
    return shared


def further_sources(contracts: dict[str, Contract], codes: Iterable[str]) -> dict[str, Contract]:
    """The contracts and, for each source in `codes`, those that it has none of its own for.

    What is bound to a contract's source is everything about contracts that not any source may
    report; its forms are the plain one.
    """
    found = dict(contracts)
    for code in sorted(set(codes)):
        for contract in contracts.values():
            if not contract.any_contract and _names_contracts(contract):
                own = replace(contract, source=code, forms=contract.forms[-1:])
                found.setdefault(own.key, own)
    return found


def source_codes(contracts_csv: Path) -> set[str]:
    """The sources that a contracts.csv names; what is wrong with the file its own rules say."""
    try:
        with contracts_csv.open(encoding="utf-8-sig", newline="") as rows:
            named = {(row.get("source_code") or "").strip() for row in csv.DictReader(rows)}
    except (OSError, UnicodeDecodeError, csv.Error):
        return set()
    return {code for code in named if _CODE.fullmatch(code)}


def _names_contracts(contract: Contract) -> bool:
    return any(column.references == ("contracts", "contract_code") for column in contract.columns)


def _refuse_other_rows(contract: Contract, known: Contract) -> None:
    """Rows of one table have one meaning: the same columns, key and way of replacing."""
    theirs = {column.name: column for column in contract.columns}
    for column in known.columns:
        own = theirs.pop(column.name, None)
        if own is None and not column.required:
            continue
        if own is None or (own.domain, own.required) != (column.domain, column.required):
            reason = f"{column.name} must be as in {known.key}, whose table it lands in"
            raise ContractInvalid(contract.path, "schema.0.properties", reason)
    if theirs:
        reason = f"{', '.join(sorted(theirs))}: {known.key}, whose table it lands in, has no such"
        raise ContractInvalid(contract.path, "schema.0.properties", reason)
    if _way_of_replacing(contract) != _way_of_replacing(known):
        reason = f"must replace as {known.key} does, whose table it lands in"
        raise ContractInvalid(contract.path, "customProperties", reason)


def _way_of_replacing(contract: Contract) -> tuple[object, ...]:
    return contract.replaces, contract.part_column, contract.period_column, contract.keys
