"""The manifest says when files were received; a fault in it is refused by line and column."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outturn.errors import ManifestInvalid
from outturn.manifest import parse

HASH = "ab" * 32


def test_a_local_time_is_london_summer_and_winter() -> None:
    entries = parse(
        ["file_name,received_at\n", "a.csv,2016-07-05T09:30\n", "b.csv,2016-01-05 09:30:00\n"], "m"
    )
    assert entries["a.csv"].received_at.astimezone(UTC) == datetime(2016, 7, 5, 8, 30, tzinfo=UTC)
    assert entries["b.csv"].received_at.astimezone(UTC) == datetime(2016, 1, 5, 9, 30, tzinfo=UTC)


def test_a_date_alone_is_the_start_of_that_day_in_london() -> None:
    entry = parse(["file_name,received_at\n", "a.csv,2016-07-05\n"], "m")["a.csv"]
    assert entry.received_at.astimezone(UTC) == datetime(2016, 7, 4, 23, tzinfo=UTC)


def test_the_hash_is_optional_and_compared_in_lower_case() -> None:
    lines = ["file_name,sha256,received_at\n", f"a,{HASH.upper()},2016-01-05\n", "b,,2016-01-05\n"]
    entries = parse(lines, "m")
    assert (entries["a"].sha256, entries["b"].sha256) == (HASH, None)


@pytest.mark.parametrize(
    ("text", "line", "column", "value"),
    [
        ("", 1, "file_name", ""),
        ("file_name\n", 1, "received_at", "file_name"),
        ("file_name,received_at,note\n", 1, "note", "note"),
        ("file_name,received_at,received_at\n", 1, "received_at", "received_at"),
        ("file_name,received_at\na.csv,05/01/2016\n", 2, "received_at", "05/01/2016"),
        ("file_name,received_at\na.csv,2016-02-30\n", 2, "received_at", "2016-02-30"),
        ("file_name,received_at\na.csv,\n", 2, "received_at", ""),
        ("file_name,received_at\n\n,2016-01-05\n", 3, "file_name", ""),
        ("file_name,received_at\n../a,2016-01-05\n", 2, "file_name", "../a"),
        ("file_name,received_at\na,2016-01-05,x\n", 2, "3", "x"),
        ("file_name,received_at,sha256\na,2016-01-05,abc\n", 2, "sha256", "abc"),
        ("file_name,received_at\na,2016-01-05\na,2016-01-06\n", 3, "file_name", "a"),
    ],
)
def test_a_fault_names_file_line_column_and_value(
    text: str, line: int, column: str, value: str
) -> None:
    with pytest.raises(ManifestInvalid) as caught:
        parse(text.splitlines(keepends=True), "supplier/manifest.csv")
    error = caught.value
    assert (error.file, error.line, error.column, error.value) == (
        "supplier/manifest.csv",
        line,
        column,
        value,
    )
    assert f"line {line}, column {column}" in str(error)


@given(
    st.integers(min_value=0, max_value=4_000_000_000),
    st.integers(min_value=-14 * 60, max_value=14 * 60),
)
def test_any_moment_with_an_offset_comes_back_as_it_was(seconds: int, minutes: int) -> None:
    moment = datetime.fromtimestamp(seconds, timezone(timedelta(minutes=minutes)))
    lines = ["file_name,received_at\n", f"a,{moment.isoformat()}\n"]
    assert parse(lines, "m")["a"].received_at == moment
