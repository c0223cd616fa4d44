"""A ledger code that nobody classified stops publication and is named, with its amount."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

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


def test_an_unmapped_code_is_named_and_no_ratio_is_built(
    warehouse_settings: Settings,
    accepted: Callable[..., int],
    dbt: Callable[..., None],
    capfd: pytest.CaptureFixture[str],
) -> None:
    accepted("finance/ledger", "2015-10", "2015-11-09", line(1, "S1000"), line(2, "S-NEW"))
    with pytest.raises(AssertionError):
        dbt(
            "build", "--select", "+support_cost_by_category", "--exclude-resource-type", "unit_test"
        )  # fmt: skip
    assert "The subjective code S-NEW is not mapped" in (said := capfd.readouterr().out)
    assert "for 2015-10 to 2015-10 (£1,234.50 of MPS)" in said
    built = "select count(*) from pg_tables where tablename = 'support_cost_by_category'"
    assert rows(warehouse_settings, built) == [(0,)]
