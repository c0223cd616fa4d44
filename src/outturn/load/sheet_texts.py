"""The texts that a workbook's cells name by number: many of them are kept on disk.

The reader keeps all of them in memory, in three times their size. Where they are many, each is put
into the cells that name it instead, as an inline text.
"""

from __future__ import annotations

import os
import re
from array import array
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO

from outturn.errors import FileRefused
from outturn.load.book import SPLIT, Book, refuse_entities
from outturn.load.sheet_xml import refuse_broken

FEW_BYTES = 16 << 20
MAX_BYTES = 256 << 20
MAX_TEXT_BYTES = 4 << 20
CHUNK_BYTES = 2 << 20
OFTEN_USED = 10_000

_TEXT = re.compile(rb"<((?:\w+:)?)si(?:\s[^>]*?)?(?:/>|>(.*?)</(?:\w+:)?si>)", re.DOTALL)
_WHOLE = re.compile(rb".*</(?:\w+:)?si>", re.DOTALL)
# From the kind of a cell to the number of its text.
_NAMED = rb"""\st\s*=\s*["']s["']([^>]*)>\s*<{x}v>\s*([0-9]{1,9})\s*</{x}v>"""


def texts_on_disk(book: Book, folder: Path) -> Texts | None:
    """A workbook's texts in a file of `folder`; None where the reader can keep them.

    Raises FileRefused for texts of which the reader would make something else.
    """
    if book.strings is None:
        return None
    size = book.strings.file_size
    if size > MAX_BYTES:
        raise FileRefused(book.file, f"has {size >> 20} MB of texts, too many", remedy=SPLIT)
    texts = Texts(book.file, folder / "texts") if size > FEW_BYTES else None
    with book.archive.open(book.strings) as source:
        for piece in _sound_pieces(book.file, source):
            if texts is not None:
                texts.add(piece)
    return texts


class Texts:
    """Texts by number, in a file at `path`: what stands between the marks of each."""

    def __init__(self, file: str, path: Path) -> None:
        self._file, self._texts = file, path.open("w+b")
        self._ends, self._prefix = array("I", [0]), b""
        self._text = lru_cache(OFTEN_USED)(self._read)

    def add(self, piece: bytes) -> None:
        """Take in the texts of a piece of the workbook's part, in their order."""
        if b"<!" in piece:
            raise FileRefused(self._file, "has comments or CDATA in many texts", remedy=SPLIT)
        for prefix, text in _TEXT.findall(piece):
            self._prefix = prefix
            self._texts.write(text)
            self._ends.append(self._ends[-1] + len(text))

    def put_into(self, rows: bytes, prefix: bytes) -> bytes:
        """Rows whose cells say their texts themselves. `prefix`: what the sheet's names begin with.

        A number that no text has stays, and the reader refuses it.
        """
        if prefix != self._prefix:
            raise FileRefused(self._file, "has many texts in XML of another prefix", remedy=SPLIT)
        named = re.compile(_NAMED.replace(b"{x}", re.escape(prefix)))
        inline = b' t="inlineStr"%b><{x}is>%b</{x}is>'.replace(b"{x}", prefix)

        def with_text(found: re.Match[bytes]) -> bytes:
            others, number = found.groups()
            text = self._text(int(number))
            return found[0] if text is None else inline % (others, text)

        self._texts.flush()
        return named.sub(with_text, rows)

    def _read(self, number: int) -> bytes | None:
        if number + 1 >= len(self._ends):
            return None
        start, end = self._ends[number], self._ends[number + 1]
        return os.pread(self._texts.fileno(), end - start, start)


def _sound_pieces(file: str, source: IO[bytes]) -> Iterator[bytes]:
    """The texts' XML, some megabytes at a time, each piece with whole texts only."""
    rest = b""
    while data := source.read(CHUNK_BYTES):
        rest += data
        whole = _WHOLE.match(rest)
        cut = whole.end() if whole else 0
        if len(rest) - cut > MAX_TEXT_BYTES:
            raise FileRefused(file, f"has a text of more than {len(rest) - cut >> 20} MB")
        yield _sound(file, rest[:cut])
        rest = rest[cut:]
    yield _sound(file, rest)


def _sound(file: str, piece: bytes) -> bytes:
    refuse_entities(file, piece)
    refuse_broken(file, piece)
    return piece
