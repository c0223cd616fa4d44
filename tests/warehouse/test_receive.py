"""Receiving: once, whole, named; whatever lies at a source is either taken or said not to be."""

from __future__ import annotations

import os
import shutil
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import fsspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from outturn import archive
from outturn.database import connect
from outturn.deliveries import Delivery, register
from outturn.errors import DeliveryRefused, ManifestInvalid, OutturnError
from outturn.receive import receive, receive_paths
from outturn.settings import Settings
from tests.conftest import rows

JANUARY = datetime(2016, 2, 5, 9, 30, tzinfo=UTC)
LEDGER = "ledger_2016-01.csv"

DELIVERIES = """
select delivery.name, delivery.received_at, delivery.delivery_number, extract_file.extract,
    extract_file.form, extract_file.status, extract_file.sha256
from ops.delivery as delivery
inner join ops.extract_file as extract_file using (file_id)
order by delivery.delivery_id
"""


@pytest.fixture
def finance(warehouse_settings: Settings) -> Path:
    folder = Path(warehouse_settings.landing) / "finance"
    folder.mkdir(parents=True)
    return folder


def put(folder: Path, name: str, text: str = "a", modified_at: datetime = JANUARY) -> Path:
    path = folder / name
    path.write_text(text)
    os.utime(path, (modified_at.timestamp(),) * 2)
    return path


def waiting(settings: Settings) -> dict[str, str]:
    return dict(rows(settings, "select name, reason from ops.waiting_file"))


def test_a_file_is_archived_and_registered_by_its_name(
    warehouse_settings: Settings, finance: Path
) -> None:
    put(finance, "GL_Extract_2016-01_2.csv", "bytes")
    (file_id,) = receive(warehouse_settings, "finance")
    ((name, received_at, number, extract, form, status, sha256),) = rows(
        warehouse_settings, DELIVERIES
    )
    assert (name, received_at, number) == ("GL_Extract_2016-01_2.csv", JANUARY, 2)
    assert (extract, form, status) == ("finance/ledger", "gl_extract", "registered")
    assert archive.path_of(warehouse_settings, sha256).read_text() == "bytes"
    assert rows(warehouse_settings, "select file_id from ops.extract_file") == [(file_id,)]


def test_listing_again_registers_nothing_and_reads_nothing(
    warehouse_settings: Settings, finance: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(finance, LEDGER)
    receive(warehouse_settings, "finance")
    monkeypatch.setattr(archive, "store", lambda *_: pytest.fail("read again"))
    assert receive(warehouse_settings, "finance") == []
    assert len(rows(warehouse_settings, DELIVERIES)) == 1


def test_a_touched_file_with_the_same_bytes_is_no_new_delivery(
    warehouse_settings: Settings, finance: Path
) -> None:
    path = put(finance, LEDGER)
    receive(warehouse_settings, "finance")
    os.utime(path, (JANUARY.timestamp() + 60,) * 2)
    assert receive(warehouse_settings, "finance") == []
    assert len(rows(warehouse_settings, DELIVERIES)) == 1


def test_the_same_bytes_under_another_name_are_a_delivery_of_the_same_file(
    warehouse_settings: Settings, finance: Path
) -> None:
    put(finance, LEDGER)
    first = receive(warehouse_settings, "finance")
    put(finance, "ledger_2016-01_2.csv")
    assert receive(warehouse_settings, "finance") == first
    assert [row[2] for row in rows(warehouse_settings, DELIVERIES)] == [0, 2]
    assert len(rows(warehouse_settings, "select from ops.extract_file")) == 1


def test_taking_a_restatement_back_makes_the_old_bytes_a_new_delivery(
    warehouse_settings: Settings, finance: Path
) -> None:
    taken = []
    for day, text in enumerate(["old", "new", "old"]):
        put(finance, LEDGER, text, datetime(2016, 2, 5 + day, tzinfo=UTC))
        taken += receive(warehouse_settings, "finance")
    assert taken[0] == taken[2] != taken[1]
    assert [row[1].day for row in rows(warehouse_settings, DELIVERIES)] == [5, 6, 7]


def test_what_fits_no_contract_is_named_until_it_is_gone(
    warehouse_settings: Settings, finance: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = put(finance, "notes.txt")
    assert receive(warehouse_settings, "finance") == []
    assert waiting(warehouse_settings) == {"notes.txt": "its name fits no extract's contract"}
    assert "notes.txt" in capsys.readouterr().err
    path.unlink()
    receive(warehouse_settings, "finance")
    assert waiting(warehouse_settings) == {}


def test_names_of_unfinished_files_wait_and_hidden_ones_are_none_of_ours(
    warehouse_settings: Settings, finance: Path
) -> None:
    for name in (f"{LEDGER}.part", f"{LEDGER}.filepart", f"{LEDGER}.TMP", f".{LEDGER}"):
        put(finance, name)
    assert receive(warehouse_settings, "finance") == []
    assert len(waiting(warehouse_settings)) == 3


def test_a_file_that_is_being_written_waits_and_one_that_is_done_is_taken(
    warehouse_settings: Settings, finance: Path
) -> None:
    settings = warehouse_settings.model_copy(update={"settle_seconds": 1.0})
    put(finance, LEDGER, "whole", datetime.now(UTC))
    growing = finance / "ledger_2016-02.csv"
    growing.write_text("x")
    done = threading.Event()

    def grow() -> None:
        while not done.wait(0.1):
            with growing.open("a") as stream:
                stream.write("x")

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        assert len(receive(settings, "finance")) == 1
    finally:
        done.set()
        writer.join()
    assert list(waiting(settings)) == ["ledger_2016-02.csv"]
    time.sleep(0.1)
    assert len(receive(settings, "finance")) == 1
    assert waiting(settings) == {}


def test_the_manifest_says_when_a_file_was_received(
    warehouse_settings: Settings, finance: Path
) -> None:
    put(finance, LEDGER)
    put(finance, "manifest.csv", f"file_name,received_at\n{LEDGER},2016-07-05T09:30\n")
    receive(warehouse_settings, "finance")
    ((_, received_at, *_),) = rows(warehouse_settings, DELIVERIES)
    assert received_at == datetime(2016, 7, 5, 8, 30, tzinfo=UTC)


def test_what_the_manifest_promises_and_never_came_is_named_until_it_comes(
    warehouse_settings: Settings, finance: Path
) -> None:
    promise = "file_name,received_at\n"
    for name in (LEDGER, "ledger_2016-02.csv"):
        promise += f"{name},2016-07-05T09:30\n"
    put(finance, "manifest.csv", promise)
    taken = put(finance, LEDGER)
    assert len(receive(warehouse_settings, "finance")) == 1
    promised = {"ledger_2016-02.csv": "the manifest names it, but it is not there"}
    assert waiting(warehouse_settings) == promised
    taken.unlink()  # a source may tidy up what was taken
    assert receive(warehouse_settings, "finance") == []
    assert waiting(warehouse_settings) == promised
    put(finance, "ledger_2016-02.csv", "other")
    assert len(receive(warehouse_settings, "finance")) == 1
    assert waiting(warehouse_settings) == {}


def test_a_bad_manifest_is_refused_by_line_and_nothing_is_taken(
    warehouse_settings: Settings, finance: Path
) -> None:
    put(finance, LEDGER)
    put(finance, "manifest.csv", f"file_name,received_at\n{LEDGER},5 July\n")
    with pytest.raises(ManifestInvalid) as caught:
        receive(warehouse_settings, "finance")
    assert (caught.value.line, caught.value.column) == (2, "received_at")
    assert rows(warehouse_settings, DELIVERIES) == []


def test_a_file_that_is_not_the_promised_one_is_refused_after_the_others_were_taken(
    warehouse_settings: Settings, finance: Path
) -> None:
    put(finance, LEDGER)
    put(finance, "ledger_2016-02.csv", "b")
    put(
        finance,
        "manifest.csv",
        f"file_name,received_at,sha256\n{LEDGER},2016-02-05,{'0' * 64}\n",
    )
    with pytest.raises(DeliveryRefused, match=LEDGER):
        receive(warehouse_settings, "finance")
    assert [row[0] for row in rows(warehouse_settings, DELIVERIES)] == ["ledger_2016-02.csv"]
    kept = [p for p in (warehouse_settings.home / "archive").rglob("*") if p.is_file()]
    assert len(kept) == 1


def test_an_unknown_source_is_named(warehouse_settings: Settings) -> None:
    with pytest.raises(OutturnError, match="'suplier'"):
        receive(warehouse_settings, "suplier")


def test_a_source_that_never_delivered_is_no_error(warehouse_settings: Settings) -> None:
    assert receive(warehouse_settings, "supplier") == []


def test_any_fsspec_location_will_do(warehouse_settings: Settings) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe(f"/landing/finance/{LEDGER}", b"a")
    settings = warehouse_settings.model_copy(
        update={"landing_url": "memory://landing", "settle_seconds": 0.01}
    )
    try:
        assert len(receive(settings, "finance")) == 1
        assert receive(settings, "finance") == []
    finally:
        memory.rm("/landing", recursive=True)
    assert rows(settings, "select url from ops.delivery") == [
        (f"memory://landing/finance/{LEDGER}",)
    ]


def test_files_named_by_hand_are_taken_wherever_they_are(
    warehouse_settings: Settings, tmp_path: Path
) -> None:
    path = put(tmp_path, "whatever.csv")
    with pytest.raises(DeliveryRefused, match="fits no extract"):
        receive_paths(warehouse_settings, [path])
    given_at = datetime(2016, 3, 1, 12)  # noqa: DTZ001 as the command line gives it
    ids = receive_paths(warehouse_settings, [path], "finance/ledger", given_at)
    ((_, received_at, _, extract, form, *_),) = rows(warehouse_settings, DELIVERIES)
    assert (received_at, extract, form) == (
        datetime(2016, 3, 1, 12, tzinfo=UTC),
        "finance/ledger",
        "plain",
    )
    assert receive_paths(warehouse_settings, [path], "finance/ledger") == ids
    assert len(rows(warehouse_settings, DELIVERIES)) == 1


def test_a_file_named_by_hand_that_is_not_there_is_said(
    warehouse_settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(DeliveryRefused, match="there is no such file"):
        receive_paths(warehouse_settings, [tmp_path / LEDGER])


def test_a_large_file_needs_little_memory(warehouse_settings: Settings, finance: Path) -> None:
    import tracemalloc

    with (finance / LEDGER).open("wb") as stream:
        stream.truncate(64 << 20)
    os.utime(finance / LEDGER, (JANUARY.timestamp(),) * 2)
    tracemalloc.start()
    try:
        receive(warehouse_settings, "finance")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    shutil.rmtree(warehouse_settings.home / "archive")
    assert peak < 16 << 20


@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None
)
@given(seen=st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("123")), max_size=12))
def test_a_delivery_is_a_change_of_what_stands_at_an_address(
    warehouse_settings: Settings, seen: list[tuple[str, str]]
) -> None:
    with connect(warehouse_settings, "admin", autocommit=True) as connection:
        connection.execute("delete from ops.delivery")
        connection.execute("delete from ops.extract_file")
    standing: dict[str, str] = {}
    expected = []
    with connect(warehouse_settings, "loader", autocommit=True) as connection:
        for address, content in seen:
            _, is_new = register(connection, _delivery(address, content))
            assert is_new == (standing.get(address) != content)
            expected += [(address, content * 64)] if is_new else []
            standing[address] = content
    stored = rows(
        warehouse_settings,
        """
        select delivery.url, extract_file.sha256
        from ops.delivery as delivery
        inner join ops.extract_file as extract_file using (file_id)
        order by delivery.delivery_id
        """,
    )
    assert stored == expected


def _delivery(address: str, content: str) -> Delivery:
    return Delivery(
        extract="finance/ledger",
        form="plain",
        sha256=content * 64,
        size_bytes=1,
        source="finance",
        name=address,
        number=0,
        url=address,
        received_at=JANUARY,
        modified_at=None,
    )
