"""Delimited text as blocks of whole lines, with its header found and its trailer taken off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from outturn.contracts import Contract, Form
from outturn.errors import FileRefused
from outturn.load.blocks import BLOCK_BYTES, BLOCK_LINES, Block, ControlRecord, RowsBlock, TextBlock
from outturn.load.cells import ASCII_SPACE
from outturn.load.header import SEARCHED_ROWS, Layout, find_header
from outturn.load.records import MAX_RECORD_BYTES, Record, split_simple, tokenise
from outturn.load.text import Opener, choose_encoding, count_lines, utf8_chunks

# Kept back until the end is known, so that the trailer is never cut off from its file.
KEPT_BACK = 64 << 10
BYTE_ORDER_MARK = "\ufeff".encode()


class DelimitedText:
    """One CSV file. `layout` is known at once, `trailer` when all blocks have been read."""

    def __init__(self, file: str, contract: Contract, form: Form, opener: Opener) -> None:
        """Reads up to the header. Raises FileRefused."""
        self._file, self._form = file, form
        codec, skip = choose_encoding(file, opener, form.encodings)
        self._chunks = utf8_chunks(file, opener, codec, skip)
        self._data = b""
        self._line = 1
        self.trailer: ControlRecord | None = None
        self.layout = self._read_header(contract)

    def blocks(self) -> Iterator[Block]:
        """The records in blocks, in the file's order. Raises FileRefused for a truncated file."""
        size = BLOCK_BYTES
        while self._fill(size):
            held = len(self._data)
            self._refuse_giant_line()
            cut = self._last_line_end(held - KEPT_BACK)
            if cut > 0:
                yield from self._take(cut, final=False)
            # Where nothing could be taken more is needed, and at the text's end all is final.
            size = BLOCK_BYTES + (held if len(self._data) == held else 0)
        self._refuse_giant_line()
        self._end()
        while self._data:
            yield from self._take(len(self._data), final=True)

    def _fill(self, size: int) -> bool:
        """Read until so many bytes are there; False when the text ends before."""
        pieces, length = [self._data], len(self._data)
        while length < size:
            piece = next(self._chunks, None)
            if piece is None:
                break
            pieces.append(piece)
            length += len(piece)
        self._data = b"".join(pieces)
        return length >= size

    def _last_line_end(self, limit: int) -> int:
        """Where the last whole line before `limit` ends; 0 when there is none."""
        end = self._data.rfind(b"\n", 0, max(limit, 0)) + 1
        if end or b"\n" in self._data:
            return end
        return self._data.rfind(b"\r", 0, max(limit, 0)) + 1

    def _take(self, cut: int, *, final: bool) -> Iterator[Block]:
        """A block up to `cut`, or shorter. Where the cut may be inside of quotes it is sought."""
        data = self._data[:cut]
        newline, lines = _newline(data)
        if lines > BLOCK_LINES:
            shorter = self._last_line_end(cut * BLOCK_LINES // lines)
            if 0 < shorter < cut:
                yield from self._take(shorter, final=final)
                return
        if b'"' in data and not self._ends_record(data, is_end=final and cut == len(self._data)):
            yield from self._take_exactly(final=final)
            return
        self._data = self._data[cut:]
        yield TextBlock(data, newline, lines, self._line, self._is_certain(data, newline))
        self._line += lines

    def _ends_record(self, data: bytes, *, is_end: bool) -> bool:
        """Whether a block with quotes ends with a record, and not inside of one of several lines.

        An even number of quotes alone proves nothing: one before may be astray.
        """
        if data.count(b'"') % 2 == 1:
            return False
        last = _last_line(data.rstrip(b"\r\n")).decode()
        record = split_simple(last, self._form.delimiter, self._line)
        return is_end or (record.fault is None and len(record.cells) >= self.layout.width > 1)

    def _take_exactly(self, *, final: bool) -> Iterator[Block]:
        text = self._data.decode()
        kept = 0 if final else max(len(text) - KEPT_BACK, 1)
        records, used = tokenise(
            text, self._form.delimiter, self._line, final=final, limit=BLOCK_LINES
        )
        if not final:
            records = [record for record in records if record.end <= kept]
            used = records[-1].end if records else 0
        taken = text[:used].encode()
        self._line += count_lines(taken)
        self._data = self._data[len(taken) :]
        yield RowsBlock(records)

    def _read_header(self, contract: Contract) -> Layout:
        self._fill(1)
        if not self._data.strip():
            raise FileRefused(self._file, "is empty")
        self._fill(KEPT_BACK)
        wanted = (self._form.header_row or SEARCHED_ROWS) + 1
        records = self._first_records(wanted)
        rows = [(record.line, record.cells) for record in records]
        index, layout = find_header(self._file, contract, self._form, rows)
        text = self._data.decode()[: records[index].end]
        used = text.encode()
        self._line += count_lines(used)
        self._data = self._data[len(used) :]
        return layout

    def _first_records(self, wanted: int) -> list[Record]:
        """The first records of the file: as many as the header may be among."""
        text = self._data.decode()
        position, lines = 0, 0
        while lines < wanted + 20 and position < len(text):
            end = min(
                (e for e in (text.find("\n", position), text.find("\r", position)) if e >= 0),
                default=-1,
            )
            if end < 0:
                position = len(text)
                break
            position, lines = end + 1, lines + 1
        if position > MAX_RECORD_BYTES:
            raise self._too_long(1)
        records, _ = tokenise(text[:position], self._form.delimiter, 1, final=True)
        return records[:wanted]

    def _end(self) -> None:
        """Take off the trailer and see to it that the file ends where its sender ended it."""
        has_end = self._data.endswith((b"\n", b"\r")) or not self._data
        stripped = self._said()
        wanted = self._form.trailer
        if wanted is not None and stripped:
            last = _last_line(stripped)
            line = self._line + count_lines(stripped)
            record = split_simple(last.decode(), self._form.delimiter, line)
            if wanted.marks(record.cells):
                self.trailer = ControlRecord(line, record.cells)
                self._data = stripped[: len(stripped) - len(last)]
        if self.trailer is None:
            self._refuse_truncated(has_end=has_end)
        if self._data and not self._data.endswith((b"\n", b"\r")):
            self._data += b"\n" if b"\r" not in self._data else b"\r\n"

    def _refuse_truncated(self, *, has_end: bool) -> None:
        wanted = self._form.trailer
        line = self._line + count_lines(self._data.rstrip(b"\r\n"))
        if wanted is not None and not wanted.optional:
            raise FileRefused(
                self._file,
                f"does not end with the control record {wanted.marker!r}: it is cut short",
                line=line,
                remedy="Ask the sender for the whole file; it heals by itself.",
            )
        if not has_end and self._form.final_newline_required:
            raise FileRefused(
                self._file,
                "its last line does not end: it may be cut short",
                line=line,
                remedy="Ask the sender for the whole file. If this sender's files never end with a "
                "line end, declare `finalNewline: optional` for the form in the contract.",
            )

    def _is_certain(self, data: bytes, newline: str | None) -> bool:
        if newline is None or b'"' in data or data[0] <= ord(" "):
            return False
        if data.startswith(self._form.delimiter.encode()):
            return False
        return not _maybe_blank(newline, self._form.delimiter).search(data)

    def _said(self) -> bytes:
        """The text up to the end of the last line that says something."""
        nothing = (ASCII_SPACE + self._form.delimiter).encode()
        length = len(self._data.rstrip(nothing))
        found = (self._data.find(end, length) for end in (b"\n", b"\r"))
        end = min((at for at in found if at >= 0), default=len(self._data))
        return self._data[:end] if length else b""

    def _refuse_giant_line(self) -> None:
        """Look where no line that is too long can hide: at each multiple of what is allowed."""
        for at in range(MAX_RECORD_BYTES, len(self._data), MAX_RECORD_BYTES):
            start, end = self._line_around(at, b"\n")
            if end - start > MAX_RECORD_BYTES:  # only then is it worth looking for the other end
                other = self._line_around(at, b"\r")
                start, end = max(start, other[0]), min(end, other[1])
            if end - start > MAX_RECORD_BYTES:
                raise self._too_long(self._line + count_lines(self._data[:start]))

    def _line_around(self, at: int, line_end: bytes) -> tuple[int, int]:
        end = self._data.find(line_end, at)
        return self._data.rfind(line_end, 0, at) + 1, len(self._data) if end < 0 else end

    def _too_long(self, line: int) -> FileRefused:
        return FileRefused(
            self._file,
            f"a line is longer than {MAX_RECORD_BYTES >> 20} MB: it is no delimited text",
            line=line,
        )


def _last_line(data: bytes) -> bytes:
    return data[max(data.rfind(b"\n"), data.rfind(b"\r")) + 1 :]


@cache
def _maybe_blank(newline: str, delimiter: str) -> re.Pattern[bytes]:
    """A line that may be blank, from the end of the one before: cheap to look for."""
    first = re.escape(delimiter.encode())
    return re.compile(re.escape(newline.encode()) + b"[\\x00-\\x20" + first + b"]")


def _newline(data: bytes) -> tuple[str | None, int]:
    """How all lines end, None for several ways or a byte order mark at the start; and the lines."""
    ends, returns, pairs = data.count(b"\n"), 0, 0
    if b"\r" in data:
        returns, pairs = data.count(b"\r"), data.count(b"\r\n")
    lines = ends + returns - pairs
    if data.startswith(BYTE_ORDER_MARK):
        return None, lines
    if lines == pairs:
        return "\r\n", lines
    if not returns:
        return "\n", lines
    return None if ends else "\r", lines
