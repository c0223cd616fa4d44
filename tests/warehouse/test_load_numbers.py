"""Each record lands under its own number with its own cells, however blocks and joins go."""

from __future__ import annotations

import csv
import io
import random
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from outturn.load import LoadResult, delimited, load_file, text
from outturn.receive import receive_paths
from outturn.settings import Settings
from tests.conftest import rows

LONDON = ZoneInfo("Europe/London")
EVENTS = (
    "Contract", "Event ID", "Event Type", "Service Area", "Opened", "Due", "Closed", "Quantity",
    "Amount (£)", "Outcome", "SME", "Disputed", "Valid From",
)  # fmt: skip
NAMES = (
    "contract_code", "event_id", "event_type", "service_area", "opened_at", "due_at", "closed_at",
    "quantity", "amount_gbp", "outcome_code", "is_sme", "is_disputed", "valid_at",
)  # fmt: skip
JSON_LINES = """\
apiVersion: outturn/v1
kind: ExtractForm
extract: finance/payments
form:
  name: api
  files: api_<YYYY-MM>.jsonl
  format: jsonl
  constants: {publisher_code: API}
  columns: {supplier_name: payee, amount_gbp: amount, paid_date: paid, is_sme: sme}
  ignore: [id]
"""
SMALL_BLOCK = 80 << 10


def load(settings: Settings, path: Path, content: bytes) -> LoadResult:
    path.write_bytes(content)
    (file_id,) = receive_paths(settings, [path], received_at=datetime(2016, 12, 1, tzinfo=UTC))
    return load_file(settings, file_id)


def event(chance: random.Random, number: int) -> tuple[list[str], dict[str, Any]]:
    """An event's cells as they are written, and as they must land."""
    moments, days = [], ("2016-03-27", "2016-10-30", "2016-06-30", "2016-12-31", "2015-10-25")
    for _ in range(4):
        day = datetime.fromisoformat(chance.choice(days)) + timedelta(days=chance.randint(-2, 2))
        moments.append(day + timedelta(minutes=chance.randrange(1440)))
    local = [moment.replace(tzinfo=LONDON).astimezone(UTC) for moment in moments]
    amount = Decimal(chance.randrange(10**8)) / 100
    quantity = chance.choice([None, Decimal(chance.randrange(10**6)) / 100])
    landed = dict(
        zip(
            NAMES,
            ("SSCL-BSS", f"E{number}", "call", chance.choice([None, "a, b", "é £"]), local[0],
             local[1], local[2], quantity, amount, None, chance.random() < 0.5, False, local[3]),
            strict=True,
        )
    )  # fmt: skip
    written = [
        *("" if landed[name] is None else str(landed[name]) for name in NAMES[:4]),
        *(f"{moment:%d/%m/%Y %H:%M}" for moment in moments[:3]),
        "" if quantity is None else str(quantity),
        f"£{amount:,.2f}", "", "Y" if landed["is_sme"] else "N", "n",
        f"{moments[3]:%d/%m/%Y %H:%M}",
    ]  # fmt: skip
    gap = any(moment.astimezone(LONDON).replace(tzinfo=None) != naive
              for moment, naive in zip(local, moments, strict=True))  # fmt: skip
    return written, {} if gap else landed


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_every_record_of_several_blocks_lands_under_its_own_number(
    warehouse_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quoting: Any
) -> None:
    """Four columns of moments over both clock changes, bad, ragged and blank rows in between."""
    monkeypatch.setattr(delimited, "BLOCK_BYTES", SMALL_BLOCK)
    monkeypatch.setattr(text, "CHUNK_BYTES", SMALL_BLOCK)
    chance = random.Random(20)  # noqa: S311 - test data, the same each time
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=quoting, lineterminator="\r\n")
    writer.writerow(EVENTS)
    expected: list[tuple[Any, ...]] = []
    bad: list[tuple[int, str]] = []
    blank = [",,,,,,,,,,,,\r\n", "\r\n", "  \r\n", ' , ,"",\r\n']
    for number in range(1, 4_001):
        if number % 700 == 0:
            out.write(blank[number // 700 % 4])
        written, landed = event(chance, number)
        if number % 397 == 0:
            written[chance.choice([4, 8])] = "31/02/2016 10:00"
            landed = {}
        if landed:
            expected.append((number, *(landed[name] for name in NAMES)))
        else:
            bad.append((number, written[1]))
        writer.writerow(written)
    content = out.getvalue().encode("cp1252")
    assert len(content) > 3 * (SMALL_BLOCK) + delimited.KEPT_BACK
    result = load(warehouse_settings, tmp_path / "SSCL_Events_2016-12.csv", content)
    assert result.refusal is None
    names = ", ".join(NAMES)
    found = rows(
        warehouse_settings,
        f"select record_number, {names} from landing.supplier__service_events order by 1",
    )
    assert found == expected
    kept = rows(
        warehouse_settings,
        "select record_number, line_number, raw_record from quarantine.record order by 1",
    )
    lines = content.decode("cp1252").split("\r\n")
    assert [(one, next(csv.reader([raw]))[1]) for one, _, raw in kept] == bad
    assert [lines[line - 1] for _, line, _ in kept] == [raw for *_, raw in kept]


def test_numbers_go_on_from_one_member_of_a_zip_to_the_next(
    warehouse_settings: Settings, tmp_path: Path
) -> None:
    """Blank rows have no number, so none is given twice."""
    header = (
        "publisher_code,entity_name,supplier_name,transaction_number,expense_type,expense_area,"
        "description,amount_gbp,paid_date,invoice_number,invoice_date,received_date,valid_date,"
        "is_sme,is_disputed\n"
    )
    good = "P,,Acme,{},,,,1,2016-01-05,,,,,,\n"
    blank = "," * 14 + "\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("c.csv", header + good.format(6) + blank * 3 + good.format(7))
        archive.writestr("a.csv", header + blank + good.format(1) + "\n" + good.format(2) + blank)
        archive.writestr("b.csv", header + good.format(3) + '" ",,\n' + "x\n" + good.format(5))
    result = load(warehouse_settings, tmp_path / "payments_2016-01.zip", packed.getvalue())
    assert (result.records, result.landed, result.quarantined) == (7, 6, 1)
    landed = rows(
        warehouse_settings,
        "select record_number, transaction_number::bigint "
        "from landing.finance__payments order by record_number",
    )
    assert landed == [(n, n) for n in (1, 2, 3, 5, 6, 7)]
    assert rows(warehouse_settings, "select record_number, line_number from quarantine.record") == [
        (4, 4)
    ]


def test_json_lines_land_exactly_or_are_quarantined_whole(
    warehouse_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outturn.load.jsonlines.BLOCK_ROWS", 3)
    records = [
        '{"payee": "A \\"b\\", é", "amount": 1.10, "paid": "2016-01-05", "sme": true, "id": [1]}',
        '{"amount": "2", "payee": "two\\nlines", "paid": "2016-01-05", "sme": null}',
        "",
        '{"payee": "c", "amount": 1e3, "paid": "2016-01-05"}',
        '{"payee": "d", "amount": NaN, "paid": "2016-02-30"}',
        '{"payee": {"name": "e"}, "amount": 1, "paid": "2016-01-05"}',
        '{"payee": "f", "payee": "g", "amount": 1, "paid": "2016-01-05"}',
        "[1]",
        "{}",
        '{"payee": "h", "amount": 0.10000000000000000000, "paid": "2016-01-05"}',
        '{"payee": "i", "amount": 3}',
        '{"payee": "\\u0000", "amount": "\\ud800", "paid": "2016-01-05"}',
        '{"": 1, "payee": "j", "amount": 1, "paid": "2016-01-05"}',
        '{"payee": ' + "[" * 20_000 + "]" * 20_000 + "}",
    ]
    settings = with_json_lines(warehouse_settings, tmp_path)
    result = load(settings, tmp_path / "api_2016-01.jsonl", ("\n".join(records) + "\n").encode())
    assert result.refusal is None
    found = rows(
        settings,
        "select record_number, supplier_name, amount_gbp, paid_date, is_sme, publisher_code "
        "from landing.finance__payments order by 1",
    )
    day = date(2016, 1, 5)
    assert found == [
        (1, 'A "b", é', Decimal("1.10"), day, True, "API"),
        (2, "two\nlines", Decimal("2.00"), day, None, "API"),
        (9, "h", Decimal("0.10"), day, None, "API"),
    ]
    kept = rows(
        settings,
        "select record_number, line_number, raw_record, errors from quarantine.record order by 1",
    )
    assert [(number, line) for number, line, *_ in kept] == [
        (3, 4), (4, 5), (5, 6), (6, 7), (7, 8), (8, 9), (10, 11), (11, 12), (12, 13),
        (13, 14),
    ]  # fmt: skip
    assert [raw for _, _, raw, _ in kept] == [records[line - 1] for _, line, *_ in kept]
    assert {error["column"]: error["value"] for error in kept[1][3]} == {
        "amount_gbp": "NaN",
        "paid_date": "2016-02-30",
    }


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ('{"payee": "b", "amo', "cut short"),
        ('{"payee": "b", "what": 1}\n', "a column we do not know: 'what'"),
        ("\0\n", "NUL"),
        ('{"payee": "' + "b" * (5 << 20) + '"}\n', "line 2: a line is longer than 4 MB"),
    ],
)
def test_json_lines_that_are_not_whole_are_refused(
    warehouse_settings: Settings, tmp_path: Path, end: str, reason: str
) -> None:
    settings = with_json_lines(warehouse_settings, tmp_path)
    content = '{"payee": "a", "amount": 1, "paid": "2016-01-05"}\n' + end
    result = load(settings, tmp_path / "api_2016-01.jsonl", content.encode())
    assert reason in (result.refusal or "")
    assert rows(settings, "select count(*) from landing.finance__payments") == [(0,)]


def with_json_lines(settings: Settings, folder: Path) -> Settings:
    """Payments may come as JSON lines too."""
    extracts = folder / "extracts" / "finance"
    extracts.mkdir(parents=True)
    (extracts / "api.yaml").write_text(JSON_LINES)
    return settings.model_copy(update={"extracts_dir": extracts.parent})
