"""Bring Airflow's metadata database up to date and make its administrator: one start, not three.

Run as `python -m outturn.airflow_setup USER` with Airflow's environment set (`services` does);
each `airflow` command would pay four seconds of imports. Idempotent.
"""

from __future__ import annotations

import sys


def migrate() -> None:
    """Create or upgrade the tables of Airflow and of its login manager."""
    from airflow.providers_manager import ProvidersManager
    from airflow.utils import db

    ProvidersManager().initialize_providers_configuration()
    db.upgradedb()


def ensure_administrator(user: str, password: str) -> None:
    """Make the administrator, or give it the password of the file of secrets."""
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        manager = builder.sm
        known = manager.find_user(user)
        if known is not None:
            manager.reset_password(known.id, password)
            return
        role = manager.find_role("Admin")
        if not manager.add_user(
            user, "outturn", "administrator", f"{user}@localhost", role, password
        ):
            raise SystemExit(f"the user {user} cannot be made")


def main() -> None:
    """Entry point; the password comes from the file of secrets, never from an argument."""
    from outturn.secret_store import all_secrets
    from outturn.settings import get_settings

    migrate()
    ensure_administrator(sys.argv[1], all_secrets(get_settings())["airflow_admin"])


if __name__ == "__main__":
    main()
