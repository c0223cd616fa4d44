"""Queries of checks: what a contract may refer to in them besides the rows of the file.

`{batch}` is the file's landed rows (Great Expectations fills it in). Filled in here:
`{seed:<name>}` a seed of the set in force as a relation of texts, blank = null;
`{first_day}`, `{last_day}` the days that the file's periods span, as dates.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

from outturn.errors import OutturnError

if TYPE_CHECKING:
    from outturn.check.suite import FileFacts

_SEED = re.compile(r"\{seed:([a-z0-9_]+)\}")


def fill(query: str, facts: FileFacts) -> str | None:
    """The query for one file; None when it asks for days of a file that has no period."""
    days = {"{first_day}": facts.first_day, "{last_day}": facts.last_day}
    for word, day in days.items():
        if word in query:
            if day is None:
                return None
            query = query.replace(word, f"date '{day.isoformat()}'")
    return _SEED.sub(lambda found: _relation(facts, found.group(1)), query)


def _relation(facts: FileFacts, name: str) -> str:
    """A seed as `(select ... from (values ...))`; without rows, a relation without rows."""
    path = facts.seeds_path / f"{name}.csv"
    if not path.exists():
        raise OutturnError(
            f"a check of {facts.extract} asks for the seed {name!r}, which there is none of.",
            remedy="Correct the name in the extract's contract.",
        )
    with path.open(encoding="utf-8", newline="") as stream:
        header, *rows = list(csv.reader(stream))
    columns = ", ".join(f'"{column}"' for column in header)
    kinds = ", ".join(f'"{column}"::text' for column in header)
    blank = not rows
    values = ",\n".join(
        "(" + ", ".join(_literal(cell) for cell in row) + ")"
        for row in (rows or [[""] * len(header)])
    )
    where = " where false" if blank else ""
    return f"(select {kinds} from (values {values}) as seed ({columns}){where})"  # noqa: S608 quoted


def _literal(text: str) -> str:
    """A text as SQL, safe from Great Expectations' braces and SQLAlchemy's colons as well."""
    if text == "":
        return "null"
    quoted = text.replace("\\", "\\\\").replace("'", "''")
    quoted = quoted.replace("{", "{{").replace("}", "}}").replace(":", "\\:")
    return f"e'{quoted}'" if "\\" in text else f"'{quoted}'"
