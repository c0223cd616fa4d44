"""One file of reference data: its rows, each value of its column's type."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from outturn.errors import SeedProblem
from outturn.seed_record import Record
from outturn.seed_rules import SeedColumn

BOOLEANS = {"true", "false"}


def read_records(source: Path, expected: tuple[SeedColumn, ...]) -> list[Record]:
    """The file's rows with all expected columns; an absent optional column is blank.

    Raises SeedProblem for an unreadable file, a column that is not known or misses, and a
    value that is not of its column's type.
    """
    try:
        text = source.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as problem:
        raise SeedProblem(
            source.name,
            f"is not UTF-8 ({problem.reason} at byte {problem.start})",
            remedy="Save it as CSV UTF-8.",
        ) from problem
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        positions = _positions(source.name, header, expected)
        return [
            _row(source.name, reader.line_num, row, header, positions, expected)
            for row in reader
            if any(cell.strip() for cell in row)
        ]
    except csv.Error as problem:
        raise SeedProblem(source.name, f"is not CSV: {problem}", line=reader.line_num) from problem


def _positions(file: str, header: list[str], expected: tuple[SeedColumn, ...]) -> list[int | None]:
    names = [name.strip() for name in header]
    known = [column.name for column in expected]
    for name in names:
        if name and name not in known:
            raise SeedProblem(
                file,
                "has a column that is not known",
                line=1,
                column=name,
                remedy=f"Known columns: {', '.join(known)}.",
            )
        if name and names.count(name) > 1:
            raise SeedProblem(file, "has a column twice", line=1, column=name)
    for column in expected:
        if column.required and column.name not in names:
            raise SeedProblem(file, "misses a required column", line=1, column=column.name)
    return [names.index(name) if name in names else None for name in known]


def _row(
    file: str,
    line: int,
    row: list[str],
    header: list[str],
    positions: list[int | None],
    expected: tuple[SeedColumn, ...],
) -> Record:
    if len(row) != len(header):
        raise SeedProblem(file, f"has {len(row)} values for {len(header)} columns", line=line)
    values = ["" if position is None else row[position].strip() for position in positions]
    for value, column in zip(values, expected, strict=True):
        problem = _type_problem(value, column)
        if problem:
            raise SeedProblem(file, problem, line=line, column=column.name, value=value)
    names = [column.name for column in expected]
    return Record(line, dict(zip(names, values, strict=True)))


def _type_problem(value: str, column: SeedColumn) -> str | None:
    """Why a value is not one of its column's type; None when it is."""
    if value == "":
        return "a value is required" if column.required else None
    if column.data_type == "date":
        try:
            date.fromisoformat(value)
        except ValueError:
            return "is not a date like 2015-10-01"
        return None if len(value) == 10 else "is not a date like 2015-10-01"
    if column.data_type == "boolean":
        return None if value.lower() in BOOLEANS else "is neither true nor false"
    if column.data_type in ("numeric", "integer"):
        return _number_problem(value, whole=column.data_type == "integer")
    return None


def _number_problem(value: str, *, whole: bool) -> str | None:
    plain = value.lstrip("-").replace(".", "", 1)
    if not (plain.isascii() and plain.isdigit()):
        return "is not a plain number like 1234.50"
    try:
        number = Decimal(value)
    except InvalidOperation:
        return "is not a plain number like 1234.50"
    return "is not a whole number" if whole and number != int(number) else None
