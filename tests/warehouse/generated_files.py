"""Contracts, forms and files that Hypothesis makes up, with what each cell must land as.

Written from docs/extracts.md alone: nothing of the loader is used to say what is right.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
from hypothesis import strategies as st

BAD = object()
# (as it is written, what it says); BAD: its record must not land.
Cell = tuple[Any, Any]

WORDS = [
    "Acme Ltd", "a, b; c|d\te", '5" pipe', '"quoted"', "£ é", " padded ", "'; drop table x; --",
    "NULL", "=1+1", "\\N", "\u00a0", "{source}", "two\nlines", "007", "1e3", "\ufeffx",
]  # fmt: skip
DAYS = [date(2016, 2, 29), date(1999, 12, 31), date(2016, 1, 13), date(2016, 5, 6)]
PICTURES = {
    "yyyy-mm-dd": "%Y-%m-%d", "dd/mm/yyyy": "%d/%m/%Y", "mm/dd/yyyy": "%m/%d/%Y",
    "yyyymmdd": "%Y%m%d", "dd-mmm-yyyy": "%d-%b-%Y", "dd.mm.yyyy": "%d.%m.%Y",
}  # fmt: skip
NO_DAYS = {
    "yyyy-mm-dd": "2016-02-30", "dd/mm/yyyy": "30/02/2016", "mm/dd/yyyy": "02/30/2016",
    "yyyymmdd": "20160230", "dd-mmm-yyyy": "30-Feb-2016", "dd.mm.yyyy": "30.02.2016",
}  # fmt: skip
PLAIN = [("12.5", "12.50"), ("-3", "-3.00"), ("007", "7.00"), ("1.2300", "1.23"), ("0", "0.00")]
NEVER = ["1e3", "NaN", "1_0", "0x1F", ".5", "5.", "+5", "1.239", "99999999999", "today", "１２"]
POUNDS = [("£1,234.50", "1234.50"), ("(1,234.5)", "-1234.50"), ("-£5", "-5.00"),
          (" 5\u00a0", "5.00"), ("1,234,567", "1234567.00")]  # fmt: skip
MOMENTS = [
    ("2016-07-01T09:30:00Z", datetime(2016, 7, 1, 9, 30, tzinfo=UTC)),
    ("2016-07-01 09:30", datetime(2016, 7, 1, 8, 30, tzinfo=UTC)),
    ("2016-10-30T01:30", datetime(2016, 10, 30, 0, 30, tzinfo=UTC)),
    ("2016-01-31 23:59:59.5", datetime(2016, 1, 31, 23, 59, 59, 500_000, tzinfo=UTC)),
    ("2016-03-27T01:30", BAD), ("2016-07-01", BAD), ("now", BAD), ("2016-07-01 24:00", BAD),
]  # fmt: skip


@dataclass(frozen=True)
class Made:
    """One column: how the contract and the form declare it, and the cells that it may have."""

    name: str
    declared: dict[str, Any]
    styled: dict[str, Any]
    headers: tuple[str, ...]
    cells: list[Cell]


@dataclass
class File:
    """A made file: its contract, its bytes, and what must come of it."""

    columns: list[Made]
    form: dict[str, Any]
    content: Callable[[str], bytes]
    good: list[tuple[int, tuple[Any, ...]]] = field(default_factory=list)
    bad: list[tuple[int, dict[str, str]]] = field(default_factory=list)

    def contract(self, name: str) -> dict[str, Any]:
        """The contract's document."""
        part = {"name": "part", "logicalType": "string", "required": True, "description": "part"}
        columns = [{"name": one.name, "description": "x", **one.declared} for one in self.columns]
        limit = {"records": 1000, "percent": 100}
        custom = {"replaces": "period", "partColumn": "part", "rejectLimit": limit,
                  "emptyAllowed": True}  # fmt: skip
        form = {"name": "own", "files": f"{name}_<YYYY-MM>.{self.form['format']}", **self.form}
        form["columns"] = {
            one.name: {"header": list(one.headers), **one.styled} for one in self.columns
        }
        return {
            "apiVersion": "v3.1.0", "kind": "DataContract", "id": f"x/{name}", "name": name,
            "version": "1.0.0", "status": "active", "domain": "finance",
            "description": {"purpose": "made"}, "team": [{"username": "a", "role": "owner"}],
            "schema": [{"name": name, "description": "a row", "properties": [part, *columns]}],
            "customProperties": [
                {"property": "forms", "value": [form]},
                *({"property": key, "value": value} for key, value in custom.items()),
            ],
        }  # fmt: skip


def _kinds(
    style: str, written: str, *, typed: bool
) -> dict[str, tuple[dict[str, Any], list[Cell]]]:
    """(what the contract says of a type, its cells) by type; `typed`: a workbook's own too."""
    numbers: list[Cell] = [*PLAIN, *((text, BAD) for text in NEVER)]
    numbers += POUNDS if style == "pounds" else [(text, BAD) for text, _ in POUNDS]
    picture = PICTURES[written]
    days: list[Cell] = [(day.strftime(picture), day) for day in DAYS]
    days += [(text, BAD) for key, text in NO_DAYS.items() if key == written]
    days += [("13 January", BAD), ("today", BAD), ("0001-01-01", BAD)]
    wholes: list[Cell] = [("7", 7), ("-12", -12), ("000", 0), ("1.5", BAD), ("1e3", BAD),
                          ("9999999999999999999", BAD)]  # fmt: skip
    truths: list[Cell] = [("Y", True), ("no", False), ("1", BAD), ("true", BAD)]
    words: list[Cell] = [(word, word) for word in WORDS]
    months: list[Cell] = [("2016-01", "2016-01"), ("2016-13", BAD), ("2016-1", BAD)]
    moments: list[Cell] = [*MOMENTS]
    if typed:
        numbers += [(0.1 + 0.2, "0.30"), (1234.5, "1234.50"), (7, "7.00"), (1.239, BAD),
                    (True, BAD), (DAYS[0], BAD)]  # fmt: skip
        days += [(DAYS[0], DAYS[0]), (42374, BAD), (datetime(2016, 1, 5, 10), BAD)]  # noqa: DTZ001
        wholes += [(7, 7), (2.5, BAD), (2**53 + 2, BAD), (True, BAD)]
        truths += [(True, True), (False, False), (1, BAD)]
        words += [(7, "7"), (1.5, "1.5"), (True, "true"), (DAYS[0], "2016-02-29"), (2**60, BAD)]
        months += [(date(2016, 1, 1), "2016-01"), (201601, BAD)]
        moments += [(datetime(2016, 7, 1, 9, 30), MOMENTS[1][1])]  # noqa: DTZ001
    return {
        "number": ({"physicalType": "numeric(10, 2)"}, numbers), "integer": ({}, wholes),
        "date": ({}, days), "boolean": ({}, truths), "string": ({}, words),
        "month": ({"logicalTypeOptions": {"format": "yyyy-MM"}}, months),
        "timestamp": ({}, moments),
    }  # fmt: skip


@st.composite
def _columns(draw: st.DrawFn, *, typed: bool, encoding: str) -> list[Made]:
    made = []
    for index in range(draw(st.integers(1, 6))):
        style, written = (
            draw(st.sampled_from(["plain", "pounds"])),
            draw(st.sampled_from([*PICTURES])),
        )
        kinds = _kinds(style, written, typed=typed)
        kind = draw(st.sampled_from([*kinds]))
        said, cells = kinds[kind]
        required = draw(st.booleans())
        cells = [one for one in cells if _fits(one[0], encoding)]
        cells += [(blank, BAD if required else None) for blank in ("", "  ")]
        styled: dict[str, Any] = {"dates": written, "booleans": {"true": ["Y"], "false": ["No"]}}
        if style == "pounds":
            styled["numbers"] = {
                "currency": "£",
                "thousands": ",",
                "brackets": True,
                "spaces": True,
            }
        headers = (f"Column {index}", f"{kind} no. {index}", f"C{index}\nnew")
        declared = {
            "logicalType": {"month": "string"}.get(kind, kind),
            "required": required,
            **said,
        }
        made.append(Made(f"c{index}", declared, styled, headers, cells))
    return made


def _fits(text: Any, encoding: str) -> bool:
    return not isinstance(text, str) or bool(
        text.encode(encoding, "ignore").decode(encoding) == text
    )


@st.composite
def files(draw: st.DrawFn) -> File:
    """A file of a contract of its own, in some dialect, with known contents and damage."""
    is_book = draw(st.booleans())
    encoding = "utf-8" if is_book else draw(
        st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-be"])
    )  # fmt: skip
    columns = draw(_columns(typed=is_book, encoding=encoding))
    order = draw(st.permutations(range(len(columns))))
    headers = [draw(st.sampled_from(columns[index].headers)) for index in order]
    titles = draw(st.lists(st.sampled_from(["Report", "", "of 2016, all"]), max_size=3))
    cells = st.tuples(*(st.sampled_from(column.cells) for column in columns))
    records = draw(st.lists(cells, max_size=25))
    form: dict[str, Any] = {"format": "xlsx" if is_book else "csv", "constants": {"part": "P"}}
    rows = [[record[index][0] for index in order] for record in records]
    if is_book:
        file = File(columns, form, lambda mark: _book(titles, [mark, *headers], rows))
    else:
        declared = encoding.removesuffix("-sig")
        form |= {"encoding": "utf-8" if declared == "utf-16" else declared}
        form["delimiter"] = draw(st.sampled_from([",", ";", "|", "\t"]))
        dialect = {
            "delimiter": form["delimiter"],
            "lineterminator": draw(st.sampled_from(["\n", "\r\n", "\r"])),
            "quoting": draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL])),
        }
        if dialect["lineterminator"] == "\r":  # the writer would not quote another line end
            dialect["quoting"] = csv.QUOTE_ALL
        damage = draw(st.sampled_from(["", "", "zz", 'P{}"open', '"P"x{}y', '"P{}y']))
        damage = damage.format(form["delimiter"])
        file = File(
            columns, form,
            lambda mark: _text(titles, [mark, *headers], rows, damage, dialect).encode(encoding),
        )  # fmt: skip
        _expect(file, records, damage)
        return file
    _expect(file, records, "")
    return file


def _expect(file: File, records: list[tuple[Cell, ...]], damage: str) -> None:
    """What must land and what must not; a mark in each row keeps it from being blank."""
    number = 0
    for index, record in enumerate(records):
        number += 1
        named = zip(file.columns, record, strict=True)
        bad = {one.name: str(text) for one, (text, meant) in named if meant is BAD}
        if bad:
            file.bad.append((number, bad))
        else:
            file.good.append((number, tuple(meant for _, meant in record)))
        if index == 0 and damage:
            number += 1
            file.bad.append((number, {"": ""}))


def _text(
    titles: list[str], headers: list[str], rows: list[list[Any]], damage: str, dialect: Any
) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, **dialect)
    for title in titles:
        writer.writerow([title])
    writer.writerow(headers)
    for index, row in enumerate(rows):
        writer.writerow(["x", *row])
        if index == 0 and damage:
            out.write(damage + dialect["lineterminator"])
        if index == 1:
            out.write(dialect["lineterminator"])
    return out.getvalue()


def _book(titles: list[str], headers: list[str], rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for title in titles:
        sheet.append([title])
    sheet.append(headers)
    for row in rows:
        at = sheet.max_row + 1
        for place, cell in enumerate(["x", *row], 1):
            made = sheet.cell(at, place, cell)
            if isinstance(cell, str):
                made.data_type = "s"  # no formula, no error: these are texts
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def landed(value: Any) -> Any:
    """A landed value as the cells above say it."""
    return f"{value:.2f}" if isinstance(value, Decimal) else value
