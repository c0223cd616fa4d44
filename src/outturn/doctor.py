"""What would go wrong on this machine, said before work begins."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from outturn import server
from outturn.settings import Settings

NEEDED_MEMORY_GIB = 4.0
NEEDED_DISK_GIB = 3.0
GIB = 1024**3


@dataclass(frozen=True)
class Finding:
    """One thing looked at: whether it is well, what was seen and what to do if it is not."""

    name: str
    is_well: bool
    seen: str
    remedy: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Look at Python, memory, disk and ports; nothing is changed."""
    return [*_machine(settings), *_ports(settings)]


def _machine(settings: Settings) -> Iterator[Finding]:
    python = sys.version_info
    yield Finding(
        "Python",
        (3, 11) <= python[:2] <= (3, 12),
        f"{python.major}.{python.minor}",
        "Use Python 3.11 or 3.12.",
    )
    memory = psutil.virtual_memory().available / GIB
    yield Finding(
        "Memory",
        memory >= NEEDED_MEMORY_GIB,
        f"{memory:.1f} GiB available",
        f"all services and a build together want {NEEDED_MEMORY_GIB:.0f} GiB: end other programs.",
    )
    existing = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    disk = shutil.disk_usage(existing).free / GIB
    yield Finding(
        "Disk",
        disk >= NEEDED_DISK_GIB,
        f"{disk:.1f} GiB free under {existing}",
        f"Free {NEEDED_DISK_GIB:.0f} GiB or set OUTTURN_HOME to a larger disk.",
    )


def _ports(settings: Settings) -> Iterator[Finding]:
    if settings.dsn is None:
        yield _port(settings, "PostgreSQL", settings.pg_port, "OUTTURN_PG_PORT")
    yield _port(settings, "Airflow", settings.airflow_port, "OUTTURN_AIRFLOW_PORT")
    yield _port(settings, "Superset", settings.superset_port, "OUTTURN_SUPERSET_PORT")


def _port(settings: Settings, name: str, port: int, variable: str) -> Finding:
    if not server.port_is_taken(port):
        return Finding(f"Port for {name}", is_well=True, seen=f"{port} is free")
    if _is_ours(settings, name):
        return Finding(f"Port for {name}", is_well=True, seen=f"{port} is ours already")
    return Finding(
        f"Port for {name}",
        is_well=False,
        seen=f"{port} is taken by another program",
        remedy=f"Set {variable} to a free port, or end that program.",
    )


def _is_ours(settings: Settings, name: str) -> bool:
    from outturn import services
    from outturn.dashboards import serving

    if name == "PostgreSQL":
        return server.is_running(settings)
    if name == "Superset":
        return services.supervisor(settings, serving.GROUP) is not None
    return services.supervisor(settings) is not None
