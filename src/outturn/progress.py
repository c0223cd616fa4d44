"""What is going on and how long it has taken: for a person at a terminal and for a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

T = TypeVar("T")

console = Console(stderr=True, highlight=False)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Say what begins, and how long it took or that it failed. Plain lines in a log."""
    started = time.monotonic()
    spinner = console.status(text) if console.is_terminal else None
    if spinner:
        spinner.start()
    else:
        console.print(f"… {text}", markup=False)
    try:
        yield
    except BaseException:
        _end(spinner, "[red]✗[/red]", text, started)
        raise
    _end(spinner, "[green]✓[/green]", text, started)


def _end(spinner: object, mark: str, text: str, started: float) -> None:
    if spinner is not None:
        spinner.stop()  # type: ignore[attr-defined]
    console.print(f"{mark} {text} [dim]({time.monotonic() - started:.1f} s)[/dim]")


def track(items: Iterable[T], total: int | None, description: str) -> Iterator[T]:
    """Yield the items behind a bar with count and elapsed time (nothing but a line in a log)."""
    if not console.is_terminal:
        console.print(f"… {description} ({total if total is not None else 'some'})", markup=False)
        yield from items
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        yield from bar.track(items, total=total, description=description)


def say(text: str) -> None:
    """One line to the person watching; standard output is kept for results."""
    console.print(text, markup=False)


def is_interactive() -> bool:
    """Whether a person is likely to be reading standard output."""
    return sys.stdout.isatty()
