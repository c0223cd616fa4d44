"""Reference data that could mean two things, or nothing, is refused when it loads."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from outturn import seeds
from outturn.errors import SeedProblem
from outturn.seed_bands import Band, check_bands, flagged, natural_top
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
        ("indicator_bands.csv", "severe,90", "severe,91", 5, "lower_bound", "90.4"),
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


def band(lower: str, upper: str, *, severity: str = "met", line: int = 2) -> Band:
    """[lower or (lower … upper] or upper), as mathematicians write it; blank: unbounded.

    |lower … upper|: the flag is blank.
    """
    flags = {"[": "true", "]": "true", "(": "false", ")": "false", "|": ""}
    return Band.read(
        line,
        {
            "severity": severity,
            "lower_bound": lower[1:],
            "lower_inclusive": flags[lower[0]],
            "upper_bound": upper[:-1],
            "upper_inclusive": flags[upper[-1]],
        },
    )


ONE_DECIMAL = {"rounding_dp": "1", "rounding_mode": "half_up"}
TWO_DECIMALS = {"rounding_dp": "2", "rounding_mode": "half_up"}
CLOSED = [band("[99.0", ")"), band("(", "98.9]", severity="minor", line=3)]


def test_98_95_is_a_hole_at_two_decimals_and_none_at_one() -> None:
    assert check_bands(CLOSED, ONE_DECIMAL, None) is None
    hole = check_bands(CLOSED, TWO_DECIMALS, None)
    assert hole is not None
    assert (hole.line, hole.value) == (2, "98.95")
    assert "leaves a hole from 98.91 to 98.99" in hole.what


@pytest.mark.parametrize(
    ("bands", "value"),
    [
        ([band("[99", ")"), band("(", "99)", severity="minor")], None),
        ([band("[99", ")"), band("(", "99]", severity="minor")], "99"),
        ([band("(99", ")"), band("(", "99)", severity="minor")], "99"),
        ([band("[99", ")"), band("(", "98.99]", severity="minor")], "98.995"),
        ([band("(", ")"), band("(", "99)", severity="minor")], ""),
        ([band("[99", ")"), band("(", "99)"), band("[50", "60]", severity="minor")], "50"),
    ],
)
def test_without_rounding_neighbours_share_a_bound_that_one_of_them_includes(
    bands: list[Band], value: str | None
) -> None:
    found = check_bands(bands, {"rounding_dp": "", "rounding_mode": "none"}, None)
    assert (found.value if found else None) == value


@pytest.mark.parametrize(
    ("unit", "is_share", "upper", "is_whole"),
    [
        ("% of calls", "", "100]", True),
        ("% of calls", "true", "100)", False),
        ("% of calls", "true", "99]", False),
        ("per 1,000 calls", "true", "1000]", True),
        ("per 1,000 calls", "", "1000]", False),
        ("ratio", "true", "1]", True),
        ("hours", "", "1000]", False),
        ("hours", "", "100]", False),
        ("hours", "", ")", True),
    ],
)
def test_only_shares_and_percentages_end_at_all(
    unit: str, is_share: str, upper: str, is_whole: bool
) -> None:
    top = natural_top({"unit": unit, "is_share": is_share})
    assert (check_bands([band("[0", upper)], ONE_DECIMAL, top) is None) is is_whole


@pytest.mark.parametrize(("lower", "is_whole"), [("[0", True), ("(0", False), ("[1", False)])
def test_nothing_is_measured_below_0(lower: str, is_whole: bool) -> None:
    assert (check_bands([band(lower, ")")], ONE_DECIMAL, None) is None) is is_whole


def test_some_band_is_met() -> None:
    assert check_bands([band("(", ")", severity="minor")], ONE_DECIMAL, None) is not None


@pytest.mark.parametrize(
    "bands",
    [
        [
            band("|99", "|"),
            band("|98", "99|", severity="minor"),
            band("|", "97.9|", severity="met"),
        ],
        [
            band("|", "18|", severity="minor"),
            band("|18", "22|"),
            band("|22", "|", severity="severe"),
        ],
        [band("|", "18]", severity="minor"), band("|18", "|")],
        [band("|", "18|", severity="minor"), band("(18", "|")],
    ],
)
def test_a_blank_flag_never_makes_a_hole_or_an_overlap(bands: list[Band]) -> None:
    assert check_bands(bands, ONE_DECIMAL, None) is None


def test_a_bound_without_flags_is_in_the_better_band() -> None:
    bands = [
        band("|", "18|", severity="minor"),
        band("|18", "22|"),
        band("|22", "|", severity="severe"),
    ]
    flags = [(one.lower_inclusive, one.upper_inclusive) for one in flagged(bands)]
    assert flags == [(True, False), (True, True), (False, True)]


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


def test_a_year_that_begins_in_january_may_hold_the_day_its_contract_starts(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    for name, text in {
        "calendar_inputs": "input_code,value\nfiscal_year_start_month,1\n",
        "contracts": "contract_code,starts_on\nC,2023-06-20\n",
        "indicators": "indicator_code,contract_code,kind,frequency\nY,C,KPI,A\n",
        "indicator_versions": "indicator_code,valid_from,target\nY,2023-01-01,9\n",
    }.items():
        (theirs / f"{name}.csv").write_text(text)
    seeds.prepare(Settings(home=tmp_path / "home", seeds_dir=theirs))
