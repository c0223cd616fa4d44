"""From a block to what lands and what does not: the fast engine first, the exact judge after."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from decimal import Decimal

from outturn.load.blocks import Block, CellsBlock, RowsBlock, TextBlock
from outturn.load.engine import Engine, Numbers
from outturn.load.judge import Fault, Judge
from outturn.load.records import Record, is_blank_record, split_lines, split_simple, tokenise
from outturn.load.sheet_cells import raw_of


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record for the quarantine, whole. A giant value is cut in `faults`, never in `raw`."""

    line: int
    number: int
    raw: str
    faults: tuple[Fault, ...]

    def as_line(self) -> str:
        """One line of JSON: a block of bad records takes a third of the memory so."""
        faults = [fault.as_json() for fault in self.faults]
        return json.dumps([self.line, self.number, self.raw, faults]) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Rejected:
        """What `as_line` wrote."""
        number_of_line, number, raw, faults = json.loads(line)
        return cls(number_of_line, number, raw, tuple(Fault(**fault) for fault in faults))


@dataclass
class BlockResult:
    """One block's outcome. `binary` pieces are rows for COPY; amounts are of rejected records.

    `rejected` are lines of JSON, as `Rejected` writes them.
    """

    binary: list[memoryview] = field(default_factory=list)
    landed: int = 0
    sums: dict[str, Decimal] = field(default_factory=dict)
    rejected: list[str] = field(default_factory=list)
    rejected_sums: dict[str, Decimal] = field(default_factory=dict)
    unreadable: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Numbering:
    """How many records came before a block, passed on from block to block as soon as known."""

    before: Future[int]
    after: Future[int]


class Worker:
    """Works on blocks of one document with an engine and a judge of its own thread."""

    def __init__(
        self, engine: Engine, judge: Judge, delimiter: str, file_id: int, *, is_summed: bool
    ) -> None:
        """`file_id` stands in each row; `is_summed`: a control record wants sums of the rows."""
        self._is_summed = is_summed
        self._engine, self._judge = engine, judge
        self._delimiter, self._file_id = delimiter, file_id

    def close(self) -> None:
        """Give the engine's memory back."""
        self._engine.close()

    def work(self, block: Block, numbering: Numbering) -> BlockResult:
        """The block's outcome. Waits for the block before it only to learn its record numbers."""
        try:
            if isinstance(block, TextBlock) and block.newline is not None:
                if block.is_certain and not self._is_summed:
                    return self._land(block, block.newline, numbering)
                result = self._take(block, block.newline, numbering)
                if result is not None:
                    return result
            if isinstance(block, CellsBlock):
                return self._take_cells(block, self._number(numbering, block.rows))
            records = self._records(block)
            return self._exact(records, self._number(numbering, len(records)))
        except BaseException as problem:
            if not numbering.after.done():
                numbering.after.set_exception(problem)
            raise

    def _number(self, numbering: Numbering, records: int) -> int:
        """How many records came before; the next block learns that these came too."""
        before = numbering.before.result()
        numbering.after.set_result(before + records)
        return before

    def _land(self, block: TextBlock, newline: str, numbering: Numbering) -> BlockResult:
        before = self._number(numbering, block.lines)
        numbers = Numbers(self._file_id, before + 1)
        landed = self._engine.land(block.data, newline, block.lines, numbers)
        if landed is None:
            return self._exact(self._records(block), before)
        result = BlockResult([landed.binary], landed.rows)
        self._judge_all(self._lines(block, newline, landed.doubtful), before, result)
        return result

    def _take(self, block: TextBlock, newline: str, numbering: Numbering) -> BlockResult | None:
        """None when not every line is a record: then only the exact reader knows their numbers."""
        typed = self._engine.take(block.data, newline)
        if typed is None or typed.rows != block.lines:
            return None
        doubtful = list(self._lines(block, newline, typed.doubtful))
        if any(is_blank_record(record) for _, record in doubtful):
            return None
        before = self._number(numbering, typed.rows)
        result = self._taken(typed.rows - len(doubtful), before)
        self._judge_all(doubtful, before, result)
        return result

    def _taken(self, rows: int, before: int) -> BlockResult:
        binary, sums = self._engine.binary(Numbers(self._file_id, before + 1))
        return BlockResult([binary], rows, sums)

    def _lines(
        self, block: TextBlock, newline: str, rows: list[int]
    ) -> Iterator[tuple[int, Record]]:
        """Some rows of a block that has one record on each line, as records, one by one."""
        lines = block.data.split(newline.encode()) if rows else []
        first = block.first_line
        for row in rows:
            yield row, split_simple(lines[row].decode(), self._delimiter, first + row)

    def _take_cells(self, block: CellsBlock, before: int) -> BlockResult:
        typed = self._engine.take_columns(block.columns, block.rows)
        result = self._taken(typed.rows - len(typed.doubtful), before)
        self._judge_all([(row, block.record(row)) for row in typed.doubtful], before, result)
        return result

    def _records(self, block: TextBlock | RowsBlock) -> list[Record]:
        if isinstance(block, RowsBlock):
            return [record for record in block.records if not is_blank_record(record)]
        text = block.data.decode()
        if block.newline is not None and '"' not in text:
            lines = text.split(block.newline)
            return split_lines(lines, self._delimiter, block.first_line)
        records, _ = tokenise(text, self._delimiter, block.first_line, final=True)
        return [record for record in records if not is_blank_record(record)]

    def _exact(self, records: list[Record], before: int) -> BlockResult:
        if not records:
            return BlockResult()
        # A record that cannot be split stands as a blank row, so that rows keep their numbers.
        whole = [self._is_whole(record) for record in records]
        typed = self._engine.take_rows(
            record.cells if ok else () for record, ok in zip(records, whole, strict=True)
        )
        result = self._taken(typed.rows - len(typed.doubtful), before)
        self._judge_all([(row, records[row]) for row in typed.doubtful], before, result)
        return result

    def _is_whole(self, record: Record) -> bool:
        return record.fault is None and self._judge.has_shape(record.cells)

    def _judge_all(
        self, records: Iterable[tuple[int, Record]], before: int, result: BlockResult
    ) -> None:
        good: list[tuple[int, list[str | None]]] = []
        for row, record in records:
            number = before + row + 1
            verdict = self._judge.judge(record)
            if not verdict.faults:
                good.append((number, verdict.values))
                continue
            raw = record.raw or raw_of(record.cells)
            bad = Rejected(record.line, number, raw, tuple(verdict.faults))
            result.rejected.append(bad.as_line())
            for name, amount in verdict.amounts.items():
                if amount is None:
                    result.unreadable[name] = result.unreadable.get(name, 0) + 1
                else:
                    known = result.rejected_sums.get(name, Decimal(0))
                    result.rejected_sums[name] = known + amount
        if good:
            binary, sums = self._engine.binary_of(self._file_id, good)
            result.binary.append(binary)
            result.landed += len(good)
            for name, amount in sums.items():
                result.sums[name] = result.sums.get(name, Decimal(0)) + amount
