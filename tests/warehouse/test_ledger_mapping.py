"""A ledger code that nobody classified stops publication and is named, with its amount."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from outturn import refresh
from outturn.errors import BuildFailed
from outturn.settings import Settings
from tests.conftest import rows


def line(number: int, subjective: str) -> dict[str, Any]:
    return {
        "entity_code": "MPS",
        "period": "2015-10",
        "journal_id": "J1",
        "line_number": number,
        "subjective_code": subjective,
        "objective_code": "O210",
        "amount_gbp": 1234.5,
    }


def test_an_unmapped_code_is_named_and_nothing_is_published(
    warehouse_settings: Settings, accepted: Callable[..., int]
) -> None:
    accepted("finance/ledger", "2015-10", "2015-11-09", line(1, "S1000"), line(2, "S-NEW"))
    with pytest.raises(BuildFailed) as failed:
        refresh.build_and_publish(warehouse_settings, everything=True)
    assert "The subjective code S-NEW is not mapped" in failed.value.message
    assert "for 2015-10 to 2015-10 (£1,234.50 of MPS)" in failed.value.message
    assert rows(warehouse_settings, "select count(*) from history.published_figure") == [(0,)]
    assert rows(
        warehouse_settings, "select count(*) from pg_tables where schemaname = 'marts'"
    ) == [(0,)]
