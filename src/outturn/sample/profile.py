"""What the generator knows: the reference data (seeds) and the service's size and story (profiles).

The catalogue, the versions, the bands and the recompute rules are read from the seeds and never
repeated here, so that events and returns follow the rules the warehouse applies.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from outturn.sample.months import Month

PROFILES = Path(__file__).parent / "profiles"


@dataclass(frozen=True)
class Profile:
    """Reference data and story as data frames; texts unless a property says otherwise."""

    seeds_dir: Path
    scale: float
    seed: int

    def table(self, name: str) -> pd.DataFrame:
        """One of the generator's own tables; blank cells are empty texts."""
        return _read(PROFILES / f"{name}.csv")

    def records(self, name: str) -> list[dict[str, str]]:
        """The rows of one of the generator's own tables."""
        return rows_of(self.table(name))

    def reference(self, name: str) -> pd.DataFrame:
        """One seed; blank cells are empty texts."""
        return _read(self.seeds_dir / f"{name}.csv")

    @cached_property
    def setting(self) -> dict[str, str]:
        """Names and sizes that have no table of their own."""
        table = self.table("setting")
        return dict(zip(table["name"], table["value"], strict=True))

    @cached_property
    def contract(self) -> dict[str, str]:
        """The demonstration's one contract."""
        return rows_of(self.reference("contracts"))[0]

    @cached_property
    def day1(self) -> Month:
        """The month in which the contract starts."""
        return Month.parse(self.contract["starts_on"][:7])

    @cached_property
    def indicators(self) -> list[dict[str, str]]:
        """The contract's indicators in the catalogue's order."""
        table = self.reference("indicators")
        mine = table[table["contract_code"] == self.contract["contract_code"]]
        return rows_of(mine)

    @cached_property
    def rules(self) -> list[dict[str, str]]:
        """The recompute rules."""
        return rows_of(self.reference("recompute_rules"))

    @cached_property
    def versions(self) -> dict[str, list[dict[str, str]]]:
        """The versions of each indicator, oldest first."""
        table = self.reference("indicator_versions").sort_values("valid_from")
        return {str(code): rows_of(rows) for code, rows in table.groupby("indicator_code")}

    @cached_property
    def phases(self) -> list[tuple[str, str]]:
        """First month and name of each phase of the story, oldest first."""
        table = self.table("phases")
        return sorted(zip(table["first_period"], table["phase"], strict=True))

    def version(self, indicator_code: str, month: Month) -> dict[str, str]:
        """The indicator's version in force on the last day of the month."""
        last_day = month.last_day.isoformat()
        return [row for row in self.versions[indicator_code] if row["valid_from"] <= last_day][-1]

    def phase(self, month: Month) -> str:
        """The phase that the month is in; months before the first belong to the first."""
        names = [name for first, name in self.phases if first <= month.period]
        return names[-1] if names else self.phases[0][1]


def rows_of(table: pd.DataFrame) -> list[dict[str, str]]:
    """A table's rows as texts by column."""
    return [{str(key): str(cell) for key, cell in row.items()} for row in table.to_dict("records")]


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)
