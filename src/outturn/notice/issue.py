"""That a notice was issued: who asked, who approved, when and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Issue:
    """An approval that counts. Names are those of the orchestrator's users."""

    requested_by: str
    approved_by: str
    approved_on: date
    reason: str

    @property
    def sentence(self) -> str:
        """One line for the notice itself."""
        return (
            f"Issued on {self.approved_on:%d/%m/%Y}, approved by {self.approved_by} "
            f"({self.reason}), asked for by {self.requested_by}."
        )
