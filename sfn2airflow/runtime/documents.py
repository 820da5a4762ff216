"""What a state machine has and Airflow has not.

A *state* is a function from the document it receives to the document it hands on. Documents travel along the edges
of the DAG: a task's XCom ``return_value`` is what it hands on, and a task that hands on to only some of its downstream
tasks (a choice, a catch) says to which under the XCom key ``next``. A state that no document reaches skips itself.
Nothing else decides what runs, so the same code works in plain, grouped and mapped tasks, and documents may be null.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from airflow.sdk import BaseOperator, Label, TaskGroup, TriggerRule, get_current_context, task, task_group
from airflow.sdk.definitions._internal.mixins import ResolveMixin
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, DownstreamTasksSkipped

from .errors import Json, StateError, matches, record_error

Node = BaseOperator | TaskGroup
DataFunction = Callable[[Json], Json]


def _states(ti: Any, ids: Iterable[str]) -> Iterator[tuple[str, int, str]]:
    """Task, map index and state of task instances: of this map index inside a mapped group, of all outside."""
    index = None if ti.map_index < 0 else ti.map_index
    found = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id], task_ids=[*ids], map_index=index)
    for key, state in found.get(ti.run_id, {}).items():
        name, _, number = key.rpartition("_")
        yield (key, -1, state) if key in ids else (name, int(number), state)


def _reaching(context: Any, node: BaseOperator) -> Json:
    """The document that reaches a task; AirflowSkipException where none does."""
    if given := getattr(node, "given", None):
        return given.resolve(context)
    ti, sources = context["ti"], node.upstream_task_ids
    if not sources:
        return context["dag_run"].conf or {}
    for source, index, state in _states(ti, sources):
        if state == "success":
            chosen = ti.xcom_pull(task_ids=source, key="next", map_indexes=index)
            if chosen is None or node.task_id in chosen:
                return ti.xcom_pull(task_ids=source, map_indexes=index)
    raise AirflowSkipException(f"no document reaches {node.task_id}")


def _hand_on(context: Any, document: Json, targets: Iterable[str]) -> Json:
    """Hand a document to some of the downstream tasks only; the others are skipped."""
    ti, node = context["ti"], context["task"]
    below = node.downstream_list
    chosen = [t for t in below if any(t.task_id == to or t.task_id.startswith(f"{to}.") for to in targets)]
    ti.xcom_push(key="next", value=[t.task_id for t in chosen])
    if ti.map_index < 0:  # Airflow 3.3 cannot skip per map index (apache/airflow#67265): there, tasks skip themselves
        later = {id for t in chosen for id in t.get_flat_relative_ids(upstream=False)}
        if skipped := [t.task_id for t in below if t not in chosen and t.task_id not in later]:
            ti.xcom_push(key="return_value", value=document)
            raise DownstreamTasksSkipped(tasks=skipped)
    return document


class Document(ResolveMixin):
    """The document that reaches a state. ``DOCUMENT >> function`` is what a data function makes of it."""

    def __init__(self, shape: DataFunction | None = None):
        self.shape = shape

    def __rshift__(self, shape: DataFunction) -> Document:
        return Document(shape)

    def iter_references(self) -> Iterator[tuple[BaseOperator, str]]:
        return iter(())  # a document follows the edges, it does not make them

    def resolve(self, context: Any) -> Json:
        document = _reaching(context, context["task"])
        return self.shape(document) if self.shape else document


DOCUMENT = Document()


STATE: dict[str, Any] = {
    "trigger_rule": TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
    "retries": 0,
    "on_failure_callback": record_error,
}


def state(name: str, given: Any = None, **task_args: Any) -> Callable[[DataFunction], BaseOperator]:
    """``@task`` for a state, called with the document that reaches it (in a Map's first state: ``given``, the item)."""

    def decorate(function: DataFunction) -> BaseOperator:
        operator = task(function, **{**STATE, "task_display_name": name, **task_args})(DOCUMENT).operator
        operator.given = given
        return operator

    return decorate


def choice(name: str, given: Any = None, **task_args: Any) -> Callable[[Callable[[Json], str]], BaseOperator]:
    """A Choice: the function returns the name of the state (task or group) that gets the document."""

    def decorate(function: Callable[[Json], str]) -> BaseOperator:
        @wraps(function)
        def choose(data: Json) -> Json:
            context = get_current_context()
            group, target = context["task"].task_group, function(data)
            return _hand_on(context, data, [target if group.is_root else f"{group.group_id}.{target}"])

        return state(name, given, **task_args)(choose)

    return decorate


def results(
    name: str, *branches: Iterable[BaseOperator], items: BaseOperator | None = None
) -> Callable[[Any], BaseOperator]:
    """The end of a Parallel or Map: the function gets the document that reached the group and the list of results.

    One list of last states per branch; for a Map, the last states of its processor and the task that made the items.
    """

    def decorate(function: Callable[[Json, list[Json]], Json]) -> BaseOperator:
        def collect() -> Json:
            context = get_current_context()
            ti, node = context["ti"], context["task"]

            def result(ends: Iterable[BaseOperator], index: int) -> Json:
                for end in ends:
                    if states.get((end.task_id, index)) == "success":
                        chosen = ti.xcom_pull(task_ids=end.task_id, key="next", map_indexes=index)
                        if chosen is None or node.task_id in chosen:
                            return ti.xcom_pull(task_ids=end.task_id, map_indexes=index)
                raise AirflowFailException("a branch failed")

            data = _reaching(context, node.task_group.roots[0])
            states = {(id, i): s for id, i, s in _states(ti, [end.task_id for ends in branches for end in ends])}
            if items is None:
                outputs = [result(ends, ti.map_index) for ends in branches]
            else:
                outputs = [result(branches[0], i) for i, _ in enumerate(ti.xcom_pull(task_ids=items.task_id))]
            return function(data, outputs)

        arguments = {
            **STATE,
            "task_id": function.__name__,
            "task_display_name": name,
            "doc_md": function.__doc__,
        }
        operator = task(collect, **arguments)().operator
        if operator.get_closest_mapped_task_group():  # there, one failed item would fail the task before it is mapped
            operator.trigger_rule = TriggerRule.ALL_DONE
        operator.set_upstream([*(end for ends in branches for end in ends), *([items] if items else [])])
        return operator

    return decorate


def group(name: str) -> Callable[[Callable[[], None]], TaskGroup]:
    """The task group of a Parallel or Map."""
    return lambda function: task_group(group_display_name=name)(function)()


class Catcher:
    """One entry of ``Catch``; ``document`` makes of the state's input and the Error Output what ``to`` receives."""

    def __init__(self, *errors: str, to: Node, document: Callable[[Json, Json], Json] = lambda _, error: error):
        self.errors, self.to, self.document = errors, to, document


def catch(guarded: Node, *catchers: Catcher) -> BaseOperator:
    """The ``Catch`` of a state, as a task behind it: hands on the state's output, or an error to whom it concerns."""
    (end,), name = guarded.leaves, guarded.node_id.rpartition(".")[2]

    def catch_errors() -> Json:
        context = get_current_context()
        ti, node = context["ti"], context["task"]
        if any(s == "success" for _, _, s in _states(ti, [end.task_id])):
            handlers = {h.task_id for c in catchers for h in c.to.roots}
            onward = node.downstream_task_ids - handlers or node.downstream_task_ids
            return _hand_on(context, ti.xcom_pull(task_ids=end.task_id, map_indexes=ti.map_index), onward)
        inside, first = ([guarded], guarded) if guarded is end else ([*guarded.iter_tasks()], guarded.roots[0])
        error = _uncaught(context, inside)
        for catcher in catchers:
            if matches(error["Error"], catcher.errors):
                document = catcher.document(_reaching(context, first), error)
                return _hand_on(context, document, [h.task_id for h in catcher.to.roots])
        raise StateError(error["Error"], error["Cause"])

    group = guarded.task_group if guarded is end else guarded.parent_group
    arguments = {
        **STATE,
        "task_id": f"{name}_catch",
        "trigger_rule": TriggerRule.NONE_SKIPPED,
        "task_group": group,
    }
    router = task(catch_errors, **arguments)().operator
    for catcher in catchers:
        router.set_downstream(catcher.to, edge_modifier=Label(", ".join(catcher.errors)))
    return router


def _uncaught(context: Any, inside: list[BaseOperator]) -> Json:
    """The Error Output of the failure, among these tasks, that no catch inside has dealt with."""
    ti = context["ti"]
    found = list(_states(ti, {id for t in inside for id in (t.task_id, *t.get_flat_relative_ids(upstream=False))}))
    caught = {(id, i) for id, i, s in found if s == "success" and id.endswith("_catch")}
    failed = [
        (t.task_id, index)
        for t in inside
        for id, index, s in found
        if id == t.task_id and s == "failed"
        if not any((below, index) in caught for below in t.get_flat_relative_ids(upstream=False))
    ]
    errors = [ti.xcom_pull(task_ids=id, key="error", map_indexes=index) for id, index in failed]
    if failed:
        return next(filter(None, errors), {"Error": "States.TaskFailed", "Cause": "The worker was lost."})
    raise AirflowFailException("something before this state failed")


def present(data: Json, *path: str | int) -> bool:
    """``IsPresent``."""
    for step in path:
        try:
            data = data[step]
        except (LookupError, TypeError):
            return False
    return True


def number(value: Json) -> float:
    """A number as it is, anything else as NaN, so that every numeric comparison with it is false."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else float("nan")


def text(value: Json) -> str:
    """A value as ``States.Format`` prints it."""
    return value if isinstance(value, str) else json.dumps(value)


def array(value: Json) -> list[Json]:
    """What a Map iterates over."""
    if not isinstance(value, list):
        raise TypeError(f"a Map needs an array, not {text(value)}")
    return value
