"""Credit notices through Airflow's own API: asked for, seen, answered by another, issued once.

One start of Airflow, with a metadata database of its own; the tests run in their order.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from outturn import credit_ledger, demo, refresh, sample, services, warehouse
from outturn.airflow_api import AirflowClient
from outturn.database import connect, login_name
from outturn.errors import IntakeFailed
from outturn.settings import Settings
from tests.conftest import copied_warehouse, free_port, rows

DAG = "credit_notice"
CONTRACT = "SSCL-BSS"
FIRST = {"contract_code": CONTRACT, "period": "2015-10"}
NOTIFIED = "select actor, requested_by, amount_gbp, period from ops.credit_ledger"
NOTIFIED += " where step = 'notified' order by entry_number"


@pytest.fixture(scope="module")
def settings(
    server_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Two published months of the demonstration, of which no credit was notified yet."""
    home = tmp_path_factory.mktemp("notice")
    with copied_warehouse(server_settings, home) as copied:
        own = {"airflow_database": f"{copied.database}_airflow", "airflow_port": free_port()}
        settings = copied.model_copy(update=own)
        with connect(settings, "admin", database="postgres", autocommit=True) as connection:
            warehouse._create_database(connection, settings.airflow_database, login_name("airflow"))
        sample.generate(settings, Path(settings.landing), months=2, scale=0.002)
        without_credit_decisions(Path(settings.landing) / "finance")
        with pytest.raises(IntakeFailed, match="cut short"):
            refresh.refresh(settings, everything=True)
        yield settings
        with connect(settings, "admin", database="postgres", autocommit=True) as connection:
            connection.execute(f"drop database {settings.airflow_database} with (force)")


@pytest.fixture(scope="module")
def asker(settings: Settings) -> Iterator[AirflowClient]:
    """Airflow, as the administrator sees it, who asks for notices."""
    services.start(settings)
    try:
        services.wait_until_healthy(settings)
        demo.wait_for_dags(settings)
        yield AirflowClient(settings)
    finally:
        services.stop(settings)


@pytest.fixture(scope="module")
def approver(asker: AirflowClient, settings: Settings) -> AirflowClient:
    return AirflowClient(settings, services.APPROVER_USER)


def without_credit_decisions(folder: Path) -> None:
    for path in folder.glob("credit_decisions_*.csv"):
        path.unlink()
    manifest = folder / "manifest.csv"
    with manifest.open(newline="", encoding="utf-8") as lines:
        kept = [line for line in csv.reader(lines) if not line[0].startswith("credit_decisions")]
    with manifest.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out, lineterminator="\n").writerows(kept)


def asked(asker: AirflowClient, conf: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """Trigger a notice and wait until a person is asked: run id and question."""
    run_id = asker.trigger(DAG, conf)
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        states = {task["task_id"]: task["state"] for task in asker.tasks(DAG, run_id)}
        if states.get("approve") == "awaiting_input":
            time.sleep(3)  # an answer within a moment of the question fails the task
            return run_id, asker.question(DAG, run_id, "approve")
        assert "failed" not in states.values(), asker.failures(DAG, run_id)
        time.sleep(0.5)
    raise AssertionError(f"nobody is asked: {states}")


def files(settings: Settings) -> list[str]:
    return sorted(path.name for path in (settings.home / "notices").rglob("*.*"))


def credit(settings: Settings, period: str) -> Any:
    query = f"select due_gbp from marts.credit_ledger where period_month = '{period}'"
    return rows(settings, query, "finance")[0][0]


def test_who_asked_cannot_approve(asker: AirflowClient, settings: Settings) -> None:
    run_id, _ = asked(asker, FIRST)
    asker.answer(DAG, run_id, "approve", "Approve", {"reason": "It is mine"})
    assert asker.wait(DAG, run_id, seconds=120)["state"] == "failed"
    failure = asker.failures(DAG, run_id)
    assert set(failure.tasks) == {"settle"}
    assert "admin asked for the notice and cannot approve" in failure.tasks["settle"]
    assert "docs/runbooks/credit_notice.md#approvalrefused" in failure.tasks["settle"]
    assert files(settings) == []
    assert rows(settings, NOTIFIED) == []


def test_the_person_sees_the_credit_its_evidence_and_what_changed(
    asker: AirflowClient, approver: AirflowClient, settings: Settings
) -> None:
    """… and rejects it with a reason: that is recorded, and nothing is issued."""
    run_id, question = asked(asker, FIRST)
    body = question["body"]
    assert f"{credit(settings, '2015-10'):,.2f}" in question["subject"]
    failed = rows(
        settings,
        "select indicator_code from marts.credit_evidence where period_month = '2015-10'",
        "finance",
    )
    assert failed
    assert all(code in body for (code,) in failed)
    for words in ("Credit before caps", "Since last month", "SSCL_KPI_Return_2015-10"):
        assert words in body
    approver.answer(DAG, run_id, "approve", "Reject", {"reason": "Evidence of HR01 is missing"})
    assert asker.wait(DAG, run_id, seconds=120)["state"] == "success"
    assert files(settings) == []
    assert rows(settings, NOTIFIED) == []
    assert rows(
        settings, "select answer, requested_by, answered_by, reason from ops.notice_answer"
    ) == [("rejected", "admin", "approver", "Evidence of HR01 is missing")]


def test_an_approval_issues_the_notice_and_its_step_together(
    asker: AirflowClient, approver: AirflowClient, settings: Settings
) -> None:
    run_id, _ = asked(asker, FIRST)
    approver.answer(DAG, run_id, "approve", "Approve", {"reason": "Checked by hand"})
    assert asker.wait(DAG, run_id, seconds=120)["state"] == "success"
    stem = "credit-notice-SSCL-BSS-2015-10-1"
    assert files(settings) == [f"{stem}.pdf", f"{stem}.xlsx"]
    assert rows(settings, NOTIFIED) == [
        ("approver", "admin", credit(settings, "2015-10"), "2015-10")
    ]
    credit_ledger.verify(settings)


def test_the_marts_show_the_step_after_the_refresh_that_follows(
    asker: AirflowClient, settings: Settings
) -> None:
    for run in asker.runs("monthly_refresh"):
        assert asker.wait("monthly_refresh", run["dag_run_id"], seconds=300)["state"] == "success"
    assert rows(
        settings,
        "select step, source_kind, actor from marts.credit_ledger where period_month = '2015-10'"
        " order by step_number",
        "finance",
    ) == [("due", "publication", "outturn"), ("notified", "notice", "approver")]


def test_a_second_issue_is_refused_by_name_and_issues_nothing(
    asker: AirflowClient, settings: Settings
) -> None:
    before = {path: path.read_bytes() for path in (settings.home / "notices").rglob("*.*")}
    run_id = asker.trigger(DAG, FIRST)
    assert asker.wait(DAG, run_id, seconds=120)["state"] == "failed"
    failure = asker.failures(DAG, run_id)
    assert "NoticeRefused" in failure.tasks["draft"]
    assert "a credit is issued once" in failure.tasks["draft"]
    assert {path: path.read_bytes() for path in before} == before
    assert len(rows(settings, NOTIFIED)) == 1


def test_without_a_month_the_oldest_claimable_credit_is_meant(
    asker: AirflowClient, approver: AirflowClient, settings: Settings
) -> None:
    run_id, question = asked(asker, {})
    assert "2015-11" in question["subject"]
    approver.answer(DAG, run_id, "approve", "Reject", {"reason": "Later"})
    assert asker.wait(DAG, run_id, seconds=120)["state"] == "success"
    assert len(rows(settings, NOTIFIED)) == 1
