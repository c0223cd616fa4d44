"""Generate the demonstration's deliveries month by month, the same bytes for the same arguments."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from outturn.progress import track
from outturn.sample import accidents as mishaps
from outturn.sample import decisions
from outturn.sample.accidents import Accidents
from outturn.sample.charges import charge_lines, charges_file, charges_pence
from outturn.sample.credits import HEADER as CREDITS_HEADER
from outturn.sample.credits import Credits
from outturn.sample.delivery import Cell, Outbox, sheet_bytes
from outturn.sample.event_files import HEADER as EVENTS_HEADER
from outturn.sample.event_files import EventStream
from outturn.sample.ledger import Ledger
from outturn.sample.months import Month, span
from outturn.sample.payments import payments_file
from outturn.sample.profile import Profile
from outturn.sample.recompute import measure_all
from outturn.sample.returns import Return, Returns
from outturn.settings import Settings

SEED = 2371
RETURN_HEADER = (
    "Contract", "KPI Ref", "Period", "Numerator", "Denominator", "Reported %", "Commentary",
)  # fmt: skip


@dataclass(frozen=True)
class SampleSummary:
    """What was written: folder, number of files, rows by kind of file, months, accidents."""

    folder: Path
    files: int
    rows: dict[str, int]
    first_period: str
    last_period: str
    ledger_first_period: str
    accidents: dict[str, str]


def generate(
    settings: Settings | None,
    out: Path,
    *,
    months: int = 36,
    scale: float = 0.02,
    seed: int = SEED,
) -> SampleSummary:
    """Write `months` months of deliveries from the contract's first month under `out/<source>/`.

    `scale` multiplies rows and never pounds; 1 is a police service of 50,000 staff. The same
    arguments give the same bytes. Memory holds the events that are still open, not the history.
    """
    if months < 1 or scale <= 0:
        raise ValueError("months must be at least 1 and scale above 0")
    profile = Profile((settings or Settings()).dbt_path / "seeds", scale, seed)
    writer = _Writer(profile, Outbox(Path(out), profile), months)
    ledger_months = span(
        writer.ledger_first, writer.service[-1].number - writer.ledger_first.number + 1
    )
    for month in track(ledger_months, len(ledger_months), "generating deliveries"):
        writer.finance(month)
        if month in writer.service:
            writer.supplier(month)
    writer.history()
    return writer.close()


class _Writer:
    """The month's files in the order in which they are made."""

    def __init__(self, profile: Profile, outbox: Outbox, months: int) -> None:
        self.profile, self.outbox = profile, outbox
        self.service = span(Month.parse(profile.setting["first_period"]), months)
        self.ledger_first = Month.parse(profile.setting["ledger_first_period"])
        self.accidents = Accidents.over(self.service)
        self.ledger = Ledger(profile)
        self.events = EventStream(profile, self.service[0])
        self.returns = Returns(profile)
        self.credits = Credits(profile)

    def finance(self, month: Month) -> None:
        """The ledger of the month; once, a broken transfer first."""
        content, rows = self.ledger.file(month)
        if month == self.accidents.truncated_ledger:
            self.outbox.send("ledger", month, mishaps.truncate(content), rows=0)
            self.outbox.send("ledger", month, content, rows=rows, number=2, wait=2)
        else:
            self.outbox.send("ledger", month, content, rows=rows)
        if month in self.service:
            content, rows = payments_file(self.profile, month)
            self.outbox.send("payments", month, content, rows=rows)

    def supplier(self, month: Month) -> None:
        """Events, the return that starts from them, charges, claims and what was decided."""
        measured = measure_all(self.profile.rules, self.events.advance(month), month)
        self._events(month, self.events.file(month))
        charges = charge_lines(self.profile, month)
        credited = self.credits.on_invoice(month)
        content, rows = charges_file(self.profile, month, charges, credited)
        self.outbox.send("charges", month, content, rows=rows)
        lines = self.returns.for_month(month, measured)
        self._returns(month, lines)
        files = self._decisions(month, lines)
        self.credits.reckon(month, lines, files, charges_pence(charges))
        self._credits(month)

    def _events(self, month: Month, events: pd.DataFrame) -> None:
        if month == self.accidents.bad_rows:
            events = mishaps.spoil(events)
        content = _frame_bytes(events)
        self.outbox.send("events", month, content, rows=len(events))
        if month == self.accidents.duplicate_events:
            self.outbox.send("events", month, content, rows=0, number=2, wait=2)

    def _returns(self, month: Month, lines: list[Return]) -> None:
        late = mishaps.LATE_DAYS if month == self.accidents.late_return else 0
        is_restated = month == self.accidents.restated_return
        first = mishaps.overstate(lines) if is_restated else lines
        content = self._sheet(first, f"Performance return {month.period}")
        self.outbox.send("returns", month, content, rows=len(lines), wait=late)
        if is_restated:
            corrected = mishaps.restate(first)
            content = self._sheet(corrected, f"Performance return {month.period}, corrected")
            wait = mishaps.RESTATED_DAYS
            self.outbox.send("returns", month, content, rows=len(lines), number=2, wait=wait)

    def _decisions(self, month: Month, lines: list[Return]) -> decisions.Files:
        files = decisions.decide(self.profile, month, lines)
        for form, header, rows in (
            ("relief_claims", decisions.CLAIMS, files.claims),
            ("relief_decisions", decisions.RELIEF, files.relief),
            ("indicator_decisions", decisions.DECISIONS, files.decisions),
        ):
            if rows:
                content = decisions.plain_form(header, rows)
                self.outbox.send(form, month, content, rows=len(rows))
        return files

    def _credits(self, month: Month) -> None:
        """What was decided about credits since the last month's file."""
        rows = self.credits.decided_by(month)
        if rows:
            content = decisions.plain_form(CREDITS_HEADER, rows)
            self.outbox.send("credit_decisions", month, content, rows=len(rows))

    def history(self) -> None:
        """One workbook with every period before Day 1 for which there is history."""
        last = self.profile.day1 + -1
        months = span(self.ledger_first, last.number - self.ledger_first.number + 1)
        lines = [line for month in months for line in self.returns.history(month)]
        content = self._sheet(lines, "Performance before contracting out")
        self.outbox.send("history", last, content, rows=len(lines))

    def _sheet(self, lines: list[Return], title: str) -> bytes:
        setting = self.profile.setting
        titles = (setting["supplier_title"], title, f"Prepared for {setting['customer_title']}")
        contract = self.profile.contract["contract_code"]
        rows: list[tuple[Cell, ...]] = [_cells(contract, line) for line in lines]
        trailer = ("Total records", len(rows))
        return sheet_bytes("Returns", titles, RETURN_HEADER, [*rows, trailer])

    def close(self) -> SampleSummary:
        """Write the manifests and sum up."""
        return SampleSummary(
            folder=self.outbox.folder,
            files=self.outbox.close(),
            rows=dict(self.outbox.rows),
            first_period=self.service[0].period,
            last_period=self.service[-1].period,
            ledger_first_period=self.ledger_first.period,
            accidents=self.accidents.describe(),
        )


def _cells(contract: str, line: Return) -> tuple[Cell, ...]:
    def number(value: object) -> Cell:
        if value is None:
            return None
        real = float(str(value))
        return int(real) if real.is_integer() else real

    figures = (number(line.numerator), number(line.denominator), number(line.reported_value))
    return (contract, line.indicator_code, line.period, *figures, line.commentary or None)


def _frame_bytes(events: pd.DataFrame) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(EVENTS_HEADER)
    events.to_csv(out, index=False, header=False, lineterminator="\r\n")
    return out.getvalue().encode("cp1252")
