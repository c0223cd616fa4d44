"""The notice: its arithmetic by hand, the same bytes each time, nothing issued that is not due."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook

from outturn.errors import NoticeRefused
from outturn.notice import arithmetic, pdf, sheets, wording
from outturn.notice.content import Notice
from outturn.notice.issue import Issue

ISSUE = Issue("asker", "approver", date(2016, 3, 1), "Checked")
D = Decimal


def evidence(code: str, **given: Any) -> dict[str, Any]:
    """A failed KPI: 970 of 1,000, target 98, minor, 1 point, a repeat."""
    row: dict[str, Any] = {
        "indicator_code": code, "indicator_label": f"{code} <Paid> & on time ≥ target",
        "unit": "%", "direction": "higher", "status": "measured", "severity": "minor",
        "band_text": "at least 96 and below 98", "rounding_dp": 2, "rounding_mode": "half_up",
        "numerator": D(970), "denominator": D(1000), "unit_factor": D(100), "value": D(97),
        "target": D(98), "target_high": None, "base_points": D(1), "multiplier": D(2),
        "waived_points_pct": D(0), "points": D(2), "shortfall": D(1), "unit_size": D(1),
        "band_credit_pct": D(2), "pool_allocation_pct": D(50), "method": "service_points",
        "pct_per_point": D("0.5"), "at_risk_pct": D(12), "unit_pct": D("0.25"),
        "period_cap_pct": D(10), "rolling12_cap_pct": D(8), "rolling12_allowance_gbp": D(80000),
        "rolling12_months": 12,
        "scheme_steps": "from 1: 2% of charges", "average_with_previous": False,
        "file_name": "return.xlsx", "record_number": 7,
    }  # fmt: skip
    return row | given


def notice(*rows: dict[str, Any], credit_gbp: str, **given: Any) -> Notice:
    """A notice of charges of £100,000 with caps of £10,000 and £80,000."""
    credit: dict[str, Any] = {
        "step_number": 1, "step": "due", "life_state": "due", "due_gbp": D(credit_gbp),
        "notified_gbp": D(0), "agreed_gbp": D(0), "waived_gbp": D(0), "lapsed_gbp": D(0),
        "deducted_gbp": D(0), "outstanding_gbp": D(credit_gbp), "amount_gbp": D(credit_gbp),
        "effective_on": date(2016, 2, 12), "due_on": date(2016, 2, 12), "actor": "outturn",
        "requested_by": None, "reason": "=failed", "scheme_code": "S", "basis": "agreed",
        "method": rows[0]["method"], "points": D(2), "charges_gbp": D(100000),
        "uncapped_gbp": D(credit_gbp), "period_cap_gbp": D(10000),
        "rolling12_cap_gbp": D(80000), "credit_gbp": D(credit_gbp),
    }  # fmt: skip
    credit |= given
    return Notice("C", "2016-01", 1, "Services", "Supplier", credit, list(rows), [credit], None, [])


@pytest.mark.parametrize(
    ("method", "rows", "credit"),
    [
        ("service_points", [evidence("A"), evidence("B", points=D(5))], "3500.00"),
        ("shortfall_percentage", [evidence("A"), evidence("B", shortfall=D("1.5"))], "2500.00"),
        ("at_risk_pool", [evidence("A"), evidence("B", band_credit_pct=D(40))], "2520.00"),
        ("worst_band", [evidence("A"), evidence("B", band_credit_pct=D(3))], "3000.00"),
        ("per_full_unit", [evidence("A", shortfall=D("2.9"), unit_size=D("0.5"))], "1250.00"),
        ("points_step", [evidence("A")], "2000.00"),
    ],
)
def test_each_method_is_worked_out_by_hand(
    method: str, rows: list[dict[str, Any]], credit: str
) -> None:
    made = notice(*[row | {"method": method} for row in rows], credit_gbp=credit)
    steps = arithmetic.credit_working(made)
    assert steps[-1].what == "Credit"
    assert steps[-1].result == f"£{Decimal(credit):,.2f}"


def test_a_cap_is_shown_and_rounds_down() -> None:
    made = notice(evidence("A", points=D(50)), credit_gbp="9999.99", period_cap_gbp=D("9999.996"))
    steps = {step.what: step for step in arithmetic.credit_working(made)}
    assert steps["Credit before caps"].result == "£25,000.00"
    assert "the lowest cap binds" in steps["Credit"].how


@pytest.mark.parametrize(
    ("months", "charged", "before"),
    [
        (12, "12 months", "11 months before"),
        (5, "5 months", "months before"),
        (1, "1 month", "months before"),
    ],
)
def test_a_cap_on_12_months_says_of_how_many_it_has_charges(
    months: int, charged: str, before: str
) -> None:
    made = notice(evidence("A", rolling12_months=months), credit_gbp="1000.00")
    steps = {step.what: step for step in arithmetic.credit_working(made)}
    assert steps["Cap on 12 months"].how == (
        f"8% of the charges of {charged} = £80,000.00, less £0.00 given in the {before}"
    )


def test_a_credit_that_does_not_come_out_by_hand_is_refused() -> None:
    made = notice(evidence("A"), credit_gbp="1000.01")
    with pytest.raises(NoticeRefused, match=r"by hand the credit is £1000\.00"):
        arithmetic.credit_working(made)


def test_a_value_and_its_points_are_shown_from_the_counts() -> None:
    working = arithmetic.kpi_working(evidence("A", waived_points_pct=D(50), points=D(1)))
    assert working == (
        "970 / 1000 x 100 = 97 (rounded half up to 2 decimals); at least 96 and below 98; "
        "1 points x 2 (failed the period before as well) x 50% (rest waived) = 1"
    )


@pytest.mark.parametrize("render", [pdf.render, sheets.render])
@pytest.mark.parametrize("issue", [ISSUE, None])
def test_the_same_notice_makes_the_same_bytes(render: Any, issue: Issue | None) -> None:
    made = notice(evidence("A"), credit_gbp="1000.00")
    assert render(made, issue) == render(made, issue)


def test_a_draft_says_so_and_an_issue_says_who() -> None:
    made = notice(evidence("A"), credit_gbp="1000.00")

    def facts(issue: Issue | None) -> str:
        sheet = load_workbook(io.BytesIO(sheets.render(made, issue)))["Notice"]
        return " ".join(str(cell.value) for row in sheet.iter_rows() for cell in row)

    assert "DRAFT" in facts(None)
    assert "approved by approver (Checked), asked for by asker" in facts(ISSUE)


def test_figures_are_numbers_and_no_text_is_a_formula() -> None:
    made = notice(evidence("A"), credit_gbp="1000.00")
    book = load_workbook(io.BytesIO(sheets.render(made, ISSUE)))
    header = [cell.value for cell in book["Failed KPIs"][1]]
    row = dict(zip(header, (cell.value for cell in book["Failed KPIs"][2]), strict=True))
    assert (row["numerator"], row["denominator"], row["value"]) == (970, 1000, 97)
    life = [cell.value for cell in book["Life"][2]]
    assert "'=failed" in life


def test_what_was_notified_is_refused_by_name_and_what_is_left_is_claimed() -> None:
    done = notice(evidence("A"), credit_gbp="1000.00", notified_gbp=D(1000))
    step = done.credit | {"step": "notified", "actor": "approver"}
    done = replace(done, life=[*done.life, step])
    with pytest.raises(NoticeRefused, match="approver; a credit is issued once"):
        done.refuse_unless_due()
    more = notice(evidence("A"), credit_gbp="1000.00", notified_gbp=D(600))
    assert more.amount_gbp == 400
    assert arithmetic.credit_working(more)[-1].result == "£400.00"


def test_the_hash_is_of_what_the_notice_says() -> None:
    made = notice(evidence("A"), credit_gbp="1000.00")
    assert made.hash == replace(made, publication_id=2).hash
    assert made.hash != notice(evidence("A", value=D("97.1")), credit_gbp="1000.00").hash


def test_what_changed_since_last_month_is_said() -> None:
    earlier = notice(evidence("B"), credit_gbp="1000.00")
    made = replace(
        notice(evidence("A"), evidence("B"), credit_gbp="2000.00"),
        earlier=earlier.credit,
        earlier_evidence=earlier.evidence,
    )
    said = wording.changes(made)
    assert "The month before: £1,000.00, 2 points, due." in said
    assert "Failed now, not the month before: A." in said
    assert "Failed in both months: B." in said
