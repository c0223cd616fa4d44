"""The archive: every byte that was ever delivered, once, under its sha256, never changed.

A file is either whole under its final name or not there: it is written under a temporary name,
flushed to disk and then renamed. A process killed at any point leaves at most a temporary file,
which the next round removes once nobody has written to it for an hour.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from outturn.settings import Settings

CHUNK_BYTES = 1 << 20
INCOMING = ".incoming"
ABANDONED_SECONDS = 3600.0


class Readable(Protocol):
    """Anything that gives bytes piece by piece: a local file, an SFTP or S3 stream."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most `size`; empty at the end."""


class Writable(Protocol):
    """Where the copy goes."""

    def write(self, data: bytes, /) -> object:
        """Take some bytes."""


@dataclass(frozen=True)
class Archived:
    """What was stored: the name it has in the archive, and its size in bytes."""

    sha256: str
    size_bytes: int


def path_of(settings: Settings, sha256: str) -> Path:
    """Where the bytes with this hash are: two folders deep, so that no folder grows large."""
    return settings.home / "archive" / sha256[:2] / sha256


def store(
    settings: Settings, stream: Readable, verify: Callable[[Archived], None] = lambda _: None
) -> Archived:
    """Copy a stream into the archive, hashing as it goes; memory is one chunk whatever the size.

    `verify` sees hash and size before the file gets its name, and stops it by raising.
    Storing the same bytes again changes nothing and returns the same answer.
    """
    incoming = settings.home / "archive" / INCOMING
    incoming.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=incoming)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as target:
            archived = _copy(stream, target)
            target.flush()
            os.fchmod(target.fileno(), 0o444)
            os.fsync(target.fileno())
        verify(archived)
        _settle(temporary, path_of(settings, archived.sha256), archived.size_bytes)
    finally:
        temporary.unlink(missing_ok=True)
    return archived


def sweep(settings: Settings) -> int:
    """Remove temporary files that a killed process left behind; how many there were."""
    removed = 0
    for path in (settings.home / "archive" / INCOMING).glob("*"):
        try:
            if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                path.unlink()
                removed += 1
        except FileNotFoundError:
            continue  # its writer finished meanwhile
    return removed


def _copy(stream: Readable, target: Writable) -> Archived:
    digest = hashlib.sha256()
    size = 0
    while chunk := stream.read(CHUNK_BYTES):
        digest.update(chunk)
        target.write(chunk)
        size += len(chunk)
    return Archived(digest.hexdigest(), size)


def _settle(temporary: Path, final: Path, size_bytes: int) -> None:
    """Give the temporary file its final name, unless the same bytes are there already.

    A file of another size under that name is the trace of a damaged disk: it is replaced.
    """
    if final.exists() and final.stat().st_size == size_bytes:
        return
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary.replace(final)
    folder = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
