"""Whether the bundle holds together: dashboard → chart → dataset → mart → column.

A green import proves nothing: Superset takes a chart of a column that no longer exists, and skips
a chart that is on no dashboard.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from outturn.dashboards.bundle import Bundle, Document, charts_on, tabs_of
from outturn.dashboards.marts import Mart, marts
from outturn.errors import BundleProblem

MOST_CHARTS = 12
GRID_COLUMNS = 12
# Parameters of charts that name columns or metrics.
COLUMN_PARAMETERS = (
    "groupby",
    "groupbyRows",
    "groupbyColumns",
    "all_columns",
    "columns",
    "x_axis",
    "y_axis",
    "entity",
    "series",
    "source",
    "target",
)
METRIC_PARAMETERS = (
    "metric",
    "metrics",
    "metrics_b",
    "secondary_metric",
    "percent_metrics",
    "timeseries_limit_metric",
    "series_limit_metric",
    "size",
)
_WORD = re.compile(r"[a-z_][a-z0-9_]*")
_TEXT = re.compile(r"'[^']*'")
# Words of SQL that a metric may use beside its mart's columns.
SQL_WORDS = {
    *("sum", "min", "max", "avg", "count", "distinct", "round", "abs", "coalesce", "nullif"),
    *("case", "when", "then", "else", "end", "filter", "where", "and", "or", "not", "in", "is"),
    *("null", "true", "false", "cast", "as", "numeric"),
}


def check(bundle: Bundle) -> None:
    """Raises BundleProblem that lists everything wrong at once."""
    problems = list(_problems(bundle))
    if problems:
        raise BundleProblem(
            "the dashboards do not hold together:\n  " + "\n  ".join(problems),
            remedy="Correct the files under superset/assets.",
        )


def _problems(bundle: Bundle) -> Iterator[str]:
    for slug, document in bundle.datasets.items():
        if slug not in marts():
            yield f"datasets/{slug}: there is no mart of this name"
            continue
        yield from _dataset_problems(slug, document, marts()[slug])
    for slug, document in bundle.charts.items():
        yield from _chart_problems(slug, document, bundle)
    for slug, document in bundle.dashboards.items():
        yield from _dashboard_problems(slug, document, bundle)
        yield from _shared_colours(slug, document, bundle)
    yield from _orphans(bundle)
    yield from _twins(bundle)


def _dataset_problems(slug: str, document: Document, mart: Mart) -> Iterator[str]:
    named = {*document.get("labels", {}), *([document["date"]] if "date" in document else [])}
    for name, metric in document.get("metrics", {}).items():
        words = set(_WORD.findall(_TEXT.sub("", metric["expression"].lower())))
        named |= words - SQL_WORDS
        named |= {metric["column"]} if "column" in metric else set()
        if "description" not in metric and "column" not in metric:
            yield f"datasets/{slug}: the metric {name} has no description, nor a column's"
    for column in sorted(named - set(mart.columns)):
        yield f"datasets/{slug}: the mart has no column {column}"


def _chart_problems(slug: str, document: Document, bundle: Bundle) -> Iterator[str]:
    if not document.get("description", "").strip():
        yield f"charts/{slug}: no description"
    dataset = bundle.datasets.get(document.get("dataset", ""))
    if dataset is None or document["dataset"] not in marts():
        yield f"charts/{slug}: there is no dataset {document.get('dataset')}"
        return
    columns = set(marts()[document["dataset"]].columns)
    metrics = set(dataset.get("metrics", {}))
    params = document.get("params", {})
    used = {part[0] for part in document.get("filters", [])}
    used |= _names(params, COLUMN_PARAMETERS)
    for name in sorted(used - columns):
        yield f"charts/{slug}: {document['dataset']} has no column {name}"
    for name in sorted(_names(params, METRIC_PARAMETERS) - metrics):
        yield f"charts/{slug}: {document['dataset']} has no metric {name}"


def _names(params: Document, parameters: tuple[str, ...]) -> set[str]:
    found: set[str] = set()
    for parameter in parameters:
        value: Any = params.get(parameter)
        parts = value if isinstance(value, list) else [value]
        found |= {part for part in parts if isinstance(part, str)}
    return found


def _dashboard_problems(slug: str, document: Document, bundle: Bundle) -> Iterator[str]:
    for chart in charts_on(slug, document):
        if chart not in bundle.charts:
            yield f"dashboards/{slug}: there is no chart {chart}"
    for tab in tabs_of(document):
        count = sum("chart" in item for row in tab["rows"] for item in row)
        if count > MOST_CHARTS:
            yield f"dashboards/{slug}: {count} charts on one tab; {MOST_CHARTS} at most"
        for number, row in enumerate(tab["rows"], start=1):
            if sum(item["width"] for item in row) > GRID_COLUMNS:
                yield f"dashboards/{slug}: row {number} is wider than {GRID_COLUMNS} columns"
    yield from _filter_problems(slug, document)
    if document["theme"] not in bundle.themes:
        yield f"dashboards/{slug}: there is no theme {document['theme']}"


def _filter_problems(slug: str, document: Document) -> Iterator[str]:
    for spec in document.get("filters", []):
        if spec["column"] not in marts()[spec["dataset"]].columns:
            yield f"dashboards/{slug}: the filter {spec['name']} names no column of its mart"
        for chart in spec.get("not_on", []):
            if f"{slug}/{chart}" not in charts_on(slug, document):
                yield f"dashboards/{slug}: the filter {spec['name']} spares {chart}, not on it"


def _shared_colours(slug: str, document: Document, bundle: Bundle) -> Iterator[str]:
    """Superset has whoever leaves a page store the colours of labels that two charts share.

    A reader may not, so the browser would complain: no two charts of a page show the same series.
    """
    shown = Counter(
        series
        for chart in charts_on(slug, document)
        for series in _series(bundle.charts.get(chart, {}))
    )
    for series, times in shown.items():
        if times > 1:
            yield f"dashboards/{slug}: {times} charts colour {series}; one at most"


def _series(chart: Document) -> set[str]:
    """What a chart over time gives colours to: its metrics, the values of a column, or both."""
    params = chart.get("params", {})
    metrics, columns = params.get("metrics", []), ", ".join(params.get("groupby", []))
    if not chart.get("type", "").startswith("echarts_timeseries"):
        return set()
    if not columns:
        return set(metrics)
    return {f"{metric} by {columns}" for metric in metrics} if len(metrics) > 1 else {columns}


def _orphans(bundle: Bundle) -> Iterator[str]:
    shown = [chart for slug, board in bundle.dashboards.items() for chart in charts_on(slug, board)]
    for chart in sorted(set(bundle.charts) - set(shown)):
        yield f"charts/{chart}: is on no dashboard"
    for chart, times in Counter(shown).items():
        if times > 1:
            yield f"charts/{chart}: is shown {times} times"
    used = {chart["dataset"] for chart in bundle.charts.values()}
    for dataset in sorted(set(bundle.datasets) - used):
        yield f"datasets/{dataset}: no chart uses it"


def _twins(bundle: Bundle) -> Iterator[str]:
    for kind in ("charts", "dashboards"):
        titles = Counter(document["title"] for document in bundle.of_kind(kind).values())
        for title, times in titles.items():
            if times > 1:
                yield f"{kind}: {times} have the title {title!r}"
