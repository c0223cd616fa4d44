"""The `_n` of a file name tells a restatement from the first delivery."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outturn.deliveries import delivery_number


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("SSCL_Events_2016-01.csv", 0),
        ("SSCL_Events_2016-01_2.csv", 2),
        ("Charges_2016-01_12.csv.zip", 12),
        ("payments_201601.csv", 0),
        ("ledger_2016-01_v2.csv", 0),
        ("ledger", 0),
    ],
)
def test_only_a_last_short_number_is_a_delivery_number(name: str, number: int) -> None:
    assert delivery_number(name) == number


@given(st.integers(min_value=0, max_value=999))
def test_any_delivery_number_is_read_back(number: int) -> None:
    assert delivery_number(f"GL_Extract_2016-01_{number}.csv") == number
