"""JSON lines as records: one object a line, its keys are the headers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from outturn.contracts import Contract, Form
from outturn.contracts.forms import normal_header
from outturn.errors import FileRefused
from outturn.load.blocks import BLOCK_ROWS, Block, ControlRecord, RowsBlock
from outturn.load.cells import is_blank
from outturn.load.header import Layout, find_header
from outturn.load.records import MAX_RECORD_BYTES, Record
from outturn.load.text import Opener, choose_encoding, utf8_chunks


class JsonLines:
    """One JSON lines file. A key that is not declared refuses the file; a bad line does not."""

    trailer: ControlRecord | None = None

    def __init__(self, file: str, contract: Contract, form: Form, opener: Opener) -> None:
        """Declared keys become the columns. Raises FileRefused where no encoding fits."""
        self._file, self._contract, self._form = file, contract, form
        codec, skip = choose_encoding(file, opener, form.encodings)
        self._chunks = utf8_chunks(file, opener, codec, skip)
        names = [column.name for column in form.columns]
        self._index = {
            normal_header(header): names.index(column.name)
            for column in form.columns
            for header in column.headers
        }
        self._ignored = {normal_header(header) for header in form.ignore}
        positions = {name: index for index, name in enumerate(names)}
        self.layout = Layout(0, len(names), positions, (), ())

    def blocks(self) -> Iterator[Block]:
        """The records, some thousands at a time. Raises FileRefused for an undeclared key."""
        records: list[Record] = []
        for number, line, is_ended in self._lines():
            if not line.strip():
                continue
            records.append(self._record(number, line, is_ended=is_ended))
            if len(records) >= BLOCK_ROWS:
                yield RowsBlock(records)
                records = []
        if records:
            yield RowsBlock(records)

    def _lines(self) -> Iterator[tuple[int, str, bool]]:
        rest, number = b"", 0
        for chunk in self._chunks:
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                number += 1
                self._refuse_giant(number, line)
                yield number, line.decode(), True
            self._refuse_giant(number + 1, rest)
        yield number + 1, rest.decode(), False

    def _refuse_giant(self, number: int, line: bytes) -> None:
        if len(line) > MAX_RECORD_BYTES:
            size = MAX_RECORD_BYTES >> 20
            raise FileRefused(self._file, f"a line is longer than {size} MB", line=number)

    def _record(self, number: int, line: str, *, is_ended: bool) -> Record:
        try:
            pairs = json.loads(
                line, object_pairs_hook=_Pairs, parse_float=str, parse_int=str, parse_constant=str
            )
        except (ValueError, RecursionError) as problem:
            if not is_ended:
                raise FileRefused(
                    self._file, "its last line does not end: it is cut short", line=number
                ) from problem
            return Record(number, line, (), "is no JSON object")
        if not isinstance(pairs, _Pairs):
            return Record(number, line, (), "is no JSON object")
        return self._cells(number, line, pairs)

    def _cells(self, number: int, line: str, pairs: _Pairs) -> Record:
        cells = [""] * self.layout.width
        seen: set[int] = set()
        for key, value in pairs:
            name = normal_header(key)
            if name in self._ignored or (not name and self._form.ignore_unnamed):
                continue
            if not name:
                return Record(number, line, (), "has a key without a name")
            if name not in self._index:
                self._refuse_key(number, key)
            index = self._index[name]
            if index in seen:
                return Record(number, line, (), f"has the key {key!r} twice")
            if isinstance(value, list):  # an array, or an object as pairs
                return Record(number, line, (), f"has a nested value under {key!r}")
            seen.add(index)
            cells[index] = _text(value)
        if "\\u" in line and not all(map(_is_text, cells)):
            return Record(number, line, (), "holds a character that is no text")
        if all(map(is_blank, cells)):
            return Record(number, line, (), "is an object without a value")
        return Record(number, line, tuple(cells))

    def _refuse_key(self, number: int, key: str) -> None:
        headers = [column.headers[0] for column in self._form.columns]
        find_header(self._file, self._contract, self._form, [(number, [*headers, key])])


class _Pairs(list[tuple[str, Any]]):
    """An object's keys and values as they stand, so that a repeated key is seen."""


def _is_text(cell: str) -> bool:
    """Whether a database can hold it: escapes can say NUL and half a character."""
    return "\0" not in cell and not any("\ud800" <= one <= "\udfff" for one in cell)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
