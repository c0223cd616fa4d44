"""What a mart is made of: the extracts and the reference data that reach it through the models."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from outturn.run import Run
from outturn.settings import Settings


@dataclass(frozen=True)
class Ancestors:
    """Extracts (`source/extract`), other sources (`ops.credit_ledger`) and seeds behind a mart."""

    sources: frozenset[str]
    seeds: frozenset[str]


def read(settings: Settings, run: Run) -> dict[str, Ancestors] | None:
    """Ancestors of each model by its name, from what dbt wrote about the run; None without that."""
    path = settings.home / "dbt" / run.run_key / "manifest.json"
    if not path.exists():
        return None
    return _ancestors(path)


def _ancestors(path: Path) -> dict[str, Ancestors]:
    manifest = json.loads(path.read_text(encoding="utf-8"))
    parents: dict[str, list[str]] = manifest["parent_map"]
    names = {
        key: f"{node['source_name']}/{node['name']}" for key, node in manifest["sources"].items()
    }
    found: dict[str, Ancestors] = {}
    for node in parents:
        if node.startswith("model."):
            reached = _reached(parents, node)
            found[node.rsplit(".", 1)[-1]] = Ancestors(
                frozenset(names[one] for one in reached if one in names),
                frozenset(one.rsplit(".", 1)[-1] for one in reached if one.startswith("seed.")),
            )
    return found


def _reached(parents: dict[str, list[str]], start: str) -> set[str]:
    """Every node that can be reached from one, without itself."""
    reached: set[str] = set()
    waiting = list(parents[start])
    while waiting:
        node = waiting.pop()
        if node not in reached:
            reached.add(node)
            waiting += parents.get(node, [])
    return reached
