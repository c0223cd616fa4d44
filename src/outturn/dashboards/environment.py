"""Superset's own environment: its interpreter, the variables it needs, the process inside it."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from outturn import audiences, database
from outturn.dashboards import readers
from outturn.dashboards.bundle import Document
from outturn.errors import SupersetProblem
from outturn.secret_store import secret
from outturn.settings import PROJECT_ROOT, Settings

FOLDER = PROJECT_ROOT / "superset"
ADMINISTRATOR = "admin"
VIEWER = "finance"
PYTHON = FOLDER / ".venv" / "bin" / "python"


def is_installed() -> bool:
    """Whether the environment has been made."""
    return PYTHON.exists()


def interpreter() -> Path:
    """Python of the environment. Raises SupersetProblem when it has not been made."""
    if not is_installed():
        raise SupersetProblem(
            "Superset's environment is not there.", remedy="Run `make superset/.venv/.ready`."
        )
    return PYTHON


def password_name(user: str) -> str:
    """The secret that holds a user's password."""
    return f"superset_{user}"


def variables(settings: Settings) -> dict[str, str]:
    """What Superset's processes get: its keys, its metadata's address, and nothing of ours else."""
    keep = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "USER")
    kept = {name: value for name, value in os.environ.items() if name in keep}
    kept |= {
        name: value for name, value in os.environ.items() if name.startswith("OUTTURN_SUPERSET_")
    }
    state = settings.home / "superset"
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    return kept | {
        "TZ": "Europe/London",
        "SUPERSET_CONFIG_PATH": str(FOLDER / "superset_config.py"),
        "SUPERSET_HOME": str(state),
        "OUTTURN_SUPERSET_SECRET_KEY": _key(settings, "superset_secret_key"),
        "OUTTURN_SUPERSET_GUEST_KEY": _key(settings, "superset_guest_key"),
        "OUTTURN_SUPERSET_ASYNC_KEY": _key(settings, "superset_async_key"),
        "OUTTURN_SUPERSET_METADATA": database.sqlalchemy_url(settings, "superset"),
    }


def run_inside(settings: Settings, job: Document) -> Document:
    """Do a job in one process inside the environment and return its result.

    Raises SupersetProblem with what it said; the whole of it is in logs/superset-sync.log.
    """
    log = settings.home / "logs" / "superset-sync.log"
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory() as folder, log.open("w", encoding="utf-8") as sink:
        job_path, result_path = Path(folder) / "job.json", Path(folder) / "result.json"
        job_path.write_text(json.dumps(job), encoding="utf-8")
        subprocess.run(
            [str(interpreter()), str(FOLDER / "sync.py"), str(job_path), str(result_path)],
            env=variables(settings) | _passwords(settings),
            cwd=FOLDER,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            check=False,
        )
        result: Document = (
            json.loads(result_path.read_text(encoding="utf-8"))
            if result_path.exists()
            else {"error": _tail(log)}
        )
    if "ok" not in result:
        raise SupersetProblem(
            f"Superset could not be brought in line: {result['error']}",
            remedy=f"Nothing was changed. The whole log is {log}.",
        )
    done: Document = result["ok"]
    return done


def users(settings: Settings) -> list[dict[str, Any]]:
    """The users that code makes: the administrator, and one of each audience, called as it is."""
    named = [(ADMINISTRATOR, "Admin", "Warehouse", "Administrator")]
    named += [
        (audience.code, readers.role_of(audience), audience.name[:64], "Reader")
        for audience in audiences.read(settings).values()
    ]
    return [
        {
            "name": name,
            "role": role,
            "first_name": first,
            "last_name": last,
            "password_variable": _password_variable(name),
        }
        for name, role, first, last in named
    ]


def _passwords(settings: Settings) -> dict[str, str]:
    """Passwords of users and of the marts' readers, for the one process that stores them."""
    return {
        user["password_variable"]: secret(settings, password_name(user["name"]))
        for user in users(settings)
    } | {"OUTTURN_SUPERSET_READERS": json.dumps(readers.passwords(settings))}


def _password_variable(user: str) -> str:
    return f"OUTTURN_SUPERSET_PASSWORD_{user.upper()}"


def _key(settings: Settings, name: str) -> str:
    return secret(settings, name, lambda: secrets.token_urlsafe(48))


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-5:])
