"""Receiving from a real SFTP server: only from one whose key is pinned."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest
from pydantic import SecretStr

from outturn import archive
from outturn.errors import HostKeyRefused, SourceUnreachable
from outturn.receive import receive
from outturn.settings import Settings
from outturn.sources import fingerprint_of
from tests.conftest import rows
from tests.sftp_server import PASSWORD, USER, Served, serve

LEDGER = "ledger_2016-01.csv"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    folder = tmp_path / "remote" / "finance"
    folder.mkdir(parents=True)
    (folder / LEDGER).write_bytes(b"x" * 3_000_000)
    (folder / "manifest.csv").write_text(f"file_name,received_at\n{LEDGER},2016-02-05T09:30Z\n")
    for path in folder.iterdir():
        os.utime(path, (1_454_662_800,) * 2)
    with serve(tmp_path / "remote") as server:
        yield server


def at(settings: Settings, served: Served, **update: object) -> Settings:
    base = {
        "landing_url": f"sftp://{USER}@127.0.0.1:{served.port}/",
        "sftp_password": SecretStr(PASSWORD),
        "sftp_known_hosts": settings.home / "known_hosts",
    }
    return settings.model_copy(update=base | update)


def write_known_hosts(settings: Settings, port: int, key: paramiko.PKey) -> None:
    line = f"[127.0.0.1]:{port} {key.get_name()} {key.get_base64()}\n"
    (settings.home / "known_hosts").write_text(line)


def test_a_file_comes_whole_from_a_server_in_known_hosts(
    warehouse_settings: Settings, served: Served
) -> None:
    write_known_hosts(warehouse_settings, served.port, served.key)
    settings = at(warehouse_settings, served)
    assert len(receive(settings, "finance")) == 1
    assert receive(settings, "finance") == []
    ((url, sha256),) = rows(
        settings, "select url, sha256 from ops.delivery join ops.extract_file using (file_id)"
    )
    assert url == f"sftp://{USER}@127.0.0.1:{served.port}/finance/{LEDGER}"
    assert archive.path_of(settings, sha256).read_bytes() == b"x" * 3_000_000


def test_a_fingerprint_pins_as_well(warehouse_settings: Settings, served: Served) -> None:
    pinned = at(warehouse_settings, served, sftp_host_fingerprint=fingerprint_of(served.key))
    assert len(receive(pinned, "finance")) == 1


def test_an_unknown_server_is_refused_with_its_fingerprint(
    warehouse_settings: Settings, served: Served
) -> None:
    with pytest.raises(HostKeyRefused, match="SHA256:") as caught:
        receive(at(warehouse_settings, served), "finance")
    assert fingerprint_of(served.key) in str(caught.value)
    assert rows(warehouse_settings, "select from ops.delivery") == []


def test_a_server_with_another_key_is_refused(warehouse_settings: Settings, served: Served) -> None:
    other = paramiko.RSAKey.generate(2048)
    write_known_hosts(warehouse_settings, served.port, other)
    with pytest.raises(HostKeyRefused):
        receive(at(warehouse_settings, served), "finance")
    with pytest.raises(HostKeyRefused):
        receive(
            at(warehouse_settings, served, sftp_host_fingerprint=fingerprint_of(other)), "finance"
        )


def test_a_password_in_the_url_works_and_is_not_kept(
    warehouse_settings: Settings, served: Served
) -> None:
    write_known_hosts(warehouse_settings, served.port, served.key)
    url = f"sftp://{USER}:{PASSWORD}@127.0.0.1:{served.port}"
    settings = at(warehouse_settings, served, landing_url=url, sftp_password=None)
    assert len(receive(settings, "finance")) == 1
    ((stored,),) = rows(settings, "select url from ops.delivery")
    assert stored == f"sftp://{USER}@127.0.0.1:{served.port}/finance/{LEDGER}"


def test_a_wrong_password_names_the_place_and_not_the_password(
    warehouse_settings: Settings, served: Served
) -> None:
    write_known_hosts(warehouse_settings, served.port, served.key)
    with pytest.raises(SourceUnreachable, match=r"127\.0\.0\.1") as caught:
        receive(at(warehouse_settings, served, sftp_password=SecretStr("guess")), "finance")
    assert "guess" not in str(caught.value)
