"""Audiences of another organisation's contracts, on a server of their own: roles are a server's."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest

from outturn import audiences, run, server, warehouse
from outturn.database import AudienceCode, connect, dsn_for
from outturn.errors import AudienceUnknown, NotReady, QueryRefused
from outturn.query import ask
from outturn.refresh import build_as_at, refresh
from outturn.secret_store import all_secrets
from outturn.settings import Settings
from tests.conftest import free_port, rows

THEIRS = Path(__file__).parent / "another_organisation"
CLEANERS, WORKS, BOARD = AudienceCode("cleaners"), AudienceCode("works"), AudienceCode("board")
AUDIENCES = """\
audience_code,name,contract_code
cleaners,Managers of street cleaning,CLEAN
works,Managers of all works,CAPS
works,Managers of all works,ELSE
board,Members of the board,
"""
SEEN = {CLEANERS: {"CLEAN"}, WORKS: {"CAPS", "ELSE"}}
RESTATED = """\
contract_code,period,service_line,charge_type,charge_gbp,invoice_number
CLEAN,2024-05,Streets,charge,1100000.00,A2
CAPS,2024-05,Works,charge,2100.00,B2
"""
LIVE = """
select relname, exists (
    select from pg_attribute where attrelid = pg_class.oid and attname = 'contract_code'
)
from pg_class
where relnamespace = 'marts'::regnamespace and relkind in ('r', 'v') order by 1
"""


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Their warehouse, published twice: every contract has rows, and figures that changed."""
    home = tmp_path_factory.mktemp("audiences")
    shutil.copytree(THEIRS / "landing", home / "landing")
    shutil.copytree(THEIRS / "seeds", home / "seeds")
    (home / "seeds" / "audiences.csv").write_text(AUDIENCES)
    settings = Settings(
        home=home / "home",
        seeds_dir=home / "seeds",
        landing_url=str(home / "landing"),
        pg_port=free_port(),
        settle_seconds=0,
    )
    server.start(settings)
    try:
        warehouse.initialise(settings)
        refresh(settings, everything=True)
        (home / "landing" / "supplier" / "service_charges_2024-05_2.csv").write_text(RESTATED)
        refresh(settings, everything=True)
        yield settings
    finally:
        server.remove(settings)


def readable(settings: Settings, reader: AudienceCode, mart: str) -> list[str | None] | None:
    """The contract of each row that an audience sees; None where the mart is closed to it."""
    column = "contract_code" if dict(rows(settings, LIVE))[mart] else "null"
    try:
        return [code for (code,) in rows(settings, f"select {column} from marts.{mart}", reader)]
    except psycopg.errors.InsufficientPrivilege:
        return None


@pytest.mark.parametrize("reader", [CLEANERS, WORKS])
def test_a_limited_audience_sees_its_contracts_whole_and_nothing_else(
    theirs: Settings, reader: AudienceCode
) -> None:
    seen: set[str | None] = set()
    for mart, has_contract in rows(theirs, LIVE):
        found = readable(theirs, reader, mart)
        if not has_contract:
            assert found is None, mart
            continue
        assert found is not None, mart
        query = f"select contract_code from marts.{mart} where contract_code = any(%s)"
        with connect(theirs, "admin") as connection:
            own = connection.execute(query, (list(SEEN[reader]),)).fetchall()  # type: ignore[call-overload]
        assert sorted(map(str, found)) == sorted(code for (code,) in own), mart
        seen.update(found)
    assert seen == SEEN[reader]


def test_finance_and_the_board_see_every_row_of_every_mart(theirs: Settings) -> None:
    for mart, _ in rows(theirs, LIVE):
        everything = len(rows(theirs, f"select 1 from marts.{mart}"))
        for reader in (AudienceCode("finance"), BOARD):
            found = readable(theirs, reader, mart)
            assert found is not None
            assert len(found) == everything, mart


def test_figures_that_changed_are_told_to_whom_they_belong(theirs: Settings) -> None:
    """The view of changes reads as its owner: it keeps rows apart by itself."""
    changed = "select distinct contract_code from marts.publication_changes"
    assert {code for (code,) in rows(theirs, changed)} >= {"CLEAN", "CAPS"}
    assert rows(theirs, changed, CLEANERS) == [("CLEAN",)]
    assert rows(theirs, changed, WORKS) == [("CAPS",)]


def test_a_past_day_is_not_for_limited_audiences(theirs: Settings) -> None:
    build_as_at(theirs, date(2024, 8, 10))
    query = "select contract_code from asat_20240810_marts.credits_by_period"
    assert {code for (code,) in rows(theirs, query, AudienceCode("finance"))} == {"CLEAN", "CAPS"}
    for reader in (CLEANERS, WORKS, BOARD):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            rows(theirs, query, reader)
    assert rows(theirs, "select distinct contract_code from marts.credits_by_period", CLEANERS) == [
        ("CLEAN",)
    ]


def test_whoever_asks_names_an_audience(theirs: Settings) -> None:
    query = "select distinct contract_code from marts.credits_by_period order by 1"
    assert ask(theirs, query)[1] == [("CAPS",), ("CLEAN",)]
    assert ask(theirs, query, "works")[1] == [("CAPS",)]
    with pytest.raises(QueryRefused, match="denied for table data_assurance") as refused:
        ask(theirs, "select 1 from marts.data_assurance", "works")
    assert "marts.credits_by_period" in refused.value.remedy
    assert "marts.statement_checks" not in refused.value.remedy
    with pytest.raises(AudienceUnknown, match="finance, cleaners, works, board"):
        ask(theirs, query, "publisher")


def test_changed_audiences_are_let_in_and_shut_out_by_init(
    theirs: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """On the marts that are live, without a refresh; a connection that is open is no way round."""
    assert theirs.seeds_dir is not None
    file = theirs.seeds_dir / "audiences.csv"
    query = "select distinct contract_code from marts.credits_by_period order by 1"
    sums = "select distinct entity_code from marts.support_cost_ratio"
    old = dsn_for(theirs, WORKS)
    with psycopg.connect(old, autocommit=True) as still_open:
        assert still_open.execute(query).fetchall() == [("CAPS",)]
        file.write_text(
            AUDIENCES.replace("works,", "fresh,")
            .replace("board,Memb", "board,M")
            .replace("the board,\n", "the board,CAPS\n")
        )
        with pytest.raises(NotReady, match="outturn_fresh has no password yet"):
            ask(theirs, query, "fresh")
        assert run.plan(theirs) is None
        assert "`outturn init` applies who may read" in capsys.readouterr().err
        warehouse.initialise(theirs)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            still_open.execute(query)
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(old)
    assert "outturn_works" not in all_secrets(theirs)
    assert rows(theirs, "select 1 from pg_policies where policyname = 'outturn_works'") == []
    assert ask(theirs, query, "fresh")[1] == [("CAPS",)]
    assert ask(theirs, query, "board")[1] == [("CAPS",)]
    with pytest.raises(QueryRefused):
        ask(theirs, sums, "board")
    file.write_text(AUDIENCES)
    warehouse.initialise(theirs)
    capsys.readouterr()
    run.plan(theirs)
    assert "may read" not in capsys.readouterr().err
    assert ask(theirs, query, "works")[1] == [("CAPS",)]
    assert ask(theirs, query, "board")[1] == [("CAPS",), ("CLEAN",)]
    assert dsn_for(theirs, WORKS) != old


def test_without_the_file_there_is_finance(theirs: Settings) -> None:
    assert theirs.seeds_dir is not None
    (theirs.seeds_dir / "audiences.csv").unlink()
    warehouse.initialise(theirs)
    assert list(audiences.read(theirs)) == ["finance"]
    logins = "select rolname from pg_roles where rolcanlogin and rolname ~ '(works|cleaners|board)'"
    assert rows(theirs, logins) == []
    query = "select count(distinct contract_code) from marts.credits_by_period"
    assert ask(theirs, query)[1] == [(2,)]
