"""Audiences are read from one file, which can mean one thing only; without it there is finance."""

from __future__ import annotations

from pathlib import Path

import pytest

from outturn import audiences, seeds
from outturn.errors import AudienceUnknown, SeedProblem
from outturn.settings import Settings

HEADER = "audience_code,name,contract_code\n"


def settings_of(tmp_path: Path, rows: str | None) -> Settings:
    """Settings of an organisation with two contracts; None: without the file of audiences."""
    folder = tmp_path / "seeds"
    folder.mkdir()
    (folder / "contracts.csv").write_text("contract_code,starts_on\nA,2024-04-01\nB,2024-04-01\n")
    if rows is not None:
        (folder / "audiences.csv").write_text(HEADER + rows)
    return Settings(home=tmp_path / "home", seeds_dir=folder)


@pytest.mark.parametrize("rows", [None, "", "finance,Finance,\n"])
def test_finance_reads_everything_whether_or_not_it_is_named(
    tmp_path: Path, rows: str | None
) -> None:
    (found,) = audiences.read(settings_of(tmp_path, rows)).values()
    assert (found.code, found.contracts, found.is_limited) == ("finance", frozenset(), False)


def test_an_audience_has_a_row_for_each_contract_or_one_for_all(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "both,Both,A\nboth,Both,B\none,One,B\nboard,Board,\n")
    found = {code: set(reader.contracts) for code, reader in audiences.read(settings).items()}
    assert found == {"finance": set(), "both": {"A", "B"}, "one": {"B"}, "board": set()}


def test_a_contract_that_is_not_there_is_told_and_widens_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_of(tmp_path, "lost,Lost,NOWHERE\n")
    seeds.prepare(settings)
    assert "audiences.csv names contract 'NOWHERE'" in capsys.readouterr().err
    assert audiences.find(settings, "lost").is_limited


@pytest.mark.parametrize(
    ("rows", "line", "column", "value"),
    [
        (",Nobody,A\n", 2, "audience_code", ""),
        ("managers,,A\n", 2, "name", ""),
        ("Managers,M,A\n", 2, "audience_code", "Managers"),
        ('"x"" ; drop",M,A\n', 2, "audience_code", 'x" ; drop'),
        (f"{'m' * 51},M,A\n", 2, "audience_code", "m" * 51),
        ("publisher,M,A\n", 2, "audience_code", "publisher"),
        ("admin,M,A\n", 2, "audience_code", "admin"),
        ("finance,Finance,A\n", 2, "contract_code", "A"),
        ("managers,M,A\nmanagers,M,A\n", 3, "contract_code", "A"),
        ("managers,M,A\nmanagers,N,B\n", 3, "name", "N"),
        ("managers,M,A\nmanagers,M,\n", 3, "contract_code", ""),
        ("managers,M,\nboard,B,\nmanagers,M,A\n", 4, "contract_code", "A"),
    ],
)
def test_what_means_nothing_or_two_things_is_refused(
    tmp_path: Path, rows: str, line: int, column: str, value: str
) -> None:
    with pytest.raises(SeedProblem) as refused:
        seeds.prepare(settings_of(tmp_path, rows))
    found = refused.value
    assert (found.file, found.line) == ("audiences.csv", line)
    assert (found.column, found.value) == (column, value)


def test_who_may_read_is_no_figure(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, None)
    before = seeds.prepare(settings)
    (tmp_path / "seeds" / "audiences.csv").write_text(HEADER + "managers,M,A\n")
    after = seeds.prepare(settings)
    assert after == before
    assert not (after.path / "audiences.csv").exists()


@pytest.mark.parametrize("code", ["loader", "admin", "nobody"])
def test_nobody_reads_under_the_name_of_another_role(tmp_path: Path, code: str) -> None:
    settings = settings_of(tmp_path, "managers,M,A\n")
    with pytest.raises(AudienceUnknown, match="There are: finance, managers"):
        audiences.find(settings, code)
