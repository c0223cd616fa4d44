"""Service charges of the contract, and the customer's payments in public-spend style."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from outturn.sample.delivery import Cell, csv_bytes, pounds
from outturn.sample.months import Month, working_calendar
from outturn.sample.profile import Profile, rows_of
from outturn.sample.shares import split_whole

CHARGES_HEADER = ("Contract", "Month", "Service Line", "Type", "Net Charge (£)", "Invoice No")
PAYMENTS_HEADER = (
    "Publisher", "Entity", "Supplier", "Transaction Number", "Expense Type", "Expense Area",
    "Description", "Amount (£)", "Payment Date", "Invoice Number", "Invoice Date", "Date Received",
    "Date Valid", "SME", "Disputed",
)  # fmt: skip
ADJUSTMENT_CHANCE = 0.2
CREDIT_NOTE_CHANCE = 0.012


def charges_file(profile: Profile, month: Month) -> tuple[bytes, int]:
    """The month's charges by service line, ex VAT, with titles and a trailer; number of lines."""
    rng = np.random.default_rng([profile.seed, month.number, 700])
    contract = profile.contract["contract_code"]
    rows: list[tuple[Cell, ...]] = []
    total = 0
    for line in profile.records("service_lines"):
        noise = 1 + rng.normal(0, 1) * float(line["volume_noise_pct"]) / 100
        if not line["first_period"] <= month.period <= (line["last_period"] or "9999-12"):
            continue
        years = int(month.fiscal_year[:4]) - int(Month.parse(line["first_period"]).fiscal_year[:4])
        rise = (1 + float(line["yearly_rise_pct"]) / 100) ** years
        pence = int(round(int(Decimal(line["monthly_gbp"]) * 100) * rise * noise, -2))
        invoice = f"{line['invoice_prefix']}-{month.period.replace('-', '')}"
        kind = "charge" if rng.random() < 0.7 else ""
        rows.append((contract, month.period, line["service_line"], kind, pounds(pence), invoice))
        total += pence
        if rng.random() < ADJUSTMENT_CHANCE:
            change = int(rng.integers(-180_000, 120_000))
            adjusted = (contract, month.period, line["service_line"], "adjustment")
            rows.append((*adjusted, pounds(change), f"{invoice}-A"))
            total += change
    titles = [(profile.setting["supplier_title"],), (f"Charges for {month.period}, excluding VAT",)]
    trailer = ("TOTAL", len(rows), "", "", pounds(total), "")
    return csv_bytes([*titles, CHARGES_HEADER, *rows, trailer]), len(rows)


def payments_file(profile: Profile, month: Month) -> tuple[bytes, int]:
    """Payments made in the month. Their sum does not depend on the scale."""
    rng = np.random.default_rng([profile.seed, month.number, 800])
    setting, suppliers = profile.setting, profile.table("suppliers")
    count = max(
        int(setting["payment_min_rows"]), round(int(setting["payment_rows"]) * profile.scale)
    )
    weight = suppliers["weight"].to_numpy(dtype=float)
    chosen = np.concatenate(
        [
            np.arange(len(weight)),
            rng.choice(len(weight), count, p=np.sqrt(weight) / np.sqrt(weight).sum()),
        ]
    )[:count]
    total = int(
        Decimal(setting["payment_total_gbp"]) * 100 * Decimal(str(round(rng.normal(1, 0.03), 6)))
    )
    pence = split_whole(
        total,
        (weight / np.bincount(chosen, minlength=len(weight)))[chosen]
        * rng.lognormal(0, 0.5, count),
    )
    pence = np.where(rng.random(count) < CREDIT_NOTE_CHANCE, -(pence // 20), pence)
    days = np.arange(
        month.first_day.isoformat(), (month + 1).first_day.isoformat(), dtype="datetime64[D]"
    )
    days = days[np.is_busday(days, busdaycal=working_calendar())]
    paid = np.sort(days[rng.integers(0, len(days), count)])
    records = rows_of(suppliers)
    rows: list[tuple[Cell, ...]] = []
    for number in range(count):
        supplier = records[chosen[number]]
        invoice, received, valid = _invoice_days(
            date.fromisoformat(str(paid[number])), supplier, rng
        )
        rows.append(
            (
                setting["publisher_code"],
                setting["entity_name"],
                supplier["supplier_name"],
                f"{month.period.replace('-', '')}{number + 1:06d}",
                supplier["expense_type"],
                supplier["expense_area"],
                supplier["description"],
                pounds(int(pence[number])),
                f"{date.fromisoformat(str(paid[number])):%d/%m/%Y}",
                f"I{rng.integers(100_000, 999_999)}",
                f"{invoice:%d/%m/%Y}",
                f"{received:%d/%m/%Y}" if received else "",
                f"{valid:%d/%m/%Y}" if valid else "",
                supplier["is_sme"],
                "Y" if rng.random() < 0.03 else "N",
            )
        )
    return csv_bytes([PAYMENTS_HEADER, *rows]), count


def _invoice_days(
    paid: date, supplier: dict[str, str], rng: np.random.Generator
) -> tuple[date, date | None, date | None]:
    """Invoice date, received, valid. Small firms are paid sooner; some invoices arrive very late."""
    clock = rng.gamma(2.2, 4.0) if supplier["is_sme"] == "Y" else rng.gamma(3.2, 7.0)
    valid = paid - timedelta(days=int(min(clock, 120)))
    received = valid - timedelta(days=int(rng.integers(1, 12)) if rng.random() < 0.12 else 0)
    post = int(rng.integers(31, 80)) if rng.random() < 0.04 else int(rng.integers(0, 6))
    known = rng.random()
    invoice = received - timedelta(days=post)
    return invoice, None if known < 0.02 else received, None if known < 0.05 else valid
