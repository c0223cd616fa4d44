"""The archive keeps every byte once, read-only, and never a part of a file."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from outturn import archive
from outturn.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def files_of(settings: Settings) -> list[Path]:
    return [path for path in (settings.home / "archive").rglob("*") if path.is_file()]


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(content=st.binary(max_size=5000))
def test_what_goes_in_comes_out_under_its_hash(settings: Settings, content: bytes) -> None:
    archived = archive.store(settings, io.BytesIO(content))
    path = archive.path_of(settings, archived.sha256)
    assert archived == archive.Archived(hashlib.sha256(content).hexdigest(), len(content))
    assert path.read_bytes() == content
    assert stat.S_IMODE(path.stat().st_mode) == 0o444


def test_the_same_bytes_twice_are_one_file_that_was_not_touched(settings: Settings) -> None:
    first = archive.store(settings, io.BytesIO(b"a"))
    before = archive.path_of(settings, first.sha256).stat()
    archive.store(settings, io.BytesIO(b"a"))
    after = archive.path_of(settings, first.sha256).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert len(files_of(settings)) == 1


def test_a_stream_that_breaks_leaves_nothing(settings: Settings) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise ConnectionResetError
            return super().read(3)

    with pytest.raises(ConnectionResetError):
        archive.store(settings, Broken(b"abcdef"))
    assert files_of(settings) == []


def test_what_verify_refuses_gets_no_name(settings: Settings) -> None:
    def refuse(_: archive.Archived) -> None:
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        archive.store(settings, io.BytesIO(b"a"), refuse)
    assert files_of(settings) == []


def test_a_damaged_copy_is_replaced(settings: Settings) -> None:
    path = archive.path_of(settings, hashlib.sha256(b"whole").hexdigest())
    path.parent.mkdir(parents=True)
    path.write_bytes(b"who")
    archive.store(settings, io.BytesIO(b"whole"))
    assert path.read_bytes() == b"whole"


def test_only_what_nobody_writes_to_any_more_is_swept(settings: Settings) -> None:
    incoming = settings.home / "archive" / archive.INCOMING
    incoming.mkdir(parents=True)
    (incoming / "old").touch()
    (incoming / "new").touch()
    long_ago = time.time() - 2 * archive.ABANDONED_SECONDS
    os.utime(incoming / "old", (long_ago, long_ago))
    assert archive.sweep(settings) == 1
    assert [path.name for path in incoming.iterdir()] == ["new"]
