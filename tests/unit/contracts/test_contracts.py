"""Contracts are used whole or refused with file, key and reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from outturn.contracts import FilePattern, load_contracts, load_folders, match
from outturn.errors import ContractInvalid
from outturn.landing import render_dictionary, render_sources
from outturn.settings import PROJECT_ROOT, Settings

PROJECT = PROJECT_ROOT / "extracts"


def overlay(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_rendered_files_are_in_step_with_the_contracts(tmp_path: Path) -> None:
    contracts = load_folders(PROJECT)
    for path in render_sources(contracts, tmp_path):
        committed = PROJECT_ROOT / "dbt_project" / "models" / path.relative_to(tmp_path)
        assert committed.read_text(encoding="utf-8") == path.read_text(encoding="utf-8")
    dictionary = PROJECT_ROOT / "docs" / "dictionary.md"
    assert dictionary.read_text(encoding="utf-8") == render_dictionary(contracts)


@pytest.mark.parametrize(
    ("change", "key", "reason"),
    [
        (("kind: DataContract", "kind: Contract"), "kind", "not one of"),
        (("logicalType: integer", "logicalType: int"), "schema.0.properties.3.logicalType", "int"),
        (("numeric(16, 2)", "numeric"), "schema.0.properties.7.physicalType", "does not match"),
        (("value: entity_code", "value: entity"), "customProperties.partColumn", "not a column"),
        (("amount_gbp: Amount", "amount: Amount"), "forms", "not a column"),
        (("GL_Extract_<YYYY-MM>", "GL_Extract_<Monat>"), "files", "not a token"),
        (("posted_date: Posted", "posted_date: Period"), "posted_date", "stands for"),
        (
            ("posted_date: Posted", "posted_date: {header: Posted, dates: [dd/mm/yyyy, m/d/yyyy]}"),
            "posted_date.dates",
            "'03/02/2001' is one day as dd/mm/yyyy and another as m/d/yyyy",
        ),
        (("name: ledger\nversion", "name: ledger\nname: ledger\nversion"), "", "twice"),
    ],
)
def test_an_invalid_contract_is_refused_by_file_key_and_reason(
    tmp_path: Path, change: tuple[str, str], key: str, reason: str
) -> None:
    text = (PROJECT / "finance" / "ledger.yaml").read_text(encoding="utf-8")
    path = overlay(tmp_path, "finance/ledger.yaml", text.replace(*change))
    with pytest.raises(ContractInvalid) as caught:
        load_folders(PROJECT, tmp_path)
    assert caught.value.file == str(path)
    assert key in caught.value.key
    assert reason in caught.value.reason


def test_another_publishers_form_is_one_more_yaml(tmp_path: Path) -> None:
    form = {
        "apiVersion": "outturn/v1",
        "kind": "ExtractForm",
        "extract": "finance/payments",
        "form": {
            "name": "council",
            "files": "Council spend <Month> <YYYY>.csv",
            "constants": {"publisher_code": "COUNCIL"},
            "columns": {"supplier_name": "Payee", "amount_gbp": "Net", "paid_date": "Paid"},
        },
    }
    overlay(tmp_path, "finance/council.yaml", yaml.safe_dump(form))
    contracts = load_contracts(Settings(extracts_dir=tmp_path))
    ((contract, found),) = match(contracts, "Council spend March 2024.csv")
    assert (contract.key, found.name) == ("finance/payments", "council")
    assert contract.forms[-1].name == "plain"


@pytest.mark.parametrize(
    ("pattern", "name", "period", "number"),
    [
        ("GL_<YYYY-MM>[_<n>].csv", "GL_2016-03.csv", "2016-03", 0),
        ("GL_<YYYY-MM>[_<n>].csv", "gl_2016-03_2.CSV", "2016-03", 2),
        ("*<Month>*<YYYY>*.csv", "DEPT_-_August_2024__1_.csv", "2024-08", 0),
        ("*<Month> <YY>.csv", "Spend sept 24.csv", "2024-09", 0),
        ("*<Month>*<YYYY>*.csv", "Summary of payments April 2015.csv", "2015-04", 0),
        ("*<YYYY>*<Month>.csv", "over 25000 2015 April.csv", "2015-04", 0),
        ("Q<Q> <FY>.csv", "Q4 2015-16.csv", "2016-03", 0),
        ("<FY> Q<Q>.csv", "201516 q1.csv", "2015-06", 0),
        ("Q<Q> <YYYY>.csv", "Q2 2015.csv", "2015-06", 0),
        ("Q<Q> <FY>.csv", "Q1 2015-17.csv", None, 0),
    ],
)
def test_names_say_period_and_number(
    pattern: str, name: str, period: str | None, number: int
) -> None:
    found = FilePattern(pattern).match(name)
    assert found is not None
    assert (found.period, found.number) == (period, number)


def test_no_publisher_is_named_in_python() -> None:
    names = re.compile(r"\b(sscl|desnz|mps)\b", re.IGNORECASE)
    for part in ("contracts", "load"):
        for path in (PROJECT_ROOT / "src" / "outturn" / part).rglob("*.py"):
            assert not names.search(path.read_text(encoding="utf-8")), path
