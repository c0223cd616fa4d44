"""The demonstration's reference data, as the letter and the rules have it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
import yaml

from outturn.sample.months import Month

SEEDS = Path(__file__).parents[3] / "dbt_project" / "seeds"


def seed(name: str) -> pd.DataFrame:
    return pd.read_csv(SEEDS / f"{name}.csv", dtype=str, keep_default_na=False)


def test_exactly_23_kpis_and_71_slas_are_live_on_day_1() -> None:
    day1 = seed("contracts")["starts_on"].iloc[0]
    versions = seed("indicator_versions")
    live = versions[
        (versions["valid_from"] <= day1)
        & ((versions["valid_to"] == "") | (versions["valid_to"] >= day1))
    ]
    kinds = seed("indicators").merge(live, on="indicator_code", validate="one_to_one")["kind"]
    assert day1 == "2015-10-01"
    assert kinds.value_counts().to_dict() == {"SLA": 71, "KPI": 23}


def test_every_indicator_is_approved_before_day_1_and_has_its_level() -> None:
    indicators = seed("indicators")
    assert (indicators["approved_on"].between("2015-01-01", "2015-09-30")).all()
    assert indicators["senior_client"].ne("").all()
    assert indicators["day1_level"].ne("").all()
    assert set(indicators["origin"]) == {"existing", "new"}
    assert not ((indicators["origin"] == "new") & (indicators["history_from"] != "")).any()
    assert 0 < indicators["history_from"].ne("").sum() < len(indicators)


def test_a_version_begins_with_a_period_and_covers_the_history() -> None:
    indicators = seed("indicators").set_index("indicator_code")
    versions = seed("indicator_versions")
    for row in versions.to_dict("records"):
        frequency = indicators.loc[row["indicator_code"], "frequency"]
        before = Month.parse(row["valid_from"][:7]) + -1
        assert row["valid_from"].endswith("-01")
        assert before.ends(frequency), row
    first = versions.groupby("indicator_code")["valid_from"].min()
    history = indicators.loc[indicators["history_from"] != "", "history_from"]
    assert (first[history.index] <= history).all()


def test_exactly_one_indicator_changes_its_target() -> None:
    versions = seed("indicator_versions")
    assert (versions["indicator_code"].value_counts() > 1).sum() == 1


def bands() -> list[tuple[str, str]]:
    table = seed("indicator_bands")
    return sorted(set(zip(table["indicator_code"], table["valid_from"], strict=True)))


def holds(band: dict[str, str], value: Decimal) -> bool:
    """Whether the value is in the band, by bounds and inclusive flags."""
    lower, upper = band["lower_bound"], band["upper_bound"]
    above = not lower or value > Decimal(lower)
    below = not upper or value < Decimal(upper)
    at_lower = bool(lower) and band["lower_inclusive"] == "true" and value == Decimal(lower)
    at_upper = bool(upper) and band["upper_inclusive"] == "true" and value == Decimal(upper)
    return (above or at_lower) and (below or at_upper)


@pytest.mark.parametrize(("indicator_code", "valid_from"), bands())
def test_every_value_on_the_grid_falls_in_exactly_one_band(
    indicator_code: str, valid_from: str
) -> None:
    mine = seed("indicator_bands").query("indicator_code == @indicator_code")
    rows = mine[mine["valid_from"] == valid_from].to_dict("records")
    versions = seed("indicator_versions").query("indicator_code == @indicator_code")
    version = versions[versions["valid_from"] == valid_from].iloc[0]
    step = Decimal(1).scaleb(-int(version["rounding_dp"]))
    bounds = [
        Decimal(row[name]) for row in rows for name in ("lower_bound", "upper_bound") if row[name]
    ]
    near = {bound + step * offset for bound in bounds for offset in range(-3, 4)}
    far = {Decimal(0), Decimal(100), max(bounds) * 2}
    for value in sorted(near | far):
        hit = [row["severity"] for row in rows if holds(row, value)]
        assert len(hit) == 1, f"{value} is in {hit}"
    target = Decimal(version["target"])
    assert next(row["severity"] for row in rows if holds(row, target)) == "met"


def test_every_kpi_has_bands_and_no_sla_has() -> None:
    indicators = seed("indicators")
    kpis = set(indicators.loc[indicators["kind"] == "KPI", "indicator_code"])
    assert set(seed("indicator_bands")["indicator_code"]) == kpis


def test_pool_allocations_on_day_1_add_up_to_100() -> None:
    versions = seed("indicator_versions")
    first = versions.sort_values("valid_from").drop_duplicates("indicator_code")
    shares = first.loc[first["pool_allocation_pct"] != "", "pool_allocation_pct"]
    assert sum(map(Decimal, shares)) == 100


def test_rules_that_versions_name_exist_and_all_are_used() -> None:
    named = set(seed("indicator_versions")["recompute_rule"]) - {""}
    assert named == set(seed("recompute_rules")["recompute_rule"])


@pytest.mark.parametrize("path", sorted(SEEDS.glob("*.csv")), ids=lambda path: path.stem)
def test_each_seed_describes_its_columns_in_order(path: Path) -> None:
    described = yaml.safe_load(path.with_suffix(".yml").read_text())["seeds"][0]
    header = path.read_text().splitlines()[0].split(",")
    assert described["name"] == path.stem
    assert [column["name"] for column in described["columns"]] == header
    assert described["config"]["column_types"] == {
        column["name"]: column["data_type"] for column in described["columns"]
    }


def test_the_letters_saving_agrees_only_by_truncation() -> None:
    row = seed("published_statements").set_index("statement_code").loc["FM-SAVING-GBP"]
    saving = Decimal(row["basis_value"]) * Decimal(row["basis_value_2"]) / 100
    assert saving == Decimal("9671832.60")
    assert row["stated_value"] == "9.6"
