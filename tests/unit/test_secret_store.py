"""Generated passwords: made once, kept whatever happens at once, readable by their owner only."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from outturn.secret_store import all_secrets, secret
from outturn.settings import Settings


def test_secrets_made_at_once_are_all_kept(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    names = [f"role_{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        made = dict(zip(names, pool.map(lambda name: secret(settings, name), names), strict=True))
    assert all_secrets(settings) == made
    assert len(set(made.values())) == len(names)


def test_a_secret_is_made_once_and_its_file_is_its_owners(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert secret(settings, "a") == secret(settings, "a")
    assert stat.S_IMODE(settings.secrets_path.stat().st_mode) == 0o600
