"""Audiences in Superset: each has a connection, a role, a user and dashboards, from one seed.

Superset keeps no rows apart: whoever is of an audience reads as its login role (the connection is
chosen in superset_config.py), so that PostgreSQL answers every question, however it is asked.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from outturn import audiences, database
from outturn.audiences import Audience
from outturn.dashboards.bundle import Bundle, Document, charts_on, read_roles
from outturn.dashboards.marts import marts
from outturn.seed_audiences import FINANCE
from outturn.settings import Settings

# Finance's connection and role are files; the other audiences' are made like them.
MARTS = "marts"
FINANCE_ROLE = "finance_viewer"
ROLE_PREFIX = "audience_"


def role_of(audience: Audience) -> str:
    """Superset's role of an audience."""
    return FINANCE_ROLE if audience.code == FINANCE else ROLE_PREFIX + audience.code


def with_connections(settings: Settings, bundle: Bundle) -> Bundle:
    """The bundle with a connection for each audience beside finance's."""
    made: dict[str, Document] = {
        _slug(audience): {
            "title": f"{bundle.databases[MARTS]['title']}: {audience.code}",
            "role": audience.code,
        }
        for audience in _others(settings)
    }
    return dataclasses.replace(bundle, databases=bundle.databases | made)


def passwords(settings: Settings) -> dict[str, str]:
    """The login roles' passwords by the path of their connection's document."""
    return {
        f"databases/{_slug(audience)}.yaml": str(
            conninfo_to_dict(database.dsn_for(settings, audience.code))["password"]
        )
        for audience in audiences.read(settings).values()
    }


def roles(settings: Settings) -> dict[str, Any]:
    """The files' roles, and one of the same permissions as finance's for each other audience."""
    files = read_roles()
    return files | {role_of(audience): files[FINANCE_ROLE] for audience in _others(settings)}


def access(settings: Settings, bundle: Bundle) -> dict[str, list[str]]:
    """Roles that may open each dashboard: a limited audience, where it can read every chart."""
    return {
        slug: sorted(
            {
                *board["access"],
                *(
                    role_of(audience)
                    for audience in _others(settings)
                    if FINANCE_ROLE in board["access"]
                    and not (audience.is_limited and _is_of_no_contract(bundle, slug))
                ),
            }
        )
        for slug, board in bundle.dashboards.items()
    }


def _is_of_no_contract(bundle: Bundle, slug: str) -> bool:
    """Whether a dashboard shows a mart without contracts, which a limited audience cannot read."""
    board = bundle.dashboards[slug]
    shown = {bundle.charts[chart]["dataset"] for chart in charts_on(slug, board)}
    shown |= {part["dataset"] for part in board.get("filters", []) if "dataset" in part}
    return any("contract_code" not in marts()[mart].columns for mart in shown)


def _others(settings: Settings) -> list[Audience]:
    found = audiences.read(settings)
    return [audience for audience in found.values() if audience.code != FINANCE]


def _slug(audience: Audience) -> str:
    return MARTS if audience.code == FINANCE else f"{MARTS}-{audience.code}"
