"""From a sample to a contract to landed rows, with nothing lost and nothing guessed."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from outturn import warehouse
from outturn.cli import contract as commands
from outturn.contracts import load_contracts
from outturn.errors import DraftImpossible, NotReady
from outturn.load import LoadResult, load_file
from outturn.receive import receive_paths
from outturn.settings import Settings
from tests.conftest import rows
from tests.warehouse import test_spend_files as spend

NAUGHTY = "'; drop table x; -- {{ 7*7 }} <script>alert(1)</script> %s =cmd|' /C calc'!A0 \u202e😀"


def drafted_and_loaded(
    settings: Settings, folder: Path, name: str, content: bytes, monkeypatch: pytest.MonkeyPatch,
    **options: Any,
) -> tuple[Settings, LoadResult, str]:  # fmt: skip
    extracts = folder / "extracts"
    extracts.mkdir(parents=True)
    settings = settings.model_copy(update={"extracts_dir": extracts})
    path = folder / name
    path.write_bytes(content)
    monkeypatch.setattr(commands, "get_settings", lambda: settings)
    commands.draft(path, "office", "sample", **options)
    warehouse.initialise(settings)
    (file_id,) = receive_paths(settings, [path], received_at=datetime(2015, 5, 20, tzinfo=UTC))
    text = (extracts / "office" / "sample.yaml").read_text(encoding="utf-8")
    return settings, load_file(settings, file_id), text


def landed(settings: Settings) -> list[tuple[Any, ...]]:
    names = [c.name for c in load_contracts(settings)["office/sample"].columns]
    kept = ", ".join(f'"{name}"' for name in names if name not in ("sender_code", "file_period"))
    return rows(settings, f"select {kept} from landing.office__sample order by record_number")


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["A title over everything"])
    sheet.append([])
    sheet.append(["Paid on", "Supplier Name", "Amount (£)", "Note"])
    sheet.append([date(2015, 4, 1), NAUGHTY, 1234.5, None])
    sheet.append([date(2015, 4, 2), "B", -3, "x"])
    book.create_sheet("Small").append(["Only a note"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "expected", "said"),
    [
        (
            "Report April 2015.csv",
            """Title over it

Ref,Day,Amount £,VAT?,Count,Note
007,15/04/2015,"£1,234.50",Y,3,a
008,02/04/2015,(5.00),N,4,"two\nlines"
""",
            [
                ("007", date(2015, 4, 15), Decimal("1234.50"), True, 3, "a"),
                ("008", date(2015, 4, 2), Decimal("-5.00"), False, 4, "two\nlines"),
            ],
            "headerRow: 3",
        ),
        (
            "naughty_2015-04.csv",
            f"""Text;select;"a ""b"" c";Empty;Seen at
"{NAUGHTY}";1.5;p;;2015-04-01T10:00Z
 x ;2;q;;2015-04-01T11:30:05Z
""",
            [
                (NAUGHTY, Decimal("1.50"), "p", None, datetime(2015, 4, 1, 10, 0, tzinfo=UTC)),
                (" x ", Decimal("2.00"), "q", None, datetime(2015, 4, 1, 11, 30, 5, tzinfo=UTC)),
            ],
            "has no value in the sample",
        ),
        (
            "both ways 2015-04.csv",
            "Who,Day\nA,01/04/2015\nB,02/04/2015\n",
            [("A", "01/04/2015"), ("B", "02/04/2015")],
            "# ASK: days written dd/mm/yyyy or mm/dd/yyyy?",
        ),
        (
            "no month at all.csv",
            "Who,What,How much\nA,x,5\nB,y,N/A\n",
            [("A", "x", 5), ("B", "y", None)],
            "# ASK: which month is it?",
        ),
        (
            "total_2015-04.csv",
            "Who,How much\nA,5.25\nB,6\nTotal,11.25\n",
            [("A", Decimal("5.25")), ("B", Decimal("6.00"))],
            "marker: Total",
        ),
        (
            "objects_2015-04.jsonl",
            '{"who": "A", "n": 1, "ok": true}\n{"who": "B", "n": 22, "ok": false, "more": "x"}\n',
            [("A", 1, True, None), ("B", 22, False, "x")],
            "format: jsonl",
        ),
        (
            "book 2015-04.xlsx",
            workbook(),
            [
                (date(2015, 4, 1), NAUGHTY, Decimal("1234.50"), None),
                (date(2015, 4, 2), "B", Decimal("-3.00"), "x"),
            ],
            "# CHECK sheet: the longest of Sheet, Small",
        ),
    ],
)  # fmt: skip
def test_every_cell_of_a_sample_lands_under_its_draft(
    warehouse_settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    content: bytes | str,
    expected: list[tuple[Any, ...]],
    said: str,
) -> None:
    data = content.encode() if isinstance(content, str) else content
    settings, result, text = drafted_and_loaded(
        warehouse_settings, tmp_path, name, data, monkeypatch
    )
    assert said in text
    assert result.refusal is None
    assert result.quarantined == 0
    assert landed(settings) == expected


def test_a_person_says_which_of_two_ways_is_meant(
    warehouse_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b"Who,Day\nA,01/04/2015\nB,02/04/2015\n"
    settings, _, text = drafted_and_loaded(
        warehouse_settings, tmp_path, "d 2015-04.csv", data, monkeypatch, dates="mm/dd/yyyy"
    )
    assert "# ASK" not in text
    assert landed(settings) == [("A", date(2015, 1, 4)), ("B", date(2015, 2, 4))]


def test_a_contract_newer_than_the_warehouse_asks_for_init(
    warehouse_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = warehouse_settings.model_copy(update={"extracts_dir": tmp_path / "extracts"})
    (tmp_path / "extracts").mkdir()
    path = tmp_path / "New 2015-04.csv"
    path.write_bytes(b"Who,What\nA,x\nB,y\n")
    monkeypatch.setattr(commands, "get_settings", lambda: settings)
    commands.draft(path, "office", "sample")
    (file_id,) = receive_paths(settings, [path], received_at=datetime(2015, 5, 20, tzinfo=UTC))
    with pytest.raises(NotReady, match="Run `outturn init`"):
        load_file(settings, file_id)
    warehouse.initialise(settings)
    assert load_file(settings, file_id).landed == 2


@pytest.mark.parametrize(
    "publish",
    [
        spend.department,
        spend.department_with_title_rows_and_total,
        spend.total_without_a_word,
        spend.council_utf16_tabs,
        spend.health_trust_workbook,
        spend.workbook_with_a_total_row,
        spend.quoted_newlines_and_times,
        spend.damaged_signs_and_stray_spaces,
        spend.json_lines,
    ],
)
def test_published_files_load_under_their_drafts(
    warehouse_settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    publish: Callable[[], spend.Layout],
) -> None:
    layout = publish()
    settings, result, _ = drafted_and_loaded(
        warehouse_settings, tmp_path, layout.name, layout.content, monkeypatch
    )
    assert result.refusal is None
    assert (result.landed, result.quarantined) == (len(spend.PAID), 0)
    texts = {str(cell) for row in landed(settings) for cell in row}
    assert {supplier for _, supplier, _ in spend.PAID} <= texts


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"1,2\n3,4\n", "no row of it looks like a header"),
        (b"a,b,a\n1,2,3\n", "the header 'a' twice"),
        (b"a,b\n", "has a header but no records"),
        (b"PK\x03\x04", "damaged zip"),
        (b"", "no row of it looks like a header"),
        (",".join(f"c{n}" for n in range(400)).encode() + b"\n", "more columns than 298"),
    ],
)
def test_what_no_contract_fits_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, reason: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    settings = Settings(extracts_dir=tmp_path)
    monkeypatch.setattr(commands, "get_settings", lambda: settings)
    with pytest.raises(DraftImpossible, match=reason):
        commands.draft(path, "office", "sample")
    assert not (tmp_path / "office").exists()
