"""What a step costs in time on each side besides its work, with the origin of each number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final


@dataclass(frozen=True, slots=True)
class Overheads:
    """Seconds per transition (``step_functions``), between dependent tasks (``airflow``, ``mwaa``, ``serverless``),
    and for which a task without work holds a worker slot (``slot``).
    """

    step_functions: float = 0.05
    airflow: float = 1.15
    mwaa: float = 5.0
    serverless: float = 30.0
    slot: float = 0.24


ORIGINS: Final[Mapping[str, str]] = {
    "step_functions": "assumed: tens of milliseconds per transition, not published",
    "airflow": "measured: chain of 50 tasks on Airflow 3.3.2, one machine, 57 s",
    "mwaa": "published measurements of tuned MWAA environments: 4 to 6 s",
    "serverless": "assumed: compute is provisioned for every task, tens of seconds",
    "slot": "measured: median task of the same chain on Airflow 3.3.2",
}
"""Where each default comes from."""


class OverheadError(ValueError):
    """An overhead that does not exist or is no number of seconds."""


def overheads(given: Mapping[str, str]) -> Overheads:
    """Overheads from ``name: seconds`` as text; raises OverheadError."""
    values: dict[str, float] = {}
    names = [item.name for item in fields(Overheads)]
    for name, text in given.items():
        key = name.replace("-", "_")
        if key not in names:
            raise OverheadError(f"{name!r}: there are {', '.join(item.replace('_', '-') for item in names)}")
        try:
            values[key] = float(text)
        except ValueError:
            values[key] = -1.0
        if not 0 <= values[key] <= 3600:
            raise OverheadError(f"{name}: seconds between 0 and 3600 are needed, not {text!r}")
    return Overheads(**values)
