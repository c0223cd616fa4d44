"""Plan, apply, prune, verify and export: the bundle against what Superset has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from outturn.dashboards import environment, readers
from outturn.dashboards.bundle import KINDS, Bundle, Document, read_roles, uuid_of
from outturn.dashboards.check import check
from outturn.dashboards.expand import expand
from outturn.dashboards.reduce import reduce
from outturn.errors import BundleProblem
from outturn.settings import Settings

DUMP = {"action": "dump", "administrator": environment.ADMINISTRATOR}


@dataclass(frozen=True)
class Change:
    """One thing that is not as the bundle has it: `create`, `update` or `delete` what."""

    act: str
    what: str
    detail: str = ""

    def __str__(self) -> str:
        """One line of a plan."""
        return f"{self.act} {self.what}" + (f" ({self.detail})" if self.detail else "")


def plan(settings: Settings, bundle: Bundle) -> list[Change]:
    """What `apply` would change; empty when all is as the bundle says."""
    check(bundle)
    bundle = readers.with_connections(settings, bundle)
    if not _is_prepared(settings):
        return [
            Change("create", f"{kind}/{slug}") for kind in KINDS for slug in bundle.of_kind(kind)
        ]
    return _differences(settings, bundle, environment.run_inside(settings, DUMP))


def apply(settings: Settings, bundle: Bundle) -> list[str]:
    """Make Superset as the bundle says, in one process; returns what was pruned.

    Checks the bundle first and the outcome afterwards: a chart that was silently left out, or a
    role with one permission more, raises BundleProblem.
    """
    check(bundle)
    bundle = readers.with_connections(settings, bundle)
    found = environment.run_inside(settings, job(settings, bundle))
    _mark_prepared(settings)
    _refuse(_differences(settings, bundle, found), "is not as it was applied")
    pruned: list[str] = found["pruned"]
    return pruned


def job(settings: Settings, bundle: Bundle) -> Document:
    """What the process inside is asked to apply, of a bundle with its connections."""
    return {
        "action": "apply",
        "administrator": environment.ADMINISTRATOR,
        "documents": expand(settings, bundle),
        "roles": readers.roles(settings),
        "managed_roles": readers.ROLE_PREFIX,
        "users": environment.users(settings),
        "access": readers.access(settings, bundle),
    }


def prune(settings: Settings, bundle: Bundle) -> list[str]:
    """Delete what the bundle no longer holds and code had made; returns what it was."""
    check(bundle)
    bundle = readers.with_connections(settings, bundle)
    wanted = {"action": "prune", "documents": expand(settings, bundle)}
    pruned: list[str] = environment.run_inside(settings, wanted)["pruned"]
    return pruned


def verify(settings: Settings, bundle: Bundle) -> None:
    """Raises BundleProblem that lists each difference between Superset and the bundle."""
    _refuse(plan(settings, bundle), "differs from the bundle")


def export(settings: Settings, bundle: Bundle) -> Bundle:
    """The bundle as Superset has it now: what somebody changed there, as short documents.

    Objects keep their slugs; what the bundle does not know is not taken over.
    """
    found = environment.run_inside(settings, DUMP)
    taken = reduce(found["documents"], bundle)
    for slug, board in taken.dashboards.items():
        first = {name: board[name] for name in ("title", "description", "theme")}
        opened = [role for role in found["access"].get(slug, []) if role in read_roles()]
        taken.dashboards[slug] = first | {"access": opened} | board
    return taken


def _differences(settings: Settings, bundle: Bundle, found: Document) -> list[Change]:
    changes = []
    live = reduce(found["documents"], bundle)
    wanted = reduce(_by_uuid(expand(settings, bundle)), bundle)
    for kind in KINDS:
        have = live.of_kind(kind)
        for slug, document in wanted.of_kind(kind).items():
            if slug not in have:
                changes.append(Change("create", f"{kind}/{slug}"))
            elif have[slug] != document:
                changes.append(Change("update", f"{kind}/{slug}", _where(have[slug], document)))
        known = {uuid_of(kind, slug) for slug in bundle.of_kind(kind)}
        changes += [
            Change("delete", f"{kind}/{uuid}")
            for uuid in sorted(set(found["documents"][kind]) - known)
        ]
    return changes + _security_differences(settings, bundle, found)


def _security_differences(settings: Settings, bundle: Bundle, found: Document) -> list[Change]:
    changes = []
    roles = readers.roles(settings)
    for name, wanted in roles.items():
        have = found["roles"].get(name)
        exact = {key: sorted(views) for key, views in wanted.items()} if wanted != "*" else have
        if have is None or have != exact:
            changes.append(Change("update", f"role {name}"))
    changes += [
        Change("delete", f"role {name}")
        for name in found["roles"]
        if name.startswith(readers.ROLE_PREFIX) and name not in roles
    ]
    for slug, opened in readers.access(settings, bundle).items():
        if found["access"].get(slug) != opened:
            changes.append(Change("update", f"access to {slug}"))
    changes += [
        Change("update", f"user {user['name']}")
        for user in environment.users(settings)
        if found["users"].get(user["name"]) != [user["role"]]
    ]
    return changes


def _by_uuid(documents: dict[str, Document]) -> dict[str, dict[str, Document]]:
    found: dict[str, dict[str, Document]] = {kind: {} for kind in KINDS}
    for path, document in documents.items():
        found[path.split("/", 1)[0]][document["uuid"]] = document
    return found


def _where(have: Any, wanted: Any, path: str = "") -> str:
    """The first place at which two documents differ."""
    if isinstance(have, dict) and isinstance(wanted, dict):
        for key in sorted({*have, *wanted}, key=str):
            if have.get(key) != wanted.get(key):
                return _where(have.get(key), wanted.get(key), f"{path}.{key}" if path else key)
    if isinstance(have, list) and isinstance(wanted, list) and len(have) == len(wanted):
        for number, (left, right) in enumerate(zip(have, wanted, strict=True)):
            if left != right:
                return _where(left, right, f"{path}[{number}]")
    return path


def _refuse(changes: list[Change], what: str) -> None:
    if changes:
        raise BundleProblem(
            f"Superset {what}:\n  " + "\n  ".join(map(str, changes)),
            remedy="Run `outturn dashboards apply`, or `export` to keep what was changed there.",
        )


def _is_prepared(settings: Settings) -> bool:
    return (settings.home / "superset" / "applied").exists()


def _mark_prepared(settings: Settings) -> None:
    (settings.home / "superset" / "applied").touch()
