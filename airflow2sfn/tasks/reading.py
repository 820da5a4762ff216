"""Whether anything reads the XCom of a task, as far as the DAG says it."""

from __future__ import annotations

from airflow2sfn.source import Known, Template, Value, XCom, walk
from airflow2sfn.structure import Plan


def is_read(plan: Plan, task_id: str) -> bool:
    """Whether some task reads the XCom of a task: as an argument, by a template, or in its code."""
    for other in plan.dag.tasks:
        expansion = other.expansion
        given: list[Value] = [*other.arguments.values(), *other.op_args, *other.op_kwargs.values()]
        if expansion is not None:
            given += [value for _, value in expansion.values] + ([expansion.over] if expansion.over else [])
        if any(_reads(inner, task_id) for value in given for inner in walk(value)):
            return True
    pulled = (
        path
        for function in (*plan.functions.values(), *plan.callbacks.values())
        for path in (*function.asked.paths, *function.asked.current)
    )
    return any("xcom_pull" in path and task_id in path for path in pulled)


def _reads(value: Value, task_id: str) -> bool:
    match value:
        case XCom(other):
            return other == task_id
        case Template(text) | Known(str() as text):
            return "xcom_pull" in text and task_id in text
        case _:
            return False
