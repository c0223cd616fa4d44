"""Two months through Airflow's real scheduler, and what must be true of the services meanwhile.

One start of Airflow serves all tests here; they run in their order.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from outturn import airflow_config, demo, sample, sample_post, services
from outturn.airflow_api import AirflowClient
from outturn.database import connect
from outturn.sample_post import Batch
from outturn.secret_store import all_secrets
from outturn.settings import Settings
from tests.conftest import rows


@pytest.fixture(scope="module")
def airflow(server_settings: Settings) -> Iterator[AirflowClient]:
    services.start(server_settings)
    try:
        services.wait_until_healthy(server_settings)
        demo.wait_for_dags(server_settings)
        yield AirflowClient(server_settings)
    finally:
        services.stop(server_settings)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, server_settings: Settings) -> Path:
    out = tmp_path_factory.mktemp("sample")
    sample.generate(server_settings, months=2, scale=0.002, out=out)
    return out


@pytest.fixture(scope="module")
def batches(folder: Path) -> list[Batch]:
    return sample_post.batches(sample_post.items(folder), months=1)


def test_the_first_month_is_published_because_its_extracts_were_announced(
    airflow: AirflowClient, server_settings: Settings, folder: Path, batches: list[Batch]
) -> None:
    landing = Path(server_settings.landing)
    assert demo.run_batch(server_settings, airflow, folder, landing, batches[0])
    runs = airflow.runs("monthly_refresh")
    assert {run["run_type"] for run in runs} <= {"asset_triggered", "manual"}
    assert "asset_triggered" in {run["run_type"] for run in runs}
    assert published(server_settings) == ("2014-04", "2015-10")


def test_the_second_month_follows_in_a_run_of_its_own(
    airflow: AirflowClient, server_settings: Settings, folder: Path, batches: list[Batch]
) -> None:
    landing = Path(server_settings.landing)
    assert demo.run_batch(server_settings, airflow, folder, landing, batches[1])
    assert published(server_settings) == ("2014-04", "2015-11")
    assert not demo.run_batch(server_settings, airflow, folder, landing, batches[1])


def test_only_extracts_that_changed_are_announced(
    airflow: AirflowClient, folder: Path, batches: list[Batch]
) -> None:
    announced = {event["name"] for event in airflow.asset_events("receive_supplier")}
    assert "supplier/indicator_returns" in announced
    assert not any(name.startswith("finance/") for name in announced)
    before = len(airflow.asset_events("receive_supplier"))
    run = airflow.wait("receive_supplier", airflow.trigger("receive_supplier"))
    assert run["state"] == "success"
    assert len(airflow.asset_events("receive_supplier")) == before


def test_a_run_with_nothing_to_do_does_nothing(
    airflow: AirflowClient, server_settings: Settings
) -> None:
    before = rows(server_settings, "select count(*) from ops.publication")
    run_id = airflow.trigger("monthly_refresh")
    assert airflow.wait("monthly_refresh", run_id)["state"] == "success"
    states = {task["task_id"]: task["state"] for task in airflow.tasks("monthly_refresh", run_id)}
    assert states["decide"] == "success"
    assert {states[name] for name in ("build", "publish")} == {"skipped"}
    assert rows(server_settings, "select count(*) from ops.publication") == before


def test_a_refused_file_fails_by_name_and_the_good_one_goes_on(
    airflow: AirflowClient, server_settings: Settings
) -> None:
    landing = Path(server_settings.landing) / "supplier"
    header = "claim_id,contract_code,indicator_code,period,claimed_on,"
    header += "excluded_numerator,excluded_denominator,reason"
    (landing / "relief_claims_2015-10_8.csv").write_text("claim,contract\n1,2\n")
    (landing / "relief_claims_2015-10_9.csv").write_text(header + "\n")
    run_id = airflow.trigger("receive_supplier")
    assert airflow.wait("receive_supplier", run_id)["state"] == "failed"
    failure = airflow.failures("receive_supplier", run_id)
    assert set(failure.tasks) == {"load"}
    assert "relief_claims_2015-10_8.csv" in failure.tasks["load"]
    assert "docs/runbooks/receive_supplier.md#intakefailed" in failure.tasks["load"]
    states = dict(
        rows(
            server_settings,
            "select delivery.name, status from ops.extract_file join ops.delivery using (file_id)"
            " where delivery.name like 'relief_claims_2015-10_%'",
        )
    )
    assert states["relief_claims_2015-10_8.csv"] == "refused"
    assert states["relief_claims_2015-10_9.csv"] == "accepted"


def test_no_password_is_in_xcom_templates_or_logs(
    airflow: AirflowClient, server_settings: Settings
) -> None:
    with connect(server_settings, "airflow") as connection:
        stored = connection.execute(
            "select value::text from xcom union all"
            " select rendered_fields::text from rendered_task_instance_fields"
            " union all select conf::text from dag_run"
        ).fetchall()
    texts = [value for (value,) in stored if value]
    logs = airflow_config.logs_folder(server_settings)
    texts += [path.read_text(errors="replace") for path in logs.rglob("*.log")]
    for name, value in all_secrets(server_settings).items():
        assert not any(value in text for text in texts), name


def test_everything_listens_on_the_loopback_interface_only(
    airflow: AirflowClient, server_settings: Settings
) -> None:
    parent = services.supervisor(server_settings)
    assert parent is not None
    ours = {process.pid for process in [parent, *parent.children(recursive=True)]}
    listening = {
        (connection.laddr.ip, connection.laddr.port)
        for connection in psutil.net_connections("inet")
        if connection.pid in ours and connection.status == psutil.CONN_LISTEN
    }
    assert listening == {("127.0.0.1", server_settings.airflow_port)}


def test_generated_configuration_is_its_owners_only(
    airflow: AirflowClient, server_settings: Settings
) -> None:
    for path in ("airflow/airflow.cfg", "services/supervisor.conf", "secrets.json"):
        assert stat.S_IMODE((server_settings.home / path).stat().st_mode) == 0o600
    environment = services.task_environment(server_settings)
    for name, value in all_secrets(server_settings).items():
        assert value not in json.dumps(environment), name


def test_a_second_start_changes_nothing_and_stop_leaves_nothing(
    airflow: AirflowClient, server_settings: Settings
) -> None:
    parent = services.supervisor(server_settings)
    assert parent is not None
    assert services.start(server_settings) is False
    assert services.supervisor(server_settings) == parent
    states = services.status(server_settings)
    assert states.pop("unhealthy") == ""
    assert set(states.values()) == {"running"}
    family = [parent, *parent.children(recursive=True)]
    assert services.stop(server_settings) is True
    assert not [process for process in family if process.is_running()]
    assert services.stop(server_settings) is False
    assert set(services.status(server_settings).values()) == {"stopped", ""}


def published(settings: Settings) -> tuple[str, str]:
    """First and last period of the live marts, as the finance reader sees them."""
    found = rows(settings, "select first_period, last_period from marts.publication", "finance")
    assert len(found) == 1
    return found[0][0], found[0][1]
