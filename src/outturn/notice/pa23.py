"""The contract performance notice of the Procurement Act 2023, s.71 (UK9), as CSV and JSON.

Contents by the Procurement Regulations 2024, regulations 38 and 39: of each KPI its description,
the period assessed, the rating and what explains it. The JSON follows the Open Contracting Data
Standard (release, parties, contracts, metrics with observations); the checks of the platform that
takes it are not made here.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from psycopg import sql
from psycopg.rows import dict_row

from outturn.database import connect
from outturn.errors import NoticeRefused
from outturn.settings import Settings

Row = dict[str, Any]

RATED = "select * from {}.contract_notice where contract_code = %s order by 1, period_month, 2"
CHECK = "select * from {}.contract_notice_checks where contract_code = %s"
RATING_CODES = {
    "Good": "good",
    "Approaching target": "approachingTarget",
    "Requires improvement": "requiresImprovement",
    "Inadequate": "inadequate",
    "Other": "other",
}
HEADER = (
    "Contract reference", "Contract title", "Contracting authority", "Supplier", "KPI reference",
    "KPI description", "Assessment period start date", "Assessment period end date", "Rating",
    "Explanation of rating",
)  # fmt: skip
COLUMNS = (
    "contract_code", "contract_title", "customer_name", "supplier_name", "indicator_code",
    "kpi_description", "assessment_from", "assessment_to", "rating", "explanation",
)  # fmt: skip


def export(settings: Settings, contract: str, folder: Path, schema: str = "marts") -> list[Path]:
    """Write the newest assessment period's notice of a contract: a CSV and a JSON file.

    Raises NoticeRefused when the contract publishes nothing, or less than it must.
    """
    with connect(settings, "finance", row_factory=dict_row) as connection:
        name = sql.Identifier(schema)
        rated = connection.execute(sql.SQL(RATED).format(name), (contract,)).fetchall()
        checks = connection.execute(sql.SQL(CHECK).format(name), (contract,)).fetchall()
    period = max((row["period_month"] for row in rated), default="")
    newest = [row for row in rated if row["period_month"] == period]
    if not newest:
        why = "no assessment period of a published KPI is over, or the Act does not apply to it"
        raise NoticeRefused(contract, "any period", why)
    if not checks[0]["is_complete"]:
        raise NoticeRefused(contract, period, checks[0]["finding"].rstrip("."))
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"contract-performance-notice-{contract}-{period}"
    made = {
        folder / f"{stem}.csv": _csv(newest),
        folder / f"{stem}.json": json.dumps(_release(newest), indent=2, ensure_ascii=False) + "\n",
    }
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
    return list(made)


def _csv(rows: list[Row]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows([row[column] for column in COLUMNS] for row in rows)
    return out.getvalue()


def _release(rows: list[Row]) -> Row:
    first = rows[0]
    contract, number = first["contract_code"], first["notice_number"]
    return {
        "id": f"{contract}-UK9-{number}",
        "tag": ["contractUpdate", "implementation"],
        "language": "en",
        "parties": [
            {"id": "buyer", "name": first["customer_name"], "roles": ["buyer"]},
            {"id": "supplier", "name": first["supplier_name"], "roles": ["supplier"]},
        ],
        "buyer": {"id": "buyer", "name": first["customer_name"]},
        "contracts": [
            {
                "id": contract,
                "title": first["contract_title"],
                "documents": [{"id": "UK9", "documentType": "contractNotice", "noticeType": "UK9"}],
                "implementation": {"metrics": [_metric(row) for row in rows]},
            }
        ],
    }


def _metric(row: Row) -> Row:
    observation: Row = {
        "id": f"{row['indicator_code']}-{row['period_month']}",
        "period": {
            "startDate": row["assessment_from"].isoformat(),
            "endDate": row["assessment_to"].isoformat(),
        },
        "rating": RATING_CODES[row["rating"]],
        "notes": row["explanation"],
    }
    if row["value"] is not None:
        observation["measure"] = str(row["value"])
    return {
        "id": row["indicator_code"],
        "title": row["indicator_name"],
        "description": row["kpi_description"],
        "observations": [observation],
    }
