"""Intake step by step: every file is tried, and exactly the extracts that changed are named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from outturn import check, load
from outturn.database import connect
from outturn.errors import IntakeFailed, OutturnError
from outturn.intake import changed_extracts, load_waiting
from outturn.settings import Settings

NOON = datetime(2018, 7, 2, 12, tzinfo=UTC)
EARLIER, LATER = NOON - timedelta(hours=1), NOON + timedelta(minutes=1)


def register(
    settings: Settings, extract: str, status: str, checked: datetime, *seen: datetime
) -> None:
    with connect(settings, "loader") as connection:
        row = connection.execute(
            "insert into ops.extract_file (extract, sha256, size_bytes, status, checked_at)"
            " values (%s, encode(sha256(random()::text::bytea), 'hex'), 1, %s, %s)"
            " returning file_id",
            (extract, status, checked),
        ).fetchone()
        assert row is not None
        for moment in seen:
            connection.execute(
                "insert into ops.delivery (file_id, source, name, url, received_at, seen_at)"
                " values (%s, split_part(%s, '/', 1), 'a', 'a', %s, %s)",
                (row[0], extract, moment, moment),
            )


def test_an_extract_changed_when_a_file_was_accepted_or_delivered_again(
    warehouse_settings: Settings,
) -> None:
    register(warehouse_settings, "finance/ledger", "accepted", LATER, EARLIER)
    register(warehouse_settings, "finance/payments", "accepted", EARLIER, EARLIER, LATER)
    register(warehouse_settings, "finance/budget", "accepted", EARLIER, EARLIER)
    register(warehouse_settings, "finance/credit_decisions", "held", LATER, LATER)
    register(warehouse_settings, "supplier/service_events", "accepted", LATER, LATER)
    changed = changed_extracts(warehouse_settings, "finance", NOON)
    assert changed == ["finance/ledger", "finance/payments"]
    assert changed_extracts(warehouse_settings, "finance", LATER + timedelta(seconds=1)) == []


def test_every_file_is_tried_and_what_went_wrong_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    class Result:
        def __init__(self, file_id: int) -> None:
            self.file_id = file_id

        def raise_if_refused(self) -> None:
            if self.file_id in (2, 3):
                raise OutturnError(f"file {self.file_id} is cut short.")

    def load_file(settings: Settings, file_id: int) -> Result:
        tried.append(file_id)
        return Result(file_id)

    monkeypatch.setattr(load, "pending", lambda settings, source: [1, 2, 3, 4], raising=False)
    monkeypatch.setattr(load, "load_file", load_file, raising=False)
    with pytest.raises(IntakeFailed, match=r"file 2[\s\S]*file 3") as caught:
        load_waiting(Settings(), "finance")
    assert tried == [1, 2, 3, 4]
    assert len(caught.value.problems) == 2


def test_the_steps_use_what_the_command_line_uses() -> None:
    for module, names in ((load, ("pending", "load_file")), (check, ("pending", "check_file"))):
        assert all(callable(getattr(module, name)) for name in names)
