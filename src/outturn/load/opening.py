"""What an archived file really is, whatever its name says: text, workbook, or a zip of these."""

from __future__ import annotations

import io
import lzma
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from outturn.contracts import Contract, Form
from outturn.errors import FileRefused
from outturn.load.delimited import DelimitedText
from outturn.load.jsonlines import JsonLines
from outturn.load.workbook import Workbook

MAX_MEMBERS = 100
MAX_UNPACKED = 32 << 30
MAX_RATIO = 250
RATIO_FREE = 64 << 20

_DAMAGED = (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error, lzma.LZMAError)

Document = DelimitedText | JsonLines | Workbook

_STRANGERS = (
    (b"\xd0\xcf\x11\xe0", "is an old Excel file (.xls) or an encrypted workbook"),
    (b"%PDF", "is a PDF"),
    (b"\x1f\x8b", "is compressed with gzip"),
    (b"7z\xbc\xaf", "is a 7z archive"),
    (b"Rar!", "is a RAR archive"),
)


@contextmanager
def documents(
    file: str, path: Path, contract: Contract, form: Form, folder: Path
) -> Iterator[Iterator[tuple[str, Document]]]:
    """The documents that a file holds, each with its name: one, or a zip's members by name.

    Raises FileRefused for what cannot be read safely. `folder` is for scratch.
    """
    start = _start(path)
    for magic, what in _STRANGERS:
        if start.startswith(magic):
            raise FileRefused(file, what, remedy=f"Ask for it as {form.format}.")
    if not start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        if form.format == "xlsx":
            raise FileRefused(file, "is no Excel workbook", remedy="Ask for it as xlsx.")
        yield iter([(file, _text_document(file, contract, form, path))])
        return
    with _archive(file, path) as archive:
        names = {name.lower() for name in archive.namelist()}
        if {"mimetype", "content.xml"} <= names:
            raise FileRefused(
                file, "is an OpenDocument file", remedy=f"Ask for it as {form.format}."
            )
        if "[content_types].xml" in names:
            if form.format != "xlsx":
                raise FileRefused(file, f"is an Excel workbook, not {form.format}")
            yield iter([(file, Workbook(file, contract, form, path, folder))])
            return
        yield _members(file, archive, contract, form, folder)


def _start(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(8)


def _text_document(file: str, contract: Contract, form: Form, path: Path) -> Document:
    kind = JsonLines if form.format == "jsonl" else DelimitedText
    return kind(file, contract, form, partial(io.FileIO, path))


@contextmanager
def _archive(file: str, path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except _DAMAGED as error:
        raise FileRefused(file, f"is a damaged zip ({error})") from error


def _members(
    file: str, archive: zipfile.ZipFile, contract: Contract, form: Form, folder: Path
) -> Iterator[tuple[str, Document]]:
    for info in _safe_members(file, archive):
        name = f"{file} → {info.filename}"
        opener = partial(archive.open, info)
        if form.format == "xlsx":
            yield name, Workbook(name, contract, form, _unpack(archive, info, folder), folder)
        elif form.format == "jsonl":
            yield name, JsonLines(name, contract, form, opener)
        else:
            yield name, DelimitedText(name, contract, form, opener)


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, folder: Path) -> Path:
    path = folder / "workbook.xlsx"
    source: IO[bytes]
    with archive.open(info) as source, path.open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
    return path


def _safe_members(file: str, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The members that are data, by name. Nothing is ever written under a member's name."""
    found = [info for info in archive.infolist() if not info.is_dir() and not _is_litter(info)]
    if not found or len(found) > MAX_MEMBERS:
        raise FileRefused(file, f"the zip holds {len(found)} files, 1 to {MAX_MEMBERS} are allowed")
    unpacked = sum(info.file_size for info in found)
    packed = sum(info.compress_size for info in found)
    if unpacked > MAX_UNPACKED or unpacked > max(packed * MAX_RATIO, RATIO_FREE):
        raise FileRefused(
            file, f"the zip unpacks from {packed} to {unpacked} bytes: refused as a bomb"
        )
    for info in found:
        parts = PurePosixPath(info.filename.replace("\\", "/")).parts
        if info.filename.startswith("/") or ".." in parts or ":" in info.filename:
            raise FileRefused(file, f"the zip holds a path outside of itself: {info.filename!r}")
        if info.flag_bits & 1:
            raise FileRefused(file, f"{info.filename!r} in the zip is encrypted")
        if info.filename.lower().endswith(".zip"):
            raise FileRefused(file, f"the zip holds another zip: {info.filename!r}")
    return sorted(found, key=lambda info: info.filename)


def _is_litter(info: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(info.filename).parts
    return "__MACOSX" in parts or parts[-1].startswith(".")
