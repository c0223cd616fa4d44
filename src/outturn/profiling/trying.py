"""A load without a warehouse: the loader's own reading and judging, and nothing kept."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from outturn import seeds
from outturn.contracts import Contract, Form
from outturn.errors import FileRefused
from outturn.load.blocks import Block, CellsBlock, RowsBlock
from outturn.load.controls import Totals, summed_columns
from outturn.load.job import Job
from outturn.load.loading import read_results, refuse_without_month
from outturn.load.opening import documents
from outturn.load.records import Record, is_blank_record, tokenise
from outturn.load.references import Codes, read_codes
from outturn.load.storing import refuse_if_bad
from outturn.load.worker import Rejected
from outturn.settings import Settings

KEPT_REJECTS = 2_000


@dataclass
class Outcome:
    """What a load would come to. `rejected` are the first bad records, whole."""

    landed: int = 0
    set_aside: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    refusal: FileRefused | None = None

    @property
    def is_clean(self) -> bool:
        """Whether every record would land."""
        return self.refusal is None and not self.set_aside and self.landed > 0


def codes_of(settings: Settings, contract: Contract) -> dict[str, Codes]:
    """The codes that the contract's columns may have, from reference data that is not archived."""
    with tempfile.TemporaryDirectory(prefix="outturn-try-") as scratch:
        elsewhere = settings.model_copy(update={"home": Path(scratch)})
        return read_codes(contract, seeds.current_seed_dir(elsewhere))


def try_load(
    path: Path, name: str, contract: Contract, form: Form, codes: dict[str, Codes]
) -> Outcome:
    """Read and judge a file as a load would under this name, form and these codes."""
    found = contract.match(name)
    job = Job(
        file_id=0,
        name=name,
        path=path,
        contract=contract,
        form=form,
        period=found.name.period if found else None,
        codes=codes,
        summed=summed_columns(contract),
    )
    totals, outcome = Totals(), Outcome()
    with _scratch() as folder, (folder / "rejects").open("w+", encoding="utf-8") as spool:
        try:
            refuse_without_month(job)
            for result in read_results(job, folder, folder, totals):
                spool.writelines(result.rejected)
                kept = result.rejected[: KEPT_REJECTS - len(outcome.rejected)]
                outcome.rejected += map(Rejected.from_line, kept)
            refuse_if_bad(job, totals, spool)
        except FileRefused as problem:
            outcome.refusal = problem
    outcome.landed, outcome.set_aside = totals.landed, totals.quarantined
    return outcome


def records_of(path: Path, contract: Contract, form: Form) -> Iterator[Record]:
    """The records of a file as the loader splits them, with the cells as they stand.

    Raises FileRefused.
    """
    with (
        _scratch() as folder,
        documents(path.name, path, contract, form, folder) as found,
    ):
        for _, document in found:
            for block in document.blocks():
                yield from _records(block, form.delimiter)


def _records(block: Block, delimiter: str) -> Iterator[Record]:
    if isinstance(block, CellsBlock):
        yield from (block.record(index) for index in range(block.rows))
        return
    if isinstance(block, RowsBlock):
        records = block.records
    else:
        records, _ = tokenise(block.data.decode(), delimiter, block.first_line, final=True)
    yield from (record for record in records if not is_blank_record(record))


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="outturn-try-") as folder:
        yield Path(folder)
