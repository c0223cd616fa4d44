"""The notice as a PDF. The same notice makes the same bytes: no clock, no random names inside."""

from __future__ import annotations

import io
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from outturn.notice.arithmetic import credit_working, kpi_working, pounds, text
from outturn.notice.content import Notice
from outturn.notice.issue import Issue
from outturn.notice.wording import changes, title

# Bitstream Vera comes with reportlab and has the signs that the standard fonts lack.
FONT, BOLD = "Vera", "VeraBd"
SMALL = ParagraphStyle("small", fontName=FONT, fontSize=7, leading=9)
BODY = ParagraphStyle("body", fontName=FONT, fontSize=9, leading=13)
HEAD = ParagraphStyle("head", fontName=BOLD, fontSize=11, leading=16, spaceBefore=8)
TITLE = ParagraphStyle("title", fontName=BOLD, fontSize=15, leading=20)
GRID = TableStyle(
    [
        ("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#9AA5B1")),
        ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#DDE3EA")),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
)
KPI_HEADER = (
    "KPI", "Numerator", "Denominator", "Value", "Target", "Band", "Points", "Working", "Evidence",
)  # fmt: skip
KPI_WIDTHS = (44, 22, 22, 17, 17, 24, 14, 73, 40)


def render(notice: Notice, issue: Issue | None) -> bytes:
    """A4 pages; without `issue` it is a draft and says so on every page."""
    for name in (FONT, BOLD):
        pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=landscape(A4),
        leftMargin=12 * mm,
        rightMargin=12 * mm,
        topMargin=14 * mm,
        bottomMargin=14 * mm,
        title=title(notice),
        author="outturn",
        invariant=1,
    )
    foot = _foot(notice, issue)
    document.build(_story(notice, issue), onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def _story(notice: Notice, issue: Issue | None) -> list[Any]:
    credit = notice.credit
    facts = [
        f"To: {notice.supplier}",
        f"Contract: {notice.contract_code}, {notice.title}",
        (
            f"Service month: {notice.period}; scheme {credit['scheme_code']} ({credit['method']}); "
            f"figures on the {credit['basis']} basis; due since {credit['due_on']:%d/%m/%Y}"
        ),
        f"Charges of the month, excluding VAT: {pounds(credit['charges_gbp'])}",
        f"Claimed by this notice: {pounds(notice.amount_gbp)}",
        issue.sentence if issue else "DRAFT: not approved, not issued.",
    ]
    story: list[Any] = [Paragraph(escape(f"Service credit notice {notice.number}"), TITLE)]
    story += [Paragraph(escape(fact), BODY) for fact in facts]
    story += [Paragraph("Failed KPIs", HEAD), _kpis(notice)]
    story += [Paragraph("The credit, step by step", HEAD), _steps(notice)]
    story += [Paragraph("Since last month", HEAD)]
    story += [Paragraph(escape(one), BODY) for one in changes(notice)]
    return [*story, Spacer(1, 4 * mm), Paragraph(f"Contents: {notice.hash}", SMALL)]


def _kpis(notice: Notice) -> Table:
    rows = [
        (
            row["indicator_label"],
            text(row["numerator"]),
            text(row["denominator"]),
            f"{text(row['value'])} ({row['unit'] or ''})",
            text(row["target"]),
            f"{row['severity'].replace('_', ' ')}: {row['band_text']}",
            text(row["points"]),
            kpi_working(row),
            f"{row['file_name'] or '-'}, record {row['record_number'] or '-'}",
        )
        for row in notice.evidence
    ]
    return _table([KPI_HEADER, *rows], KPI_WIDTHS)


def _steps(notice: Notice) -> Table:
    rows = [(step.what, step.how, step.result) for step in credit_working(notice)]
    return _table([("Step", "How", "Result"), *rows], (64, 160, 50))


def _table(rows: list[tuple[str, ...]], widths: tuple[int, ...]) -> Table:
    cells = [[Paragraph(escape(cell), SMALL) for cell in row] for row in rows]
    return Table(cells, [width * mm for width in widths], style=GRID, repeatRows=1)


def _foot(notice: Notice, issue: Issue | None) -> Any:
    def draw(canvas: Any, document: Any) -> None:
        canvas.setFont(FONT, 7)
        state = "" if issue else " - DRAFT"
        canvas.drawString(12 * mm, 8 * mm, f"{title(notice)}{state} - page {document.page}")

    return draw
