"""The Catch of a state, as a task behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow.sdk import BaseOperator, Label, TaskGroup, TriggerRule

from .documents import Node, called, forward_variables, from_xcom, hand_on, reaching, states_of, task_of
from .errors import ALSO, AT, EarlierFailure, HeartbeatMissed, Json, StateError, covers, earliest


class Catcher:
    """One entry of ``Catch``; ``document`` makes of the state's input and the Error Output what ``to`` receives."""

    def __init__(self, *errors: str, to: Node, document: Callable[[Json, Json], Json] = lambda _, error: error):
        self.errors, self.to, self.document = errors, to, document


def catch(guarded: Node, *catchers: Catcher, onward: Node | None = None) -> BaseOperator:
    """The ``Catch`` of a state: a task behind it that hands on the state's output, or an error to whom it concerns.

    ``onward`` is the next state where that is a handler too; otherwise every downstream task that is no handler is.
    """
    (end,), name = guarded.leaves, guarded.node_id.rpartition(".")[2]
    inside: list[Any] = [*guarded.iter_tasks()] if isinstance(guarded, TaskGroup) else [guarded]

    def catch_errors(context: Any) -> Json:
        ti = context["ti"]
        if any(state == "success" for _, _, state in states_of(ti, [end.task_id])):
            document = from_xcom(ti.xcom_pull(task_ids=end.task_id, map_indexes=ti.map_index))
            forward_variables(context, end.task_id, ti.map_index)
            return hand_on(context, document, _onward(context["task"], catchers, onward))
        error = _uncaught(context, inside)
        for catcher in catchers:
            if covers(error, catcher.errors):
                first = end if guarded is end else guarded.roots[0]
                told = {name: value for name, value in error.items() if name not in (ALSO, AT)}
                document = called(context, catcher.document, reaching(context, first), told, node=first)
                return hand_on(context, document, [h.task_id for h in catcher.to.roots])
        raise HeartbeatMissed if ALSO in error else StateError(error["Error"], error["Cause"])

    arguments = {
        "task_id": f"{name}_catch",
        "task_display_name": f"{_title(guarded)}: Catch",
        "trigger_rule": TriggerRule.NONE_SKIPPED,
        "task_group": guarded.parent_group if isinstance(guarded, TaskGroup) else guarded.task_group,
    }
    router = task_of(catch_errors, catch_errors, **arguments)
    router.chooses, router.catches = True, frozenset(t.task_id for t in inside)
    for catcher in catchers:
        router.set_downstream(catcher.to, edge_modifier=Label(", ".join(catcher.errors)))
    if onward is not None:
        router.set_downstream(onward)
    return router  # type: ignore[no-any-return]


def _title(node: Any) -> str:
    return str(getattr(node, "task_display_name", None) or node.group_display_name)


def _onward(router: BaseOperator, catchers: tuple[Catcher, ...], onward: Node | None) -> list[str]:
    if onward is not None:
        return [first.task_id for first in onward.roots]
    handlers = {first.task_id for catcher in catchers for first in catcher.to.roots}
    return sorted(router.downstream_task_ids - handlers)


def _uncaught(context: Any, inside: list[BaseOperator]) -> Json:
    """The Error Output of the failure, among these tasks, that no catch inside has dealt with."""
    ti = context["ti"]
    states = {(id, index): state for id, index, state in states_of(ti, {t.task_id for t in inside})}
    caught = {
        (id, index)
        for router in inside
        for (router_id, index), state in states.items()
        if router_id == router.task_id and state == "success"
        for id in getattr(router, "catches", ())
    }
    tells_again = {router.task_id: getattr(router, "catches", ()) for router in inside}
    failed = [
        (t.task_id, index)
        for t in inside
        for (id, index), state in states.items()
        if id == t.task_id and state == "failed" and not {(id, index), (id, -1)} & caught
    ]
    if not failed:
        raise EarlierFailure("something before this state failed")
    told = {(id, index): ti.xcom_pull(task_ids=id, key="error", map_indexes=index) for id, index in failed}
    again = {(id, index) for (by, index), error in told.items() if error for id in tells_again.get(by, ())}
    first = earliest(error for (id, index), error in told.items() if not {(id, index), (id, -1)} & again)
    return first or {"Error": "States.TaskFailed", "Cause": "The worker was lost."}
