"""The text of a sheet cut between its rows: each slice is a sheet of its own, of some megabytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from outturn.errors import FileRefused
from outturn.load.book import SPLIT, refuse_entities
from outturn.load.sheet_texts import Texts
from outturn.load.sheet_xml import Survey, Surveyor

SLICE_BYTES = 2 << 20
MAX_ROW_BYTES = 16 << 20

_DATA = re.compile(rb"<((?:\w+:)?)sheetData(?:\s[^>]*)?>")
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)


@dataclass(frozen=True)
class Slice:
    """A sheet of some rows as XML, and what they say."""

    text: bytes
    says: Survey


def slices(file: str, stream: IO[bytes], texts: Texts | None) -> Iterator[Slice]:
    """The slices of a sheet in their order; `texts` are put into their cells.

    Raises FileRefused for what has no sound rows.
    """
    head, prefix, rest = _head(file, stream)
    end = b"</%bsheetData></%bworksheet>" % (prefix, prefix)
    surveyor = Surveyor(file, prefix)
    after = 0
    for text in _row_texts(file, stream, prefix, rest):
        says, rows = surveyor.survey(text, after)
        if texts is not None:
            rows = texts.put_into(rows, prefix)
        mark = b'<%brow r="%d"/>' % (prefix, after) if after and says.is_counted else b""
        yield Slice(b"".join((head, mark, rows, end)), says)
        after = says.last_row


def _head(file: str, stream: IO[bytes]) -> tuple[bytes, bytes, bytes]:
    """A sheet's text up to its rows, the prefix of its names, and what was read beyond."""
    text, data = b"", b" "
    while data and len(text) <= MAX_ROW_BYTES:
        data = stream.read(SLICE_BYTES)
        text += data
        plain = _COMMENT.sub(lambda comment: b" " * len(comment[0]), text)
        if found := _DATA.search(plain):
            head, prefix, rest = plain[: found.end()], found[1], text[found.end() :]
            refuse_entities(file, head)
            if head.endswith(b"/>"):
                return head, prefix, b"</%bsheetData>" % prefix
            return head, prefix, rest
    refuse_entities(file, text)
    raise FileRefused(file, "cannot be read as a workbook (a sheet without a table of cells)")


def _row_texts(file: str, stream: IO[bytes], prefix: bytes, rest: bytes) -> Iterator[bytes]:
    """Whole rows, some megabytes at a time; nothing for a sheet without any.

    The part is read to its end, for only there is it known that nothing was damaged.
    """
    row_end, data_end = b"</%brow>" % prefix, b"</%bsheetData" % prefix
    while (end := rest.find(data_end)) < 0:
        cut = rest.rfind(row_end) + len(row_end)
        if cut >= len(row_end) and len(rest) >= SLICE_BYTES:
            yield rest[:cut]
            rest = rest[cut:]
        elif len(rest) > MAX_ROW_BYTES:
            raise FileRefused(file, f"has a row of more than {len(rest) >> 20} MB", remedy=SPLIT)
        data = stream.read(SLICE_BYTES)
        if not data:
            raise FileRefused(file, "cannot be read as a workbook (its rows do not end)")
        rest += data
    if rest[:end].strip():
        yield rest[:end]
    while stream.read(SLICE_BYTES):
        pass
