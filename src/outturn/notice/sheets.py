"""The notice as a workbook: figures as numbers, so that the supplier can recompute them there."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font

from outturn.notice.arithmetic import credit_working, kpi_working
from outturn.notice.content import Notice
from outturn.notice.issue import Issue
from outturn.notice.wording import changes
from outturn.timeless import without_clock

KPI_COLUMNS = (
    "indicator_code", "indicator_label", "unit", "direction", "numerator", "denominator",
    "unit_factor", "value", "target", "target_high", "severity", "band_text", "base_points",
    "multiplier", "waived_points_pct", "points", "shortfall", "unit_size", "band_credit_pct",
    "pool_allocation_pct", "file_name", "record_number",
)  # fmt: skip
STEP_COLUMNS = (
    "step_number", "step", "effective_on", "amount_gbp", "due_gbp", "notified_gbp", "agreed_gbp",
    "deducted_gbp", "outstanding_gbp", "actor", "requested_by", "reason",
)  # fmt: skip


def render(notice: Notice, issue: Issue | None) -> bytes:
    """Sheets Notice, Failed KPIs, Arithmetic and Life; without `issue` it says it is a draft."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Notice"
    for row in _facts(notice, issue):
        sheet.append([_cell(value) for value in row])
    kpis = [[*(row[column] for column in KPI_COLUMNS), kpi_working(row)] for row in notice.evidence]
    _sheet(book, "Failed KPIs", [*KPI_COLUMNS, "working"], kpis)
    working = [[step.what, step.how, step.result] for step in credit_working(notice)]
    _sheet(book, "Arithmetic", ["step", "how", "result"], working)
    life = [[step[column] for column in STEP_COLUMNS] for step in notice.life]
    _sheet(book, "Life", list(STEP_COLUMNS), life)
    out = io.BytesIO()
    book.save(out)
    return without_clock(out.getvalue())


def _facts(notice: Notice, issue: Issue | None) -> list[tuple[Any, ...]]:
    credit = notice.credit
    return [
        ("Service credit notice", notice.number),
        ("Contract", notice.contract_code, notice.title),
        ("Supplier", notice.supplier),
        ("Service month", notice.period),
        ("Scheme", credit["scheme_code"], credit["method"]),
        ("Basis", credit["basis"]),
        ("Due since", credit["due_on"]),
        ("Charges excluding VAT, GBP", credit["charges_gbp"]),
        ("Credit, GBP", credit["credit_gbp"]),
        ("Claimed by this notice, GBP", notice.amount_gbp),
        (issue.sentence if issue else "DRAFT: not approved, not issued.",),
        ("Contents", notice.hash),
        *(("Since last month", one) for one in changes(notice)),
    ]


def _sheet(book: Workbook, name: str, header: list[str], rows: list[list[Any]]) -> None:
    sheet = book.create_sheet(name)
    sheet.append(header)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row in rows:
        sheet.append([_cell(value) for value in row])


def _cell(value: Any) -> Any:
    """Money and counts as numbers; a text never begins a formula."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, str) and value[:1] in "=+-@":
        return f"'{value}"
    return value
