"""Workbooks as they should not be: each cell exactly, or named, or the file refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from outturn.load import LoadResult, load_file, sheet_slices
from outturn.receive import receive_paths
from outturn.settings import Settings
from tests.conftest import rows

FORM = """
apiVersion: outturn/v1
kind: ExtractForm
extract: finance/payments
form:
  name: book
  files: Book_<YYYY-MM>.xlsx
  format: xlsx
  constants: {publisher_code: B}
  numbers: {currency: "£", thousands: ",", brackets: true}
  columns:
    supplier_name: Payee
    amount_gbp: Amount
    paid_date: Paid
    description: {header: Note, optional: true}
    invoice_date: {header: Invoiced, optional: true, blanks: ["#N/A"]}
"""
DAY = date(2016, 1, 5)
SHEET = "xl/worksheets/sheet1.xml"


def book(*lines: Sequence[object], change: Callable[[Any, Any], None] | None = None) -> bytes:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["Payee", "Amount", "Paid", "Note", "Invoiced"])
    for line in lines:
        sheet.append(list(line))
    if change:
        change(workbook, sheet)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def patched(content: bytes, old: str, new: str) -> bytes:
    """The workbook with the text of its sheet changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        for info in source.infolist():
            text = source.read(info)
            if info.filename == SHEET:
                assert old.encode() in text
                text = text.replace(old.encode(), new.encode())
            target.writestr(info.filename, text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def load(settings: Settings, folder: Path, content: bytes) -> tuple[Settings, LoadResult]:
    extracts = folder / "extracts" / "finance"
    extracts.mkdir(parents=True)
    (extracts / "book.yaml").write_text(FORM)
    settings = settings.model_copy(update={"extracts_dir": extracts.parent})
    path = folder / "Book_2016-01.xlsx"
    path.write_bytes(content)
    (file_id,) = receive_paths(settings, [path], received_at=datetime(2016, 3, 1, tzinfo=UTC))
    return settings, load_file(settings, file_id)


@pytest.mark.parametrize("slice_bytes", [sheet_slices.SLICE_BYTES, 300])
def test_cells_land_exactly_or_are_named(
    slice_bytes: int,
    warehouse_settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An error and a formula that was never calculated are no blanks, and no text."""
    monkeypatch.setattr(sheet_slices, "SLICE_BYTES", slice_bytes)

    def change(workbook: Any, sheet: Any) -> None:
        workbook.epoch = CALENDAR_MAC_1904
        hidden = workbook.create_sheet("old")
        hidden.sheet_state = "hidden"
        hidden.append(["Payee", "Amount", "Paid"])
        sheet.merge_cells("A14:A15")

    content = book(
        ["sum", 0.1 + 0.2, DAY, None, "#N/A"],
        ["large", 12345678901234.56, DAY, 7],
        ["brackets", "(1,234.50)", datetime(2016, 1, 5), True],  # noqa: DTZ001
        ["many decimals", 1.239, DAY],
        ["1e3", "1e3", DAY],
        ["clock", 1, datetime(2016, 1, 5, 10)],  # noqa: DTZ001
        ["only a clock", 1, time(10)],
        ["a number", 1, 42374],
        ["error", "#DIV/0!", DAY],
        ["error in text", 1, DAY, "#REF!"],
        ["formula", "=1+1", DAY],
        ["formula in text", 1, DAY, '="a"&"b"'],
        ["merged", 1, DAY],
        ["", 1, DAY],
        change=change,
    )
    settings, result = load(warehouse_settings, tmp_path, content)
    assert result.refusal is None
    landed = rows(
        settings,
        "select supplier_name, amount_gbp, paid_date, description, invoice_date "
        "from landing.finance__payments order by record_number",
    )
    assert landed == [
        ("sum", Decimal("0.30"), DAY, None, None),
        ("large", Decimal("12345678901234.56"), DAY, "7", None),
        ("brackets", Decimal("-1234.50"), DAY, "true", None),
        ("merged", Decimal("1.00"), DAY, None, None),
    ]
    kept = rows(settings, "select line_number, errors from quarantine.record order by 1")
    assert {line: (errors[0]["column"], errors[0]["value"]) for line, errors in kept} == {
        5: ("amount_gbp", "1.239"),
        6: ("amount_gbp", "1e3"),
        7: ("paid_date", "2016-01-05 10:00:00"),
        8: ("paid_date", "10:00:00"),
        9: ("paid_date", "42374"),
        10: ("amount_gbp", "#DIV/0!"),
        11: ("", ""),
        12: ("amount_gbp", "=1+1"),
        13: ("", ""),
        15: ("supplier_name", ""),
    }
    assert "#REF!" in kept[6][1][0]["reason"]


def test_what_a_workbook_does_not_keep_exactly_never_lands(
    warehouse_settings: Settings, tmp_path: Path
) -> None:
    """Numbers of more than 53 bits, days before March 1900, text formulas that were not run."""
    content = book(
        ["sure", 99999999999999, DAY, 9007199254740991],
        ["in a text", 1, DAY, 9007199254740993],
        ["in a number", 9007199254740993, DAY],
        ["in February", 1, date(1900, 2, 28)],
        ["formula", 1, DAY, "=A1"],
        [" 1e3 ", 1, DAY, -0.0],
    )
    content = patched(content, "<f>A1</f><v />", "<f>A1</f>")
    content = patched(content, '<c r="D6">', '<c r="D6" t="str">')
    settings, result = load(warehouse_settings, tmp_path, content)
    assert result.refusal is None
    assert rows(
        settings,
        "select supplier_name, amount_gbp, description from landing.finance__payments "
        "order by record_number",
    ) == [
        ("sure", Decimal("99999999999999.00"), "9007199254740991"),
        (" 1e3 ", Decimal("1.00"), "0"),
    ]
    kept = rows(settings, "select line_number, errors from quarantine.record order by 1")
    assert {line: errors[0]["column"] for line, errors in kept} == {
        3: "", 4: "amount_gbp", 5: "paid_date", 6: "",
    }  # fmt: skip
    assert "more digits than a workbook keeps" in kept[0][1][0]["reason"]
    assert "formula without a value" in kept[3][1][0]["reason"]


def test_a_table_that_begins_further_down_keeps_its_rows_numbers(
    warehouse_settings: Settings, tmp_path: Path
) -> None:
    """Blank rows and columns before it count; an error that no reader knows is one bad record."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    lines = [
        ["Payee", "Amount", "Paid", "Note"],
        ["good", 1, DAY, None],
        ["waits", "#N/A", DAY, None],
        ["not run", 1, DAY, "=A1"],
    ]
    for row, line in enumerate(lines, 4):
        for column, value in enumerate(line, 3):
            sheet.cell(row, column, value)
    out = io.BytesIO()
    workbook.save(out)
    content = patched(out.getvalue(), "#N/A", "#GETTING_DATA")
    settings, result = load(warehouse_settings, tmp_path, content)
    assert result.refusal is None
    assert rows(settings, "select supplier_name from landing.finance__payments") == [("good",)]
    kept = rows(settings, "select line_number, errors from quarantine.record order by 1")
    assert [(line, errors[0]["value"]) for line, errors in kept] == [(6, "#GETTING_DATA"), (7, "")]
    assert "formula without a value under description: =A1" in kept[1][1][0]["reason"]


DOCTYPE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><worksheet'
ONE = book(["Acme", 1, DAY])
AMOUNT = '<c r="B2" t="n"><v>1</v>'


def far(_workbook: Any, sheet: Any) -> None:
    for row in range(2, 300):
        sheet.cell(row, 16_384, "x")


def package(parts: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


BINARY = '<a><Relationship Id="r" Type="x/officeDocument" Target="xl/w.bin"/></a>'


def hidden(workbook: Any, sheet: Any) -> None:
    workbook.create_chartsheet("Chart")
    sheet.sheet_state = "veryHidden"


def second(workbook: Any, _sheet: Any) -> None:
    workbook.create_sheet("Two")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (patched(ONE, "<worksheet", DOCTYPE), "declares entities"),
        (patched(ONE, 'r="A2"', 'r="A4294967295"'), "no place in a sheet"),
        (patched(ONE, 'r="A2"', 'r="ZZZZZZ99999999999"'), "no place in a sheet"),
        (book(["Acme", 1, DAY], change=far), "too many cells"),
        (book(["Acme", 1, DAY], change=second), "several sheets and none is named"),
        (patched(ONE, "</sheetData>", ""), "cannot be read as a workbook"),
        (patched(ONE, "<v>1</v>", "<v>one</v>"), "cannot be read as a workbook"),
        (
            patched(ONE, "<v>1</v>", "<v>1<!-- 2 -->3</v>"),
            "a comment or a CDATA section within a value",
        ),
        (
            patched(ONE, '<c r="B2" t="n"><v>1</v>', '<c t="e"><v>#N/A</v>'),
            "does not say its place",
        ),
        (patched(ONE, '<c r="B2" t="n"><v>1</v>', "<c><f>1+1</f>"), "does not say its place"),
        (package({"mimetype": "application/vnd.oasis", "content.xml": "<a/>"}), "OpenDocument"),
        (package({"[Content_Types].xml": "<a/>", "_rels/.rels": BINARY, "xl/w.bin": "x"}), "xlsb"),
        (book(["Acme", 1, DAY], change=hidden), "no sheet to be seen"),
        (ONE[:-60], "damaged zip"),
        (b"Payee,Amount,Paid\n", "is no Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "encrypted workbook"),
        (book(), "no records"),
    ],
)
def test_what_is_no_sound_workbook_is_refused(
    warehouse_settings: Settings, tmp_path: Path, content: bytes, reason: str
) -> None:
    settings, result = load(warehouse_settings, tmp_path, content)
    assert reason in (result.refusal or "")
    assert rows(settings, "select count(*) from landing.finance__payments") == [(0,)]
