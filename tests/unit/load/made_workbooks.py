"""Small workbooks made by hand, XML and all, and what is read of them."""

from __future__ import annotations

import html
import zipfile
from pathlib import Path
from typing import Any

from outturn.load.book import open_book
from outturn.load.sheet_rows import sheet_rows

OPEN = "http://schemas.openxmlformats.org"
MAIN, DOCUMENT = f"{OPEN}/spreadsheetml/2006/main", f"{OPEN}/officeDocument/2006/relationships"
PACKAGE = f'xmlns="{OPEN}/package/2006/relationships"'
WORDS = ["Acme", "a < b & c", "</row>", "", " x ", '"e"', "£ é"]

LONG = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(1, 2_000))
CELL = '<c r="A1"><v>1</v></c>'

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
