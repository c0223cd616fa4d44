"""A drafted contract as data and as YAML with what is to be checked beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from outturn.profiling.columns import Drafted

PART = "sender_code"
PERIOD = "file_period"


@dataclass
class Asked:
    """What a person says of the sample where it does not say it itself."""

    source: str
    extract: str
    dates: str | None = None
    sheet: str | None = None


def as_yaml(
    document: dict[str, Any], columns: Sequence[Drafted], checks: Sequence[str], said: Sequence[str]
) -> str:
    """The contract's file: `said` and `checks` in front, a column's own checks above it."""
    text = yaml.safe_dump(
        document, sort_keys=False, allow_unicode=True, width=100, default_flow_style=None
    )
    notes = {column.name: column.checks for column in columns if column.checks}
    lines = [f"# {line}" for line in said] + [_comment(check) for check in checks]
    for line in text.splitlines():
        found = re.match(r"( *)- \{?name: ([a-z0-9_]+)(?:,|$)", line)
        if found:
            lines += [found[1] + _comment(note) for note in notes.pop(found[2], [])]
        lines.append(line)
    return "\n".join(lines) + "\n"


def _comment(check: str) -> str:
    clean = " ".join(check.split())
    return f"# {clean}" if clean.startswith("ASK") else f"# CHECK {clean}"


def form_column(column: Drafted) -> Any:
    """A column as a form writes it: its header, and how values are written where not plainly."""
    own = {} if column.required else {"optional": True}
    style = own | column.style
    return {"header": column.header, **style} if style else column.header


def document_of(
    path: Path,
    asked: Asked,
    form: dict[str, Any],
    columns: Sequence[Drafted],
    checks: list[str],
    keys: tuple[str, ...],
) -> dict[str, Any]:
    """The contract: what replaces what is the least that the sample supports."""
    properties = [_property(column) for column in columns]
    own, constants = [_own(PART, "The body that sends the file.")], {PART: asked.source.upper()}
    custom: list[dict[str, Any]] = [{"property": "replaces", "value": "period"}]
    custom.append({"property": "partColumn", "value": PART})
    months = [c.name for c in columns if c.required and c.options.get("format") == "yyyy-MM"]
    if months:
        custom.append({"property": "periodColumn", "value": months[0]})
        checks.append(f"periodColumn: a newer file replaces the months that {months[0]} names")
    elif "<" not in str(form["files"]):
        month = datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%Y-%m")
        constants[PERIOD] = month
        own.append(_own(PERIOD, "The month of the file.", {"format": "yyyy-MM"}))
        custom.append({"property": "periodColumn", "value": PERIOD})
        checks.append(
            f"ASK: which month is it? Neither name nor records say; {month} is when it was saved. "
            "Better: let the name say it (<YYYY-MM> in `files`) and take this column out"
        )
    else:
        checks.append("files: is it so that a newer file of a month replaces the whole month?")
    custom.append({"property": "forms", "value": [form | {"constants": constants}]})
    table: dict[str, Any] = {
        "name": asked.extract,
        "physicalType": "table",
        "description": f"One record of {asked.extract.replace('_', ' ')}.",
        "properties": [*own, *properties],
    }
    if keys:
        table["quality"] = [_once(keys)]
        checks.append(f"key: {', '.join(keys)} tell the sample's records apart; a warning if not")
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": f"outturn/{asked.source}/{asked.extract}",
        "name": asked.extract,
        "version": "0.1.0",
        "status": "draft",
        "domain": asked.source,
        "description": {"purpose": f"Drafted from {path.name}."},
        "team": [{"username": "nobody-yet", "role": "owner"}],
        "schema": [table],
        "customProperties": custom,
    }


def _own(name: str, what: str, options: dict[str, Any] | None = None) -> dict[str, Any]:
    chosen = {"logicalTypeOptions": options} if options else {}
    return {"name": name, "logicalType": "string", **chosen, "required": True, "description": what}


def _property(column: Drafted) -> dict[str, Any]:
    said: dict[str, Any] = {"name": column.name, "logicalType": column.kind}
    if column.physical:
        said["physicalType"] = column.physical
    if column.options:
        said["logicalTypeOptions"] = column.options
    if column.required:
        said["required"] = True
    if column.unit:
        said["unit"] = column.unit
    return said | {"description": column.header}


def _once(keys: tuple[str, ...]) -> dict[str, Any]:
    return {
        "name": "a_key_comes_once",
        "metric": "duplicateValues",
        "arguments": {"properties": list(keys)},
        "mustBe": 0,
        "severity": "warning",
    }
