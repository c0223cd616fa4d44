"""The sample's credits: each kind of life is told, and invoices carry what the decisions say."""

from __future__ import annotations

import pytest

from outturn.sample.credits import Credits
from outturn.sample.months import span
from outturn.sample.profile import Profile
from outturn.settings import Settings

PENCE = 1_234_50


@pytest.fixture(scope="module")
def credits_() -> Credits:
    profile = Profile(Settings().dbt_path / "seeds", 0.002, 1)
    made = Credits(profile)
    made.pence = dict.fromkeys(span(profile.day1, 36), PENCE)
    made.pence[profile.day1 + 7] = 0
    return made


def decided(made: Credits) -> dict[str, set[str]]:
    """Steps by service month, over all files."""
    found: dict[str, set[str]] = {}
    for month in made.pence:
        for row in (*made.first_decisions(month), *made.later_decisions(month)):
            found.setdefault(str(row[2]), set()).add(str(row[3]))
    return found


def test_every_kind_of_life_is_told(credits_: Credits) -> None:
    steps = decided(credits_)
    assert steps["2015-10"] == {"notified", "agreed", "deducted"}
    assert steps["2015-12"] == {"notified", "disputed", "agreed", "deducted"}
    assert steps["2016-06"] == {"notified", "disputed", "waived"}
    assert steps["2016-12"] == {"notified", "disputed", "agreed"}
    assert "2016-02" not in steps, "never claimed"
    assert "2016-05" not in steps, "a month without a credit"


def test_an_invoice_credits_what_is_deducted_on_it_but_once_forgets(credits_: Credits) -> None:
    deducted = {
        (str(row[2]), str(row[8]))
        for month in credits_.pence
        for row in credits_.first_decisions(month)
        if row[3] == "deducted"
    }
    invoices = [number for month in credits_.pence for _, number in credits_.on_invoice(month)]
    missing = {number for _, number in deducted} - set(invoices)
    assert ("2015-10", "SC-201512") in deducted
    assert missing == {"SC-201707", "SC-201807"}
    assert all(
        pence == PENCE for month in credits_.pence for pence, _ in credits_.on_invoice(month)
    )


def test_the_first_credit_is_booked_twice(credits_: Credits) -> None:
    rows = [row for month in credits_.pence for row in credits_.first_decisions(month)]
    assert [row[0] for row in rows if row[4]] == ["CD-201510-deducted-2"]
    assert len({row[0] for row in rows}) == len(rows)
