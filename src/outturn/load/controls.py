"""Control totals: what a file says of itself against what was found in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from outturn.contracts import Contract, Form
from outturn.errors import FileRefused
from outturn.load.blocks import ControlRecord
from outturn.load.cells import ASCII_SPACE, plain_number
from outturn.load.worker import BlockResult


@dataclass
class Totals:
    """What was found: records and, for each summed column, what landed and what did not."""

    landed: int = 0
    quarantined: int = 0
    sums: dict[str, Decimal] = field(default_factory=dict)
    rejected_sums: dict[str, Decimal] = field(default_factory=dict)
    unreadable: dict[str, int] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)

    @property
    def records(self) -> int:
        """All records of the file."""
        return self.landed + self.quarantined

    def count(self, result: BlockResult) -> None:
        """Count a block in."""
        self.landed += result.landed
        self.quarantined += len(result.rejected)
        for mine, theirs in (
            (self.sums, result.sums),
            (self.rejected_sums, result.rejected_sums),
        ):
            for name, amount in theirs.items():
                mine[name] = mine.get(name, Decimal(0)) + amount
        for name, number in result.unreadable.items():
            self.unreadable[name] = self.unreadable.get(name, 0) + number

    def as_json(self) -> dict[str, Any]:
        """The shape of ops.extract_file.control_totals; money is text."""
        names = sorted({*self.sums, *self.rejected_sums, *self.unreadable})
        return {
            "records": {"found": self.records, "declared": self.declared.get("records")},
            "sums": {
                name: {
                    "landed": str(self.sums.get(name, Decimal(0))),
                    "quarantined": str(self.rejected_sums.get(name, Decimal(0))),
                    "unreadable": self.unreadable.get(name, 0),
                    "declared": self.declared.get(name),
                }
                for name in names
            },
        }


def summed_columns(contract: Contract) -> tuple[str, ...]:
    """The columns whose sums are kept: those in pounds, and those that a trailer sums."""
    names = [column.name for column in contract.columns if column.unit == "GBP"]
    for form in contract.forms:
        if form.trailer:
            names += [name for name, _ in form.trailer.sums]
    return tuple(dict.fromkeys(names))


def check_controls(file: str, form: Form, control: ControlRecord | None, totals: Totals) -> None:
    """Compare a document's totals with its trailer. Raises FileRefused naming both numbers.

    A sum cannot be checked while the amount of a quarantined record is unreadable.
    """
    if control is None or form.trailer is None:
        return
    styles = {style.name: style for style in form.columns}
    trailer = form.trailer
    if trailer.records is not None:
        declared = _cell(file, control, trailer.records).replace(",", "")
        totals.declared["records"] = declared
        if not (declared.isascii() and declared.isdigit()) or int(declared) != totals.records:
            raise _differs(file, control, f"{declared} records, but it has {totals.records}")
    for name, position in trailer.sums:
        text = _cell(file, control, position)
        plain = plain_number(styles[name].numbers, text)
        totals.declared[name] = text if plain is None else plain
        found = totals.sums.get(name, Decimal(0)) + totals.rejected_sums.get(name, Decimal(0))
        if plain is None or (Decimal(plain) != found and not totals.unreadable.get(name)):
            raise _differs(file, control, f"a sum of {name} of {text}, but it is {found}")


def _cell(file: str, control: ControlRecord, position: int) -> str:
    if position > len(control.cells):
        raise _differs(file, control, f"a total in cell {position}, which is not there")
    return control.cells[position - 1].strip(ASCII_SPACE)


def _differs(file: str, control: ControlRecord, what: str) -> FileRefused:
    return FileRefused(
        file,
        f"the control record promises {what}: the file is not whole",
        line=control.line,
        remedy="Ask the sender for the whole file; it heals by itself.",
    )
