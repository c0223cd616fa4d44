"""From a valid document to a Contract, with the rules that span several keys."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from outturn.contracts.forms import build_form, plain_form
from outturn.contracts.model import Check, Column, ColumnType, Contract, Form, RejectLimit
from outturn.errors import ContractInvalid

__all__ = ["build_contract", "build_form", "with_form"]

_TYPES: dict[str, ColumnType] = {
    "string": "text",
    "integer": "bigint",
    "date": "date",
    "timestamp": "timestamptz",
    "boolean": "boolean",
    "number": "numeric",
}
_MUST = tuple(
    f"must{word}"
    for word in ("Be", "NotBe", "BeGreaterThan", "BeGreaterOrEqualTo", "BeLessThan",
                 "BeLessOrEqualTo", "BeBetween")
)  # fmt: skip


def build_contract(path: Path, relative: str, document: dict[str, Any]) -> Contract:
    """A contract from a document that fits the JSON Schema. Raises ContractInvalid."""
    source, extract = relative.rsplit(".", 1)[0].split("/")
    for key, expected in (("domain", source), ("name", extract)):
        if document[key] != expected:
            reason = f"is {document[key]!r}, but the file's place says {expected!r}"
            raise ContractInvalid(str(path), key, reason)
    table = document["schema"][0]
    custom = {one["property"]: one["value"] for one in document["customProperties"]}
    columns = tuple(
        _column(path, f"schema.0.properties.{index}", raw)
        for index, raw in enumerate(table["properties"])
    )
    contract = Contract(
        source=source,
        extract=extract,
        description=document["description"]["purpose"].strip(),
        row_description=table["description"].strip(),
        columns=columns,
        replaces=custom.get("replaces", "period"),
        part_column=custom.get("partColumn", ""),
        period_column=custom.get("periodColumn"),
        forms=(),
        checks=_checks(path, table),
        reject_limit=RejectLimit(**custom.get("rejectLimit", {})),
        empty_allowed=custom.get("emptyAllowed", False),
        any_contract=custom.get("reportsOn") == "anyContract",
        due_working_day=_due(document),
        owner=_owner(document),
        version=document["version"],
        hash=_hash(document),
        path=str(path),
        table=f"{source}__{extract}",
    )
    _check_contract(contract)
    _check_scopes(contract)
    forms = [
        build_form(contract, path, f"customProperties.forms.{index}", raw)
        for index, raw in enumerate(custom.get("forms", []))
    ]
    return replace(contract, forms=(*forms, plain_form(contract)))


def with_form(contract: Contract, form: Form) -> Contract:
    """The contract with one more form. A form of the same name is replaced; plain stays last."""
    others = tuple(one for one in contract.forms if one.name != form.name)
    joined = hashlib.sha256(f"{contract.hash}{form!r}".encode()).hexdigest()
    return replace(contract, forms=(form, *others), hash=joined)


def _column(path: Path, place: str, raw: dict[str, Any]) -> Column:
    options = raw.get("logicalTypeOptions", {})
    kind: ColumnType = _TYPES[raw["logicalType"]]
    if options.get("format") == "yyyy-MM":
        kind = "period"
    precision, scale = _numeric(path, place, raw, kind)
    relation = raw.get("relationships", [])
    reference = tuple(relation[0]["to"].split(".")) if relation else None
    if "pattern" in options:
        _check_pattern(path, place, options["pattern"])
    if "dateOnly" in options and kind != "timestamptz":
        where = f"{place}.logicalTypeOptions.dateOnly"
        raise ContractInvalid(str(path), where, "is for timestamps")
    key_position = raw.get("primaryKeyPosition", 1) if raw.get("primaryKey") else None
    return Column(
        name=raw["name"],
        type=kind,
        description=" ".join(raw["description"].split()),
        logical_type=raw["logicalType"],
        required=bool(raw.get("required", False)) or key_position is not None,
        unit=raw.get("unit"),
        precision=precision,
        scale=scale,
        allowed=_allowed(raw),
        pattern=options.get("pattern"),
        min_length=options.get("minLength"),
        max_length=options.get("maxLength"),
        minimum=_text(options.get("minimum")),
        maximum=_text(options.get("maximum")),
        references=(reference[0], reference[1]) if reference else None,
        key_position=key_position,
        date_only=options.get("dateOnly"),
    )


def _numeric(
    path: Path, place: str, raw: dict[str, Any], kind: ColumnType
) -> tuple[int | None, int | None]:
    physical = raw.get("physicalType")
    if kind == "numeric":
        found = re.fullmatch(r"numeric\((\d+), ?(\d+)\)", physical or "")
        if not found or not 0 <= int(found[2]) <= int(found[1]) <= 38:
            reason = "a number says how many digits and decimals it has: numeric(14, 2), at most 38"
            raise ContractInvalid(str(path), f"{place}.physicalType", reason)
        return int(found[1]), int(found[2])
    expected = "text" if kind == "period" else kind
    if physical is not None and physical != expected:
        reason = f"is {physical!r}, but a {raw['logicalType']} lands as {expected!r}"
        raise ContractInvalid(str(path), f"{place}.physicalType", reason)
    return None, None


def _allowed(raw: dict[str, Any]) -> tuple[str, ...]:
    """Values of the library check `invalidValues`: enforced as the file is read."""
    for rule in raw.get("quality", []):
        if rule.get("metric") == "invalidValues":
            return tuple(rule.get("arguments", {}).get("validValues", []))
    return ()


def _check_pattern(path: Path, place: str, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        where = f"{place}.logicalTypeOptions.pattern"
        raise ContractInvalid(str(path), where, f"{pattern!r} cannot be read: {error}") from error


def _checks(path: Path, table: dict[str, Any]) -> tuple[Check, ...]:
    """Quality rules that are checked on landed rows (allowed values are not: they never land)."""
    rules = [(None, rule) for rule in table.get("quality", [])]
    for column in table["properties"]:
        rules += [(column["name"], rule) for rule in column.get("quality", [])]
    checks = tuple(
        _check(path, column, rule)
        for column, rule in rules
        if rule.get("metric") != "invalidValues"
    )
    names = [check.name for check in checks]
    for name in names:
        if names.count(name) > 1:
            raise ContractInvalid(str(path), "quality", f"two checks are called {name!r}")
    return checks


def _check(path: Path, column: str | None, rule: dict[str, Any]) -> Check:
    kind = rule.get("metric") or rule["implementation"]["type"]
    must = {key: rule[key] for key in _MUST if key in rule}
    if "metric" in rule and not must:
        raise ContractInvalid(str(path), "quality", f"{kind} says nothing of what it must be")
    implementation = rule.get("implementation", {})
    return Check(
        name=rule.get("name") or "_".join(filter(None, (column, kind))),
        column=column,
        severity=rule.get("severity", "critical"),
        metric=rule.get("metric"),
        arguments=rule.get("arguments", {}),
        must=must,
        unit=rule.get("unit", "rows"),
        expectation=implementation.get("type"),
        kwargs=implementation.get("kwargs", {}),
        description=" ".join(rule.get("description", "").split()),
        by_record=rule.get("scope") == "record",
    )


def _check_contract(contract: Contract) -> None:
    names = [column.name for column in contract.columns]
    for name in names:
        if names.count(name) > 1 or name in ("file_id", "record_number"):
            reason = f"the column name {name!r} is taken"
            raise ContractInvalid(contract.path, "schema.0.properties", reason)
    wanted: dict[str, str | None] = {"periodColumn": contract.period_column}
    if contract.replaces == "period":
        wanted["partColumn"] = contract.part_column
    elif not contract.keys:
        reason = "`replaces: key` needs columns with primaryKey: true"
        raise ContractInvalid(contract.path, "customProperties.replaces", reason)
    for key, wanted_name in wanted.items():
        if wanted_name is None:
            continue
        where = f"customProperties.{key}"
        if wanted_name not in names:
            raise ContractInvalid(contract.path, where, f"{wanted_name!r} is not a column")
        if not contract.column(wanted_name).required:
            reason = f"the column {wanted_name!r} must be required"
            raise ContractInvalid(contract.path, where, reason)
    period = contract.period_column
    if period and contract.replaces == "period" and contract.column(period).type != "period":
        reason = f"the column {period!r} needs logicalTypeOptions.format: yyyy-MM"
        raise ContractInvalid(contract.path, "customProperties.periodColumn", reason)


def _check_scopes(contract: Contract) -> None:
    if contract.amount_column and any(check.by_record for check in contract.checks):
        reason = "`scope: record` would take records out of the totals of an extract with amounts"
        raise ContractInvalid(contract.path, "schema.0.quality", reason)


def _due(document: dict[str, Any]) -> int | None:
    for promise in document.get("slaProperties", []):
        if promise["property"] == "dueWorkingDay":
            return int(promise["value"])
    return None


def _owner(document: dict[str, Any]) -> str:
    owners = [one["username"] for one in document["team"] if one["role"] == "owner"]
    return str(owners[0] if owners else document["team"][0]["username"])


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _hash(document: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
