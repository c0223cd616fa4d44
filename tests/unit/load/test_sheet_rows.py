"""A sheet in slices says the same as a sheet in one piece, and nothing of it is lost unsaid."""

from __future__ import annotations

import html
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
from tests.unit.load.made_workbooks import CELL, LONG, WORDS, Cells, read, rewritten, write


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


@pytest.mark.parametrize("before", ["<!-- <sheetData> -->", '<dimension ref="A1:ZZ9"/>'])
def test_what_stands_around_the_rows_is_no_row(
    before: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet_slices, "SLICE_BYTES", 500)
    path = write(tmp_path / "b.xlsx", LONG, "", before, '<ext><row r="1">x</row></ext>')
    assert read(path, tmp_path) == {(n, 1): float(n) for n in range(1, 2_000)}


def test_a_value_in_the_last_row_needs_no_room_for_those_between(tmp_path: Path) -> None:
    rows = "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in (1, 7, 9, 1_048_576))
    path = write(tmp_path / "b.xlsx", rows)
    assert read(path, tmp_path) == dict.fromkeys(((n, 16_384) for n in (1, 7, 9, 1_048_576)), 1.0)


def test_a_style_far_away_is_no_cell(tmp_path: Path) -> None:
    rows = f'<row r="1">{CELL}</row><row r="1048576"><c r="XFD1048576" s="0"/></row>'
    assert read(write(tmp_path / "b.xlsx", rows), tmp_path) == {(1, 1): 1.0}


def test_one_long_text_may_be_named_by_many_cells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slices are as short with their texts; more than a workbook may hold is refused."""
    text = "Acme " + "very " * 2_000
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 2_001))
    path = rewritten(write(tmp_path / "b.xlsx", rows), {"xl/texts.xml": ("Acme", text)})
    with open_book("b.xlsx", path) as book:
        found = list(sheet_rows(book, book.sheets[0], tmp_path))
    assert [number for some in found for number in some.numbers] == list(range(1, 2_001))
    assert all(cells == [text.strip()] or cells == [text] for some in found for cells in some.cells)
    assert max(map(len, found)) < 500
    monkeypatch.setattr(sheet_texts, "MAX_UNPACKED", 1_000_000)
    with pytest.raises(FileRefused, match="of texts, many of them again"):
        read(path, tmp_path)
