"""From the bundle's short documents to those that Superset imports, identifiers and all."""

from __future__ import annotations

from typing import Any

from psycopg.conninfo import conninfo_to_dict

from outturn import database
from outturn.dashboards import layout
from outturn.dashboards.bundle import Bundle, Document, uuid_of
from outturn.dashboards.marts import Column, Mart, marts
from outturn.settings import Settings

DATABASE = "marts"
VERSION = "1.0.0"
OPERATORS = {"==": "EQUALS", "!=": "NOT_EQUALS", ">": "GREATER_THAN", "<": "LESS_THAN"} | {
    ">=": "GREATER_THAN_OR_EQUAL",
    "<=": "LESS_THAN_OR_EQUAL",
    "IN": "IN",
    "NOT IN": "NOT_IN",
    "IS NOT NULL": "IS_NOT_NULL",
    "IS NULL": "IS_NULL",
}
TYPES = {
    "text": "TEXT",
    "numeric": "NUMERIC",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamptz": "TIMESTAMP WITH TIME ZONE",
}


def expand(settings: Settings, bundle: Bundle) -> dict[str, Document]:
    """Superset's documents by path, e.g. charts/contract-at-a-glance/credit-due.yaml."""
    documents: dict[str, Document] = {}
    for slug, document in bundle.databases.items():
        documents[f"databases/{slug}.yaml"] = _database(settings, slug, document)
    for slug, document in bundle.themes.items():
        documents[f"themes/{slug}.yaml"] = _theme(slug, document)
    for slug, document in bundle.datasets.items():
        documents[f"datasets/{DATABASE}/{slug}.yaml"] = _dataset(
            settings, slug, document, marts()[slug]
        )
    for slug, document in bundle.charts.items():
        documents[f"charts/{slug}.yaml"] = _chart(slug, document)
    for slug, document in bundle.dashboards.items():
        documents[f"dashboards/{slug}.yaml"] = _dashboard(slug, document, bundle)
    return documents


def label_of(column: str) -> str:
    """A column's heading unless the dataset gives another: credit_gbp → Credit (£)."""
    for ending, sign in (("_gbp", " (£)"), ("_pct", " (%)"), ("_date", ""), ("_code", "")):
        if column.endswith(ending):
            column = column.removesuffix(ending) + sign
            break
    words = column.removeprefix("is_").replace("_", " ")
    return words[:1].upper() + words[1:]


def _database(settings: Settings, slug: str, document: Document) -> Document:
    parts = conninfo_to_dict(database.dsn_for(settings, document["role"]))
    place = f"{parts['host']}:{parts.get('port', 5432)}/{parts['dbname']}"
    return {
        "database_name": document["title"],
        "sqlalchemy_uri": f"postgresql+psycopg2://{parts['user']}:XXXXXXXXXX@{place}",
        "cache_timeout": None,
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_file_upload": False,
        "extra": {"allows_virtual_table_explore": False},
        "is_managed_externally": True,
        "uuid": uuid_of("databases", slug),
        "version": VERSION,
    }


def _theme(slug: str, document: Document) -> Document:
    return {
        "theme_name": f"outturn: {document['title']}",
        "json_data": {"token": document["token"]},
        "uuid": uuid_of("themes", slug),
        "version": VERSION,
    }


def _dataset(settings: Settings, slug: str, document: Document, mart: Mart) -> Document:
    labels = document.get("labels", {})
    return {
        "table_name": slug,
        "main_dttm_col": document.get("date"),
        "description": mart.description,
        "catalog": settings.database,
        "schema": "marts",
        "sql": None,
        "filter_select_enabled": True,
        "normalize_columns": False,
        "always_filter_main_dttm": False,
        "metrics": [
            _metric(name, metric, mart) for name, metric in document.get("metrics", {}).items()
        ],
        "columns": [
            _column(column, labels.get(name, label_of(name)))
            for name, column in mart.columns.items()
        ],
        "is_managed_externally": True,
        "uuid": uuid_of("datasets", slug),
        "version": VERSION,
        "database_uuid": uuid_of("databases", DATABASE),
    }


def _column(column: Column, label: str) -> Document:
    return {
        "column_name": column.name,
        "verbose_name": label,
        "is_dttm": column.type in {"date", "timestamptz"},
        "is_active": True,
        "type": TYPES.get(column.type, column.type.upper()),
        "groupby": True,
        "filterable": True,
        "expression": None,
        "description": column.description,
        "python_date_format": None,
    }


def _metric(name: str, metric: Document, mart: Mart) -> Document:
    described = mart.columns.get(metric.get("column", ""))
    return {
        "metric_name": name,
        "verbose_name": metric["label"],
        "metric_type": None,
        "expression": metric["expression"],
        "description": metric.get("description") or (described.description if described else None),
        "d3format": metric.get("format"),
        "currency": None,
        "warning_text": None,
    }


def _chart(slug: str, document: Document) -> Document:
    params = dict(document.get("params", {}))
    params["viz_type"] = document["type"]
    params["adhoc_filters"] = [adhoc_filter(*part) for part in document.get("filters", [])]
    return {
        "slice_name": document["title"],
        "description": document["description"],
        "viz_type": document["type"],
        "params": params,
        "query_context": None,
        "cache_timeout": None,
        "is_managed_externally": True,
        "uuid": uuid_of("charts", slug),
        "version": VERSION,
        "dataset_uuid": uuid_of("datasets", document["dataset"]),
    }


def adhoc_filter(column: str, operator: str, value: Any = None) -> Document:
    """A chart's own filter as Superset writes it."""
    return {
        "expressionType": "SIMPLE",
        "subject": column,
        "operator": operator,
        "operatorId": OPERATORS[operator],
        "comparator": value,
        "clause": "WHERE",
        "sqlExpression": None,
        "isExtra": False,
        "isNew": False,
    }


def _dashboard(slug: str, document: Document, bundle: Bundle) -> Document:
    return {
        "dashboard_title": document["title"],
        "description": document["description"],
        "css": document.get("css", ""),
        "slug": slug,
        "certified_by": document.get("certified_by"),
        "certification_details": document.get("certification_details"),
        "published": True,
        "is_managed_externally": True,
        "theme_uuid": uuid_of("themes", document["theme"]),
        "uuid": uuid_of("dashboards", slug),
        "position": layout.position(slug, document, bundle),
        "metadata": layout.metadata(slug, document, bundle),
        "version": VERSION,
    }
