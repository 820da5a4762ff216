"""TaskFlow: ``@task`` and its kinds, ``@setup``, ``@teardown``, ``@asset``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from airflow2sfn.reading.evaluate import (
    MISSING,
    Args,
    Bound,
    External,
    Function,
    Instance,
    Kwargs,
    Run,
    Scope,
    attributes,
    calls,
    external,
    unknown,
)
from airflow2sfn.reading.graph import DagMade, TaskMade, XComMade
from airflow2sfn.reading.library import EXTERNAL_CALLS
from airflow2sfn.reading.operators import EXPANDERS, Expand, make_task

_TASK = "airflow.sdk.task"
_PLAIN = {"python": "task"}


@dataclass(frozen=True, slots=True, eq=False)
class Decorator:
    """``@task.branch(…)`` waiting for its function."""

    kind: str
    kwargs: Kwargs
    role: str = ""
    fails_run: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Decorated:
    """A TaskFlow function; calling it makes a task. ``partial`` are arguments for every mapped copy."""

    function: Any
    kind: str
    kwargs: Kwargs
    role: str = ""
    fails_run: bool = False
    partial: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Method:
    owner: Decorated
    name: str


def _decorator(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    if callee.name != _TASK and not callee.name.startswith(f"{_TASK}."):
        return MISSING
    last = callee.name[len(_TASK) + 1 :]
    if last in ("run_if", "skip_if"):
        return Decorator("", {last: args[0] if args else None})
    kind = _PLAIN.get(last, f"task.{last}" if last else "task")
    if args and isinstance(args[0], Function | External | Bound):
        return Decorated(_seen(args[0]), kind, kwargs)
    return Decorator(kind, kwargs)


def _seen(function: Any) -> Any:
    return function.seen() if isinstance(function, Function) else function


EXTERNAL_CALLS.insert(0, _decorator)


@calls(Decorator)
def _decorate(run: Run, callee: Decorator, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    function = args[0] if args else None
    if isinstance(function, Decorated):
        return replace(
            function,
            kwargs=function.kwargs | callee.kwargs,
            role=callee.role or function.role,
            fails_run=callee.fails_run or function.fails_run,
        )
    if isinstance(function, Function | External | Bound):
        return Decorated(_seen(function), callee.kind or "task", callee.kwargs, callee.role, callee.fails_run)
    return unknown(run, node, scope)


@external("airflow.sdk.setup", "airflow.sdk.teardown")
def _role(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    fails = kwargs.get("on_failure_fail_dagrun") is True
    waiting = Decorator("", {}, callee.name.rpartition(".")[2], fails)
    return _decorate(run, waiting, args, {}, node, scope) if args else waiting


@external("airflow.sdk.result")
def _result(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    return _decorate(run, Decorator("", {"returns_dag_result": True}), args, {}, node, scope)


@calls(Decorated)
def _call(run: Run, callee: Decorated, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    return _make(run, callee, args, {**(callee.partial or {}), **kwargs}, None, node, scope)


def _make(
    run: Run,
    made: Decorated,
    args: Args,
    kwargs: Kwargs,
    expansion: tuple[str, Any] | None,
    node: Any,
    scope: Scope,
) -> XComMade:
    function = made.function.function if isinstance(made.function, Bound) else made.function
    options = {"task_id": getattr(function, "name", "task").rpartition(".")[2], **made.kwargs}
    fails = options.pop("on_failure_fail_dagrun", made.fails_run) is True
    task = TaskMade("", made.kind, callable=made.function, op_args=args, op_kwargs=kwargs, expansion=expansion)
    task.setup, task.teardown, task.fails_run = made.role == "setup", made.role == "teardown", fails
    if expansion is not None:
        task.expansion_span = run.span(node, scope)
    needs = [list(args), kwargs, *([expansion[1]] if expansion is not None else [])]
    task = make_task(run, task, options, node, scope, needs, unique=True)
    if isinstance(function, Function) and task.dag is not None:
        from_defaults = {n: v for n, v in task.dag.defaults.items() if n in _parameters(function)}
        task.op_kwargs = {**from_defaults, **task.op_kwargs}
    return XComMade((task,))


def _parameters(function: Function) -> set[str]:
    parameters = function.node.args
    return {p.arg for p in (*parameters.args, *parameters.kwonlyargs)}


@attributes(Decorated)
def _attribute(run: Run, value: Decorated, name: str, node: Any, scope: Scope) -> Any:
    match name:
        case "override" | "partial":
            return _Method(value, name)
        case "expand" | "expand_kwargs":
            return Expand(value, name)
        case "function" | "__wrapped__":
            return value.function
        case "__name__":
            return getattr(value.function, "name", "")
        case _:
            return unknown(run, node, scope)


@calls(_Method)
def _method(run: Run, callee: _Method, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    if callee.name == "override":
        return replace(callee.owner, kwargs={**callee.owner.kwargs, **kwargs})
    return replace(callee.owner, partial={**(callee.owner.partial or {}), **kwargs})


EXPANDERS[Decorated] = lambda run, owner, expansion, node, scope: _make(
    run, owner, (), owner.partial or {}, expansion, node, scope
)


@external("airflow.sdk.asset")
def _asset(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    return _AssetDecorator(kwargs)


@external("airflow.sdk.asset.multi")
def _assets(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    return _AssetDecorator(kwargs)


@dataclass(frozen=True, slots=True, eq=False)
class _AssetDecorator:
    kwargs: Kwargs


@calls(_AssetDecorator)
def _asset_dag(run: Run, callee: _AssetDecorator, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    """An ``@asset`` function is a DAG of one task of the same name, whose outlet is the asset."""
    if not args or not isinstance(args[0], Function):
        return unknown(run, node, scope)
    function, options = args[0], dict(callee.kwargs)
    name = options.pop("name", None) or function.name
    outlets = options.pop("outlets", None)
    about: Kwargs = {key: options.pop(key) for key in ("uri", "group", "extra", "watchers") if key in options}
    made = Instance("airflow.sdk.Asset", (name,) if isinstance(name, str) else (), about, run.span(node, scope))
    dag = DagMade(
        options.pop("dag_id", function.name), options, span=scope.file.span(function.node), module=scope.file.module
    )
    dag.registered = True
    run.dags.append(dag)
    task = TaskMade("", "task.asset", callable=function)
    own = {"task_id": function.name, "outlets": outlets if outlets is not None else [made], "dag": dag}
    groups, run.open_groups = run.open_groups, []
    try:
        make_task(run, task, own, function.node, scope)
    finally:
        run.open_groups = groups
    return made
