"""Generated passwords, in one 0600 file; nothing is ever committed, logged or defaulted."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from outturn.settings import Settings


def secret(settings: Settings, name: str, make: Callable[[], str] | None = None) -> str:
    """The secret called `name`, generated on first use (24 random bytes unless `make` is given).

    The file is replaced atomically and is readable by its owner only.
    """
    with _alone(settings.secrets_path):
        stored = all_secrets(settings)
        if name not in stored:
            stored[name] = make() if make else secrets.token_urlsafe(24)
            _write(settings.secrets_path, stored)
    return stored[name]


def keep_only(settings: Settings, prefix: str, names: set[str]) -> None:
    """Forget the secrets that begin with `prefix` and are none of `names`: nobody's any more."""
    with _alone(settings.secrets_path):
        stored = all_secrets(settings)
        kept = {
            name: value
            for name, value in stored.items()
            if not name.startswith(prefix) or name in names
        }
        if kept != stored:
            _write(settings.secrets_path, kept)


def all_secrets(settings: Settings) -> dict[str, str]:
    """Every stored secret by name; empty before the first is made."""
    if not settings.secrets_path.exists():
        return {}
    found: dict[str, str] = json.loads(settings.secrets_path.read_text())
    return found


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One at a time, thread or process: two that add a secret would lose one of them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(path: Path, stored: dict[str, str]) -> None:
    partial = path.with_suffix(".part")
    descriptor = os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        json.dump(stored, handle, indent=2, sort_keys=True)
        handle.flush()
        os.fsync(handle.fileno())
    partial.replace(path)
