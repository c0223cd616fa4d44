"""What a file shows of itself: kind, encoding, delimiter, sheets, and where its header may be.

Only for telling a person and for drafting a contract: a load goes by what is declared. DuckDB
finds delimiter and quote; encoding and rows are read as the loader reads them.
"""

from __future__ import annotations

import io
import json
import re
import tempfile
import zipfile
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

from outturn.errors import FileRefused
from outturn.load.book import open_book
from outturn.load.cells import is_blank
from outturn.load.records import tokenise
from outturn.load.scratch import scratch_folder
from outturn.load.sheet_cells import as_text
from outturn.load.sheet_rows import Rows, sheet_rows
from outturn.load.text import choose_encoding, utf8_chunks

SHOWN_ROWS = 60
# A title with a comma in it has fewer cells than the header below; a header may lack one or two.
WIDE_ENOUGH = 0.75
SAMPLE_CHARACTERS = 400_000
DELIMITERS = (",", ";", "\t", "|")

Row = tuple[int, tuple[str, ...]]


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook, with its first rows."""

    name: str
    is_visible: bool
    height: int
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Seen:
    """What a file shows. `rows` are its first ones, each with its line; `trouble` why none."""

    kind: str
    encoding: str | None = None
    has_mark: bool = False
    delimiter: str | None = None
    quote: str | None = None
    ends: bool = True
    rows: tuple[Row, ...] = ()
    sheets: tuple[Sheet, ...] = ()
    trouble: str | None = None

    @property
    def header(self) -> Row | None:
        """The first row that looks like a header, None when none does."""
        return likely_header(self.rows)


def look_at(path: Path) -> Seen:
    """What a file shows of itself; a file that cannot be read at all says why in `trouble`."""
    with path.open("rb") as stream:
        start = stream.read(4_096)
    if start.startswith(b"PK"):
        return _zip_or_workbook(path)
    try:
        return _text(path, start)
    except FileRefused as problem:
        return Seen("text", trouble=problem.reason)


def likely_header(rows: Sequence[Row]) -> Row | None:
    """The first row about as wide as those below it, of words that mostly differ, no numbers."""
    filled = [sum(not is_blank(cell) for cell in cells) for _, cells in rows]
    for index, row in enumerate(rows):
        below = [count for count in filled[index + 1 :] if count] or [filled[index]]
        if not filled[index] or filled[index] < median(below) * WIDE_ENOUGH:
            continue
        words = [cell.strip().casefold() for cell in row[1] if not is_blank(cell)]
        are_words = all(re.search(r"[^\W\d_]", word) for word in words)
        return row if are_words and len(set(words)) * 2 > len(words) else None
    return None


def _text(path: Path, start: bytes) -> Seen:
    opener = partial(io.FileIO, path)
    declared: tuple[str, ...] = ("utf-8", "cp1252", "latin-1")
    if b"\0" in start and not start.startswith((b"\xff\xfe", b"\xfe\xff")):
        declared = ("utf-16-le",) if start[1:2] == b"\0" else ("utf-16-be",)
    codec, skip = choose_encoding(path.name, opener, declared)
    text = ""
    for piece in utf8_chunks(path.name, opener, codec, skip):
        text += piece.decode()
        if len(text) > SAMPLE_CHARACTERS:
            text = text[: text.rfind("\n", 0, SAMPLE_CHARACTERS) + 1] or text[:SAMPLE_CHARACTERS]
            break
    ends = _ends(path, codec)
    if codec == "utf-8" and text.isascii() and len(text) == path.stat().st_size:
        codec = "ascii"
    if text.lstrip().startswith("{"):
        return Seen("jsonl", codec, bool(skip), ends=ends, rows=_json_rows(text))
    delimiter, quote = _dialect(text)
    delimiter = max((delimiter, *DELIMITERS), key=lambda one: _agreeing(text, one))
    records, _ = tokenise(text, delimiter or ",", 1, final=True, limit=SHOWN_ROWS)
    rows = tuple((record.line, record.cells) for record in records)
    return Seen("csv", codec, bool(skip), delimiter, quote, ends, rows)


def _agreeing(text: str, delimiter: str | None) -> int:
    """How many of the first records have the same number of cells, which are more than one."""
    if delimiter is None or len(delimiter) > 1:
        return 0
    records, _ = tokenise(text, delimiter, 1, final=True, limit=SHOWN_ROWS)
    widths = Counter(len(record.cells) for record in records if len(record.cells) > 1)
    return max(widths.values(), default=0)


def _ends(path: Path, codec: str) -> bool:
    with path.open("rb") as stream:
        stream.seek(max(path.stat().st_size - 4, 0))
        end = stream.read()
    return end.decode(codec, "ignore").endswith(("\n", "\r"))


def _dialect(text: str) -> tuple[str | None, str | None]:
    """Delimiter and quote as DuckDB finds them; None for what it does not find."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8", newline="") as sample:
        sample.write(text)
        sample.flush()
        query = (
            "select delimiter, quote from sniff_csv(?, sample_size = 5000, all_varchar = true, "
            "ignore_errors = true, null_padding = true)"
        )
        try:
            with duckdb.connect() as connection:
                row = connection.execute(query, [sample.name]).fetchone()
        except duckdb.Error:
            return None, None
    delimiter, quote = row or (None, None)
    return delimiter, None if quote == "(empty)" else quote


def _json_rows(text: str) -> tuple[Row, ...]:
    """The keys of all objects as a header, then the objects' values."""
    objects: list[tuple[int, dict[str, Any]]] = []
    for number, line in enumerate(text.split("\n"), 1):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            objects.append((number, value))
    keys = list(dict.fromkeys(key for _, one in objects for key in one))
    found = [(n, tuple(str(one.get(key, "")) for key in keys)) for n, one in objects[:SHOWN_ROWS]]
    return ((0, tuple(keys)), *found) if keys else ()


def _zip_or_workbook(path: Path) -> Seen:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as problem:
        return Seen("zip", trouble=f"is a damaged zip ({problem})")
    if "[Content_Types].xml" not in names:
        return Seen("zip", trouble=f"is a zip of {', '.join(names[:5])}: unpack it to see more")
    try:
        sheets = _sheets(path)
    except FileRefused as problem:
        return Seen("xlsx", trouble=problem.reason)
    shown = [sheet for sheet in sheets if sheet.is_visible] or list(sheets)
    best = max(shown, key=lambda sheet: sheet.height, default=None)
    return Seen("xlsx", rows=best.rows if best else (), sheets=sheets)


def _sheets(path: Path) -> tuple[Sheet, ...]:
    """Every sheet with its first rows. Raises FileRefused for what a load refuses, before it."""
    found = []
    with open_book(path.name, path) as book:
        for one in book.sheets:
            with scratch_folder() as folder, closing(sheet_rows(book, one, folder)) as slices:
                first = next(slices, Rows([], []))
            shown = (tuple(map(as_text, cells)) for cells in first.cells[:SHOWN_ROWS])
            rows = tuple(zip(first.numbers, shown, strict=False))
            found.append(Sheet(one.name, one.is_visible, len(first), rows))
    return tuple(found)
