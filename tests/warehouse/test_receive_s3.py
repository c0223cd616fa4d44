"""Receiving from a bucket, over HTTP from a server that speaks S3's protocol, by the real s3fs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from pydantic import SecretStr

from outturn import archive
from outturn.errors import SourceUnreachable
from outturn.receive import receive
from outturn.settings import Settings
from tests.conftest import rows

LEDGER = "ledger_2016-01.csv"
# More than one range that s3fs reads at a time.
CONTENT = os.urandom(12 << 20)
DELIVERIES = """
select delivery.name, delivery.url, delivery.received_at::text, extract_file.sha256
from ops.delivery as delivery
inner join ops.extract_file as extract_file using (file_id)
order by delivery.delivery_id
"""


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield "http://{}:{}".format(*server.get_host_and_port())
    finally:
        server.stop()


@pytest.fixture
def bucket(endpoint: str) -> Iterator[Any]:
    s3 = boto3.resource(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id="key",
        aws_secret_access_key="in-tests-only",
        region_name="eu-west-2",
    )
    place = {"LocationConstraint": "eu-west-2"}
    made = s3.create_bucket(Bucket="extracts", CreateBucketConfiguration=place)
    yield made
    made.objects.delete()
    made.delete()


def at(settings: Settings, endpoint: str) -> Settings:
    return settings.model_copy(
        update={
            "landing_url": "s3://extracts/landing",
            "s3_endpoint_url": endpoint,
            "s3_access_key_id": "key",
            "s3_secret_access_key": SecretStr("in-tests-only"),
            "settle_seconds": 0,
        }
    )


def test_objects_of_a_prefix_come_whole_and_once(
    warehouse_settings: Settings, endpoint: str, bucket: Any
) -> None:
    settings = at(warehouse_settings, endpoint)
    assert receive(settings, "finance") == []
    bucket.put_object(Key=f"landing/finance/{LEDGER}", Body=CONTENT)
    bucket.put_object(Key="landing/finance/deeper/ledger_2016-02.csv", Body=b"not of the folder")
    bucket.put_object(Key="landing/supplier/ledger_2016-03.csv", Body=b"another source's")
    manifest = f"file_name,received_at\n{LEDGER},2016-02-05T09:30Z\n"
    bucket.put_object(Key="landing/finance/manifest.csv", Body=manifest.encode())
    assert len(receive(settings, "finance")) == 1
    assert receive(settings, "finance") == []
    ((name, url, received_at, sha256),) = rows(settings, DELIVERIES)
    assert (name, url) == (LEDGER, f"s3://extracts/landing/finance/{LEDGER}")
    assert received_at.startswith("2016-02-05 09:30:00")
    assert sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert archive.path_of(settings, sha256).read_bytes() == CONTENT


def test_an_object_that_was_replaced_is_a_new_delivery(
    warehouse_settings: Settings, endpoint: str, bucket: Any
) -> None:
    settings = at(warehouse_settings, endpoint)
    key = f"landing/finance/{LEDGER}"
    for content in (b"first", b"second", b"second"):
        written = bucket.put_object(Key=key, Body=content)
        receive(settings, "finance")
    found = rows(settings, DELIVERIES)
    hashes = [hashlib.sha256(content).hexdigest() for content in (b"first", b"second")]
    assert [sha256 for *_, sha256 in found] == hashes
    assert found[0][2][:16] == f"{written.last_modified:%Y-%m-%d %H:%M}"


def test_a_server_that_is_not_there_is_named_without_the_secret(
    warehouse_settings: Settings,
) -> None:
    with pytest.raises(SourceUnreachable) as caught:
        receive(at(warehouse_settings, "http://127.0.0.1:9"), "finance")
    assert "s3://extracts/landing/finance cannot be read" in str(caught.value)
    assert "in-tests-only" not in str(caught.value)
