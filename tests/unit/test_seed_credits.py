"""Reference data from which no credit, or a wrong one, would follow is refused when it loads."""

from __future__ import annotations

from pathlib import Path

import pytest

from outturn import seeds
from outturn.errors import SeedProblem
from outturn.settings import Settings

GOOD = {
    "contracts": ["contract_code,starts_on", "C,2016-04-15"],
    "indicators": [
        "indicator_code,contract_code,kind,unit,direction,frequency,history_from",
        "A,C,KPI,%,higher,M,",
        "B,C,KPI,days,lower,Q,2016-02-01",
        "Y,C,SLA,days,lower,A,",
    ],
    "indicator_versions": [
        "indicator_code,valid_from,target,unit_size,rounding_dp",
        "A,2016-04-01,99,0.5,1",
        "B,2016-01-01,10,,",
        "Y,2016-04-01,,,",
    ],
    "credit_schemes": [
        (
            "scheme_code,method,pct_per_point,at_risk_pct,unit_pct,unreported_is_failure,"
            "deemed_shortfall"
        ),
        "POINTS,service_points,1,,,true,",
        "SHORT,shortfall_percentage,,,,true,5",
        "POOL,at_risk_pool,,10,,,",
        "UNITS,per_full_unit,,,2,,",
        "TIERS,points_ratchet,,,,,",
        "STEPS,points_step,,,,,",
    ],
    "credit_scheme_steps": [
        "scheme_code,from_points,rate_gbp,credit_pct",
        "TIERS,0,100,",
        "STEPS,5,,1",
        "STEPS,10,,2",
    ],
    "contract_schemes": [
        "contract_code,scheme_code,valid_from,role",
        "C,POINTS,2016-04-15,in_force",
        "C,UNITS,2016-04-15,what_if",
        "GHOST,SHORT,2016-04-15,in_force",
    ],
}


def prepare(folder: Path, name: str = "", line: int = 0, text: str = "") -> None:
    """Prepare the good contract with one line changed (0: added)."""
    theirs = folder / "theirs"
    theirs.mkdir()
    for seed, lines in GOOD.items():
        changed = [text if (seed, at) == (name, line) else old for at, old in enumerate(lines, 1)]
        added = [text] if seed == name and not line else []
        (theirs / f"{seed}.csv").write_text("\n".join([*changed, *added]) + "\n")
    seeds.prepare(Settings(home=folder / "home", seeds_dir=theirs))


def test_a_contract_that_obeys_every_rule_is_taken(tmp_path: Path) -> None:
    prepare(tmp_path)


V, S, STEP, APPLIED = (
    "indicator_versions",
    "credit_schemes",
    "credit_scheme_steps",
    "contract_schemes",
)


@pytest.mark.parametrize(
    ("name", "line", "text", "place", "said"),
    [
        (V, 2, "A,2016-03-01,99,,1", (V, 2, "valid_from", "2016-03-01"), "before its indicator A"),
        (V, 3, "B,2015-10-01,10,,", (V, 3, "valid_from", "2015-10-01"), "before its indicator B"),
        (V, 4, "Y,2015-04-01,,,", (V, 4, "valid_from", "2015-04-01"), "before its indicator Y"),
        (V, 2, "A,2016-04-01,99,0,1", (V, 2, "unit_size", "0"), "larger than 0"),
        (V, 3, "B,2016-01-01,,,", (V, 3, "target", ""), "UNITS takes what is short"),
        (V, 2, "A,2016-04-01,99,1,-1", (V, 2, "rounding_dp", "-1"), "negative"),
        (S, 2, "POINTS,service_points,,,,,", (S, 2, "pct_per_point", ""), "service_points"),
        (S, 2, "POINTS,service_points,-1,,,,", (S, 2, "pct_per_point", "-1"), "negative"),
        (S, 3, "SHORT,shortfall_percentage,,,,true,", (S, 3, "deemed_shortfall", ""), "SHORT"),
        (S, 4, "POOL,at_risk_pool,,,,,", (S, 4, "at_risk_pct", ""), "at_risk_pool"),
        (S, 5, "UNITS,per_full_unit,,,,,", (S, 5, "unit_pct", ""), "per_full_unit"),
        (STEP, 2, "STEPS,0,,1", (S, 6, "method", "points_ratchet"), "TIERS has no row"),
        (STEP, 2, "TIERS,0,,1", (STEP, 2, "rate_gbp", ""), "points_ratchet"),
        (STEP, 3, "STEPS,5,1,", (STEP, 3, "credit_pct", ""), "points_step"),
        (STEP, 4, "STEPS,5.0,,2", (STEP, 4, "from_points", "5.0"), "already in line 3"),
        (
            *(APPLIED, 0, "C,SHORT,2016-04-15,what_if"),
            *(("indicators", 3, "unit", "days"), "SHORT on C"),
        ),
    ],
)
def test_a_fault_is_named(
    tmp_path: Path, name: str, line: int, text: str, place: tuple[str, int, str, str], said: str
) -> None:
    with pytest.raises(SeedProblem) as refused:
        prepare(tmp_path, name, line, text)
    found = refused.value
    assert (found.file, found.line, found.column, found.value) == (f"{place[0]}.csv", *place[1:])
    assert said in found.message
    assert not (tmp_path / "home" / "seeds").exists(), "nothing is kept of a refused set"


def test_a_kpi_whose_later_version_has_no_bands_is_refused(tmp_path: Path) -> None:
    prepare(tmp_path)
    theirs = tmp_path / "theirs"
    settings = Settings(home=tmp_path / "other", seeds_dir=theirs)
    (theirs / "indicator_bands.csv").write_text(
        "indicator_code,valid_from,severity,lower_bound,upper_bound\n"
        "A,2016-04-01,met,99,\nA,2016-04-01,minor,,99\n"
    )
    seeds.prepare(settings)
    (theirs / "indicator_versions.csv").write_text(
        "indicator_code,valid_from,valid_to,target,rounding_dp\n"
        "A,2016-04-01,2016-12-31,99,1\nA,2017-01-01,,98,1\nB,2016-01-01,,10,\n"
    )
    with pytest.raises(SeedProblem, match="A has bands in its other versions") as refused:
        seeds.prepare(settings)
    assert (refused.value.line, refused.value.value) == (3, "2017-01-01")


def test_a_scheme_without_a_first_day_was_there_from_the_beginning(tmp_path: Path) -> None:
    prepare(tmp_path, APPLIED, 3, "C,UNITS,,what_if")
