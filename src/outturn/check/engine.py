"""Great Expectations, set up once a process: evaluates a suite on the landed rows of one file.

Importing it costs 3 to 4 seconds and 230 MB, hence inside the function that needs it. It works in
memory, sends nothing anywhere and only reads the database.
"""

from __future__ import annotations

import logging
import os
from functools import lru_cache
from typing import Any

from outturn.check.results import Outcome
from outturn.check.suite import ROWS, FileFacts, Planned
from outturn.check.wording import example_of, observed_of, unexpected_count_of
from outturn.database import sqlalchemy_url
from outturn.settings import Settings

EXAMPLES = 10

# A query's rows come with COMPLETE only; of other checks that would fetch every failing value.
_RESULT_FORMATS = {
    is_query: {
        "result_format": "COMPLETE" if is_query else "SUMMARY",
        "unexpected_index_column_names": ["record_number"],
        "partial_unexpected_count": EXAMPLES,
    }
    for is_query in (True, False)
}


class Session:
    """A context in memory with one read-only connection to the warehouse."""

    def __init__(self, url: str) -> None:
        """Import and configure; nothing leaves this machine."""
        os.environ["GX_ANALYTICS_ENABLED"] = "false"
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        logging.getLogger("great_expectations").setLevel(logging.WARNING)
        self._context = gx.get_context(mode="ephemeral")
        self._context.variables.progress_bars = ProgressBarsConfig(globally=False)
        self._definitions: dict[str, Any] = {}
        self._source: Any = self._context.data_sources.add_postgres(
            "warehouse",
            connection_string=url,
            kwargs={"connect_args": {"options": "-c default_transaction_read_only=on"}},
        )

    def validate(self, facts: FileFacts, planned: list[Planned]) -> list[Outcome]:
        """Evaluate the suite; a check that cannot be evaluated has failed and says why."""
        batch = self._batch(facts)
        results: dict[int, Any] = {}
        for is_query, result_format in _RESULT_FORMATS.items():
            part = {n: one for n, one in enumerate(planned) if (one.type == ROWS) is is_query}
            if part:
                found = batch.validate(_suite(facts, part), result_format=result_format)
                results |= {r.expectation_config.meta["number"]: r for r in found.results}
        return [_outcome(one, results[number]) for number, one in enumerate(planned)]

    def _batch(self, facts: FileFacts) -> Any:
        """The rows of one file. One asset an extract: adding one rewrites the whole context."""
        query = f"select * from landing.{facts.table} where file_id = {facts.file_id}"  # noqa: S608 names of our own
        if facts.extract not in self._definitions:
            asset = self._source.add_query_asset(facts.extract, query=query)
            self._definitions[facts.extract] = asset.add_batch_definition_whole_table("rows")
        definition = self._definitions[facts.extract]
        definition.data_asset.query = query
        return definition.get_batch()


def _suite(facts: FileFacts, planned: dict[int, Planned]) -> Any:
    """Expectations as objects: as configurations, two of one type on the same rows are one."""
    from great_expectations import ExpectationSuite
    from great_expectations.expectations.expectation_configuration import (
        ExpectationConfiguration,
    )

    expectations = [
        ExpectationConfiguration(
            type=one.type, kwargs=one.kwargs, meta={"number": n}, severity=one.check.severity
        ).to_domain_obj()
        for n, one in planned.items()
    ]
    return ExpectationSuite(name=facts.extract, expectations=expectations)


@lru_cache(maxsize=1)
def _session(url: str) -> Session:
    return Session(url)


def validate(settings: Settings, facts: FileFacts, planned: list[Planned]) -> list[Outcome]:
    """The outcome of each planned check, in order."""
    return _session(sqlalchemy_url(settings, "loader")).validate(facts, planned) if planned else []


def _outcome(planned: Planned, result: Any) -> Outcome:
    check, found = planned.check, dict(result.result or {})
    raised = _raised(result.exception_info)
    return Outcome(
        name=check.name,
        column=check.column or planned.kwargs.get("column"),
        severity=check.severity,
        success=bool(result.success) and raised is None,
        observed="could not be evaluated" if raised else observed_of(planned.type, found),
        unexpected_count=None if raised else unexpected_count_of(planned.type, found),
        description=check.description,
        expected=planned.expected,
        examples=tuple(example_of(row) for row in _failing_rows(found)[:EXAMPLES]),
        problem=raised,
    )


def _failing_rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    rows = found.get("partial_unexpected_index_list")
    if rows is None:
        rows = found.get("details", {}).get("unexpected_rows", [])
    return list(rows)


def _raised(info: Any) -> str | None:
    """The message of what went wrong while evaluating; one metric's or the expectation's own."""
    if not info:
        return None
    entries = [info] if "raised_exception" in info else list(info.values())
    messages = [str(e.get("exception_message")) for e in entries if e.get("raised_exception")]
    return messages[0] if messages else None
