"""The bundle as it is written: one short YAML file for each dataset, chart, dashboard and theme.

A file's name is its slug; identifiers that Superset needs are derived from it, so that no UUID or
number stands in a file. Columns are not repeated here: they come from the marts' contracts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import yaml

from outturn.errors import BundleProblem
from outturn.settings import PROJECT_ROOT

NAMESPACE = UUID("6f1d3c1e-7b7e-4c55-9d6a-0d7a5b0e9c11")
ASSETS = PROJECT_ROOT / "superset" / "assets"
ROLES = PROJECT_ROOT / "superset" / "roles.yaml"
KINDS = ("databases", "themes", "datasets", "charts", "dashboards")

Document = dict[str, Any]


@dataclass(frozen=True)
class Bundle:
    """All documents by kind and slug, as written; charts' slugs are `<dashboard>/<chart>`."""

    databases: dict[str, Document] = field(default_factory=dict)
    themes: dict[str, Document] = field(default_factory=dict)
    datasets: dict[str, Document] = field(default_factory=dict)
    charts: dict[str, Document] = field(default_factory=dict)
    dashboards: dict[str, Document] = field(default_factory=dict)

    def of_kind(self, kind: str) -> dict[str, Document]:
        """The documents of one of KINDS."""
        found: dict[str, Document] = getattr(self, kind)
        return found


def read(folder: Path = ASSETS) -> Bundle:
    """Read every file of the bundle. Raises BundleProblem naming a file that is not a mapping."""
    return Bundle(**{kind: _read_kind(folder / kind) for kind in KINDS})


def read_roles(path: Path = ROLES) -> dict[str, Any]:
    """Roles with exactly their permissions."""
    return _read_file(path)


def write(bundle: Bundle, folder: Path = ASSETS) -> list[Path]:
    """Write the documents that differ from what is on disk; the paths written."""
    written = []
    for kind in KINDS:
        for slug, document in bundle.of_kind(kind).items():
            path = folder / kind / f"{slug}.yaml"
            if path.exists() and _read_file(path) == document:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(as_text(document), encoding="utf-8")
            written.append(path)
    return written


def as_text(document: Document) -> str:
    """A document as it is written: keys in their order, long texts folded."""
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=98)


def uuid_of(kind: str, slug: str) -> str:
    """The identifier that Superset knows the document of this slug by."""
    return str(uuid5(NAMESPACE, f"{kind}/{slug}"))


def dashboards_of(bundle: Bundle, chart: str) -> list[str]:
    """Dashboards that show a chart."""
    return [slug for slug, board in bundle.dashboards.items() if chart in charts_on(slug, board)]


def charts_on(slug: str, dashboard: Document) -> list[str]:
    """Slugs of the charts on a dashboard, in reading order."""
    return [
        f"{slug}/{item['chart']}"
        for tab in tabs_of(dashboard)
        for row in tab["rows"]
        for item in row
        if "chart" in item
    ]


def tabs_of(dashboard: Document) -> list[Document]:
    """A dashboard's tabs; one without tabs is a single nameless one."""
    tabs: list[Document] = dashboard.get("tabs") or [{"title": "", "rows": dashboard["rows"]}]
    return tabs


def _read_kind(folder: Path) -> dict[str, Document]:
    return {
        path.relative_to(folder).with_suffix("").as_posix(): _read_file(path)
        for path in sorted(folder.rglob("*.yaml"))
    }


def _read_file(path: Path) -> Document:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as problem:
        raise BundleProblem(f"{path} is not YAML: {problem}") from problem
    if not isinstance(found, dict):
        raise BundleProblem(f"{path} holds no mapping.")
    return found
