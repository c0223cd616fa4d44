"""Landing tables and their domains, made from the contracts; dbt's sources and the dictionary.

A domain is the last line of defence: the loader refuses a bad value with its line and column long
before, and no other way into `landing` exists.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from outturn.contracts import Column, Contract

OWN_COLUMNS = (
    ("file_id", "The file that the row came from (ops.extract_file)."),
    ("record_number", "The record's number in its file, counted from 1 after the header."),
)

_HEADER = "# Written by `outturn contract render` from extracts/. Do not edit.\n"


def create_statements(contracts: dict[str, Contract]) -> list[str]:
    """DDL that makes what is missing and changes nothing else; run by the schema's owner."""
    statements = [_create_domain(*domain) for domain in _domains(contracts.values())]
    tables: dict[str, Contract] = {}
    for contract in contracts.values():
        tables.setdefault(contract.table, contract)
    for contract in tables.values():
        statements += _create_table(contract)
    return statements


def _domains(contracts: Iterable[Contract]) -> list[tuple[str, str, str]]:
    """(name, base type, check) of each domain that a column has, in a fixed order."""
    found: dict[str, tuple[str, str]] = {}
    for contract in contracts:
        for column in contract.columns:
            if column.domain != "text":
                found[column.domain] = (column.physical_type, _domain_check(column))
    return [(name, *found[name]) for name in sorted(found)]


def _domain_check(column: Column) -> str:
    if column.type == "numeric":
        return "value <> 'NaN'"
    if column.type == "period":
        return r"value ~ '^\d{4}-(0[1-9]|1[0-2])$'"
    if column.type in ("date", "timestamptz"):
        return "isfinite(value)"
    return ""


def _create_domain(name: str, base: str, check: str) -> str:
    constraint = f" check ({check})" if check else ""
    return f"""
do $do$ begin
    if to_regtype('landing.{name}') is null then
        create domain landing.{name} as {base}{constraint};
        grant usage on domain landing.{name} to outturn_loader, outturn_models;
    end if;
end $do$"""


def _create_table(contract: Contract) -> list[str]:
    table = f'landing."{contract.table}"'
    columns = "".join(
        f',\n    "{column.name}" {_column_type(column)}{" not null" if column.required else ""}'
        for column in contract.columns
    )
    added = [
        f'alter table {table} add column if not exists "{column.name}" {_column_type(column)}'
        for column in contract.columns
    ]
    comments = [
        f'comment on column {table}."{column.name}" is {_literal(column.description)}'
        for column in contract.columns
    ]
    own = "file_id bigint not null,\n    record_number bigint not null"
    index = "(file_id) with (pages_per_range = 8, autosummarize = on)"
    return [
        f"create table if not exists {table} (\n    {own}{columns}\n)",
        *added,
        f'create index if not exists "{contract.table}_file" on {table} using brin {index}',
        f"comment on table {table} is {_literal(contract.row_description)}",
        *comments,
        f"grant select, insert, delete on {table} to outturn_loader",
        f"grant select on {table} to outturn_models",
    ]


def _column_type(column: Column) -> str:
    return "text" if column.domain == "text" else f"landing.{column.domain}"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def render_sources(contracts: dict[str, Contract], models: Path) -> list[Path]:
    """Write dbt's source files, one for each source, and return the paths of those that changed."""
    changed = []
    for source in sorted({contract.source for contract in contracts.values()}):
        own = [contract for contract in contracts.values() if contract.source == source]
        path = models / "staging" / source / f"_{source}__sources.yml"
        text = _HEADER + _dump(_sources_document(source, own))
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def _sources_document(source: str, contracts: list[Contract]) -> dict[str, Any]:
    tables = [_source_table(contract) for contract in contracts]
    return {
        "version": 2,
        "sources": [
            {
                "name": source,
                "schema": "landing",
                "description": f"Extracts of {source} as they landed: every row of every file.",
                "tables": tables,
            }
        ],
    }


def _source_table(contract: Contract) -> dict[str, Any]:
    own = [
        {"name": name, "description": description, "data_type": "bigint"}
        for name, description in OWN_COLUMNS
    ]
    columns = [
        {
            "name": column.name,
            "description": column.description,
            "data_type": column.physical_type,
        }
        for column in contract.columns
    ]
    return {
        "name": contract.extract,
        "identifier": contract.table,
        "description": contract.row_description,
        "config": {
            "meta": {
                "part_column": contract.part_column or None,
                "period_column": contract.period_column,
                "replaces": contract.replaces,
                "keys": list(contract.keys),
                "due_working_day": contract.due_working_day,
                "amount_column": contract.amount_column,
            }
        },
        "columns": own + columns,
    }


def _dump(document: dict[str, Any]) -> str:
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)


def render_dictionary(contracts: dict[str, Contract]) -> str:
    """The data dictionary of all extracts as Markdown."""
    lines = ["# Extracts: the data dictionary", "", "Written by `outturn contract render`.", ""]
    for contract in contracts.values():
        lines += [f"## {contract.key}", "", contract.description, "", contract.row_description, ""]
        lines += ["| column | type | | what it is |", "|---|---|---|---|"]
        lines += [_dictionary_row(column) for column in contract.columns]
        lines.append("")
    return "\n".join(lines)


def _dictionary_row(column: Column) -> str:
    rules = ["required"] if column.required else []
    if column.allowed:
        rules.append("one of " + ", ".join(column.allowed))
    if column.references:
        rules.append("in " + ".".join(column.references))
    text = column.description.replace("|", "\\|")
    return f"| `{column.name}` | {column.physical_type} | {'; '.join(rules)} | {text} |"
