"""Claims for relief and what the customer decided, in the plain form."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from outturn.sample.delivery import Cell, csv_bytes
from outturn.sample.months import Month, working_day_after
from outturn.sample.profile import Profile
from outturn.sample.returns import Return

DECISION_CHANCE = 0.45
CLAIM_CHANCE = 0.22
CLAIMS = (
    "claim_id", "contract_code", "indicator_code", "period", "claimed_on", "excluded_numerator",
    "excluded_denominator", "reason",
)  # fmt: skip
RELIEF = (
    "claim_id", "status", "decided_on", "excluded_numerator", "excluded_denominator",
    "waived_points_pct", "decided_by", "reason",
)  # fmt: skip
DECISIONS = (
    "contract_code", "indicator_code", "period", "agreed_numerator", "agreed_denominator",
    "decided_on", "decided_by", "reason",
)  # fmt: skip
REASONS = (
    "Network outage on the customer's side",
    "Approvals outstanding with the customer's line managers",
    "Volume more than 20% above the forecast",
)


@dataclass(frozen=True)
class Files:
    """One file's lines without the header; none: no file is sent."""

    claims: list[tuple[Cell, ...]]
    relief: list[tuple[Cell, ...]]
    decisions: list[tuple[Cell, ...]]


def decide(profile: Profile, month: Month, returns: list[Return]) -> Files:
    """The claims on the month's failed KPIs, their decisions, and figures that were settled."""
    files = Files([], [], [])
    contract = profile.contract["contract_code"]
    clients = {row["indicator_code"]: row["senior_client"] for row in profile.indicators}
    for number, line in enumerate(returns):
        rng = np.random.default_rng([profile.seed, month.number, 2000 + number])
        draw, claim_draw = rng.random(), rng.random()
        differs = line.true_figures not in (None, (line.numerator, line.denominator))
        if differs and line.true_figures and draw < DECISION_CHANCE:
            decided = working_day_after(month, 24).isoformat()
            reason = "Excluded cases were the supplier's own: the events' figure stands"
            key = (contract, line.indicator_code, line.period)
            figures = tuple(_text(figure) for figure in line.true_figures)
            files.decisions.append((*key, *figures, decided, clients[line.indicator_code], reason))
        elif line.kind == "KPI" and not line.meets_target and claim_draw < CLAIM_CHANCE:
            _claim(files, contract, clients[line.indicator_code], line, month, rng)
    return files


def _claim(
    files: Files, contract: str, client: str, line: Return, month: Month, rng: np.random.Generator
) -> None:
    """A claim to exclude some failing cases, and its decision some weeks later."""
    failures = line.numerator if line.direction == "lower" else line.denominator - line.numerator
    cases = (failures * Decimal(int(rng.integers(20, 60))) / 100).to_integral_value()
    if cases < 1 or line.factor == 1:
        return
    numerator = cases if line.direction == "lower" else Decimal(0)
    claim_id = f"RC-{month.period.replace('-', '')}-{len(files.claims) + 1:02d}"
    claimed = working_day_after(month, 9).isoformat()
    reason = REASONS[int(rng.integers(0, len(REASONS)))]
    key = (claim_id, contract, line.indicator_code, line.period, claimed)
    files.claims.append((*key, _text(numerator), _text(cases), reason))
    decided = working_day_after(month, 22).isoformat()
    outcome = rng.random()
    if outcome < 0.4:
        files.relief.append(
            (claim_id, "rejected", decided, "", "", "", client, "No evidence given")
        )
    elif outcome < 0.6:
        words = "Half of the points waived while the cause is shared"
        files.relief.append((claim_id, "accepted", decided, "", "", 50, client, words))
    else:
        part = (cases / 2).to_integral_value() if outcome < 0.8 else cases
        status = "accepted" if part == cases else "accepted_in_part"
        given = _text(min(numerator, part))
        files.relief.append(
            (claim_id, status, decided, given, _text(part), "", client, "Evidenced")
        )


def plain_form(header: tuple[str, ...], lines: list[tuple[Cell, ...]]) -> bytes:
    """UTF-8 CSV with the extract's own column names."""
    return csv_bytes([header, *lines], encoding="utf-8", end="\n")


def _text(figure: Decimal) -> str:
    return f"{figure:f}"
