"""A kill anywhere while receiving leaves nothing half-registered; running again ends the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from outturn.receive import receive
from outturn.settings import Settings
from tests.conftest import rows

# Where the process dies, and at which passage of that place (two files are received).
PLACES = [
    ("outturn.archive", "_copy", 1, "before"),
    ("outturn.archive", "_copy", 2, "after"),
    ("outturn.archive", "_settle", 1, "before"),
    ("outturn.archive", "_settle", 2, "after"),
    ("outturn.deliveries", "_file_id", 1, "after"),
    ("outturn.deliveries", "_file_id", 2, "after"),
    ("outturn.receive", "register", 1, "after"),
    ("outturn.receive", "note_waiting", 1, "before"),
]

KILLED = """
import importlib, os, signal, sys
from outturn.receive import receive
from outturn.settings import Settings

module, name, passage, when = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
place = importlib.import_module(module)
real, passed = getattr(place, name), [0]

def dying(*args, **kwargs):
    passed[0] += 1
    if passed[0] == passage and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    result = real(*args, **kwargs)
    if passed[0] == passage:
        os.kill(os.getpid(), signal.SIGKILL)
    return result

setattr(place, name, dying)
receive(Settings(), "finance")
"""

STATE = """
select extract_file.extract, extract_file.sha256, extract_file.status, delivery.name,
    delivery.received_at
from ops.extract_file as extract_file
inner join ops.delivery as delivery using (file_id)
order by delivery.name
"""
HALF_REGISTERED = """
select file_id from ops.extract_file
where not exists (select from ops.delivery where delivery.file_id = extract_file.file_id)
"""


def run_and_die(settings: Settings, place: tuple[str, str, int, str]) -> None:
    environment = os.environ | {
        "OUTTURN_HOME": str(settings.home),
        "OUTTURN_PG_PORT": str(settings.pg_port),
        "OUTTURN_DATABASE": settings.database,
    }
    if settings.dsn:
        environment["OUTTURN_DSN"] = settings.dsn
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, *map(str, place)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def archived(settings: Settings) -> dict[str, bytes]:
    folders = (settings.home / "archive").glob("[0-9a-f][0-9a-f]")
    return {path.name: path.read_bytes() for folder in folders for path in folder.iterdir()}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: "-".join(map(str, place[1:])))
def test_killed_and_run_again_ends_as_if_it_had_not_been(
    warehouse_settings: Settings, place: tuple[str, str, int, str]
) -> None:
    folder = Path(warehouse_settings.landing) / "finance"
    folder.mkdir(parents=True)
    moment = datetime(2016, 2, 5, tzinfo=UTC)
    contents = {"ledger_2016-01.csv": b"january" * 1000, "ledger_2016-02.csv": b"february" * 1000}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        os.utime(folder / name, (moment.timestamp(),) * 2)

    run_and_die(warehouse_settings, place)

    assert rows(warehouse_settings, HALF_REGISTERED) == []
    assert set(archived(warehouse_settings).values()) <= set(contents.values())
    registered = {row[1] for row in rows(warehouse_settings, STATE)}
    assert registered <= set(archived(warehouse_settings))

    receive(warehouse_settings, "finance")

    state = rows(warehouse_settings, STATE)
    assert [(row[0], row[2], row[3], row[4]) for row in state] == [
        ("finance/ledger", "registered", name, moment) for name in contents
    ]
    assert [archived(warehouse_settings)[row[1]] for row in state] == list(contents.values())
    assert receive(warehouse_settings, "finance") == []
