"""A source's manifest: `manifest.csv` beside the files, which says when each was received.

Columns: `file_name`, `received_at` (ISO 8601; without an offset it is Europe/London; a date alone
is the start of that day) and optionally `sha256`, which proves that a file arrived whole.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from outturn.errors import ManifestInvalid

MANIFEST_NAME = "manifest.csv"
LONDON = ZoneInfo("Europe/London")

_REQUIRED = ("file_name", "received_at")
_KNOWN = (*_REQUIRED, "sha256")
_DATE_OR_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?)?"
)


@dataclass(frozen=True)
class Entry:
    """What the manifest says of one file."""

    received_at: datetime
    sha256: str | None


def parse(lines: Iterable[str], file: str) -> dict[str, Entry]:
    """The manifest's entries by file name. Raises ManifestInvalid at the first fault.

    A file name may stand twice only with the same words: two times for one file is a fault.
    """
    entries: dict[str, Entry] = {}
    for line, row in _rows(lines, file):
        name = row["file_name"]
        entry = Entry(
            received_at=parse_received_at(row["received_at"], file=file, line=line),
            sha256=_parse_hash(row.get("sha256", ""), file, line),
        )
        if not name or "/" in name or "\\" in name:
            raise ManifestInvalid(file, line, "file_name", name, "a plain file name is expected")
        if entries.setdefault(name, entry) != entry:
            raise ManifestInvalid(file, line, "file_name", name, "the file is listed twice")
    return entries


def parse_received_at(text: str, *, file: str, line: int = 1) -> datetime:
    """A moment with its offset, from ISO 8601 text; London time where the text has no offset."""
    try:
        moment = datetime.fromisoformat(text) if _DATE_OR_TIME.fullmatch(text) else None
    except ValueError:
        moment = None
    if moment is None:
        what = "a date and time such as 2016-02-05T09:30 is expected"
        raise ManifestInvalid(file, line, "received_at", text, what)
    return moment if moment.tzinfo else moment.replace(tzinfo=LONDON)


def _rows(lines: Iterable[str], file: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(lines, strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        _check_header(header, file)
        for cells in reader:
            values = [cell.strip() for cell in cells]
            if any(values):
                yield reader.line_num, _as_row(header, values, file, reader.line_num)
    except csv.Error as error:
        raise ManifestInvalid(file, reader.line_num, "-", "", f"not CSV: {error}") from error
    except UnicodeDecodeError as error:
        raise ManifestInvalid(file, reader.line_num + 1, "-", "", "not UTF-8") from error


def _check_header(header: list[str], file: str) -> None:
    for column in _REQUIRED:
        if column not in header:
            raise ManifestInvalid(file, 1, column, ",".join(header), "the column is missing")
    for position, column in enumerate(header):
        if column not in _KNOWN or column in header[:position]:
            raise ManifestInvalid(file, 1, column, column, "the column is unknown or repeated")


def _as_row(header: list[str], values: list[str], file: str, line: int) -> dict[str, str]:
    if len(values) > len(header):
        extra = values[len(header)]
        raise ManifestInvalid(file, line, str(len(header) + 1), extra, "more cells than columns")
    return dict(zip(header, values + [""] * (len(header) - len(values)), strict=True))


def _parse_hash(text: str, file: str, line: int) -> str | None:
    if text and not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise ManifestInvalid(file, line, "sha256", text, "64 hexadecimal digits are expected")
    return text.lower() or None
