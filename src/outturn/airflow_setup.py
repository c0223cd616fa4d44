"""Bring Airflow's metadata database up to date and make its users: one start, not three.

Run as `python -m outturn.airflow_setup ADMIN APPROVER` with Airflow's environment set (`services`
does); each `airflow` command would pay four seconds of imports. Idempotent.
"""

from __future__ import annotations

import sys
from typing import Any


def migrate() -> None:
    """Create or upgrade the tables of Airflow and of its login manager."""
    from airflow.providers_manager import ProvidersManager
    from airflow.utils import db

    ProvidersManager().initialize_providers_configuration()
    db.upgradedb()


def ensure_users(administrator: str, approver: str, passwords: dict[str, str]) -> None:
    """Make the administrator, and who may approve; or give them their passwords again.

    Two, because a notice is approved by another person than the one who asked for it.
    """
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        manager = builder.sm
        for user, role in ((administrator, "Admin"), (approver, "User")):
            _ensure_user(manager, user, role, passwords[f"airflow_{user}"])


def _ensure_user(manager: Any, user: str, role: str, password: str) -> None:
    known = manager.find_user(user)
    if known is not None:
        manager.reset_password(known.id, password)
    elif not manager.add_user(
        user, "outturn", user, f"{user}@localhost", manager.find_role(role), password
    ):
        raise SystemExit(f"the user {user} cannot be made")


def main() -> None:
    """Entry point; the password comes from the file of secrets, never from an argument."""
    from outturn.secret_store import all_secrets
    from outturn.settings import get_settings

    migrate()
    ensure_users(sys.argv[1], sys.argv[2], all_secrets(get_settings()))


if __name__ == "__main__":
    main()
