"""Files with known contents and known damage, compared cell by cell with what the loader made."""

from __future__ import annotations

import csv
import io
import itertools
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outturn.load import load_file
from outturn.receive import receive_paths
from outturn.settings import Settings
from tests.conftest import rows

BAD = object()
NAMES = itertools.count(1)

# For each column of an own form: (text, what it says). BAD: it must not land.
WORDS = [
    (word, word)
    for word in (
        "Acme Ltd", "a, b", '5" pipe', "two\nlines", "£ é ✓", " padded ", "'; drop table x; --",
        "NULL", "=1+1", "\\N", "\u00a0",
    )
]  # fmt: skip
BLANK = [("", None), ("  ", None)]
DATES = [("05/01/2016", date(2016, 1, 5)), ("29/02/2016", date(2016, 2, 29)), ("30/02/2016", BAD),
         ("2016-01-05", BAD), ("01/13/2016", BAD), ("5/1/2016", BAD), ("today", BAD),
         ("05/01/0016", BAD), ("05/01/2016 ", BAD)]  # fmt: skip
AMOUNTS = [("12.50", "12.50"), ("-3", "-3.00"), ("£1,234.50", "1234.50"), ("-£5", "-5.00"),
           ("£-5.1", "-5.10"), ("1,234,567.89", "1234567.89"), ("7.1000", "7.10"), ("1.239", BAD),
           ("1_000", BAD), ("0x1F", BAD), ("NaN", BAD), ("1e3", BAD), ("１２", BAD), ("12,34", BAD),
           ("(5)", BAD), ("Infinity", BAD), (" 5", BAD), ("99999999999999999", BAD)]  # fmt: skip
TRUTHS = [("Y", True), ("no", False), ("1", BAD), ("true", BAD)]
COLUMNS: dict[str, tuple[str, list[tuple[str, Any]]]] = {
    "publisher_code": ("Publisher", [("P", "P"), ("Q", "Q"), ("", BAD)]),
    "entity_name": ("Entity", WORDS + BLANK),
    "supplier_name": ("Supplier", [*WORDS, (" ", BAD)]),
    "transaction_number": ("Transaction Number", WORDS + BLANK),
    "expense_type": ("Expense Type", BLANK),
    "expense_area": ("Expense Area", WORDS),
    "amount_gbp": ("Amount (£)", [*AMOUNTS, ("", BAD)]),
    "paid_date": ("Date", [*DATES, ("", BAD)]),
    "invoice_date": ("Invoice Date", DATES + BLANK),
    "is_sme": ("SME", TRUTHS + BLANK),
}
RECORDS = st.lists(
    st.tuples(*(st.sampled_from(values) for _, values in COLUMNS.values())), min_size=1, max_size=12
)
DAMAGE = st.sampled_from(["", "", "", 'P,"open\n', "P,short\n", '"P"x,y\n'])


@given(records=RECORDS, damage=DAMAGE, ends=st.sampled_from(["\n", "\r\n"]))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_cell_lands_exactly_or_is_named(
    warehouse_settings: Settings, tmp_path: Path, records: list[Any], damage: str, ends: str
) -> None:
    number = next(NAMES)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=ends)
    writer.writerow([header for header, _ in COLUMNS.values()])
    for index, record in enumerate(records):
        writer.writerow([text for text, _ in record])
        if index == 0:
            out.write(damage.replace("\n", ends))
    path = tmp_path / f"Payments_2016-01_{number}.csv"
    path.write_bytes(out.getvalue().encode())
    extracts = tmp_path / "extracts"
    extracts.mkdir(exist_ok=True)
    contracts = lenient(warehouse_settings, extracts)
    result = load(contracts, path, number)

    expected_good, expected_bad = [], []
    position = 0
    for index, record in enumerate(records):
        position += 1
        bad = {
            name: text
            for (name, _), (text, meant) in zip(COLUMNS.items(), record, strict=True)
            if meant is BAD
        }
        if bad:
            expected_bad.append((position, bad))
        else:
            expected_good.append((position, tuple(_landed(meant) for _, meant in record)))
        if index == 0 and damage:
            position += 1
            expected_bad.append((position, {"": ""}))
    assert result.refusal is None
    assert (result.landed, result.quarantined) == (len(expected_good), len(expected_bad))
    names = ", ".join(COLUMNS)
    landed = rows(
        contracts,
        f"select record_number, {names} from landing.finance__payments "
        f"where file_id = {result.file_id} order by 1",
    )
    assert [(row[0], tuple(map(_landed, row[1:]))) for row in landed] == expected_good
    kept = rows(
        contracts,
        "select record_number, errors from quarantine.record "
        f"where file_id = {result.file_id} order by 1",
    )
    assert [
        (row[0], {error["column"]: error["value"] for error in row[1]}) for row in kept
    ] == expected_bad


def _landed(value: Any) -> Any:
    return f"{value:.2f}" if isinstance(value, Decimal) else value


def lenient(base: Settings, folder: Path) -> Settings:
    """The same contract with a reject limit that refuses nothing."""
    text = (base.extracts_path / "finance" / "payments.yaml").read_text(encoding="utf-8")
    path = folder / "finance" / "payments.yaml"
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        path.write_text(text.replace("{records: 20, percent: 1}", "{records: 1000, percent: 100}"))
    return base.model_copy(update={"extracts_dir": folder})


def load(contracts: Settings, path: Path, number: int) -> Any:
    """Load a file; the same bytes as before are loaded again under their first file_id."""
    moment = datetime(2016, 2, 1, 0, 0, number % 60, tzinfo=UTC)
    (file_id,) = receive_paths(contracts, [path], received_at=moment)
    return load_file(contracts, file_id, again=True)
