"""Made-up contracts, forms and files: every cell lands as it must, or is named in quarantine."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, note, settings

from outturn.contracts import load_contracts
from outturn.database import connect
from outturn.landing import create_statements
from outturn.load import load_file
from outturn.receive import receive_paths
from outturn.settings import Settings
from tests.conftest import rows
from tests.warehouse.generated_files import File, files, landed

NAMES = itertools.count(1)


@given(file=files())
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_the_contract_every_cell_lands_or_is_named(
    warehouse_settings: Settings, tmp_path: Path, file: File
) -> None:
    name, found = f"made{next(NAMES)}", None
    own, key = with_contract(warehouse_settings, tmp_path, file, name)
    path = tmp_path / f"{name}_2016-01.{file.form['format']}"
    path.write_bytes(file.content(f"Mark {name}"))
    note(f"{file.form} {[(one.declared, one.styled) for one in file.columns]}")
    note(repr(path.read_bytes()) if path.suffix == ".csv" else "")
    (file_id,) = receive_paths(own, [path], received_at=datetime(2016, 2, 1, tzinfo=UTC))
    found = load_file(own, file_id)
    assert found.refusal is None
    assert (found.landed, found.quarantined) == (len(file.good), len(file.bad))
    names = ", ".join(column.name for column in file.columns)
    table = f"select record_number, {names} from landing.{key} order by 1"
    assert [(row[0], tuple(map(landed, row[1:]))) for row in rows(own, table)] == file.good
    kept = (
        f"select record_number, errors from quarantine.record where file_id = {file_id} order by 1"
    )
    named = [(number, faults(file, errors)) for number, errors in rows(own, kept)]
    assert named == [(number, faults_expected(file, bad)) for number, bad in file.bad]


def faults(file: File, errors: list[dict[str, str]]) -> Any:
    """Column and text of what is wrong; of workbooks the columns, for their cells are no text."""
    if file.form["format"] == "csv":
        return {error["column"]: error["value"] for error in errors}
    return {error["column"] for error in errors}


def faults_expected(file: File, bad: dict[str, str]) -> Any:
    """The same of what was made; a number too long for a text makes the whole record bad."""
    if file.form["format"] == "csv":
        return bad
    kinds = {one.name: one.declared for one in file.columns}
    whole = any(
        kinds[name]["logicalType"] == "string"
        and "logicalTypeOptions" not in kinds[name]
        and text == str(2**60)
        for name, text in bad.items()
    )
    return {""} if whole else set(bad)


def with_contract(base: Settings, folder: Path, file: File, name: str) -> tuple[Settings, str]:
    """Settings under which the file's contract is in force, and its landing table."""
    extracts = folder / name / "finance"
    extracts.mkdir(parents=True)
    document = file.contract(name)
    form = document["customProperties"][0]["value"][0]
    form["ignore"] = [f"Mark {name}"]
    text = yaml.safe_dump(document, allow_unicode=True)
    (extracts / f"{name}.yaml").write_text(text, encoding="utf-8")
    own = base.model_copy(update={"extracts_dir": extracts.parent})
    contract = load_contracts(own)[f"finance/{name}"]
    with connect(own, "admin") as connection:
        connection.execute("set role outturn_owner")
        for statement in create_statements({contract.key: contract}):
            connection.execute(statement)
    return own, contract.table
