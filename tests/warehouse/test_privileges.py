"""Who may do what, act by act: each login role and statement, allowed or refused for want of right.

L loader, T transformer, P publisher, F finance (the reader of everything), M the managers of one
contract. What is not named is refused by PostgreSQL with 42501 (insufficient privilege), in a
transaction that may write.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import sql

from outturn import warehouse
from outturn.contracts import load_contracts
from outturn.database import (
    LOGIN_ROLES,
    SERVICE_ROLES,
    AudienceCode,
    Role,
    connect,
    dsn_for,
    login_name,
)
from outturn.landing import create_statements
from outturn.settings import Settings
from tests.conftest import copied_warehouse, rows

DENIED = "42501"
MANAGERS = AudienceCode("sscl_managers")
ROLES: dict[str, Role | AudienceCode] = {
    "L": "loader",
    "T": "transformer",
    "P": "publisher",
    "F": "finance",
    "M": MANAGERS,
}
LOGINS: tuple[Role | AudienceCode, ...] = (*LOGIN_ROLES, MANAGERS)
CHARGES = "landing.supplier__service_charges"

ACTS: list[tuple[str, str]] = [
    # What came: the loader writes it, never changes a record; models are made of it.
    (f"select 1 from {CHARGES}", "LT"),
    ((f"insert into {CHARGES} (file_id, record_number, contract_code, period, charge_gbp)"
     " values (1, 1, 'C', '2015-10', 1)"), "L"),
    (f"delete from {CHARGES}", "L"),
    (f"update {CHARGES} set contract_code = 'C'", ""),
    (f"truncate {CHARGES}", ""),
    (f"alter table {CHARGES} add column mine integer", ""),
    (f"drop table {CHARGES}", ""),
    (f"create rule mine as on insert to {CHARGES} do instead nothing", ""),
    ("create table landing.mine (a integer)", ""),
    ("drop schema landing cascade", ""),
    ("select 1 from quarantine.record", "LT"),
    ("insert into quarantine.record values (1, 1, 1, '', '[]')", "L"),
    ("delete from quarantine.record", "L"),
    ("update quarantine.record set raw_record = ''", ""),
    ("truncate quarantine.record", ""),
    ("create table quarantine.mine (a integer)", ""),
    # What is known of it.
    ("select 1 from ops.extract_file", "LTP"),
    (("insert into ops.extract_file (extract, sha256, size_bytes)"
     " values ('a/b', repeat('0', 64), 1)"), "L"),
    ("update ops.extract_file set refusal = ''", "L"),
    ("delete from ops.extract_file", ""),
    ("truncate ops.extract_file cascade", ""),
    ("select 1 from ops.delivery", "LTP"),
    (("insert into ops.delivery (file_id, source, name, url, received_at)"
     " values (1, 's', 'n', 'u', now())"), "L"),
    ("update ops.delivery set received_at = now()", ""),
    ("delete from ops.delivery", ""),
    ("lock table ops.delivery in access exclusive mode", ""),
    ("alter table ops.delivery disable trigger all", ""),
    ("drop table ops.delivery", ""),
    ("select 1 from ops.file_part", "LTP"),
    ("insert into ops.file_part values (1, 'p', '')", "L"),
    ("update ops.file_part set part_code = ''", ""),
    ("delete from ops.file_part", "L"),
    ("select 1 from ops.check_result", "LT"),
    ("update ops.check_result set success = true", ""),
    ("delete from ops.check_result", "L"),
    ("select 1 from ops.waiting_file", "LTP"),
    ("delete from ops.waiting_file", "L"),
    ("select 1 from ops.calendar_day", "LTP"),
    ("insert into ops.calendar_day values ('1900-01-01', true, null, 1)", ""),
    ("delete from ops.calendar_day", ""),
    ("create table ops.mine (a integer)", ""),
    ("drop schema ops cascade", ""),
    # Runs and publications.
    ("select 1 from ops.publication", "LTP"),
    ("update ops.publication set published_at = now()", "P"),
    ("delete from ops.publication", ""),
    ("select 1 from ops.seed_set", "LTP"),
    ("insert into ops.seed_set values ('h', now(), 'p')", "P"),
    ("update ops.seed_set set archived_path = ''", ""),
    ("delete from ops.seed_set", ""),
    ("select 1 from ops.month_state", "LTP"),
    ("delete from ops.month_state", "P"),
    ("select 1 from ops.dbt_result", "TP"),
    ("delete from ops.dbt_result", "T"),
    # What is never changed.
    ("select 1 from ops.credit_ledger", "TP"),
    ("update ops.credit_ledger set amount_gbp = 1", ""),
    ("delete from ops.credit_ledger", ""),
    ("truncate ops.credit_ledger", ""),
    ("drop trigger append_only_rows on ops.credit_ledger", ""),
    ("select 1 from ops.notice_answer", "TP"),
    ("update ops.notice_answer set answer = 'approved'", ""),
    ("delete from ops.notice_answer", ""),
    ("select 1 from history.published_figure", "P"),
    ("update history.published_figure set value = '0'", ""),
    ("delete from history.published_figure", ""),
    ("truncate history.published_figure", ""),
    ("alter table history.published_figure disable trigger all", ""),
    ("drop trigger append_only_rows on history.published_figure", ""),
    ("drop table history.published_figure", ""),
    ("create table history.mine (a integer)", ""),
    ("drop schema history cascade", ""),
    # What is built, and what is read.
    ("select 1 from staging.probe", "T"),
    ("select 1 from intermediate.probe", "T"),
    ("insert into staging.probe values (1)", "T"),
    ("create table staging.mine (a integer)", "T"),
    ("drop schema intermediate cascade", "T"),
    ("select 1 from marts_next.probe", "TPF"),
    ("update marts_next.probe set a = 1", "T"),
    ("select 1 from asat_20160331_marts.probe", "TPF"),
    ("drop schema asat_20160331_marts cascade", "T"),
    ("select 1 from marts_next.own", "TPF"),
    ("select 1 from asat_20160331_marts.own", "TPF"),
    # Whoever sees one contract reads its rows and no mart of another kind, nor a view that does not
    # say that it keeps rows apart.
    ("select 1 from marts.probe", "TPF"),
    ("select 1 from marts.own", "TPFM"),
    ("select 1 from marts_before_8.own", "TPFM"),
    ("select 1 from marts.own_view", "TPF"),
    ("select 1 from marts.own_barrier", "TPFM"),
    ("select 1 from marts.barrier", "TPF"),
    ("select 1 from marts.own_open", "TPF"),
    ("select 1 from marts.own_snapshot", "TPF"),
    ("insert into marts.own values ('SSCL-BSS')", ""),
    ("update marts.own set contract_code = 'SSCL-BSS'", ""),
    ("delete from marts.own", ""),
    ("select 1 from marts.own for update", ""),
    ("drop policy outturn_sscl_managers on marts.own", ""),
    ("alter policy outturn_sscl_managers on marts.own using (true)", ""),
    ("create policy mine on marts.own using (true)", ""),
    ("alter table marts.own disable row level security", ""),
    ("alter view marts.own_view set (security_barrier)", ""),
    ("alter view marts_next.own_view set (security_barrier)", "T"),
    ("select 1 from ops.audience", "TP"),
    ("insert into ops.audience values ('outturn_sscl_managers', null)", ""),
    ("update ops.audience set contract_code = null", ""),
    ("delete from ops.audience", ""),
    ("truncate ops.audience", ""),
    ("lock table ops.audience in share mode", ""),
    ("select ops.open_to_audiences('pg_class')", ""),
    ("insert into marts.probe values (1)", ""),
    ("update marts.probe set a = 1", ""),
    ("delete from marts.probe", ""),
    ("truncate marts.probe", ""),
    ("alter table marts.probe add column b integer", ""),
    ("alter table marts.probe owner to current_user", ""),
    ("comment on table marts.probe is 'x'", ""),
    ("create index on marts.probe (a)", ""),
    ("create table marts.mine (a integer)", ""),
    ("drop table marts.probe", ""),
    ("drop schema marts cascade", ""),
    ("alter schema marts rename to mine", ""),
    ("create table public.mine (a integer)", ""),
    ("create temporary table mine (a integer)", "T"),
    ("create schema mine", "T"),
    # Functions, those that act as their owner first of all.
    ("select * from ops.current_file(now())", "LTP"),
    ("select ops.add_working_days('2016-01-01', 1)", "LTP"),
    ("select * from ops.credit_ledger_fault()", "P"),
    ("select ops.credit_ledger_hash(null)", ""),
    ("select staging.begin_marts('asat_20170331_marts')", "T"),
    ("select ops.take_over('staging')", ""),
    ("select ops.swap_marts(2)", "P"),
    ("select ops.drop_old_marts()", "P"),
    ("drop function ops.swap_marts(bigint)", ""),
    ("create or replace function ops.drop_old_marts() returns integer language sql as 'select 1'",
     ""),
    ("drop function ops.current_file(timestamptz)", ""),
    # Becoming somebody else, and giving rights away.
    ("set role outturn_owner", ""),
    ("set role outturn_published", ""),
    ("set role outturn_models", "T"),
    ("set role outturn_loader", "L"),
    ("set role outturn_transformer", "T"),
    ("set role outturn_publisher", "P"),
    ("set role outturn_finance", "F"),
    ("set role outturn_sscl_managers", "M"),
    ("set session authorization outturn_owner", ""),
    ("grant outturn_owner to current_user", ""),
    ("alter role current_user superuser", ""),
    ("alter role current_user createrole", ""),
    ("alter role current_user bypassrls", ""),
    ("create role mine", ""),
    ("drop role outturn_airflow", ""),
    ("alter role outturn_airflow password 'x'", ""),
    ("reassign owned by outturn_owner to current_user", ""),
    # The server and its machine.
    ("select 1 from pg_authid", ""),
    ("select rolpassword from pg_authid", ""),
    ("select pg_read_file('PG_VERSION')", ""),
    ("select pg_read_binary_file('PG_VERSION')", ""),
    ("select pg_ls_dir('.')", ""),
    ("select pg_stat_file('PG_VERSION')", ""),
    ("select lo_import('/etc/passwd')", ""),
    ("select lo_export(1, '/tmp/outturn-taken')", ""),
    ("copy (select 1) to program 'true'", ""),
    ("copy (select 1) to '/tmp/outturn-taken'", ""),
    (f"copy {CHARGES} from program 'true'", ""),
    (f"copy {CHARGES} from '/etc/passwd'", ""),
    ("select 1 from pg_hba_file_rules", ""),
    ("select current_setting('data_directory')", ""),
    ("select pg_reload_conf()", ""),
    ("select pg_terminate_backend({administrator})", ""),
    ("load 'dblink'", ""),
    ("create extension dblink with schema landing", ""),
    ("create foreign data wrapper mine", ""),
    ("create publication mine for all tables", ""),
    ("create event trigger mine on ddl_command_start execute function history.refuse_change()",
     ""),
    ("set log_statement = 'all'", ""),
    ("set session_replication_role = replica", ""),
    ("select pg_create_physical_replication_slot('mine')", ""),
]  # fmt: skip
MARTS = """
create table {schema}.own as
select * from (values ('SSCL-BSS', 1), ('SSCL-BSS', 2), ('OTHER', 3), (null, 4))
    as found (contract_code, number);
create view {schema}.own_view as select * from {schema}.own;
create view {schema}.own_barrier with (security_barrier) as
select * from {schema}.own where current_user <> 'outturn_sscl_managers' or number < 2;
create view {schema}.barrier with (security_barrier) as select * from {schema}.probe;
create view {schema}.own_open with (security_barrier = false) as select * from {schema}.own;
create materialized view {schema}.own_snapshot as select * from {schema}.own;
grant select on all tables in schema {schema} to outturn_finance, outturn_publisher;
"""
# These may not stand in a transaction; nobody may do them.
ALONE = (
    "alter system set fsync = off",
    "create database mine",
    "drop database {database}",
    "drop database superset",
    "create tablespace mine location '/tmp'",
)


@pytest.fixture(scope="module")
def closed(
    server_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """A warehouse with a table in every schema that models are built in, and live marts."""
    with copied_warehouse(server_settings, tmp_path_factory.mktemp("closed") / "home") as settings:
        warehouse.initialise(settings)
        build(settings, "marts_next", "asat_20160331_marts")
        for publication in (7, 8):
            swap(settings, publication)
            build(settings, "marts_next")
        yield settings


def build(settings: Settings, *schemas: str) -> None:
    """What dbt would leave behind: a table in each schema, marts of contracts and of none."""
    with connect(settings, "transformer", autocommit=True) as connection:
        connection.execute("set role outturn_models")
        for schema in schemas:
            connection.execute("select staging.begin_marts(%s)", (schema,))
        for schema in ("staging", "intermediate", *schemas):
            table = sql.Identifier(schema, "probe")
            connection.execute(sql.SQL("create table if not exists {} (a integer)").format(table))
        for schema in schemas:
            connection.execute(sql.SQL(MARTS).format(schema=sql.Identifier(schema)))


def swap(settings: Settings, publication: int) -> None:
    """What publishing does."""
    with connect(settings, "publisher", autocommit=True) as connection:
        connection.execute("select ops.swap_marts(%s)", (publication,))


def attempt(settings: Settings, role: Role | AudienceCode, statement: str) -> str | None:
    """The SQLSTATE of a statement in a transaction that may write and is rolled back."""
    with psycopg.connect(dsn_for(settings, role)) as connection:
        try:
            connection.execute("set transaction read write")
            connection.execute(statement.encode())
        except psycopg.Error as problem:
            return problem.sqlstate
        finally:
            connection.rollback()
    return None


@pytest.mark.parametrize(("statement", "allowed"), ACTS)
def test_each_role_may_do_its_own_work_and_nothing_else(
    closed: Settings, statement: str, allowed: str
) -> None:
    with connect(closed, "admin") as connection:
        wanted = statement.format(administrator=connection.info.backend_pid)
        found = {letter: attempt(closed, role, wanted) for letter, role in ROLES.items()}
    expected = {letter: None if letter in allowed else DENIED for letter in ROLES}
    # A row that fits no contract is refused for that, by whoever may write it.
    reasons = {"23502", "23503"}
    assert {k: None if v in reasons else v for k, v in found.items()} == expected


@pytest.mark.parametrize("schema", ["marts", "marts_before_8"])
def test_whoever_sees_one_contract_sees_its_rows_only(closed: Settings, schema: str) -> None:
    numbers = f"select number from {schema}.own order by number"
    seen = {letter: rows(closed, numbers, role) for letter, role in ROLES.items() if letter != "L"}
    everything = [(1,), (2,), (3,), (4,)]
    assert seen == {"T": everything, "P": everything, "F": everything, "M": [(1,), (2,)]}


@pytest.mark.parametrize(
    "statement",
    [
        "select * from marts.own where contract_code = 'OTHER'",
        "select * from marts.own where contract_code is null",
        "select * from marts.own where number / (number - 3) > 0",
        "select * from marts.own where case contract_code when 'OTHER' then number / 0 end = 1",
        "select 1 from marts.own as a full join marts.own as b using (number) where number = 3",
        "select most_common_vals from pg_stats where tablename = 'own'",
    ],
)
def test_no_question_brings_another_contracts_rows(closed: Settings, statement: str) -> None:
    with connect(closed, "admin") as connection:
        connection.execute("analyze marts.own")
    assert rows(closed, statement, MANAGERS) == []


def test_a_publication_shows_no_reader_too_much_and_refuses_none(
    warehouse_settings: Settings,
) -> None:
    """Somebody who reads without a pause while marts are swapped in, again and again."""
    seen: set[tuple[object, ...]] = set()
    stop = threading.Event()

    def read() -> None:
        with connect(warehouse_settings, MANAGERS, autocommit=True) as connection:
            while not stop.is_set():
                found = connection.execute("select number from marts.own order by 1").fetchall()
                seen.add(tuple(found))

    build(warehouse_settings, "marts_next")
    swap(warehouse_settings, 1)
    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        for publication in range(2, 22):
            build(warehouse_settings, "marts_next")
            swap(warehouse_settings, publication)
        stop.set()
        for reader in readers:
            reader.result()
    assert seen == {((1,), (2,))}


def test_a_publication_waits_while_audiences_are_changed(warehouse_settings: Settings) -> None:
    """Or the new marts would come with the rules of before."""
    build(warehouse_settings, "marts_next")
    with connect(warehouse_settings, "admin") as administrator:
        administrator.execute("delete from ops.audience where login = 'outturn_sscl_managers'")
        impatient = "-c lock_timeout=100ms"
        with (
            connect(warehouse_settings, "publisher", options=impatient) as publisher,
            pytest.raises(psycopg.errors.LockNotAvailable),
        ):
            publisher.execute("select ops.swap_marts(1)")
    swap(warehouse_settings, 1)
    assert attempt(warehouse_settings, MANAGERS, "select 1 from marts.own") == DENIED


def test_rules_that_are_switched_off_refuse_instead_of_showing(closed: Settings) -> None:
    with connect(closed, MANAGERS) as connection:
        connection.execute("set row_security = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from marts.own")


@pytest.mark.parametrize("statement", ALONE)
@pytest.mark.parametrize("role", ROLES.values())
def test_what_stands_alone_is_nobodys(
    closed: Settings, role: Role | AudienceCode, statement: str
) -> None:
    with (
        psycopg.connect(
            dsn_for(closed, role), autocommit=True, options="-c default_transaction_read_only=off"
        ) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.format(database=closed.database).encode())


def test_a_reader_writes_nothing_by_accident_and_holds_the_server_for_a_minute(
    closed: Settings,
) -> None:
    with connect(closed, "finance") as connection:
        assert connection.execute("show statement_timeout").fetchone() == ("1min",)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("alter role outturn_finance reset all")


def test_each_database_is_entered_by_its_own_roles(closed: Settings) -> None:
    entered = {
        (role, name)
        for role in LOGINS
        for name in (
            closed.database,
            closed.airflow_database,
            closed.superset_database,
            "postgres",
            "template1",
        )
        if may_enter(closed, role, name)
    }
    own = {(role, closed.database) for role in LOGINS if role not in SERVICE_ROLES}
    services = {("airflow", closed.airflow_database), ("superset", closed.superset_database)}
    assert entered == own | services


def may_enter(settings: Settings, role: Role | AudienceCode, database: str) -> bool:
    try:
        psycopg.connect(dsn_for(settings, role, database)).close()
    except psycopg.OperationalError as problem:
        if "permission denied for database" in str(problem):
            return False
        raise
    return True


def test_roles_have_no_power_of_their_own_and_owners_no_login(closed: Settings) -> None:
    found = rows(
        closed,
        """
        select rolname, rolcanlogin from pg_roles
        where rolname like 'outturn%'
            and not (rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls)
        """,
    )
    owners = ("outturn_models", "outturn_owner", "outturn_published")
    logins = [login_name(role) for role in LOGINS]
    assert set(found) == {(name, False) for name in owners} | {(name, True) for name in logins}


def test_memberships_are_the_two_that_are_needed(closed: Settings) -> None:
    found = rows(
        closed,
        """
        select member.rolname, owner.rolname, membership.admin_option
        from pg_auth_members as membership
        inner join pg_roles as member on member.oid = membership.member
        inner join pg_roles as owner on owner.oid = membership.roleid
        where member.rolname like 'outturn%' and member.rolname <> 'outturn_admin'
        """,
    )
    assert set(found) == {
        ("outturn_transformer", "outturn_models", False),
        ("outturn_published", "outturn_models", False),
    }


def test_public_has_nothing(closed: Settings) -> None:
    ours = "('ops', 'landing', 'quarantine', 'history', 'staging', 'intermediate', 'marts')"
    found = rows(
        closed,
        f"""
        select 'schema ' || nspname from pg_namespace, aclexplode(nspacl)
        where grantee = 0 and nspname not like 'pg%' and nspname <> 'information_schema'
        union all
        select 'table ' || relation.oid::regclass from pg_class as relation, aclexplode(relacl)
        where grantee = 0 and relnamespace::regnamespace::text in {ours}
        union all
        select 'routine ' || routine.oid::regprocedure
        from pg_proc as routine, aclexplode(coalesce(proacl, acldefault('f', proowner)))
        where grantee = 0 and pronamespace::regnamespace::text in {ours}
        union all
        select 'database ' || datname
        from pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba)))
        where grantee = 0 and datname in
            (current_database(), 'airflow', 'superset', 'postgres', 'template1')
        """,
    )
    assert found == []


def test_functions_that_act_as_their_owner_name_their_search_path(closed: Settings) -> None:
    found = rows(
        closed,
        """
        select routine.oid::regprocedure::text from pg_proc as routine
        where prosecdef and pronamespace::regnamespace::text in ('ops', 'history', 'staging')
            and not coalesce('search_path=pg_catalog' = any (proconfig), false)
        """,
    )
    assert found == []


def test_every_landing_table_is_closed_to_readers(closed: Settings) -> None:
    tables = {contract.table for contract in load_contracts(closed).values()}
    assert create_statements(load_contracts(closed))
    with connect(closed, "finance") as connection:
        for table in sorted(tables):
            statement = sql.SQL("select 1 from {}").format(sql.Identifier("landing", table))
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(statement)
