"""All that one file's load needs to know before it begins."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outturn import archive, seeds
from outturn.contracts import Contract, Form, load_contracts
from outturn.errors import FileRefused, OutturnError
from outturn.load.controls import summed_columns
from outturn.load.references import Codes, read_codes
from outturn.settings import Settings


@dataclass(frozen=True)
class Job:
    """One file with all that its load needs."""

    file_id: int
    name: str
    path: Path
    contract: Contract
    form: Form
    period: str | None
    codes: dict[str, Codes]
    summed: tuple[str, ...]


def contract_of(settings: Settings, extract: str, name: str) -> Contract:
    """The contract that a file is loaded by. Raises OutturnError when it is gone."""
    contracts = load_contracts(settings)
    if extract not in contracts:
        raise OutturnError(
            f"{name}: the extract {extract!r} has no contract any more.",
            remedy="Put its contract back under extracts/ or OUTTURN_EXTRACTS_DIR.",
        )
    return contracts[extract]


def make_job(settings: Settings, file_id: int, row: tuple[Any, ...], contract: Contract) -> Job:
    """A job from a file's row. Raises FileRefused when no form fits its name any more."""
    _, form_name, sha256, *_, name = row
    found = contract.match(name)
    form = found.form if found else _stored_form(contract, form_name, name)
    return Job(
        file_id=file_id,
        name=name,
        path=archive.path_of(settings, sha256),
        contract=contract,
        form=form,
        period=found.name.period if found else None,
        codes=_codes(settings, contract),
        summed=summed_columns(contract),
    )


def _codes(settings: Settings, contract: Contract) -> dict[str, Codes]:
    """The codes that columns may have; reference data is read only where a column refers to it."""
    if not any(column.references for column in contract.columns):
        return {}
    return read_codes(contract, seeds.current_seed_dir(settings))


def _stored_form(contract: Contract, form_name: str, name: str) -> Form:
    """The form that the file was received as, for one whose name says nothing."""
    try:
        return contract.form(form_name)
    except KeyError:
        raise FileRefused(
            name,
            f"was received as the form {form_name!r}, which the contract does not have",
            remedy=f"Put the form back into {contract.path}, then redrive the file.",
        ) from None
