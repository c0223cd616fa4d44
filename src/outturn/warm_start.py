"""What every task needs is imported once, before the scheduler forks the workers that run tasks.

A task is a fork of a fork of the scheduler: what was imported there is there already, and its
memory is shared. Without it each check would import Great Expectations and each build dbt anew,
which takes longer than the checks of a usual month.
"""

from __future__ import annotations

import sys
from importlib import import_module

# The subcommands of `airflow` whose processes fork to run tasks.
FORKING = {"scheduler", "celery"}
MODULES = (
    "great_expectations.data_context.types.base",
    "great_expectations.expectations.expectation_configuration",
    "dbt.cli.main",
    "dbt.adapters.postgres",
    "outturn.check.files",
    "outturn.load",
    "outturn.publish",
    "outturn.transform",
)


def import_what_tasks_need() -> None:
    """Called from Airflow's `airflow_local_settings`, by every process of Airflow."""
    if FORKING.intersection(sys.argv):
        for module in MODULES:
            import_module(module)
