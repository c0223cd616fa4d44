"""Which unknown header is which column: by likeness of words, as a proposal for a person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

from outturn.contracts import Column, Contract, Form
from outturn.contracts.forms import normal_header
from outturn.load.header import SEARCHED_ROWS
from outturn.profiling.sniffing import Row

ALIKE = 0.6
# Likeness costs a comparison of each with each: more headers, or longer ones, nobody maps so.
MOST_HEADERS, LONGEST_HEADER = 200, 100
# Stands for a value that only a person knows.
STAND_IN = "CHANGE_ME"
_GENERIC = {"gbp", "name", "code", "the", "of"}


def map_headers(contract: Contract, form: Form, raw: dict[str, Any], row: Row) -> list[str]:
    """Change a form as it is written: aliases for missing columns, the rest under `ignore`.

    Returns what a person is to check.
    """
    line, cells = row
    notes = []
    present = {normal_header(cell): cell for cell in cells if normal_header(cell)}
    known = {normal_header(h): column.name for column in form.columns for h in column.headers}
    ignored = {normal_header(header) for header in form.ignore}
    unknown = [text for key, text in present.items() if key not in known and key not in ignored]
    found = {known[key] for key in present if key in known} | {name for name, _ in form.constants}
    missing = [column for column in contract.columns if column.name not in found]
    for column in missing:
        alias = _alike(column, _headers_anywhere(contract, column), unknown)
        if alias is not None:
            unknown.remove(alias)
            text = " ".join(alias.split())
            _add_header(raw, column, text)
            notes.append(f"{column.name}: is {text!r} the same thing?")
        elif column.name in raw["columns"]:
            _leave_out(contract, raw, column, notes)
    if unknown and (missing or len(found) > 1):
        raw["ignore"] = [*raw.get("ignore", []), *(" ".join(text.split()) for text in unknown)]
        notes.append("ignore: their values land nowhere; map them to a column if they matter")
    if line > SEARCHED_ROWS and form.header_row is None and form.format != "jsonl":
        raw["headerRow"] = line
    return notes


def _add_header(raw: dict[str, Any], column: Column, alias: str) -> None:
    old = raw["columns"].get(column.name)
    if isinstance(old, dict):
        words = old["header"] if isinstance(old["header"], list) else [old["header"]]
        raw["columns"][column.name] = old | {"header": [*words, alias]}
    elif old is None:
        raw["columns"][column.name] = {"header": [alias], "optional": not column.required}
    else:
        raw["columns"][column.name] = [*([old] if isinstance(old, str) else old), alias]


def _headers_anywhere(contract: Contract, column: Column) -> list[str]:
    """What any form of the contract calls a column."""
    return [
        header
        for form in contract.forms
        for style in form.columns
        if style.name == column.name
        for header in style.headers
    ]


def _leave_out(contract: Contract, raw: dict[str, Any], column: Column, notes: list[str]) -> None:
    own = raw["columns"][column.name]
    if column.name == contract.part_column and column.type == "text" and not column.references:
        del raw["columns"][column.name]
        raw["constants"] = raw.get("constants", {}) | {column.name: STAND_IN}
        notes.append(f"{column.name}: no header looks like it; make it a constant")
    elif column.required:
        notes.append(f"{column.name}: no header looks like it; name its header, or a constant")
    elif not (isinstance(own, dict) and own.get("optional")):
        words = own["header"] if isinstance(own, dict) else own
        rest = own if isinstance(own, dict) else {}
        raw["columns"][column.name] = rest | {"header": words, "optional": True}
        notes.append(f"{column.name}: may it be absent from files of this sender?")


def _alike(column: Column, headers: Sequence[str], unknown: Sequence[str]) -> str | None:
    """The one unknown header that is like the column's name or headers; None when none is."""
    unknown = [text for text in unknown[:MOST_HEADERS] if len(text) <= LONGEST_HEADER]
    scored = sorted(
        ((max(_likeness(mine, text) for mine in (column.name, *headers)), text)
         for text in unknown),
        reverse=True,
    )  # fmt: skip
    return scored[0][1] if scored and scored[0][0] >= ALIKE else None


def _likeness(mine: str, text: str) -> float:
    a, b = _words(mine), _words(text)
    shared = (a & b) - _GENERIC
    overlap = len(shared) / max(len((a | b) - _GENERIC), 1)
    ratio = SequenceMatcher(None, "".join(sorted(a)), "".join(sorted(b))).ratio()
    return max(overlap, ratio if shared or len(a) == len(b) == 1 else 0.0)


def _words(text: str) -> set[str]:
    spelt = text.replace("£", " gbp ").casefold()
    return set(re.findall(r"[a-z]+", spelt))
