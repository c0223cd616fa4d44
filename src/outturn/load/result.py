"""What a load came to."""

from __future__ import annotations

from dataclasses import dataclass

from outturn.errors import FileRefused


@dataclass(frozen=True)
class LoadResult:
    """One file's load. `problem` is set when it was refused whole; then nothing landed."""

    file_id: int
    extract: str
    name: str
    records: int
    landed: int
    quarantined: int
    seconds: float
    problem: FileRefused | None = None

    @property
    def refusal(self) -> str | None:
        """Why the file was refused and what to do, or None when it was loaded."""
        return None if self.problem is None else str(self.problem)

    def raise_if_refused(self) -> None:
        """Raise FileRefused when the file was refused."""
        if self.problem is not None:
            raise self.problem
