"""What a workbook's XML says and its fast reader does not: errors, formulas without a value, size.

The reader gives an error cell and a formula that was never calculated as blank, and makes room for
every cell up to the farthest one. Both are looked for in the text beforehand, without parsing it.
"""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

from outturn.errors import FileRefused

MAX_CELLS = 32 << 20
MAX_STRINGS_BYTES = 128 << 20
CHUNK_BYTES = 4 << 20
MAX_ELEMENT_BYTES = 16 << 20

_WORKBOOK, _STRINGS = "xl/workbook.xml", "xl/sharedstrings.xml"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_REFERENCE = r"""\sr\s*=\s*["']([A-Z]+)([0-9]+)["']"""
_PLACE = r"""r\s*=\s*["'](?:%s)["']"""
# Beyond 26 columns or 999,999 rows; beyond 104 columns or 99,999 rows: what is not is near enough.
_FAR = re.compile((_PLACE % "[A-Z]{2,}[0-9]+|[A-Z][0-9]{7,}").encode())
_FARTHER = re.compile((_PLACE % "[A-Z]{3,}[0-9]+|[D-Z][A-Z][0-9]+|[A-Z]+[0-9]{6,}").encode())
_MANY_ROWS = re.compile((_PLACE % "[A-Z][0-9]{6}").encode())
_CELL = re.compile(rf"<(?:\w+:)?c{_REFERENCE}[^>]*(?<!/)>".encode())
_ERROR = re.compile(
    rf"""<(?:\w+:)?c(?=[^>]*\st\s*=\s*["']e["'])[^>]*?{_REFERENCE}[^>]*>.*?<(?:\w+:)?v>([^<]*)<"""
    .encode(), re.DOTALL,
)  # fmt: skip
_FORMULA = re.compile(
    rf"""<(?:\w+:)?c(?![^>]*\st\s*=\s*["']str["']){_REFERENCE}[^>]*>\s*"""
    r"<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>([^<]*)</(?:\w+:)?f>)\s*(?!\s*<(?:\w+:)?v>[^<])".encode()
)
# A formula of text has at least an empty value once it was calculated.
_NO_VALUE = re.compile(
    rf"""<(?:\w+:)?c(?=[^>]*\st\s*=\s*["']str["'])[^>]*?{_REFERENCE}[^>]*>\s*"""
    r"<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>([^<]*)</(?:\w+:)?f>)\s*</(?:\w+:)?c>".encode()
)
_NAMELESS = re.compile(
    rb"""<(?:\w+:)?c(?![^>]*\sr\s*=)(?:[^>]*\st\s*=\s*["']e["']|(?:\s[^>]*)?>\s*<(?:\w+:)?f\b)"""
)
_BROKEN = re.compile(rb"<(?:\w+:)?[vt](?:\s[^>]*)?>[^<]*<[!?](?!\[CDATA)")

Unsaid = dict[tuple[int, int], str]


def survey(file: str, path: Path, sheet: str) -> Unsaid:
    """Both of the following, for who reads little of a sheet."""
    refuse_far(file, path, sheet)
    return unsaid(file, path, sheet)


def refuse_far(file: str, path: Path, sheet: str) -> None:
    """Refuse a sheet whose cells reach too far, before the reader makes room for them.

    Raises FileRefused, for a part that is missing too.
    """
    with zipfile.ZipFile(path) as archive:
        part = _part_of(file, archive, sheet)
        bounds = _bounds(file, archive, part, _near)
        if bounds[0] * bounds[1] > MAX_CELLS:
            rows, columns = _bounds(file, archive, part, _exactly)
            if rows * columns > MAX_CELLS:
                reach = f"has values as far as row {rows}, column {columns}: too many cells"
                raise FileRefused(file, reach, remedy=_SPLIT)


def unsaid(file: str, path: Path, sheet: str) -> Unsaid:
    """The text of each cell that the reader would call blank, by (row, column) from 1.

    An error is its own text (#N/A), a formula without a value is the formula. Raises FileRefused
    for a document type, for more texts than fit into memory, for a missing part.
    """
    found: Unsaid = {}
    with zipfile.ZipFile(path) as archive:
        strings = _parts(archive).get(_STRINGS)
        if strings:
            if strings.file_size > MAX_STRINGS_BYTES:
                size = strings.file_size >> 20
                raise FileRefused(file, f"has {size} MB of texts, too many to read", remedy=_SPLIT)
            for piece in _pieces(file, archive, strings, b">"):
                _refuse_unreadable(file, piece)
        for piece in _cells_of(file, archive, _part_of(file, archive, sheet)):
            _refuse_unreadable(file, piece)
            found |= _unsaid(file, piece)
    return found


def _parts(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    return {info.filename.lstrip("/").lower(): info for info in archive.infolist()}


def _cells_of(file: str, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    return _pieces(file, archive, part, b"</c>", b"</row>", b"/>", b">")


_SPLIT = "Ask for the extract as CSV, or in several workbooks."


def _pieces(
    file: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo, *ends: bytes
) -> Iterator[bytes]:
    """A part's text in pieces that end where an element does."""
    rest = b""
    with archive.open(info) as stream:
        while data := stream.read(CHUNK_BYTES):
            rest += data
            cut = next((at + len(end) for end in ends if (at := rest.rfind(end)) >= 0), 0)
            if cut:
                yield rest[:cut]
                rest = rest[cut:]
            elif len(rest) > MAX_ELEMENT_BYTES:
                raise FileRefused(file, f"has a cell of more than {len(rest) >> 20} MB")
    yield rest


def _refuse_unreadable(file: str, piece: bytes) -> None:
    if b"<!DOCTYPE" in piece or b"<!ENTITY" in piece:
        raise FileRefused(file, "declares entities of its own, which no workbook needs")
    if (b"<!--" in piece or b"<?" in piece) and _BROKEN.search(piece):
        raise FileRefused(file, "has a comment within a value")
    if b"_x0000_" in piece:
        raise FileRefused(file, "contains a NUL character: it is damaged")


Bounds = tuple[int, int]


def _bounds(
    file: str,
    archive: zipfile.ZipFile,
    part: zipfile.ZipInfo,
    bounds_of: Callable[[bytes, Bounds], Bounds],
) -> Bounds:
    """A row and a column that no cell lies beyond, from those of each piece."""
    bounds = (0, 0)
    for piece in _cells_of(file, archive, part):
        rows, columns = bounds_of(piece, bounds)
        bounds = max(rows, bounds[0]), max(columns, bounds[1])
    return bounds


def _near(piece: bytes, before: Bounds) -> Bounds:
    """Bounds that are cheap to find: most sheets are small or narrow."""
    if not _FAR.search(piece):
        # Rows only count where a sheet is wide: otherwise all that a letter and six digits reach.
        is_wide = before[1] > 26
        return 99_999 if is_wide and not _MANY_ROWS.search(piece) else 999_999, 26
    return _exactly(piece, before) if _FARTHER.search(piece) else (99_999, 104)


def _exactly(piece: bytes, _before: Bounds) -> Bounds:
    rows, columns = 0, 0
    for letters, digits in _CELL.findall(piece):
        # No number is made of what is too long to be a place in a sheet.
        rows = max(rows, int(digits) if len(digits) < 9 else MAX_CELLS)
        columns = max(columns, _column(letters) if len(letters) < 5 else MAX_CELLS)
    return rows, columns


def _unsaid(file: str, piece: bytes) -> Unsaid:
    found: Unsaid = {}
    has_errors = re.search(rb"""t\s*=\s*["']e["']""", piece)
    has_formulas = b"<f" in piece or b":f" in piece
    if (has_errors or has_formulas) and _NAMELESS.search(piece):
        raise FileRefused(file, "has an error or a formula in a cell that does not say its place")
    if has_errors:
        for letters, digits, text in _ERROR.findall(piece):
            found[int(digits[:9]), _column(letters[:4])] = html.unescape(text.decode()) or "#ERROR"
    if has_formulas:
        for letters, digits, text in _FORMULA.findall(piece) + _NO_VALUE.findall(piece):
            place = int(digits[:9]), _column(letters[:4])
            found.setdefault(place, "=" + html.unescape(text.decode()))
    return found


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _part_of(file: str, archive: zipfile.ZipFile, sheet: str) -> zipfile.ZipInfo:
    """The part that holds a sheet, by the workbook's own list."""
    trees, parts = [], _parts(archive)
    for name in (_WORKBOOK, "xl/_rels/workbook.xml.rels"):
        if name not in parts or parts[name].file_size > MAX_ELEMENT_BYTES:
            raise FileRefused(file, f"is a damaged workbook: no usable {name}")
        text = archive.read(parts[name])
        _refuse_unreadable(file, text)
        try:
            trees.append(ElementTree.fromstring(text))  # noqa: S314 - without entities
        except ElementTree.ParseError as error:
            raise FileRefused(file, f"is a damaged workbook: {name} ({error})") from error
    relation = next(
        (one.get(_RELATION) for one in trees[0].iter() if one.get("name") == sheet), None
    )
    target = next((one.get("Target", "") for one in trees[1] if one.get("Id") == relation), "")
    name = (target if target.startswith("/") else f"/xl/{target}").lstrip("/").lower()
    if name not in parts:
        raise FileRefused(file, f"is a damaged workbook: the sheet {sheet!r} is not in it")
    return parts[name]
