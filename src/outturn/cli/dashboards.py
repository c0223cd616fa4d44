"""`outturn dashboards …`: the bundle under superset/assets against what Superset has."""

from __future__ import annotations

from typing import Annotated

import typer

from outturn.progress import say, step
from outturn.settings import get_settings

app = typer.Typer(help="Superset's dashboards, as the files under superset/assets say.")


@app.command()
def plan() -> None:
    """Say what `apply` would create, update and delete."""
    from outturn.dashboards import managing
    from outturn.dashboards.bundle import read

    changes = managing.plan(get_settings(), read())
    for change in changes:
        typer.echo(str(change))
    if not changes:
        say("Nothing to do.")


@app.command()
def apply() -> None:
    """Make Superset as the bundle says: dashboards, roles, access, theme; prune what left it."""
    from outturn.dashboards import managing
    from outturn.dashboards.bundle import read

    with step("Dashboards, roles and theme"):
        pruned = managing.apply(get_settings(), read())
    for gone in pruned:
        say(f"deleted {gone}")


@app.command()
def prune() -> None:
    """Delete what code had made and the bundle no longer holds; nothing that a user made."""
    from outturn.dashboards import managing
    from outturn.dashboards.bundle import read

    for gone in managing.prune(get_settings(), read()):
        typer.echo(f"deleted {gone}")


@app.command()
def verify() -> None:
    """Exit 1 unless Superset is exactly as the bundle says."""
    from outturn.dashboards import managing
    from outturn.dashboards.bundle import read

    managing.verify(get_settings(), read())
    say("Superset is as the bundle says.")


@app.command()
def serve(
    foreground: Annotated[bool, typer.Option(help="Stay, as a container's process does.")] = False,
) -> None:
    """Start Superset's pages on this machine; `outturn stop` ends them."""
    from outturn.dashboards import serving

    settings = get_settings()
    if foreground:
        serving.become(settings)
    with step(f"Superset on port {settings.superset_port}"):
        serving.start(settings)
        serving.wait_until_healthy(settings)
    say(f"Dashboards: {serving.base_url(settings)}")


@app.command()
def export() -> None:
    """Write what was changed in Superset back to the bundle, and dbt's exposures."""
    from outturn.dashboards import bundle, exposures, managing

    kept = bundle.read()
    taken = managing.export(get_settings(), kept)
    for path in bundle.write(taken):
        typer.echo(f"wrote {path}")
    if exposures.write(bundle.read()):
        typer.echo(f"wrote {exposures.PATH}")
