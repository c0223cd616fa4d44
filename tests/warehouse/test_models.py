"""dbt's unit tests, and the rules that every model keeps, read from the manifest."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from outturn import refresh, run, transform
from outturn.settings import PROJECT_ROOT, Settings

MODELS = PROJECT_ROOT / "dbt_project" / "models"
LONGEST_MODEL = 120


@pytest.fixture(scope="module")
def outcome(empty_warehouse: Settings) -> tuple[Any, dict[str, Any]]:
    """All unit tests on an empty, published warehouse: dbt's result and its manifest."""
    refresh.build_and_publish(empty_warehouse, everything=True)
    planned = run.plan(empty_warehouse, everything=True)
    assert planned is not None
    target = empty_warehouse.home / "unit"
    variables = transform.variables(planned) | {"marts_schema": "marts"}
    with transform.environment(empty_warehouse, planned):
        result = transform.invoke(
            empty_warehouse,
            [
                *("test", "--select", "test_type:unit"),
                *("--vars", json.dumps(variables), "--target-path", str(target)),
            ],
        )
    manifest: dict[str, Any] = json.loads((target / "manifest.json").read_text())
    return result, manifest


def models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def is_mart(model: dict[str, Any]) -> bool:
    """What is published; a part of a mart lies beside it and is only its text."""
    return model["fqn"][1] == "marts" and not is_part(model)


def is_part(model: dict[str, Any]) -> bool:
    return bool(model["fqn"][1:3] == ["marts", "parts"])


def test_every_rule_of_the_models_holds(outcome: tuple[Any, dict[str, Any]]) -> None:
    result, manifest = outcome
    failed = [
        f"{one.node.name}: {one.message}" for one in result.result.results if one.status != "pass"
    ]
    assert failed == []
    assert len(result.result.results) == len(manifest["unit_tests"]) > 50


def test_every_model_is_described_and_has_its_own_file_of_properties() -> None:
    for path in sorted(MODELS.rglob("*.sql")):
        properties = yaml.safe_load(path.with_suffix(".yml").read_text(encoding="utf-8"))
        (model,) = properties["models"]
        assert model["name"] == path.stem
        assert model["description"].strip(), path


def test_no_model_is_longer_than_it_can_be_read_in_one_go() -> None:
    """Past that there is another model in it, with a question of its own."""
    lengths = {
        path.stem: len(path.read_text(encoding="utf-8").splitlines())
        for path in MODELS.rglob("*.sql")
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODEL} == {}


def test_every_mart_has_an_enforced_contract_and_described_columns(
    outcome: tuple[Any, dict[str, Any]],
) -> None:
    marts = list(filter(is_mart, models(outcome[1])))
    assert marts
    for mart in marts:
        assert mart["contract"]["enforced"], mart["name"]
        for column in mart["columns"].values():
            assert column["description"].strip(), (mart["name"], column["name"])


def test_layers_read_only_what_lies_below_them(outcome: tuple[Any, dict[str, Any]]) -> None:
    """Sources are read in staging; nothing below the marts reads a mart.

    Assurance counts every layer for itself, landing too: that is what makes it proof. A mart that
    is a view lives on while staging is built again, so it stands on records alone.
    """
    for model in models(outcome[1]):
        layer = model["fqn"][1]
        for parent in model["depends_on"]["nodes"]:
            if parent.startswith("source."):
                is_live_view = layer == "marts" and model["config"]["materialized"] == "view"
                is_assurance = model["fqn"][2] == "assurance"
                reads_source = layer == "staging" or is_assurance or is_live_view
                assert reads_source, (model["name"], parent)
            if layer in {"staging", "intermediate"} and parent.startswith("model."):
                assert outcome[1]["nodes"][parent]["fqn"][1] != "marts", (model["name"], parent)


def test_parts_of_marts_and_no_other_models_are_text_alone(
    outcome: tuple[Any, dict[str, Any]],
) -> None:
    """A part may read marts because it is a piece of one: no table lies between them."""
    for model in models(outcome[1]):
        is_text = model["config"]["materialized"] == "ephemeral"
        assert is_part(model) == is_text, model["name"]


def test_no_figure_is_a_float_and_no_model_asks_the_clock() -> None:
    for path in sorted(MODELS.rglob("*.sql")):
        text = path.read_text(encoding="utf-8").lower()
        for word in ("::float", "::double", "::real", "now()", "current_date", "current_timestamp"):
            assert word not in text, (path, word)


def test_every_model_is_tested_itself_or_through_all_that_read_it(
    outcome: tuple[Any, dict[str, Any]],
) -> None:
    manifest = outcome[1]
    tested = {
        parent
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        for parent in node["depends_on"]["nodes"]
    } | {unit["depends_on"]["nodes"][0] for unit in manifest["unit_tests"].values()}
    names = {model["unique_id"] for model in models(manifest)}

    def is_tested(name: str) -> bool:
        readers = [child for child in manifest["child_map"][name] if child in names]
        return name in tested or (bool(readers) and all(map(is_tested, readers)))

    assert [name for name in sorted(names) if not is_tested(name)] == []


def test_no_model_is_read_by_nobody(outcome: tuple[Any, dict[str, Any]]) -> None:
    """What is not read is no mart, and no mart is a dead end that nobody is told of."""
    found = models(outcome[1])
    read = {parent for model in found for parent in model["depends_on"]["nodes"]}
    unread = [
        model["name"] for model in found if not is_mart(model) and model["unique_id"] not in read
    ]
    assert unread == []


def test_no_mart_reads_staging_again_that_it_reads_already_through_a_model(
    outcome: tuple[Any, dict[str, Any]],
) -> None:
    """Two ways to the same rows can differ. The register of files gives names, and is exempt."""
    found = {model["unique_id"]: model for model in models(outcome[1])}
    twice = []
    for model in found.values():
        parents = [parent for parent in model["depends_on"]["nodes"] if parent in found]
        for staged in parents if model["fqn"][1] == "marts" else []:
            again = [one for one in parents if staged in found[one]["depends_on"]["nodes"]]
            own = found[staged]["fqn"][1:3]
            if own[0] == "staging" and own[1] != "ops" and again:
                twice.append((model["name"], staged, again))
    assert twice == []
