"""DAGs and task groups: their classes, their decorators, and being inside of them."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import Any

from airflow2sfn.reading.evaluate import (
    CONTEXTS,
    MISSING,
    SUBSCRIPTS,
    Args,
    Class,
    External,
    Function,
    Instance,
    Kwargs,
    Object,
    Run,
    Scope,
    attributes,
    calls,
    external,
    plain,
    unknown,
)
from airflow2sfn.reading.expressions import call
from airflow2sfn.reading.functions import CONSTRUCTORS, initialise
from airflow2sfn.reading.graph import DagMade, GraphError, GroupMade, ItemMade, connect, free_suffix
from airflow2sfn.reading.operators import EXPANDERS, Expand, name_of, references, unlike
from airflow2sfn.rules.reading import RefusedGraph

_SCHEDULES = ("schedule", "schedule_interval", "timetable")
_DAG = "airflow.sdk.DAG"


def make_dag(run: Run, kwargs: Kwargs, node: Any, scope: Scope, fallback: str = "dag") -> DagMade:
    """A DAG from the keyword arguments of its class or decorator."""
    given = dict(kwargs)
    dag_id, known = name_of(run, given.pop("dag_id", None), node, scope, fallback)
    defaults = plain(given.pop("default_args", None))
    for name in _SCHEDULES[1:]:
        if name in given:
            given.setdefault("schedule", given.pop(name))
            run.imports.append((name, run.span(node, scope)))
    arguments = {name: value for name, value in given.items() if value is not None or name in _SCHEDULES}
    dag = DagMade(dag_id, arguments, dict(defaults) if isinstance(defaults, dict) else {}, run.span(node, scope), known)
    dag.module = scope.file.module
    if defaults is not None and not isinstance(defaults, dict):
        dag.defaults["**"] = defaults
    run.dags.append(dag)
    return dag


@external(_DAG)
def _dag(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    names = ("dag_id", "description", "schedule")
    return make_dag(run, {**dict(zip(names, args, strict=False)), **kwargs}, node, scope)


def _dag_class(run: Run, cls: Class, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    """A class of the project made of DAG."""
    if not any(isinstance(base, External) and base.name == _DAG for base in cls.line()):
        return MISSING
    made = Object(cls)
    initialise(run, made, args, kwargs, node, scope)
    handed = made.attributes.pop("<init>", kwargs)
    return make_dag(run, {**({"dag_id": args[0]} if args else {}), **handed}, node, scope)


CONSTRUCTORS.insert(0, _dag_class)


@dataclass(frozen=True, slots=True, eq=False)
class DagFactory:
    """A ``@dag`` function; without ``function`` the decorator that waits for it."""

    kwargs: Kwargs
    function: Function | None = None


@external("airflow.sdk.dag")
def _dag_decorator(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    if args and isinstance(args[0], Function):
        return DagFactory(kwargs, args[0])
    return DagFactory({**({"dag_id": args[0]} if args else {}), **kwargs})


@calls(DagFactory)
def _make_dag(run: Run, callee: DagFactory, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    function = callee.function
    if function is None:
        made = args[0] if args else None
        return replace(callee, function=made) if isinstance(made, Function) else unknown(run, node, scope)
    options = {"dag_id": function.name, **{k: v for k, v in callee.kwargs.items() if k != "dag_id" or v}}
    if not isinstance(function.node, ast.Lambda) and (doc := ast.get_docstring(function.node)):
        options.setdefault("doc_md", doc)
    dag = make_dag(run, options, node, scope, function.name)
    ordered = [p.arg for p in (*function.node.args.posonlyargs, *function.node.args.args)]
    given = {**function.defaults, **dict(zip(ordered, args, strict=False)), **kwargs}
    params = {
        name: Instance("airflow.sdk.DagParam", (name, value), {}, run.span(node, scope))
        for name, value in given.items()
    }
    _enter_dag(run, dag)
    try:
        call(run, function, (), params, node, scope)
    finally:
        _leave_dag(run, dag)
    return dag


@attributes(DagFactory)
def _factory_attribute(run: Run, value: DagFactory, name: str, node: Any, scope: Scope) -> Any:
    return value.function if name in ("function", "__wrapped__") else unknown(run, node, scope)


def _enter_dag(run: Run, dag: DagMade) -> DagMade:
    run.open_dags.append(dag)
    return dag


def _leave_dag(run: Run, dag: DagMade) -> None:
    run.open_dags.pop()
    dag.registered = True


def _enter_group(run: Run, group: GroupMade) -> GroupMade:
    run.open_groups.append(group)
    return group


def _leave_group(run: Run, group: GroupMade) -> None:
    run.open_groups.pop()


CONTEXTS[DagMade] = (_enter_dag, _leave_dag)
CONTEXTS[GroupMade] = (_enter_group, _leave_group)
SUBSCRIPTS[GroupMade] = lambda group, key: group.children.get(group.child_id(str(key)), MISSING)


def make_group(run: Run, kwargs: Kwargs, node: Any, scope: Scope, unique: bool = False) -> GroupMade | None:
    """A task group from the keyword arguments of its class; ``None`` outside of any DAG."""
    given = dict(kwargs)
    parent, dag = given.pop("parent_group", None), given.pop("dag", None)
    if not isinstance(parent, GroupMade):
        parent = run.open_groups[-1] if run.open_groups else None
    if not isinstance(dag, DagMade):
        dag = parent.dag if parent is not None else run.open_dags[-1] if run.open_dags else None
    if dag is None:
        run.report(RefusedGraph(reason="a task group is made outside of a DAG"), run.span(node, scope))
        return None
    if parent is None or parent.dag is not dag:
        parent = dag.root
    name, known = name_of(run, given.pop("group_id", None), node, scope, "group")
    unique = given.pop("add_suffix_on_collision", unique) is True
    if unique or unlike(run, known):
        name = free_suffix(name, dag.used_group_ids, parent.child_id(name))
    group = GroupMade(name, dag, parent, plain(given.pop("prefix_group_id", True)) is not False, given)
    defaults = plain(given.pop("default_args", None))
    group.defaults = dict(defaults) if isinstance(defaults, dict) else {}
    group.span = run.span(node, scope)
    if group.group_id in dag.used_group_ids or group.group_id in parent.children:
        if run.doubt and isinstance(taken := parent.children.get(group.group_id), GroupMade):
            return taken
        run.report(RefusedGraph(reason=f"the group id {group.group_id} is used twice"), run.span(node, scope))
    dag.used_group_ids.add(group.group_id)
    parent.children[group.group_id] = group
    return group


@external("airflow.sdk.TaskGroup")
def _group(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    made = make_group(run, {**({"group_id": args[0]} if args else {}), **kwargs}, node, scope)
    return unknown(run, node, scope) if made is None else made


@dataclass(frozen=True, slots=True, eq=False)
class GroupFactory:
    """A ``@task_group`` function; without ``function`` the decorator that waits for it."""

    kwargs: Kwargs
    function: Function | None = None
    partial: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Method:
    owner: GroupFactory
    name: str


@external("airflow.sdk.task_group")
def _group_decorator(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    if args and isinstance(args[0], Function):
        return GroupFactory(kwargs, args[0])
    return GroupFactory({**({"group_id": args[0]} if args else {}), **kwargs})


@calls(GroupFactory)
def _make_group(run: Run, callee: GroupFactory, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    if callee.function is None:
        made = args[0] if args else None
        return replace(callee, function=made) if isinstance(made, Function) else unknown(run, node, scope)
    return _fill_group(run, callee, args, {**(callee.partial or {}), **kwargs}, None, node, scope)


def _fill_group(
    run: Run,
    callee: GroupFactory,
    args: Args,
    kwargs: Kwargs,
    expansion: tuple[str, Any] | None,
    node: Any,
    scope: Scope,
) -> Any:
    function = callee.function
    assert function is not None
    options = {**callee.kwargs, "group_id": callee.kwargs.get("group_id") or function.name}
    if not isinstance(function.node, ast.Lambda) and (doc := ast.get_docstring(function.node)):
        options["tooltip"] = options.get("tooltip") or doc
    group = make_group(run, options, node, scope, unique=True)
    if group is None:
        return unknown(run, node, scope)
    group.expansion = expansion
    ordered = [p.arg for p in (*function.node.args.posonlyargs, *function.node.args.args)]
    group.parameters = {**dict(zip(ordered, args, strict=False)), **kwargs}
    for value in group.parameters.values():
        if isinstance(value, ItemMade) and value.group is None:
            value.group = group
    _enter_group(run, group)
    try:
        result = call(run, function, args, kwargs, node, scope)
    finally:
        _leave_group(run, group)
    if expansion is not None:
        _after_sources(run, group, expansion[1], node, scope)
    return group if result is None else result


def _after_sources(run: Run, group: GroupMade, over: Any, node: Any, scope: Scope) -> None:
    try:
        for task in references(over):
            connect(group, [task], True, None, run.span(node, scope))
    except GraphError as error:
        run.report(RefusedGraph(reason=str(error)), run.span(node, scope))


@attributes(GroupFactory)
def _group_attribute(run: Run, value: GroupFactory, name: str, node: Any, scope: Scope) -> Any:
    match name:
        case "override" | "partial":
            return _Method(value, name)
        case "expand" | "expand_kwargs":
            return Expand(value, name)
        case "function" | "__wrapped__":
            return value.function
        case _:
            return unknown(run, node, scope)


@calls(_Method)
def _method(run: Run, callee: _Method, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    if callee.name == "override":
        return replace(callee.owner, kwargs={**callee.owner.kwargs, **kwargs})
    return replace(callee.owner, partial={**(callee.owner.partial or {}), **kwargs})


def _expand_group(run: Run, owner: GroupFactory, expansion: tuple[str, Any], node: Any, scope: Scope) -> Any:
    partial, function = owner.partial or {}, owner.function
    if function is None:
        return unknown(run, node, scope)
    if expansion[0] == "expand":
        # Airflow connects a task that uses one item with the sources of all of them.
        everything = ("expand", list(expansion[1].values()))
        items = {name: ItemMade(None, name, everything) for name in expansion[1]}
    else:
        names = [p.arg for p in (*function.node.args.args, *function.node.args.kwonlyargs)]
        items = {name: ItemMade(None, name, expansion) for name in names if name not in partial}
    return _fill_group(run, owner, (), {**partial, **items}, expansion, node, scope)


EXPANDERS[GroupFactory] = _expand_group
