"""A sheet in slices says the same as a sheet in one piece, and nothing of it is lost unsaid."""

from __future__ import annotations

import contextlib
import html
import time
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter

from outturn.errors import FileRefused
from outturn.load import sheet_slices, sheet_texts, sheet_volumes
from outturn.load.book import open_book
from outturn.load.sheet_cells import as_text
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
        f'<Relationship Id="c" Type="{DOCUMENT}/styles" Target="styles.xml"/>'
        "</Relationships>",
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="0"/>'
        '<xf numFmtId="46"/></cellXfs></styleSheet>',
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
        ("".join(f'<row r="{n}"><c r="XFD{n}"><v/></c></row>' for n in (1, 999)), "too many cells"),
        (f'<row r="1">{CELL}<c r="XFD1048576"><v>1</v></c></row>', "too many cells"),
        ('<row r="1"><c r="A1"><v><![CDATA[1]]></v></c></row>', "CDATA section within a value"),
        ('<row r="1"><c r="A1"><v>1<?a b?>2</v></c></row>', "within a value"),
        (f"<!-- {LONG} -->", "comment, or cells in CDATA"),
        (f"<row r='1'><c r='A1' t='str'><is><t><![CDATA[{LONG}]]></t></is></c></row>", "CDATA, be"),
        ('<row r="1"><!-- <c r="A1" t="e"><v>#N/A</v></c> --><c r="A1"/></row>', "a comment, or"),
        ('<row r="1"><c r="A1"><f><![CDATA[A1&B1]]></f></c></row>', "CDATA section within"),
        ('<row r="1"><c r="A1"><v>1&#50;</v></c></row>', "not written in plain signs"),
        ('<row r="1"><c r="A1" t="s"><v> 1 </v></c></row>', "no number of a text"),
        ('<row r="1"><c r="A1" t="s"><v>one</v></c></row>', "no number of a text"),
        ('<row r="1"><c r="A1" s="1" t="s"><v>1.0</v></c></row>', "no number of a text"),
        ('<row r="1"><c r="A1" t="s"><v>99</v></c></row>', "cannot be read"),
        ('<row r="1"><c r="A1" t="inlineStr"><is><t>_x0000_</t></is></c></row>', "NUL"),
        ('<row r="99999999999"><c><v>1</v></c></row>', "a sheet ends at row"),
        ('<row r="1"><c r="A1" s="1"><v>1e20</v></c></row>', "cannot be read"),
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


def test_a_value_in_the_last_row_needs_no_room_for_those_between(tmp_path: Path) -> None:
    rows = "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in (1, 7, 9, 1_048_576))
    path = write(tmp_path / "b.xlsx", rows)
    assert read(path, tmp_path) == dict.fromkeys(((n, 16_384) for n in (1, 7, 9, 1_048_576)), 1.0)


def test_a_style_far_away_is_no_cell(tmp_path: Path) -> None:
    rows = f'<row r="1">{CELL}</row><row r="1048576"><c r="XFD1048576" s="0"/></row>'
    assert read(write(tmp_path / "b.xlsx", rows), tmp_path) == {(1, 1): 1.0}


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (' t="inlineStr"><is><t>hi</t></is><v>9</v>', "hi"),
        (' t="inlineStr"><is><t>hi</t></is><v/>', "hi"),
        ("><v>3</v><f>1+2</f>", 3.0),
        ("><f>1+2</f><v> </v>", Unsaid("=1+2")),
        (' t="str"><v>a &amp; b</v>', "a & b"),
        (' t="s"><v>1</v>', "a < b & c"),
        (' t="s"><v></v>', None),
        (' t="inlineStr"><is><t>_x005F_x0000_</t></is>', "_x0000_"),
        (' t="inlineStr"><is><t><![CDATA[a <b>]]></t></is>', "a <b>"),
        (' t="b"><v>false</v>', False),
        (' t="d"><v>2016-01-05</v>', date(2016, 1, 5)),
        (' s="1"><v>1.75</v>', timedelta(hours=42)),
    ],
)
def test_odd_ways_of_writing_a_value_are_read(cell: str, said: object, tmp_path: Path) -> None:
    """Each is what some writer makes and the reader alone would lose."""
    found = read(write(tmp_path / "b.xlsx", f'<row r="1"><c r="A1"{cell}</c></row>'), tmp_path)
    assert found == ({} if said is None else {(1, 1): said})


SPACES = " " * 200_000


@pytest.mark.parametrize(
    "rows",
    [
        f'<row r="1"><c r="A1"><f/>{SPACES}<x/></c></row>',
        '<row r="1">' + '<c r="A1" t="e">' * 60_000 + "</row>",
        '<row r="1"><c' + ' r="AB1"' * 100_000 + "/></row>",
        '<row r="1">' + "<v " * 200_000 + "<!</row>",
        '<row r="1">' + "<c><f>" * 100_000 + "</row>",
        '<row r="1">' + "<c t='s'" * 100_000 + "</row>",
        '<row r="1">' + "<c>&" * 200_000 + "</row>",
        "<!--" * 200_000,
    ],
)
def test_no_text_takes_long_to_look_through(rows: str, tmp_path: Path) -> None:
    """Each would take minutes where a pattern tries its parts again and again."""
    started = time.monotonic()
    for path in (
        write(tmp_path / "rows.xlsx", rows),
        write(tmp_path / "head.xlsx", "", "", rows.replace("</row>", "")),
    ):
        with contextlib.suppress(FileRefused):
            read(path, tmp_path)
    assert time.monotonic() - started < 10


def rewritten(path: Path, changes: dict[str, tuple[str, str]]) -> Path:
    """The workbook with a part renamed, and some text within parts changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            old, new = changes.get(name, ("", ""))
            assert old == "name" or old.encode() in content
            info = zipfile.ZipInfo("x")
            info.filename = new if old == "name" else name  # a backslash stays one
            archive.writestr(info, content.replace(old.encode(), new.encode()))
    return path


RELATIONS = "xl/_rels/workbook.xml.rels"


@pytest.mark.parametrize(
    "changes",
    [
        {"xl/sheets/one.xml": ("name", "xl\\sheets\\one.xml")},
        {RELATIONS: ('"sheets/one.xml"', '"\\xl\\Sheets\\one.xml"')},
        {
            RELATIONS: ("sheets/one", "sheets/my%20one"),
            "xl/sheets/one.xml": ("name", "xl/sheets/my one.xml"),
        },
        {"xl/sheets/one.xml": ("<sheetData>", '<dimension ref="A0:B$1"/><sheetData>')},
        {"xl/sheets/one.xml": ("<sheetData>", "<dimension/><sheetData>")},
        {
            "xl/sheets/one.xml": (
                '<?xml version="1.0"?>',
                '\ufeff<?xml version="1.0" encoding="UTF-8"?>',
            )
        },
    ],
)
def test_parts_are_found_and_read_as_writers_name_them(
    changes: dict[str, tuple[str, str]], tmp_path: Path
) -> None:
    path = write(tmp_path / "b.xlsx", f'<row r="1">{CELL}<c r="B1" t="s"><v>0</v></c></row>')
    assert read(rewritten(path, changes), tmp_path) == {(1, 1): 1.0, (1, 2): "Acme"}


@pytest.mark.parametrize("part", ["xl/sheets/one.xml", "xl/texts.xml"])
def test_a_part_that_is_not_in_utf_8_is_refused(part: str, tmp_path: Path) -> None:
    """The reader takes every part for UTF-8, whatever it declares."""
    path = write(tmp_path / "b.xlsx", f'<row r="1">{CELL}</row>')
    with zipfile.ZipFile(path) as archive:
        text = archive.read(part).decode().removeprefix('<?xml version="1.0"?>')
    declared = '<?xml version="1.0" encoding="ISO-8859-1"?>'
    whole = rewritten(path, {part: (text[:9], declared + text[:9])})
    if part == "xl/sheets/one.xml":
        whole = rewritten(whole, {part: ('<?xml version="1.0"?>', "")})
    with pytest.raises(FileRefused, match="in ISO-8859-1, not in UTF-8"):
        read(whole, tmp_path)


def test_an_extension_does_not_change_the_year_from_which_days_count(tmp_path: Path) -> None:
    """Excel writes a second `workbookPr`, of an extension, that says nothing of it."""
    path = write(tmp_path / "b.xlsx", f'<row r="1">{CELL}</row>')
    second = '<extLst><x15:workbookPr xmlns:x15="urn:x" chartTrackingRefBase="1"/></extLst>'
    made = {"xl/Workbook.xml": ("</workbook>", second + "</workbook>")}
    rewritten(path, {"xl/Workbook.xml": ("<sheets>", '<workbookPr date1904="1"/><sheets>')})
    with open_book("b.xlsx", rewritten(path, made)) as book:
        assert book.counts_from_1904


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


def test_a_length_of_time_is_written_in_hours() -> None:
    assert as_text(timedelta(days=1, hours=18)) == "42:00:00"
    assert as_text(-timedelta(minutes=90, milliseconds=500)) == "-1:30:00.500"


@pytest.mark.parametrize("few", [0, 9_999])
def test_damaged_texts_never_shift_those_after(
    few: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that skips what it does not understand gives each cell the text of another."""
    monkeypatch.setattr(sheet_texts, "FEW_BYTES", few)
    path = write(tmp_path / "b.xlsx", '<row r="1"><c r="A1" t="s"><v>1</v></c></row>')
    damage = {"xl/texts.xml": ('<si><t xml:space="preserve">Acme', "<ri><t>Acme")}
    with pytest.raises(FileRefused, match=r"do not end|is a damaged workbook: its texts"):
        read(rewritten(path, damage), tmp_path)


def test_an_encrypted_part_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "b.xlsx", "")
    content = path.read_bytes()
    entry = content.rfind(b"PK\x01\x02")
    path.write_bytes(content[: entry + 8] + b"\x01" + content[entry + 9 :])
    with pytest.raises(FileRefused, match="encrypted parts"):
        read(path, tmp_path)


def test_a_workbook_cut_or_flipped_anywhere_is_read_as_it_was_or_refused(tmp_path: Path) -> None:
    """Its checksums tell; nothing but a refusal comes of it."""
    whole = write(
        tmp_path / "b.xlsx",
        "".join(f'<row r="{n}">{CELL.replace("A1", f"A{n}")}</row>' for n in range(1, 50)),
    )
    content, said = whole.read_bytes(), read(whole, tmp_path)
    damaged = [content[: len(content) * part // 100] for part in range(100)]
    damaged += [
        content[:at] + bytes([content[at] ^ 1 << at % 8]) + content[at + 1 :]
        for at in range(0, len(content), 7)
    ]
    for one in damaged:
        whole.write_bytes(one)
        with contextlib.suppress(FileRefused):
            assert read(whole, tmp_path) == said
