"""Reads contract files: YAML, then its JSON Schema, then what a schema cannot say.

Every fault is a ContractInvalid with file, key path and reason: a contract is used whole or not.
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from outturn.contracts.building import build_contract, build_form, with_form
from outturn.contracts.model import Contract
from outturn.contracts.sharing import further_sources, share_tables, source_codes
from outturn.errors import ContractInvalid
from outturn.settings import Settings


def load_contracts(settings: Settings) -> dict[str, Contract]:
    """The contracts in force, by `source/extract`: the project's, overlaid by the user's by path.

    Beside them those of sources that only the user's contracts.csv names.
    Raises ContractInvalid for the first contract that cannot be used.
    """
    contracts = load_folders(settings.extracts_path, settings.extracts_dir)
    if settings.seeds_dir is None:
        return contracts
    return further_sources(contracts, source_codes(settings.seeds_dir / "contracts.csv"))


def load_folders(project: Path, overlay: Path | None = None) -> dict[str, Contract]:
    """Contracts of one folder, overlaid by another: same path replaces, a new path adds.

    Read again only when a file changed: a run loads hundreds of small files.
    """
    paths = _contract_files(project)
    if overlay is not None:
        if not overlay.is_dir():
            raise ContractInvalid(str(overlay), "", "the folder of extract contracts is not there")
        paths |= _contract_files(overlay)
    stamps = ((path, path.stat()) for path in paths.values())
    state = tuple((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in stamps)
    return dict(_load_paths(tuple(paths.items()), state))


@lru_cache(maxsize=4)
def _load_paths(
    paths: tuple[tuple[str, Path], ...], _state: tuple[tuple[str, int, int], ...]
) -> dict[str, Contract]:
    documents = {relative: (path, read_document(path)) for relative, path in paths}
    contracts: dict[str, Contract] = {}
    for relative, (path, document) in documents.items():
        if document["kind"] == "DataContract":
            contract = build_contract(path, relative, document)
            contracts[contract.key] = contract
    for path, document in documents.values():
        if document["kind"] == "ExtractForm":
            _add_form(contracts, path, document)
    return share_tables(contracts)


def _add_form(contracts: dict[str, Contract], path: Path, document: dict[str, Any]) -> None:
    key = document["extract"]
    if key not in contracts:
        known = ", ".join(sorted(contracts))
        raise ContractInvalid(str(path), "extract", f"{key!r} has no contract; there are {known}")
    contract = contracts[key]
    contracts[key] = with_form(contract, build_form(contract, path, "form", document["form"]))


def _contract_files(folder: Path) -> dict[str, Path]:
    found = sorted([*folder.glob("*/*.yaml"), *folder.glob("*/*.yml")])
    return {path.relative_to(folder).as_posix(): path for path in found}


def read_document(path: Path) -> dict[str, Any]:
    """One contract file as data that fits the JSON Schema."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ContractInvalid(str(path), "", f"is not YAML: {error}") from error
    if not isinstance(document, dict):
        raise ContractInvalid(str(path), "", "is not a mapping of keys to values")
    check_document(path, document)
    return document


def check_document(path: Path, document: dict[str, Any]) -> None:
    """Raise ContractInvalid with key and reason where a document does not fit the JSON Schema."""
    fault = best_match(_validator().iter_errors(document))
    if fault is not None:
        keys = ".".join(str(part) for part in fault.absolute_path)
        raise ContractInvalid(str(path), keys, fault.message)


@cache
def _validator() -> Draft202012Validator:
    text = (files("outturn.contracts") / "contract_schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))


class _StrictLoader(yaml.CSafeLoader):
    """YAML in which a repeated key is a fault, and only `true` and `false` are booleans.

    Of the two parsers the one in C: the other takes longer than many a file's whole load.
    """


def _unique_mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = key_node.value
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} is there twice", key_node.start_mark
            )
        seen.add(key)
    loader.flatten_mapping(node)
    pairs = loader.construct_pairs(node, deep=True)
    return {("true" if k is True else "false" if k is False else k): v for k, v in pairs}


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique_mapping)
_StrictLoader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")
        or (tag == "tag:yaml.org,2002:bool" and first in "tTfF")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
