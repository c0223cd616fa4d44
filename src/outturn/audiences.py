"""Who reads the marts: audiences of reference data, each a login role that sees its contracts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from outturn import seeds
from outturn.database import AudienceCode, connect, login_name
from outturn.errors import AudienceUnknown
from outturn.progress import say
from outturn.seed_audiences import FINANCE
from outturn.settings import Settings


@dataclass(frozen=True)
class Audience:
    """Readers with a login of their own. `contracts`: those that they see; empty: every one."""

    code: AudienceCode
    name: str
    contracts: frozenset[str] = frozenset()

    @property
    def is_limited(self) -> bool:
        """Whether it sees some contracts only, and nothing that is of no contract."""
        return bool(self.contracts)


def read(settings: Settings) -> dict[AudienceCode, Audience]:
    """The audiences in force by code, `finance` first whether or not it is named.

    Raises SeedProblem as any reading of reference data does.
    """
    names = {FINANCE: "Finance"}
    contracts: dict[str, set[str]] = {FINANCE: set()}
    for row in seeds.read_tables(settings)["audiences"]:
        names[row["audience_code"]] = row["name"]
        contracts.setdefault(row["audience_code"], set()).update({row["contract_code"]} - {""})
    found = [
        Audience(AudienceCode(code), names[code], frozenset(contracts[code])) for code in names
    ]
    return {audience.code: audience for audience in found}


def find(settings: Settings, code: str) -> Audience:
    """The audience of this code. Raises AudienceUnknown naming those that there are."""
    known = read(settings)
    found = known.get(AudienceCode(code))
    if found is None:
        raise AudienceUnknown(code, list(known))
    return found


def rules(readers: Iterable[Audience]) -> set[tuple[str, str | None]]:
    """The rows of ops.audience: a login role and a contract that it sees; None: every one."""
    return {
        (login_name(reader.code), contract)
        for reader in readers
        for contract in reader.contracts or (None,)
    }


def warn_of_unapplied(settings: Settings) -> None:
    """Say so when reference data names other readers than `outturn init` has let in."""
    with connect(settings, "publisher") as connection:
        applied = connection.execute("select login, contract_code from ops.audience").fetchall()
    if set(applied) != rules(read(settings).values()):
        say("warning: audiences.csv has changed: `outturn init` applies who may read.")
