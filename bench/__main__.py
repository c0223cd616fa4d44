"""`make bench`: every measurement, one after the other; exit code 1 when a budget is missed."""

from __future__ import annotations

import subprocess
import sys

BENCHES = (
    ("Validated load, clean file", ["bench.load"]),
    ("Validated load, £ and dd/mm/yyyy", ["bench.load", "--dirty"]),
    ("Validated load, workbook of 200,000 rows", ["bench.workbook"]),
    ("Credits of 120 months", ["bench.credits"]),
    ("A month through Airflow", ["bench.refresh"]),
)


def main() -> int:
    """Run each in a process of its own, so that no peak of memory is another's."""
    missed = 0
    for title, (module, *arguments) in BENCHES:
        print(f"== {title}", flush=True)
        missed += subprocess.run([sys.executable, "-m", module, *arguments], check=False).returncode
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main())
