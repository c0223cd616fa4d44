"""Brings a generated sample to the landing folder as its senders would: in time's order.

A file appears whole (written beside, then renamed) and carries the time at which it was received.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from outturn.errors import NotReady
from outturn.timetable import LONDON, working_day

MANIFEST = "manifest.csv"
HEADER = ("file_name", "received_at", "sha256")
# By the end of this working day of the month after, a month's regular files have come.
LAST_WORKING_DAY = 12
PERIOD = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Item:
    """One file of the sample, with the line of its sender's manifest."""

    source: str
    name: str
    received_at: datetime
    line: tuple[str, ...]


@dataclass(frozen=True)
class Batch:
    """What arrives until one moment: the history, or what one more month brought."""

    title: str
    items: tuple[Item, ...]


def items(folder: Path) -> list[Item]:
    """Every file that the sample's manifests name, in the order in which they were received.

    Raises NotReady when the folder holds no sample.
    """
    found = [item for path in sorted(folder.glob(f"*/{MANIFEST}")) for item in _of_source(path)]
    if not found:
        raise NotReady(f"{folder} holds no sample.", remedy="Delete it and run the demo again.")
    return sorted(found, key=lambda item: (item.received_at, item.source, item.name))


def batches(found: Sequence[Item], months: int = 3) -> list[Batch]:
    """The history, then the last months one by one: each with whatever came in until its close.

    A late file and a restated month so fall into the batch of the month in which they came; what
    comes after the last month's close comes with it.
    """
    last = max(match for item in found for match in PERIOD.findall(item.name))
    closes = [_close(_earlier(last, months - number)) for number in range(months)]
    periods = [_earlier(last, months - 1 - number) for number in range(months)]
    always = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    bounds = [always[0], *closes, always[1]]
    titles = [f"History to {_earlier(last, months)}", *periods]
    made = []
    for title, (begin, end) in zip(titles, pairwise(bounds), strict=True):
        chosen = [item for item in found if begin < item.received_at <= end]
        made.append(Batch(title, tuple(chosen)))
    return made


def deliver(folder: Path, landing: Path, batch: Batch) -> int:
    """Put a batch's files into the landing folder; how many were not there yet.

    Each source's manifest comes first, so that no file is taken without the time it names.
    """
    new = [item for item in batch.items if not (landing / item.source / item.name).exists()]
    for source in sorted({item.source for item in new}):
        target = landing / source
        target.mkdir(parents=True, exist_ok=True)
        _extend_manifest(target / MANIFEST, [item for item in new if item.source == source])
    for item in new:
        target = landing / item.source / item.name
        partial = target.with_name(f".{item.name}.part")
        shutil.copyfile(folder / item.source / item.name, partial)
        os.utime(partial, (item.received_at.timestamp(),) * 2)
        partial.replace(target)
    return len(new)


def _of_source(manifest: Path) -> list[Item]:
    with manifest.open(newline="", encoding="utf-8") as handle:
        lines = list(csv.reader(handle))[1:]
    return [
        Item(manifest.parent.name, line[0], datetime.fromisoformat(line[1]), tuple(line))
        for line in lines
    ]


def _extend_manifest(path: Path, new: Sequence[Item]) -> None:
    """The manifest with the new lines; a line that is there already is not repeated."""
    lines: list[tuple[str, ...]] = [HEADER]
    if path.exists():
        with path.open(newline="", encoding="utf-8") as handle:
            lines = [tuple(line) for line in csv.reader(handle)]
    lines += [item.line for item in new if item.line not in lines]
    partial = path.with_name(f".{path.name}.part")
    with partial.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle, lineterminator="\n").writerows(lines)
    partial.replace(path)


def _earlier(period: str, months: int) -> str:
    number = int(period[:4]) * 12 + int(period[5:]) - 1 - months
    return f"{number // 12}-{number % 12 + 1:02d}"


def _close(period: str) -> datetime:
    """The end of the working day of the month after by which the month's files have come."""
    after = _earlier(period, -1)
    day = working_day(int(after[:4]), int(after[5:]), LAST_WORKING_DAY)
    return datetime.combine(day, time.max, tzinfo=ZoneInfo(LONDON))
