"""What orchestration costs: a month through Airflow against `outturn refresh`, on one warehouse.

    .venv/bin/python -m bench.refresh [--scale 0.02]

After a history, four months of like size are delivered one by one and taken in turn by
Airflow's scheduler (from the trigger of `receive_*` to the publication) and by the command line
(the whole process). The ratio of the sums counts. Budget: at most 1.5. Exit code 1 when missed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from itertools import cycle
from pathlib import Path

from bench.load import free_port
from outturn import demo, sample, sample_post, server, services, warehouse
from outturn.airflow_api import AirflowClient
from outturn.settings import Settings

LIMIT = 1.5
MONTHS = 4
AIRFLOW, COMMAND_LINE = "Airflow", "command line"


def command_line_refresh(settings: Settings, *arguments: str) -> None:
    """`outturn refresh` as a process; a refused file of the sample is part of the story."""
    environment = os.environ | {
        "OUTTURN_HOME": str(settings.home),
        "OUTTURN_PG_PORT": str(settings.pg_port),
        "OUTTURN_AIRFLOW_PORT": str(settings.airflow_port),
    }
    command = [sys.executable, "-m", "outturn.cli", "refresh", *arguments]
    subprocess.run(command, env=environment, check=False, capture_output=True)


def measure(settings: Settings, folder: Path) -> dict[str, list[float]]:
    """Seconds of each month by the way it went."""
    landing = Path(settings.landing)
    history, *months = sample_post.batches(sample_post.items(folder), MONTHS)
    sample_post.deliver(folder, landing, history)
    command_line_refresh(settings, "--all")
    client = AirflowClient(settings)
    taken: dict[str, list[float]] = {AIRFLOW: [], COMMAND_LINE: []}
    for batch, way in zip(months, cycle(taken), strict=False):
        started = time.perf_counter()
        if way == AIRFLOW:
            demo.run_batch(settings, client, folder, landing, batch)
        else:
            sample_post.deliver(folder, landing, batch)
            command_line_refresh(settings)
        taken[way].append(time.perf_counter() - started)
        print(f"{batch.title}  {way:12}  {taken[way][-1]:6.1f} s", flush=True)
    return taken


def main() -> int:
    """Bring a warehouse and Airflow up, run, print the ratio."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--scale", type=float, default=0.02)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="outturn-bench-") as folder:
        home = Path(folder) / "home"
        settings = Settings(home=home, pg_port=free_port(), airflow_port=free_port())
        server.start(settings)
        try:
            warehouse.initialise(settings)
            sample_folder = Path(folder) / "sample"
            sample.generate(settings, sample_folder, months=MONTHS + 4, scale=chosen.scale)
            services.start(settings)
            services.wait_until_healthy(settings)
            demo.wait_for_dags(settings)
            taken = measure(settings, sample_folder)
        finally:
            services.stop(settings)
            server.remove(settings)
    ratio = sum(taken[AIRFLOW]) / sum(taken[COMMAND_LINE])
    print(f"Airflow against command line: ratio {ratio:.2f} (budget {LIMIT})")
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
