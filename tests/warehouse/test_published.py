"""Published ways of crediting failures, each a contract in CSV alone, give what their texts say.

Texts are named in `published/seeds/contracts.csv`; figures are made up where a text has none, and
worked out by hand. AWS's figures come from a source of its own, named in contracts.csv only.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from outturn.refresh import refresh
from outturn.settings import Settings
from tests.conftest import copied_warehouse, rows

PUBLISHED = Path(__file__).parent / "published"

# points, uncapped, credit, cap that binds, headroom
CREDITS = {
    # 98.5, 96.5, 96.5 score 1, 6, 6; another indicator adds 1.5 when it fails. 1% a point, cap 10%.
    ("MSC", "2024-02"): ("2.5", "25000.00", "25000.00", "none", "75000.00"),
    ("MSC", "2024-03"): ("6", "60000.00", "60000.00", "none", "40000.00"),
    ("MSC", "2024-04"): ("7.5", "75000.00", "75000.00", "none", "25000.00"),
    ("MSC", "2024-05"): ("5", "50000.00", "50000.00", "none", "50000.00"),
    # From June 2% a point, threefold repeats, 5% of 12 months: 250,000 less 210,000 given.
    ("MSC", "2024-06"): ("7.5", "150000.00", "40000.00", "rolling12", "0.00"),
    # July has no charges; nothing measured breaks the chain. 300,000 less 250,000.
    ("MSC", "2024-08"): ("4.5", "90000.00", "50000.00", "rolling12", "0.00"),
    # 98 - 75 = 23%, cap 15%; then 98 - 96 and 5.01 - 2 of 100,000.55; then both on target.
    ("CCS", "2024-04"): ("0", "23000.00", "15000.00", "period", "0.00"),
    ("CCS", "2024-05"): ("0", "5010.03", "5010.03", "none", "9990.05"),
    ("CCS", "2024-06"): ("0", "0.00", "0.00", "none", "7500.00"),
    # 99.997% is 99.99 and met, a server at 98.99 costs 30%; 99.53 costs 10%; 94.99 everything.
    ("AWS", "2024-04"): ("0", "0.00", "0.00", "none", None),
    ("AWS", "2024-05"): ("0", "370.37", "370.37", "none", None),
    ("AWS", "2024-06"): ("0", "123.46", "123.46", "none", None),
    ("AWS", "2024-07"): ("0", "1234.56", "1234.56", "none", None),
    # 15 points alone: 4%; (15 + 5) / 2 = 10: 2%; (5 + 25) / 2 = 15: 4%.
    ("IVR", "2024-04"): ("15", "40.00", "40.00", "none", None),
    ("IVR", "2024-05"): ("5", "20.00", "20.00", "none", None),
    ("IVR", "2024-06"): ("25", "40.01", "40.01", "none", None),
    # 120,000 at risk: 50% x 40%; and 150% x 60% of it: 132,000 is more than all that is.
    ("DIR", "2024-04"): ("0", "24000.00", "24000.00", "none", "96000.00"),
    ("DIR", "2024-05"): ("0", "132000.00", "120000.00", "at_risk", "0.00"),
    # 20 points are free, the next 40 cost 50 each, all others 75.55; 2% of 12 months at most.
    ("PFI", "2024-04"): ("40", "1000.00", "1000.00", "none", "0.00"),
    ("PFI", "2024-05"): ("85", "3888.75", "1000.00", "rolling12", "0.00"),
    ("PFI", "2024-06"): ("200", "12577.00", "1000.00", "rolling12", "0.00"),
    # 2% for each full 1% below 95% and each full 15 minutes above 30; a quarter in its last month.
    ("NHS", "2024-04"): ("0", "600.00", "600.00", "none", "200.00"),
    ("NHS", "2024-05"): ("0", "800.00", "800.00", "none", "200.00"),
    ("NHS", "2024-06"): ("0", "400.00", "400.00", "none", "600.00"),
}
# value, severity, repeat, points
AVAILABILITY = {
    "2024-02": ("98.5", "minor", False, "1"),
    "2024-03": ("96.5", "severe", True, "6"),
    "2024-04": ("96.5", "severe", True, "6"),
    "2024-05": ("98.9", "minor", True, "2"),
    "2024-06": ("99.4", "minor", True, "3"),
    "2024-07": (None, None, False, "0"),
    "2024-08": ("90", "severe", False, "3"),
}


@pytest.fixture(scope="module")
def published(
    server_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Their warehouse, refreshed once."""
    with copied_warehouse(server_settings, tmp_path_factory.mktemp("published")) as copied:
        settings = copied.model_copy(
            update={
                "seeds_dir": PUBLISHED / "seeds",
                "landing_url": str(PUBLISHED / "landing"),
                "settle_seconds": 0,
            }
        )
        refresh(settings, everything=True)
        yield settings


def test_each_text_credits_what_it_says(published: Settings) -> None:
    query = """
        select contract_code, period_month, points::text, uncapped_gbp::text, credit_gbp::text,
            cap_bound, headroom_gbp::text
        from marts.credits_by_period where is_payable
    """
    assert {row[:2]: row[2:] for row in rows(published, query)} == CREDITS


def test_a_repeat_failure_scores_twice_its_own_band_through_versions_and_schemes(
    published: Settings,
) -> None:
    query = """
        select period_month, value::text, severity, is_repeat, points::text
        from marts.indicator_performance where indicator_code = 'M1' and basis = 'agreed'
    """
    assert {row[0]: row[1:] for row in rows(published, query)} == AVAILABILITY
