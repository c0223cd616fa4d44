"""The scheduler has what tasks need before it forks; Airflow's other processes stay small."""

from __future__ import annotations

import subprocess
import sys

import pytest

from outturn.airflow_config import LOCAL_SETTINGS
from outturn.warm_start import MODULES

CODE = f"""
import sys
sys.argv = ["airflow", sys.argv[1]]
{LOCAL_SETTINGS}
print(sum(module in sys.modules for module in {MODULES}))
"""


@pytest.mark.parametrize(("subcommand", "known"), [("scheduler", len(MODULES)), ("api-server", 0)])
def test_only_what_forks_tasks_imports_what_they_need(subcommand: str, known: int) -> None:
    command = [sys.executable, "-c", CODE, subcommand]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.split() == [str(known)]
