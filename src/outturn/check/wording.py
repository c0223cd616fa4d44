"""Results in words that a finance reader understands: counts, shares and values."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from outturn.check.suite import FOUND_IN_ALL, ROW_COUNT, ROWS

_UNNEEDED = ("file_id", FOUND_IN_ALL)


def observed_of(expectation: str, found: dict[str, Any]) -> str:
    """What was seen: `12 rows`, `3 of 375 rows (0.8%)` or the value itself."""
    value = found.get("observed_value")
    if expectation == ROWS:
        return f"{unexpected_count_of(expectation, found):,} found" if value else "none found"
    if expectation == ROW_COUNT:
        return _rows(value)
    if "unexpected_count" in found:
        count, total = found["unexpected_count"] or 0, found.get("element_count") or 0
        if not count or not total:
            return f"none of {_rows(total)}"
        return f"{count:,} of {_rows(total)} ({100 * count / total:.1f}%)"
    return f"{value:,}" if isinstance(value, int) else _text(value)


def unexpected_count_of(expectation: str, found: dict[str, Any]) -> int | None:
    """How many rows failed; a query brings only some of them, with their number beside each."""
    if expectation == ROWS:
        rows = found.get("details", {}).get("unexpected_rows", [])
        return int(rows[0][FOUND_IN_ALL]) if rows else 0
    count = found.get("unexpected_count")
    return None if count is None else int(count)


def example_of(row: dict[str, Any]) -> dict[str, str]:
    """One failing row as texts by column, the record number first."""
    shown = {key: _text(value) for key, value in row.items() if key not in _UNNEEDED}
    if "record_number" in shown:
        return {"record_number": shown.pop("record_number"), **shown}
    return shown


def _rows(count: Any) -> str:
    return f"{int(count or 0):,} row{'' if count == 1 else 's'}"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.10g}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    return value.isoformat() if isinstance(value, date) else str(value)
