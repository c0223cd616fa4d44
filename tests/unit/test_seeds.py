"""Reference data: another organisation's files, and what is said when one is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from outturn import seeds
from outturn.errors import SeedProblem
from outturn.settings import Settings

HEADER = (
    "contract_code,title,supplier_name,customer_name,starts_on,initial_term_ends_on,"
    "extension_ends_on,contract_value_gbp,pa23_applies,source_code,source"
)
ROW = "X-1,Cleaning,Bright Ltd,Borough,2020-04-01,2023-03-31,,125000.00,true,,tender"


@pytest.fixture
def theirs(tmp_path: Path) -> Settings:
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "contracts.csv").write_text(f"{HEADER}\n{ROW}\n")
    return Settings(home=tmp_path / "home", seeds_dir=folder)


def write(settings: Settings, name: str, text: str) -> None:
    assert settings.seeds_dir is not None
    (settings.seeds_dir / name).write_text(text)


def test_a_file_that_they_do_not_have_is_an_empty_table_with_the_right_columns(
    theirs: Settings,
) -> None:
    path = seeds.prepare(theirs).path
    assert (path / "contracts.csv").read_text().splitlines()[1].startswith("X-1,")
    indicators = (path / "indicators.csv").read_text().splitlines()
    assert len(indicators) == 1
    assert indicators[0].startswith("indicator_code,contract_code,kind")


def test_optional_columns_may_be_absent_and_order_is_free(theirs: Settings) -> None:
    write(theirs, "contracts.csv", "title,contract_code,starts_on\nCleaning,X-1,2020-04-01\n")
    line = (seeds.prepare(theirs).path / "contracts.csv").read_text().splitlines()[1]
    assert line == "X-1,Cleaning,,,2020-04-01,,,,,,"


def test_the_same_content_is_the_same_set(theirs: Settings) -> None:
    before = seeds.prepare(theirs)
    write(theirs, "contracts.csv", f"{HEADER}\r\n{ROW}\r\n\r\n")
    assert seeds.prepare(theirs).seed_hash == before.seed_hash


@pytest.mark.parametrize(
    ("text", "line", "column", "value"),
    [
        (f"{HEADER}\n{ROW.replace('2020-04-01', '01/04/2020')}\n", 2, "starts_on", "01/04/2020"),
        (
            f"{HEADER}\n{ROW.replace('125000.00', '£125,000')}".replace("£125,000", '"£125,000"'),
            2,
            "contract_value_gbp",
            "£125,000",
        ),
        (f"{HEADER}\n{ROW.replace('125000.00', 'NaN')}\n", 2, "contract_value_gbp", "NaN"),
        (f"{HEADER}\n{ROW.replace('true', 'yes')}\n", 2, "pa23_applies", "yes"),
        (f"{HEADER}\n{ROW}\n,{ROW.split(',', 1)[1]}\n", 3, "contract_code", ""),
        (f"{HEADER},colour\n{ROW},red\n", 1, "colour", None),
        ("title\nCleaning\n", 1, "contract_code", None),
        (f"{HEADER}\n{ROW},extra\n", 2, None, None),
    ],
)
def test_what_is_wrong_is_named_by_file_line_column_and_value(
    theirs: Settings, text: str, line: int, column: str | None, value: str | None
) -> None:
    write(theirs, "contracts.csv", text)
    with pytest.raises(SeedProblem) as refused:
        seeds.prepare(theirs)
    found = refused.value
    assert (found.file, found.line, found.column, found.value) == (
        "contracts.csv",
        line,
        column,
        value,
    )


def test_a_misspelt_file_name_is_refused_not_taken_for_an_empty_table(theirs: Settings) -> None:
    write(theirs, "indicator.csv", "indicator_code\nA\n")
    with pytest.raises(SeedProblem, match=r"indicator\.csv"):
        seeds.prepare(theirs)
