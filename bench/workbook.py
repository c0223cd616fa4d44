"""How much a validated load of a workbook costs over calamine's bare read of the same sheet.

    .venv/bin/python -m bench.workbook [--rows 200000] [--runs 3]

The bare read makes Python's cells of every row and does nothing with them. Both run in processes
of their own, interleaved; the ratio of the medians counts. CPU seconds stand beside them for a
machine that is busy with other work: the bare read keeps one core busy, the load nearly two.
Budgets: ratio at most 1.5, peak below 256 MB. Exit code 1 when one is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.load import LIMIT_MB, LOAD, PLAIN_NAMES, SPENT, Cost, free_port
from outturn import receive, server, warehouse
from outturn.database import connect
from outturn.settings import Settings

LIMIT = 1.5
NAME = "Bench_2016-01.xlsx"
FORM = """\
apiVersion: outturn/v1
kind: ExtractForm
extract: finance/payments
form: {{name: bench, files: "Bench_<YYYY-MM>.xlsx", format: xlsx, columns: {{{columns}}}}}
"""
BARE = f"""{SPENT}
from python_calamine import CalamineWorkbook
started = time.monotonic()
rows = CalamineWorkbook.from_path(sys.argv[1]).get_sheet_by_index(0).to_python()
spent(time.monotonic() - started)
"""
_OPEN = "http://schemas.openxmlformats.org"
_MAIN, _RELATIONS = f"{_OPEN}/spreadsheetml/2006/main", f"{_OPEN}/package/2006/relationships"
_DOCUMENT = f"{_OPEN}/officeDocument/2006/relationships"
_TYPES = f"{_OPEN}/package/2006/content-types"
PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Default Extension="xml" '
    'ContentType="application/xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" '
    f'Type="{_DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}"><sheets>'
    '<sheet name="Payments" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}">'
    + "".join(
        f'<Relationship Id="rId{n}" Type="{_DOCUMENT}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(
            (
                ("worksheet", "worksheets/sheet1.xml"),
                ("sharedStrings", "sharedStrings.xml"),
                ("styles", "styles.xml"),
            ),
            1,
        )
    )
    + "</Relationships>",
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs count="2"><xf numFmtId="0"/>'
    '<xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
}


def generate(path: Path, rows: int) -> None:
    """Payments as Excel writes them: shared texts, numbers, days as styled numbers, booleans."""
    texts: dict[str, int] = {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in PARTS.items():
            archive.writestr(name, text)
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
            for line in _rows(rows, texts):
                sheet.write(line.encode())
            sheet.write(b"</sheetData></worksheet>")
        shared = "".join(f"<si><t>{text}</t></si>" for text in texts)
        archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{_MAIN}">{shared}</sst>')


def _rows(rows: int, texts: dict[str, int]) -> Iterator[str]:
    chance = random.Random(1)  # noqa: S311 - made data, the same each time
    yield _row(1, PLAIN_NAMES, texts)
    for number in range(2, rows + 2):
        day = 42370 + chance.randrange(31)
        yield _row(
            number,
            (
                "MPS", "Metropolitan Police Service", f"Supplier {chance.randrange(5000)} Ltd",
                f"T{number}", f"Type {chance.randrange(40)}", f"Area {chance.randrange(90)}",
                f"Invoice for services {chance.randrange(100_000)}", chance.randrange(10**8) / 100,
                day, f"INV{chance.randrange(10**7)}", day - 30, day - 29, day - 28,
                chance.random() < 0.5, chance.random() < 0.05,
            ),
            texts,
        )  # fmt: skip


def _row(number: int, cells: tuple[object, ...], texts: dict[str, int]) -> str:
    made = []
    for letter, cell in zip("ABCDEFGHIJKLMNO", cells, strict=True):
        place = f'<c r="{letter}{number}"'
        if isinstance(cell, str):
            made.append(f'{place} t="s"><v>{texts.setdefault(cell, len(texts))}</v></c>')
        elif isinstance(cell, bool):
            made.append(f'{place} t="b"><v>{cell:d}</v></c>')
        else:
            style = ' s="1"' if isinstance(cell, int) else ""
            made.append(f"{place}{style}><v>{cell}</v></c>")
    return f'<row r="{number}">{"".join(made)}</row>'


def cost(code: str, *arguments: object) -> Cost:
    """What a process says of its own work."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, peak, cpu = json.loads(done.stdout)
    return Cost(seconds, cpu, peak)


def run(settings: Settings, path: Path, runs: int) -> int:
    """The measurement on a running server."""
    warehouse.initialise(settings)
    moment = datetime(2016, 3, 1, tzinfo=UTC)
    (file_id,) = receive.receive_paths(settings, [str(path)], received_at=moment)
    reads, loads = [], []
    for _ in range(runs):
        reads.append(cost(BARE, path))
        with connect(settings, "admin") as connection:
            connection.execute("truncate landing.finance__payments")
            connection.execute("delete from ops.file_part")
            connection.execute("update ops.extract_file set status = 'registered'")
        loads.append(cost(LOAD, settings.home, settings.pg_port, file_id))
        print(
            f"bare read {reads[-1].seconds:6.2f} s (CPU {reads[-1].cpu:5.2f})   "
            f"load {loads[-1].seconds:6.2f} s (CPU {loads[-1].cpu:5.2f})   "
            f"peak {loads[-1].peak:4.0f} MB",
            flush=True,
        )
    bare, load = (median(one.seconds for one in kind) for kind in (reads, loads))
    print(
        f"medians: bare {bare:.2f} s, load {load:.2f} s, ratio {load / bare:.2f} (budget {LIMIT})"
    )
    peak = max(one.peak for one in loads)
    print(f"peak {peak:.0f} MB (budget {LIMIT_MB})")
    return 0 if load / bare <= LIMIT and peak <= LIMIT_MB else 1


def main() -> int:
    """Generate, run, print a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=200_000)
    options.add_argument("--runs", type=int, default=3)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="outturn-bench-") as folder:
        path, extracts = Path(folder) / NAME, Path(folder) / "extracts"
        (extracts / "finance").mkdir(parents=True)
        columns = ", ".join(f"{name}: {name}" for name in PLAIN_NAMES)
        (extracts / "finance" / "bench.yaml").write_text(FORM.format(columns=columns))
        generate(path, chosen.rows)
        os.environ["OUTTURN_EXTRACTS_DIR"] = str(extracts)  # for the processes that load
        home = Path(folder) / "home"
        settings = Settings(home=home, pg_port=free_port(), extracts_dir=extracts)
        server.start(settings)
        try:
            return run(settings, path, chosen.runs)
        finally:
            server.remove(settings)


if __name__ == "__main__":
    sys.exit(main())
