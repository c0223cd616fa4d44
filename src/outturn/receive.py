"""Receive: take what lies at a source into the archive and register it, once.

Each file is archived first and registered after, in one short transaction: a process killed
between the two leaves bytes that nobody refers to, and the next round registers them.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from outturn import archive, deliveries, manifest
from outturn.contracts import Contract, Match, load_contracts
from outturn.database import connect
from outturn.deliveries import Delivery, Waiting, latest_by_url, names_of, note_waiting, register
from outturn.errors import DeliveryRefused, OutturnError
from outturn.progress import say, track
from outturn.settings import Settings
from outturn.sources import Location, Seen

FROM_SOURCE = "Ask the source to deliver them again; everything else was taken."
BY_HAND = (
    "Say what they are by --extract source/extract. The others are registered: load them again."
)
UNFINISHED_SUFFIXES = (".part", ".tmp", ".filepart", ".partial", ".crdownload")


@dataclass
class Round:
    """One look at one location: what was taken, what waits and what is wrong."""

    settings: Settings
    connection: psycopg.Connection[Any]
    location: Location
    contracts: dict[str, Contract]
    source: str
    extract: str | None = None
    given_received_at: datetime | None = None
    by_hand: bool = False
    entries: dict[str, manifest.Entry] = field(default_factory=dict)
    taken: list[int] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)


class _NotWholeError(Exception):
    """A file's bytes are not what they should be; waiting alone may not cure a broken promise."""

    def __init__(self, reason: str, *, is_fault: bool = False) -> None:
        self.reason, self.is_fault = reason, is_fault
        super().__init__(reason)


def receive(settings: Settings, source: str, received_at: datetime | None = None) -> list[int]:
    """Take every new file of a source's folder; the file_ids that have a new delivery.

    A file's `received_at` is the manifest's, else its modified time, else the one given here.
    What is not taken is named and kept in `ops.waiting_file`. Raises SourceUnreachable,
    ManifestInvalid, and DeliveryRefused after all other files were taken.
    """
    archive.sweep(settings)
    received_at = _in_london(received_at)
    location = Location(settings, f"{settings.landing.rstrip('/')}/{source}")
    contracts = _of_source(load_contracts(settings), source)
    with connect(settings, "loader", autocommit=True) as connection:
        round_ = Round(
            settings, connection, location, contracts, source, given_received_at=received_at
        )
        listing = location.list()
        _take_all(round_, _settled(round_, _finished(round_, listing)))
        promised = round_.entries.keys() - {seen.name for seen in listing}
        round_.waiting += deliveries.absent(connection, location.url, promised)
        note_waiting(connection, source, round_.waiting)
    return _finish(round_)


def receive_paths(
    settings: Settings,
    paths: Sequence[str | Path],
    extract: str | None = None,
    received_at: datetime | None = None,
) -> list[int]:
    """Take files named by hand, local paths or URLs; the file_id of each, known before or not.

    `extract` ('source/extract') says what they are where the name does not; it is then read as
    the plain form. `received_at` is a manifest's beside the file, else the one given here, else
    the file's modified time. Raises DeliveryRefused for those that cannot be taken.
    """
    received_at = _in_london(received_at)
    contracts = load_contracts(settings)
    if extract is not None and extract not in contracts:
        known = ", ".join(sorted(contracts))
        raise OutturnError(f"there is no extract {extract!r}.", remedy=f"There are: {known}.")
    chosen = contracts if extract is None else {extract: contracts[extract]}
    taken: list[int] = []
    faults: dict[str, str] = {}
    with connect(settings, "loader", autocommit=True) as connection:
        for folder, names in _by_folder(paths).items():
            location = Location(settings, folder)
            round_ = Round(
                settings, connection, location, chosen, folder, extract, received_at, by_hand=True
            )
            there = {seen.name: seen for seen in location.list()}
            faults |= {name: "there is no such file" for name in names if name not in there}
            _take_all(round_, [there[name] for name in names if name in there])
            taken += round_.taken
            faults |= {w.name: w.reason for w in round_.waiting} | round_.faults
    _refuse(faults, BY_HAND)
    return taken


def _in_london(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=manifest.LONDON) if moment and not moment.tzinfo else moment


def _by_folder(paths: Iterable[str | Path]) -> dict[str, list[str]]:
    folders: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        text = str(path) if "://" in str(path) else str(Path(path).absolute())
        folder, _, name = text.rpartition("/")
        folders[folder].append(name)
    return folders


def _of_source(contracts: dict[str, Contract], source: str) -> dict[str, Contract]:
    own = {key: contract for key, contract in contracts.items() if contract.source == source}
    if not own:
        known = ", ".join(sorted({contract.source for contract in contracts.values()}))
        raise OutturnError(f"there is no source {source!r}.", remedy=f"There are: {known}.")
    return own


def _finished(round_: Round, listing: Iterable[Seen]) -> list[Seen]:
    """Without hidden files, the manifest, and those whose name says that they are not done."""
    finished = []
    for seen in listing:
        lower = seen.name.lower()
        if lower.endswith(UNFINISHED_SUFFIXES):
            _wait(round_, seen, "its name says that it is still being written")
        elif not lower.startswith((".", "~")) and lower != manifest.MANIFEST_NAME:
            finished.append(seen)
    return finished


def _settled(round_: Round, listing: list[Seen]) -> list[Seen]:
    """Without files that change while we look: young ones are listed again after a moment."""
    limit = round_.settings.settle_seconds
    now = datetime.now(UTC)
    young = {
        seen.url
        for seen in listing
        if seen.modified_at and abs((now - seen.modified_at).total_seconds()) < limit
    }
    if not young:
        return listing
    time.sleep(limit)
    later = {seen.url: seen for seen in round_.location.list()}
    settled = []
    for seen in listing:
        if seen.url in young and later.get(seen.url) != seen:
            _wait(round_, seen, "it is still being written; taken in the next round")
        else:
            settled.append(seen)
    return settled


def _take_all(round_: Round, candidates: list[Seen]) -> None:
    round_.entries = _manifest(round_.location)
    urls = [] if round_.by_hand else [seen.url for seen in candidates]
    known = latest_by_url(round_.connection, urls)
    new = []
    for seen in candidates:
        before = known.get(seen.url)
        if (
            before is None
            or seen.modified_at is None
            or (before.size_bytes, before.modified_at) != (seen.size_bytes, seen.modified_at)
        ):
            new.append(seen)
    for seen in track(new, len(new), f"Receive {round_.source}") if new else ():
        _take(round_, seen)


def _take(round_: Round, seen: Seen) -> None:
    contract, match = _recognise(round_, seen)
    if contract is None:
        return
    received_at = _received_at(round_, seen)
    if received_at is None:
        round_.faults[seen.name] = "nothing says when it was received; give --received-at"
        return
    entry = round_.entries.get(seen.name)
    try:
        archived = _archive(round_, seen, entry.sha256 if entry else None)
    except _NotWholeError as problem:
        _wait(round_, seen, problem.reason)
        if problem.is_fault:
            round_.faults[seen.name] = problem.reason
        return
    other = _other_month(round_, contract, match, archived.sha256)
    if other:
        round_.faults[seen.name] = (
            f"it is byte for byte {other}, so it cannot be the file of another month"
        )
        return
    delivery = Delivery(
        extract=contract.key,
        form=match.form.name if match else contract.forms[-1].name,  # the plain one
        sha256=archived.sha256,
        size_bytes=archived.size_bytes,
        source=contract.source,
        name=seen.name,
        number=match.name.number if match else 0,
        url=seen.url,
        received_at=received_at,
        modified_at=seen.modified_at,
    )
    file_id, is_new = register(round_.connection, delivery)
    if is_new or round_.by_hand:
        round_.taken.append(file_id)


def _other_month(round_: Round, contract: Contract, match: Match | None, sha256: str) -> str | None:
    """The name that the same bytes had for another month, where only the name says the month."""
    if contract.replaces != "period" or contract.period_column or match is None:
        return None
    for name in names_of(round_.connection, contract.key, sha256):
        before = contract.match(name)
        if before and before.name.period != match.name.period:
            return name
    return None


def _recognise(round_: Round, seen: Seen) -> tuple[Contract | None, Match | None]:
    """The one contract that the name fits; none or several make the file wait, named."""
    matches = [match for c in round_.contracts.values() if (match := c.match(seen.name))]
    if len(matches) == 1:
        return matches[0].contract, matches[0]
    if round_.extract is not None and not matches:
        return round_.contracts[round_.extract], None
    fits = ", ".join(match.contract.key for match in matches)
    several = f"its name fits several extracts: {fits}"
    _wait(round_, seen, several if fits else "its name fits no extract's contract")
    return None, None


def _archive(round_: Round, seen: Seen, expected: str | None) -> archive.Archived:
    """Copy a file whole; raises _NotWholeError when it changed or is not the one promised."""

    def verify(archived: archive.Archived) -> None:
        if expected and archived.sha256 != expected:
            reason = f"its sha256 is {archived.sha256}, the manifest says {expected}"
            raise _NotWholeError(reason, is_fault=True)
        if archived.size_bytes != seen.size_bytes or round_.location.look(seen.path) != seen:
            raise _NotWholeError("it changed while it was read; taken in the next round")

    with round_.location.open(seen) as stream:
        return archive.store(round_.settings, stream, verify)


def _received_at(round_: Round, seen: Seen) -> datetime | None:
    entry = round_.entries.get(seen.name)
    if entry is not None:
        return entry.received_at
    if round_.by_hand:
        return round_.given_received_at or seen.modified_at
    return seen.modified_at or round_.given_received_at


def _manifest(location: Location) -> dict[str, manifest.Entry]:
    """The entries of the manifest beside the files, if there is one; it is small, read whole."""
    seen = next((s for s in location.list() if s.name == manifest.MANIFEST_NAME), None)
    if seen is None:
        return {}
    with location.open(seen) as stream:
        lines = iter(stream.read(seen.size_bytes + 1).splitlines(keepends=True))
    return manifest.parse((line.decode("utf-8-sig") for line in lines), seen.url)


def _wait(round_: Round, seen: Seen, reason: str) -> None:
    round_.waiting.append(Waiting(seen.url, seen.name, reason, seen.size_bytes, seen.modified_at))


def _finish(round_: Round) -> list[int]:
    for one in round_.waiting:
        say(f"warning: {one.url} was not taken: {one.reason}.")
    _refuse(round_.faults)
    return round_.taken


def _refuse(faults: dict[str, str], remedy: str = FROM_SOURCE) -> None:
    if faults:
        raise DeliveryRefused(faults, remedy=remedy)
