"""What the marts' contracts say: columns with type and description, as dbt's files have them.

Read from the YAML beside each model rather than from a compiled manifest, so that the bundle can
be checked and expanded without a database.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from outturn.settings import PROJECT_ROOT

MARTS = PROJECT_ROOT / "dbt_project" / "models" / "marts"
_DOC_BLOCK = re.compile(r"{%\s*docs\s+(\w+)\s*%}(.*?){%\s*enddocs\s*%}", re.DOTALL)
_DOC_USE = re.compile(r"{{\s*doc\(\s*['\"](\w+)['\"]\s*\)\s*}}")


@dataclass(frozen=True)
class Column:
    """A mart's column by its contract."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class Mart:
    """A mart by its contract; `columns` in the order of the table."""

    name: str
    description: str
    columns: dict[str, Column]


@cache
def marts(folder: Path = MARTS) -> dict[str, Mart]:
    """Every mart by name."""
    texts = _texts(folder)
    found = {}
    for path in sorted(folder.glob("*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            found[model["name"]] = _mart(model, texts)
    return found


def _mart(model: dict[str, Any], texts: dict[str, str]) -> Mart:
    columns = {
        column["name"]: Column(
            column["name"], column["data_type"], _fill_in(column.get("description", ""), texts)
        )
        for column in model["columns"]
    }
    return Mart(model["name"], _fill_in(model["description"], texts), columns)


def _texts(folder: Path) -> dict[str, str]:
    """dbt's shared texts by name; those beside the other layers are the marts' too."""
    return {
        name: text.strip()
        for path in sorted(folder.parent.rglob("*.md"))
        for name, text in _DOC_BLOCK.findall(path.read_text(encoding="utf-8"))
    }


def _fill_in(description: str, texts: dict[str, str]) -> str:
    return _DOC_USE.sub(lambda match: texts[match[1]], description).strip()
