"""A file cut at any byte: refused, or nothing of it is missing. Never silently short."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outturn.contracts import Contract, load_contracts
from outturn.errors import FileRefused
from outturn.load.controls import Totals
from outturn.load.job import Job
from outturn.load.loading import read_results
from outturn.settings import Settings

LEDGER = "Entity,Period,Journal,Line,Cost Centre,Subjective,Objective,Amount,Posted\r\n"


@pytest.fixture(scope="module")
def ledger() -> Contract:
    return load_contracts(Settings())["finance/ledger"]


def read(contract: Contract, name: str, content: bytes, folder: Path) -> Totals:
    """What the loader makes of a file, without a database. Raises FileRefused."""
    path = folder / "content"
    path.write_bytes(content)
    found = contract.match(name)
    assert found is not None
    job = Job(1, name, path, contract, found.form, found.name.period, {}, ("amount_gbp",))
    totals = Totals()
    for _ in read_results(job, folder, folder, totals):
        pass
    return totals


def written(lines: int, control: str) -> bytes:
    body = "".join(
        f'E,2016-01,"J ""{n}"", é",{n},C,S,O,"1,{n:03}.50",31/01/2016\r\n' for n in range(lines)
    )
    return (LEDGER + body + control).encode()


def test_a_file_with_control_totals_is_refused_wherever_it_is_cut(
    ledger: Contract, tmp_path: Path
) -> None:
    whole = written(2, "CONTROL,2,2002.00\r\n")
    taken = {}
    for size in range(len(whole) + 1):
        try:
            taken[size] = read(ledger, "GL_Extract_2016-01.csv", whole[:size], tmp_path)
        except FileRefused:
            continue
    # Only what stands after the total's last digit that matters may be missing.
    assert min(taken) == whole.index(b"2002.00") + len(b"2002")
    assert {(one.landed, one.quarantined) for one in taken.values()} == {(2, 0)}


@given(lines=st.integers(1, 40), cut=st.floats(0, 1))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_longer_file_is_refused_wherever_it_is_cut(
    ledger: Contract, tmp_path: Path, lines: int, cut: float
) -> None:
    total = sum(Decimal(f"1{n:03}.50") for n in range(lines))
    whole = written(lines, f"CONTROL,{lines},{total}")
    content = whole[: int(len(whole) * cut)]
    if content.rstrip(b".0") == whole.rstrip(b".0"):
        return
    with pytest.raises(FileRefused):
        read(ledger, "GL_Extract_2016-01.csv", content, tmp_path)


def test_without_control_totals_no_part_of_a_record_is_taken_for_a_whole_one(
    ledger: Contract, tmp_path: Path
) -> None:
    """The plain form has no trailer: a cut inside a line is seen, and a quote left open too."""
    whole = plain(ledger)
    ends = [at for at, byte in enumerate(whole, 1) if byte == ord("\n")]
    for size in range(ends[0], len(whole) + 1):
        try:
            totals = read(ledger, "ledger_2016-01.csv", whole[:size], tmp_path)
        except FileRefused:
            continue
        assert size in ends
        assert (totals.landed, totals.quarantined) == (ends.index(size), 0)


@pytest.mark.parametrize("blank", [b"   \n", b",,,\r\n", b"\r"])
def test_a_million_blank_lines_at_the_end_cost_no_more_than_reading_them(
    ledger: Contract, tmp_path: Path, blank: bytes
) -> None:
    """The control record is sought once, not once for each of them."""
    whole = written(2, "CONTROL,2,2002.00\r\n").replace(b"\r\n", blank.lstrip(b" ,"))
    started = time.process_time()
    totals = read(ledger, "GL_Extract_2016-01.csv", whole + blank * 10_000, tmp_path)
    assert (totals.landed, totals.declared["records"]) == (2, "2")
    totals = read(ledger, "ledger_2016-01.csv", plain(ledger) + b" \n" * 1_000_000, tmp_path)
    assert totals.landed == 2
    assert time.process_time() - started < 20


def plain(contract: Contract) -> bytes:
    """Two records in the plain form."""
    header = ",".join(column.name for column in contract.columns)
    row = ",".join(value(column.type, column.name) for column in contract.columns)
    return f"{header}\n{row}\n{row}\n".encode()


def value(kind: str, name: str) -> str:
    plain = {"numeric": "12.50", "bigint": "7", "date": "2016-01-31", "period": "2016-01"}
    return plain.get(kind, f'"{name}, é"')
