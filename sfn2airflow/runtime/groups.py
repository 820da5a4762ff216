"""Parallel and Map as task groups, and the outcome of a whole state machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from airflow.sdk import BaseOperator, TaskGroup, TriggerRule, task_group

from .context import is_child
from .documents import (
    Node,
    as_document,
    called,
    handed_on,
    reaching,
    reaching_variables,
    states_of,
    task_of,
)
from .errors import EarlierFailure, Json, data_errors
from .variables import KEY

Combine = Callable[[Json, list[Json]], Json]


def group(name: str) -> Callable[[Callable[[], None]], TaskGroup]:
    """The task group of a Parallel or Map."""
    return lambda function: task_group(group_display_name=name)(function)()  # type: ignore[return-value]


def results(
    name: str, *branches: Iterable[Node], items: BaseOperator | None = None, **task_args: Any
) -> Callable[[Combine], BaseOperator]:
    """The end of a Parallel or Map: the function gets the document that reached the group and the list of results.

    One list of last states per branch; for a Map, the last states of its processor and the task that made the items.
    """
    ends = [[end for node in branch for end in leaves(node)] for branch in branches]

    def decorate(function: Combine) -> BaseOperator:
        def collect(context: Any) -> Json:
            outputs = _outputs(context, ends, items)
            data = reaching(context, context["task"].task_group.roots[0])
            value = called(context, function, data, outputs, node=context["task"].task_group.roots[0])
            with data_errors():
                return as_document(value)

        operator: BaseOperator = task_of(collect, function, task_display_name=name, **task_args)
        if items is not None:
            _rule_for_mapped_tasks(operator)
        operator.set_upstream([*(end for branch in ends for end in branch), *([items] if items else [])])
        return operator

    return decorate


def _rule_for_mapped_tasks(end: BaseOperator) -> None:
    """Inside a Map, keep one item from deciding for all.

    Airflow evaluates ``none_failed_min_one_success`` over the tasks of every item until a task is mapped, so the
    failure of one item would fail the others; ``none_failed`` it evaluates by item, and a state that gets no document
    skips itself.
    """
    for node in end.task_group.iter_tasks() if end.task_group else ():
        if node.get_closest_mapped_task_group() and node.trigger_rule == TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS:
            node.trigger_rule = TriggerRule.NONE_FAILED


def concurrency(limit: Json) -> int:
    """The value of ``MaxConcurrencyPath``: an integer from 0, or (recorded) its text; anything else ends the state.

    Airflow cannot limit a mapped group by a number that is known so late, so that the items are not limited by it.
    """
    number = int(limit) if isinstance(limit, str) and limit.isdecimal() else limit
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise ValueError(f"MaxConcurrencyPath refers to {limit!r}, which is not a valid integer")
    return number


def leaves(node: Node) -> list[BaseOperator]:
    """The tasks that end a state: the task itself, or the last ones of a group."""
    return [*node.leaves] if isinstance(node, TaskGroup) else [node]


def _outputs(context: Any, ends: list[list[BaseOperator]], items: BaseOperator | None) -> list[Json]:
    """The results of the branches, or of the items, in their order. Raises EarlierFailure where one has none."""
    ti, node = context["ti"], context["task"]
    states = {(id, i): s for id, i, s in states_of(ti, {end.task_id for branch in ends for end in branch})}

    def result(branch: list[BaseOperator], index: int) -> Json:
        for end in branch:
            if states.get((end.task_id, index)) == "success" and (found := handed_on(ti, end, node, index)):
                return found[0]
        raise EarlierFailure("a branch failed")

    if items is None:
        return [result(branch, ti.map_index) for branch in ends]
    count = len(ti.xcom_pull(task_ids=items.task_id, map_indexes=ti.map_index))
    return [result(ends[0], index) for index in range(count)]


def outcome(*ends: Node, task_id: str = "outcome") -> Any:
    """The output of a state machine with several ends: the document that reaches one of them, as the DAG's result.

    A choice may name ``task_id`` as its target. Returns the task's ``.output``, for the ``@dag`` function to return.
    """

    def end(context: Any) -> Json:
        if is_child(context["dag_run"].conf):
            context["ti"].xcom_push(key=KEY, value=as_document(reaching_variables(context, context["task"])))
        return as_document(reaching(context, context["task"]))

    operator = task_of(end, end, task_id=task_id, task_display_name="Output")
    operator.set_upstream([last for node in ends for last in leaves(node)])
    return operator.output
