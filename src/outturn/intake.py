"""A source's intake in steps, as the DAGs' tasks run it: load, check, say which extracts changed.

Every waiting file is tried, whatever became of the others; what went wrong is raised at the end,
file by file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from outturn.database import connect
from outturn.errors import IntakeFailed, OutturnError
from outturn.progress import say, track
from outturn.settings import Settings

# An extract changed when a file of it was accepted, or when an accepted one was delivered again.
CHANGED_EXTRACTS = """
select distinct extract_file.extract
from ops.extract_file as extract_file
inner join ops.delivery as delivery on extract_file.file_id = delivery.file_id
where
    extract_file.status = 'accepted'
    and split_part(extract_file.extract, '/', 1) = %(source)s
    and greatest(extract_file.checked_at, delivery.seen_at)
        >= %(since)s
order by extract_file.extract
"""


def load_waiting(settings: Settings, source: str | None = None) -> int:
    """Load every registered file of a source (all sources: None); how many went through.

    Raises IntakeFailed with each refusal after all were tried.
    """
    from outturn import load  # the engines below are loaded by the process that needs them

    def load_one(file_id: int) -> None:
        load.load_file(settings, file_id).raise_if_refused()

    return _try_all("Load", load.pending(settings, source), load_one)


def check_waiting(settings: Settings, source: str | None = None) -> int:
    """Check every loaded file of a source (all sources: None); how many were accepted.

    Raises IntakeFailed naming each held file after all were tried.
    """
    from outturn import check  # Great Expectations takes seconds to import

    def check_one(file_id: int) -> None:
        check.check_file(settings, file_id).raise_if_held()

    return _try_all("Check", check.pending(settings, source), check_one)


def changed_extracts(settings: Settings, source: str, since: datetime) -> list[str]:
    """Extracts (`source/extract`) with a file accepted, or delivered again, at `since` or later.

    Asked of the database and not handed from task to task: a task that is killed and run again
    says what its first attempt did as well.
    """
    with connect(settings, "loader") as connection:
        rows = connection.execute(CHANGED_EXTRACTS, {"source": source, "since": since}).fetchall()
    return [extract for (extract,) in rows]


def _try_all(title: str, waiting: Iterable[int], one: Callable[[int], None]) -> int:
    problems: list[OutturnError] = []
    files = list(waiting)
    for file_id in track(files, len(files), title):
        try:
            one(file_id)
        except OutturnError as problem:
            say(str(problem))
            problems.append(problem)
    if problems:
        raise IntakeFailed(problems)
    return len(files)
