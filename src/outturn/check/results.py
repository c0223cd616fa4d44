"""What checking a file found: facts for `ops`, for the pages and for whoever called."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from outturn.errors import CheckFailed

Severity = Literal["critical", "warning"]


@dataclass(frozen=True)
class Outcome:
    """One check's result. `examples` are some failing rows, each with its record number."""

    name: str
    column: str | None
    severity: Severity
    success: bool
    observed: str
    unexpected_count: int | None
    description: str
    expected: str
    examples: tuple[dict[str, Any], ...] = ()
    problem: str | None = None

    @property
    def verdict(self) -> Literal["passed", "warning", "failed"]:
        """`failed` holds the file back; `warning` is recorded and shown."""
        if self.success:
            return "passed"
        return "failed" if self.severity == "critical" else "warning"


@dataclass(frozen=True)
class CheckResult:
    """What became of a checked file."""

    file_id: int
    extract: str
    name: str
    accepted: bool
    page: str
    failures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def raise_if_held(self) -> None:
        """Raise CheckFailed, which names the failed checks, when the file was held back."""
        if not self.accepted:
            raise CheckFailed({self.name: self.failures}, pages=self.page)
