"""The general ledger: every month adds up to its year's gross and support cost, to the penny."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

from outturn.sample.delivery import bracketed, csv_bytes, plain
from outturn.sample.months import Month
from outturn.sample.profile import Profile
from outturn.sample.shares import split_whole

HEADER = (
    "Entity", "Period", "Journal", "Line", "Cost Centre", "Subjective", "Objective", "Amount",
    "Posted",
)  # fmt: skip
LINES_A_JOURNAL = 24
REVERSALS = 0.015


@dataclass(frozen=True)
class _Part:
    """Cost of one kind of function: objective, subjective and weight of each combination."""

    combinations: pd.DataFrame
    yearly_pence: int


class Ledger:
    """Builds the month's ledger file: the scale decides the number of lines, never the pounds."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        categories = profile.reference("cost_categories")
        objective = categories[categories["code_type"] == "objective"]
        self.support = set(objective.loc[objective["is_support"] == "true", "code"])
        self.objectives = profile.table("ledger_objectives")
        self.mixes = profile.table("ledger_mixes")
        self.years = profile.table("ledger_years").set_index("fiscal_year")
        self.other = profile.table("ledger_other")

    def file(self, month: Month) -> tuple[bytes, int]:
        """The file's bytes and its number of lines."""
        rng = np.random.default_rng([self.profile.seed, month.number, 500])
        lines = pd.concat([self._costs(month, rng), self._other(month, rng)], ignore_index=True)
        lines = pd.concat([lines, _reversals(lines, rng)], ignore_index=True)
        lines = lines.iloc[rng.permutation(len(lines))].reset_index(drop=True)
        rows = list(self._rows(lines, month, rng))
        total = int(lines["pence"].sum())
        return csv_bytes([HEADER, *rows, ("CONTROL", len(rows), plain(total))]), len(rows)

    def _costs(self, month: Month, rng: Generator) -> pd.DataFrame:
        gross, support = (self._yearly(month, name) for name in ("gross_gbp", "support_gbp"))
        parts = [
            _Part(self._mix(month, is_support=True), support),
            _Part(self._mix(month, is_support=False), gross - support),
        ]
        number = int(int(self.profile.setting["ledger_lines"]) * self.profile.scale)
        size = sum(len(part.combinations) for part in parts)
        return pd.concat(
            [
                _spread(
                    part.combinations,
                    _month_share(part.yearly_pence, month, self.profile.seed, position),
                    max(number * len(part.combinations) // size, len(part.combinations)),
                    rng,
                )
                for position, part in enumerate(parts)
            ],
            ignore_index=True,
        )

    def _yearly(self, month: Month, column: str) -> int:
        known = self.years.index
        year = month.fiscal_year if month.fiscal_year in known else known[-1]
        return int(Decimal(str(self.years.loc[year, column])) * 100)

    def _mix(self, month: Month, *, is_support: bool) -> pd.DataFrame:
        """Objective × subjective with weights; outsourced functions change their mix at Day 1."""
        mine = self.objectives[self.objectives["objective_code"].isin(self.support) == is_support]
        column = "mix" if month < self.profile.day1 else "mix_after_day1"
        joined = mine.assign(mix=mine[column]).merge(self.mixes, on="mix", suffixes=("", "_mix"))
        joined["share"] = joined["weight"].astype(float) * joined["weight_mix"].astype(float)
        totals = joined.groupby("mix")["weight_mix"].transform(lambda w: w.astype(float).sum())
        count = joined.groupby("mix")["objective_code"].transform("nunique")
        joined["share"] /= totals / count
        return joined[["objective_code", "subjective_code", "share"]]

    def _other(self, month: Month, rng: Generator) -> pd.DataFrame:
        """Income, grants, capital, reserves and recharges: outside of gross expenditure."""
        parts = []
        for position, row in enumerate(self.other.to_dict("records")):
            yearly = int(Decimal(row["yearly_gbp"]) * 100)
            pence = _month_share(yearly, month, self.profile.seed, 10 + position)
            count = max(1, int(12 * self.profile.scale))
            parts.append(
                pd.DataFrame(
                    {
                        "objective_code": row["objective_code"],
                        "subjective_code": row["subjective_code"],
                        "pence": split_whole(pence, rng.uniform(0.5, 1.5, count)),
                    }
                )
            )
        return pd.concat(parts, ignore_index=True)

    def _rows(
        self, lines: pd.DataFrame, month: Month, rng: Generator
    ) -> list[tuple[str | int, ...]]:
        compact = month.period.replace("-", "")
        centres = rng.integers(1, 10, len(lines))
        days = rng.integers(0, 32, 1 + len(lines) // LINES_A_JOURNAL)
        entity = self.profile.setting["entity_code"]
        columns = zip(
            lines["objective_code"], lines["subjective_code"], lines["pence"], strict=True
        )
        rows: list[tuple[str | int, ...]] = []
        for number, (objective, subjective, pence) in enumerate(columns):
            journal, line = divmod(number, LINES_A_JOURNAL)
            posted = month.first_day + timedelta(days=int(days[journal]))
            rows.append(
                (
                    entity,
                    month.period,
                    f"JNL{compact}{journal + 1:05d}",
                    line + 1,
                    f"CC{objective[1:]}{centres[number]:02d}",
                    subjective,
                    objective,
                    bracketed(int(pence)),
                    f"{posted:%d/%m/%Y}",
                )
            )
        return rows


def _month_share(yearly_pence: int, month: Month, seed: int, position: int) -> int:
    """The month's part of a year: nearly even, more in March; the twelve parts add up exactly."""
    start = month.year if month.month >= 4 else month.year - 1
    rng = np.random.default_rng([seed, start, 600 + position])
    weights: NDArray[np.float64] = rng.normal(1, 0.012, 12)
    weights[11] += 0.06
    return int(split_whole(yearly_pence, weights)[(month.month - 4) % 12])


def _spread(combinations: pd.DataFrame, pence: int, lines: int, rng: Generator) -> pd.DataFrame:
    """The month's pence over combinations by weight, then over about `lines` lines."""
    weights = combinations["share"].to_numpy(dtype=float)
    sums = split_whole(pence, weights * rng.normal(1, 0.01, len(weights)))
    counts = 1 + split_whole(max(0, lines - len(weights)), np.sqrt(weights))
    owner = np.repeat(np.arange(len(weights)), counts)
    parts = [
        split_whole(int(total), rng.lognormal(0, 0.6, int(count)))
        for total, count in zip(sums, counts, strict=True)
    ]
    chosen = combinations.iloc[owner][["objective_code", "subjective_code"]]
    return chosen.reset_index(drop=True).assign(pence=np.concatenate(parts))


def _reversals(lines: pd.DataFrame, rng: Generator) -> pd.DataFrame:
    """Some postings made twice and taken back: pairs that add nothing."""
    chosen = lines.iloc[rng.choice(len(lines), max(2, int(len(lines) * REVERSALS)), replace=False)]
    return pd.concat([chosen, chosen.assign(pence=-chosen["pence"])], ignore_index=True)
