"""The customer's payments in the style of public spend files, with the clocks of prompt payment."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

from outturn.sample.delivery import csv_bytes, pounds
from outturn.sample.months import Month, working_days
from outturn.sample.profile import Profile
from outturn.sample.shares import split_whole

HEADER = (
    "Publisher", "Entity", "Supplier", "Transaction Number", "Expense Type", "Expense Area",
    "Description", "Amount (£)", "Payment Date", "Invoice Number", "Invoice Date", "Date Received",
    "Date Valid", "SME", "Disputed",
)  # fmt: skip
CREDIT_NOTE_CHANCE = 0.012
DISPUTED_CHANCE = 0.03


def payments_file(profile: Profile, month: Month) -> tuple[bytes, int]:
    """The payments made in the month and their number. Their sum does not depend on the scale."""
    rng = np.random.default_rng([profile.seed, month.number, 800])
    setting, suppliers = profile.setting, profile.table("suppliers")
    number = round(int(setting["payment_rows"]) * profile.scale)
    count = max(int(setting["payment_min_rows"]), number)
    chosen = _chosen(suppliers["weight"].to_numpy(dtype=float), count, rng)
    frame = pd.concat(
        [
            _lines(profile, month, suppliers.iloc[chosen].reset_index(drop=True)),
            _amounts_and_dates(profile, month, suppliers, chosen, rng),
        ],
        axis="columns",
    )
    return csv_bytes([HEADER, *frame[list(HEADER)].to_numpy().tolist()]), count


def _lines(profile: Profile, month: Month, supplier: pd.DataFrame) -> pd.DataFrame:
    """Who paid whom for what; one row a payment."""
    compact = month.period.replace("-", "")
    return pd.DataFrame(
        {
            "Publisher": profile.setting["publisher_code"],
            "Entity": profile.setting["entity_name"],
            "Supplier": supplier["supplier_name"],
            "Transaction Number": [f"{compact}{n:06d}" for n in range(1, len(supplier) + 1)],
            "Expense Type": supplier["expense_type"],
            "Expense Area": supplier["expense_area"],
            "Description": supplier["description"],
            "SME": supplier["is_sme"],
        }
    )


def _amounts_and_dates(
    profile: Profile,
    month: Month,
    suppliers: pd.DataFrame,
    chosen: NDArray[np.int64],
    rng: Generator,
) -> pd.DataFrame:
    """How much was paid and when; some clocks are not known."""
    count, days = len(chosen), working_days(month)
    paid = np.sort(days[rng.integers(0, len(days), count)])
    is_small = (suppliers["is_sme"] == "Y").to_numpy()[chosen]
    invoice, received, valid = _clocks(paid, is_small, rng)
    return pd.DataFrame(
        {
            "Amount (£)": [pounds(p) for p in _pence(profile, suppliers, chosen, rng).tolist()],
            "Payment Date": _printed(paid),
            "Invoice Number": [f"I{n}" for n in rng.integers(100_000, 999_999, count)],
            "Invoice Date": _printed(invoice),
            "Date Received": np.where(rng.random(count) < 0.02, "", _printed(received)),
            "Date Valid": np.where(rng.random(count) < 0.04, "", _printed(valid)),
            "Disputed": np.where(rng.random(count) < DISPUTED_CHANCE, "Y", "N"),
        }
    )


def _chosen(weight: NDArray[np.float64], count: int, rng: Generator) -> NDArray[np.int64]:
    """Who is paid: every supplier once, then the larger ones more often."""
    odds = np.sqrt(weight) / np.sqrt(weight).sum()
    return np.concatenate([np.arange(len(weight)), rng.choice(len(weight), count, p=odds)])[:count]


def _pence(
    profile: Profile, suppliers: pd.DataFrame, chosen: NDArray[np.int64], rng: Generator
) -> NDArray[np.int64]:
    """The month's total by the suppliers' weights; a few lines turn into small credit notes."""
    month_factor = Decimal(str(round(rng.normal(1, 0.03), 6)))
    total = int(Decimal(profile.setting["payment_total_gbp"]) * 100 * month_factor)
    weight = suppliers["weight"].to_numpy(dtype=float)
    each = weight / np.maximum(1, np.bincount(chosen, minlength=len(weight)))
    is_note = rng.random(len(chosen)) < CREDIT_NOTE_CHANCE
    spread = each[chosen] * rng.lognormal(0, 0.5, len(chosen))
    pence = np.zeros(len(chosen), dtype=np.int64)
    pence[is_note] = -rng.integers(2_000, 400_000, int(is_note.sum()))
    pence[~is_note] = split_whole(total - int(pence.sum()), spread[~is_note])
    return pence


def _clocks(
    paid: NDArray[np.datetime64], is_small: NDArray[np.bool_], rng: Generator
) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64], NDArray[np.datetime64]]:
    """Invoice date, received, valid. Small firms are paid sooner, some invoices come very late."""
    count = len(paid)
    clock = np.where(is_small, rng.gamma(2.2, 4.0, count), rng.gamma(3.2, 7.0, count))
    valid = paid - np.minimum(clock, 120).astype("timedelta64[D]")
    corrected = np.where(rng.random(count) < 0.12, rng.integers(1, 12, count), 0)
    received = valid - corrected.astype("timedelta64[D]")
    is_late = rng.random(count) < 0.04
    post = np.where(is_late, rng.integers(31, 80, count), rng.integers(0, 6, count))
    return received - post.astype("timedelta64[D]"), received, valid


def _printed(days: NDArray[np.datetime64]) -> NDArray[np.object_]:
    return pd.Series(days.astype("datetime64[s]")).dt.strftime("%d/%m/%Y").to_numpy(dtype=object)
