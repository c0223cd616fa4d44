"""Random contracts through the SQL in one build, every figure compared with an oracle's.

Their files hold restatements, some of them restated back, and are loaded in any order: that the
figures are the oracle's, which knows only the last state, proves that neither matters.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest

from outturn import seeds
from outturn.database import connect
from outturn.settings import Settings
from outturn.transform import invoke
from tests.conftest import copied_warehouse, rows
from tests.warehouse import credits_oracle as oracle
from tests.warehouse import oracle_warehouse
from tests.warehouse.conftest import dbt_environment
from tests.warehouse.oracle_facts import Contract
from tests.warehouse.oracle_warehouse import File
from tests.warehouse.random_contracts import AS_AT, FIRST_AWAITED, MONTHS, draw

SOME = 100
CONTRACTS = int(os.environ.get("OUTTURN_TEST_CONTRACTS", "300"))
SEED = int(os.environ.get("OUTTURN_TEST_SEED", "20151001"))


@dataclass
class Built:
    """The contracts, and what the marts say of them by key."""

    contracts: list[Contract]
    performance: dict[tuple[str, ...], tuple[Any, ...]] = field(default_factory=dict)
    credits: dict[tuple[str, ...], tuple[Any, ...]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def built(server_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """The contracts' marts, built once from files in any order, many of them restated."""
    rng = Random(SEED)  # noqa: S311 nothing secret
    contracts = [draw(rng, number) for number in range(CONTRACTS)]
    delivered = oracle_warehouse.files(rng, contracts)
    yield from _marts_of(contracts, delivered, server_settings, tmp_path_factory.mktemp("oracle"))


@pytest.fixture(scope="module")
def uncapped(
    built: Built, server_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Built]:
    """Some of the same contracts without caps, each figure delivered once and in order."""
    contracts = deepcopy(built.contracts[:SOME])
    for contract in contracts:
        for scheme in (*(applied[2] for applied in contract.in_force), *contract.what_if):
            scheme.period_cap_pct = scheme.rolling12_cap_pct = None
    delivered = oracle_warehouse.plain_files(contracts)
    yield from _marts_of(contracts, delivered, server_settings, tmp_path_factory.mktemp("plain"))


def _marts_of(
    contracts: list[Contract], delivered: list[File], server_settings: Settings, folder: Path
) -> Iterator[Built]:
    result = Built(contracts)
    theirs = folder / "seeds"
    theirs.mkdir()
    oracle_warehouse.write_seeds(theirs, contracts)
    with copied_warehouse(server_settings, folder / "home") as settings:
        own = settings.model_copy(update={"seeds_dir": theirs, "home": folder})
        seed_path = seeds.prepare(own).path
        with connect(settings, "admin") as connection:
            oracle_warehouse.land(connection, delivered)
            connection.execute("analyze")
        with pytest.MonkeyPatch.context() as patch:
            _build(settings, seed_path, folder, patch)
        _read(settings, result)
        yield result


def _build(settings: Settings, seeds_path: Path, folder: Path, patch: pytest.MonkeyPatch) -> None:
    for name, value in dbt_environment(settings).items():
        patch.setenv(name, value)
    patch.setenv("OUTTURN_DBT_SEEDS_DIR", os.path.relpath(seeds_path, settings.dbt_path))
    told = {"as_at": AS_AT, "first_period": MONTHS[0], "last_period": MONTHS[-1]}
    outcome = invoke(
        settings,
        [
            *("build", "--select", "+credits_by_period", "+indicator_performance"),
            *("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"),
            *("--vars", json.dumps(told), "--target-path", str(folder / "target")),
        ],
    )
    messages = [str(one.message) for one in getattr(outcome.result, "results", [])]
    assert outcome.success, [str(outcome.exception), *messages]


def _read(settings: Settings, result: Built) -> None:
    performance = rows(
        settings,
        "select indicator_code, period_month, basis, status, severity, value, is_repeat,"
        " base_points, points, value_unrelieved, points_unrelieved"
        " from marts_next.indicator_performance",
    )
    credit = rows(
        settings,
        "select contract_code, case role when 'in_force' then '' else scheme_code end,"
        " period_month, basis, points, failed_kpis, charges_gbp, uncapped_gbp, credit_gbp,"
        " headroom_gbp, cap_bound, critical_failure from marts_next.credits_by_period",
    )
    result.performance = {row[:3]: row[3:] for row in performance}
    result.credits = {row[:4]: row[4:] for row in credit}


def number(value: Fraction | None) -> Decimal | None:
    """To 15 decimals, which tell any two of these figures apart."""
    if value is None:
        return None
    return round(Decimal(value.numerator) / Decimal(value.denominator), 15)


def shown(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(round(v, 15) if isinstance(v, Decimal) else v for v in values)


def expected_performance(contract: Contract) -> dict[tuple[str, ...], tuple[Any, ...]]:
    schemes, always = oracle.lines(contract, MONTHS)["in_force", ""]
    found: dict[tuple[str, ...], tuple[Any, ...]] = {}
    for of in contract.indicators:
        for basis in oracle.BASES:
            judged, unrelieved = (
                oracle.judge(contract, of, schemes, always, basis, relieved, FIRST_AWAITED)
                for relieved in (True, False)
            )
            for month, one in judged.items():
                other = unrelieved[month]
                found[of.code, month, basis] = (
                    *(one.status, one.severity, number(one.value), one.repeat),
                    *(number(one.base_points), number(one.points)),
                    *(number(other.value), number(other.points)),
                )
    return found


def expected_credits(contract: Contract) -> dict[tuple[str, ...], tuple[Any, ...]]:
    found: dict[tuple[str, ...], tuple[Any, ...]] = {}
    kpis = [of for of in contract.indicators if of.kind == "KPI"]
    for (_, code), (schemes, always) in oracle.lines(contract, MONTHS).items():
        for basis in oracle.BASES:
            judged = [
                oracle.judge(contract, of, schemes, always, basis, True, FIRST_AWAITED)
                for of in kpis
            ]
            for month, one in oracle.credits_of(contract, schemes, judged).items():
                headroom = (
                    None if one.headroom is None else oracle.down(max(one.headroom, Fraction(0)))
                )
                money = (one.charges, one.uncapped, one.credit, headroom)
                found[contract.code, code, month, basis] = (
                    *(number(one.points), one.failed, *map(number, money)),
                    *(one.cap_bound, one.critical),
                )
    return found


def test_every_result_of_every_indicator_is_the_oracles(built: Built) -> None:
    expected = {k: v for c in built.contracts for k, v in expected_performance(c).items()}
    actual = {key: shown(values) for key, values in built.performance.items()}
    assert different(actual, expected) == []
    assert {values[0] for values in actual.values()} == {
        *("measured", "not_measured", "awaited", "not_reported", "deemed", "not_recomputable")
    }, "each status came up"


def test_every_credit_of_every_method_is_the_oracles(built: Built) -> None:
    expected = {k: v for c in built.contracts for k, v in expected_credits(c).items()}
    actual = {key: shown(values) for key, values in built.credits.items()}
    assert different(actual, expected) == []
    bound = {values[6] for values in actual.values()}
    assert bound == {"none", "period", "rolling12", "both", "at_risk"}, "each cap came up"


def different(
    actual: dict[tuple[str, ...], tuple[Any, ...]], expected: dict[tuple[str, ...], tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    """The first rows that differ: key, what the marts say, what the oracle says."""
    keys = sorted(actual.keys() | expected.keys())
    wrong = [key for key in keys if actual.get(key) != expected.get(key)]
    return [(len(wrong), key, actual.get(key), expected.get(key)) for key in wrong[:5]]


def test_points_are_never_negative_and_add_up(built: Built) -> None:
    assert all(values[4] >= 0 and values[5] >= 0 for values in built.performance.values())
    scored: dict[tuple[str, ...], Decimal] = {}
    for (indicator, month, basis), values in built.performance.items():
        key = (indicator.split("-")[0], "", month, basis)
        scored[key] = scored.get(key, Decimal(0)) + values[5]
    for key, values in built.credits.items():
        if key[1] == "":
            assert values[0] == scored.get(key, Decimal(0)), key


def test_a_capped_credit_is_never_above_the_uncapped_one(built: Built) -> None:
    capped = 0
    for key, (_, _, _, gross, credit, headroom, bound, _) in built.credits.items():
        if credit is not None:
            assert 0 <= credit <= gross, key
            assert headroom is None or headroom >= 0, key
        capped += bound != "none"
    assert capped > len(built.credits) / 100


def test_neither_the_order_of_delivery_nor_restating_and_restating_back_matters(
    built: Built, uncapped: Built
) -> None:
    """Out of order, restated and restated back, against once and in order."""
    actual = {key: built.performance.get(key) for key in uncapped.performance}
    assert different(actual, uncapped.performance) == []  # type: ignore[arg-type]
    own = {contract.code for contract in uncapped.contracts}
    assert {key for key in built.credits if key[0] in own} == uncapped.credits.keys()


def test_caps_take_money_and_never_points(built: Built, uncapped: Built) -> None:
    lowered = 0
    for key, (points, failed, charges, gross, credit, _, bound, _) in uncapped.credits.items():
        other = built.credits[key]
        assert (points, failed, charges, gross) == other[:4], key
        assert credit is None or credit >= other[4], key
        assert bound in ("none", "at_risk"), key
        lowered += credit != other[4]
    assert lowered > len(uncapped.credits) / 100
