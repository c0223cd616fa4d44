# ruff: noqa: S608 - names and literals in the SQL are the contract's; values of files never are
"""DuckDB as the fast reader of well-formed blocks: typed rows in PostgreSQL's binary form.

One engine serves one thread. A block that it cannot read exactly as records one to a line is
left to the exact reader; a row that it cannot take for certain is left to the judge.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb

from outturn.contracts import Column, Contract, Form, FormColumn
from outturn.load.duck import database, misreads, offsets_table
from outturn.load.expressions import Expression, expression, literal
from outturn.load.header import Layout
from outturn.load.references import Codes

HEADER_BYTES, END_BYTES = 19, 2
UNIT = "\x1f"  # a sign between cells that hardly any text holds
_DUCKDB_TYPES = {"text": "varchar", "period": "varchar", "timestamptz": "timestamp"}


@dataclass(frozen=True)
class Typed:
    """What the engine made of a block: how many rows it holds and which it could not take."""

    rows: int
    doubtful: list[int]


@dataclass(frozen=True)
class Landed:
    """Rows of a block in binary COPY form, how many they are, and which are left to the judge."""

    binary: memoryview
    rows: int
    doubtful: list[int]


@dataclass(frozen=True)
class Numbers:
    """What each row of a block begins with: its file, and its number counted from `first`."""

    file_id: int
    first: int


class Engine:
    """Reads blocks of one file; `folder` is a scratch folder of its own."""

    def __init__(
        self,
        contract: Contract,
        form: Form,
        layout: Layout,
        codes: dict[str, Codes],
        summed: Sequence[str],
        folder: Path,
    ) -> None:
        """`summed`: the columns whose sums are wanted for a control record."""
        self._contract, self._form, self._layout = contract, form, layout
        self._summed, self._folder = summed, folder
        self._source, self._target = folder / "block.csv", folder / "rows.bin"
        self._source.touch()
        self._connection = database().cursor()
        self._prepare(codes)
        self._select = self._typed_select(codes)

    def close(self) -> None:
        """Give the memory back."""
        self._connection.close()

    def take(self, data: bytes, newline: str) -> Typed | None:
        """Read a block of lines; None when it is not one well-formed record on each line."""
        if misreads(data, self._form.delimiter):
            return None
        return self._take(self._block(data, newline))

    def _take(self, source: str) -> Typed | None:
        try:
            self._connection.execute(
                f"create or replace temp table typed as {self._select.format(source=source)}"
            )
        except duckdb.Error:
            return None
        return self._typed()

    def land(self, data: bytes, newline: str, lines: int, numbers: Numbers) -> Landed | None:
        """Rows of a block that surely has one record on each line, in one pass; None as in `take`.

        Nothing is kept, so nothing can be counted of them here but the rows themselves.
        """
        query = self._select.format(source=self._block(data, newline))
        names = ", ".join(f"v{i}" for i in range(len(self._contract.columns)))
        rows = f"{numbers.file_id}::bigint, {numbers.first} + n, {names}"
        try:
            landed, binary = self._copy(f"select {rows} from ({query}) as typed where ok")
            doubtful: list[int] = []
            if landed < lines:
                left = f"select n from ({query}) as typed where not ok order by 1"
                doubtful = [int(row[0]) for row in self._connection.execute(left).fetchall()]
        except duckdb.Error:
            return None
        return Landed(binary, landed, doubtful) if landed + len(doubtful) == lines else None

    def take_rows(self, rows: Iterable[Sequence[str]]) -> Typed:
        """Read records that are cells already; those without the header's width are made so."""
        width = self._layout.width
        return self._take_quoted([*cells[:width], *[""] * (width - len(cells))] for cells in rows)

    def take_columns(self, columns: Sequence[Sequence[str]], rows: int) -> Typed:
        """Read so many rows that are columns of text already."""
        text = "\n".join(map(UNIT.join, zip(*columns, strict=True)))
        units = text.count(UNIT)
        if (
            text.count("\n") != rows - 1
            or units != rows * (len(columns) - 1)
            or "\r" in text
            or text.startswith("\ufeff")
        ):
            return self._take_quoted(zip(*columns, strict=True))
        source = self._block(f"{text}\n".encode(), "\n", delimiter=UNIT, quote="")
        return self._made(self._take(source))

    def _take_quoted(self, rows: Iterable[Sequence[str]]) -> Typed:
        out = io.StringIO(newline="")
        delimiter = self._form.delimiter
        writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerows(rows)
        return self._made(self._take(self._block(out.getvalue().encode(), "\n")))

    def _made(self, typed: Typed | None) -> Typed:
        if typed is None:
            raise AssertionError("the engine cannot read what was written for it")
        return typed

    def binary(self, numbers: Numbers) -> tuple[memoryview, dict[str, Decimal]]:
        """The rows taken, as binary COPY without header and end, and the sums of them."""
        names = ", ".join(f"v{i}" for i in range(len(self._contract.columns)))
        rows = f"{numbers.file_id}::bigint, {numbers.first} + n, {names}"
        _, binary = self._copy(f"select {rows} from typed where ok")
        sums = self._sums("typed where ok")
        self._connection.execute("drop table typed")
        return binary, sums

    def binary_of(
        self, file_id: int, rows: Sequence[tuple[int, Sequence[str | None]]]
    ) -> tuple[memoryview, dict[str, Decimal]]:
        """The same for canonical rows: (record number, values)."""
        path = self._folder / "judged.csv"
        with path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle, quoting=csv.QUOTE_ALL, lineterminator="\n")
            for number, values in rows:
                writer.writerow([number, *("" if value is None else value for value in values)])
        kinds = {f"v{i}": _duckdb_type(c) for i, c in enumerate(self._contract.columns)}
        typed = {"n": "bigint", **kinds}
        columns = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in typed.items())
        self._connection.execute(
            f"""create or replace temp table judged as select * from read_csv(
            {literal(str(path))}, header=false, auto_detect=false, delim=',', quote='"', escape='"',
            new_line='\\n', comment='', nullstr='', allow_quoted_nulls=true, parallel=false,
            max_line_size={path.stat().st_size + 1}, buffer_size={path.stat().st_size + 1024},
            columns={{{columns}}})"""
        )
        query = f"select {file_id}::bigint, n, {', '.join(kinds)} from judged"
        _, binary = self._copy(query)
        return binary, self._sums("judged")

    def _block(
        self, data: bytes, newline: str, *, delimiter: str | None = None, quote: str = '"'
    ) -> str:
        """SQL that reads a block of lines as cells of text, c0 and so on."""
        self._write(data)
        # Without the option the reader finds CRLF by itself; with it, it finds nothing.
        ends = {"\n": "new_line='\\n',", "\r": "new_line='\\r',", "\r\n": ""}[newline]
        columns = ", ".join(f"'c{i}': 'varchar'" for i in range(self._layout.width))
        return f"""read_csv({literal(str(self._source))}, header=false, auto_detect=false, {ends}
            delim={literal(delimiter or self._form.delimiter)}, quote='{quote}', escape='{quote}',
            comment='', strict_mode=true, ignore_errors=false, null_padding=false, nullstr='',
            all_varchar=true, parallel=false, max_line_size={len(data) + 1},
            buffer_size={len(data) + 1024}, columns={{{columns}}})"""

    def _write(self, data: bytes) -> None:
        """The block in its file: over the one before, whose memory need not be found again."""
        with self._source.open("r+b", buffering=0) as stream:
            stream.write(data)
            stream.truncate()

    def _typed(self) -> Typed:
        rows = self._connection.execute("select count(*) from typed").fetchone()
        doubtful = self._connection.execute(
            "select n from typed where not ok order by 1"
        ).fetchall()
        return Typed(int(rows[0]) if rows else 0, [int(row[0]) for row in doubtful])

    def _copy(self, query: str) -> tuple[int, memoryview]:
        """How many rows a query has, and these in binary COPY form."""
        target = f"{literal(str(self._target))} (format postgres_binary)"
        ((rows,),) = self._connection.execute(f"copy ({query}) to {target}").fetchall()
        data = self._target.read_bytes()
        self._target.unlink()  # written over, a longer one's end would stay
        return int(rows), memoryview(data)[HEADER_BYTES:-END_BYTES]

    def _sums(self, table: str) -> dict[str, Decimal]:
        if not self._summed:
            return {}
        position = {column.name: f"v{i}" for i, column in enumerate(self._contract.columns)}
        sums = ", ".join(f"coalesce(sum({position[name]}), 0)" for name in self._summed)
        (row,) = self._connection.execute(f"select {sums} from {table}").fetchall()
        return {name: Decimal(str(sum_)) for name, sum_ in zip(self._summed, row, strict=True)}

    def _prepare(self, codes: dict[str, Codes]) -> None:
        for index, known in enumerate(codes.values()):
            self._connection.execute(f"create temp table codes{index} (code varchar)")
            if known.allowed:
                self._connection.execute(
                    f"insert into codes{index} select unnest(?)", [sorted(known.allowed)]
                )

    def _typed_select(self, codes: dict[str, Codes]) -> str:
        tables = {name: f"codes{index}" for index, name in enumerate(codes)}
        styles = {style.name: style for style in self._form.columns}
        made = [
            expression(
                column,
                styles.get(column.name, FormColumn(column.name, ())),
                self._form,
                self._cell(column),
                tables.get(column.name),
            )
            for column in self._contract.columns
        ]
        cells = ", ".join(f"c{i}" for i in range(self._layout.width))
        required = {column.name for column in self._contract.columns if column.required}
        rules = (
            []
            if required & self._layout.positions.keys()
            else [f"coalesce({cells}, null) is not null"]
        )
        rules += [f"c{index} is null" for index in self._layout.unnamed]
        if self._layout.titles:
            same = [f"c{n} is not distinct from {literal(t)}" for n, t in self._layout.titles]
            rules.append(_escape(f"not ({' and '.join(same)})"))
        has_moments = any(one.local is not None for one in made)
        return _compose(made, rules, offsets_table(self._form.timezone) if has_moments else "")

    def _cell(self, column: Column) -> str:
        position = self._layout.positions.get(column.name)
        if position is not None:
            return f"c{position}"
        constant = dict(self._form.constants).get(column.name)
        return f"cast({'null' if constant is None else literal(constant)} as varchar)"


def _compose(made: Sequence[Expression], rules: list[str], offsets: str) -> str:
    """The query over `{source}`: each column's value and `ok`. Moments join their day's offset."""
    locals_, joins, values = [], [], []
    for index, one in enumerate(made):
        names = {"local": f"l{index}", "offset": f"o{index}.minutes"}
        if one.local is not None:
            locals_.append(f"{_escape(one.local)} as l{index}")
            joins.append(
                f"left join {offsets} as o{index} on o{index}.day = cast(l{index} as date)"
            )
        value, ok = one.value, one.ok
        if one.local is not None:
            for key, name in names.items():
                value, ok = value.replace(f"{{{key}}}", name), ok.replace(f"{{{key}}}", name)
        values.append(f"{_escape(value)} as v{index}")
        rules.append(_escape(ok))
    ok = " and ".join(rules)
    # Joins do not keep the order of rows: each is numbered as it is read.
    numbered = ["row_number() over () - 1 as n", *locals_]
    source = f"(select *, {', '.join(numbered)} from {{source}}) as cells {' '.join(joins)}"
    return f"select n, {', '.join(values)}, coalesce({ok}, false) as ok from {source}"


def _escape(sql: str) -> str:
    return sql.replace("{", "{{").replace("}", "}}")


def _duckdb_type(column: Column) -> str:
    if column.type == "numeric":
        return f"decimal({column.precision}, {column.scale})"
    return _DUCKDB_TYPES.get(column.type, column.type)
