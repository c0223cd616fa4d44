"""What an extract's contract says, as plain facts that loader, checks and models read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from outturn.contracts.file_names import FileName, FilePattern

ColumnType = Literal["text", "period", "bigint", "numeric", "date", "timestamptz", "boolean"]
FileFormat = Literal["csv", "xlsx", "jsonl"]


@dataclass(frozen=True)
class Column:
    """One column of an extract. `type` is the type that lands; `scale` is decimals kept."""

    name: str
    type: ColumnType
    description: str
    logical_type: str = "string"
    required: bool = False
    unit: str | None = None
    precision: int | None = None
    scale: int | None = None
    allowed: tuple[str, ...] = ()
    pattern: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    minimum: str | None = None
    maximum: str | None = None
    references: tuple[str, str] | None = None
    key_position: int | None = None
    date_only: Literal["startOfDay", "endOfDay"] | None = None

    @property
    def domain(self) -> str:
        """The domain in schema `landing` that its column has."""
        if self.type == "numeric":
            return f"numeric_{self.precision}_{self.scale}"
        return {
            "bigint": "whole_number",
            "timestamptz": "moment",
            "date": "day",
            "boolean": "truth",
        }.get(self.type, self.type)

    @property
    def physical_type(self) -> str:
        """The PostgreSQL type under the domain."""
        if self.type == "numeric":
            return f"numeric({self.precision}, {self.scale})"
        return "text" if self.type == "period" else self.type


@dataclass(frozen=True)
class Numbers:
    """How numbers are written. A plain decimal such as -1234.50 is always accepted."""

    currency: str | None = None
    thousands: str | None = None
    brackets: bool = False
    spaces: bool = False
    percent: bool = False
    trailing_minus: bool = False
    dash_is_zero: bool = False


@dataclass(frozen=True)
class Booleans:
    """The words for true and false, compared without regard to case."""

    true: tuple[str, ...] = ("true",)
    false: tuple[str, ...] = ("false",)


@dataclass(frozen=True)
class FormColumn:
    """How one column looks in one form: its headers and how its values are written.

    `dates` is the way that most days are written in, `other_dates` are further ways. With `trim`
    white space around a value is no part of it, unless it is text.
    """

    name: str
    headers: tuple[str, ...]
    optional: bool = False
    numbers: Numbers = Numbers()
    dates: str = "yyyy-mm-dd"
    other_dates: tuple[str, ...] = ()
    timestamps: str = "iso"
    booleans: Booleans = Booleans()
    trim: bool = False
    blanks: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Trailer:
    """A last record that counts and sums. Numbers are positions of cells, the first is 1.

    `marker` stands in `cell`; a blank one means that nothing stands there.
    """

    marker: str
    cell: int = 1
    records: int | None = None
    sums: tuple[tuple[str, int], ...] = ()
    optional: bool = False

    def marks(self, cells: Sequence[str]) -> bool:
        """Whether a record is this trailer."""
        found = cells[self.cell - 1] if len(cells) >= self.cell else None
        return found is not None and found.strip().casefold() == self.marker.casefold()


@dataclass(frozen=True)
class Form:
    """One way in which an extract is written: names of files, dialect and columns."""

    name: str
    files: tuple[FilePattern, ...]
    columns: tuple[FormColumn, ...]
    format: FileFormat = "csv"
    encodings: tuple[str, ...] = ("utf-8",)
    delimiter: str = ","
    sheet: str | None = None
    header_row: int | None = None
    final_newline_required: bool = True
    timezone: str = "Europe/London"
    constants: tuple[tuple[str, str], ...] = ()
    ignore: tuple[str, ...] = ()
    ignore_unnamed: bool = False
    trailer: Trailer | None = None
    reject_limit: RejectLimit | None = None
    declared_in: str = ""


@dataclass(frozen=True)
class RejectLimit:
    """A file with more bad records than this is refused whole: the larger of both counts."""

    records: int = 100
    percent: float = 1.0

    def allows(self, quarantined: int, records: int) -> bool:
        """Whether so many bad records of so many are still a usable file."""
        return quarantined <= max(self.records, records * self.percent / 100)


@dataclass(frozen=True)
class Check:
    """A check of landed rows. Either a library `metric` or a Great Expectations expectation.

    `by_record`: what fails is set aside record by record, and does not hold its file back.
    """

    name: str
    column: str | None
    severity: Literal["critical", "warning"]
    metric: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict, hash=False)
    must: dict[str, Any] = field(default_factory=dict, hash=False)
    unit: str = "rows"
    expectation: str | None = None
    kwargs: dict[str, Any] = field(default_factory=dict, hash=False)
    description: str = ""
    by_record: bool = False


@dataclass(frozen=True)
class Contract:
    """An extract's contract: what a row is, what replaces what, and how files look.

    `any_contract`: its rows may be about contracts that another source reports on (decisions).
    `table`: its name in schema `landing`; extracts of one name share one, whatever their source.
    """

    source: str
    extract: str
    description: str
    row_description: str
    columns: tuple[Column, ...]
    replaces: Literal["period", "key"]
    part_column: str
    period_column: str | None
    forms: tuple[Form, ...]
    checks: tuple[Check, ...]
    reject_limit: RejectLimit
    empty_allowed: bool
    any_contract: bool
    due_working_day: int | None
    owner: str
    version: str
    hash: str
    path: str
    table: str

    @property
    def key(self) -> str:
        """`source/extract`, as extracts are called everywhere."""
        return f"{self.source}/{self.extract}"

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that name one row, in their order."""
        keyed = [column for column in self.columns if column.key_position is not None]
        return tuple(c.name for c in sorted(keyed, key=lambda c: c.key_position or 0))

    @property
    def amount_column(self) -> str | None:
        """The first column in pounds: what totals of the extract are sums of."""
        return next((column.name for column in self.columns if column.unit == "GBP"), None)

    def column(self, name: str) -> Column:
        """The column of this name. Raises KeyError."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def form(self, name: str) -> Form:
        """The form of this name. Raises KeyError."""
        for form in self.forms:
            if form.name == name:
                return form
        raise KeyError(name)

    def match(self, file_name: str) -> Match | None:
        """The form whose file patterns fit the name: in its very case, else in any.

        Own forms come before the plain one. A zip fits by the name of what it holds: `x.csv.zip`
        and `x.zip` are both `x.csv`.
        """
        for any_case in (False, True):
            for form in self.forms:
                for pattern in form.files:
                    for name in _names(file_name, form):
                        found = pattern.match(name, any_case=any_case)
                        if found:
                            return Match(self, form, found)
        return None


def _names(file_name: str, form: Form) -> list[str]:
    if not file_name.lower().endswith(".zip"):
        return [file_name]
    return [file_name, file_name[:-4], f"{file_name[:-4]}.{form.format}"]


@dataclass(frozen=True)
class Match:
    """A file name recognised: whose contract, which form, and what the name says."""

    contract: Contract
    form: Form
    name: FileName


def match(contracts: dict[str, Contract], file_name: str) -> list[tuple[Contract, Form]]:
    """Every extract that the name fits, with its form; more than one is a fault to be named."""
    found = [contract.match(file_name) for contract in contracts.values()]
    return [(one.contract, one.form) for one in found if one]
