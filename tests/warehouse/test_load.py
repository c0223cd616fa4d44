"""Files through the real loader into a real database: exactly, or refused, or quarantined whole."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml

from outturn.errors import DeliveryRefused
from outturn.load import LoadResult, load_file, pending
from outturn.receive import receive_paths
from outturn.settings import Settings
from tests.conftest import rows

HEADER = (
    "publisher_code,entity_name,supplier_name,transaction_number,expense_type,expense_area,"
    "description,amount_gbp,paid_date,invoice_number,invoice_date,received_date,valid_date,is_sme,"
    "is_disputed\n"
)
GOOD = "P,Force,Acme Ltd,T1,Fuel,Fleet,Diesel,12.50,2016-01-05,I1,2016-01-01,,,true,\n"


def load(settings: Settings, folder: Path, name: str, content: bytes | str) -> LoadResult:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (file_id,) = receive_paths(settings, [path], received_at=datetime(2016, 3, 1, tzinfo=UTC))
    return load_file(settings, file_id)


def quarantined(settings: Settings) -> list[tuple[Any, ...]]:
    return rows(
        settings, "select line_number, raw_record, errors from quarantine.record order by 1"
    )


def test_good_and_bad_records_add_up(warehouse_settings: Settings, tmp_path: Path) -> None:
    bad = 'P,Force,,T2,Fuel,Fleet,"two\nlines",1_000,2016-02-30,I2,2016-01-01,,,true,maybe\n'
    short = "P,Force,Acme\n"
    text = HEADER + GOOD + bad + "\n" + short + GOOD.replace("T1", "T3")
    result = load(warehouse_settings, tmp_path, "payments_2016-01.csv", text)
    assert (result.records, result.landed, result.quarantined) == (4, 2, 2)
    landed = rows(
        warehouse_settings,
        "select record_number, transaction_number, amount_gbp "
        "from landing.finance__payments order by 1",
    )
    assert landed == [(1, "T1", Decimal("12.50")), (4, "T3", Decimal("12.50"))]
    (first, second) = quarantined(warehouse_settings)
    assert first[0] == 3
    assert first[1] == bad.rstrip("\n")
    assert {error["column"]: error["value"] for error in first[2]} == {
        "supplier_name": "",
        "amount_gbp": "1_000",
        "paid_date": "2016-02-30",
        "is_disputed": "maybe",
    }
    assert second[0] == 6
    assert "3 cells where the header has 15" in second[2][0]["reason"]
    assert rows(warehouse_settings, "select part_code, period from ops.file_part") == [
        ("P", "2016-01")
    ]


def zipped(content: bytes, name: str = "a.csv", *, encrypted: bool = False) -> bytes:
    """A zip of one file; `encrypted` only says so in its headers."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    made = bytearray(packed.getvalue())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        made[made.index(mark) + flags] |= encrypted
    return bytes(made)


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("", None, "is empty"),
        (HEADER, None, "no records"),
        (HEADER + GOOD[:-9], 2, "cut short"),
        (HEADER.replace("paid_date", "day") + GOOD, 1, "misses the column paid_date"),
        (HEADER.replace("is_sme", "amount_gbp") + GOOD, 1, "has a column twice"),
        (HEADER.replace("\n", ",extra\n") + GOOD, 1, "'extra'"),
        (HEADER.encode() + GOOD.encode() + GOOD.encode().replace(b"Acme", b"Caf\xe9"), 3, "0xe9"),
        (HEADER + GOOD + GOOD.replace("Acme", "Ac\0me"), 3, "NUL"),
        (HEADER + GOOD.replace("12.50", "today") * 30, 2, "30 of 30 records are bad"),
        (b"PK\x03\x04 no zip", None, "damaged zip"),
        (b"PK\x05\x06" + bytes(18), None, "the zip holds 0 files"),
        (HEADER + '"' + "a" * (9 << 20), 2, "longer than 4 MB"),
        (HEADER + GOOD + '"' + "abc\n" * 30_000, 3, "records are bad"),
        (",".join(map(str, range(100_000))) + "\n", None, "no header found"),
        ("\ufeff\ufeff" + HEADER + GOOD, 1, "'\\ufeffpublisher_code'"),
        (HEADER.encode("utf-16-le"), 1, "UTF-16"),
        (HEADER.encode("utf-16") + b"x", 2, "is not utf-16-le text"),
        (b"%PDF-1.7", None, "is a PDF"),
        (b"\x1f\x8b\x08 gzip", None, "is compressed with gzip"),
        (b"7z\xbc\xaf\x27\x1c", None, "is a 7z archive"),
        (b"p", None, "no header found"),
        ((HEADER + GOOD).encode("utf-32"), 1, "NUL"),
        ("<!DOCTYPE html><p>Please log in</p>", None, "no header found"),
        (zipped(bytes(70 << 20)), None, "refused as a bomb"),
        (zipped(b"a", encrypted=True), None, "is encrypted"),
        (zipped(b"<Types/>", "[Content_Types].xml"), None, "is an Excel workbook, not csv"),
    ],
)
def test_what_cannot_be_read_is_refused_whole(
    warehouse_settings: Settings,
    tmp_path: Path,
    content: bytes | str,
    line: int | None,
    reason: str,
) -> None:
    result = load(warehouse_settings, tmp_path, "payments_2016-01.csv", content)
    assert result.problem is not None
    assert reason in (result.refusal or "")
    assert (result.problem.file, result.problem.line) == ("payments_2016-01.csv", line)
    assert rows(warehouse_settings, "select count(*) from landing.finance__payments") == [(0,)]
    assert rows(warehouse_settings, "select status, refusal from ops.extract_file") == [
        ("refused", result.refusal)
    ]


def test_a_plain_column_that_may_be_blank_may_be_absent_but_not_renamed(
    warehouse_settings: Settings, tmp_path: Path
) -> None:
    short = "publisher_code,supplier_name,amount_gbp,paid_date\nP,Acme,12.50,2016-01-05\n"
    renamed = short.replace("paid_date\n", "paid_date,sme\n").replace("05\n", "05,true\n")
    assert load(warehouse_settings, tmp_path, "payments_2016-01.csv", short).landed == 1
    found = rows(warehouse_settings, "select amount_gbp, is_sme from landing.finance__payments")
    assert found == [(Decimal("12.50"), None)]
    refused = load(warehouse_settings, tmp_path, "payments_2016-02.csv", renamed)
    assert "'sme'" in (refused.refusal or "")


@pytest.mark.parametrize(
    ("encode", "ends"),
    [
        (lambda text: text.encode(), "\n"),
        (lambda text: text.encode("utf-8-sig"), "\r\n"),
        (lambda text: text.encode("utf-16"), "\n"),
        (lambda text: text.encode(), "\r"),
    ],
)
def test_encodings_and_line_ends_change_nothing(
    warehouse_settings: Settings, tmp_path: Path, encode: Any, ends: str
) -> None:
    text = (HEADER + GOOD.replace("Acme", "Café £ Ltd")).replace("\n", ends)
    result = load(warehouse_settings, tmp_path, "payments_2016-01.csv", encode(text))
    assert (result.landed, result.refusal) == (1, None)
    found = rows(warehouse_settings, "select supplier_name from landing.finance__payments")
    assert found == [("Café £ Ltd Ltd",)]


@pytest.mark.parametrize("ends", ["\r\n\n", "\r\r\n", "\n\r\n\r"])
def test_line_ends_of_several_kinds_never_become_part_of_a_value(
    warehouse_settings: Settings, tmp_path: Path, ends: str
) -> None:
    """Of one kind there are as many as lines, and yet others stand among them."""
    lines = [HEADER[:-1], *(GOOD[:-1].replace("P,Force", f"P,{n}") for n in range(3))]
    text = "".join(line + ends[at % len(ends) :] for at, line in enumerate(lines))
    whole = lines[0] + "\n" + lines[1] + "\r\n" + lines[2] + "\n" + lines[3] + "\n"
    for number, content in enumerate((text, ends.join(lines) + ends, whole)):
        name = f"payments_2016-01_{number}.csv"
        result = load(warehouse_settings, tmp_path, name, content)
        assert (result.landed, result.quarantined, result.refusal) == (3, 0, None)
    found = rows(
        warehouse_settings,
        "select distinct publisher_code, entity_name, is_disputed "
        "from landing.finance__payments order by 2",
    )
    assert found == [("P", "0", None), ("P", "1", None), ("P", "2", None)]


TEXTS = """\
apiVersion: outturn/v1
kind: ExtractForm
extract: finance/payments
form:
  name: texts
  files: texts_<YYYY-MM>.csv
  rejectLimit: {records: 10, percent: 100}
  constants: {publisher_code: T, amount_gbp: "1", paid_date: "2016-01-05"}
  columns: {supplier_name: Payee, description: Note}
"""


def test_a_header_that_comes_again_is_no_record(
    warehouse_settings: Settings, tmp_path: Path
) -> None:
    """Where all columns are texts nothing else would tell it."""
    (tmp_path / "extracts" / "finance").mkdir(parents=True)
    (tmp_path / "extracts" / "finance" / "texts.yaml").write_text(TEXTS)
    settings = warehouse_settings.model_copy(update={"extracts_dir": tmp_path / "extracts"})
    text = "Payee,Note\nA,Note\nPayee,Note\nB,\n"
    result = load(settings, tmp_path, "texts_2016-01.csv", text)
    assert (result.landed, result.quarantined) == (2, 1)
    ((line, raw, errors),) = quarantined(settings)
    assert (line, raw, errors[0]["reason"]) == (3, "Payee,Note", "is the header once more")


def ledger(lines: Sequence[str], control: str) -> str:
    header = "Entity,Period,Journal,Line,Cost Centre,Subjective,Objective,Amount,Posted\n"
    return header + "".join(f"{line}\n" for line in lines) + control


LEDGER = ['E,2016-01,J1,1,C,S,O,"1,234.50",31/01/2016', "E,2016-01,J1,2,C,S,O,(1.50),31/01/2016"]


@pytest.mark.parametrize(
    ("control", "reason"),
    [
        ("", "does not end with the control record"),
        ("CONTROL,3,1233.00\n", "promises 3 records, but it has 2"),
        ("CONTROL,2,1233.01\n", "a sum of amount_gbp of 1233.01, but it is 1233.00"),
        ("CONTROL,2\n", "a total in cell 3, which is not there"),
    ],
)
def test_control_totals_that_differ_refuse_the_file(
    warehouse_settings: Settings, tmp_path: Path, control: str, reason: str
) -> None:
    result = load(warehouse_settings, tmp_path, "GL_Extract_2016-01.csv", ledger(LEDGER, control))
    assert reason in (result.refusal or "")


def test_control_totals_that_agree_are_kept(warehouse_settings: Settings, tmp_path: Path) -> None:
    text = ledger(LEDGER, 'CONTROL,2,"1,233.00"')
    assert load(warehouse_settings, tmp_path, "GL_Extract_2016-01.csv", text).landed == 2
    ((totals,),) = rows(warehouse_settings, "select control_totals from ops.extract_file")
    assert totals["sums"]["amount_gbp"]["landed"] == "1233.00"
    assert totals["records"] == {"found": 2, "declared": "2"}


def test_a_file_is_loaded_once_and_again_only_when_asked(
    warehouse_settings: Settings, tmp_path: Path
) -> None:
    result = load(warehouse_settings, tmp_path, "payments_2016-01.csv", HEADER + GOOD)
    assert pending(warehouse_settings) == []
    load_file(warehouse_settings, result.file_id)
    assert load_file(warehouse_settings, result.file_id, again=True).landed == 1
    assert rows(warehouse_settings, "select count(*) from landing.finance__payments") == [(1,)]


def test_moments_land_in_utc_by_either_way(warehouse_settings: Settings, tmp_path: Path) -> None:
    """Ordinary days go through the fast engine, days of clock changes through the judge."""
    header = (
        "contract_code,event_id,event_type,service_area,opened_at,due_at,closed_at,quantity,"
        "amount_gbp,outcome_code,is_sme,is_disputed,valid_at\n"
    )
    lines = [
        "SSCL-BSS,E1,x,,2016-07-01T09:00,2016-07-05,,,,,,,\n",
        "SSCL-BSS,E2,x,,2016-03-27T09:00,2016-03-27,,,,,,,\n",
        "SSCL-BSS,E3,x,,2016-03-27T01:30,2016-01-27,,,,,,,\n",
        "NO-SUCH,E4,x,,2016-01-01,,,,,,,,\n",
    ]
    result = load(
        warehouse_settings, tmp_path, "service_events_2016-07.csv", header + "".join(lines)
    )
    assert (result.landed, result.quarantined) == (2, 2)
    found = rows(
        warehouse_settings,
        "select event_id, opened_at, due_at from landing.supplier__service_events order by 1",
    )
    assert found == [
        (
            "E1",
            datetime(2016, 7, 1, 8, tzinfo=UTC),
            datetime(2016, 7, 5, 22, 59, 59, 999999, tzinfo=UTC),
        ),
        (
            "E2",
            datetime(2016, 3, 27, 8, tzinfo=UTC),
            datetime(2016, 3, 27, 22, 59, 59, 999999, tzinfo=UTC),
        ),
    ]
    reasons = [errors[0]["reason"] for _, _, errors in quarantined(warehouse_settings)]
    assert "does not exist in Europe/London" in reasons[0]
    assert "is not in contracts.csv" in reasons[1]


def workbook(path: Path, trailer: Sequence[object]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Returns"
    code = rows_of_catalogue()
    for line in (["Return"], ["January"], [], ["Contract", "KPI Ref", "Period", "Numerator",
                 "Denominator", "Reported %", "Commentary", "", ""]):  # fmt: skip
        sheet.append(line)
    sheet.append(["SSCL-BSS", code, "2016-01", 981, 1000, 98.1, "fine"])
    sheet.append(["SSCL-BSS", code, date(2016, 2, 1), 0.1 + 0.2, 1, "1e3", None])
    sheet.append(list(trailer))
    book.save(path)
    return path.read_bytes()


def rows_of_catalogue() -> str:
    from outturn.settings import PROJECT_ROOT

    path = PROJECT_ROOT / "dbt_project" / "seeds" / "indicators.csv"
    with path.open(encoding="utf-8") as handle:
        return next(csv.DictReader(handle))["indicator_code"]


def test_a_workbook_lands_by_its_typed_cells(warehouse_settings: Settings, tmp_path: Path) -> None:
    content = workbook(tmp_path / "book.xlsx", ["Total records", 2])
    name = "SSCL_KPI_Return_2016-01.xlsx"
    result = load(warehouse_settings, tmp_path, name, content)
    assert (result.landed, result.quarantined) == (1, 1)
    found = rows(
        warehouse_settings,
        "select period, numerator, reported_value, commentary "
        "from landing.supplier__indicator_returns",
    )
    assert found == [("2016-01", Decimal(981), Decimal("98.1"), "fine")]
    ((line, raw, errors),) = quarantined(warehouse_settings)
    assert line == 6
    assert raw.endswith(",2016-02,0.3,1,1e3,")
    assert [error["column"] for error in errors] == ["reported_value"]


def test_a_zip_is_read_as_what_it_holds(warehouse_settings: Settings, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", HEADER + GOOD)
        archive.writestr("b.csv", HEADER + GOOD.replace("T1", "T2"))
    result = load(warehouse_settings, tmp_path, "payments_2016-01.zip", packed.getvalue())
    assert result.landed == 2
    numbers = rows(
        warehouse_settings, "select record_number from landing.finance__payments order by 1"
    )
    assert numbers == [(1,), (2,)]


def test_thousands_of_blank_columns_and_rows_are_no_data(
    warehouse_settings: Settings, tmp_path: Path
) -> None:
    """What a spreadsheet writes to the right of and below its data; a value out there is bad."""
    right = "," * 16_000 + "\n"
    odd = GOOD[:-1] + "," * 9_000 + "x\n"
    text = HEADER[:-1] + right + GOOD[:-1] + right + right + odd + right * 50
    result = load(warehouse_settings, tmp_path, "payments_2016-01.csv", text)
    assert (result.refusal, result.records, result.landed) == (None, 2, 1)
    ((line, _, errors),) = quarantined(warehouse_settings)
    assert (line, errors[0]["value"]) == (4, "x")


def test_the_same_bytes_are_never_taken_for_another_month(
    warehouse_settings: Settings, tmp_path: Path
) -> None:
    """Only the name says the month of payments: one of two months would be missing, unseen."""
    load(warehouse_settings, tmp_path, "payments_2016-01.csv", HEADER + GOOD)
    with pytest.raises(DeliveryRefused, match=r"byte for byte payments_2016-01\.csv"):
        load(warehouse_settings, tmp_path, "payments_2016-02.csv", HEADER + GOOD)
    again = load(warehouse_settings, tmp_path, "payments_2016-01_2.csv", HEADER + GOOD)
    assert again.landed == 1
    assert rows(warehouse_settings, "select period from ops.file_part") == [("2016-01",)]
    other = load(warehouse_settings, tmp_path, "payments_2016-02.csv", HEADER + GOOD * 2)
    assert other.landed == 2


def test_a_zip_damaged_inside_is_refused(warehouse_settings: Settings, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", HEADER + GOOD * 1_000)
    content = bytearray(packed.getvalue())
    content[60] ^= 0xFF
    result = load(warehouse_settings, tmp_path, "payments_2016-01.zip", bytes(content))
    assert "damaged zip" in (result.refusal or "")


@pytest.mark.parametrize("member", ["../a.csv", "/a.csv", "a.zip"])
def test_a_zip_that_reaches_outside_is_refused(
    warehouse_settings: Settings, tmp_path: Path, member: str
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(member, HEADER + GOOD)
    result = load(warehouse_settings, tmp_path, "payments_2016-01.zip", packed.getvalue())
    assert "the zip holds" in (result.refusal or "")


SPEND = {
    "apiVersion": "outturn/v1",
    "kind": "ExtractForm",
    "extract": "finance/payments",
    "form": {
        "name": "department",
        "files": "DEPT*<Month>*<YYYY>*.csv",
        "encoding": "cp1252",
        "dates": "dd/mm/yyyy",
        "numbers": {"currency": "£", "thousands": ",", "spaces": True},
        "constants": {"publisher_code": "DEPT"},
        "columns": {
            "paid_date": "Date of Payment",
            "supplier_name": "Supplier",
            "amount_gbp": "Amount",
            "invoice_number": {"header": "Invoice Number", "optional": True},
        },
        "ignore": ["Supplier Post Code", "NAC Code"],
    },
}


@pytest.mark.parametrize(
    "text",
    [
        """Date of Payment,Supplier,Amount,Supplier Post Code
02/12/2024,A,931392.9,E1
02/12/2024,A,-5,E1
""",
        """Date of Payment,Supplier,Amount,Supplier Post Code,Invoice Number,NAC Code
02/12/2024,A,"£931,392.90",E1,I,5
02/12/2024,A,-£5.00,E1,I,5
""",
    ],
)
def test_public_spend_files_need_nothing_but_a_yaml(
    warehouse_settings: Settings, tmp_path: Path, text: str
) -> None:
    extracts = tmp_path / "extracts" / "finance"
    extracts.mkdir(parents=True)
    (extracts / "department.yaml").write_text(
        yaml.safe_dump(SPEND, allow_unicode=True), encoding="utf-8"
    )
    settings = warehouse_settings.model_copy(update={"extracts_dir": extracts.parent})
    result = load(settings, tmp_path, "DEPT_-_December_2024.csv", text.encode("cp1252"))
    assert result.refusal is None
    total = "select sum(amount_gbp), min(publisher_code) from landing.finance__payments"
    assert rows(settings, total) == [(Decimal("931387.90"), "DEPT")]
    assert rows(settings, "select part_code, period from ops.file_part") == [("DEPT", "2024-12")]


def test_what_a_spreadsheet_writes_above_and_another_delimiter_below_are_no_records(
    warehouse_settings: Settings, tmp_path: Path
) -> None:
    """`sep=,` stands above the header; one line uses semicolons and is bad by itself."""
    text = "\ufeffsep=,\r\n" + HEADER + GOOD + GOOD.replace(",", ";") + GOOD.replace(",", "\t")
    result = load(warehouse_settings, tmp_path, "payments_2016-01.csv", text)
    assert (result.landed, result.quarantined, result.refusal) == (1, 2, None)
    reasons = {errors[0]["reason"] for _, _, errors in quarantined(warehouse_settings)}
    assert reasons == {"has 1 cells where the header has 15"}


def test_what_stands_below_the_table_is_named_and_lands_nowhere(
    warehouse_settings: Settings, tmp_path: Path
) -> None:
    """A total that nobody declared, notes, another table and this one's header again."""
    below = "," * 14 + "\n" + "," * 7 + "12.50" + "," * 7 + "\nPlease note: net of VAT\n\n"
    text = HEADER + GOOD + below + "Ward,Spend\nNorth,5\n" + HEADER + GOOD.replace("T1", "T2")
    result = load(warehouse_settings, tmp_path, "payments_2016-01.csv", text)
    assert (result.landed, result.quarantined, result.refusal) == (2, 5, None)
    told = {line: errors[0]["reason"] for line, _, errors in quarantined(warehouse_settings)}
    assert told == {
        4: "is blank, but a value is required",
        5: "has 1 cells where the header has 15",
        7: "has 2 cells where the header has 15",
        8: "has 2 cells where the header has 15",
        9: "is the header once more",
    }


def test_columns_may_stand_in_any_order(warehouse_settings: Settings, tmp_path: Path) -> None:
    turned = [",".join(reversed(line.split(","))) for line in (HEADER + GOOD).splitlines()]
    result = load(warehouse_settings, tmp_path, "payments_2016-01.csv", "\n".join(turned) + "\n")
    assert (result.landed, result.refusal) == (1, None)
    found = (
        "select publisher_code, supplier_name, amount_gbp, is_sme from landing.finance__payments"
    )
    assert rows(warehouse_settings, found) == [("P", "Acme Ltd", Decimal("12.50"), True)]


def test_the_refusal_can_be_told_to_machines(warehouse_settings: Settings, tmp_path: Path) -> None:
    result = load(
        warehouse_settings, tmp_path, "payments_2016-01.csv", HEADER.replace(",", ";") + GOOD
    )
    assert result.problem is not None
    assert "delimiter" in result.problem.remedy
    json.dumps(result.refusal)
