"""Slices of a sheet as workbooks that the reader takes for one of many sheets.

The reader makes room for a whole sheet: of slices it needs room for one. A volume is a workbook of
some slices. The first is short, so that reading can begin at once; there are few of them, because
the reader reads the workbook's texts anew for each.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

from outturn.load.book import Book, Part, SheetPart
from outturn.load.sheet_slices import SLICE_BYTES, Slice, slices
from outturn.load.sheet_texts import texts_on_disk
from outturn.load.sheet_xml import Survey

# Cutting takes a quarter of the time of reading: a volume is ready when the one before is read.
FIRST_SLICES, GROWTH = 4, 4
# A volume's surveys are kept in memory until it is read.
MAX_UNSAID = 100_000

_OPEN = "http://schemas.openxmlformats.org"
_MAIN, _RELATIONS = f"{_OPEN}/spreadsheetml/2006/main", f"{_OPEN}/package/2006/relationships"
_DOCUMENT = f"{_OPEN}/officeDocument/2006/relationships"
_TYPES = f"{_OPEN}/package/2006/content-types"
_STRINGS, _STYLES = "xl/sharedStrings.xml", "xl/styles.xml"


@dataclass(frozen=True)
class Volume:
    """A workbook of slices of one sheet, and what each of them says."""

    path: Path
    surveys: list[Survey]

    def text(self, number: int) -> bytes:
        """A slice's XML."""
        with zipfile.ZipFile(self.path) as volume:
            return volume.read(_slice_name(number))


def volumes(book: Book, sheet: SheetPart, folder: Path) -> Generator[Volume, None, None]:
    """The sheet's slices as workbooks. Raises FileRefused for what would not be read exactly."""
    texts = texts_on_disk(book, folder)
    kept = book.strings if texts is None else None
    with book.archive.open(sheet.part) as stream:
        cut = slices(book.file, stream, texts)
        for number in count():
            path = folder / f"volume{number}.xlsx"
            surveys = _write(book, kept, path, islice(cut, FIRST_SLICES * GROWTH**number))
            if not surveys:
                break
            yield Volume(path, surveys)


def _write(book: Book, texts: Part | None, path: Path, cut: Iterable[Slice]) -> list[Survey]:
    """A workbook of slices, with the texts and styles of the whole."""
    surveys: list[Survey] = []
    unsaid = 0
    with zipfile.ZipFile(path, "w") as volume:
        for one in cut:
            volume.writestr(_slice_name(len(surveys)), one.text)
            surveys.append(one.says)
            unsaid += len(one.says.unsaid)
            if unsaid > MAX_UNSAID:
                break
        for part, name in ((texts, _STRINGS), (book.styles, _STYLES)):
            if part is not None:
                with book.archive.open(part) as source, volume.open(name, "w") as target:
                    shutil.copyfileobj(source, target, SLICE_BYTES)
        _write_lists(book, len(surveys), volume)
    return surveys


def _write_lists(book: Book, slices: int, volume: zipfile.ZipFile) -> None:
    """What makes a package of parts a workbook."""
    numbers = range(slices)
    sheets = "".join(f'<sheet name="{n}" sheetId="{n + 1}" r:id="r{n}"/>' for n in numbers)
    targets = [(f"r{n}", "worksheet", f"worksheets/slice{n}.xml") for n in numbers]
    targets += [
        ("strings", "sharedStrings", "sharedStrings.xml"),
        ("styles", "styles", "styles.xml"),
    ]
    volume.writestr(
        "[Content_Types].xml",
        f'<Types xmlns="{_TYPES}"><Default Extension="xml" ContentType="application/xml"/></Types>',
    )
    volume.writestr("_rels/.rels", _relations([("r0", "officeDocument", "xl/workbook.xml")]))
    volume.writestr("xl/_rels/workbook.xml.rels", _relations(targets))
    volume.writestr(
        "xl/workbook.xml",
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}">'
        f'<workbookPr date1904="{book.counts_from_1904:d}"/><sheets>{sheets}</sheets></workbook>',
    )


def _relations(targets: list[tuple[str, str, str]]) -> str:
    made = "".join(
        f'<Relationship Id="{name}" Type="{_DOCUMENT}/{kind}" Target="{target}"/>'
        for name, kind, target in targets
    )
    return f'<Relationships xmlns="{_RELATIONS}">{made}</Relationships>'


def _slice_name(number: int) -> str:
    return f"xl/worksheets/slice{number}.xml"
