"""Records as large as a record may be: read once, in bounded time, wherever blocks end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from functools import partial
from io import FileIO
from pathlib import Path

import pytest

from outturn.contracts import load_contracts
from outturn.errors import FileRefused
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


def contents(path: Path, text: str) -> list[tuple[int, int, str | None]]:
    """Line, number of cells and fault of each record, read in the loader's own blocks."""
    path.write_text(HEADER + text, "utf-8", newline="")
    contract = load_contracts(Settings())["finance/payments"]
    document = DelimitedText("f.csv", contract, contract.forms[-1], partial(FileIO, path))
    found: list[Record] = []
    for block in document.blocks():
        if isinstance(block, RowsBlock):
            found += block.records
        elif isinstance(block, TextBlock):
            found += tokenise(block.data.decode(), ",", block.first_line, final=True)[0]
    return [(record.line, len(record.cells), record.fault) for record in found]


@pytest.mark.usefixtures("half_a_minute")
@pytest.mark.parametrize("size", [4_100_000, 4_150_000, 4_194_200])
def test_a_cell_of_lines_as_long_as_a_block_ends_with_its_record(tmp_path: Path, size: int) -> None:
    """With a quote open at every line end there is no block to cut: the text's end decides."""
    cell = ("y" * 999_999 + "\n") * 4
    giant = f'P,Acme,1.00,2016-01-05,"{cell}{"z" * (size - len(cell) - 26)}"\n'
    small = "P,Next,2.00,2016-01-05,\n"
    number = (4_200_000 - size) // len(small)
    found = contents(tmp_path / "content", giant + small * number)
    assert found == [(2, 5, None), *((line, 5, None) for line in range(7, 7 + number))]


def test_a_record_of_more_than_4_mb_is_bad_though_its_lines_are_not(tmp_path: Path) -> None:
    giant = 'P,Acme,1.00,2016-01-05,"' + ("y" * 999_999 + "\n") * 5 + '"\n'
    small = "P,Next,2.00,2016-01-05,\n"
    first, *lines, last = contents(tmp_path / "content", small + giant + small * 200_000)
    assert (first, last) == ((2, 5, None), (200_008, 5, None))
    assert {line for line, _, fault in lines if fault} == set(range(3, 9))


@pytest.mark.parametrize("before", [0, 2_000_000, 4_194_000])
def test_a_line_of_more_than_4_mb_refuses_the_file_wherever_it_stands(
    tmp_path: Path, before: int
) -> None:
    small = "P,Next,2.00,2016-01-05,\n"
    number = before // len(small)
    giant = f"P,Acme,1.00,2016-01-05,{'x' * (4 << 20)}\n"
    with pytest.raises(FileRefused, match="a line is longer than 4 MB") as refused:
        contents(tmp_path / "content", small * number + giant + small * 200_000)
    assert refused.value.line == number + 2


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
