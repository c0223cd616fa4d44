"""Scratch folders of loads. One that a killed load left behind is removed by the next."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX, HELD = "outturn-load-", "held"


@contextmanager
def scratch_folder(parent: str | None = None) -> Iterator[Path]:
    """A folder of one's own below `parent` (None: the system's), gone afterwards.

    A lock that ends with its process tells a folder in use from one that was left behind.
    """
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=parent) as name:
        folder = Path(name)
        with (folder / HELD).open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            _sweep(folder.parent)
            yield folder


def _sweep(parent: Path) -> None:
    for lock in parent.glob(f"{PREFIX}*/{HELD}"):
        try:
            with lock.open() as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.parent, ignore_errors=True)
        except OSError:
            continue  # in use, gone, or another user's
