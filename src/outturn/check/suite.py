"""The suite of an extract: the checks of its contract as Great Expectations expectations.

A contract says a check in the words of the Open Data Contract Standard (`metric`, `mustBe...`,
`unit`) or names any expectation of Great Expectations. What is true of every extract, that its
key names one row of a file, is added here.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from outturn.check.queries import fill
from outturn.contracts import Check, Contract
from outturn.errors import ContractInvalid

ROW_COUNT = "expect_table_row_count_to_be_between"
ROWS = "unexpected_rows_expectation"
KEY_CHECK = "key_names_one_row"
FOUND_IN_ALL = "found_in_all"
ROWS_FETCHED = 20

# Great Expectations' arguments in words; the column stands beside them anyway.
_PHRASES = {
    "column": "",
    "min_value": "at least {}",
    "max_value": "at most {}",
    "mostly": "in a share of at least {}",
}


@dataclass(frozen=True)
class FileFacts:
    """What a suite has to know of the file beside its rows.

    `first_day` and `last_day` span the periods it reports on, null where it has none;
    `earlier_counts` are the landed rows of accepted files about the same parts.
    """

    file_id: int
    extract: str
    name: str
    table: str
    landed: int
    first_day: date | None
    last_day: date | None
    earlier_counts: tuple[int, ...]
    seeds_path: Path


@dataclass(frozen=True)
class Planned:
    """One expectation to evaluate: its type and arguments, and what it is called in print."""

    check: Check
    type: str
    kwargs: dict[str, Any]
    expected: str


def plan(contract: Contract, facts: FileFacts) -> list[Planned]:
    """The suite for one file. A check that has nothing to compare with is left out."""
    checks = [*_key_checks(contract), *contract.checks]
    planned = (_plan_one(contract, check, facts) for check in checks)
    return [one for one in planned if one is not None]


def _key_checks(contract: Contract) -> list[Check]:
    stated = [
        set(check.arguments.get("properties", ()))
        for check in contract.checks
        if check.metric == "duplicateValues" and check.severity == "critical"
    ]
    if not contract.keys or set(contract.keys) in stated:
        return []
    return [
        Check(
            name=KEY_CHECK,
            column=None,
            severity="critical",
            metric="duplicateValues",
            arguments={"properties": list(contract.keys)},
            must={"mustBe": 0},
            description=f"No two rows share the same {_listed(contract.keys)}.",
        )
    ]


def _plan_one(contract: Contract, check: Check, facts: FileFacts) -> Planned | None:
    if check.expectation is not None:
        return _plan_custom(check, facts)
    if check.metric == "rowCount":
        return _plan_row_count(check, facts)
    if check.metric == "duplicateValues":
        return _plan_duplicates(contract, check)
    kwargs: dict[str, Any] = {"column": _column(contract, check), "mostly": _mostly(check, facts)}
    if check.metric == "nullValues":
        expected = f"{_allowance(check)} blank"
        return Planned(check, "expect_column_values_to_not_be_null", kwargs, expected)
    kwargs["value_set"] = check.arguments.get("validValues", [])
    expected = f"{_allowance(check)} other than {_listed(kwargs['value_set'])}"
    return Planned(check, "expect_column_values_to_be_in_set", kwargs, expected)


def _plan_custom(check: Check, facts: FileFacts) -> Planned | None:
    kwargs = dict(check.kwargs)
    if check.column and "column" not in kwargs:
        kwargs["column"] = check.column
    if check.expectation != ROWS:
        return Planned(check, str(check.expectation), kwargs, _listed_arguments(kwargs))
    query = fill(str(kwargs["unexpected_rows_query"]), facts)
    if query is None:
        return None
    return Planned(check, ROWS, _some_of(query), "none")


def _plan_row_count(check: Check, facts: FileFacts) -> Planned | None:
    low, high = _bounds(check)
    compared = "comparedWith" in check.arguments
    if compared:
        if not facts.earlier_counts:
            return None
        usual = statistics.median(facts.earlier_counts)
        low = None if low is None else usual * low / 100
        high = None if high is None else usual * high / 100
    kwargs = {
        "min_value": None if low is None else int(-(-low // 1)),
        "max_value": None if high is None else int(high // 1),
    }
    expected = _range_words(kwargs["min_value"], kwargs["max_value"], "rows")
    if compared:
        expected += f" (earlier files: {statistics.median(facts.earlier_counts):,.0f})"
    return Planned(check, ROW_COUNT, kwargs, expected)


def _plan_duplicates(contract: Contract, check: Check) -> Planned:
    """A query rather than GX's own: that one passes over blanks and names no record."""
    columns = list(check.arguments.get("properties", [])) or [_column(contract, check)]
    if check.must != {"mustBe": 0}:
        raise _unusable(contract, check, "duplicateValues must be 0")
    listed = ", ".join(f'"{column}"' for column in columns)
    query = (
        f"select record_number, {listed} from ("  # noqa: S608 columns of the contract
        f"select *, count(*) over (partition by {listed}) as times from {{batch}}"
        f") as counted where times > 1 order by {listed}, record_number"
    )
    named = replace(check, column=columns[0] if len(columns) == 1 else check.column)
    expected = f"one row for each {_listed(columns)}"
    return Planned(named, ROWS, _some_of(query), expected)


def _some_of(query: str) -> dict[str, str]:
    """The query bounded to some rows, each with the number of all: memory stays small."""
    some = (
        f"select found.*, count(*) over () as {FOUND_IN_ALL} "  # noqa: S608 a contract's query
        f"from ({query.strip().rstrip(';')}) as found limit {ROWS_FETCHED}"
    )
    return {"unexpected_rows_query": some}


def _column(contract: Contract, check: Check) -> str:
    if check.column is None:
        raise _unusable(contract, check, f"{check.metric} needs a column")
    return check.column


def _unusable(contract: Contract, check: Check, reason: str) -> ContractInvalid:
    return ContractInvalid(contract.path, f"quality.{check.name}", reason)


def _bounds(check: Check) -> tuple[float | None, float | None]:
    """Lowest and highest whole number that passes; percentages are not stepped."""
    must, step = check.must, 0 if check.unit == "percent" else 1
    if "mustBe" in must:
        return must["mustBe"], must["mustBe"]
    if "mustBeBetween" in must:
        return must["mustBeBetween"][0], must["mustBeBetween"][1]
    low = must.get("mustBeGreaterOrEqualTo")
    high = must.get("mustBeLessOrEqualTo")
    if "mustBeGreaterThan" in must:
        low = must["mustBeGreaterThan"] + step
    if "mustBeLessThan" in must:
        high = must["mustBeLessThan"] - step
    return low, high


def _mostly(check: Check, facts: FileFacts) -> float:
    """The share of rows that must be good, from how many may be bad."""
    high = _bounds(check)[1] or 0
    if check.unit == "percent":
        return max(0.0, 1 - high / 100)
    return max(0.0, 1 - high / facts.landed) if facts.landed else 1.0


def _allowance(check: Check) -> str:
    high = _bounds(check)[1] or 0
    if high == 0:
        return "none"
    return f"at most {high:g}%" if check.unit == "percent" else f"at most {high:,.0f}"


def _range_words(low: float | None, high: float | None, what: str) -> str:
    if low == high and low is not None:
        return f"{low:,} {what}"
    if low is not None and high is not None:
        return f"{low:,} to {high:,} {what}"
    return f"at least {low:,} {what}" if low is not None else f"at most {high:,} {what}"


def _listed(words: Any) -> str:
    return ", ".join(str(word) for word in words)


def _listed_arguments(kwargs: dict[str, Any]) -> str:
    shown = {key: value for key, value in kwargs.items() if value is not None}
    words = [_PHRASES[key].format(shown.pop(key)) for key in _PHRASES if key in shown]
    words += [f"{key.replace('_', ' ').lower()}: {value}" for key, value in shown.items()]
    return ", ".join(word for word in words if word)
