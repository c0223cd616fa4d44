# ruff: noqa: S608 - names and literals in the SQL are the contract's; values of files never are
"""DuckDB as the fast reader of well-formed blocks: typed rows in PostgreSQL's binary form.

One engine serves one thread. A block that it cannot read exactly as records one to a line is
left to the exact reader; a row that it cannot take for certain is left to the judge.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import duckdb

from outturn.contracts import Column, Contract, Form, FormColumn
from outturn.load.duck import database, offsets_table
from outturn.load.expressions import Expression, expression, literal
from outturn.load.header import Layout
from outturn.load.references import Codes

HEADER_BYTES, END_BYTES = 19, 2
_DUCKDB_TYPES = {"text": "varchar", "period": "varchar", "timestamptz": "timestamp"}


@dataclass(frozen=True)
class Typed:
    """What the engine made of a block: how many rows it holds and which it could not take."""

    rows: int
    doubtful: list[int]


@dataclass
class Tally:
    """What is counted of rows that land: sums by column, and the parts that they belong to."""

    sums: dict[str, Decimal] = field(default_factory=dict)
    parts: set[tuple[str, str]] = field(default_factory=set)

    def add(self, other: Tally) -> None:
        """Count another tally in."""
        for name, amount in other.sums.items():
            self.sums[name] = self.sums.get(name, Decimal(0)) + amount
        self.parts |= other.parts


class Engine:
    """Reads blocks of one file; `folder` is a scratch folder of its own."""

    def __init__(
        self,
        contract: Contract,
        form: Form,
        layout: Layout,
        codes: dict[str, Codes],
        summed: Sequence[str],
        file_period: str | None,
        folder: Path,
    ) -> None:
        """`file_period`: what the file's name says, for extracts that take their period from it."""
        self._contract, self._form, self._layout = contract, form, layout
        self._summed, self._file_period, self._folder = summed, file_period, folder
        self._connection = database().cursor()
        self._prepare(codes)
        self._select = self._typed_select(codes)

    def close(self) -> None:
        """Give the memory back."""
        self._connection.close()

    def take(self, data: bytes, newline: str) -> Typed | None:
        """Read a block of lines; None when it is not one well-formed record on each line."""
        path = self._folder / "block.csv"
        path.write_bytes(data)
        # Without the option the reader finds CRLF by itself; with it, it finds nothing.
        ends = {"\n": "new_line='\\n',", "\r": "new_line='\\r',", "\r\n": ""}[newline]
        columns = ", ".join(f"'c{i}': 'varchar'" for i in range(self._layout.width))
        source = f"""read_csv({literal(str(path))}, header=false, auto_detect=false, {ends}
            delim={literal(self._form.delimiter)}, quote='"', escape='"', comment='',
            strict_mode=true, ignore_errors=false, null_padding=false, nullstr='',
            all_varchar=true, parallel=false, max_line_size={len(data) + 1},
            buffer_size={len(data) + 1024}, columns={{{columns}}})"""
        try:
            self._connection.execute(
                f"create or replace temp table typed as {self._select.format(source=source)}"
            )
        except duckdb.Error:
            return None
        return self._typed()

    def take_rows(self, rows: Iterable[Sequence[str]]) -> Typed:
        """Read records that are cells already; each must have at most the header's width."""
        width = self._layout.width
        out = io.StringIO(newline="")
        delimiter = self._form.delimiter
        writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for cells in rows:
            writer.writerow([*cells[:width], *[""] * (width - len(cells))])
        typed = self.take(out.getvalue().encode(), "\n")
        if typed is None:
            raise AssertionError("the engine cannot read what was written for it")
        return typed

    def binary(self, file_id: int, first_number: int) -> tuple[bytes, Tally]:
        """The rows taken, as binary COPY without header and end; numbers count from the first."""
        names = ", ".join(f"v{i}" for i in range(len(self._contract.columns)))
        query = f"""select {file_id}::bigint, {first_number} + n, {names} from typed where ok"""
        return self._copy(query), self._tally("typed where ok")

    def binary_of(
        self, file_id: int, rows: Sequence[tuple[int, Sequence[str | None]]]
    ) -> tuple[bytes, Tally]:
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
            comment='', nullstr='', allow_quoted_nulls=true, parallel=false,
            max_line_size={path.stat().st_size + 1}, buffer_size={path.stat().st_size + 1024},
            columns={{{columns}}})"""
        )
        query = f"select {file_id}::bigint, n, {', '.join(kinds)} from judged"
        return self._copy(query), self._tally("judged")

    def _typed(self) -> Typed:
        rows = self._connection.execute("select count(*) from typed").fetchone()
        doubtful = self._connection.execute(
            "select n from typed where not ok order by 1"
        ).fetchall()
        return Typed(int(rows[0]) if rows else 0, [int(row[0]) for row in doubtful])

    def _copy(self, query: str) -> bytes:
        path = self._folder / "rows.bin"
        self._connection.execute(f"copy ({query}) to {literal(str(path))} (format postgres_binary)")
        data = path.read_bytes()
        path.unlink()
        return data[HEADER_BYTES:-END_BYTES]

    def _tally(self, table: str) -> Tally:
        position = {column.name: f"v{i}" for i, column in enumerate(self._contract.columns)}
        tally = Tally()
        if self._summed:
            sums = ", ".join(f"coalesce(sum({position[name]}), 0)" for name in self._summed)
            (row,) = self._connection.execute(f"select {sums} from {table}").fetchall()
            tally.sums = {n: Decimal(str(v)) for n, v in zip(self._summed, row, strict=True)}
        part, period = self._part_columns(position)
        query = f"select distinct {part}, {period} from {table}"
        found = self._connection.execute(query).fetchall()
        tally.parts = {(str(row[0]), str(row[1])) for row in found}
        return tally

    def _part_columns(self, position: dict[str, str]) -> tuple[str, str]:
        contract = self._contract
        if contract.replaces == "key":
            return " || '|' || ".join(position[key] for key in contract.keys), "''"
        if contract.period_column is not None:
            return position[contract.part_column], position[contract.period_column]
        return position[contract.part_column], literal(self._file_period or "")

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
