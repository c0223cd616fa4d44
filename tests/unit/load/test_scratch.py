"""Scratch folders: one in use is left alone, one of a killed load is not."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from outturn.load.scratch import scratch_folder

HOLD = """
import sys
from outturn.load.scratch import scratch_folder
with scratch_folder(sys.argv[1]) as folder:
    (folder / "block.csv").write_text("secret")
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_the_folder_of_a_killed_load_is_swept_by_the_next(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        with scratch_folder(str(tmp_path)) as own:
            assert {path.name for path in tmp_path.iterdir()} == {left.name, own.name}
        assert (left / "block.csv").exists()
        process.send_signal(signal.SIGKILL)
    with scratch_folder(str(tmp_path)) as own:
        assert list(tmp_path.iterdir()) == [own]
    assert list(tmp_path.iterdir()) == []
