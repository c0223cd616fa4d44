"""From Superset's documents back to the bundle's short ones: what is derived or empty falls away.

Both sides of a comparison go through here, so that `plan` and `verify` see meaning, not noise.
"""

from __future__ import annotations

from typing import Any

from outturn.dashboards.bundle import KINDS, Bundle, Document, uuid_of
from outturn.dashboards.layout import GRID, ROOT, TABS
from outturn.dashboards.marts import marts

# What Superset writes into a chart's parameters by itself.
NOISE = ("datasource", "viz_type", "slice_id", "dashboards", "adhoc_filters", "annotation_layers")


def reduce(documents: dict[str, dict[str, Document]], bundle: Bundle) -> Bundle:
    """Superset's documents ({kind: {uuid: document}}) under the slugs that the bundle has."""
    slugs = {uuid_of(kind, slug): slug for kind in KINDS for slug in bundle.of_kind(kind)}
    found: dict[str, dict[str, Document]] = {kind: {} for kind in KINDS}
    for kind in KINDS:
        for uuid, document in documents[kind].items():
            if uuid in slugs:
                found[kind][slugs[uuid]] = _REDUCERS[kind](document, slugs)
    return Bundle(**found)


def _database(document: Document, _slugs: dict[str, str]) -> Document:
    user = document["sqlalchemy_uri"].split("://", 1)[1].split(":", 1)[0]
    return {"title": document["database_name"], "role": user.removeprefix("outturn_")}


def _theme(document: Document, _slugs: dict[str, str]) -> Document:
    title = document["theme_name"].removeprefix("outturn: ")
    return {"title": title, "token": document["json_data"]["token"]}


def _dataset(document: Document, _slugs: dict[str, str]) -> Document:
    """Labels that are derived from the column and texts that dbt holds are not repeated."""
    from outturn.dashboards.expand import label_of

    mart = marts()[document["table_name"]]
    labels = {
        column["column_name"]: column["verbose_name"]
        for column in document["columns"]
        if column["verbose_name"] not in {None, label_of(column["column_name"])}
    }
    texts = {column.description: name for name, column in mart.columns.items()}
    metrics = {
        metric["metric_name"]: _without_blanks(
            {
                "label": metric["verbose_name"],
                "expression": metric["expression"],
                "format": metric.get("d3format"),
            }
            | (
                {"column": texts[metric["description"]]}
                if metric.get("description") in texts
                else {"description": metric.get("description")}
            )
        )
        for metric in sorted(document["metrics"], key=lambda metric: str(metric["metric_name"]))
    }
    return _without_blanks(
        {
            "date": document.get("main_dttm_col"),
            "labels": dict(sorted(labels.items())),
            "metrics": metrics,
        }
    )


def _chart(document: Document, slugs: dict[str, str]) -> Document:
    params = document["params"]
    return _without_blanks(
        {
            "title": document["slice_name"],
            "description": document["description"],
            "type": document["viz_type"],
            "dataset": slugs.get(document["dataset_uuid"], document["dataset_uuid"]),
            "filters": [_filter(item) for item in params.get("adhoc_filters", [])],
            "params": {name: value for name, value in params.items() if name not in NOISE},
        }
    )


def _filter(item: Document) -> list[Any]:
    parts = [item["subject"], item["operator"]]
    return parts if item.get("comparator") is None else [*parts, item["comparator"]]


def _dashboard(document: Document, slugs: dict[str, str]) -> Document:
    metadata, tree = document["metadata"], document["position"]
    charts = {
        node["meta"]["chartId"]: node["id"].removeprefix("CHART-")
        for node in tree.values()
        if isinstance(node, dict) and node["type"] == "CHART"
    }
    titles = {
        node["id"]: node["meta"]["text"]
        for node in tree.values()
        if isinstance(node, dict) and node["type"] == "TAB"
    }
    places = {
        "tabs": [
            {"title": titles[tab], "rows": _rows(tree, tab, slugs)}
            for tab in (tree[TABS]["children"] if TABS in tree else [])
        ],
        "rows": _rows(tree, GRID, slugs),
    }
    return _without_blanks(
        {
            "title": document["dashboard_title"],
            "description": document["description"],
            "theme": slugs.get(document.get("theme_uuid") or ""),
            "certified_by": document.get("certified_by"),
            "certification_details": document.get("certification_details"),
            "css": document.get("css"),
            "colours": metadata.get("label_colors"),
            "filters": [
                _native_filter(item, (slugs, charts, titles))
                for item in metadata.get("native_filter_configuration", [])
            ],
        }
        | places
    )


def _rows(tree: Document, parent: str, slugs: dict[str, str]) -> list[list[Document]]:
    return [
        [_item(tree[child], slugs) for child in tree[row]["children"]]
        for row in tree[parent]["children"]
    ]


def _item(node: Document, slugs: dict[str, str]) -> Document:
    meta = node["meta"]
    size = {"width": meta["width"], "height": meta["height"]}
    if node["type"] == "MARKDOWN":
        return {"markdown": meta["code"]} | size
    slug = slugs.get(meta["uuid"], meta["uuid"])
    return {"chart": slug.split("/", 1)[-1]} | size


def _native_filter(item: Document, known: tuple[dict[str, str], ...]) -> Document:
    slugs, charts, titles = known
    target, controls, scope = item["targets"][0], item["controlValues"], item["scope"]
    tabs = [titles[node] for node in scope["rootPath"] if node != ROOT]
    return _without_blanks(
        {
            "name": item["name"],
            "description": item.get("description"),
            "dataset": slugs.get(target["datasetUuid"], target["datasetUuid"]),
            "column": target["column"]["name"],
            "multiple": None if controls.get("multiSelect", True) else False,
            "first": controls.get("defaultToFirstItem") or None,
            "sort": None if controls.get("sortAscending", True) else "descending",
            "sort_by": controls.get("sortMetric"),
            "tabs": tabs,
            "not_on": sorted(charts[number] for number in scope["excluded"] if number in charts),
        }
    )


def _without_blanks(document: Document) -> Document:
    """What is empty is not written; `false` and 0 are values."""
    return {
        name: value
        for name, value in document.items()
        if value is not None and value not in ("", [], {})
    }


_REDUCERS = {
    "databases": _database,
    "themes": _theme,
    "datasets": _dataset,
    "charts": _chart,
    "dashboards": _dashboard,
}
