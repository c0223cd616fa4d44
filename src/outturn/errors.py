"""Every way of failing that a user can do something about, each with its facts and remedy."""

from __future__ import annotations


class OutturnError(Exception):
    """Base: what happened, and what to do. The command line prints both and exits 1."""

    exit_code = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message} {remedy}".strip())


class ServerProblem(OutturnError):
    """PostgreSQL cannot be found, started or reached."""


class NotReady(OutturnError):
    """The warehouse has not been initialised, or this machine lacks something it needs."""


class SeedProblem(OutturnError):
    """Reference data cannot be used: names file, line, column and value."""

    def __init__(
        self,
        file: str,
        what: str,
        *,
        line: int | None = None,
        column: str | None = None,
        value: str | None = None,
        remedy: str = "",
    ) -> None:
        self.file, self.line, self.column, self.value = file, line, column, value
        place = file + (f", line {line}" if line else "") + (f", column {column}" if column else "")
        shown = f" (value {value!r})" if value is not None else ""
        super().__init__(f"{place}: {what}{shown}.", remedy=remedy)


class BuildFailed(OutturnError):
    """dbt stopped: names every model or test that failed with its message."""


class PublishFailed(OutturnError):
    """The swap could not be made; the live marts are as they were."""


class LeaseTaken(OutturnError):
    """Another run holds the lease on the warehouse."""


class QueryRefused(OutturnError):
    """`outturn sql` takes one read-only statement."""


class AudienceUnknown(OutturnError):
    """Nobody reads under this name."""

    def __init__(self, audience: str, known: list[str]) -> None:
        self.audience, self.known = audience, known
        super().__init__(
            f"there is no audience {audience!r}.",
            remedy=f"There are: {', '.join(known)}; audiences.csv names them.",
        )


class AirflowProblem(OutturnError):
    """Airflow cannot be configured, started or reached, or does not answer in time."""


class RunFailed(OutturnError):
    """A DAG run failed: names each failed task with the end of its log."""

    def __init__(
        self, dag_id: str, run_id: str, tasks: dict[str, str], *, remedy: str = ""
    ) -> None:
        self.dag_id, self.run_id, self.tasks = dag_id, run_id, tasks
        ends = "".join(f"\n--- {task}\n{tail}" for task, tail in tasks.items())
        super().__init__(f"run {run_id} of {dag_id} failed.{ends}\n", remedy=remedy)


class ManifestInvalid(OutturnError):
    """A manifest that cannot be trusted: names file, line, column and value."""

    def __init__(self, file: str, line: int, column: str, value: str, what: str) -> None:
        self.file, self.line, self.column, self.value = file, line, column, value
        super().__init__(
            f"{file}, line {line}, column {column}: {what} (value {value!r}).",
            remedy="Correct the manifest and receive again: nothing of this source was taken.",
        )


class SourceUnreachable(OutturnError):
    """A source's location cannot be listed or read; what was taken before stays taken."""


class HostKeyRefused(SourceUnreachable):
    """An SFTP server shows a key that is not the pinned one: nothing was sent to it."""


class DeliveryRefused(OutturnError):
    """Files that did not arrive whole or fit several contracts; the others were taken."""

    def __init__(self, faults: dict[str, str], *, remedy: str) -> None:
        self.faults = faults
        listed = "; ".join(f"{name}: {why}" for name, why in faults.items())
        super().__init__(f"not taken: {listed}.", remedy=remedy)


class CheckFailed(OutturnError):
    """Files held back by a critical check: names each file with its failed checks."""

    def __init__(self, failures: dict[str, list[str]], *, pages: str) -> None:
        self.failures = failures
        listed = "; ".join(f"{name}: {', '.join(checks)}" for name, checks in failures.items())
        super().__init__(
            f"held back by a critical check: {listed}.",
            remedy=f"See {pages}; ask the source for a corrected delivery, which heals by itself.",
        )


class IntakeFailed(OutturnError):
    """Some delivered files were refused or held; what is good went on."""

    def __init__(self, problems: list[OutturnError]) -> None:
        self.problems = problems
        listed = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"{len(problems)} delivered file(s) did not become current:\n{listed}")


class ContractInvalid(OutturnError):
    """An extract contract that cannot be used: names file, key path and reason."""

    def __init__(self, file: str, key: str, reason: str) -> None:
        self.file, self.key, self.reason = file, key, reason
        place = f"{file}, key {key}" if key else file
        super().__init__(
            f"{place}: {reason}.", remedy="docs/extracts.md says what a contract may contain."
        )


class DraftImpossible(OutturnError):
    """A sample from which no contract can be drafted: names the file and why."""

    def __init__(self, file: str, reason: str, *, remedy: str = "") -> None:
        self.file, self.reason = file, reason
        super().__init__(
            f"{file}: no contract can be drafted from it: {reason}.",
            remedy=remedy or "docs/extracts.md says how to write one by hand.",
        )


class FileRefused(OutturnError):
    """A delivered file refused whole: nothing of it landed."""

    def __init__(
        self,
        file: str,
        reason: str,
        *,
        line: int | None = None,
        column: str | None = None,
        value: str | None = None,
        remedy: str = "Ask the sender for a corrected file; it heals by itself.",
    ) -> None:
        self.file, self.reason, self.line = file, reason, line
        self.column, self.value = column, value
        place = file + (f", line {line}" if line else "") + (f", column {column}" if column else "")
        shown = f" (value {value!r})" if value is not None else ""
        super().__init__(f"{place}: {reason}{shown}.", remedy=remedy)

    @classmethod
    def as_stored(cls, file: str, refusal: str) -> FileRefused:
        """A refusal of an earlier load, told in the words that were stored then."""
        problem = cls(file, refusal)
        problem.message, problem.remedy = refusal, ""
        problem.args = (refusal,)
        return problem


class MonthNotFinal(OutturnError):
    """The deadline for a month's final figures has come and they are not published."""

    def __init__(self, month: str, why: str, *, remedy: str) -> None:
        self.month = month
        super().__init__(f"{month} is not final: {why}.", remedy=remedy)


class LedgerBroken(OutturnError):
    """A record was tampered with: names the first entry that does not fit."""

    def __init__(self, record: str, entry_number: int, fault: str) -> None:
        self.record, self.entry_number, self.fault = record, entry_number, fault
        super().__init__(
            f"{record} {entry_number}: {fault}.",
            remedy="Somebody changed it past its triggers: restore it from a backup and compare.",
        )


class RebuildDiffers(OutturnError):
    """A past publication comes out otherwise today: names the first figures, then and now."""

    def __init__(
        self,
        publication_id: int,
        differences: list[tuple[str, str, str, str | None, str | None]],
        *,
        same_code: bool,
    ) -> None:
        self.publication_id, self.differences = publication_id, differences
        shown = "".join(
            f"\n  {mart} {key} {measure}: {then} then, {now} now"
            for mart, key, measure, then, now in differences[:10]
        )
        super().__init__(
            f"{len(differences)} figures of publication {publication_id} differ:{shown}\n",
            remedy="The code is the same: report it."
            if same_code
            else "The models have changed since: that may be why.",
        )


class NoticeRefused(OutturnError):
    """A credit notice that cannot be issued: names contract, month and why. Nothing was done."""

    def __init__(self, contract: str, period: str, why: str, *, remedy: str = "") -> None:
        self.contract, self.period, self.why = contract, period, why
        super().__init__(f"no notice of {contract} for {period}: {why}.", remedy=remedy)


class ApprovalRefused(OutturnError):
    """An answer to an approval that does not count: nothing was issued."""

    def __init__(self, why: str, *, remedy: str) -> None:
        self.why = why
        super().__init__(f"the answer does not count: {why}.", remedy=remedy)


class BundleProblem(OutturnError):
    """Dashboards' files that fit neither each other nor the marts: names each and why."""


class SupersetProblem(OutturnError):
    """Superset cannot be prepared, started, reached or brought in line with the bundle."""
