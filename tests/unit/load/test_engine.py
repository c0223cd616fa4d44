"""What the fast engine takes is what the exact reader takes, and the same of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from outturn.contracts import Column
from outturn.contracts.reading import load_folders
from outturn.load.engine import Engine
from outturn.load.header import Layout
from outturn.load.judge import Judge
from outturn.load.records import tokenise

EXTRACTS = Path(__file__).parents[3] / "extracts"
LINES = st.text(alphabet='a,"" \t\\', min_size=1, max_size=12).map('"",'.__add__)
WHOLE = st.integers(-(10**20), 10**20).map(str) | st.text("0123456789-. ", min_size=1, max_size=22)


@dataclass(repr=False)
class Reader:
    """An engine over columns c0 and so on, and the exact reading beside it."""

    engine: Engine
    judge: Judge

    def fast(self, text: str) -> dict[int, list[str | None]] | None:
        """The rows that are taken for certain, by their place; None where none can be."""
        typed = self.engine.take(text.encode(), "\n")
        if typed is None or typed.rows != text.count("\n"):
            return None
        query = "select * exclude (ok) from typed where ok"
        found = self.engine._connection.execute(query).fetchall()
        return {n: [None if v is None else str(v) for v in values] for n, *values in found}

    def exact(self, text: str) -> list[list[str | None] | None]:
        """Each record's values, None for one that is bad."""
        verdicts = map(self.judge.judge, tokenise(text, ",", 1, final=True)[0])
        return [None if verdict.faults else verdict.values for verdict in verdicts]


def reader(folder: Path, *columns: Column) -> Iterator[Reader]:
    contract = replace(load_folders(EXTRACTS)["finance/payments"], columns=columns)
    positions = {column.name: index for index, column in enumerate(columns)}
    layout = Layout(1, len(columns), positions, (), ())
    form = contract.forms[-1]
    engine = Engine(contract, form, layout, {}, [], folder)
    yield Reader(engine, Judge(contract, form, layout, {}, []))
    engine.close()


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    columns = [Column(f"c{i}", "text", "a text") for i in range(3)]
    yield from reader(tmp_path_factory.mktemp("texts"), *columns)


@pytest.fixture(scope="module")
def whole_numbers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    column = Column("c0", "bigint", "a number", "integer")
    yield from reader(tmp_path_factory.mktemp("numbers"), column)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(LINES, min_size=1, max_size=3))
@example(['"a" "b",c,d'])
@example(['  "a,b",c'])
@example([',  "a,b",c'])
@example(['"a" ,"b"  , "c"'])
@example(['"a ""b"" c"," ""x""","y"'])
def test_quotes_mean_the_same_to_both(texts: Reader, lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    taken = texts.fast(text)
    if taken is None:
        return
    exact = texts.exact(text)
    assert len(exact) == len(lines)
    assert {number: exact[number] for number in taken} == taken


@settings(max_examples=200, deadline=None)
@given(st.lists(WHOLE.filter(str.strip), min_size=1, max_size=5))
@example(["9223372036854775807"])
@example(["999999999999999999", "-999999999999999999"])
def test_whole_numbers_have_as_many_digits_for_both(
    whole_numbers: Reader, values: list[str]
) -> None:
    text = "".join(f"{value}\n" for value in values)
    taken = whole_numbers.fast(text)
    assert taken is not None
    exact = whole_numbers.exact(text)
    for number, (value,) in taken.items():
        (said,) = exact[number] or (None,)
        assert value is not None
        assert said is not None
        assert int(value) == int(said)


def test_a_process_that_ends_while_the_engine_opens_ends_in_order() -> None:
    """As the load of a file that is refused at first sight: an abort would hide the exit code."""
    program = "from outturn.load.duck import warm_up; warm_up()"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
