"""Branches and items side by side: a loop in one of them ends when another one has failed, and with it the state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow.sdk import BaseOperator, TaskGroup

from .errors import EarlierFailure


def stop_beside_failure(context: Any, task: BaseOperator) -> None:
    """Raises EarlierFailure in a branch or item whose Parallel or Map fails, because of a failure nobody catches.

    Step Functions stops the others at once. Here they run to their end, so one that may go on for ever has to ask.
    """
    ti, around = context["ti"], [*_around(task)]
    if not around:
        return
    ids = [task.task_id for task in around[-1]]
    found = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id], task_ids=ids).get(ti.run_id, {})
    failed = {key if key in ids else key.rpartition("_")[0] for key, state in found.items() if state == "failed"}
    for tasks in around:
        caught = {id for task in tasks for id in getattr(task, "catches", ())}
        if failed & {task.task_id for task in tasks} - caught:
            raise EarlierFailure("another branch or item has failed")


def _around(task: BaseOperator) -> Iterator[list[Any]]:
    """The tasks of each group around a task, innermost first."""
    group: TaskGroup | None = task.task_group
    while group is not None and not group.is_root:
        yield [*group.iter_tasks()]
        group = group.parent_group
