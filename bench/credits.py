"""Database time of the credits and performance marts, and whether it grows with the rows.

    .venv/bin/python -m bench.credits [--months 120]

The demonstration's 94 indicators, one contract, a scheme of each of the 7 methods (one in force,
six what-ifs), 3 bases. Budget: 10 s of database time for 120 months, as PostgreSQL counts the time
it spends on statements; and twice the seconds, with a tenth more, for twice the months. Facts by
month are left out: a build replaces changed months only. Exit code 1 when missed.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from bench.load import free_port
from outturn import database, seeds, server, warehouse
from outturn.settings import Settings
from outturn.transform import invoke

BUDGET_SECONDS = 10.0
GROWTH = 2.2
MARTS = ("indicator_performance", "indicator_cases", "indicator_disagreements", "credits_by_period")
SCHEMES = (
    {"method": "service_points", "pct_per_point": "0.5"},
    {"method": "shortfall_percentage", "deemed_shortfall": "5"},
    {"method": "at_risk_pool", "at_risk_pct": "12"},
    {"method": "worst_band"},
    {"method": "points_ratchet"},
    {"method": "points_step", "average_with_previous": "true"},
    {"method": "per_full_unit", "unit_pct": "0.25"},
)
FILL = """
create temporary table months as
select number::integer, to_char(day, 'YYYY-MM') as period, day::date
from generate_series('2014-04-01'::timestamp, '2014-04-01'::timestamp
    + (%(months)s - 1) * interval '1 month', interval '1 month')
    with ordinality as month (day, number);
create temporary table extracts (name text, base integer);
insert into extracts values ('supplier/indicator_returns', 1000),
    ('supplier/service_charges', 2000), ('supplier/service_events', 3000);
insert into ops.extract_file (file_id, extract, sha256, size_bytes, status, records, landed,
    quarantined) overriding system value
select base + number, name, encode(sha256((name || period)::bytea), 'hex'), 1, 'accepted', 0, 0, 0
from months cross join extracts;
insert into ops.delivery (file_id, source, name, url, received_at)
select base + number, 'supplier', name || period, 'file', day + interval '1 month 9 days'
from months cross join extracts;
insert into ops.file_part select base + number, 'SSCL-BSS', period
from months cross join extracts;
insert into landing.supplier__indicator_returns
    (file_id, record_number, contract_code, indicator_code, period, numerator, denominator)
select 1000 + number, row_number() over (partition by number), 'SSCL-BSS', indicator_code, period,
    case when is_share
        then greatest(least(target - (random() < 0.25)::integer * random() * 4, 100), 0) * 100
        else target * (0.9 + random() * 0.15) * 100 end,
    10000
from months
inner join staging.indicators on frequency = 'M'
    or (frequency = 'Q' and extract(month from day)::integer %% 3 = 0)
    or (frequency = 'A' and extract(month from day) = 3)
inner join staging.indicator_versions using (indicator_code)
where valid_to is null;
insert into landing.supplier__service_charges
    (file_id, record_number, contract_code, period, service_line, charge_gbp)
select 2000 + number, line, 'SSCL-BSS', period, 'L' || line, 150000.17
from months cross join generate_series(1, 5) as line;
insert into landing.supplier__service_events
    (file_id, record_number, contract_code, event_id, event_type, service_area, opened_at, due_at,
        closed_at, quantity, amount_gbp, outcome_code)
select 3000 + number, row_number() over (partition by number), 'SSCL-BSS',
    number || '-' || rule || '-' || event, event_type, service_area, day + interval '3 days',
    day + interval '10 days', day + interval '1 day' * (3 + random() * 8), 1, 100, outcome_code
from months
cross join (
    select row_number() over () as rule, event_type, max(service_area) as service_area,
        max(outcome_code) as outcome_code
    from staging.recompute_rules group by event_type
) as rules
cross join generate_series(1, 10) as event;
"""


def write_seeds(project: Path, folder: Path, first_day: str) -> None:
    """The demonstration's reference data over the whole time, with a scheme of every method."""
    for path in project.glob("*.csv"):
        (folder / path.name).write_bytes(path.read_bytes())
    _rewrite(folder / "contracts.csv", {"starts_on": first_day})
    _rewrite(folder / "indicators.csv", {"history_from": ""})
    _rewrite(folder / "indicators.csv", {"unit": "%"}, kind="KPI")
    _rewrite(folder / "indicator_versions.csv", {"valid_from": first_day}, valid_from="2014-10-01")
    for name in ("indicator_versions", "indicator_bands"):
        for later in ("2014-10-01", "2015-04-01", "2015-10-01"):
            _rewrite(folder / f"{name}.csv", {"valid_from": first_day}, valid_from=later)
    caps = {"period_cap_pct": "10", "rolling12_cap_pct": "8", "unreported_is_failure": "true"}
    schemes = [{"scheme_code": one["method"], **caps, **one} for one in SCHEMES]
    _write(folder / "credit_schemes.csv", schemes)
    applied = [
        {"contract_code": "SSCL-BSS", "scheme_code": one["method"], "valid_from": first_day}
        | {"role": "what_if" if number else "in_force"}
        for number, one in enumerate(SCHEMES)
    ]
    _write(folder / "contract_schemes.csv", applied)
    steps = [
        {"scheme_code": method, "from_points": str(place), "rate_gbp": "900", "credit_pct": "2"}
        for method in ("points_ratchet", "points_step")
        for place in (0, 5, 20)
    ]
    _write(folder / "credit_scheme_steps.csv", steps)


def _rewrite(path: Path, values: dict[str, str], **where: str) -> None:
    rows = list(csv.DictReader(path.open(encoding="utf-8", newline="")))
    for row in rows:
        if all(row[column] == value for column, value in where.items()):
            row.update(values)
    _write(path, rows)


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)


def build(settings: Settings, target: Path, *arguments: str) -> dict[str, float]:
    """Seconds of each node of one dbt build, by name."""
    told = {"as_at": "2030-01-01T00:00:00+00:00"}
    common = ["--vars", json.dumps(told), "--target-path", str(target)]
    outcome = invoke(settings, [*arguments, *common])
    if not outcome.success:
        raise SystemExit(str(outcome.exception or [r.message for r in outcome.result.results]))
    return {one.node.name: one.execution_time for one in outcome.result.results}


def measure(settings: Settings, months: int, folder: Path) -> tuple[dict[str, float], float]:
    """dbt's seconds of each performance and credits model for so many months; the database's."""
    with database.connect(settings, "admin") as connection:
        for table in ("file_part", "delivery", "extract_file"):
            connection.execute(f"delete from ops.{table}")
        for table in ("indicator_returns", "service_charges", "service_events"):
            connection.execute(f"truncate landing.supplier__{table}")
        connection.execute("select setseed(0.3)")
        connection.execute(_filled(months))
    with database.connect(settings, "admin", autocommit=True) as connection:
        connection.execute("analyze")
    build(settings, folder / "target", "run", "--full-refresh")
    before = _active_seconds(settings)
    measured = ["path:models/intermediate/performance", "path:models/intermediate/credits", *MARTS]
    left_out = _facts_by_month(settings.dbt_path / "models" / "intermediate")
    seconds = build(
        settings, folder / "target", "run", "--select", *measured, "--exclude", *left_out
    )
    return seconds, _active_seconds(settings) - before


def _facts_by_month(models: Path) -> list[str]:
    found = models.glob("*/*.sql")
    return [p.stem for p in found if "partitioned_by_month" in p.read_text(encoding="utf-8")]


def _active_seconds(settings: Settings) -> float:
    """What the database has spent on statements so far; sessions report when they end."""
    time.sleep(1)
    with database.connect(settings, "admin") as connection:
        ((milliseconds,),) = connection.execute(
            "select active_time from pg_stat_database where datname = current_database()"
        ).fetchall()
    return float(milliseconds) / 1000


def _filled(months: int) -> Any:
    return FILL.replace("%(months)s", str(months)).replace("%%", "%")


def _environment(settings: Settings, seeds_path: Path) -> dict[str, str]:
    parts = conninfo_to_dict(database.dsn_for(settings, "transformer"))
    return {
        "OUTTURN_PG_HOST": str(parts["host"]),
        "OUTTURN_PG_PORT": str(parts["port"]),
        "OUTTURN_PG_DATABASE": str(parts["dbname"]),
        "OUTTURN_TRANSFORMER_USER": str(parts["user"]),
        "DBT_ENV_SECRET_TRANSFORMER_PASSWORD": str(parts["password"]),
        "OUTTURN_DBT_SEEDS_DIR": os.path.relpath(seeds_path, settings.dbt_path),
        "OUTTURN_DBT_THREADS": "1",  # models one by one: their times are the database's
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "0",
    }


def main() -> int:
    """Measure half the months and all of them; print the slowest models and the ratio."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--months", type=int, default=120)
    months = options.parse_args().months
    with tempfile.TemporaryDirectory(prefix="outturn-bench-") as temporary:
        folder = Path(temporary)
        theirs = folder / "seeds"
        theirs.mkdir()
        settings = Settings(home=folder / "home", pg_port=free_port(), seeds_dir=theirs)
        write_seeds(settings.dbt_path / "seeds", theirs, "2014-04-01")
        server.start(settings)
        try:
            warehouse.initialise(settings)
            os.environ |= _environment(settings, seeds.prepare(settings).path)
            build(settings, folder / "target", "seed")
            half = measure(settings, months // 2, folder)[1]
            taken, whole = measure(settings, months, folder)
            with database.connect(settings, "admin") as connection:
                ((counted,),) = connection.execute(
                    "select count(*) from marts_next.credits_by_period"
                ).fetchall()
        finally:
            server.remove(settings)
    for name, seconds in sorted(taken.items(), key=lambda item: -item[1])[:8]:
        print(f"{name:40} {seconds:6.2f} s")
    print(
        f"{months} months: {whole:.1f} s (budget {BUDGET_SECONDS:.0f} s), {counted} rows of credits"
    )
    print(f"{months // 2} months: {half:.1f} s; ratio {whole / half:.2f} (at most {GROWTH})")
    return 0 if whole <= BUDGET_SECONDS and whole <= GROWTH * half else 1


if __name__ == "__main__":
    sys.exit(main())
