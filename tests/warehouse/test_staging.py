"""Which landed rows are current: by part and period, by key, by newest event, as known when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from outturn.settings import Settings
from tests.conftest import rows

Land = Callable[..., int]
Dbt = Callable[..., None]


def returned(indicator: str, numerator: int, contract: str = "C") -> dict[str, Any]:
    return {
        "contract_code": contract,
        "indicator_code": indicator,
        "period": "2015-10",
        "numerator": numerator,
        "denominator": 10,
    }


def event(identifier: str, outcome: str) -> dict[str, Any]:
    return {
        "contract_code": "C",
        "event_id": identifier,
        "event_type": "ticket",
        "opened_at": "2015-10-01 09:00+00",
        "outcome_code": outcome,
    }


def claim(identifier: str, reason: str) -> dict[str, Any]:
    return {
        "claim_id": identifier,
        "contract_code": "C",
        "indicator_code": "K1",
        "period": "2015-10",
        "claimed_on": "2015-11-20",
        "reason": reason,
    }


def test_current_rows_follow_parts_keys_and_newest_events_as_known_when(
    warehouse_settings: Settings, accepted: Land, dbt: Dbt
) -> None:
    returns, events, claims = (
        f"supplier/{name}" for name in ("indicator_returns", "service_events", "relief_claims")
    )
    both = (returned("K1", 1), returned("K2", 2), returned("K3", 3, "D"))
    accepted(returns, "2015-10", "2015-11-05", *both)
    accepted(returns, "2015-10", "2015-12-05", returned("K1", 4))
    accepted(events, "2015-10", "2015-12-05", event("E1", "open"), event("E2", "open"))
    accepted(events, "2015-11", "2015-11-05", event("E1", "closed"))
    accepted(claims, "", "2015-11-05", claim("A", "first"), claim("B", "first"))
    accepted(claims, "", "2015-12-05", claim("A", "second"))

    def current(prefix: str = "") -> list[list[tuple[Any, ...]]]:
        return [
            rows(warehouse_settings, f"select {columns} from {prefix}staging.stg_{name} order by 1")
            for columns, name in (
                ("indicator_code, numerator::integer", "supplier__indicator_returns"),
                ("event_id, outcome_code", "supplier__service_events"),
                ("claim_id, reason", "supplier__relief_claims"),
            )
        ]

    dbt("run", "--select", "path:models/staging")
    assert current() == [
        # the newer file holds all of contract C's month: K2 is gone, contract D is untouched
        [("K1", 4), ("K3", 3)],
        # the newest period wins, though its file came first
        [("E1", "closed"), ("E2", "open")],
        [("A", "second"), ("B", "first")],
    ]
    dropped = "select indicator_code, period from {}staging.stg_supplier__dropped_returns"
    assert rows(warehouse_settings, dropped.format("")) == [("K2", "2015-10")]

    dbt(
        "run", "--select", "path:models/staging",
        as_at="2015-11-30 23:59:59+00", schema_prefix="asat_20151130_",
    )  # fmt: skip
    assert current("asat_20151130_") == [
        [("K1", 1), ("K2", 2), ("K3", 3)],
        [("E1", "closed")],
        [("A", "first"), ("B", "first")],
    ]
    assert rows(warehouse_settings, dropped.format("asat_20151130_")) == []
    assert current()[0] == [("K1", 4), ("K3", 3)], "a build as at a day touches no other schema"
