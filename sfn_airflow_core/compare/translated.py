"""The tasks of the translation of a state machine, for whoever cannot translate it itself.

How many tasks a state becomes is a matter of sfn2airflow, which announces an entry point, so that a comparison gives
the same figures from either direction and neither imports the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Final, TypeAlias

from sfn_airflow_core.asl.model import Machine, Pointer
from sfn_airflow_core.compare.steps import TaskShape

SHAPES: Final = "sfn_airflow_core.task_shapes"
"""The group of entry points under which a translation of state machines announces itself."""

TaskShapes: TypeAlias = Callable[[Machine, str, str], Mapping[Pointer, TaskShape]]
"""What an entry point gives: machine, id of the DAG and name of the file -> tasks by the state that they stand for."""


def translated_shapes(machine: Machine, dag_id: str, source: str) -> Mapping[Pointer, TaskShape]:
    """The tasks of the translation; none where no translation is installed, and states are counted by rule."""
    for point in entry_points(group=SHAPES):
        shapes_of: TaskShapes = point.load()
        return shapes_of(machine, dag_id, source)
    return {}
