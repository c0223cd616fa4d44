"""Spend files as public bodies publish them, each loaded by nothing but a YAML of its own.

The layouts follow what departments, councils, police forces and health trusts really publish;
names and amounts are made up.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml

from outturn.load import LoadResult, load_file
from outturn.receive import receive_paths
from outturn.settings import Settings
from tests.conftest import rows

# What each file below says, in whatever way: (paid_date, supplier_name, amount_gbp).
PAID = [
    (date(2015, 4, 1), "Acme Facilities Ltd", Decimal("1234567.89")),
    (date(2015, 4, 15), "Smith & Sons", Decimal("-1234.50")),
    (date(2015, 4, 30), "REDACTED", Decimal("30000.00")),
]


@dataclass(frozen=True)
class Layout:
    """A file as it is published, and the form that describes it."""

    name: str
    content: bytes
    form: str
    set_aside: int = 0
    period: str = "2015-04"


def department() -> Layout:
    """Nine standard columns, Latin-1 pound signs, long dates of Excel."""
    text = """Department Family,Entity,Date,Expense Type,Expense Area,Supplier,Transaction No,Amount
Dept,Core,01-Apr-2015,IT,HQ,Acme Facilities Ltd,00123,"£1,234,567.89"
Dept,Core,15-Apr-2015,IT,HQ,Smith & Sons,00124,"-£1,234.50"
Dept,Core,30-Apr-2015,IT,HQ,REDACTED,00125,"£30,000.00"
,,,,,,,
,,,,,,,
"""
    form = """
        files: "spend_over_25k_<Month>_<YYYY>.csv"
        encoding: cp1252
        dates: dd-mmm-yyyy
        numbers: {currency: "£", thousands: ","}
        columns: {paid_date: Date, supplier_name: Supplier, amount_gbp: Amount,
                  transaction_number: Transaction No, entity_name: Entity,
                  expense_type: Expense Type, expense_area: Expense Area}
        ignore: [Department Family]
    """
    return Layout("spend_over_25k_April_2015.csv", text.encode("cp1252"), form)


def department_with_title_rows_and_total() -> Layout:
    """A merged title, blank rows and columns, accounting brackets, a total at the end."""
    text = (
        "Spend over £25,000 in April 2015,,,,\r\n,,,,\r\n"
        "Date of payment,Supplier,Amount,,\r\n"
        '01 April 2015,Acme Facilities Ltd," 1,234,567.89 ",,\r\n'
        '15 April 2015,Smith & Sons," (1,234.50)",,\r\n'
        '30 April 2015,REDACTED," 30,000.00 ",,\r\n'
        ',Total," 1,263,333.39 ",,\r\n,,,,\r\n'
    )
    form = """
        files: "25k <Month><YY>.csv"
        encoding: [utf-8, cp1252]
        dates: dd-mmmm-yyyy
        numbers: {brackets: true, thousands: ",", spaces: true}
        columns: {paid_date: Date of payment, supplier_name: Supplier, amount_gbp: Amount}
        trailer: {marker: Total, cell: 2, sums: {amount_gbp: 3}}
    """
    return Layout("25k Apr15.csv", text.encode("cp1252"), form)


def total_without_a_word() -> Layout:
    """The last line says nothing but the sum; no line end after it."""
    text = """Paid,Beneficiary,Net (£)
2015-04-01 00:00:00,Acme Facilities Ltd,1234567.89
2015-04-15 00:00:00,Smith & Sons,-1234.5
2015-04-30 00:00:00,REDACTED,30000
,,1263333.39"""
    form = """
        files: "Transparency <YYYY><MM>.csv"
        dates: yyyy-mm-dd 00:00
        columns: {paid_date: Paid, supplier_name: Beneficiary, amount_gbp: Net (£)}
        trailer: {marker: "", sums: {amount_gbp: 3}}
    """
    return Layout("Transparency 201504.csv", text.encode(), form)


def council_utf16_tabs() -> Layout:
    """Unicode text of Excel: UTF-16 with tabs; net, VAT and gross; accounting pound signs."""
    text = (
        "Body Name\tService Area\tDate Paid\tSupplier Name\tSupplier ID\tNet Amount\tVAT\t"
        "Irrecoverable VAT\tPost Code\tContract No\r\n"
        'Council\tAdults\t01/04/2015\tAcme Facilities Ltd\t7\t" £1,234,567.89 "\t1\t-\tE1\tC1\r\n'
        'Council\tAdults\t15/04/2015\tSmith & Sons\t8\t"-£1,234.50 "\t2\t-\t\tC2\r\n'
        'Council\tAdults\t30/04/2015\tREDACTED\t9\t" £ 30,000.00 "\t3\t-\t\t\r\n'
    )
    form = r"""
        files: "Council *<Month> <YYYY>.txt"
        encoding: utf-16
        delimiter: "\t"
        dates: dd/mm/yyyy
        numbers: {currency: "£", thousands: ",", spaces: true}
        columns: {paid_date: Date Paid, supplier_name: Supplier Name, amount_gbp: Net Amount,
                  entity_name: Body Name, expense_area: Service Area}
        ignore: [Supplier ID, VAT, Irrecoverable VAT, Post Code, Contract No]
    """
    return Layout("Council spend over 500 April 2015.txt", text.encode("utf-16"), form)


def council_with_two_ways_of_writing_a_date() -> Layout:
    """Days as text in two ways and as Excel's number in the third; a quarter's file."""
    text = """Vendor,Value,Pay date,Purpose,
Acme Facilities Ltd,1234567.89,01/04/2015,Care,x
Smith & Sons,1234.50-,15 Apr 15,Care,
REDACTED,30000,42124,Care,y
"""
    form = """
        files: "Q<Q> <FY> payments.csv"
        dates: [dd/mm/yyyy, dd-mmm-yy, excel]
        numbers: {trailingMinus: true}
        columns: {paid_date: Pay date, supplier_name: Vendor, amount_gbp: Value,
                  description: Purpose}
        ignoreUnnamed: true
    """
    return Layout("Q1 2015-16 payments.csv", text.encode(), form, period="2015-06")


def police_force_semicolons() -> Layout:
    """Semicolons, two-digit years, a redacted amount and a dash for nothing."""
    text = """Force;Date;Payee;Amount GBP;Category;Reference
PCC;1/4/15;Acme Facilities Ltd;1,234,567.89;Estates;1
PCC;15/4/15;Smith & Sons;-1,234.50;Fleet;2
PCC;30/4/15;REDACTED;30,000.00;Covert;3
PCC;30/4/15;Secret Ltd;REDACTED;Covert;4
"""
    form = """
        files: "PCC_<MM><YYYY>.csv"
        delimiter: ";"
        dates: d/m/yy
        numbers: {thousands: ",", dashIsZero: true}
        rejectLimit: {records: 1, percent: 0}
        columns: {paid_date: Date, supplier_name: Payee, amount_gbp: Amount GBP,
                  expense_type: Category, transaction_number: Reference}
        ignore: [Force]
    """
    return Layout("PCC_042015.csv", text.encode(), form, set_aside=1)


def health_trust_workbook() -> Layout:
    """A workbook: notes, the month's own sheet with typed cells under merged titles, hidden sums.

    Days stand as dates, as text and as bare numbers in the same column.
    """
    book = openpyxl.Workbook()
    notes = book.active
    notes.title = "Notes"
    notes.append(["Payments over £25,000"])
    sheet = book.create_sheet("April 2015")
    sheet.append(["A Foundation Trust: expenditure over £25k"])
    sheet.merge_cells("A1:F1")
    sheet.append([])
    sheet.append(["Expense type", "Date", "Supplier", "AP Amount £", "VAT registration", "PO"])
    sheet.append(["Drugs", date(2015, 4, 1), "Acme Facilities Ltd", 1234567.89, "GB1", 1])
    sheet.append(["Drugs", "15/04/2015", "Smith & Sons", -1234.5, None, None])
    sheet.append(["Agency", 42124, "REDACTED", "£30,000.00", "GB2", None])
    sheet.append([None] * 8)
    book.create_sheet("Pivot").sheet_state = "hidden"
    form = """
        files: "<DD>-<MM>-<YYYY> trust spend.xlsx"
        format: xlsx
        sheet: "<Month> <YYYY>"
        dates: [dd/mm/yyyy, excel]
        numbers: {currency: "£", thousands: ","}
        columns: {paid_date: Date, supplier_name: Supplier, amount_gbp: AP Amount £,
                  expense_type: Expense type}
        ignore: [VAT registration, PO]
    """
    return Layout("30-04-2015 trust spend.xlsx", saved(book), form)


def workbook_with_a_total_row() -> Layout:
    """The total stands in the amount's column under a word two columns before."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Supplier", "Payment Date", "Ref", "Amount (excluding recoverable VAT)"])
    for day, supplier, amount in PAID:
        sheet.append([supplier, day, "0042", float(amount)])
    sheet.append([None, "Grand Total", None, 1263333.39])
    form = """
        files: "<Month>-<YYYY>.xlsx"
        format: xlsx
        columns: {paid_date: Payment Date, supplier_name: Supplier, transaction_number: Ref,
                  amount_gbp: Amount (excluding recoverable VAT)}
        trailer: {marker: Grand Total, cell: 2, sums: {amount_gbp: 4}}
    """
    return Layout("apr-2015.xlsx", saved(book), form)


def quoted_newlines_and_times() -> Layout:
    """A BOM, quoted newlines in headers and cells, a time of day behind the day."""
    text = (
        '\ufeff"Payment\nDate","Supplier\nName","Payment Amount\n(£)",Narrative\r\n'
        '01/04/2015 09:15:00,Acme Facilities Ltd,£1234567.89,"two\r\nlines"\r\n'
        "15/04/2015 00:00:00,Smith & Sons,£-1234.50,one\r\n"
        "30/04/2015 23:59:59,REDACTED,£30000.00,\r\n"
    )
    form = """
        files: "*<Month> <YYYY>*.csv"
        dates: dd/mm/yyyy hh:mm
        numbers: {currency: "£"}
        columns: {paid_date: Payment Date, supplier_name: Supplier Name,
                  amount_gbp: Payment Amount (£), description: Narrative}
    """
    name = "Summary of payments, April 2015 (revised).csv"
    return Layout(name, text.encode(), form)


def json_lines() -> Layout:
    """One object a line, as open-data portals give out, days with a midnight."""
    text = """
{"supplier": "Acme Facilities Ltd", "amount": 1234567.89, "date": "2015-04-01T00:00:00"}
{"supplier": "Smith & Sons", "amount": "-1234.50", "date": "2015-04-15T00:00:00.000"}
{"supplier": "REDACTED", "amount": 30000, "date": "2015-04-30T00:00:00", "ward": null}
"""
    form = """
        files: "portal-<YYYY-MM>.jsonl"
        format: jsonl
        dates: [yyyy-mm-dd, yyyy-mm-dd 00:00]
        columns: {paid_date: date, supplier_name: supplier, amount_gbp: amount}
        ignore: [ward]
    """
    return Layout("portal-2015-04.jsonl", text.encode(), form)


def damaged_signs_and_stray_spaces() -> Layout:
    """Pound signs decoded once too often, white space behind everything, a minus before the sign.

    The same words twice in the title as in the header, so that only the header fits whole.
    """
    text = """Date,Supplier
 Date ,Supplier ,Amount ,Irrecoverable VAT
01/04/2015 ,Acme Facilities Ltd,"Â£1,234,567.89 ",
15/04/2015\u00a0,Smith & Sons,"-Â£1,234.50",
 30/04/2015,REDACTED,"Â£30,000.00",
"""
    form = """
        files: "*<Month>-<YY>.csv"
        dates: dd/mm/yyyy
        trim: true
        numbers: {currency: "Â£", thousands: ","}
        columns: {paid_date: Date, supplier_name: Supplier, amount_gbp: Amount}
        ignore: [Irrecoverable VAT]
    """
    return Layout("over-25k-apr-15.csv", text.encode(), form)


def saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def loaded(settings: Settings, folder: Path, layout: Layout) -> LoadResult:
    form = {"name": "publisher", "constants": {"publisher_code": "PUB"}}
    document = {
        "apiVersion": "outturn/v1",
        "kind": "ExtractForm",
        "extract": "finance/payments",
        "form": form | yaml.safe_load(layout.form),
    }
    extracts = folder / "extracts" / "finance"
    extracts.mkdir(parents=True)
    (extracts / "publisher.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    path = folder / layout.name
    path.write_bytes(layout.content)
    settings = settings.model_copy(update={"extracts_dir": extracts.parent})
    (file_id,) = receive_paths(settings, [path], received_at=datetime(2015, 5, 20, tzinfo=UTC))
    return load_file(settings, file_id)


@pytest.mark.parametrize(
    "publish",
    [
        department,
        department_with_title_rows_and_total,
        total_without_a_word,
        council_utf16_tabs,
        council_with_two_ways_of_writing_a_date,
        police_force_semicolons,
        health_trust_workbook,
        workbook_with_a_total_row,
        quoted_newlines_and_times,
        json_lines,
        damaged_signs_and_stray_spaces,
    ],
)
def test_a_publishers_file_lands_to_the_penny(
    warehouse_settings: Settings, tmp_path: Path, publish: Callable[[], Layout]
) -> None:
    layout = publish()
    result = loaded(warehouse_settings, tmp_path, layout)
    assert result.refusal is None
    assert (result.landed, result.quarantined) == (len(PAID), layout.set_aside)
    found = rows(
        warehouse_settings,
        "select paid_date, supplier_name, amount_gbp from landing.finance__payments"
        " order by record_number",
    )
    assert found == PAID
    parts = rows(warehouse_settings, "select part_code, period from ops.file_part")
    assert parts == [("PUB", layout.period)]


@pytest.mark.parametrize("total", ["1,263,333.38", ""])
def test_a_total_that_is_not_the_sum_refuses_the_file(
    warehouse_settings: Settings, tmp_path: Path, total: str
) -> None:
    layout = department_with_title_rows_and_total()
    content = layout.content.replace(b"1,263,333.39", total.encode())
    result = loaded(warehouse_settings, tmp_path, Layout(layout.name, content, layout.form))
    assert "promises a sum of amount_gbp" in (result.refusal or "")
