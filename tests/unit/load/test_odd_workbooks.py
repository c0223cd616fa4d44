"""Workbooks as odd writers make them and as damage leaves them: read exactly, or refused."""

from __future__ import annotations

import contextlib
import datetime
import time
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest

from outturn.errors import FileRefused
from outturn.load import sheet_slices, sheet_texts
from outturn.load.book import open_book
from outturn.load.sheet_cells import as_text
from outturn.load.sheet_xml import Unsaid
from tests.unit.load.made_workbooks import CELL, LONG, read, rewritten, write


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
        ("<row r='1'><c t='s' r='A1'><v>one</v></c></row>", "no number of a text"),
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
        (' t="inlineStr"><is><t>a_x000D_b</t></is>', "a\rb"),
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
    with pytest.raises(FileRefused, match="its texts do not begin or end"):
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


def test_a_day_below_0_is_no_midnight(tmp_path: Path) -> None:
    """The reader gives 00:00 for it; a number below 0 and a midnight are what they are."""
    cells = '<c r="A1" s="1"><v>-5</v></c><c r="B1"><v>-5</v></c><c r="C1" s="1"><v>0</v></c>'
    plain = write(tmp_path / "b.xlsx", f'<row r="1">{cells}</row>')
    found = read(rewritten(plain, {"xl/styles.xml": ('"46"', '"14"')}), tmp_path)
    assert found == {(1, 1): "a day below 0", (1, 2): -5.0, (1, 3): datetime.time(0)}
    assert type(found[1, 1]) is Unsaid


def test_a_value_below_0_is_not_taken_for_that_of_the_cell_before(tmp_path: Path) -> None:
    """A cell that does not say its place, behind one that does and has a style alone."""
    rows = '<row r="1"><c r="Z1" s="1"/></row><row><c><v>-5</v></c></row>'
    assert read(write(tmp_path / "b.xlsx", rows), tmp_path) == {(2, 1): -5.0}
