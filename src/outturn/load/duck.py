# ruff: noqa: S608 - names in the SQL are a time zone's and ours
"""The process's one DuckDB, and what every engine in it shares."""

from __future__ import annotations

import os
import re
import tempfile
import threading
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import duckdb_extension_postgres_scanner

from outturn.load.expressions import literal

_OFFSET_YEARS = (1970, 2070)
_SPACES_AND_QUOTE = re.compile(rb' +"')

_LOCK = threading.RLock()


def warm_up() -> None:
    """Begin to open the engine, while the contracts are read: each takes a tenth of a second.

    No daemon: a process that ended in the middle of it, its file refused, would be aborted.
    """
    threading.Thread(target=database).start()


def database() -> duckdb.DuckDBPyConnection:
    """The process's one DuckDB: an engine is a cursor of it and runs in its own thread.

    Loading the extension costs more than loading a small file, so it is done once.
    """
    with _LOCK:
        return _opened()


@cache
def _opened() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    folder = Path(duckdb_extension_postgres_scanner.__file__).parent
    extension = next(folder.rglob("postgres_scanner.duckdb_extension"))
    connection.execute(f"load {literal(str(extension))}")
    connection.execute("set threads = 1")
    connection.execute("set memory_limit = '96MB'")
    # Pushed down, `where ok` would compute each value twice: a quarter of the whole work.
    connection.execute("set disabled_optimizers = 'filter_pushdown'")
    spill = Path(tempfile.gettempdir()) / f"outturn-duckdb-{os.getpid()}"
    connection.execute(f"set temp_directory = {literal(str(spill))}")
    return connection


def misreads(data: bytes, delimiter: str) -> bool:
    """Whether a quote follows spaces at a cell's start, or spaces after another quote.

    DuckDB takes the first for no quote where the spaces are several, and leaves the second out.
    """
    if b' "' not in data:  # looking is much cheaper than going through all
        return False
    before = (delimiter + '\r\n"').encode()
    found = (match.start() for match in _SPACES_AND_QUOTE.finditer(data))
    return any(at == 0 or data[at - 1] in before for at in found)


def offsets_table(timezone: str) -> str:
    """The table of a time zone's offsets: minutes ahead of UTC, on days of 24 hours."""
    name = f'"offsets {timezone}"'
    with _LOCK:
        run = database().execute
        run(f"create table if not exists {name} (day date, minutes bigint)")
        row = run(f"select count(*) from {name}").fetchone()
        if row == (0,):
            for start, end, minutes in _offsets(timezone):
                run(
                    f"insert into {name} select unnest(range(?::timestamp, ?::timestamp, "
                    "interval 1 day))::date, ?",
                    [start, end, minutes],
                )
    return name


def _offsets(timezone: str) -> list[tuple[date, date, int]]:
    """(first day, day after the last, minutes ahead of UTC) for runs of days of 24 hours."""
    zone = ZoneInfo(timezone)
    first = date(_OFFSET_YEARS[0], 1, 1)
    number = (date(_OFFSET_YEARS[1], 1, 1) - first).days
    days = [first + timedelta(days=one) for one in range(number + 1)]
    offsets = [datetime.combine(day, time(0), zone).utcoffset() for day in days]
    runs: list[tuple[date, date, int]] = []
    for index in range(number):
        offset = offsets[index]
        if offset is None or offset != offsets[index + 1]:
            continue  # the clocks change on this day: its times are judged one by one
        minutes = int(offset.total_seconds() // 60)
        day, after = days[index], days[index + 1]
        if runs and runs[-1][1] == day and runs[-1][2] == minutes:
            runs[-1] = (runs[-1][0], after, minutes)
        else:
            runs.append((day, after, minutes))
    return runs
