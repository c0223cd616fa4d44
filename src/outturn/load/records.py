"""The exact reading of delimited text: records, their lines and what is wrong with them.

The fast engine reads well-formed blocks; this decides everything else, and both agree on what
they accept. Rules: a record ends at LF, CR or CRLF outside quotes; a quoted cell may contain
delimiters, line ends and doubled quotes; spaces around a quoted cell are not part of it; a quote
inside an unquoted cell is an ordinary character. Anything else is a fault of that one line, and
reading goes on with the next; between two quotes of which one may be astray, of every line.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, replace
from functools import cache

from outturn.load.cells import ASCII_SPACE, is_blank

MAX_RECORD_BYTES = 4 << 20
MAX_RECORD_LINES = 1_000

_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it stands in the file. `cells` is empty when `fault` says why.

    `end` is the position after it (characters), where text was read.
    """

    line: int
    raw: str
    cells: tuple[str, ...]
    fault: str | None = None
    end: int = 0


def tokenise(
    text: str, delimiter: str, first_line: int, *, final: bool, limit: int = sys.maxsize
) -> tuple[list[Record], int]:
    """The first records of a text, about `limit` at most, and how many characters they take up.

    With `final` everything is read; otherwise a record that does not end in the text is left.
    Empty lines are no records.
    """
    records: list[Record] = []
    position, line = 0, first_line
    while position < len(text) and len(records) < limit:
        found = _one(text, position, line, delimiter, final=final)
        if found is None:
            break
        read, end, lines = found
        records += [replace(record, end=end) for record in read]
        position, line = end, line + lines
    return records, position


def is_blank_record(record: Record) -> bool:
    """Whether a record says nothing at all: it is not counted and has no number."""
    return record.fault is None and all(map(is_blank, record.cells))


def split_lines(lines: list[str], delimiter: str, first_line: int) -> list[Record]:
    """The records of lines without a quote; those that say nothing are left out."""
    nothing = ASCII_SPACE + delimiter
    return [
        Record(number, line, tuple(line.split(delimiter)))
        for number, line in enumerate(lines, first_line)
        if line.strip(nothing)
    ]


def split_simple(line: str, delimiter: str, number: int) -> Record:
    """The one record of a line that is known to hold exactly one."""
    if '"' not in line:
        return Record(number, line, tuple(line.split(delimiter)))
    return tokenise(line, delimiter, number, final=True)[0][0]


def _one(
    text: str, position: int, line: int, delimiter: str, *, final: bool
) -> tuple[list[Record], int, int] | None:
    """(record, where it ends, its lines), or None when it does not end in this text.

    An empty line is no record; several are the lines of which nobody can tell what they are.
    """
    first = _line_at(text, position)
    if not final and not _ends_line(text, first):
        return None
    raw = text[position:first].rstrip("\r\n")
    if '"' not in raw:
        simple = [Record(line, raw, tuple(raw.split(delimiter)))] if raw else []
        return simple, first, 1
    cells, end, fault = _cells(text, position, delimiter)
    if fault == _OPEN and not final and len(text) - position < MAX_RECORD_BYTES:
        return None
    if fault is not None:
        return [Record(line, raw, (), fault)], first, 1
    after = _after_line_end(text, end)
    if not final and not _ends_line(text, after):
        return None
    record_text = text[position:end]
    lines = _count_lines(record_text)
    return _whole(Record(line, record_text, cells), delimiter, lines), after, lines


def _whole(record: Record, delimiter: str, lines: int) -> list[Record]:
    """A record with quotes as it is, or its lines where nobody can tell what they are."""
    if lines == 1:
        return [record]
    fault = _swallowed(record.raw, delimiter, len(record.cells), lines)
    if fault is None:
        return [record]
    parts = enumerate(_split_lines(record.raw), record.line)
    return [Record(number, part, (), fault) for number, part in parts if part]


_OPEN = "a quote is opened and never closed"


def _cells(text: str, position: int, delimiter: str) -> tuple[tuple[str, ...], int, str | None]:
    """The cells of a record with quotes, where it ends (before its line end), and its fault."""
    quoted, plain = _patterns(delimiter)
    cells: list[str] = []
    while True:
        match = quoted.match(text, position)
        if match:
            if match["close"] is None:
                return (), len(text), _OPEN
            cells.append(match["cell"].replace('""', '"'))
            position = match.end()
            if position < len(text) and text[position] not in (delimiter, "\r", "\n"):
                return (), position, "text follows a closing quote"
        else:
            match = plain.search(text, position)
            end = match.start() if match else len(text)
            cells.append(text[position:end])
            position = end
        if position < len(text) and text[position] == delimiter:
            position += 1
            continue
        return tuple(cells), position, None


@cache
def _patterns(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    quoted = re.compile(r' *"(?P<cell>(?:[^"]+|"")*+)(?P<close>"(?!") *)?')
    return quoted, re.compile(f"[{re.escape(delimiter)}\r\n]")


def _swallowed(text: str, delimiter: str, width: int, lines: int) -> str | None:
    """A record over several lines of which an inner one is itself a record.

    Either a quote is astray, or a cell holds what looks like records: none of it is taken.
    """
    stands = "stands between quotes"
    if len(text) > MAX_RECORD_BYTES:
        return f"{stands} that are more than {MAX_RECORD_BYTES >> 20} MB apart: one may be astray"
    if lines > MAX_RECORD_LINES:
        return f"{stands} that are {lines} lines apart: one may be astray"
    inner = _split_lines(text)[1:-1]
    if width > 2 and any(_is_record(one, delimiter, width) for one in inner):
        return f"{stands}, {lines} lines apart, with what looks like records: one may be astray"
    return None


def _is_record(line: str, delimiter: str, width: int) -> bool:
    cells, end, fault = _cells(line, 0, delimiter)
    return fault is None and end == len(line) and len(cells) == width


def _split_lines(text: str) -> list[str]:
    return re.split(r"\r\n|\r|\n", text)


def _count_lines(text: str) -> int:
    return len(_split_lines(text)) if "\n" in text or "\r" in text else 1


def _line_at(text: str, position: int) -> int:
    match = _LINE_END.search(text, position)
    return match.end() if match else len(text)


def _ends_line(text: str, end: int) -> bool:
    """Whether the line before `end` is over: a CR at the very end may be half a CRLF."""
    return end > 0 and (text[end - 1] == "\n" or (text[end - 1] == "\r" and end < len(text)))


def _after_line_end(text: str, position: int) -> int:
    if text.startswith("\r\n", position):
        return position + 2
    return min(position + 1, len(text))
