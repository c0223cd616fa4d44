"""Who may read what must be said in one way: rules of audiences.csv, none of which may widen."""

from __future__ import annotations

import re

from outturn.seed_record import Record, Tables

FINANCE = "finance"
# A login role's name is at most 63 bytes long, and begins with outturn_.
CODE = re.compile(r"[a-z][a-z0-9_]{0,49}")
# The warehouse's other roles, and Superset's administrator.
TAKEN = {
    *("admin", "owner", "models", "published", "loader", "transformer", "publisher"),
    *("airflow", "superset"),
}


def check_audiences(tables: Tables) -> None:
    """Raise SeedProblem for the first row whose audience is no role, or has two meanings."""
    first: dict[str, Record] = {}
    for row in tables["audiences"]:
        _check_code(row)
        before = first.setdefault(row["audience_code"], row)
        if before["name"] != row["name"]:
            raise row.problem("audiences", "name", f"is another than in line {before.line}")
        if not (before["contract_code"] and row["contract_code"]) and before is not row:
            raise row.problem(
                "audiences",
                "contract_code",
                f"is beside line {before.line}, and one of the two is blank: every contract",
                "Name each contract in a row of its own, or none in a single row.",
            )


def _check_code(row: Record) -> None:
    code = row["audience_code"]
    if not CODE.fullmatch(code):
        raise row.problem(
            "audiences",
            "audience_code",
            "is not a name for a login role",
            "Use up to 50 small letters, digits and _, a letter first.",
        )
    if code in TAKEN:
        raise row.problem("audiences", "audience_code", "is a role of the warehouse itself")
    if code == FINANCE and row["contract_code"]:
        raise row.problem(
            "audiences",
            "contract_code",
            "limits finance, which sees every contract: findings and notices are made from it",
            "Give the limited readers another code.",
        )
