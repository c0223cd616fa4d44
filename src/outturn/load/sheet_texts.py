"""The texts that a workbook's cells name by number: many of them are kept on disk.

The reader keeps all of them in memory, in three times their size. Where they are many, each is put
into the cells that name it instead, as an inline text. So is each where some are long: a small
slice of a sheet may name one long text many times.
"""

from __future__ import annotations

import os
import re
from array import array
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from outturn.errors import FileRefused
from outturn.load.book import MAX_UNPACKED, SPLIT, Book, Part, refuse_encoding, refuse_entities
from outturn.load.sheet_xml import refuse_broken

FEW_BYTES = 16 << 20
MAX_BYTES = 256 << 20
MAX_TEXT_BYTES = 4 << 20
MAX_ROW_BYTES = 16 << 20
CHUNK_BYTES = 2 << 20
LONG_BYTES = 256
OFTEN_USED = 10_000

_OPENED = re.compile(rb"<(?:\w+:)?si(?=[\s>])[^<>]*+(?<!/)>")
_CLOSED = re.compile(rb"</(?:\w+:)?si\s*+>")
_START = re.compile(rb"<(?:\w+:)?si[\s/>]")
_TEXT = re.compile(
    rb"<(?:\w+:)?si(?=[\s/>])[^<>]*+(?:(?<=/)>|"
    rb">([^<]*+(?:<(?!/?(?:\w+:)?si[\s/>])[^<]*+)*+)</(?:\w+:)?si>)"
)
_WHOLE = re.compile(rb".*</(?:\w+:)?si>", re.DOTALL)
# From the kind of a cell to the number of its text.
_NAMED = rb"""\st\s*+=\s*+["']s["']([^<>]*+)>\s*+<{x}v>([0-9]{1,9})</{x}v>"""


def texts_on_disk(book: Book, folder: Path) -> Texts | None:
    """A workbook's texts in a file of `folder`; None where the reader can keep them.

    Raises FileRefused for texts of which the reader would make something else.
    """
    if book.strings is None:
        return None
    size = book.strings.file_size
    if size > MAX_BYTES:
        raise FileRefused(book.file, f"has {size >> 20} MB of texts, too many", remedy=SPLIT)
    if size <= FEW_BYTES and not any(map(_has_long, _sound_pieces(book, book.strings))):
        return None
    texts = Texts(book.file, folder / "texts")
    for piece in _sound_pieces(book, book.strings):
        texts.add(piece)
    return texts


class Texts:
    """Texts by number, in a file at `path`: what stands between the marks of each."""

    def __init__(self, file: str, path: Path) -> None:
        self._file, self._texts = file, path.open("w+b")
        self._ends, self._said = array("I", [0]), 0
        self._short_text = lru_cache(OFTEN_USED)(self._read)

    def add(self, piece: bytes) -> None:
        """Take in the texts of a piece of the workbook's part, in their order."""
        if b"<!--" in piece:
            raise FileRefused(self._file, "has a comment among its texts", remedy=SPLIT)
        found = _TEXT.findall(piece)
        if len(found) != len(_START.findall(piece)):
            raise FileRefused(self._file, "cannot be read as a workbook (its texts do not end)")
        for text in found:
            self._texts.write(text)
            self._ends.append(self._ends[-1] + len(text))

    def put_into(self, rows: bytes, prefix: bytes) -> Iterator[bytes]:
        """Rows whose cells say their texts themselves, some megabytes at a time.

        `prefix`: what the sheet's names begin with. A number that no text has stays, and the
        reader refuses it. Raises FileRefused for a row of too much text.
        """
        named = re.compile(_NAMED.replace(b"{x}", re.escape(prefix)))
        inline = b' t="inlineStr"%b><{x}is>%b</{x}is>'.replace(b"{x}", prefix)
        row_end = b"</%brow>" % prefix
        made: list[bytes] = []
        size = last = 0
        self._texts.flush()
        for found in named.finditer(rows):
            if size > CHUNK_BYTES:
                cut = rows.rfind(row_end, last, found.start()) + len(row_end)
                if cut >= len(row_end):
                    yield b"".join((*made, rows[last:cut]))
                    made, size, last = [], 0, cut
                elif size > MAX_ROW_BYTES:
                    problem = f"has a row of more than {MAX_ROW_BYTES >> 20} MB of texts"
                    raise FileRefused(self._file, problem, remedy=SPLIT)
            text = self._text(int(found[2]))
            if text is not None:
                made += rows[last : found.start()], inline % (found[1], text)
                size, last = size + len(text), found.end()
                self._said += len(text)
        if self._said > MAX_UNPACKED:
            problem = f"says more than {MAX_UNPACKED >> 20} MB of texts, many of them again"
            raise FileRefused(self._file, problem, remedy=SPLIT)
        yield b"".join((*made, rows[last:]))

    def _text(self, number: int) -> bytes | None:
        if number + 1 >= len(self._ends):
            return None
        is_long = self._ends[number + 1] - self._ends[number] > LONG_BYTES
        return self._read(number) if is_long else self._short_text(number)

    def _read(self, number: int) -> bytes:
        start, end = self._ends[number], self._ends[number + 1]
        return os.pread(self._texts.fileno(), end - start, start)


def _has_long(piece: bytes) -> bool:
    """Whether some text of a piece is long."""
    return max(map(len, piece.split(b"si>")[1:]), default=0) > LONG_BYTES


def _sound_pieces(book: Book, strings: Part) -> Iterator[bytes]:
    """The texts' XML, some megabytes at a time, each piece with whole texts only.

    The reader counts on where XML is damaged, so that all cells after would say other texts.
    """
    rest, file = b"", book.file
    with book.archive.open(strings) as source:
        while data := source.read(CHUNK_BYTES):
            if not rest:
                refuse_encoding(file, data[:200])
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
    ends = piece.count(b"</si>")
    is_plain = ends > 0 and ends == piece.count(b"<si>")
    if not is_plain and len(_OPENED.findall(piece)) != len(_CLOSED.findall(piece)):
        raise FileRefused(file, "is a damaged workbook: its texts do not begin or end")
    return piece
