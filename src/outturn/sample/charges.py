"""The contract's service charges: a statement by service line, with titles and a totals row."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from numpy.random import Generator

from outturn.sample.delivery import Cell, csv_bytes, pounds
from outturn.sample.months import Month
from outturn.sample.profile import Profile

HEADER = ("Contract", "Month", "Service Line", "Type", "Net Charge (£)", "Invoice No")
ADJUSTMENT_CHANCE = 0.2
BLANK_TYPE_CHANCE = 0.3


def charges_file(profile: Profile, month: Month) -> tuple[bytes, int]:
    """The month's charges, ex VAT, and the number of its lines. A blank type is a charge."""
    rng = np.random.default_rng([profile.seed, month.number, 700])
    rows: list[tuple[Cell, ...]] = []
    total = 0
    for line in profile.records("service_lines"):
        noise = 1 + rng.normal(0, 1) * float(line["volume_noise_pct"]) / 100
        if line["first_period"] <= month.period <= (line["last_period"] or "9999-12"):
            for kind, pence, invoice in _amounts(line, month, noise, rng):
                key = (profile.contract["contract_code"], month.period, line["service_line"])
                rows.append((*key, kind, pounds(pence), invoice))
                total += pence
    titles = [(profile.setting["supplier_title"],), (f"Charges for {month.period}, excluding VAT",)]
    trailer = ("TOTAL", len(rows), "", "", pounds(total), "")
    return csv_bytes([*titles, HEADER, *rows, trailer]), len(rows)


def _amounts(
    line: dict[str, str], month: Month, noise: float, rng: Generator
) -> list[tuple[str, int, str]]:
    """Type, pence and invoice: the indexed charge and, now and then, an adjustment."""
    years = int(month.fiscal_year[:4]) - int(Month.parse(line["first_period"]).fiscal_year[:4])
    rise = (1 + float(line["yearly_rise_pct"]) / 100) ** years
    pence = round(int(Decimal(line["monthly_gbp"]) * 100) * rise * noise / 100) * 100
    invoice = f"{line['invoice_prefix']}-{month.period.replace('-', '')}"
    amounts = [("" if rng.random() < BLANK_TYPE_CHANCE else "charge", pence, invoice)]
    if rng.random() < ADJUSTMENT_CHANCE:
        amounts.append(("adjustment", int(rng.integers(-180_000, 120_000)), f"{invoice}-A"))
    return amounts
