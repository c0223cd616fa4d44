"""The codes that reference data knows: a row about anything else goes to quarantine."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from outturn.contracts import Contract


@dataclass(frozen=True)
class Codes:
    """The codes that a column may have, and those that are another source's to report on."""

    seed: str
    allowed: frozenset[str]
    foreign: dict[str, str]

    def reason(self, value: str, source: str) -> str | None:
        """Why a value is refused, or None when it is known and this source's."""
        if value in self.allowed:
            return None
        if value in self.foreign:
            return (
                f"is reported on by {self.foreign[value]!r}, not by {source!r} "
                f"(source_code in {self.seed}.csv)"
            )
        return f"is not in {self.seed}.csv: add it there, or ask the sender"


def read_codes(contract: Contract, seeds: Path) -> dict[str, Codes]:
    """The codes for each column that references a seed, by column name.

    A seed's row whose `source_code` names another source is not this source's to report on,
    unless the extract is about any contract.
    """
    found: dict[str, Codes] = {}
    for column in contract.columns:
        if column.references:
            source = None if contract.any_contract else contract.source
            found[column.name] = _codes(seeds, *column.references, source)
    return found


def _codes(seeds: Path, seed: str, code_column: str, source: str | None) -> Codes:
    allowed, foreign = set(), {}
    with (seeds / f"{seed}.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            owner = row.get("source_code") or ""
            if source is None or owner in ("", source):
                allowed.add(row[code_column])
            else:
                foreign[row[code_column]] = owner
    return Codes(seed, frozenset(allowed), foreign)
