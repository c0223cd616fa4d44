"""What a run of `monthly_refresh` does: which months it takes, and what is late."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from outturn import changes, run, seeds
from outturn.database import connect
from outturn.errors import MonthNotFinal
from outturn.progress import say
from outturn.settings import Settings

# A refresh that begins while files are being taken in waits for them, but not longer than this.
INTAKE_SECONDS = 600

BEING_TAKEN_IN = """
select count(*) from ops.extract_file
where
    status in ('registered', 'loaded')
    and registered_at > clock_timestamp() - interval '1 hour'
"""


def decide(
    settings: Settings, period: str = "", run_type: str = "manual", month: str | None = None
) -> str | None:
    """Plan a run and return its key; None when there is nothing to do.

    `period`: a month (YYYY-MM), `all`, or blank. Blank means every month that is due: readers want
    the newest truth at once. `run_type` and `month` are those of a run with a logical date: one
    that the calendar `scheduled` builds even if no file is new, for a working day changes what is
    provisional, awaited or late; a `backfill` takes its month if it is due.
    Raises NotReady when no accepted file is about `period`.
    """
    if period == "all":
        planned = run.plan(settings, everything=True)
    elif period:
        planned = run.plan(settings, period)
    else:
        wait_for_intake(settings)
        months = find_months(settings)
        if run_type == "backfill" and month not in months.due:
            return None
        planned = run.plan(settings, _target(months, month))
    if planned is None:
        return None
    rebuilt = ", ".join(planned.months) or "no month's facts"
    say(f"{planned.run_key} rebuilds {rebuilt}; the marts end with {planned.last_period}.")
    return planned.run_key


def find_months(settings: Settings) -> changes.Months:
    """Which months are known and which of them are due, as things are now."""
    seed_set = seeds.prepare(settings)
    with connect(settings, "publisher") as connection:
        return changes.find(connection, datetime.now(UTC), seed_set.seed_hash)


def assert_final(settings: Settings, month: str | None) -> None:
    """Raise MonthNotFinal unless the month is published from all that is known about it.

    None: no month must be final now.
    """
    if month is None:
        return
    months = find_months(settings)
    if month not in months.known:
        raise MonthNotFinal(
            month, "no accepted file is about it", remedy="Ask the sources for their extracts."
        )
    if month in months.due:
        raise MonthNotFinal(
            month, "files that arrived are not published", remedy="See why the refresh failed."
        )


def wait_for_intake(settings: Settings, seconds: float = INTAKE_SECONDS) -> bool:
    """Wait while files are being loaded or checked; False when it took too long.

    Files that arrive together then make one refresh. One that is stuck holds nothing up for long.
    """
    deadline = time.monotonic() + seconds
    while _files_being_taken_in(settings):
        if time.monotonic() > deadline:
            say("Files are still being taken in; the refresh goes ahead without them.")
            return False
        time.sleep(1)
    return True


def _target(months: changes.Months, month: str | None) -> str | None:
    """The period to plan for; None: all that is due, if anything."""
    if month is None or not months.known:
        return None
    return month if month in months.known else months.known[-1]


def _files_being_taken_in(settings: Settings) -> int:
    with connect(settings, "publisher") as connection:
        row = connection.execute(BEING_TAKEN_IN).fetchone()
    return int(row[0]) if row else 0
