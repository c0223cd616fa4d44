"""A workbook's parts: which sheets it has, which part holds each, how its days are counted."""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from outturn.errors import FileRefused

MAX_UNPACKED = 1 << 30
MAX_LIST_BYTES = 4 << 20
SPLIT = "Ask for the extract as CSV, or in several workbooks."

Part = zipfile.ZipInfo


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
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError) as error:
        raise FileRefused(file, f"is no Excel workbook or a damaged one ({error})") from error


def _refuse_bomb(file: str, archive: zipfile.ZipFile) -> None:
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
    relations = lists.relations(main.filename)
    parts = {one.id: one.part for one in relations if one.kind == "worksheet"}
    singles = {one.kind: one.part for one in relations}
    sheets, from_1904 = [], False
    for element in lists.tree(main).iter():
        name = _local(element.tag)
        facts = {_local(key): value for key, value in element.attrib.items()}
        if name == "workbookPr":
            from_1904 = facts.get("date1904") in ("1", "true")
        elif name == "sheet" and facts.get("id") in parts:
            is_visible = facts.get("state", "visible") == "visible"
            sheets.append(SheetPart(facts.get("name", ""), is_visible, parts[facts["id"]]))
    return Book(
        file, archive, tuple(sheets), from_1904, singles.get("sharedStrings"), singles.get("styles")
    )


@dataclass(frozen=True)
class _Relation:
    id: str
    kind: str
    part: Part


class _Lists:
    """The lists by which a package's parts are found; names differ in case at times."""

    def __init__(self, file: str, archive: zipfile.ZipFile) -> None:
        self._file, self._archive = file, archive
        self._parts = {info.filename.lstrip("/").lower(): info for info in archive.infolist()}

    def relations(self, name: str) -> list[_Relation]:
        """What a part says of others, those that are there; the package itself has no name."""
        folder, base = posixpath.split(name.lstrip("/"))
        part = self._parts.get(posixpath.join(folder, "_rels", f"{base}.rels").lower())
        if part is None:
            raise FileRefused(self._file, f"is a damaged workbook: {name or 'it'} has no relations")
        found = []
        for element in self.tree(part).iter():
            target = posixpath.normpath(posixpath.join("/", folder, element.get("Target", "")))
            held = self._parts.get(target.lstrip("/").lower())
            if held is not None:
                kind = element.get("Type", "").rpartition("/")[2]
                found.append(_Relation(element.get("Id", ""), kind, held))
        return found

    def tree(self, part: Part) -> ElementTree.Element:
        """A short part's XML. Raises FileRefused."""
        if part.file_size > MAX_LIST_BYTES:
            raise FileRefused(self._file, f"is a damaged workbook: {part.filename} is too long")
        text = self._archive.read(part)
        refuse_entities(self._file, text)
        try:
            return ElementTree.fromstring(text)  # noqa: S314 - without entities
        except ElementTree.ParseError as error:
            raise FileRefused(
                self._file, f"is a damaged workbook: {part.filename} ({error})"
            ) from error


def refuse_entities(file: str, text: bytes) -> None:
    """Raise FileRefused for a document type, by which a small text can mean a large one."""
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise FileRefused(file, "declares entities of its own, which no workbook needs")


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
