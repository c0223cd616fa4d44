"""The exact reading of delimited text, alone and against the fast engine."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from outturn.load.records import tokenise

CELLS = st.text(alphabet='ab ,"\n\r£é', max_size=6)


def cells_of(text: str) -> list[tuple[str, ...]]:
    return [record.cells for record in tokenise(text, ",", 1, final=True)[0]]


@given(st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=5))
def test_what_a_writer_quoted_is_read_back(rows: list[list[str]]) -> None:
    """Any text survives, unless a cell holds what looks like a record: then it is no guess."""
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    records = tokenise(out.getvalue(), ",", 1, final=True)[0]
    if any(record.fault for record in records):
        assert any("," in cell for row in rows for cell in row)
        return
    assert [list(record.cells) for record in records] == rows


def test_a_stray_quote_costs_one_line_not_the_rest() -> None:
    text = 'a,b,c\n1,"2,3\n4,5,6\n7,8,9\n'
    records, _ = tokenise(text, ",", 1, final=True)
    assert [record.fault is None for record in records] == [True, False, True, True]
    assert records[1].line == 2
    assert records[1].raw == '1,"2,3'
    assert records[3].cells == ("7", "8", "9")


def test_between_two_stray_quotes_no_line_is_taken_for_anything() -> None:
    """It may as well be one cell that holds what looks like records: nobody can tell."""
    text = '1,"2,3\n4,5,6\n\n7,8,9\n1,2",3\na,b,c\n'
    records, _ = tokenise(text, ",", 1, final=True)
    assert [(record.line, record.raw) for record in records] == [
        (1, '1,"2,3'), (2, "4,5,6"), (4, "7,8,9"), (5, '1,2",3'), (6, "a,b,c"),
    ]  # fmt: skip
    assert all("may be astray" in (record.fault or "") for record in records[:4])
    assert records[4].cells == ("a", "b", "c")


def test_text_after_a_closing_quote_is_a_fault() -> None:
    (record,) = tokenise('a,"b"c,d\n', ",", 1, final=True)[0]
    assert record.fault == "text follows a closing quote"


def test_line_ends_may_be_mixed_and_quoted() -> None:
    assert cells_of('a,"b\r\nc"\rd,e\r\nf,g\n') == [("a", "b\r\nc"), ("d", "e"), ("f", "g")]


def test_a_record_that_is_not_over_is_left_for_more_text() -> None:
    records, used = tokenise('a,b\nc,"d', ",", 1, final=False)
    assert [record.cells for record in records] == [("a", "b")]
    assert used == 4
