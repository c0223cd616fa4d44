"""How much a validated load costs over PostgreSQL's bare typed COPY of the same rows.

    .venv/bin/python bench/load.py [--rows 2000000] [--runs 3] [--dirty]

Both run on one server, interleaved; the ratio of the medians counts, seconds depend on the
machine. On a machine that is busy with other work read the CPU seconds beside them (client and
server): a COPY keeps one core busy, a load two, so half of its CPU over the COPY's is the ratio
that two quiet cores can reach. The load runs in a process of its own, whose peak memory is taken.
Budgets: ratio at most 1.25 on a clean file (3 with pound signs and dd/mm/yyyy), peak below 256 MB.
Exit code 1 when one is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import duckdb

from outturn import receive, server, warehouse
from outturn.database import connect
from outturn.settings import Settings

LIMIT_MB = 256
LIMITS = {False: 1.25, True: 3.0}

GENERATE = """
copy (
    select
        'MPS' as {publisher}, 'Metropolitan Police Service' as {entity},
        'Supplier ' || (hash(i) % 5000) || ' Ltd' as {supplier}, 'T' || i as {transaction},
        'Expense type ' || (hash(i * 3) % 40) as {type}, 'Area ' || (hash(i * 7) % 90) as {area},
        'Invoice for services ' || (hash(i * 11) % 100000) as {description},
        {amount} as {amount_name},
        {paid} as {paid_name}, 'INV' || (hash(i * 19) % 10000000) as {invoice},
        {invoiced} as {invoiced_name}, {received} as {received_name}, {valid} as {valid_name},
        {sme} as {sme_name}, {disputed} as {disputed_name}
    from range({rows}) as numbers(i)
) to '{path}' (header)
"""
PLAIN_NAMES = (
    "publisher_code", "entity_name", "supplier_name", "transaction_number", "expense_type",
    "expense_area", "description", "amount_gbp", "paid_date", "invoice_number", "invoice_date",
    "received_date", "valid_date", "is_sme", "is_disputed",
)  # fmt: skip
OWN_NAMES = (
    "Publisher", "Entity", "Supplier", "Transaction Number", "Expense Type", "Expense Area",
    "Description", "Amount (£)", "Date", "Invoice Number", "Invoice Date", "Invoice Received",
    "Valid Invoice", "SME", "Disputed",
)  # fmt: skip
KEYS = (
    "publisher", "entity", "supplier", "transaction", "type", "area", "description", "amount_name",
    "paid_name", "invoice", "invoiced_name", "received_name", "valid_name", "sme_name",
    "disputed_name",
)  # fmt: skip
BARE = """
create table public.bare (
    publisher_code text, entity_name text, supplier_name text, transaction_number text,
    expense_type text, expense_area text, description text, amount_gbp numeric(16, 2),
    paid_date date, invoice_number text, invoice_date date, received_date date, valid_date date,
    is_sme boolean, is_disputed boolean
)
"""
# How a process says what it took. What the system counts as its peak (ru_maxrss) may be that of
# the process which started it; VmHWM is its own.
SPENT = """
import json, re, sys, time
def spent(seconds):
    peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
    print(json.dumps([seconds, peak, time.process_time()]))
"""
LOAD = f"""{SPENT}
from outturn.load import load_file
from outturn.settings import Settings
result = load_file(Settings(home=sys.argv[1], pg_port=int(sys.argv[2])), int(sys.argv[3]))
result.raise_if_refused()
spent(result.seconds)
"""


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def generate(path: Path, rows: int, *, dirty: bool) -> None:
    """Payments with 15 columns: plain, or with pound signs, thousands commas and dd/mm/yyyy."""
    amount = "((hash(i * 13) % 100000000)::decimal(16, 2) / 100)::decimal(16, 2)"
    days = {"paid": ("2016-01-01", 17), "invoiced": ("2015-12-01", 23),
            "received": ("2015-12-03", 23), "valid": ("2015-12-05", 23)}  # fmt: skip
    dates = {name: f"date '{day}' + (hash(i * {n}) % 31)::int" for name, (day, n) in days.items()}
    flags = {"sme": "hash(i * 29) % 2 = 0", "disputed": "hash(i * 31) % 20 = 0"}
    if dirty:
        amount = f"'£' || format('{{:,.2f}}', ({amount})::double)"
        dates = {name: f"strftime({value}, '%d/%m/%Y')" for name, value in dates.items()}
        flags = {name: f"case when {value} then 'Y' else 'N' end" for name, value in flags.items()}
    names = OWN_NAMES if dirty else PLAIN_NAMES
    parts = {key: f'"{name}"' for key, name in zip(KEYS, names, strict=True)}
    duckdb.connect().execute(
        GENERATE.format(rows=rows, path=path, amount=amount, **parts, **dates, **flags)
    )


@dataclass(frozen=True)
class Cost:
    """What one way took: seconds, CPU seconds of client and server together, peak memory in MB."""

    seconds: float
    cpu: float
    peak: float = 0.0


def server_cpu(settings: Settings) -> float:
    """CPU seconds of all sessions that ended so far, as the server's first process counts them."""
    time.sleep(0.5)  # a session that was just closed is counted when it has ended
    first = (server.place(settings).data / "postmaster.pid").read_text().split("\n", 1)[0]
    fields = Path(f"/proc/{first}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def bare_copy(settings: Settings, plain: Path) -> Cost:
    """A typed COPY of the plain file into an empty table."""
    before, own = server_cpu(settings), time.process_time()
    with connect(settings, "admin") as connection:
        connection.execute("drop table if exists public.bare")
        connection.execute(BARE)
        connection.commit()
        started = time.perf_counter()
        with (
            plain.open("rb") as source,
            connection.cursor().copy("copy public.bare from stdin (format csv, header)") as copy,
        ):
            while data := source.read(1 << 20):
                copy.write(data)
        connection.commit()
        seconds = time.perf_counter() - started
    own = time.process_time() - own
    return Cost(seconds, own + server_cpu(settings) - before)


def validated_load(settings: Settings, file_id: int) -> Cost:
    """`load_file` in a process of its own (with its start), into an empty landing table."""
    with connect(settings, "admin") as connection:
        connection.execute("truncate landing.finance__payments")
        connection.execute("delete from ops.file_part")
        connection.execute("update ops.extract_file set status = 'registered'")
    command = [sys.executable, "-c", LOAD, str(settings.home), str(settings.pg_port), str(file_id)]
    before = server_cpu(settings)
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, peak, cpu = json.loads(done.stdout)
    return Cost(seconds, cpu + server_cpu(settings) - before, peak)


def main() -> int:
    """Generate, run, print a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=2_000_000)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--dirty", action="store_true", help="pound signs and dd/mm/yyyy")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="outturn-bench-") as folder:
        settings = Settings(home=Path(folder) / "home", pg_port=free_port())
        server.start(settings)
        try:
            return run(settings, Path(folder), chosen)
        finally:
            server.remove(settings)


def run(settings: Settings, folder: Path, chosen: argparse.Namespace) -> int:
    """The measurement on a running server."""
    warehouse.initialise(settings)
    plain = folder / "payments_2016-01.csv"
    delivered = folder / "Payments_2016-02.csv" if chosen.dirty else plain
    generate(plain, chosen.rows, dirty=False)
    if chosen.dirty:
        generate(delivered, chosen.rows, dirty=True)
    moment = datetime(2016, 3, 1, tzinfo=UTC)
    (file_id,) = receive.receive_paths(settings, [str(delivered)], received_at=moment)
    copies, loads = [], []
    for _ in range(chosen.runs):
        copies.append(bare_copy(settings, plain))
        loads.append(validated_load(settings, file_id))
        print(
            f"bare COPY {copies[-1].seconds:6.2f} s (CPU {copies[-1].cpu:5.2f})   "
            f"load {loads[-1].seconds:6.2f} s (CPU {loads[-1].cpu:5.2f})   "
            f"peak {loads[-1].peak:4.0f} MB",
            flush=True,
        )
    bare, load = (median(one.seconds for one in kind) for kind in (copies, loads))
    cpu = [median(one.cpu for one in kind) for kind in (copies, loads)]
    peak = max(one.peak for one in loads)
    limit, by_cpu = LIMITS[chosen.dirty], cpu[1] / cpu[0] / 2
    print(f"rows {chosen.rows}, medians: bare {bare:.2f} s, load {load:.2f} s, "
          f"ratio {load / bare:.2f} (budget {limit}; by CPU on two cores {by_cpu:.2f}), "
          f"peak {peak:.0f} MB (budget {LIMIT_MB})")  # fmt: skip
    return 0 if load / bare <= limit and peak < LIMIT_MB else 1


if __name__ == "__main__":
    sys.exit(main())
