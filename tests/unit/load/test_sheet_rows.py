"""A sheet in slices says the same as a sheet in one piece, and nothing of it is lost unsaid."""

from __future__ import annotations

import html
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter

from outturn.errors import FileRefused
from outturn.load import sheet_slices, sheet_texts, sheet_volumes
from outturn.load.book import open_book
from outturn.load.sheet_rows import sheet_rows
from outturn.load.sheet_xml import Unsaid

OPEN = "http://schemas.openxmlformats.org"
MAIN, DOCUMENT = f"{OPEN}/spreadsheetml/2006/main", f"{OPEN}/officeDocument/2006/relationships"
PACKAGE = f'xmlns="{OPEN}/package/2006/relationships"'
WORDS = ["Acme", "a < b & c", "</row>", "", " x ", '"e"', "£ é"]

Cells = dict[tuple[int, int], Any]


def write(path: Path, rows: str, prefix: str = "", before: str = "", after: str = "") -> Path:
    """A workbook of one sheet. `before` stands in the sheet before its rows, `after` behind."""
    name = f"xmlns:{prefix[:-1]}" if prefix else "xmlns"
    x = prefix
    texts = "".join(
        f'<{x}si><{x}t xml:space="preserve">{html.escape(word, quote=False)}</{x}t></{x}si>'
        if word
        else f"<{x}si/>"
        for word in WORDS
    )
    parts = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": f'<Relationships {PACKAGE}><Relationship Id="r" Type="{DOCUMENT}'
        '/officeDocument" Target="/xl/Workbook.xml"/></Relationships>',
        "xl/Workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{DOCUMENT}">'
        '<sheets><sheet name="One" sheetId="1" r:id="a"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"<Relationships {PACKAGE}>"
        f'<Relationship Id="a" Type="{DOCUMENT}/worksheet" Target="sheets/one.xml"/>'
        f'<Relationship Id="b" Type="{DOCUMENT}/sharedStrings" Target="texts.xml"/>'
        "</Relationships>",
        "xl/texts.xml": f'<{x}sst {name}="{MAIN}">{texts}</{x}sst>',
        "xl/sheets/one.xml": f'<?xml version="1.0"?><{prefix}worksheet {name}="{MAIN}">{before}'
        f"<{prefix}sheetData>{rows}</{prefix}sheetData>{after}</{prefix}worksheet>",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for part, text in parts.items():
            archive.writestr(part, text)
    return path


def read(path: Path, folder: Path) -> Cells:
    """The cells that are not blank, by row and column."""
    with open_book(path.name, path) as book:
        (sheet,) = book.sheets
        return {
            (number, column): cell
            for rows in sheet_rows(book, sheet, folder)
            for number, cells in zip(rows.numbers, rows.cells, strict=True)
            for column, cell in enumerate(cells, 1)
            if cell != ""
        }


@st.composite
def made_cells(draw: st.DrawFn, place: str, x: str) -> tuple[str, Any]:
    """A cell's XML and what it says."""
    word, number = draw(st.integers(0, len(WORDS) - 1)), draw(st.integers(-999, 999_999))
    error = draw(st.sampled_from(["#N/A", "#SPILL!", "#GETTING_DATA"]))
    text, value = html.escape(WORDS[word], quote=False), f"<{x}v>{number}</{x}v>"
    inline = f'<{x}is><{x}t xml:space="preserve">{text}</{x}t></{x}is>'
    kinds = [
        (f"<{x}c{place}>{value}</{x}c>", float(number)),
        (f'<{x}c{place} t="s"><{x}v>{word}</{x}v></{x}c>', WORDS[word]),
        (f"<{x}c t='inlineStr'{place}>{inline}</{x}c>", WORDS[word]),
        (f'<{x}c{place} t="b"><{x}v>{word % 2}</{x}v></{x}c>', bool(word % 2)),
        (f'<{x}c{place} t="e"><{x}v>{error}</{x}v></{x}c>', Unsaid(error)),
        (f"<{x}c{place}><{x}f>A1+{number}</{x}f>{value}</{x}c>", float(number)),
        (f"<{x}c{place}><{x}f>A1&amp;B1</{x}f><{x}v/></{x}c>", Unsaid("=A1&B1")),
        (f'<{x}c{place} s="0"/>', ""),
    ]
    return draw(st.sampled_from(kinds))


@st.composite
def made_sheets(draw: st.DrawFn) -> tuple[str, str, Cells]:
    """The XML of rows, the prefix of its names, and what they say."""
    x = draw(st.sampled_from(["", "x:"]))
    number, texts, said = 0, [], {}
    for _ in range(draw(st.integers(0, 12))):
        is_numbered = draw(st.booleans())
        number += draw(st.integers(1, 40)) if is_numbered else 1
        texts.append(f'<{x}row r="{number}" spans="1:9">' if is_numbered else f"<{x}row>")
        column = 0
        for _ in range(draw(st.integers(0, 5))):
            column += draw(st.integers(1, 12))
            place = f' r="{get_column_letter(column)}{number}"'
            text, value = draw(made_cells(place, x))
            texts.append(text)
            if value != "":
                said[number, column] = value
        texts.append(f"</{x}row>")
    return "".join(texts), x, said


@given(made=made_sheets(), size=st.sampled_from([60, 200, 1_000]), few=st.sampled_from([0, 9_999]))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_slices_say_what_the_sheet_says(
    made: tuple[str, str, Cells],
    size: int,
    few: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Prefixes, rows without numbers, gaps, errors and formulas; small slices, texts on disk."""
    monkeypatch.setattr(sheet_texts, "FEW_BYTES", few)
    monkeypatch.setattr(sheet_texts, "CHUNK_BYTES", size)
    monkeypatch.setattr(sheet_slices, "SLICE_BYTES", size)
    monkeypatch.setattr(sheet_volumes, "FIRST_SLICES", 1)
    text, prefix, said = made
    found = read(write(tmp_path / "made.xlsx", text, prefix), tmp_path)
    assert found == said
    assert {place: type(cell) for place, cell in found.items()} == {
        place: type(cell) for place, cell in said.items()
    }


LONG = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(1, 2_000))


@pytest.mark.parametrize("before", ["<!-- <sheetData> -->", '<dimension ref="A1:ZZ9"/>'])
def test_what_stands_around_the_rows_is_no_row(
    before: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet_slices, "SLICE_BYTES", 500)
    path = write(tmp_path / "b.xlsx", LONG, "", before, '<ext><row r="1">x</row></ext>')
    assert read(path, tmp_path) == {(n, 1): float(n) for n in range(1, 2_000)}


CELL = '<c r="A1"><v>1</v></c>'


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (f'<row r="1">{CELL}{CELL}</row>', "2 cells at A1"),
        (f'<row r="1">{CELL}</row><row r="1"><c r="B1"><v>1</v></c></row>', "rows out of their"),
        (f'<row r="9"/><row r="2">{CELL}</row>', "rows out of their order"),
        ('<row r="1048577"/>', "a sheet ends at row 1048576"),
        ('<row r="1"><c r="a1"><v>1</v></c></row>', "a1, which is no place"),
        ('<row r="1"><c r="XFE1"><v>1</v></c></row>', "XFE1, which is no place"),
        (f'<row r="1">{CELL}<c r="XFD1048576"><v>1</v></c></row>', "too many cells"),
        ('<row r="1"><c r="A1"><v><![CDATA[1]]></v></c></row>', "CDATA section within a value"),
        ('<row r="1"><c r="A1"><v>1<?a b?>2</v></c></row>', "within a value"),
        (f"<!-- {LONG} -->", "cannot be read"),
        (f"<row r='1'><c r='A1' t='str'><is><t><![CDATA[{LONG}]]></t></is></c></row>", "rows out"),
        ('<row r="1"><c r="A1" t="s"><v>99</v></c></row>', "cannot be read"),
        ('<row r="1"><c r="A1" t="inlineStr"><is><t>_x0000_</t></is></c></row>', "NUL"),
        ("<row><c r='A1' t='e'/><c><f>1+1</f></c></row>", "does not say its place"),
    ],
)
def test_what_the_reader_would_get_wrong_is_refused(
    rows: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is what calamine alone reads without a word, or makes room for without an end."""
    monkeypatch.setattr(sheet_slices, "SLICE_BYTES", 500)
    with pytest.raises(FileRefused, match=reason):
        read(write(tmp_path / "b.xlsx", rows), tmp_path)


def test_a_style_far_away_is_no_cell(tmp_path: Path) -> None:
    rows = f'<row r="1">{CELL}</row><row r="1048576"><c r="XFD1048576" s="0"/></row>'
    assert read(write(tmp_path / "b.xlsx", rows), tmp_path) == {(1, 1): 1.0}
