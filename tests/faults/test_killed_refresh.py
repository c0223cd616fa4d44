"""A refresh that is killed anywhere and run again publishes what an undisturbed one publishes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from outturn.refresh import refresh
from outturn.settings import PROJECT_ROOT, Settings
from tests.conftest import copied_warehouse, marts_checksums, rows

THEIRS = PROJECT_ROOT / "tests" / "warehouse" / "another_organisation"
MONTHS = ("2024-04", "2024-09", "2024-10")

# Where one attempt after the other dies: a function, and at which of its passages.
DEATHS = [
    ("outturn.receive", "register", 4),
    ("outturn.load.loading", "summarise", 2),
    ("outturn.check", "check_file", 3),
    ("outturn.transform", "log.info", 30),
    ("outturn.publish", "_record_figures", 2),
]

KILLED = """
import importlib, os, signal, sys
from outturn.refresh import refresh
from outturn.settings import Settings

*owners, name = sys.argv[2].split(".")
place = importlib.import_module(sys.argv[1])
for owner in owners:
    place = getattr(place, owner)
real, passages = getattr(place, name), [int(sys.argv[3])]

def dying(*arguments, **named):
    passages[0] -= 1
    if not passages[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments, **named)

setattr(place, name, dying)
refresh(Settings(), everything=True)
"""


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some months of another organisation's files."""
    folder = tmp_path_factory.mktemp("landing")
    for source in ("supplier", "finance"):
        (folder / source).mkdir()
        shutil.copy(THEIRS / "landing" / source / "manifest.csv", folder / source)
        for path in (THEIRS / "landing" / source).iterdir():
            if path.stem.endswith(MONTHS):
                shutil.copy(path, folder / source)
    return folder


@pytest.fixture
def pair(
    server_settings: Settings, landing: Path, tmp_path: Path
) -> Iterator[tuple[Settings, Settings]]:
    """Two warehouses that look at the same files."""
    ways = {"seeds_dir": THEIRS / "seeds", "landing_url": str(landing), "settle_seconds": 0}
    with (
        copied_warehouse(server_settings, tmp_path / "killed") as killed,
        copied_warehouse(server_settings, tmp_path / "undisturbed") as undisturbed,
    ):
        yield killed.model_copy(update=ways), undisturbed.model_copy(update=ways)


def run_and_die(settings: Settings, death: tuple[str, str, int]) -> None:
    names = ("home", "pg_port", "database", "seeds_dir", "landing_url", "settle_seconds")
    environment = os.environ | {f"OUTTURN_{n.upper()}": str(getattr(settings, n)) for n in names}
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, *map(str, death)],
        env=environment | ({"OUTTURN_DSN": settings.dsn} if settings.dsn else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL, (death, ended.stderr)


def test_killed_at_every_step_and_run_again_gives_the_same_checksums(
    pair: tuple[Settings, Settings], landing: Path
) -> None:
    killed, undisturbed = pair
    for death in DEATHS:
        run_and_die(killed, death)
    refresh(killed, everything=True)
    refresh(undisturbed, everything=True)

    assert rows(killed, "select count(*) > 10 from marts.indicator_performance") == [(True,)]
    figures = marts_checksums(undisturbed)
    assert marts_checksums(killed) == figures

    # The same bytes under another name make nothing due, and so does a second refresh.
    first = landing / "supplier" / "service_charges_2024-04.csv"
    shutil.copy(first, first.with_stem(f"{first.stem}_1"))
    assert refresh(undisturbed) is None
    assert refresh(killed) is None
    assert marts_checksums(undisturbed) == figures
