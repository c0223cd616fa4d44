"""The text of a sheet cut between its rows: each slice is a sheet of its own, of some megabytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import IO

from outturn.errors import FileRefused
from outturn.load.book import SPLIT, refuse_encoding, refuse_entities
from outturn.load.sheet_texts import MAX_ROW_BYTES, Texts
from outturn.load.sheet_xml import Survey, Surveyor

SLICE_BYTES = 2 << 20
# The reader makes room for all rows between the first and the last of a slice.
MAX_ROWS = 1 << 16

_DATA = re.compile(rb"<((?:\w+:)?)sheetData(?:\s[^<>]*)?>")
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)


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
    found = _row_texts(file, stream, prefix, rest)
    if texts is not None:
        found = chain.from_iterable(texts.put_into(rows, prefix) for rows in found)
    for text in chain.from_iterable(_near_rows(surveyor, rows, prefix) for rows in found):
        says, rows = surveyor.survey(text, after)
        mark = b'<%brow r="%d"/>' % (prefix, after) if after and says.is_counted else b""
        yield Slice(b"".join((head, mark, rows, end)), says)
        after = says.last_row


def _near_rows(surveyor: Surveyor, rows: bytes, prefix: bytes) -> Iterator[bytes]:
    """The rows in pieces of which none reaches far, for a value may stand in a sheet's last row."""
    first, last = surveyor.ends(rows)
    row_end = b"</%brow>" % prefix
    middle = len(rows) // 2
    cut = rows.rfind(row_end, 0, middle) + len(row_end)
    if cut < len(row_end):
        cut = rows.find(row_end, middle) + len(row_end)
    if last - first < MAX_ROWS or cut < len(row_end) or not rows[cut:].strip():
        yield rows
    else:
        yield from _near_rows(surveyor, rows[:cut], prefix)
        yield from _near_rows(surveyor, rows[cut:], prefix)


def _head(file: str, stream: IO[bytes]) -> tuple[bytes, bytes, bytes]:
    """What opens a slice, the prefix of the sheet's names, and what was read of its rows.

    What a sheet says before its rows, of columns and views, counts for nobody here.
    """
    text, data = b"", b" "
    while data and len(text) <= MAX_ROW_BYTES:
        data = stream.read(SLICE_BYTES)
        text += data
        refuse_encoding(file, text[:200])
        plain = _COMMENT.sub(lambda comment: b" " * len(comment[0]), text)
        if found := _DATA.search(plain):
            refuse_entities(file, text[: found.end()])
            prefix, is_empty = found[1], found[0].endswith(b"/>")
            head = b"<%bworksheet><%bsheetData>" % (prefix, prefix)
            return head, prefix, b"</%bsheetData>" % prefix if is_empty else text[found.end() :]
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
