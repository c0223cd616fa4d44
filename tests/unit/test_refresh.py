"""What a refresh looks at before it receives."""

from __future__ import annotations

from pathlib import Path

from outturn.refresh import is_missing_folder


def test_a_misspelt_landing_folder_is_told_from_one_that_is_empty_or_elsewhere(
    tmp_path: Path,
) -> None:
    assert is_missing_folder(str(tmp_path / "landng"))
    assert not is_missing_folder(str(tmp_path))
    assert not is_missing_folder("s3://bucket/landing")
