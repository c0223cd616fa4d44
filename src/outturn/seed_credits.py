"""What credit schemes need to be computed at all (REGIME 4), and when a version may begin.

A method without its rate, or a KPI that a method cannot measure, would silently give no credit.
Rows about contracts that are not there are left out, as the models leave them out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from outturn.seed_record import Record, Tables

# The column without which a method has no rate, of its scheme or of each of its steps.
RATES = {
    "service_points": "pct_per_point",
    "at_risk_pool": "at_risk_pct",
    "per_full_unit": "unit_pct",
}
STEP_RATES = {"points_ratchet": "rate_gbp", "points_step": "credit_pct"}
SHORTFALL_METHODS = ("shortfall_percentage", "per_full_unit")
MONTHS = {"M": 1, "Q": 3, "A": 12}

NOT_NEGATIVE = {
    "indicator_versions": ("rounding_dp", "pool_allocation_pct", "due_working_day"),
    "indicator_bands": ("points", "credit_pct"),
    "credit_schemes": (
        "pct_per_point",
        "at_risk_pct",
        "unit_pct",
        "repeat_multiplier",
        "period_cap_pct",
        "rolling12_cap_pct",
        "deemed_shortfall",
        "critical_points",
        "critical_months",
        "relief_deadline_days",
        "credit_lapse_days",
    ),
    "credit_scheme_steps": ("from_points", "rate_gbp", "credit_pct"),
}


def check_credits(tables: Tables, start_month: int) -> None:
    """Raise SeedProblem for the first row from which no credit, or a wrong one, would follow.

    `start_month`: the month in which fiscal years, hence quarters and years, begin.
    """
    for seed, columns in NOT_NEGATIVE.items():
        for row in tables[seed]:
            for column in columns:
                if row[column] and Decimal(row[column]) < 0:
                    raise row.problem(seed, column, "must not be negative")
    _check_rates(tables)
    _check_steps(tables)
    _check_versions(tables, start_month)
    _check_bands_of_kpis(tables)
    _check_shortfalls(tables)


def _check_rates(tables: Tables) -> None:
    with_steps = {step["scheme_code"] for step in tables["credit_scheme_steps"]}
    for scheme in tables["credit_schemes"]:
        method, code = scheme["method"], scheme["scheme_code"]
        needed = RATES.get(method)
        if needed and not scheme[needed]:
            raise scheme.problem("credit_schemes", needed, f"{code} needs it for {method}")
        if method in STEP_RATES and code not in with_steps:
            raise scheme.problem(
                "credit_schemes",
                "method",
                f"{code} has no row in credit_scheme_steps.csv, from which its credit follows",
            )
        deems = scheme["unreported_is_failure"].lower() == "true"
        if method == "shortfall_percentage" and deems and not scheme["deemed_shortfall"]:
            said = f"{code} deems what is not reported a failure and does not say how short it fell"
            raise scheme.problem("credit_schemes", "deemed_shortfall", said)


def _check_steps(tables: Tables) -> None:
    methods = {scheme["scheme_code"]: scheme["method"] for scheme in tables["credit_schemes"]}
    firsts: dict[tuple[str, Decimal], int] = {}
    for step in tables["credit_scheme_steps"]:
        code = step["scheme_code"]
        rate = STEP_RATES.get(methods[code])
        for column in ("from_points", rate):
            if column and not step[column]:
                said = f"a step of {code} needs it for {methods[code]}"
                raise step.problem("credit_scheme_steps", column, said)
        first = firsts.setdefault((code, Decimal(step["from_points"])), step.line)
        if first != step.line:  # 5 and 5.0 are one place
            said = f"{code} has this step already in line {first}"
            raise step.problem("credit_scheme_steps", "from_points", said)


def _check_versions(tables: Tables, start_month: int) -> None:
    indicators, contracts = _known_indicators(tables), _by(tables, "contracts", "contract_code")
    for version in tables["indicator_versions"]:
        if version["unit_size"] and Decimal(version["unit_size"]) <= 0:
            raise version.problem("indicator_versions", "unit_size", "must be larger than 0")
        indicator = indicators.get(version["indicator_code"])
        if indicator is None:
            continue
        contract = contracts[indicator["contract_code"]]
        starts_on = indicator["history_from"] or contract["starts_on"]
        first_day = starts_on and _period_start(starts_on, indicator["frequency"], start_month)
        if version["valid_from"] < first_day:
            raise version.problem(
                "indicator_versions",
                "valid_from",
                f"starts before its indicator {version['indicator_code']}, which begins with the"
                f" period of {starts_on}",
                "An indicator begins with its history_from, or else with its contract (starts_on).",
            )


def _check_bands_of_kpis(tables: Tables) -> None:
    """Bands forgotten in one version of a KPI would make its failures cost nothing from then on."""
    indicators = _known_indicators(tables)
    banded = {(band["indicator_code"], band["valid_from"]) for band in tables["indicator_bands"]}
    with_bands = {code for code, _ in banded}
    for version in tables["indicator_versions"]:
        code = version["indicator_code"]
        is_kpi = code in indicators and indicators[code]["kind"] == "KPI"
        if is_kpi and code in with_bands and (code, version["valid_from"]) not in banded:
            raise version.problem(
                "indicator_versions",
                "valid_from",
                f"{code} has bands in its other versions and none from this day",
                "Each version has its own rows of indicator_bands.csv with the same valid_from.",
            )


def _check_shortfalls(tables: Tables) -> None:
    """Percentage points need KPIs in %; what is short of a target needs a target."""
    targets: dict[str, list[Record]] = {}
    for version in tables["indicator_versions"]:
        targets.setdefault(version["indicator_code"], []).append(version)
    for scheme_code, method, kpi in _judged_kpis(tables):
        code = kpi["indicator_code"]
        if method == "shortfall_percentage" and not kpi["unit"].startswith("%"):
            raise kpi.problem(
                "indicators",
                "unit",
                f"{code} is not measured in %, and {scheme_code} on {kpi['contract_code']} takes"
                " percentage points of shortfall",
                "shortfall_percentage needs all KPIs of its contract in %.",
            )
        for version in targets.get(code, []) if method in SHORTFALL_METHODS else []:
            if not version["target"]:
                said = f"{code} has none, and {scheme_code} takes what is short of it"
                raise version.problem("indicator_versions", "target", said)


def _judged_kpis(tables: Tables) -> Iterator[tuple[str, str, Record]]:
    """Each KPI with each scheme of its contract, in force or what if, and that scheme's method."""
    methods = {scheme["scheme_code"]: scheme["method"] for scheme in tables["credit_schemes"]}
    kpis: dict[str, list[Record]] = {}
    for row in _known_indicators(tables).values():
        if row["kind"] == "KPI":
            kpis.setdefault(row["contract_code"], []).append(row)
    for applied in tables["contract_schemes"]:
        for kpi in kpis.get(applied["contract_code"], []):
            yield applied["scheme_code"], methods[applied["scheme_code"]], kpi


def _known_indicators(tables: Tables) -> Mapping[str, Record]:
    contracts = _by(tables, "contracts", "contract_code")
    return {
        row["indicator_code"]: row
        for row in tables["indicators"]
        if row["contract_code"] in contracts
    }


def _by(tables: Tables, seed: str, column: str) -> Mapping[str, Record]:
    return {row[column]: row for row in tables[seed]}


def _period_start(day: str, frequency: str, start_month: int) -> str:
    """The first day (ISO) of the indicator's period that a day is in."""
    within = date.fromisoformat(day)
    months = MONTHS[frequency or "M"]
    first = within.year * 12 + within.month - 1
    first -= (within.month - start_month) % months
    return f"{first // 12:04}-{first % 12 + 1:02}-01"
