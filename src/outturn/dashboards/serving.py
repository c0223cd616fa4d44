"""Superset's web server: gunicorn under a supervisor of its own, or in this very process."""

from __future__ import annotations

import os
import time
import urllib.error
import urllib.request
from typing import NoReturn

from outturn import server, services
from outturn.dashboards import environment
from outturn.errors import SupersetProblem
from outturn.settings import Settings
from outturn.supervisor_config import Program

GROUP = "superset-supervisor"
WORKERS, THREADS = 2, 8


def base_url(settings: Settings) -> str:
    """Where the pages answer."""
    return f"http://127.0.0.1:{settings.superset_port}"


def start(settings: Settings) -> bool:
    """Start the web server; False when it was running already.

    Needs a metadata database that `apply` has prepared. Raises SupersetProblem when the port is
    another program's or the environment is not there.
    """
    if services.supervisor(settings, GROUP) is not None:
        return False
    if server.port_is_taken(settings.superset_port):
        raise SupersetProblem(
            f"port {settings.superset_port} is taken by another program.",
            remedy="Set OUTTURN_SUPERSET_PORT to a free port, or end that program.",
        )
    variables = environment.variables(settings)
    return services.start_group(settings, GROUP, (_program(settings),), variables)


def become(settings: Settings) -> NoReturn:
    """Turn this process into the web server, for a container or somebody else's supervisor.

    Raises SupersetProblem when the environment is not there.
    """
    command = _program(settings).command
    os.execve(command[0], command, environment.variables(settings))  # noqa: S606


def wait_until_healthy(settings: Settings, seconds: float = 180) -> None:
    """Return when it answers. Raises SupersetProblem, naming the log, after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_healthy(settings):
            return
        time.sleep(0.5)
    raise SupersetProblem(
        f"Superset did not answer at {base_url(settings)} within {seconds:.0f} s.",
        remedy=f"Its log is {settings.home / 'logs' / 'superset.log'}.",
    )


def is_healthy(settings: Settings) -> bool:
    """Whether the web server answers."""
    try:
        with urllib.request.urlopen(f"{base_url(settings)}/health", timeout=10) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def stop(settings: Settings) -> bool:
    """End the web server and wait for it; False when it was not running."""
    return services.stop(settings, GROUP)


def _program(settings: Settings) -> Program:
    command = (
        *(str(environment.interpreter()), "-m", "gunicorn", "--no-control-socket"),
        *("--workers", str(WORKERS), "--worker-class", "gthread", "--threads", str(THREADS)),
        *("--timeout", "120", "--bind", f"{settings.superset_host}:{settings.superset_port}"),
        "superset.app:create_app()",
    )
    return Program("superset", command, "gunicorn")
