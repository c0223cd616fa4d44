"""A dashboard's rows, tabs and filters as Superset keeps them: a tree of nodes, and metadata."""

from __future__ import annotations

from typing import Any

from outturn.dashboards.bundle import Bundle, Document, charts_on, tabs_of, uuid_of

ROOT, GRID, HEADER, TABS = "ROOT_ID", "GRID_ID", "HEADER_ID", "TABS-main"
# The scheme `outturn` of superset_config.py: a page that finds another list tries to store it.
SCHEME = (
    *("#1d4f91", "#e07b00", "#5b8c2a", "#7a3e9d", "#00838f", "#b3261e"),
    *("#8d6e63", "#5f6b7a", "#c2a100", "#d16ba5", "#4a90d9", "#9e9d24"),
)


def position(slug: str, dashboard: Document, bundle: Bundle) -> Document:
    """The tree. Every node repeats its id and names its ancestors; ids follow the place."""
    tree: Document = {
        "DASHBOARD_VERSION_KEY": "v2",
        ROOT: {"type": "ROOT", "id": ROOT, "children": [GRID]},
        GRID: {"type": "GRID", "id": GRID, "children": [], "parents": [ROOT]},
        HEADER: {"type": "HEADER", "id": HEADER, "meta": {"text": dashboard["title"]}},
    }
    if not dashboard.get("tabs"):
        _add_rows(tree, [ROOT, GRID], "", dashboard["rows"], (slug, bundle))
        return tree
    tree[ROOT]["children"] = [TABS]
    tree[TABS] = {"type": "TABS", "id": TABS, "children": [], "meta": {}, "parents": [ROOT]}
    for tab in tabs_of(dashboard):
        node = tab_id(tab["title"])
        tree[TABS]["children"].append(node)
        tree[node] = {
            "type": "TAB",
            "id": node,
            "children": [],
            "meta": {"text": tab["title"]},
            "parents": [ROOT, TABS],
        }
        _add_rows(tree, [ROOT, TABS, node], f"{node}-", tab["rows"], (slug, bundle))
    return tree


def tab_id(title: str) -> str:
    """The node of a tab."""
    return "TAB-" + title.lower().replace(" ", "-")


def _add_rows(
    tree: Document,
    parents: list[str],
    prefix: str,
    rows: list[list[Document]],
    board: tuple[str, Bundle],
) -> None:
    for row_number, row in enumerate(rows, start=1):
        row_id = f"ROW-{prefix}{row_number}"
        tree[parents[-1]]["children"].append(row_id)
        tree[row_id] = {
            "type": "ROW",
            "id": row_id,
            "children": [],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
            "parents": parents,
        }
        for item_number, item in enumerate(row, start=1):
            node = _item(item, f"{prefix}{row_number}-{item_number}", board)
            tree[row_id]["children"].append(node["id"])
            tree[node["id"]] = node | {"children": [], "parents": [*parents, row_id]}


def _item(item: Document, place: str, board: tuple[str, Bundle]) -> Document:
    size = {"width": item["width"], "height": item["height"]}
    if "markdown" in item:
        return {
            "type": "MARKDOWN",
            "id": f"MARKDOWN-{place}",
            "meta": size | {"code": item["markdown"]},
        }
    slug, bundle = board
    chart = f"{slug}/{item['chart']}"
    return {
        "type": "CHART",
        "id": f"CHART-{item['chart']}",
        "meta": size
        | {
            "chartId": chart_number(slug, bundle, item["chart"]),
            "sliceName": bundle.charts[chart]["title"],
            "uuid": uuid_of("charts", chart),
        },
    }


def chart_number(slug: str, bundle: Bundle, chart: str) -> int:
    """A chart's number within its dashboard's document; the import replaces it by the real one."""
    return charts_on(slug, bundle.dashboards[slug]).index(f"{slug}/{chart}") + 1


def metadata(slug: str, dashboard: Document, bundle: Bundle) -> Document:
    """Filters, cross-filters and colours."""
    return {
        "color_scheme": "outturn",
        "color_scheme_domain": list(SCHEME),
        "label_colors": dashboard.get("colours", {}),
        "shared_label_colors": [],
        "map_label_colors": {},
        "expanded_slices": {},
        "timed_refresh_immune_slices": [],
        "refresh_frequency": 0,
        "cross_filters_enabled": True,
        "show_native_filters": True,
        "filter_bar_orientation": "HORIZONTAL",
        "native_filter_configuration": [
            _native_filter(slug, spec, bundle) for spec in dashboard.get("filters", [])
        ],
    }


def _native_filter(slug: str, spec: Document, bundle: Bundle) -> Document:
    ascending = spec.get("sort", "ascending") == "ascending"
    controls: dict[str, Any] = {
        "multiSelect": spec.get("multiple", True),
        "enableEmptyFilter": spec.get("first", False),
        "defaultToFirstItem": spec.get("first", False),
        "inverseSelection": False,
        "searchAllOptions": False,
        "sortAscending": ascending,
    }
    if "sort_by" in spec:
        controls["sortMetric"] = spec["sort_by"]
    return {
        "id": "NATIVE_FILTER-" + spec["name"].lower().replace(" ", "-"),
        "name": spec["name"],
        "description": spec.get("description", ""),
        "filterType": "filter_select",
        "type": "NATIVE_FILTER",
        "targets": [
            {
                "column": {"name": spec["column"]},
                "datasetUuid": uuid_of("datasets", spec["dataset"]),
            }
        ],
        "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
        "cascadeParentIds": [],
        "controlValues": controls,
        "sortMetric": spec.get("sort_by"),
        "scope": {
            "rootPath": [tab_id(title) for title in spec["tabs"]] if "tabs" in spec else [ROOT],
            "excluded": [chart_number(slug, bundle, chart) for chart in spec.get("not_on", [])],
        },
    }
