"""Which reference data a day in the past is built from."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from outturn import seeds
from outturn.database import connect
from outturn.settings import Settings


def day(number: int) -> datetime:
    return datetime(2016, 3, number, tzinfo=UTC)


def register(settings: Settings, name: str, changed: datetime) -> None:
    seeds.register(settings, seeds.SeedSet(name, Path(name), changed))


def publish(settings: Settings, name: str, moment: datetime) -> None:
    with connect(settings, "admin") as connection:
        connection.execute(
            """
            insert into ops.publication (run_key, as_at, seed_hash, code_version, first_period,
                last_period, months, fingerprints, published_at)
            values (%(moment)s, %(moment)s, %(name)s, '', '', '', '{}', '{}', %(moment)s)
            """,
            {"name": name, "moment": moment},
        )


def test_the_first_published_set_was_known_from_the_beginning(
    warehouse_settings: Settings,
) -> None:
    """Not the demonstration's, which `outturn init` saw before there was another folder."""
    register(warehouse_settings, "theirs", day(1))
    assert seeds.set_known_at(warehouse_settings, datetime(2010, 1, 1, tzinfo=UTC)) == (
        seeds.SeedSet("theirs", Path("theirs"), datetime(2010, 1, 1, tzinfo=UTC))
    )


def test_a_set_that_is_taken_back_to_is_in_use_again(warehouse_settings: Settings) -> None:
    register(warehouse_settings, "first", day(1))
    publish(warehouse_settings, "first", day(2))
    register(warehouse_settings, "second", day(10))
    publish(warehouse_settings, "second", day(11))
    register(warehouse_settings, "first", day(20))
    publish(warehouse_settings, "first", day(21))
    used = {n: seeds.set_known_at(warehouse_settings, day(n)).seed_hash for n in (5, 10, 15, 22)}
    assert used == {5: "first", 10: "second", 15: "second", 22: "first"}
