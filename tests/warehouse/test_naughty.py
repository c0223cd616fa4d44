"""Values from files and secrets from settings stay what and where they are."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from outturn import check
from outturn.check.pages import file_page, index_page
from outturn.cli import files, main
from outturn.database import connect
from outturn.errors import QueryRefused
from outturn.load import load_file
from outturn.query import ask
from outturn.receive import receive_paths
from outturn.settings import Settings
from outturn.sources import fingerprint_of
from tests.conftest import rows
from tests.naughty import STRINGS, secrets_told
from tests.sftp_server import PASSWORD, USER, serve

HEADER = ("publisher_code", "supplier_name", "description", "amount_gbp", "paid_date")
CANARY = "canary@7f3b-x"


def written(records: list[tuple[str, ...]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows([HEADER, *records])
    return out.getvalue()


def test_every_string_lands_and_is_set_aside_as_it_is(
    warehouse_settings: Settings, tmp_path: Path
) -> None:
    good = [("P", text, text, "1.50", "2016-01-05") for text in STRINGS]
    bad = [("P", text, text, text, text) for text in STRINGS]
    path = tmp_path / "payments_2016-01.csv"
    path.write_text(written([*good, *bad]), encoding="utf-8")
    received_at = datetime(2016, 3, 1, tzinfo=UTC)
    (file_id,) = receive_paths(warehouse_settings, [path], received_at=received_at)
    result = load_file(warehouse_settings, file_id)
    assert (result.landed, result.quarantined) == (len(STRINGS), len(STRINGS))
    landed = rows(
        warehouse_settings,
        "select supplier_name, description from landing.finance__payments order by record_number",
    )
    assert landed == [(text, text) for text in STRINGS]
    aside = rows(
        warehouse_settings, "select raw_record, errors from quarantine.record order by line_number"
    )
    assert [next(csv.reader([raw])) for raw, _ in aside] == [list(one) for one in bad]
    for (_, errors), text in zip(aside, STRINGS, strict=True):
        values = {error["column"]: error["value"] for error in errors}
        assert values == {"amount_gbp": text, "paid_date": text}


def test_pages_and_terminal_show_them_as_text(
    warehouse_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    twice = [("P", text, text, "1.50", "2016-01-05") for text in STRINGS for _ in range(2)]
    bad = [("P", text, text, text, text) for text in STRINGS]
    path = tmp_path / "payments_2016-01.csv"
    path.write_text(written([*twice, *bad]), encoding="utf-8")
    received_at = datetime(2016, 3, 1, tzinfo=UTC)
    (file_id,) = receive_paths(warehouse_settings, [path], received_at=received_at)
    load_file(warehouse_settings, file_id)
    check.check_file(warehouse_settings, file_id)
    for page in (file_page(warehouse_settings, file_id), index_page(warehouse_settings)):
        text = page.read_text(encoding="utf-8")
        assert "<script>alert" not in text
        assert "<img src=x" not in text
    text = file_page(warehouse_settings, file_id).read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(" in text
    assert "{{ 7 * 7 }}" in text
    for module in (main, files):
        monkeypatch.setattr(module, "get_settings", lambda: warehouse_settings)
    shown = CliRunner().invoke(main.app, ["quarantine", "show", str(file_id)])
    assert shown.exit_code == 0
    assert "[red]markup[/red]" in shown.output
    told = CliRunner().invoke(main.app, ["quarantine", "show", str(file_id), "--json"])
    records = json.loads(told.stdout)["records"]
    assert [record["errors"][0]["value"] for record in records] == list(STRINGS)


@pytest.mark.parametrize(
    "query",
    [
        "select 1; drop schema marts cascade",
        "select 1) to stdout; set transaction read write; --",
        "select 1) to program 'true' --",
        "select set_config('transaction_read_only', 'off', false), pg_read_file('PG_VERSION')",
        "drop schema marts cascade",
        "commit",
    ],
)
@pytest.mark.parametrize("as_csv", [False, True])
def test_a_question_is_one_statement_that_reads(
    warehouse_settings: Settings, monkeypatch: pytest.MonkeyPatch, query: str, as_csv: bool
) -> None:
    monkeypatch.setattr(main, "get_settings", lambda: warehouse_settings)
    asked = CliRunner().invoke(main.app, ["sql", query, *(["--csv"] if as_csv else [])])
    assert asked.exit_code == 1
    assert rows(warehouse_settings, "select to_regnamespace('marts') is not null") == [(True,)]


def test_a_question_about_no_mart_is_told_which_there_are(warehouse_settings: Settings) -> None:
    with pytest.raises(QueryRefused, match="Nothing is published yet"):
        ask(warehouse_settings, "select * from marts.nothing")
    with connect(warehouse_settings, "admin") as connection:
        connection.execute("create table marts.something (a integer)")
        connection.execute("grant select on marts.something to outturn_finance")
    for table in ("marts.something_else", "something", "landing.finance__payments", "nowhere.x"):
        with pytest.raises(QueryRefused, match=r"There are: marts\.something\."):
            ask(warehouse_settings, f"select * from {table}")


def run(settings: Settings, *arguments: str, **environment: str) -> str:
    """Everything that a command says, whatever it comes to."""
    told = {
        "OUTTURN_HOME": str(settings.home),
        "OUTTURN_PG_PORT": str(settings.pg_port),
        "OUTTURN_DATABASE": settings.database,
        "OUTTURN_SETTLE_SECONDS": "0",
    }
    done = subprocess.run(
        [sys.executable, "-m", "outturn.cli", *arguments],
        env=os.environ | told | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout + done.stderr


def test_no_secret_of_the_settings_is_told(warehouse_settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "remote" / "finance"
    folder.mkdir(parents=True)
    text = written([("P", "A", "", "1.50", "2016-01-05")])
    (folder / "payments_2016-01.csv").write_text(text)
    (folder / "payments_2016-02.csv").write_text("not,what,is,agreed\n")
    with serve(tmp_path / "remote") as served:
        host = f"127.0.0.1:{served.port}"
        pinned = {"OUTTURN_SFTP_HOST_FINGERPRINT": fingerprint_of(served.key)}
        good = {"OUTTURN_LANDING_URL": f"sftp://{USER}:{PASSWORD}@{host}/"} | pinned
        said = [
            run(warehouse_settings, "receive", "finance", **good),
            run(warehouse_settings, "files", "--json", **good),
            run(warehouse_settings, "status", "--json", **good),
            run(warehouse_settings, "doctor", "--json", **good),
        ]
        assert "2 new" in said[0]
        wrong = {"OUTTURN_LANDING_URL": f"sftp://{USER}@{host}/", "OUTTURN_SFTP_PASSWORD": CANARY}
        said.append(run(warehouse_settings, "receive", "finance", **wrong, **pinned))
    urls = {
        f"sftp://{USER}:{CANARY}@127.0.0.1:9/",
        f"ftp://{USER}:{CANARY}@127.0.0.1:9/",
        f"nothing://{USER}:{CANARY}@127.0.0.1/",
    }
    said += [run(warehouse_settings, "receive", "finance", OUTTURN_LANDING_URL=url) for url in urls]
    said.append(
        run(
            warehouse_settings,
            "receive",
            "finance",
            OUTTURN_LANDING_URL="s3://bucket/landing",
            OUTTURN_S3_ENDPOINT_URL="http://127.0.0.1:9",
            OUTTURN_S3_ACCESS_KEY_ID="key",
            OUTTURN_S3_SECRET_ACCESS_KEY=CANARY,
        )
    )
    dsn = f"host=127.0.0.1 port=9 user=x password='{CANARY}'"
    said.append(run(warehouse_settings, "init", OUTTURN_DSN=dsn))
    for text in said:
        for word in (CANARY, "7f3b", PASSWORD):
            assert word not in text
    assert secrets_told(warehouse_settings, CANARY, PASSWORD) == []
