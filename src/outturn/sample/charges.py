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


def charge_lines(profile: Profile, month: Month) -> list[tuple[str, str, int, str]]:
    """The month's charges, ex VAT: service line, type (blank is a charge), pence, invoice."""
    rng = np.random.default_rng([profile.seed, month.number, 700])
    lines = []
    for line in profile.records("service_lines"):
        noise = 1 + rng.normal(0, 1) * float(line["volume_noise_pct"]) / 100
        if line["first_period"] <= month.period <= (line["last_period"] or "9999-12"):
            for kind, pence, invoice in _amounts(line, month, noise, rng):
                lines.append((line["service_line"], kind, pence, invoice))
    return lines


def charges_pence(lines: list[tuple[str, str, int, str]]) -> int:
    """What service credits are a percentage of: charges, not adjustments."""
    return sum(pence for _, kind, pence, _ in lines if kind in ("", "charge"))


def charges_file(
    profile: Profile,
    month: Month,
    lines: list[tuple[str, str, int, str]],
    credited: list[tuple[int, str]],
) -> tuple[bytes, int]:
    """The month's statement and the number of its lines; `credited`: pence taken off, invoice."""
    given = [("Service credits", "service_credit", -pence, invoice) for pence, invoice in credited]
    lines = [*lines, *given]
    contract = profile.contract["contract_code"]
    rows: list[tuple[Cell, ...]] = [
        (contract, month.period, service_line, kind, pounds(pence), invoice)
        for service_line, kind, pence, invoice in lines
    ]
    total = sum(pence for _, _, pence, _ in lines)
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
