"""Records as large as a record may be: read once, in bounded time, wherever blocks end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from functools import partial
from io import FileIO
from pathlib import Path

import pytest

from outturn.contracts import load_contracts
from outturn.load import delimited
from outturn.load.blocks import RowsBlock, TextBlock
from outturn.load.delimited import DelimitedText
from outturn.load.records import Record, tokenise
from outturn.settings import Settings

HEADER = "publisher_code,supplier_name,amount_gbp,paid_date,description\n"


@pytest.fixture
def half_a_minute() -> Iterator[None]:
    """Whatever takes longer is taken for endless."""

    def give_up(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(30)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("half_a_minute")
@pytest.mark.parametrize("size", [4_190_000, 4_194_310, 4_250_000])
def test_a_cell_of_lines_as_long_as_a_block_ends_with_its_record(tmp_path: Path, size: int) -> None:
    """With a quote open at every line end there is no block to cut: the text's end decides."""
    cell = ("y" * 999_999 + "\n") * (size // 1_000_000)
    giant = f'P,Acme,1.00,2016-01-05,"{cell}{"z" * (size - len(cell) - 30)}"\n'
    path = tmp_path / "content"
    path.write_text(HEADER + giant + "P,Next,2.00,2016-01-05,\n", "utf-8", newline="")
    contract = load_contracts(Settings())["finance/payments"]
    document = DelimitedText("f.csv", contract, contract.forms[-1], partial(FileIO, path))
    suppliers = []
    for block in document.blocks():
        assert isinstance(block, TextBlock) or not block.records
        if isinstance(block, TextBlock):
            records, _ = tokenise(block.data.decode(), ",", block.first_line, final=True)
            suppliers += [(record.line, record.cells[1]) for record in records]
    assert suppliers == [(2, "Acme"), (3 + size // 1_000_000, "Next")]


def test_a_quote_astray_never_cuts_a_later_cell_of_several_lines_in_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its two quotes make an even number inside of the cell: wherever blocks end, the rows are
    those of the whole text."""
    lines = [
        'P,Stray,1.00,2016-01-05,"x"y"\n',
        'P,Good,2.00,2016-01-05,"one\ntwo, and more\nthree"\n',
        'P,Last,3.00,2016-01-05,"one\n2"\n',
    ]
    text = HEADER + "".join(lines) * 3
    path = tmp_path / "content"
    path.write_text(text, "utf-8", newline="")
    contract = load_contracts(Settings())["finance/payments"]
    records, _ = tokenise(text, ",", 1, final=True)
    whole = [(record.line, record.cells) for record in records[1:]]
    monkeypatch.setattr(delimited, "KEPT_BACK", 1)
    for size in range(1, len(text)):
        monkeypatch.setattr(delimited, "BLOCK_BYTES", size)
        document = DelimitedText("f.csv", contract, contract.forms[-1], partial(FileIO, path))
        found: list[Record] = []
        for block in document.blocks():
            if isinstance(block, RowsBlock):
                found += block.records
            elif isinstance(block, TextBlock):
                found += tokenise(block.data.decode(), ",", block.first_line, final=True)[0]
        assert [(record.line, record.cells) for record in found] == whole, size
