"""Why a state fails: the errors of the language, and which names in ``ErrorEquals`` they answer to."""

from __future__ import annotations

from collections.abc import Iterable

RUNTIME = "States.Runtime"
QUERY = "States.QueryEvaluationError"
DATA_LIMIT = "States.DataLimitExceeded"
TIMEOUT = "States.Timeout"
HEARTBEAT = "States.HeartbeatTimeout"
TASK_FAILED = "States.TaskFailed"
ALL = "States.ALL"
TOLERANCE = "States.ExceedToleratedFailureThreshold"
READER_FAILED = "States.ItemReaderFailed"
WRITER_FAILED = "States.ResultWriterFailed"
BRANCH_FAILED = "States.BranchFailed"


CAUSE_LENGTH = 32_768
"""The most characters that a cause may have (botocore, SensitiveCause)."""


class StateFailed(Exception):
    """A state, branch, iteration or execution failed with an AWS error.

    ``error`` and ``cause`` may be None (a Fail without them). ``also`` are further names that ``ErrorEquals`` may
    use, such as ``States.HeartbeatTimeout``. ``wildcard`` says whether ``States.ALL`` and ``States.TaskFailed`` match
    it.
    """

    def __init__(
        self, error: str | None, cause: str | None = None, *, also: tuple[str, ...] = (), wildcard: bool = True
    ):
        cause = cause if cause is None else cause[:CAUSE_LENGTH]
        super().__init__(error, cause)
        self.error, self.cause, self.also, self.wildcard = error, cause, also, wildcard

    def inside(self, *names: str) -> StateFailed:
        """The same failure as the state around sees it, which may also be called by these names there."""
        return StateFailed(self.error, self.cause, also=(*self.also, *names), wildcard=self.wildcard)

    @property
    def output(self) -> dict[str, str | None]:
        """The Error Output: what a catcher receives."""
        empty = "" if self.error == TIMEOUT else None  # recorded: a timeout has an empty cause here
        return {"Error": self.error, "Cause": empty if self.cause is None else self.cause}


class EvaluationError(Exception):
    """An expression cannot be evaluated with this data; becomes ``States.Runtime`` or
    ``States.QueryEvaluationError``.
    """


class MissingValue(EvaluationError):
    """A definite path finds nothing."""


def answers_to(failure: StateFailed, names: Iterable[str]) -> bool:
    """Whether one of the names of an ``ErrorEquals`` matches (States Language, Errors; recorded behaviour where it
    differs).

    ``States.Runtime`` is never matched, not even by name. ``States.TaskFailed`` matches everything but timeouts
    (Developer Guide). A payload that is too large when a state is left is matched by its name only.
    """
    if failure.error == RUNTIME:
        return False
    timed_out = failure.error in (TIMEOUT, HEARTBEAT)
    for name in names:
        if name == ALL and failure.wildcard:
            return True
        if name == TASK_FAILED and failure.wildcard and not timed_out:
            return True
        if failure.error is not None and (name == failure.error or name in failure.also):
            return True
    return False
