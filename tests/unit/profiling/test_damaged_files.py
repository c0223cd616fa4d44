"""Whatever a file is, explaining it and drafting from it end in words, never in a crash."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
import yaml

from outturn.errors import OutturnError
from outturn.profiling.drafting import draft, written
from outturn.profiling.explaining import explain
from outturn.profiling.sniffing import look_at
from outturn.profiling.writing import Asked
from outturn.settings import Settings
from tests.warehouse import test_spend_files as spend

LAYOUTS = (
    spend.department_with_title_rows_and_total,
    spend.council_utf16_tabs,
    spend.police_force_semicolons,
    spend.health_trust_workbook,
    spend.json_lines,
)
PIECES = (b'"', b",", b";", b"\0", b"\r", b"\n\n", b"\xff", b'"""', b"\xa3", b"{", b"[", b"<")
DAMAGED_EACH = 4


def damaged(data: bytes, random: Random) -> bytes:
    """A few bytes changed, taken out, put in or doubled, or the end cut off."""
    out = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 5, 20))):
        at = random.randrange(len(out) or 1)
        act = random.randrange(5)
        if act == 0:
            out[at : at + 1] = bytes([random.randrange(256)])
        elif act == 1:
            del out[at : at + random.randrange(1, 30)]
        elif act == 2:
            out[at:at] = random.choice(PIECES)
        elif act == 3:
            out[at:at] = out[random.randrange(len(out) or 1) :][:50]
        else:
            out = out[: max(at, 1)]
    return bytes(out)


@pytest.mark.parametrize("seed", range(len(LAYOUTS) * DAMAGED_EACH))
def test_a_damaged_file_is_told_in_words(tmp_path: Path, seed: int) -> None:
    layout = LAYOUTS[seed % len(LAYOUTS)]()
    form = {"name": "publisher", "constants": {"publisher_code": "PUB"}}
    head = {"apiVersion": "outturn/v1", "kind": "ExtractForm", "extract": "finance/payments"}
    document = head | {"form": form | yaml.safe_load(layout.form)}
    contract = tmp_path / "extracts" / "finance" / "publisher.yaml"
    contract.parent.mkdir(parents=True)
    contract.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    path = tmp_path / layout.name
    random = Random(seed)  # noqa: S311 - damage, no secret
    path.write_bytes(damaged(layout.content, random))
    settings = Settings(home=tmp_path / "home", extracts_dir=contract.parent.parent)
    told = explain(settings, path)
    assert told.outcome is not None
    assert told.outcome.landed or told.outcome.refusal
    try:
        text = written(path, draft(path, Asked("office", "sample")))
    except OutturnError:
        text = ""
    if text:
        assert yaml.safe_load(text)["name"] == "sample"


def test_json_of_any_depth_is_told_in_words(tmp_path: Path) -> None:
    path = tmp_path / "portal-2015-04.jsonl"
    path.write_text('{"a": 1}\n{"a": ' + "[" * 50_000 + "]" * 50_000 + "}\n", "utf-8")
    assert look_at(path).rows == ((0, ("a",)), (1, ("1",)))


def test_a_row_under_another_delimiter_does_not_decide_for_all(tmp_path: Path) -> None:
    path = tmp_path / "spend.csv"
    good = "01/04/2015,Acme,12.50,Men's boots\n"
    text = "Date,Payee,Amount,What\n" + good * 6 + good.replace(",", ";") + good * 3
    path.write_text(text, "utf-8")
    seen = look_at(path)
    assert (seen.delimiter, seen.header) == (",", (1, ("Date", "Payee", "Amount", "What")))
