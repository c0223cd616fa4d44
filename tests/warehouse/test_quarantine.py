"""What is set aside can be seen, and comes back once contract or reference data say otherwise."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from outturn import changes, quarantine
from outturn.check import check_file
from outturn.cli import files as commands
from outturn.database import connect
from outturn.errors import CheckFailed, FileRefused, OutturnError
from outturn.load import load_file
from outturn.receive import receive_paths
from outturn.settings import Settings
from tests.conftest import rows

HEADER = "contract_code,indicator_code,period,numerator,denominator,reported_value,commentary\n"
KNOWN = "SSCL-BSS,PY01,2016-01,99,100,99,\n"
UNKNOWN = "SSCL-BSS,NEW1,2016-01,5,10,50,\n"


@pytest.fixture
def file_id(warehouse_settings: Settings, tmp_path: Path) -> int:
    """A checked file with one good record and one about an indicator nobody knows."""
    path = tmp_path / "indicator_returns_2016-01.csv"
    path.write_text(HEADER + KNOWN + UNKNOWN)
    (number,) = receive_paths(warehouse_settings, [path])
    load_file(warehouse_settings, number).raise_if_refused()
    check_file(warehouse_settings, number).raise_if_held()
    return number


@pytest.fixture
def knowing(warehouse_settings: Settings, tmp_path: Path) -> Settings:
    """The same warehouse with reference data that knows the new indicator."""
    seeds = tmp_path / "seeds"
    shutil.copytree(warehouse_settings.dbt_path / "seeds", seeds)
    for path in seeds.glob("*.yml"):
        path.unlink()
    indicators = (seeds / "indicators.csv").read_text()
    line = next(line for line in indicators.splitlines() if line.startswith("PY01,"))
    (seeds / "indicators.csv").write_text(indicators + line.replace("PY01", "NEW1") + "\n")
    return warehouse_settings.model_copy(update={"seeds_dir": seeds})


def landed(settings: Settings) -> list[str]:
    query = "select indicator_code from landing.supplier__indicator_returns order by 1"
    return [row[0] for row in rows(settings, query)]


def test_a_record_that_was_set_aside_is_shown_whole_with_its_reasons(
    warehouse_settings: Settings, file_id: int
) -> None:
    (file,) = quarantine.list_files(warehouse_settings, only_set_aside=True)
    assert (file.file_id, file.status, file.records, file.landed, file.quarantined) == (
        file_id,
        "accepted",
        2,
        1,
        1,
    )
    (record,) = quarantine.show(warehouse_settings, file_id)
    assert record.line_number == 3
    assert record.raw_record.strip() == UNKNOWN.strip()
    assert [(e["column"], e["value"]) for e in record.errors] == [("indicator_code", "NEW1")]


def test_a_redrive_under_corrected_reference_data_brings_the_record_back(
    warehouse_settings: Settings, file_id: int, knowing: Settings
) -> None:
    loaded, checked = quarantine.redrive(knowing, file_id)
    assert (loaded.landed, loaded.quarantined) == (2, 0)
    assert checked is not None
    assert checked.accepted
    assert landed(knowing) == ["NEW1", "PY01"]
    assert rows(knowing, "select from quarantine.record") == []
    assert [f.status for f in quarantine.list_files(knowing)] == ["accepted"]


def fingerprints(settings: Settings) -> dict[str, str]:
    with connect(settings, "publisher") as connection:
        return changes.find(connection, datetime.now(UTC), "the same seeds").fingerprints


def test_a_redrive_makes_the_month_due_only_when_it_brought_other_rows(
    warehouse_settings: Settings, file_id: int, knowing: Settings
) -> None:
    before = fingerprints(warehouse_settings)
    assert list(before) == ["2016-01"]
    quarantine.redrive(warehouse_settings, file_id)
    assert fingerprints(warehouse_settings) == before
    quarantine.redrive(knowing, file_id)
    assert fingerprints(warehouse_settings) != before


def test_a_redrive_that_changes_nothing_ends_as_it_began(
    warehouse_settings: Settings, file_id: int
) -> None:
    for _ in range(2):
        quarantine.redrive(warehouse_settings, file_id)
    assert landed(warehouse_settings) == ["PY01"]
    assert len(quarantine.show(warehouse_settings, file_id)) == 1
    assert len(rows(warehouse_settings, "select from ops.file_part")) == 1


def test_a_redrive_that_is_refused_takes_the_file_out_of_every_figure(
    warehouse_settings: Settings, file_id: int, tmp_path: Path
) -> None:
    source = warehouse_settings.extracts_path / "supplier" / "indicator_returns.yaml"
    strict = tmp_path / "extracts" / "supplier" / "indicator_returns.yaml"
    strict.parent.mkdir(parents=True)
    text = source.read_text()
    limit = next(line for line in text.splitlines() if "property: rejectLimit" in line)
    none = "  - {property: rejectLimit, value: {records: 0, percent: 0}}"
    strict.write_text(text.replace(limit, none))
    settings = warehouse_settings.model_copy(update={"extracts_dir": tmp_path / "extracts"})
    loaded, checked = quarantine.redrive(settings, file_id)
    assert checked is None
    with pytest.raises(FileRefused):
        loaded.raise_if_refused()
    assert landed(settings) == []
    assert rows(settings, "select from ops.current_file('infinity')") == []
    assert not (settings.home / "checks" / f"{file_id}.html").exists()


def test_a_file_that_is_not_there_is_said(warehouse_settings: Settings) -> None:
    for act in (quarantine.show, quarantine.redrive):
        with pytest.raises(OutturnError, match="there is no file 99"):
            act(warehouse_settings, 99)


@pytest.fixture
def run(warehouse_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setattr(commands, "get_settings", lambda: warehouse_settings)
    return CliRunner()


def test_files_are_listed_for_people_and_for_machines(run: CliRunner, file_id: int) -> None:
    printed = run.invoke(commands.files_app, []).stdout
    assert "indicator_returns_2016-01.csv" in printed
    assert "accepted" in printed
    found = json.loads(run.invoke(commands.files_app, ["--json"]).stdout)
    assert [(f["file_id"], f["quarantined"]) for f in found["files"]] == [(file_id, 1)]
    only_held = json.loads(run.invoke(commands.files_app, ["--status", "held", "--json"]).stdout)
    assert only_held["files"] == []


def test_quarantine_is_listed_shown_and_redriven(run: CliRunner, file_id: int) -> None:
    app = commands.quarantine_app
    assert "indicator_returns_2016-01.csv" in run.invoke(app, ["list"]).stdout
    shown = run.invoke(app, ["show", str(file_id)])
    assert "line 3" in shown.stdout
    assert "indicator_code: 'NEW1'" in shown.stdout
    redriven = run.invoke(app, ["redrive", str(file_id)])
    assert redriven.exit_code == 0
    assert "1 of 2 records landed, 1 set aside" in redriven.stdout


def test_a_redrive_that_is_held_fails(
    run: CliRunner, warehouse_settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "indicator_returns_2016-02.csv"
    path.write_text(HEADER + KNOWN.replace("99,100", "101,100").replace("-01", "-02"))
    (number,) = receive_paths(warehouse_settings, [path])
    result = run.invoke(commands.quarantine_app, ["redrive", str(number)])
    assert isinstance(result.exception, CheckFailed)
    assert result.exception.failures == {path.name: ["a_share_is_at_most_all_cases"]}
