"""The exact judgement of one record: its canonical values, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from outturn.contracts import Contract, Form, FormColumn
from outturn.load.cells import BadValueError, is_blank, plain_number, read_cell
from outturn.load.header import Layout
from outturn.load.records import Record
from outturn.load.references import Codes

SHOWN_VALUE = 2_000


@dataclass(frozen=True, slots=True)
class Fault:
    """One bad cell: its column (blank for the record as a whole), its text and the reason."""

    column: str
    value: str
    reason: str

    def as_json(self) -> dict[str, str]:
        """The shape that quarantine.record.errors has; a giant value is cut."""
        return {"column": self.column, "value": self.value[:SHOWN_VALUE], "reason": self.reason}


@dataclass(slots=True)
class Verdict:
    """What a record came to. Without faults `values` is canonical, in the contract's order.

    `amounts` are the summed columns as far as they can be read, None where they cannot.
    """

    values: list[str | None] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    amounts: dict[str, Decimal | None] = field(default_factory=dict)


class Judge:
    """Judges records of one file by its contract, form and header."""

    def __init__(
        self,
        contract: Contract,
        form: Form,
        layout: Layout,
        codes: dict[str, Codes],
        summed: Sequence[str],
    ) -> None:
        """`summed`: the columns whose sums are kept for control totals."""
        self._contract, self._form, self._layout, self._codes = contract, form, layout, codes
        self._styles = {style.name: style for style in form.columns}
        self._constants = dict(form.constants)
        self._summed = summed

    def has_shape(self, cells: Sequence[str]) -> bool:
        """Whether a record has the cells that the header promises."""
        return self._shape_fault(cells) is None

    def judge(self, record: Record) -> Verdict:
        """The verdict on a record; every fault of it is told, not only the first."""
        cells, verdict = record.cells, Verdict()
        fault = Fault("", "", record.fault) if record.fault else self._shape_fault(cells)
        if fault:
            verdict.faults.append(fault)
            verdict.amounts = dict.fromkeys(self._summed)
            return verdict
        for column in self._contract.columns:
            style = self._styles.get(column.name, FormColumn(column.name, ()))
            text = self._text(cells, column.name)
            try:
                value = read_cell(column, style, self._form, text)
                self._check_code(column.name, value)
            except BadValueError as problem:
                verdict.faults.append(Fault(column.name, text, str(problem)))
                value = None
            verdict.values.append(value)
            if column.name in self._summed:
                verdict.amounts[column.name] = _amount(style, text)
        return verdict

    def _text(self, cells: Sequence[str], name: str) -> str:
        position = self._layout.positions.get(name)
        return self._constants.get(name, "") if position is None else cells[position]

    def _check_code(self, name: str, value: str | None) -> None:
        codes = self._codes.get(name)
        reason = codes.reason(value, self._contract.source) if codes and value else None
        if reason:
            raise BadValueError(reason)

    def _shape_fault(self, cells: Sequence[str]) -> Fault | None:
        layout = self._layout
        if len(cells) < layout.needed:
            return Fault("", "", f"has {len(cells)} cells where the header has {layout.width}")
        extra = [cell for cell in cells[layout.width :] if not is_blank(cell)]
        if extra:
            reason = f"has {len(cells)} cells where the header has {layout.width}"
            return Fault("", extra[0], reason)
        for index in layout.unnamed:
            if index < len(cells) and not is_blank(cells[index]):
                return Fault("", cells[index], f"a value in cell {index + 1}, which has no header")
        if layout.titles and all(cells[index] == title for index, title in layout.titles):
            return Fault("", "", "is the header once more")
        return None


def _amount(style: FormColumn, text: str) -> Decimal | None:
    """The number a cell says for a control sum: 0 for a blank one, None for an unreadable one."""
    if is_blank(text, style.blanks):
        return Decimal(0)
    plain = plain_number(style.numbers, text)
    return None if plain is None else Decimal(plain)
