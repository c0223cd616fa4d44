"""`outturn load --explain`: told truly, mended for certain, nothing touched."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml
from typer.testing import CliRunner

from outturn.cli import main
from outturn.contracts.dates import DATE_WAYS
from outturn.contracts.reading import read_document
from outturn.profiling.explaining import Explanation, explain
from outturn.settings import PROJECT_ROOT, Settings

FORM: dict[str, Any] = {
    "name": "council",
    "files": "Council <Month> <YYYY>.csv",
    "dates": "dd/mm/yyyy",
    "constants": {"publisher_code": "COUNCIL"},
    "columns": {
        "paid_date": "Date",
        "supplier_name": "Payee",
        "amount_gbp": "Net Amount",
        "invoice_date": {"header": "Invoice Date", "optional": True},
        "is_sme": {"header": "SME", "optional": True},
    },
}
GOOD = "Date,Payee,Net Amount\n01/04/2015,Acme,5.00\n15/04/2015,Bolt,-6.50\n"


def settings_with(folder: Path, form: dict[str, Any]) -> Settings:
    path = folder / "extracts" / "finance" / "council.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"apiVersion": "outturn/v1", "kind": "ExtractForm", "extract": "finance/payments"}
    path.write_text(yaml.safe_dump(document | {"form": form}, allow_unicode=True), "utf-8")
    return Settings(home=folder / "home", extracts_dir=path.parent.parent)


def told(folder: Path, content: bytes | str, name: str = "Council April 2015.csv") -> Explanation:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return explain(settings_with(folder, FORM), path)


def workbook() -> bytes:
    book = openpyxl.Workbook()
    for title, header in (("Notes", ["About"]), ("Data", ["Date", "Payee", "Net Amount"])):
        sheet = book.create_sheet(title)
        sheet.append(header)
        sheet.append(["01/04/2015", "Acme", 5])
    del book["Sheet"]
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_good_file_is_said_to_load_and_nothing_is_touched(tmp_path: Path) -> None:
    found = told(tmp_path, GOOD)
    assert (found.extract, found.form, found.would_load) == ("finance/payments", "council", True)
    assert found.outcome is not None
    assert found.outcome.landed == 2
    assert found.mend is None
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("content", "changes"),
    [
        (GOOD.replace(",", ";"), {"delimiter": ";"}),
        (GOOD.replace("Acme", "Café").encode("cp1252"), {"encoding": ["utf-8", "cp1252"]}),
        (GOOD.encode("utf-16-le"), {"encoding": "utf-16-le"}),
        ("\n".join(["Title"] * 40) + "\n" + GOOD, {"headerRow": 41}),
        (GOOD.rstrip("\n"), {"finalNewline": "optional"}),
        (
            GOOD.replace("Net Amount", "Amount (£)"),
            {"columns": {"amount_gbp": ["Net Amount", "Amount (£)"]}},
        ),
        (
            "Ward," + GOOD.replace("\n0", "\nx,0").replace("\n1", "\nx,1"),
            {"ignore": ["Ward"]},
        ),
        (
            GOOD.replace("01/04/2015", "01-Apr-2015").replace("15/04/2015", "2015-04-15"),
            {"columns": {"paid_date": {"header": "Date", "dates": None}}},
        ),
        (
            GOOD.replace("5.00", '"£1,234.50"').replace("-6.50", "(6.50)"),
            {
                "columns": {
                    "amount_gbp": {
                        "header": "Net Amount",
                        "numbers": {"currency": "£", "thousands": ",", "brackets": True},
                    }
                }
            },
        ),
        (
            "Date,Payee,Net Amount,Invoice Date,SME\n01/04/2015,A,5,N/A,Y\n15/04/2015,B,6,N/A,N\n",
            {
                "columns": {
                    "invoice_date": {"header": "Invoice Date", "optional": True, "blanks": ["N/A"]},
                    "is_sme": {
                        "header": "SME",
                        "optional": True,
                        "booleans": {"true": ["y"], "false": ["n"]},
                    },
                }
            },
        ),
        (
            GOOD.replace("01/04/2015", " 01/04/2015 "),
            {"columns": {"paid_date": {"header": "Date", "trim": True}}},
        ),
        (workbook(), {"format": "xlsx", "sheet": "Data"}),
    ],
)
def test_what_is_proposed_makes_the_file_load(
    tmp_path: Path, content: bytes | str, changes: dict[str, Any]
) -> None:
    found = told(tmp_path, content)
    assert found.outcome is not None
    assert not found.outcome.is_clean
    assert found.mend is not None
    proposed = found.mend.form
    if changes.get("columns", {}).get("paid_date", {}).get("dates", "") is None:
        ways = proposed["columns"]["paid_date"]["dates"]
        assert sorted(ways) == ["dd-mmm-yyyy", "dd/mm/yyyy", "yyyy-mm-dd"]
    else:
        assert proposed == changes
    columns = FORM["columns"] | proposed.get("columns", {})
    (tmp_path / "again").mkdir()
    settings = settings_with(tmp_path / "again", FORM | proposed | {"columns": columns})
    again = explain(settings, tmp_path / "Council April 2015.csv")
    assert again.outcome is not None
    assert again.outcome.is_clean


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (
            GOOD.replace("01/04/2015", "04/25/2015"),
            "'03/02/2001' is one day as dd/mm/yyyy and another as mm/dd/yyyy",
        ),
        (
            GOOD.replace("01/04/2015", "01.04.15").replace("15/04/2015", "02.04.15"),
            None,
        ),
        (
            GOOD.replace("01/04/2015", "1/4/15").replace("15/04/2015", "2/4/15"),
            "its days are written as d/m/yy or as m/d/yy",
        ),
        (GOOD.replace("Payee", "Xyz"), "supplier_name: no header looks like it"),
    ],
)
def test_what_two_people_could_read_in_two_ways_is_asked(
    tmp_path: Path, content: str, note: str | None
) -> None:
    found = told(tmp_path, content)
    assert found.mend is not None
    if note is None:
        assert found.mend.outcome.is_clean
        return
    assert any(note in one for one in found.mend.notes), found.mend.notes
    assert not found.mend.outcome.is_clean


def test_a_file_of_no_contract_is_told_which_is_near(tmp_path: Path) -> None:
    found = told(tmp_path, GOOD, "Borough April 2015.csv")
    assert found.extract is None
    assert (found.nearest[0].extract, found.nearest[0].form) == ("finance/payments", "council")
    assert not found.would_load


def test_the_command_exits_1_and_shows_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = tmp_path / "Council April 2015.csv"
    bad.write_text(GOOD + "31/04/2015,Odd Ltd,7\n" * 30)
    settings = settings_with(tmp_path, FORM)
    monkeypatch.setattr(main, "get_settings", lambda: settings)
    told = CliRunner().invoke(main.app, ["load", str(bad), "--explain"])
    assert told.exit_code == 1
    for word in ("would be refused", "31/04/2015,Odd Ltd,7", "is no day of the calendar", "✓"):
        assert word in told.output
    machines = CliRunner().invoke(main.app, ["load", str(bad), "--explain", "--json"])
    (facts,) = json.loads(machines.stdout)
    assert facts["outcome"]["set_aside"] == 30
    assert not (tmp_path / "home").exists()


def test_every_way_of_writing_a_day_may_be_declared_and_no_other() -> None:
    schema = PROJECT_ROOT / "src" / "outturn" / "contracts" / "contract_schema.json"
    declared = json.loads(schema.read_text(encoding="utf-8"))["$defs"]["dateFormat"]["enum"]
    assert sorted(declared) == sorted(DATE_WAYS)
    assert read_document(PROJECT_ROOT / "extracts" / "finance" / "payments.yaml")
