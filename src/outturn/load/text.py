"""Bytes to UTF-8 text: the encoding is declared or shown by a byte order mark, never guessed."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Iterator
from typing import IO

from outturn.errors import FileRefused

CHUNK_BYTES = 4 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
Opener = Callable[[], IO[bytes] | io.RawIOBase]


def choose_encoding(file: str, opener: Opener, declared: tuple[str, ...]) -> tuple[str, int]:
    """(codec, bytes of the mark to skip). A mark decides; else the first declared one that fits.

    Raises FileRefused when none fits, with the line of the first byte that the first one refuses.
    """
    with opener() as stream:
        start = stream.read(4)
    for mark, codec in _MARKS:
        if start.startswith(mark):
            return codec, len(mark)
    refused: FileRefused | None = None
    for position, codec in enumerate(declared):
        if codec == "utf-16":
            continue  # only with a mark, which is not there
        if position == len(declared) - 1 and refused is None:
            return codec, 0
        try:
            for _ in utf8_chunks(file, opener, codec, 0):
                pass
        except FileRefused as problem:
            refused = refused or problem
        else:
            return codec, 0
    raise refused or FileRefused(
        file,
        "is declared as UTF-16 but does not begin with a byte order mark",
        remedy="Declare utf-16-le or utf-16-be in the contract, or ask for a file with a mark.",
    )


def utf8_chunks(file: str, opener: Opener, codec: str, skip: int) -> Iterator[bytes]:
    """The text as pieces of UTF-8, each of whole characters, a few MB at a time.

    Raises FileRefused with the line of the first byte that is not text of this encoding.
    """
    decoder = codecs.getincrementaldecoder(codec)("strict")
    is_ascii_based = codec in ("utf-8", "cp1252", "latin-1")
    position = skip
    with opener() as stream:
        stream.read(skip)
        while True:
            data = raw = stream.read(CHUNK_BYTES)
            held = decoder.getstate()[0]
            if held or not is_ascii_based or not raw.isascii():
                try:
                    data = decoder.decode(raw, not raw).encode("utf-8")
                except UnicodeError as problem:
                    at = position - len(held) + getattr(problem, "start", 0)
                    raise _undecodable(file, opener, codec, skip, at) from None
            if b"\0" in data:
                before = _line_at(opener, codec, skip, position - len(held))
                raise _nul(file, before + count_lines(data[: data.index(b"\0")]))
            if data:
                yield data
            if not raw:
                return
            position += len(raw)


def _line_at(opener: Opener, codec: str, skip: int, position: int) -> int:
    """The line of a byte, counted by reading once more; only a refusal needs it."""
    decoder = codecs.getincrementaldecoder(codec)("replace")
    line, left = 1, position - skip
    with opener() as stream:
        stream.read(skip)
        while left > 0 and (raw := stream.read(min(CHUNK_BYTES, left))):
            left -= len(raw)
            line += count_lines(decoder.decode(raw).encode("utf-8", "replace"))
    return line


def count_lines(data: bytes) -> int:
    """How many lines end in this text, however they end."""
    ends = data.count(b"\n")
    if b"\r" not in data:  # looking is much cheaper than counting
        return ends
    return ends + data.count(b"\r") - data.count(b"\r\n")


def _undecodable(file: str, opener: Opener, codec: str, skip: int, position: int) -> FileRefused:
    with opener() as stream:
        stream.read(position)
        bad = stream.read(1)
    return FileRefused(
        file,
        f"the byte 0x{bad.hex()} is not {codec} text",
        line=_line_at(opener, codec, skip, position),
        remedy="Ask for the file in the agreed encoding, or declare the one it has under "
        "`encoding` in the contract.",
    )


def _nul(file: str, line: int) -> FileRefused:
    return FileRefused(
        file,
        "contains a NUL character: it is damaged, or UTF-16 without a byte order mark",
        line=line,
        remedy="Ask for the file again, or declare utf-16-le or utf-16-be in the contract.",
    )
