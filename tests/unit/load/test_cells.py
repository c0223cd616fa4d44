"""Values are accepted in their declared form alone, and kept exactly."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outturn.contracts import Booleans, Column, FilePattern, Form, FormColumn, Numbers
from outturn.load.cells import BadValueError, read_cell

FORM = Form("plain", (FilePattern("x_<YYYY-MM>.csv"),), ())
PLAIN = FormColumn("x", ("x",))
MONEY = Column("x", "numeric", "an amount", "number", precision=14, scale=2)
WHOLE = Column("x", "bigint", "a number", "integer")
DAY = Column("x", "date", "a day", "date")
MOMENT = Column("x", "timestamptz", "a moment", "timestamp")
TRUTH = Column("x", "boolean", "whether", "boolean")
POUNDS = replace(PLAIN, numbers=Numbers(currency="£", thousands=",", brackets=True, spaces=True))
BRITISH = replace(PLAIN, dates="dd/mm/yyyy", timestamps="dd/mm/yyyy hh:mm")


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (MONEY, text)
        for text in (
            "today", "1_000", "0x1F", "NaN", "1e3", "1.239", "Infinity", "１２３", "1,000", "£5",
            "(5)", "+5", ".5", "5.", " 5", "--5", "1 000", "123456789012345",
        )
    ]
    + [(WHOLE, text) for text in ("1.5", "1e3", "1234567890123456789", "0x1")]
    + [(DAY, text) for text in ("today", "2016-02-30", "2016-1-9", "01/02/2016", "0024-01-01")]
    + [(DAY, "٢٠١٦-٠١-٠١"), (MOMENT, "now"), (MOMENT, "2016-01-01"), (MOMENT, "2016-01-01T25:00")]
    + [(MOMENT, "2016-03-27T01:30"), (MOMENT, "2016-01-01 9:00")]
    + [(TRUTH, text) for text in ("1", "yes", "t", "Y")],
)  # fmt: skip
def test_what_is_not_declared_is_bad(column: Column, text: str) -> None:
    with pytest.raises(BadValueError):
        read_cell(column, PLAIN, FORM, text)


@pytest.mark.parametrize(
    ("column", "style", "text", "value"),
    [
        (MONEY, PLAIN, "-1234.5", "-1234.5"),
        (MONEY, PLAIN, "12.5000", "12.50"),
        (MONEY, POUNDS, "£1,234.50", "1234.50"),
        (MONEY, POUNDS, "(1,234.50)", "-1234.50"),
        (MONEY, POUNDS, "-£5", "-5"),
        (MONEY, POUNDS, " 27,275.25 ", "27275.25"),
        (MONEY, POUNDS, "\u00a05\u00a0", "5"),
        (MONEY, POUNDS, " £ (1,234.50) ", "-1234.50"),
        (MONEY, POUNDS, "(£5)", "-5"),
        (MONEY, replace(PLAIN, numbers=Numbers(trailing_minus=True)), "5.00-", "-5.00"),
        (MONEY, replace(PLAIN, numbers=Numbers("£", spaces=True, dash_is_zero=True)), " £ - ", "0"),
        (DAY, BRITISH, "01/02/2016", "2016-02-01"),
        (MONEY, replace(PLAIN, numbers=Numbers("Â£", ",")), "-Â£1,234.50", "-1234.50"),
        (MONEY, replace(PLAIN, numbers=Numbers("GBP", spaces=True)), "GBP 5", "5"),
        (DAY, replace(BRITISH, trim=True), " 01/02/2016\u00a0", "2016-02-01"),
        (TRUTH, replace(PLAIN, trim=True), "true ", "true"),
        (DAY, replace(PLAIN, dates="dd-mmmm-yyyy"), "1 April 2015", "2015-04-01"),
        (DAY, replace(PLAIN, dates="dd-mmm-yy"), "01-Sept-15", "2015-09-01"),
        (DAY, replace(PLAIN, dates="dd-mmm-yyyy"), "21 Mar  2012", "2012-03-21"),
        (DAY, replace(PLAIN, dates="dd.mm.yyyy 00:00"), "21.03.2012 00:00", "2012-03-21"),
        (DAY, replace(PLAIN, dates="yyyy-mm-dd 00:00"), "2015-04-01T00:00:00.000", "2015-04-01"),
        (DAY, replace(PLAIN, dates="dd/mm/yyyy hh:mm"), "01/04/2015 13:59", "2015-04-01"),
        (DAY, replace(PLAIN, dates="excel"), "42095", "2015-04-01"),
        (DAY, replace(PLAIN, dates="excel-1904"), "40633", "2015-04-01"),
        (DAY, replace(BRITISH, other_dates=("excel",)), "42095", "2015-04-01"),
        (MOMENT, BRITISH, "01/07/2016 09:30", "2016-07-01 08:30:00.000000"),
        (MOMENT, PLAIN, "2016-07-01T09:30:00Z", "2016-07-01 09:30:00.000000"),
        (MOMENT, PLAIN, "2016-10-30T01:30", "2016-10-30 00:30:00.000000"),
        (
            replace(MOMENT, date_only="endOfDay"),
            BRITISH,
            "01/07/2016",
            "2016-07-01 22:59:59.999999",
        ),
        (TRUTH, replace(PLAIN, booleans=Booleans(("Y",), ("N",))), "y", "true"),
        (MONEY, replace(PLAIN, blanks=("-", "NULL")), "NULL", None),
    ],
)
def test_declared_forms_are_read_exactly(
    column: Column, style: FormColumn, text: str, value: str | None
) -> None:
    assert read_cell(column, style, FORM, text) == value


def test_a_grouping_that_is_wrong_is_bad() -> None:
    for text in ("1,23", "12,34.50", "1,234,5", "£", "()", "£-", "(-5)"):
        with pytest.raises(BadValueError):
            read_cell(MONEY, POUNDS, FORM, text)


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (replace(PLAIN, numbers=Numbers(brackets=True)), "(-5)"),
        (POUNDS, "££5"),
        (POUNDS, "-(5)"),
        (replace(PLAIN, numbers=Numbers(trailing_minus=True)), "-5-"),
        (replace(PLAIN, numbers=Numbers(dash_is_zero=True)), "--"),
    ],
)
def test_a_number_has_one_sign_and_one_currency(style: FormColumn, text: str) -> None:
    with pytest.raises(BadValueError):
        read_cell(MONEY, style, FORM, text)


@pytest.mark.parametrize(
    ("dates", "text"),
    [
        ("yyyy-mm-dd", "2015-04-01 "),
        ("yyyy-mm-dd 00:00", "2015-04-01 00:01"),
        ("yyyy-mm-dd 00:00", "2015-04-01"),
        ("yyyy-mm-dd hh:mm", "2015-04-01 24:00"),
        ("excel", "60"),
        ("excel", "42095.5"),
        ("dd-mmmm-yyyy", "1 Aprel 2015"),
        ("dd-mmm-yyyy", "21 -Mar-2012"),
    ],
)
def test_a_day_is_written_as_declared_or_bad(dates: str, text: str) -> None:
    with pytest.raises(BadValueError):
        read_cell(DAY, replace(PLAIN, dates=dates), FORM, text)
