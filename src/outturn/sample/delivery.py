"""Writing deliveries as their senders do: spreadsheets and CSV files with titles, £ and trailers.

Every byte depends on the arguments only: XLSX files carry a fixed time inside. A sender's manifest
says when each file was received.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill

from outturn.sample.months import Month, received_at
from outturn.sample.profile import Profile
from outturn.timeless import without_clock

Cell = str | int | float | None


@dataclass
class Outbox:
    """The folder of deliveries, one sub-folder a source, with a manifest each."""

    folder: Path
    profile: Profile
    rows: Counter[str] = field(default_factory=Counter)
    manifest: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.forms = {row["form"]: row for row in self.profile.records("file_forms")}
        for source in {shape["source"] for shape in self.forms.values()}:
            self._clear(self.folder / source)

    def send(
        self, form: str, month: Month, content: bytes, *, rows: int, number: int = 0, wait: int = 0
    ) -> Path:
        """Write one file and its manifest line; `wait` is in working days after the usual day."""
        shape = self.forms[form]
        name = shape["name"].format(period=month.period, number=f"_{number}" if number else "")
        when = received_at(month, int(shape["working_day"]) + wait, shape["local_time"])
        path: Path = self.folder / shape["source"] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        self.manifest.setdefault(shape["source"], []).append((name, when, digest))
        self.rows[form] += rows
        return path

    def _clear(self, folder: Path) -> None:
        """Remove what an earlier sample's manifest lists; nothing else is touched."""
        manifest = folder / "manifest.csv"
        if manifest.exists():
            with manifest.open(encoding="utf-8", newline="") as lines:
                for line in csv.DictReader(lines):
                    (folder / Path(line["file_name"]).name).unlink(missing_ok=True)

    def close(self) -> int:
        """Write the manifests, oldest delivery first; the number of files sent."""
        for source, lines in self.manifest.items():
            ordered = sorted(lines, key=lambda line: (line[1][:10], line[0]))
            content = csv_bytes(
                [("file_name", "received_at", "sha256"), *ordered], encoding="utf-8", end="\n"
            )
            (self.folder / source / "manifest.csv").write_bytes(content)
        return sum(len(lines) for lines in self.manifest.values())


def csv_bytes(
    lines: Iterable[Sequence[Cell]], *, encoding: str = "cp1252", end: str = "\r\n"
) -> bytes:
    """CSV text with minimal quotes in the sender's encoding."""
    out = io.StringIO()
    csv.writer(out, lineterminator=end).writerows(lines)
    return out.getvalue().encode(encoding)


def pounds(pence: int, *, sign: str = "£") -> str:
    """−1234050 as −£12,340.50."""
    whole, rest = divmod(abs(pence), 100)
    return f"{'-' if pence < 0 else ''}{sign}{whole:,}.{rest:02d}"


def bracketed(pence: int) -> str:
    """−1234050 as (12,340.50), as ledgers print credits."""
    text = pounds(abs(pence), sign="")
    return f"({text})" if pence < 0 else text


def plain(pence: int) -> str:
    """−1234050 as −12340.50."""
    whole, rest = divmod(abs(pence), 100)
    return f"{'-' if pence < 0 else ''}{whole}.{rest:02d}"


def sheet_bytes(
    name: str, titles: Sequence[str], header: Sequence[str], lines: Iterable[Sequence[Cell]]
) -> bytes:
    """A sheet with title rows, a header, lines, and two formatted but empty columns after them."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = name
    for title in titles:
        sheet.append([title])
    sheet.append(list(header))
    for column in range(1, len(header) + 3):
        cell = sheet.cell(row=len(titles) + 1, column=column)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DDE3EA")
    for line in lines:
        sheet.append(list(line))
    out = io.BytesIO()
    book.save(out)
    return without_clock(out.getvalue())
