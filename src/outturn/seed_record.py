"""A row of reference data as its rules see it: its values and the line it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from outturn.errors import SeedProblem


@dataclass(frozen=True)
class Record:
    """A row of a seed with the line it came from."""

    line: int
    values: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values[column]

    def problem(self, seed: str, column: str, what: str, remedy: str = "") -> SeedProblem:
        """What is wrong with one value of this row."""
        value = self.values[column]
        return SeedProblem(
            f"{seed}.csv", what, line=self.line, column=column, value=value, remedy=remedy
        )


Tables = Mapping[str, list[Record]]
