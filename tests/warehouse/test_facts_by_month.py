"""Facts by month: a build replaces the months it was asked for, and all when the rule changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from outturn.database import connect
from outturn.settings import Settings
from tests.conftest import rows

Dbt = Callable[..., None]

FACT = "intermediate.int_ledger_months"


@pytest.fixture
def ledger(warehouse_settings: Settings) -> Callable[..., None]:
    """Makes `staging.stg_finance__ledger` a table with these amounts by period."""

    def put(**amounts: int) -> None:
        with connect(warehouse_settings, "transformer") as connection:
            connection.execute("set role outturn_models")
            connection.execute(
                """
                create table if not exists staging.stg_finance__ledger (
                    entity_code text, period text, subjective_code text, objective_code text,
                    amount_gbp numeric, file_id bigint)
                """
            )
            connection.execute("truncate staging.stg_finance__ledger")
            connection.cursor().executemany(
                "insert into staging.stg_finance__ledger values ('A', %s, 'S', 'O', %s, 1)",
                [(name[1:].replace("_", "-"), amount) for name, amount in amounts.items()],
            )

    return put


def facts(settings: Settings) -> list[tuple[Any, ...]]:
    return rows(
        settings, f"select period_month, amount_gbp::integer from {FACT} order by period_month"
    )


def alter(settings: Settings, statement: str) -> None:
    with connect(settings, "transformer") as connection:
        connection.execute("set role outturn_models")
        connection.execute(statement)  # type: ignore[call-overload]


def test_only_the_months_asked_for_are_replaced(
    warehouse_settings: Settings, ledger: Callable[..., None], dbt: Dbt
) -> None:
    ledger(m2015_10=1, m2015_11=2)
    dbt("run", "--select", "int_ledger_months", months=["2015-10"])
    assert facts(warehouse_settings) == [("2015-10", 1), ("2015-11", 2)], "a first build is whole"

    ledger(m2015_10=7, m2015_11=8, m2015_12=9)
    dbt("run", "--select", "int_ledger_months", months=[])
    assert facts(warehouse_settings) == [("2015-10", 1), ("2015-11", 2)]

    dbt("run", "--select", "int_ledger_months", months=["2015-11", "2015-12"])
    assert facts(warehouse_settings) == [("2015-10", 1), ("2015-11", 8), ("2015-12", 9)]

    ledger(m2015_11=8, m2015_12=9)
    dbt("run", "--select", "int_ledger_months", months=["2015-10"])
    assert facts(warehouse_settings) == [("2015-11", 8), ("2015-12", 9)], "a month can be emptied"

    partitions = rows(
        warehouse_settings,
        f"select inhrelid::regclass::text from pg_inherits where inhparent = '{FACT}'::regclass"
        " order by 1",
    )
    assert partitions == [(f"{FACT}__2015_{month}",) for month in (10, 11, 12)]


def test_changed_columns_or_code_rebuild_every_month(
    warehouse_settings: Settings, ledger: Callable[..., None], dbt: Dbt
) -> None:
    ledger(m2015_10=1, m2015_11=2)
    dbt("run", "--select", "int_ledger_months")
    changes = (
        f"alter table {FACT} drop column line_count",
        f"comment on table {FACT} is 'built by other code'",
    )
    for amount, change in enumerate(changes, start=7):
        alter(warehouse_settings, change)
        ledger(m2015_10=amount, m2015_11=amount)
        dbt("run", "--select", "int_ledger_months", months=["2015-11"])
        assert facts(warehouse_settings) == [("2015-10", amount), ("2015-11", amount)], change
        assert rows(warehouse_settings, f"select sum(line_count)::integer from {FACT}") == [(2,)]


def test_a_build_that_fails_leaves_the_facts_as_they_were(
    warehouse_settings: Settings, ledger: Callable[..., None], dbt: Dbt
) -> None:
    ledger(m2015_10=1, m2015_11=2)
    dbt("run", "--select", "int_ledger_months")
    ledger(m2015_10=7, m2015_11=8)
    # two files of one entity and month would break the fact's key
    alter(
        warehouse_settings,
        "insert into staging.stg_finance__ledger values ('A', '2015-11', 'S', 'O', 1, 2)",
    )
    with pytest.raises(AssertionError, match="duplicate key"):
        dbt("run", "--select", "int_ledger_months", months=["2015-11"])
    assert facts(warehouse_settings) == [("2015-10", 1), ("2015-11", 2)]
