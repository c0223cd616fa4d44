"""One walk over all DAGs: they can be read, are wiring only, and say what to do when they fail."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.exceptions import AirflowFailException
from airflow.serialization.definitions.dag import SerializedDAG
from airflow.serialization.serialized_objects import DagSerialization

from outturn.dag_wiring import Tag, explained, extract_assets
from outturn.errors import IntakeFailed, SourceUnreachable
from outturn.settings import PROJECT_ROOT, Settings

DAGS_FOLDER = PROJECT_ROOT / "dags"
FILES = sorted(DAGS_FOLDER.glob("*.py"))


@pytest.fixture(scope="module")
def bag() -> DagBag:
    return DagBag(str(DAGS_FOLDER))


@pytest.fixture(params=[path.stem for path in FILES])
def dag(request: pytest.FixtureRequest, bag: DagBag) -> Any:
    return bag.dags[request.param]


def test_every_file_is_read_and_makes_the_dag_of_its_name(bag: DagBag) -> None:
    assert bag.import_errors == {}
    assert sorted(bag.dags) == [path.stem for path in FILES]
    assert {"receive_supplier", "receive_finance", "monthly_refresh"} <= set(bag.dags)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_dag_file_is_wiring_only(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 80
    assert "Variable.get" not in text
    assert "os.environ" not in text


def test_a_dag_has_owner_tags_retries_documentation_and_one_run_at_a_time(dag: Any) -> None:
    assert dag.max_active_runs == 1
    assert dag.catchup is False
    assert dag.tags
    assert dag.tags <= set(Tag)
    assert dag.doc_md.startswith("### ")
    assert dag.default_args["retries"] >= 1
    for task in dag.tasks:
        assert task.owner == "data-engineering"
        assert task.retries >= 1 or task.task_id == "is_final_in_time"


def test_a_dag_has_a_runbook_that_its_documentation_names(dag: Any) -> None:
    runbook = f"docs/runbooks/{dag.dag_id}.md"
    assert runbook in dag.doc_md
    assert (PROJECT_ROOT / runbook).exists()


def test_a_dag_can_be_written_to_airflows_database_and_read_again(dag: Any) -> None:
    copy = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    assert isinstance(copy, SerializedDAG)
    assert {task.task_id for task in copy.tasks} == {task.task_id for task in dag.tasks}


def test_the_refresh_hears_every_extract_and_the_calendar(bag: DagBag) -> None:
    timetable = bag.dags["monthly_refresh"].timetable
    heard = {asset.name for asset in timetable.asset_condition.objects}
    contracts = {
        f"{path.parent.name}/{path.stem}" for path in (PROJECT_ROOT / "extracts").glob("*/*.yaml")
    }
    assert heard == contracts
    assert timetable.timetable.days == (6, 12, 13)


def test_another_organisations_extracts_are_heard_too(tmp_path: Path) -> None:
    (tmp_path / "finance").mkdir()
    (tmp_path / "finance" / "budget.yaml").touch()
    names = [asset.name for asset in extract_assets(Settings(extracts_dir=tmp_path))]
    assert "finance/budget" in names
    assert len(names) > 1


def test_a_refused_file_fails_at_once_and_names_the_runbook() -> None:
    @explained("receive_supplier")
    def load() -> None:
        raise IntakeFailed([])

    with pytest.raises(AirflowFailException, match=r"receive_supplier\.md#intakefailed"):
        load()


def test_a_source_that_cannot_be_reached_is_tried_again() -> None:
    @explained("receive_supplier")
    def receive() -> None:
        raise SourceUnreachable("sftp.example.org does not answer.")

    with pytest.raises(RuntimeError, match=r"does not answer[\s\S]*#sourceunreachable") as caught:
        receive()
    assert not isinstance(caught.value, AirflowFailException)


def test_every_error_that_a_runbook_link_points_to_has_its_section() -> None:
    known = {"receive": ("IntakeFailed", "SourceUnreachable", "DeliveryRefused", "ManifestInvalid")}
    known["monthly"] = (
        "BuildFailed",
        "PublishFailed",
        "LeaseTaken",
        "SeedProblem",
        "MonthNotFinal",
    )
    known["credit"] = ("NoticeRefused", "ApprovalRefused", "LedgerBroken")
    for path in (PROJECT_ROOT / "docs/runbooks").glob("*.md"):
        headings = set(re.findall(r"^### (\w+)$", path.read_text(), re.MULTILINE))
        expected = known[path.stem.partition("_")[0]]
        assert set(expected) <= headings, path.name
