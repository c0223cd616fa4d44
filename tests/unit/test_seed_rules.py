"""Reference data that could mean two things, or nothing, is refused when it loads."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from outturn import seeds
from outturn.errors import SeedProblem
from outturn.seed_bands import Band, check_bands
from outturn.settings import PROJECT_ROOT, Settings

THEIRS = PROJECT_ROOT / "tests" / "warehouse" / "another_organisation" / "seeds"


def changed(tmp_path: Path, file: str, old: str, new: str) -> Settings:
    """Settings of a sound set of seeds with one thing changed; `old` blank: a row is added."""
    folder = tmp_path / "seeds"
    shutil.copytree(THEIRS, folder)
    path = folder / file
    text = path.read_text(encoding="utf-8-sig")
    assert old in text
    path.write_text(text.replace(old, new, 1) if old else text + new, encoding="utf-8")
    return Settings(home=tmp_path / "home", seeds_dir=folder)


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "column", "value"),
    [
        ("indicators.csv", "higher,M", "Higher,M", 2, "direction", "Higher"),
        ("indicators.csv", "KPI,C1", ",C1", 2, "kind", ""),
        ("indicators.csv", "higher,Q", "higher,W", 5, "frequency", "W"),
        ("indicators.csv", "", "KPI,C1,CLEAN,Again,%,higher,M,\n", 13, "indicator_code", "C1"),
        ("indicator_versions.csv", "half_even", "banker", 4, "rounding_mode", "banker"),
        ("indicator_versions.csv", "OVERDUE", "OVER", 9, "recompute_rule", "OVER"),
        ("indicator_versions.csv", "-07-31", "-08-31", 3, "valid_from", "2024-08-01"),
        ("indicator_versions.csv", "C5,2024-04-01", "C5,2024-04-15", 8, "valid_from", "2024-04-15"),
        ("indicator_versions.csv", "C4,2024-04-01", "C4,2024-05-01", 7, "valid_from", "2024-05-01"),
        ("indicator_versions.csv", "19,23", "19,18", 6, "target_high", "18"),
        ("indicator_bands.csv", "severe,90", "sever,90", 5, "severity", "sever"),
        ("indicator_bands.csv", "C4,2024-04", "C4,2024-05", 20, "valid_from", "2024-05-01"),
        ("indicator_bands.csv", "C4,2024", "C44,2024", 20, "indicator_code", "C44"),
        ("indicator_bands.csv", "severe,90", "severe,91", 5, "lower_bound", "90.0"),
        ("indicator_bands.csv", "97,false", "97.5,false", 4, "lower_bound", "97"),
        ("credit_schemes.csv", "PLAIN,service_points", "PLAIN,points", 2, "method", "points"),
        ("contract_schemes.csv", "CLEAN,PLAIN", "CLEAN,PLANE", 2, "scheme_code", "PLANE"),
        ("contract_schemes.csv", "-07-31", "-08-31", 5, "valid_from", "2024-08-01"),
        ("cost_categories.csv", "earned_income", "income", 3, "treatment", "income"),
        ("cost_categories.csv", "2024-04-30", "2024-05-30", 10, "valid_from", "2024-05-01"),
        ("recompute_rules.csv", "on_time", "ontime", 2, "pass_test", "ontime"),
    ],
)
def test_what_means_nothing_is_refused_by_file_line_column_and_value(
    tmp_path: Path, file: str, old: str, new: str, line: int, column: str, value: str
) -> None:
    with pytest.raises(SeedProblem) as refused:
        seeds.prepare(changed(tmp_path, file, old, new))
    found = refused.value
    assert (found.file, found.line, found.column, found.value) == (file, line, column, value)


def test_sound_seeds_pass(tmp_path: Path) -> None:
    seeds.prepare(Settings(home=tmp_path, seeds_dir=THEIRS))
    seeds.prepare(Settings(home=tmp_path))


def band(lower: str, upper: str, *, severity: str = "met", line: int = 2, unit: str = "%") -> Band:
    """[lower or (lower … upper] or upper), as mathematicians write it; blank: unbounded."""
    return Band.read(
        line,
        {
            "severity": severity,
            "lower_bound": lower[1:],
            "lower_inclusive": "true" if lower.startswith("[") else "false",
            "upper_bound": upper[:-1],
            "upper_inclusive": "true" if upper.endswith("]") else "false",
        },
        lower_is_better=False,
        unit=unit,
    )


CLOSED = [band("[99.0", ")"), band("(", "98.9]", severity="minor", line=3)]


def test_98_95_is_a_hole_at_two_decimals_and_none_at_one() -> None:
    assert check_bands(CLOSED, {"rounding_dp": "1", "rounding_mode": "half_up"}) is None
    hole = check_bands(CLOSED, {"rounding_dp": "2", "rounding_mode": "half_up"})
    assert hole is not None
    assert (hole.line, hole.value) == (2, "98.91")


@pytest.mark.parametrize(
    ("bands", "value"),
    [
        ([band("[99", ")"), band("(", "99)", severity="minor")], None),
        ([band("[99", ")"), band("(", "99]", severity="minor")], "99"),
        ([band("(99", ")"), band("(", "99)", severity="minor")], "99"),
        ([band("[99", ")"), band("(", "98.99999]", severity="minor")], "98.99999"),
        ([band("(", ")"), band("(", "99)", severity="minor")], ""),
        ([band("[99", ")"), band("(", "99)"), band("[50", "60]", severity="minor")], "50"),
    ],
)
def test_without_rounding_neighbours_share_a_bound_that_one_of_them_includes(
    bands: list[Band], value: str | None
) -> None:
    found = check_bands(bands, {"rounding_dp": "", "rounding_mode": "none"})
    assert (found.value if found else None) == value


def test_shares_end_at_0_and_100_and_other_units_do_not() -> None:
    version = {"rounding_dp": "1", "rounding_mode": "half_up"}
    assert check_bands([band("[0", "100]")], version) is None
    assert check_bands([band("[0", "100)")], version) is not None
    assert check_bands([band("(0", "100]")], version) is not None
    assert check_bands([band("[1", ")")], version) is not None
    assert check_bands([band("[0", "9]", unit="hours")], version) is None
    assert check_bands([band("(", ")", severity="minor")], version) is not None


def test_quarters_begin_with_the_fiscal_year_of_the_reference_data(tmp_path: Path) -> None:
    settings = changed(tmp_path, "indicators.csv", "", "")
    assert settings.seeds_dir is not None
    inputs = settings.seeds_dir / "calendar_inputs.csv"
    inputs.write_text("input_code,value\nfiscal_year_start_month,1\n")
    path = seeds.prepare(settings).path
    assert "fiscal_year_start_month,1," in (path / "calendar_inputs.csv").read_text()
    inputs.write_text("input_code,value\nfiscal_year_start_month,2\n")
    with pytest.raises(SeedProblem, match="is not the first day of a period"):
        seeds.prepare(settings)
    inputs.write_text("input_code,value\nfiscal_year_start_month,13\n")
    with pytest.raises(SeedProblem, match="is not a month"):
        seeds.prepare(settings)
