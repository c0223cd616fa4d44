"""Airflow's four processes on this machine, under one supervisor, all on the loopback interface.

Everything generated (configuration, keys, pid file) lives below `home`, readable by its owner
only. A further service (Superset) is one more `Program`.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import SecretStr

from outturn import airflow_config, server, supervisor_config
from outturn.airflow_api import AirflowClient
from outturn.errors import AirflowProblem
from outturn.secret_store import secret
from outturn.settings import Settings

ADMIN_USER = "admin"
APPROVER_USER = "approver"
STOP_SECONDS = 40


def start(settings: Settings) -> bool:
    """Configure, migrate and start Airflow; False when it was running already.

    Needs PostgreSQL up and `outturn init` done (database `airflow`). Raises AirflowProblem when
    the port is another program's or the metadata database cannot be brought up to date.
    """
    if supervisor(settings) is not None:
        return False
    if server.port_is_taken(settings.airflow_port):
        raise AirflowProblem(
            f"port {settings.airflow_port} is taken by another program.",
            remedy="Set OUTTURN_AIRFLOW_PORT to a free port, or end that program.",
        )
    prepare(settings)
    _write_private(supervisor_config.path(settings), supervisor_config.render(settings))
    _spawn_supervisor(settings, supervisor_config.AIRFLOW, task_environment(settings))
    return True


def start_group(
    settings: Settings,
    group: str,
    programs: tuple[supervisor_config.Program, ...],
    environment: dict[str, str],
) -> bool:
    """Start programs under a supervisor of their own; False when it was running already."""
    if supervisor(settings, group) is not None:
        return False
    airflow_config.logs_folder(settings).mkdir(parents=True, exist_ok=True, mode=0o700)
    text = supervisor_config.render(settings, group, programs)
    _write_private(supervisor_config.path(settings, group), text)
    _spawn_supervisor(settings, group, environment)
    return True


def prepare(settings: Settings) -> None:
    """Write Airflow's configuration and bring its database up to date: enough for any supervisor.

    Raises AirflowProblem when the database cannot be reached or migrated.
    """
    airflow_config.logs_folder(settings).mkdir(parents=True, exist_ok=True, mode=0o700)
    _write_private(airflow_config.path(settings), _airflow_configuration(settings))
    _write_private(airflow_config.local_settings_path(settings), airflow_config.LOCAL_SETTINGS)
    _prepare_metadata(settings)


def wait_until_healthy(
    settings: Settings, seconds: float = 120, say: Callable[[str], None] = lambda _: None
) -> None:
    """Return when API server, scheduler, DAG processor and triggerer all answer and DAGs are known.

    Raises AirflowProblem, naming who does not answer and the log, after `seconds`.
    """
    deadline = time.monotonic() + seconds
    waiting = ["api server"]
    client = AirflowClient(settings)
    while time.monotonic() < deadline:
        if supervisor(settings) is None:
            break
        still = client.unhealthy()
        if not still:
            return
        if still != waiting:
            say(f"waiting for {', '.join(still)}")
        waiting = still
        time.sleep(0.5)
    raise AirflowProblem(
        f"Airflow is not healthy: {', '.join(waiting)} did not answer within {seconds:.0f} s.",
        remedy=f"Its logs are in {airflow_config.logs_folder(settings)}.",
    )


def stop(settings: Settings, group: str = supervisor_config.AIRFLOW) -> bool:
    """End a supervisor and every process below it, and wait for them; False if not running."""
    parent = supervisor(settings, group)
    if parent is None:
        return False
    family = [*parent.children(recursive=True), parent]
    parent.terminate()
    _, alive = psutil.wait_procs(family, timeout=STOP_SECONDS)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive, timeout=10)
    return True


def status(settings: Settings) -> dict[str, str]:
    """Each program's state (`running`, `stopped`), and who is not healthy under `unhealthy`."""
    parent = supervisor(settings)
    running = [_command_line(child) for child in _children(parent)]
    found = {
        program.name: "running" if any(program.word in line for line in running) else "stopped"
        for program in supervisor_config.programs()
    }
    found["unhealthy"] = ", ".join(AirflowClient(settings).unhealthy()) if parent else ""
    return found


def is_running(settings: Settings) -> bool:
    """Whether this home's services are up."""
    return supervisor(settings) is not None


def supervisor(settings: Settings, group: str = supervisor_config.AIRFLOW) -> psutil.Process | None:
    """This home's supervisor if it runs; a pid that now belongs to another program is not it."""
    try:
        pid = int(supervisor_config.pid_path(settings, group).read_text())
        process = psutil.Process(pid)
        is_ours = str(supervisor_config.path(settings, group)) in process.cmdline()
    except (FileNotFoundError, ValueError, psutil.Error):
        return None
    return process if is_ours and process.status() != psutil.STATUS_ZOMBIE else None


def task_environment(settings: Settings) -> dict[str, str]:
    """What Airflow's processes inherit: these very settings, but no password of the database.

    The administrator's DSN is cut down to host, port and options: tasks log in by their own roles.
    """
    keep = ("PATH", "PYTHONPATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SSL_CERT_FILE", "USER")
    kept = {k: v for k, v in os.environ.items() if k in keep or k.startswith(("OUTTURN_", "AWS_"))}
    kept |= _as_variables(settings) | airflow_config.environment(settings)
    if settings.dsn:
        parts = conninfo_to_dict(settings.dsn)
        shared = {k: str(v) for k, v in parts.items() if k not in {"user", "password", "passfile"}}
        kept["OUTTURN_DSN"] = make_conninfo(**shared)
    return kept


def _as_variables(settings: Settings) -> dict[str, str]:
    """The settings as the environment variables that they are read from; masked ones are not."""
    values = settings.model_dump(exclude_none=True)
    return {
        f"OUTTURN_{name.upper()}": json.dumps(value) if isinstance(value, tuple) else str(value)
        for name, value in values.items()
        if not isinstance(value, SecretStr)
    }


def _airflow_configuration(settings: Settings) -> str:
    keys = airflow_config.Keys(
        fernet=secret(settings, "airflow_fernet", _fernet_key),
        jwt=secret(settings, "airflow_jwt", lambda: secrets.token_urlsafe(64)),
        api=secret(settings, "airflow_api", lambda: secrets.token_urlsafe(48)),
    )
    return airflow_config.render(settings, keys)


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def _prepare_metadata(settings: Settings) -> None:
    """Migrate the metadata database and make the users, in one process of their own."""
    for user in (ADMIN_USER, APPROVER_USER):
        secret(settings, f"airflow_{user}")
    log = airflow_config.logs_folder(settings) / "airflow-setup.log"
    with log.open("w") as sink:
        done = subprocess.run(
            [sys.executable, "-m", "outturn.airflow_setup", ADMIN_USER, APPROVER_USER],
            env=task_environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
        raise AirflowProblem(
            f"Airflow's metadata database cannot be brought up to date:\n{tail}",
            remedy=f"Is PostgreSQL up and `outturn init` done? The whole log is {log}.",
        )


def _spawn_supervisor(settings: Settings, group: str, environment: dict[str, str]) -> None:
    """Start supervisord in the background (it daemonizes itself) and wait for its pid file."""
    config = supervisor_config.path(settings, group)
    done = subprocess.run(
        [sys.executable, "-m", "supervisor.supervisord", "-c", str(config)],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    deadline = time.monotonic() + 15
    while done.returncode == 0 and time.monotonic() < deadline:
        if supervisor(settings, group) is not None:
            return
        time.sleep(0.1)
    raise AirflowProblem(
        f"the supervisor did not start: {(done.stderr or done.stdout).strip()[-500:]}",
        remedy=f"Its log is {airflow_config.logs_folder(settings) / f'{group}.log'}.",
    )


def _children(parent: psutil.Process | None) -> list[psutil.Process]:
    return parent.children() if parent is not None else []


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline()).replace("_", "-")
    except psutil.Error:
        return ""


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(path.name + ".part")
    descriptor = os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)
    partial.replace(path)
