"""dbt's exposures from the bundle: which dashboard would notice a change of which mart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from outturn.dashboards.bundle import Bundle, charts_on
from outturn.settings import PROJECT_ROOT

PATH = PROJECT_ROOT / "dbt_project" / "models" / "exposures.yml"
HEADER = "# Written by `outturn dashboards export`, from superset/assets: do not edit.\n"


def render(bundle: Bundle) -> str:
    """The text of exposures.yml."""
    exposures = [_exposure(slug, board, bundle) for slug, board in bundle.dashboards.items()]
    text: str = yaml.safe_dump(
        {"version": 2, "exposures": exposures}, sort_keys=False, allow_unicode=True, width=98
    )
    return HEADER + text


def write(bundle: Bundle, path: Path = PATH) -> bool:
    """Write the file; False when it was so already."""
    text = render(bundle)
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True


def _exposure(slug: str, board: dict[str, Any], bundle: Bundle) -> dict[str, Any]:
    marts = sorted({bundle.charts[chart]["dataset"] for chart in charts_on(slug, board)})
    return {
        "name": slug.replace("-", "_"),
        "label": board["title"],
        "type": "dashboard",
        "maturity": "high",
        "url": f"http://localhost:8088/superset/dashboard/{slug}/",
        "description": board["description"],
        "owner": {"name": "Finance data team"},
        "depends_on": [f"ref('{mart}')" for mart in marts],
    }
