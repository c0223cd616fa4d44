"""Claims and decisions that nobody may make are held back, each record by its name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from outturn import check
from outturn.contracts import load_contracts
from outturn.database import connect
from outturn.settings import Settings
from tests.conftest import rows

Row = dict[str, Any]
Land = Callable[..., int]

CLAIM: Row = {
    "claim_id": "R-1",
    "contract_code": "SSCL-BSS",
    "indicator_code": "PY01",
    "period": "2016-01",
    "claimed_on": "2016-02-26",  # the 20th working day after January
    "excluded_denominator": 3,
}
RELIEF: Row = {
    "claim_id": "R-1",
    "status": "accepted",
    "decided_on": "2016-03-01",
    "excluded_denominator": 3,
    "decided_by": "Director of Finance",
}
FIGURE: Row = {
    "contract_code": "SSCL-BSS",
    "indicator_code": "PY01",
    "period": "2016-01",
    "agreed_numerator": 99,
    "agreed_denominator": 100,
    "decided_on": "2016-03-01",
    "decided_by": "Director of Finance",
}


@pytest.fixture
def land(warehouse_settings: Settings) -> Land:
    """Puts rows into `landing` as a loaded file; returns its file_id."""

    def put(extract: str, *records: Row) -> int:
        contract = load_contracts(warehouse_settings)[extract]
        with connect(warehouse_settings, "loader") as connection:
            ((file_id,),) = connection.execute(
                """
                insert into ops.extract_file
                    (extract, sha256, size_bytes, status, records, landed, quarantined)
                values (%s, encode(sha256(random()::text::bytea), 'hex'), 1, 'loaded', %s, %s, 0)
                returning file_id
                """,
                (extract, len(records), len(records)),
            ).fetchall()
            connection.execute(
                "insert into ops.delivery (file_id, source, name, url, received_at)"
                " values (%s, 's', 'f.csv', 'f.csv', %s)",
                (file_id, datetime(2016, 3, 1, tzinfo=UTC)),
            )
            for number, record in enumerate(records, start=1):
                columns = ", ".join(["file_id", "record_number", *record])
                places = ", ".join(["%s"] * (len(record) + 2))
                connection.execute(
                    f"insert into landing.{contract.table} ({columns}) values ({places})",
                    (file_id, number, *record.values()),
                )
        return int(file_id)

    return put


def test_claims_and_decisions_of_the_right_people_in_time_are_accepted(
    warehouse_settings: Settings, land: Land
) -> None:
    files = [
        land("supplier/relief_claims", CLAIM),
        land("finance/relief_decisions", RELIEF),
        land("finance/indicator_decisions", FIGURE),
    ]
    results = list(check.check_files(warehouse_settings, files))
    assert [result.failures for result in results] == [[], [], []]


def test_a_decision_may_arrive_with_its_claim_in_any_order(
    warehouse_settings: Settings, land: Land
) -> None:
    decision = land("finance/relief_decisions", RELIEF)
    land("supplier/relief_claims", CLAIM)
    assert check.check_file(warehouse_settings, decision).accepted


def test_a_held_decision_is_looked_at_again_when_its_claim_has_come(
    warehouse_settings: Settings, land: Land
) -> None:
    decision = land("finance/relief_decisions", RELIEF)
    assert not check.check_file(warehouse_settings, decision).accepted
    assert check.pending(warehouse_settings) == []
    claim = land("supplier/relief_claims", CLAIM)
    assert check.check_file(warehouse_settings, claim).accepted
    assert check.pending(warehouse_settings, "finance") == [decision]
    assert check.check_file(warehouse_settings, decision).accepted


@pytest.mark.parametrize(
    ("extract", "record", "change", "failure"),
    [
        (
            *("supplier/relief_claims", CLAIM, {"indicator_code": "HR12"}),
            "the_period_is_one_of_its_indicator",
        ),
        ("finance/relief_decisions", RELIEF, {"claim_id": "R-9"}, "the_claim_exists"),
        (
            *("finance/relief_decisions", RELIEF),
            {"decided_by": "Shared Services Connected Limited, account manager"},
            "nobody_decides_on_its_own_figures",
        ),
        (
            *("finance/indicator_decisions", FIGURE, {"decided_by": "Supplier"}),
            "nobody_decides_on_its_own_figures",
        ),
        (
            *("finance/indicator_decisions", FIGURE, {"agreed_numerator": 101}),
            "a_share_is_at_most_all_cases",
        ),
        (
            *("finance/indicator_decisions", FIGURE, {"agreed_numerator": -1}),
            "a_share_is_at_most_all_cases",
        ),
    ],
)
def test_what_nobody_may_claim_or_decide_is_held_with_its_record(
    warehouse_settings: Settings,
    land: Land,
    extract: str,
    record: Row,
    change: Row,
    failure: str,
) -> None:
    if extract == "finance/relief_decisions":
        land("supplier/relief_claims", CLAIM)
    result = check.check_file(warehouse_settings, land(extract, {**record, **change}))
    assert not result.accepted
    assert result.failures == [failure]


def test_a_late_claim_is_set_aside_and_the_others_of_its_file_are_taken(
    warehouse_settings: Settings, land: Land
) -> None:
    late = {**CLAIM, "claim_id": "R-2", "claimed_on": "2016-02-29"}
    file_id = land("supplier/relief_claims", CLAIM, late)
    with connect(warehouse_settings, "admin") as connection:
        connection.execute(
            "insert into ops.file_part values (%s, 'R-1', ''), (%s, 'R-2', '')", (file_id, file_id)
        )
    assert check.check_file(warehouse_settings, file_id).accepted
    counts = "select records, landed, quarantined from ops.extract_file"
    assert rows(warehouse_settings, counts) == [(2, 1, 1)]
    assert rows(warehouse_settings, "select part_code from ops.file_part") == [("R-1",)]
    query = "select record_number, raw_record::jsonb ->> 'claim_id', errors from quarantine.record"
    ((record, claim_id, errors),) = rows(warehouse_settings, query)
    assert (record, claim_id) == (2, "R-2")
    assert errors[0]["column"] == "deadline"
    assert "claimed_on 2016-02-29, deadline 2016-02-26" in errors[0]["reason"]


def test_more_late_claims_than_the_limit_hold_their_file(
    warehouse_settings: Settings, land: Land
) -> None:
    late = [{**CLAIM, "claim_id": f"R-{n}", "claimed_on": "2016-02-29"} for n in range(11)]
    result = check.check_file(warehouse_settings, land("supplier/relief_claims", *late))
    assert result.failures == ["claimed_within_the_deadline"]
    assert rows(warehouse_settings, "select landed from ops.extract_file") == [(11,)]
