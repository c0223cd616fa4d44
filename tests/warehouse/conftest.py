"""For warehouse tests: accepted files, and parts of dbt run on the test's own database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict

from outturn.contracts import load_contracts
from outturn.database import connect, dsn_for
from outturn.settings import Settings
from outturn.transform import invoke

Invoke = Callable[..., Any]


def dbt_environment(settings: Settings) -> dict[str, str]:
    """What dbt's profile takes from the environment, for a test's own database."""
    parts = conninfo_to_dict(dsn_for(settings, "transformer"))
    return {
        "OUTTURN_PG_HOST": str(parts["host"]),
        "OUTTURN_PG_PORT": str(parts["port"]),
        "OUTTURN_PG_DATABASE": str(parts["dbname"]),
        "OUTTURN_TRANSFORMER_USER": str(parts["user"]),
        "DBT_ENV_SECRET_TRANSFORMER_PASSWORD": str(parts["password"]),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "0",
    }


@pytest.fixture
def invoke_dbt(
    warehouse_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Invoke:
    """Runs a dbt command with vars; returns its result, fails with the messages of its nodes."""
    for name, value in dbt_environment(warehouse_settings).items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str, **variables: Any) -> Any:
        outcome = invoke(
            warehouse_settings,
            [
                *arguments,
                "--vars",
                json.dumps(variables),
                "--target-path",
                str(tmp_path / "target"),
            ],
        )
        messages = [str(one.message) for one in getattr(outcome.result, "results", [])]
        assert outcome.success, [str(outcome.exception), *messages]
        return outcome.result

    return run


@pytest.fixture
def dbt(invoke_dbt: Invoke) -> Callable[..., None]:
    """Runs a dbt command with vars, for what it does to the database."""

    def run(*arguments: str, **variables: Any) -> None:
        invoke_dbt(*arguments, **variables)

    return run


@pytest.fixture
def compiled(invoke_dbt: Invoke) -> Callable[[str], str]:
    """The SQL that a statement with macros compiles to."""

    def compile_inline(statement: str) -> str:
        result = invoke_dbt("compile", "--inline", statement)
        code: str = result.results[0].node.compiled_code
        return code

    return compile_inline


@pytest.fixture
def accepted(warehouse_settings: Settings) -> Callable[..., int]:
    """Puts rows into `landing` as a file of one period that was accepted; returns its file_id."""

    def put(extract: str, period: str, received_at: str, *records: dict[str, Any]) -> int:
        contract = load_contracts(warehouse_settings)[extract]
        with connect(warehouse_settings, "admin") as connection:
            ((file_id,),) = connection.execute(
                """
                insert into ops.extract_file
                    (extract, sha256, size_bytes, status, records, landed, quarantined)
                values (%s, encode(sha256(random()::text::bytea), 'hex'), 1, 'accepted', %s, %s, 0)
                returning file_id
                """,
                (extract, len(records), len(records)),
            ).fetchall()
            connection.execute(
                "insert into ops.delivery (file_id, source, name, url, received_at)"
                " values (%s, 's', 'file', 'file', %s)",
                (file_id, received_at),
            )
            for number, record in enumerate(records, start=1):
                part = "|".join(
                    [record[key] for key in contract.keys]
                    if contract.replaces == "key"
                    else [record[contract.part_column]]
                )
                connection.execute(
                    "insert into ops.file_part values (%s, %s, %s) on conflict do nothing",
                    (file_id, part, period),
                )
                columns = ", ".join(["file_id", "record_number", *record])
                places = ", ".join(["%s"] * (len(record) + 2))
                connection.execute(
                    f"insert into landing.{contract.table} ({columns}) values ({places})",
                    (file_id, number, *record.values()),
                )
        return int(file_id)

    return put
