"""Bytes to UTF-8 text: the encoding is declared or shown by a byte order mark, never guessed."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from typing import IO

from outturn.errors import FileRefused

CHUNK_BYTES = 4 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
Opener = Callable[[], IO[bytes]]


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
        file, "is declared as UTF-16 but does not begin with a byte order mark",
        remedy="Declare utf-16-le or utf-16-be in the contract, or ask for a file with a mark.",
    )


def utf8_chunks(file: str, opener: Opener, codec: str, skip: int) -> Iterator[bytes]:
    """The text as pieces of UTF-8, each of whole characters, a few MB at a time.

    Raises FileRefused with the line of the first byte that is not text of this encoding.
    """
    decoder = codecs.getincrementaldecoder(codec)("strict")
    line = 1
    with opener() as stream:
        stream.read(skip)
        while True:
            raw = stream.read(CHUNK_BYTES)
            data = raw
            if codec not in ("utf-8", "cp1252", "latin-1") or decoder.getstate()[0] or not raw.isascii():
                data = _decode(file, decoder, codec, raw, line)
            if b"\0" in data:
                raise _nul(file, line + count_lines(data[: data.index(b"\0")]))
            if data:
                yield data
                line += count_lines(data)
            if not raw:
                return


def count_lines(data: bytes) -> int:
    """How many lines end in this text, however they end."""
    ends = data.count(b"\n")
    returns = data.count(b"\r")
    return ends + returns - data.count(b"\r\n") if returns else ends


def _decode(
    file: str, decoder: codecs.IncrementalDecoder, codec: str, raw: bytes, line: int
) -> bytes:
    try:
        return decoder.decode(raw, not raw).encode("utf-8", "surrogatepass")
    except UnicodeDecodeError as problem:
        before = problem.object[: problem.start].decode(codec, "replace").encode("utf-8", "replace")
        bad = problem.object[problem.start : problem.start + 1]
        raise FileRefused(
            file,
            f"the byte 0x{bad.hex()} is not {codec} text",
            line=line + count_lines(before),
            remedy="Ask for the file in the agreed encoding, or declare the one it has under "
            "`encoding` in the contract.",
        ) from None


def _nul(file: str, line: int) -> FileRefused:
    return FileRefused(
        file,
        "contains a NUL character: it is damaged, or UTF-16 without a byte order mark",
        line=line,
        remedy="Ask for the file again, or declare utf-16-le or utf-16-be in the contract.",
    )
