"""The supervisor's configuration: which programs run, and how they are restarted and stopped."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from outturn.airflow_config import logs_folder
from outturn.settings import PROJECT_ROOT, Settings

# Airflow's programs share a supervisor; Superset has its own, for it has secrets of its own.
AIRFLOW = "supervisor"
SUPERVISED = """\
[supervisord]
pidfile = {pid}
logfile = {logs}/{group}.log
childlogdir = {logs}
umask = 077

"""
PROGRAM = """\
[program:{name}]
command = {command}
directory = {directory}
autorestart = true
startsecs = 5
startretries = 3
stopwaitsecs = 20
stopasgroup = true
killasgroup = true
redirect_stderr = true
stdout_logfile = {logs}/{name}.log
stdout_logfile_maxbytes = 20MB
stdout_logfile_backups = 3

"""


@dataclass(frozen=True)
class Program:
    """One supervised process: its name (also its log's), command line, and a word that marks it.

    The word is looked for in the running process' own command line, with `_` read as `-`: some
    servers rename themselves.
    """

    name: str
    command: tuple[str, ...]
    word: str


def programs() -> tuple[Program, ...]:
    """What runs. Log servers stay off: they listen on every interface, and logs are local files."""
    airflow = (sys.executable, "-m", "airflow")
    return (
        Program("airflow-api-server", (*airflow, "api-server"), "api-server"),
        Program("airflow-scheduler", (*airflow, "scheduler", "--skip-serve-logs"), "scheduler"),
        Program("airflow-dag-processor", (*airflow, "dag-processor"), "dag-processor"),
        Program("airflow-triggerer", (*airflow, "triggerer", "--skip-serve-logs"), "triggerer"),
    )


def path(settings: Settings, group: str = AIRFLOW) -> Path:
    """The generated configuration file of a group of programs that share one supervisor."""
    return settings.home / "services" / f"{group}.conf"


def pid_path(settings: Settings, group: str = AIRFLOW) -> Path:
    """Where the supervisor writes its process id."""
    return path(settings, group).with_suffix(".pid")


def render(
    settings: Settings, group: str = AIRFLOW, wanted: tuple[Program, ...] | None = None
) -> str:
    """The text of the configuration; a percent sign is its escape character, hence doubled."""
    places = {
        "pid": pid_path(settings, group),
        "logs": logs_folder(settings),
        "directory": PROJECT_ROOT,
        "group": group,
    }
    escaped = {name: str(value).replace("%", "%%") for name, value in places.items()}
    parts = [SUPERVISED.format(**escaped)]
    for program in wanted or programs():
        command = shlex.join(program.command).replace("%", "%%")
        parts.append(PROGRAM.format(name=program.name, command=command, **escaped))
    return "".join(parts)
