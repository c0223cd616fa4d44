"""What the published figures say, in a few lines: read from the marts by the finance reader."""

from __future__ import annotations

from typing import Any

from psycopg.rows import dict_row
from rich.table import Table

from outturn.database import connect
from outturn.settings import Settings

TOTALS = """
with performance as (
    select
        count(*) filter (where basis = 'reported' and kind = 'KPI' and is_failed) as kpi_reported,
        count(*) filter (where basis = 'recomputed' and kind = 'KPI' and is_failed)
            as kpi_recomputed,
        count(*) filter (where basis = 'reported' and kind = 'SLA' and is_failed) as sla_reported
    from marts.indicator_performance
    where is_in_contract
),
credits as (
    select
        sum(credit_gbp) filter (where is_payable) as payable,
        sum(credit_gbp) filter (where basis = 'reported') as reported,
        sum(credit_gbp) filter (where basis = 'recomputed') as recomputed
    from marts.credits_by_period
    where role = 'in_force'
),
disagreements as (
    select
        count(*) as disagreements,
        sum(recomputed_effect_gbp) as effect_gbp
    from marts.indicator_disagreements
),
ratio as (
    select period_month as ratio_month, ratio_pct, target_pct, gap_gbp
    from marts.support_cost_ratio
    where span = 'rolling12' and basis = 'gross' and ratio_pct is not null
    order by period_month desc
    limit 1
),
baseline as (
    select fiscal_year as baseline_year, ratio_pct as baseline_pct, support_cost_gbp as baseline_gbp
    from marts.support_cost_ratio
    where span = 'year' and basis = 'gross' and ratio_pct is not null
    order by period_month asc
    limit 1
),
files as (
    select
        sum(records) as records,
        sum(quarantined_records) as quarantined,
        sum(refused_files) as refused,
        sum(held_files) as held,
        sum(dropped_figures) as dropped,
        count(*) filter (where is_late) as late
    from marts.data_assurance
),
ties as (
    select count(*) as layers, count(*) filter (where is_reconciled) as reconciled
    from marts.reconciliation
),
statements as (
    select
        count(*) filter (where verdict like 'agrees%%') as agrees,
        count(*) filter (where verdict = 'agrees only by truncation') as truncated,
        count(*) as statements
    from marts.statement_checks
)
select *
from marts.publication
cross join performance
cross join credits
cross join disagreements
left join ratio on true
left join baseline on true
cross join files
cross join ties
cross join statements
"""
MONTHS = """
with performance as (
    select
        period_month,
        count(*) filter (where basis = 'reported' and kind = 'KPI' and is_failed) as kpi_reported,
        count(*) filter (where basis = 'recomputed' and kind = 'KPI' and is_failed)
            as kpi_recomputed
    from marts.indicator_performance
    where is_in_contract
    group by period_month
),
credits as (
    select
        period_month,
        sum(charges_gbp) filter (where is_payable) as charges,
        sum(credit_gbp) filter (where is_payable) as payable,
        sum(credit_gbp) filter (where basis = 'recomputed') as recomputed
    from marts.credits_by_period
    where role = 'in_force'
    group by period_month
),
files as (
    select
        period_month,
        sum(quarantined_records) as quarantined,
        sum(refused_files + held_files) as not_taken,
        string_agg("extract", ', ') filter (where is_late) as late
    from marts.data_assurance
    group by period_month
)
select *
from performance
left join credits using (period_month)
left join files using (period_month)
order by period_month desc
limit %(months)s
"""


def totals(settings: Settings) -> Table:
    """What was found over all published months."""
    found = _ask(settings, TOTALS)[0]
    table = Table(title="What was found", title_justify="left", show_header=False)
    table.add_row("Published", f"{found['first_period']} to {found['last_period']}")
    table.add_row(
        "KPIs failed",
        f"{found['kpi_reported']:,} times as reported, {found['kpi_recomputed']:,} as recomputed"
        f" (SLAs: {found['sla_reported']:,} as reported)",
    )
    table.add_row(
        "Service credits",
        f"{_pounds(found['payable'])} payable; {_pounds(found['reported'])} as reported, "
        f"{_pounds(found['recomputed'])} as recomputed",
    )
    table.add_row(
        "Disagreements",
        f"{found['disagreements']:,} in band or credit, worth {_pounds(found['effect_gbp'])}",
    )
    table.add_row("Support-cost ratio", _ratio(found))
    table.add_row(
        "Records",
        f"{found['records']:,} read, {found['quarantined']:,} in quarantine; files: "
        f"{found['refused']} refused, {found['held']} held, {found['late']} late; "
        f"{found['dropped']} figures dropped by a restatement",
    )
    table.add_row(
        "Reconciled",
        f"{found['reconciled']:,} of {found['layers']:,} files × layers tie to the row and penny",
    )
    table.add_row(
        "Published statements",
        f"{found['agrees']} of {found['statements']} agree, "
        f"{found['truncated']} of them only by truncation",
    )
    return table


def newest_months(settings: Settings, months: int = 3) -> Table:
    """The last months side by side, oldest first."""
    table = Table(title="The newest months", title_justify="left")
    for name in ("month", "KPIs failed", "recomputed", "charges", "credit", "recomputed"):
        table.add_column(name, justify="left" if name == "month" else "right")
    for name in ("in quarantine", "not taken", "late"):
        table.add_column(name, justify="left" if name == "late" else "right")
    for row in reversed(_ask(settings, MONTHS, {"months": months})):
        table.add_row(
            row["period_month"],
            str(row["kpi_reported"]),
            str(row["kpi_recomputed"]),
            _pounds(row["charges"]),
            _pounds(row["payable"]),
            _pounds(row["recomputed"]),
            str(row["quarantined"]),
            str(row["not_taken"]),
            row["late"] or "",
        )
    return table


def _ratio(found: dict[str, Any]) -> str:
    if found["ratio_pct"] is None:
        return "not twelve months of ledger yet"
    now = (
        f"{found['ratio_pct']:.1f}% of gross expenditure over 12 months to {found['ratio_month']}, "
        f"aim {found['target_pct']:.0f}%, {_pounds(found['gap_gbp'])} to go"
    )
    if found["baseline_pct"] is None:
        return now
    return f"{now} ({found['baseline_year']}: {found['baseline_pct']:.1f}%)"


def _pounds(amount: Any) -> str:
    return "–" if amount is None else f"£{amount:,.0f}"


def _ask(
    settings: Settings, query: str, values: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    with connect(settings, "finance") as connection:
        cursor = connection.cursor(row_factory=dict_row)
        return cursor.execute(query, values or {}).fetchall()
