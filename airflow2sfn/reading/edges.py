"""Drawing edges: ``>>`` and ``<<``, ``chain`` and its kin, and the attributes and methods of what edges connect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from airflow2sfn.reading.evaluate import (
    CONSTANTS,
    MISSING,
    SETTERS,
    SUBSCRIPTS,
    Args,
    Bound,
    External,
    Instance,
    Kwargs,
    Raised,
    Run,
    Scope,
    Unknown,
    attributes,
    calls,
    external,
    plain,
    unknown,
)
from airflow2sfn.reading.expressions import SHIFTS
from airflow2sfn.reading.graph import (
    NODES,
    DagMade,
    GraphError,
    GroupMade,
    LabelMade,
    TaskMade,
    XComMade,
    connect,
    leaves,
    roots,
)
from airflow2sfn.reading.operators import connect_data, references
from airflow2sfn.rules.reading import RefusedGraph, UnknownDependency

_RULES = (
    "all_success all_failed all_done all_done_min_one_success all_done_setup_success one_success one_failed one_done"
    " none_failed none_failed_min_one_success none_skipped all_skipped always none_failed_or_skipped dummy"
)
CONSTANTS.update({f"airflow.sdk.TriggerRule.{rule.upper()}": rule for rule in _RULES.split()})
_STATES = ("success", "failed", "skipped", "running", "queued", "upstream_failed", "up_for_retry", "removed")
_STATE_CLASSES = (
    *("utils.state.State", "utils.state.DagRunState", "utils.state.TaskInstanceState"),
    *("sdk.DagRunState", "sdk.TaskInstanceState"),
)
CONSTANTS.update({f"airflow.{home}.{name.upper()}": name for home in _STATE_CLASSES for name in _STATES})
CONSTANTS.update({f"airflow.sdk.WeightRule.{n.upper()}": n for n in ("downstream", "upstream", "absolute")})


def _nodes(value: Any) -> tuple[list[Any], bool]:
    """What of a value edges can connect, and whether there is something that is not known."""
    value = plain(value)
    if isinstance(value, NODES):
        return [value], False
    if isinstance(value, list | tuple | set):
        found = [_nodes(item) for item in value]
        return [node for nodes, _ in found for node in nodes], any(hidden for _, hidden in found)
    return [], isinstance(value, Unknown | Instance | External | Bound)


def _shift(run: Run, left: Any, right: Any, after: bool, node: Any, scope: Scope) -> Any:
    (lefts, hidden_left), (rights, hidden_right) = _nodes(left), _nodes(right)
    if not lefts and not rights:
        return MISSING
    if hidden_left or hidden_right:
        run.report(UnknownDependency(text=scope.file.segment(node, 80)), run.span(node, scope))
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        raise Raised("TypeError", "a list cannot be shifted to a list", run.span(node, scope))
    if isinstance(left, NODES):
        link(run, left, rights, not after, node, scope)
    elif isinstance(right, NODES):
        link(run, right, lefts, after, node, scope)
    return right


SHIFTS.append(_shift)


def link(run: Run, one: Any, others: list[Any], upstream: bool, node: Any, scope: Scope) -> None:
    """Draws edges and reports where Airflow refuses them."""
    try:
        connect(one, others, upstream, None, run.span(node, scope))
    except GraphError as error:
        run.report(RefusedGraph(reason=str(error)), run.span(node, scope))


@external("airflow.sdk.Label", "airflow.sdk.EdgeModifier")
def _label(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    text = plain(args[0] if args else kwargs.get("label"))
    return LabelMade(text if isinstance(text, str) else "")


@external("airflow.sdk.chain")
def _chain(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    for up, down in pairwise(args):
        (ups, hidden_up), (downs, hidden_down) = _nodes(up), _nodes(down)
        if hidden_up or hidden_down:
            run.report(UnknownDependency(text=scope.file.segment(node, 80)), run.span(node, scope))
        if isinstance(up, NODES):
            link(run, up, downs, False, node, scope)
        elif isinstance(down, NODES):
            link(run, down, ups, True, node, scope)
        elif len(ups) == len(downs):
            for one, other in zip(ups, downs, strict=True):
                link(run, one, [other], False, node, scope)
        else:
            reason = f"chain cannot connect {len(ups)} tasks with {len(downs)}"
            run.report(RefusedGraph(reason=reason), run.span(node, scope))


@external("airflow.sdk.chain_linear")
def _linear(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    previous: list[Any] = []
    for argument in args:
        nodes, hidden = _nodes(argument)
        if hidden:
            run.report(UnknownDependency(text=scope.file.segment(node, 80)), run.span(node, scope))
        for one in previous:
            link(run, one, nodes, False, node, scope)
        previous = nodes or previous


@external("airflow.sdk.cross_downstream")
def _cross(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    given = (*args, *(kwargs[name] for name in ("from_tasks", "to_tasks") if name in kwargs))
    if len(given) == 2:
        for one in _nodes(given[0])[0]:
            link(run, one, _nodes(given[1])[0], False, node, scope)


@external("airflow.sdk.XComArg")
def _xcom(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    task = args[0] if args else kwargs.get("operator")
    key = plain(kwargs.get("key", args[1] if len(args) > 1 else "return_value"))
    return XComMade((task,), str(key)) if isinstance(task, TaskMade) else unknown(run, node, scope)


@external("airflow.sdk.literal")
def _literal(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    return args[0] if args else None


@external("airflow.sdk.Variable.get")
def _variable(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    key = plain(args[0] if args else kwargs.get("key"))
    default = kwargs.get("default", kwargs.get("default_var", args[1] if len(args) > 1 else MISSING))
    if isinstance(key, str) and key in run.variables:
        return run.variables[key]
    if isinstance(plain(default), Unknown):
        default = MISSING
    return unknown(run, node, scope, "variable", key if isinstance(key, str) else "", plain(default))


@dataclass(slots=True, eq=False)
class GraphMethod:
    """A method of a task, an XComArg, a group or a DAG."""

    owner: Any
    name: str


_Method = Callable[[Run, Any, tuple[Any, ...], dict[str, Any], Any, Scope], Any]


def _set(upstream: bool) -> _Method:
    def method(run: Run, owner: Any, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
        nodes, hidden = _nodes(args[0] if args else kwargs.get("task_or_task_list"))
        if hidden:
            run.report(UnknownDependency(text=scope.file.segment(node, 80)), run.span(node, scope))
        link(run, owner, nodes, upstream, node, scope)

    return method


def _as_setup(run: Run, owner: Any, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    for task in leaves(owner):
        task.setup = True
    return owner


def _as_teardown(run: Run, owner: Any, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    for task in leaves(owner):
        task.teardown = True
        task.fails_run = kwargs.get("on_failure_fail_dagrun", task.fails_run) is True
        for setup in _nodes(kwargs.get("setups"))[0]:
            for one in leaves(setup):
                one.setup = True
            link(run, setup, [task], False, node, scope)
    return owner


def _map(run: Run, owner: Any, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    functions = (*owner.extra, *args) if owner.form == "map" else args
    return XComMade(owner.sources if owner.form == "map" else (owner,), form="map", extra=tuple(functions))


def _zip(run: Run, owner: Any, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    fill = (kwargs["fillvalue"],) if "fillvalue" in kwargs else ()
    return XComMade((owner, *(a for a in args if isinstance(a, XComMade))), form="zip", extra=fill)


def _concat(run: Run, owner: Any, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    return XComMade((owner, *(a for a in args if isinstance(a, XComMade))), form="concat")


def _get_task(run: Run, owner: Any, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    name = plain(args[0] if args else kwargs.get("task_id"))
    return owner.tasks.get(name, unknown(run, node, scope)) if isinstance(name, str) else unknown(run, node, scope)


def _has_task(run: Run, owner: Any, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    name = plain(args[0] if args else kwargs.get("task_id"))
    return name in owner.tasks if isinstance(name, str) else unknown(run, node, scope)


def _add(run: Run, owner: Any, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    dag = owner if isinstance(owner, DagMade) else owner.dag
    for task in _nodes(list(args))[0]:
        if isinstance(task, TaskMade):
            try:
                if task.dag is None:
                    task.group = owner if isinstance(owner, GroupMade) else task.group
                    dag.add(task)
            except GraphError as error:
                run.report(RefusedGraph(reason=str(error)), run.span(node, scope))


def _ignored(run: Run, owner: Any, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    return unknown(run, node, scope)


_EDGES: dict[str, _Method] = {"set_upstream": _set(True), "set_downstream": _set(False)}
_TASK: dict[str, _Method] = {**_EDGES, "as_setup": _as_setup, "as_teardown": _as_teardown}
METHODS: dict[type, dict[str, _Method]] = {
    TaskMade: _TASK,
    XComMade: {**_TASK, "map": _map, "zip": _zip, "concat": _concat},
    GroupMade: {**_EDGES, "add": _add},
    LabelMade: _EDGES,
    DagMade: {
        "get_task": _get_task,
        "has_task": _has_task,
        "add_task": _add,
        "add_tasks": _add,
        "test": _ignored,
        "cli": _ignored,
    },
}

_DATA: dict[type, dict[str, Callable[[Any], Any]]] = {
    TaskMade: {
        "task_id": lambda task: task.task_id,
        "dag": lambda task: task.dag,
        "dag_id": lambda task: task.dag.dag_id if task.dag else MISSING,
        "output": lambda task: XComMade((task,)),
        "task_group": lambda task: task.group,
        "upstream_list": lambda task: task.near(False),
        "downstream_list": lambda task: task.near(True),
        "upstream_task_ids": lambda task: {t.task_id for t in task.near(False)},
        "downstream_task_ids": lambda task: {t.task_id for t in task.near(True)},
        "roots": roots,
        "leaves": leaves,
        "is_setup": lambda task: task.setup,
        "is_teardown": lambda task: task.teardown,
    },
    XComMade: {
        "operator": lambda xcom: xcom.sources[0] if not xcom.form else MISSING,
        "key": lambda xcom: xcom.key,
        "roots": roots,
        "leaves": leaves,
    },
    GroupMade: {
        "group_id": lambda group: group.group_id,
        "label": lambda group: group.name,
        "children": lambda group: group.children,
        "dag": lambda group: group.dag,
        "roots": roots,
        "leaves": leaves,
    },
    DagMade: {
        "dag_id": lambda dag: dag.dag_id,
        "tasks": lambda dag: list(dag.tasks.values()),
        "task_ids": lambda dag: list(dag.tasks),
        "task_dict": lambda dag: dict(dag.tasks),
        "task_group": lambda dag: dag.root,
        "default_args": lambda dag: dag.defaults,
        "task": lambda dag: External("airflow.sdk.task"),
        "roots": lambda dag: [task for task in dag.tasks.values() if not task.near(False)],
        "leaves": lambda dag: [task for task in dag.tasks.values() if not task.near(True)],
    },
    LabelMade: {},
}


@attributes(*METHODS)
def _attribute(run: Run, value: Any, name: str, node: Any, scope: Scope) -> Any:
    if name in METHODS[type(value)]:
        return GraphMethod(value, name)
    found = _DATA[type(value)].get(name)
    result = found(value) if found else MISSING
    if result is MISSING and isinstance(value, TaskMade):
        result = value.attributes.get(name, value.arguments.get(name, MISSING))
    if result is MISSING and isinstance(value, DagMade):
        result = value.arguments.get(name, MISSING)
    return unknown(run, node, scope, "call", f"{type(value).__name__}.{name}") if result is MISSING else result


@calls(GraphMethod)
def _call(run: Run, callee: GraphMethod, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    return METHODS[type(callee.owner)][callee.name](run, callee.owner, args, kwargs, node, scope)


def _set_task(task: TaskMade, name: str, new: Any, run: Run) -> None:
    match name:
        case "dag" if isinstance(new, DagMade) and task.dag is None:
            new.add(task)
        case "is_setup" | "is_teardown":
            setattr(task, name.removeprefix("is_"), new is True)
        case "on_failure_fail_dagrun":
            task.fails_run = new is True
        case _:
            task.arguments[name] = new
            for up in references(new):
                if task.dag is not None:
                    connect_data(run, up, task, run.calls[-1].node if run.calls else None, run.loading["__main__"])


def _set_xcom(xcom: XComMade, name: str, new: Any, run: Run) -> None:
    for task in xcom.tasks():
        _set_task(task, name, new, run)


SETTERS[TaskMade] = _set_task
SETTERS[XComMade] = _set_xcom
SETTERS[DagMade] = lambda dag, name, new, run: dag.arguments.__setitem__(name, new)
SETTERS[GroupMade] = lambda group, name, new, run: group.arguments.__setitem__(name, new)
SUBSCRIPTS[XComMade] = lambda xcom, key: (
    XComMade(xcom.sources, key) if isinstance(key, str) and not xcom.form else MISSING
)
