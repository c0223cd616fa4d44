"""The demo's post: in time's order, whole files, each with the time that its sender names."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from outturn.errors import NotReady
from outturn.sample_post import HEADER, batches, deliver, items

FILES = {
    "supplier": [
        ("return_2018-05.csv", "2018-06-13T16:00:00+01:00"),
        ("return_2018-06.csv", "2018-07-12T16:00:00+01:00"),
        ("return_2018-07.csv", "2018-08-30T16:00:00+01:00"),  # late: after working day 12
        ("return_2018-08.csv", "2018-09-13T16:00:00+01:00"),
    ],
    "finance": [
        ("ledger_2018-05.csv", "2018-06-08T06:10:00+01:00"),
        ("ledger_2018-07.csv", "2018-08-08T06:10:00+01:00"),
        ("decisions_2018-08.csv", "2018-10-10T06:10:00+01:00"),  # after everything closed
    ],
}


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    folder = tmp_path / "sample"
    for source, files in FILES.items():
        (folder / source).mkdir(parents=True)
        for name, _ in files:
            (folder / source / name).write_text(name)
        with (folder / source / "manifest.csv").open("w", newline="") as handle:
            csv.writer(handle).writerows([HEADER, *((*file, "00") for file in files)])
    return folder


def test_each_batch_holds_what_came_in_until_its_month_closed(sample: Path) -> None:
    made = {batch.title: [item.name for item in batch.items] for batch in batches(items(sample))}
    assert made == {
        "History to 2018-05": ["ledger_2018-05.csv", "return_2018-05.csv"],
        "2018-06": ["return_2018-06.csv"],
        "2018-07": ["ledger_2018-07.csv"],
        "2018-08": ["return_2018-07.csv", "return_2018-08.csv", "decisions_2018-08.csv"],
    }


def test_every_file_is_delivered_once_with_its_manifest_line_and_time(
    sample: Path, tmp_path: Path
) -> None:
    landing = tmp_path / "landing"
    made = batches(items(sample))
    assert [deliver(sample, landing, batch) for batch in made] == [2, 1, 1, 3]
    assert [deliver(sample, landing, batch) for batch in made] == [0, 0, 0, 0]
    for source, files in FILES.items():
        names = sorted(path.name for path in (landing / source).iterdir())
        assert names == sorted([*(name for name, _ in files), "manifest.csv"])
        with (landing / source / "manifest.csv").open(newline="") as handle:
            lines = list(csv.reader(handle))
        assert lines[0] == list(HEADER)
        assert sorted(line[0] for line in lines[1:]) == sorted(name for name, _ in files)
    delivered = landing / "supplier" / "return_2018-07.csv"
    assert delivered.stat().st_mtime == 1535641200  # 30 August 2018, 16:00 in London


def test_a_file_that_was_killed_half_way_is_delivered_again(sample: Path, tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    history = batches(items(sample))[0]
    deliver(sample, landing, history)
    target = landing / "finance" / "ledger_2018-05.csv"
    target.rename(target.with_name(".ledger_2018-05.csv.part"))
    assert deliver(sample, landing, history) == 1
    assert target.read_text() == "ledger_2018-05.csv"
    lines = (landing / "finance" / "manifest.csv").read_text().splitlines()
    assert len(lines) == 2


def test_a_folder_without_a_sample_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="holds no sample"):
        items(tmp_path)
