"""Writes the part of the table that runs beside the DAGs: ``sfn2airflow/runtime/aws_job_table.py``.

The runtime is copied next to the DAGs and cannot import this package, so it gets the recipes of the jobs as a module
of its own. After a change of the table: ``python -m sfn2airflow.services.job_table``. A test holds both together.
"""

from __future__ import annotations

from pathlib import Path

from sfn_airflow_core.catalogue.table import OPTIMISED

_WIDTH = 120
TARGET = Path(__file__).parent.parent / "runtime" / "aws_job_table.py"

_HEAD = '''"""How jobs are watched: by action, the describing call, its arguments, the status and its ends, the result.

Written from the table in ``sfn_airflow_core/catalogue`` by ``python -m sfn2airflow.services.job_table``.
"""

# action: (describing action, its arguments, path of the status, good ends, bad ends, result, path of an ECS task)
JOBS: dict[str, tuple[str, dict[str, str], str, tuple[str, ...], tuple[str, ...], str, str]] = {
'''


def job_table() -> str:
    """The source of the runtime's module, a line for each part of a job's recipe."""
    lines = []
    for row in OPTIMISED:
        if (job := row.describe) is not None:
            parts = (job.action, dict(job.arguments), job.status, job.succeeded, job.failed, job.result, job.containers)
            lines += [f"    {_quoted(row.action)}: (", *(line for part in parts for line in _lines(part)), "    ),"]
    return "\n".join([_HEAD.rstrip("\n"), *lines, "}", ""])


def _lines(part: object) -> list[str]:
    """A part of a recipe on one line, or a long dict on a line for each key, as the formatter lays it out."""
    one = f"        {_quoted(part)},"
    if len(one) <= _WIDTH or not isinstance(part, dict):
        return [one]
    return ["        {", *(f"            {_quoted(k)}: {_quoted(v)}," for k, v in part.items()), "        },"]


def _quoted(value: object) -> str:
    """A text, a dict of texts or a tuple of texts as Python, with double quotes."""
    match value:
        case str():
            return f'"{value}"'
        case dict():
            return "{" + ", ".join(f"{_quoted(k)}: {_quoted(v)}" for k, v in value.items()) + "}"
        case tuple():
            inner = ", ".join(map(_quoted, value))
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        case _:
            raise TypeError(type(value).__name__)


if __name__ == "__main__":
    TARGET.write_text(job_table())
