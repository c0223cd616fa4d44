"""A workbook's parts: which sheets it has, which part holds each, how its days are counted."""

from __future__ import annotations

import lzma
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

from outturn.errors import FileRefused

MAX_UNPACKED = 1 << 30
MAX_LIST_BYTES = 4 << 20
MAX_STYLES = 32 << 20
SPLIT = "Ask for the extract as CSV, or in several workbooks."

_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
)

Part = zipfile.ZipInfo

_ENCODING = re.compile(rb"""<\?xml[^<>]*?\sencoding\s*=\s*["']([^"'<>]*)""")


@dataclass(frozen=True)
class SheetPart:
    """A sheet of cells by its name; charts and dialogues are none."""

    name: str
    is_visible: bool
    part: Part


@dataclass(frozen=True)
class Book:
    """An open workbook. `counts_from_1904`: its days are numbered from 1904, not from 1900."""

    file: str
    archive: zipfile.ZipFile
    sheets: tuple[SheetPart, ...]
    counts_from_1904: bool
    strings: Part | None
    styles: Part | None


@contextmanager
def open_book(file: str, path: Path) -> Iterator[Book]:
    """A workbook's parts by its own lists.

    Raises FileRefused for what is none, is damaged, declares entities, or is too large.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_bomb(file, archive)
            yield _book(file, archive)
    except _DAMAGED as error:
        raise FileRefused(file, f"is no Excel workbook or a damaged one ({error})") from error


def _refuse_bomb(file: str, archive: zipfile.ZipFile) -> None:
    if any(info.flag_bits & 1 for info in archive.infolist()):
        raise FileRefused(file, "has encrypted parts", remedy="Ask for it without a password.")
    size = sum(info.file_size for info in archive.infolist())
    if size > MAX_UNPACKED:
        raise FileRefused(
            file,
            f"unpacks to {size >> 20} MB, more than the {MAX_UNPACKED >> 20} MB allowed",
            remedy=SPLIT,
        )


def _book(file: str, archive: zipfile.ZipFile) -> Book:
    lists = _Lists(file, archive)
    main = next((one.part for one in lists.relations("") if one.kind == "officeDocument"), None)
    if main is None:
        raise FileRefused(file, "is a damaged workbook: it does not name its main part")
    if main.filename.endswith(".bin"):
        raise FileRefused(file, "is a binary workbook (.xlsb)", remedy="Ask for it as xlsx.")
    relations = lists.relations(main.filename)
    parts = {one.id: one.part for one in relations if one.kind == "worksheet"}
    singles = {one.kind: one.part for one in relations}
    styles = singles.get("styles")
    if styles is not None and styles.file_size > MAX_STYLES:
        size = styles.file_size >> 20
        raise FileRefused(file, f"has {size} MB of styles, more than any workbook needs")
    sheets, from_1904 = [], False
    for name, facts in lists.elements(main, {"workbookPr", "sheet"}):
        if name == "workbookPr":
            from_1904 |= facts.get("date1904") in ("1", "true")  # extensions have one too
        elif name == "sheet" and facts.get("id") in parts:
            is_visible = facts.get("state", "visible") == "visible"
            sheets.append(SheetPart(facts.get("name", ""), is_visible, parts[facts["id"]]))
    return Book(file, archive, tuple(sheets), from_1904, singles.get("sharedStrings"), styles)


@dataclass(frozen=True)
class _Relation:
    id: str
    kind: str
    part: Part


# An element's name and its attributes, without their prefixes.
_Element = tuple[str, dict[str, str]]


class _Elements:
    """Keeps the elements of some names and forgets all others, however many or deep they are."""

    def __init__(self, names: set[str]) -> None:
        self._names = names
        self.found: list[_Element] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Called by the parser."""
        if _local(tag) in self._names:
            facts = {_local(key): value for key, value in attributes.items()}
            self.found.append((_local(tag), facts))


class _Lists:
    """The lists by which a package's parts are found.

    Names differ from those that the lists say in case, in their slashes, in a space written as %20.
    """

    def __init__(self, file: str, archive: zipfile.ZipFile) -> None:
        self._file, self._archive = file, archive
        self._parts = {_plain(info.filename): info for info in archive.infolist()}

    def relations(self, name: str) -> list[_Relation]:
        """What a part says of others, those that are there; the package itself has no name."""
        folder, base = posixpath.split(_plain(name))
        part = self._parts.get(posixpath.join(folder, "_rels", f"{base}.rels"))
        if part is None:
            raise FileRefused(self._file, f"is a damaged workbook: {name or 'it'} has no relations")
        found = []
        for _, facts in self.elements(part, {"Relationship"}):
            target = facts.get("Target", "").replace("\\", "/")
            whole = posixpath.normpath(posixpath.join("/", folder, target))
            held = self._parts.get(_plain(whole)) or self._parts.get(_plain(unquote(whole)))
            if held is not None:
                kind = facts.get("Type", "").rpartition("/")[2]
                found.append(_Relation(facts.get("Id", ""), kind, held))
        return found

    def elements(self, part: Part, names: set[str]) -> list[_Element]:
        """The elements of some names in a short part, in their order. Raises FileRefused."""
        if part.file_size > MAX_LIST_BYTES:
            raise FileRefused(self._file, f"is a damaged workbook: {part.filename} is too long")
        text = self._archive.read(part)
        refuse_entities(self._file, text)
        elements = _Elements(names)
        parser = ElementTree.XMLParser(target=elements)  # noqa: S314 - without entities
        try:
            parser.feed(text)
            parser.close()
            return elements.found
        except ElementTree.ParseError as error:
            raise FileRefused(
                self._file, f"is a damaged workbook: {part.filename} ({error})"
            ) from error


def refuse_entities(file: str, text: bytes) -> None:
    """Raise FileRefused for a document type, by which a small text can mean a large one."""
    text = text.replace(b"\0", b"") if b"\0" in text else text  # UTF-16
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise FileRefused(file, "declares entities of its own, which no workbook needs")


def refuse_encoding(file: str, start: bytes) -> None:
    """Raise FileRefused for a part whose text, by how it starts, is not written in UTF-8."""
    said = _ENCODING.search(start)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in start[:4]:
        name = "UTF-16"
    elif said is None or said[1].lower() in (b"utf-8", b"utf8", b"us-ascii", b"ascii"):
        return
    else:
        name = said[1].decode(errors="replace")[:40]
    remedy = "Ask for the workbook saved by Excel anew."
    raise FileRefused(file, f"has a sheet or texts in {name}, not in UTF-8", remedy=remedy)


def _plain(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
