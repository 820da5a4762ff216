"""How the result of a ``.sync`` Task says that its job ended well, for replies that stand for such a job."""

from __future__ import annotations

from sfn_airflow_core.catalogue.table import OPTIMISED


def endings() -> dict[str, tuple[str, str]]:
    """By action: the dotted path of the status in the Task's result, and the first good end.

    >>> endings()["glue:startJobRun"], endings()["codebuild:startBuild"]
    (('JobRunState', 'SUCCEEDED'), ('Build.BuildStatus', 'SUCCEEDED'))
    """
    found = {}
    for row in OPTIMISED:
        if (job := row.describe) is not None and (path := _path(job.status, job.result)):
            found[row.action] = (path, job.succeeded[0])
    return found


def _path(status: str, result: str) -> str:
    """Where the status lies in the result, which may be part of the description, or made of parts of it."""
    if not result:
        return status
    for part in result.split():
        name, _, source = part.rpartition("=")
        if status.startswith(f"{source}."):
            inner = status.removeprefix(f"{source}.")
            return f"{name}.{inner}" if name else inner
    return ""
