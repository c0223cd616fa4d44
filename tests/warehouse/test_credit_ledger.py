"""The ledger of credits takes rows and nothing else, and shows when somebody got past that."""

from __future__ import annotations

from typing import Any, get_args

import psycopg
import pytest

from outturn import credit_ledger
from outturn.database import Role, connect
from outturn.errors import LedgerBroken, ServerProblem
from outturn.settings import Settings
from tests.conftest import rows

INSERT = """
insert into ops.credit_ledger (contract_code, period, entry_key, step, source, amount_gbp,
    effective_on, actor)
values ('C', %(period)s, %(key)s, %(step)s, 'publication', %(amount)s, '2016-02-12', 'outturn')
"""


def add(settings: Settings, period: str, *, amount: str = "100.00") -> None:
    with connect(settings, "publisher") as connection:
        values = {"period": period, "key": "due", "step": "due", "amount": amount}
        connection.execute(INSERT, values)


def tamper(settings: Settings, statement: str) -> None:
    """As somebody would who may switch triggers off."""
    with connect(settings, "admin") as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(statement)  # type: ignore[call-overload]


@pytest.fixture
def ledger(warehouse_settings: Settings) -> Settings:
    for period in ("2016-01", "2016-02", "2016-03", "2016-04"):
        add(warehouse_settings, period)
    return warehouse_settings


@pytest.mark.parametrize(
    "statement",
    [
        "update ops.credit_ledger set amount_gbp = 1",
        "delete from ops.credit_ledger",
        "truncate ops.credit_ledger",
    ],
)
@pytest.mark.parametrize("role", [*get_args(Role), "outturn_owner"])
def test_no_role_can_change_a_step(ledger: Settings, role: Any, statement: str) -> None:
    """Nor can the owner, nor the administrator: those the trigger refuses."""
    before = rows(ledger, "select * from ops.credit_ledger order by 1")
    reason = "append-only" if role in ("admin", "outturn_owner") else "denied|read-only"
    with pytest.raises((psycopg.Error, ServerProblem), match=reason):
        execute_as(ledger, role, statement)
    assert rows(ledger, "select * from ops.credit_ledger order by 1") == before


def execute_as(settings: Settings, role: Any, statement: str) -> None:
    login = "admin" if role == "outturn_owner" else role
    with connect(settings, login, database=settings.database) as connection:
        if role == "outturn_owner":
            connection.execute("set role outturn_owner")
        connection.execute(statement)  # type: ignore[call-overload]


def test_number_time_and_hashes_are_the_databases_own(warehouse_settings: Settings) -> None:
    with connect(warehouse_settings, "publisher") as connection:
        connection.execute(
            """
            insert into ops.credit_ledger (entry_number, contract_code, period, entry_key, step,
                source, amount_gbp, effective_on, actor, recorded_at, previous_hash, row_hash)
            values (99, 'C', '2016-01', 'due', 'due', 'publication', 1, '2016-02-12', 'outturn',
                '1999-01-01', 'forged', 'forged')
            """
        )
    ((number, year, previous, hash_),) = rows(
        warehouse_settings,
        "select entry_number, extract(year from recorded_at), previous_hash, row_hash"
        " from ops.credit_ledger",
    )
    assert (number, previous) == (1, "")
    assert year > 2020
    assert len(hash_) == 64


def test_a_second_issue_of_the_same_credit_is_refused_by_name(ledger: Settings) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation, match="contract_code, period, entry_key"):
        add(ledger, "2016-01")
    assert credit_ledger.verify(ledger).entries == 4


def test_a_step_has_an_amount_above_nothing_and_nobody_approves_their_own(
    ledger: Settings,
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        add(ledger, "2016-05", amount="0")
    with connect(ledger, "publisher") as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            """
            insert into ops.credit_ledger (contract_code, period, entry_key, step, source,
                amount_gbp, effective_on, actor, requested_by)
            values ('C', '2016-05', 'notified:0', 'notified', 'notice', 1, '2016-06-01', 'me', 'me')
            """
        )


def test_a_ledger_that_was_let_be_fits(ledger: Settings) -> None:
    chain = credit_ledger.verify(ledger)
    last = rows(ledger, "select row_hash from ops.credit_ledger where entry_number = 4")
    assert (chain.entries, [(chain.last_hash,)]) == (4, last)


@pytest.mark.parametrize(
    ("statement", "entry", "fault"),
    [
        (
            "update ops.credit_ledger set amount_gbp = 1 where entry_number = 2",
            2,
            "contents are not those",
        ),
        ("delete from ops.credit_ledger where entry_number = 2", 3, "entry 2 is missing"),
        (
            (
                "update ops.credit_ledger set previous_hash = 'x', row_hash = 'y'"
                " where entry_number = 3"
            ),
            3,
            "contents are not those",
        ),
    ],
)
def test_tampering_is_named_by_the_first_row_that_does_not_fit(
    ledger: Settings, statement: str, entry: int, fault: str
) -> None:
    tamper(ledger, statement)
    with pytest.raises(LedgerBroken, match=fault) as caught:
        credit_ledger.verify(ledger)
    assert caught.value.entry_number == entry


def test_a_row_that_was_hashed_anew_breaks_the_one_after_it(ledger: Settings) -> None:
    """Whoever forges a row and its hash would have to forge every row after it as well."""
    tamper(
        ledger,
        "update ops.credit_ledger set amount_gbp = 1 where entry_number = 2;"
        " update ops.credit_ledger as entry set row_hash = ops.credit_ledger_hash(entry)"
        " where entry_number = 2",
    )
    with pytest.raises(LedgerBroken, match="does not follow") as caught:
        credit_ledger.verify(ledger)
    assert caught.value.entry_number == 3


def sealed(settings: Settings) -> Settings:
    """Two publications with figures of their own, each sealed."""
    with connect(settings, "admin") as connection:
        connection.execute("insert into ops.seed_set values ('s', now(), '/s', now())")
        for number in (1, 2):
            connection.execute(
                """
                insert into ops.publication (run_key, as_at, seed_hash, code_version, first_period,
                    last_period, months, fingerprints)
                values (%s, now(), 's', '', '', '', '{}', '{}')
                """,
                (str(number),),
            )
    with connect(settings, "publisher") as connection:
        for number in (1, 2):
            for measure in ("a_gbp", "b_gbp"):
                connection.execute(
                    "insert into history.published_figure values (%s, 'm', '{}', %s, '1')",
                    (number, measure),
                )
            credit_ledger.seal(connection, number)
    return settings


@pytest.mark.parametrize(
    ("statement", "publication", "fault"),
    [
        (
            "update history.published_figure set value = '2' where publication_id = 1",
            1,
            "not those that were sealed",
        ),
        (
            "delete from history.published_figure where publication_id = 2 and measure = 'a_gbp'",
            2,
            "it has 1 figures, sealed were 2",
        ),
        (
            "update history.publication_seal set previous_hash = 'x' where publication_id = 2",
            2,
            "not what its hash was made of",
        ),
        ("delete from history.publication_seal where publication_id = 2", 2, "have no seal"),
    ],
)
def test_a_published_figure_that_was_changed_since_is_named(
    warehouse_settings: Settings, statement: str, publication: int, fault: str
) -> None:
    settings = sealed(warehouse_settings)
    assert credit_ledger.verify_history(settings) == 2
    tamper(settings, statement)
    with pytest.raises(LedgerBroken, match=fault) as caught:
        credit_ledger.verify_history(settings)
    assert caught.value.entry_number == publication
