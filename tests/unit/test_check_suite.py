"""A contract's checks become expectations: the same words, the same limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from outturn.check.queries import fill
from outturn.check.suite import KEY_CHECK, FileFacts, Planned, plan
from outturn.contracts import Check, Contract, load_contracts
from outturn.errors import ContractInvalid, OutturnError
from outturn.settings import Settings

RETURNS = "supplier/indicator_returns"


@pytest.fixture(scope="module")
def contract() -> Contract:
    return load_contracts(Settings())[RETURNS]


@pytest.fixture
def facts(tmp_path: Path) -> FileFacts:
    (tmp_path / "rules.csv").write_text("event_type,note\nticket,it's {odd}: 5%\ncall,\n")
    (tmp_path / "nothing.csv").write_text("event_type,note\n")
    return FileFacts(
        file_id=1,
        extract=RETURNS,
        name="returns.csv",
        table="supplier__indicator_returns",
        landed=200,
        first_day=date(2016, 1, 1),
        last_day=date(2016, 1, 31),
        earlier_counts=(90, 110, 100),
        seeds_path=tmp_path,
    )


def planned(contract: Contract, facts: FileFacts, **check: Any) -> Planned | None:
    defaults: dict[str, Any] = {"name": "it", "column": None, "severity": "warning"}
    one = Check(**defaults | check)
    found = plan(replace(contract, checks=(one,)), facts)
    return next((p for p in found if p.check.name == "it"), None)


def test_the_key_of_every_extract_names_one_row(contract: Contract, facts: FileFacts) -> None:
    (key,) = plan(replace(contract, checks=()), facts)
    assert (key.check.name, key.check.severity) == (KEY_CHECK, "critical")
    key_columns = '"contract_code", "indicator_code", "period"'
    assert f"partition by {key_columns}" in key.kwargs["unexpected_rows_query"]


def test_a_key_that_the_contract_checks_itself_is_not_checked_twice(facts: FileFacts) -> None:
    facts = replace(facts, seeds_path=Settings().dbt_path / "seeds")
    for contract in load_contracts(Settings()).values():
        assert KEY_CHECK not in [one.check.name for one in plan(contract, facts)]


@pytest.mark.parametrize(
    ("must", "unit", "mostly"),
    [
        ({"mustBe": 0}, "rows", 1.0),
        ({"mustBeLessOrEqualTo": 10}, "rows", 0.95),
        ({"mustBeLessThan": 11}, "rows", 0.95),
        ({"mustBeLessOrEqualTo": 5}, "percent", 0.95),
    ],
)
def test_how_many_may_be_blank_becomes_how_many_must_not(
    contract: Contract, facts: FileFacts, must: dict[str, Any], unit: str, mostly: float
) -> None:
    one = planned(
        contract, facts, metric="nullValues", column="reported_value", must=must, unit=unit
    )
    assert one is not None
    assert one.kwargs == {"column": "reported_value", "mostly": pytest.approx(mostly)}


def test_a_row_count_is_compared_with_the_middle_of_earlier_files(
    contract: Contract, facts: FileFacts
) -> None:
    check = {
        "metric": "rowCount",
        "arguments": {"comparedWith": "previousFiles"},
        "unit": "percent",
        "must": {"mustBeBetween": [50.5, 200]},
    }
    one = planned(contract, facts, **check)
    assert one is not None
    assert one.kwargs == {"min_value": 51, "max_value": 200}
    assert one.expected == "51 to 200 rows (earlier files: 100)"
    assert planned(contract, replace(facts, earlier_counts=()), **check) is None


@pytest.mark.parametrize(
    ("must", "low", "high", "words"),
    [
        ({"mustBe": 7}, 7, 7, "7 rows"),
        ({"mustBeGreaterThan": 7}, 8, None, "at least 8 rows"),
        ({"mustBeLessThan": 7}, None, 6, "at most 6 rows"),
        ({"mustBeBetween": [5, 1000]}, 5, 1000, "5 to 1,000 rows"),
    ],
)
def test_a_row_count_by_itself(
    contract: Contract,
    facts: FileFacts,
    must: dict[str, Any],
    low: int | None,
    high: int | None,
    words: str,
) -> None:
    one = planned(contract, facts, metric="rowCount", must=must)
    assert one is not None
    assert one.kwargs == {"min_value": low, "max_value": high}
    assert one.expected == words


def test_any_expectation_of_great_expectations_passes_as_it_is(
    contract: Contract, facts: FileFacts
) -> None:
    kwargs = {"min_value": 0, "mostly": 0.9}
    one = planned(
        contract,
        facts,
        expectation="expect_column_values_to_be_between",
        column="denominator",
        kwargs=kwargs,
    )
    assert one is not None
    assert one.kwargs == kwargs | {"column": "denominator"}
    assert one.expected == "at least 0, in a share of at least 0.9"


def test_a_check_that_needs_a_column_and_has_none_names_the_contract(
    contract: Contract, facts: FileFacts
) -> None:
    with pytest.raises(ContractInvalid, match=r"indicator_returns.yaml, key quality.it"):
        planned(contract, facts, metric="nullValues", must={"mustBe": 0})


def test_days_of_the_file_are_filled_in_and_needed(facts: FileFacts) -> None:
    query = "select * from {batch} where paid_date > {last_day}"
    assert fill(query, facts) == "select * from {batch} where paid_date > date '2016-01-31'"
    assert fill(query, replace(facts, last_day=None)) is None


def test_a_seed_that_is_none_is_said(facts: FileFacts) -> None:
    with pytest.raises(OutturnError, match="'indicatorz'"):
        fill("select * from {seed:indicatorz} as i", facts)


def test_a_seed_is_a_relation_of_texts_whatever_they_hold(facts: FileFacts) -> None:
    query = fill("select * from {seed:rules} as rules", facts)
    assert query is not None
    assert "('ticket', 'it''s {{odd}}\\: 5%'),\n('call', null)" in query
    assert fill("{seed:nothing}", facts) == (
        '(select "event_type"::text, "note"::text from (values (null, null)) '
        'as seed ("event_type", "note") where false)'
    )
