"""Operators become tasks: calls of imported operator classes, of the project's own, and ``partial`` with ``expand``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from airflow2sfn.reading.evaluate import (
    MISSING,
    MOST_TASKS,
    Args,
    Bound,
    Class,
    External,
    Function,
    Kwargs,
    Object,
    Run,
    Scope,
    TooMuch,
    Unknown,
    attributes,
    calls,
    unknown,
)
from airflow2sfn.reading.functions import CLASS_ATTRIBUTES, CONSTRUCTORS, initialise
from airflow2sfn.reading.graph import DagMade, GraphError, GroupMade, ItemMade, TaskMade, XComMade, draw, free_suffix
from airflow2sfn.reading.library import EXTERNAL_CALLS
from airflow2sfn.rules.reading import AssumedValue, RefusedGraph, UnknownName
from airflow2sfn.source import Concat, Known, Symbolic

_ENDINGS = ("Operator", "Sensor", "OperatorAsync", "SensorAsync")
_ROOMS = (".operators.", ".sensors.", ".transfers.")
_RUNS = frozenset(
    {"execute", "poke", "choose_branch", "pre_execute", "post_execute", "execute_complete", "execute_callable"}
)

_NEVER_TEMPLATED = frozenset(
    {"executor_config", "params", "resources", "retries", "retry_delay", "pool", "queue", "doc_md", "inlets", "outlets"}
)
"""Arguments of every operator that no operator renders; an XComArg in them makes no edge."""


@dataclass(slots=True, eq=False)
class OperatorPartial:
    """``Operator.partial(…)``; ``operator`` is an external class or one of the project's."""

    operator: External | Class
    kwargs: Kwargs


@dataclass(slots=True, eq=False)
class Expand:
    """``expand`` or ``expand_kwargs`` of something, to be called."""

    owner: Any
    form: str


def name_of(run: Run, value: Any, node: Any, scope: Scope, fallback: str = "") -> tuple[str, bool]:
    """An id, and whether it is known; a part that is not known is shown as its text in braces."""
    if isinstance(value, str):
        return value, True
    if isinstance(value, Unknown) and isinstance(value.assumed, str):
        if not isinstance(value.value, Symbolic) or value.value.reason != "file":
            run.report(AssumedValue(text=_shown(value)), run.span(node, scope))
        return value.assumed, True
    name = _shown(value) if isinstance(value, Unknown) else f"{{{fallback}}}"
    run.report(UnknownName(name=name), run.span(node, scope))
    return name, False


def _shown(value: Unknown) -> str:
    parts = value.value.parts if isinstance(value.value, Concat) else (value.value,)
    return "".join(
        str(part.value) if isinstance(part, Known) else f"{{{getattr(part, 'text', '…')}}}" for part in parts
    )


def references(value: Any) -> Iterator[TaskMade]:
    """The tasks whose XComs a value needs, looking into containers as Airflow does."""
    todo, seen = [value], set[int]()
    while todo:
        item = todo.pop(0)
        if isinstance(item, XComMade):
            yield from item.tasks()
        elif isinstance(item, ItemMade):
            todo.append(item.over[1])
        elif isinstance(item, dict | list | tuple | set) and id(item) not in seen:
            seen.add(id(item))
            todo += item.values() if isinstance(item, dict) else item


def place(run: Run, kwargs: Kwargs) -> tuple[DagMade | None, GroupMade | None]:
    """Takes ``dag`` and ``task_group`` out of arguments; what is open stands in for them."""
    dag, group = kwargs.pop("dag", None), kwargs.pop("task_group", None)
    if not isinstance(group, GroupMade):
        group = run.open_groups[-1] if run.open_groups else None
    if not isinstance(dag, DagMade):
        dag = run.open_dags[-1] if run.open_dags else None
        if dag is None and group is not None:
            dag = group.dag
    if group is not None and group.dag is not dag:
        group = None
    return dag, group


def inherited(dag: DagMade | None, group: GroupMade | None, own: Any) -> dict[str, Any]:
    """``default_args`` of a DAG, the groups around a task and the task itself; later ones win."""
    layers = [own if isinstance(own, dict) else {}]
    while group is not None:
        layers.append(group.defaults)
        group = group.parent
    layers.append(dag.defaults if dag is not None else {})
    return {name: value for layer in reversed(layers) for name, value in layer.items()}


def make_task(
    run: Run,
    task: TaskMade,
    kwargs: Kwargs,
    node: Any,
    scope: Scope,
    needs: Iterable[Any] = (),
    unique: bool = False,
) -> TaskMade:
    """Puts a task into its DAG and group, and draws the edges of what it needs.

    Args:
        task: so far with kind, callable and mapping.
        kwargs: of the operator, with ``task_id``, ``dag``, ``task_group`` and ``default_args``.
        needs: further values that may hold XComArgs.
        unique: whether an id that is taken gets a number (TaskFlow).
    """
    run.tasks += 1
    if run.tasks > MOST_TASKS:
        raise TooMuch(f"more than {MOST_TASKS} tasks")
    kwargs = dict(kwargs)
    dag, group = place(run, kwargs)
    task.defaults = inherited(dag, group, kwargs.pop("default_args", None))
    given = kwargs.pop("task_id", task.defaults.get("task_id"))
    label, task.known_id = name_of(run, given, node, scope, task.kind.rpartition(".")[2])
    home = group or (dag.root if dag is not None else None)
    full = home.child_id(label) if home is not None else label
    if dag is not None and (unique or unlike(run, task.known_id)):
        label = free_suffix(label, dag.tasks, full)
        full = home.child_id(label) if home is not None else label
    task.task_id, task.group, task.arguments = full, group, kwargs
    task.span, task.certain = run.span(node, scope), run.doubt == 0
    if dag is not None:
        if (taken := dag.tasks.get(full)) is not None:
            if not run.doubt:
                run.report(RefusedGraph(reason=f"the task id {full} is used twice"), run.span(node, scope))
            return taken
        dag.add(task)
        templated = [value for name, value in kwargs.items() if name not in _NEVER_TEMPLATED]
        for need in (templated, *needs):
            for up in references(need):
                connect_data(run, up, task, node, scope)
    if run.teardown is not None:
        run.teardown.add(task)
    return task


def unlike(run: Run, known_id: bool) -> bool:
    """Whether something has another id than what has the same text for one: the text is not the id."""
    return not known_id and not run.doubt


def connect_data(run: Run, up: TaskMade, down: TaskMade, node: Any, scope: Scope) -> None:
    """Draws the edge of an XComArg."""
    try:
        draw(up, down, span=run.span(node, scope), data=True)
    except GraphError as error:
        run.report(RefusedGraph(reason=str(error)), run.span(node, scope))


def _operator_like(name: str) -> bool:
    last = name.rpartition(".")[2]
    return last[:1].isupper() and (last.endswith(_ENDINGS) or any(room in name for room in _ROOMS))


def _operator(run: Run, kind: str, kwargs: Kwargs, node: Any, scope: Scope, task: TaskMade) -> TaskMade:
    kwargs = dict(kwargs)
    function = kwargs.get("python_callable")
    if isinstance(function, Function):
        task.callable = kwargs.pop("python_callable").seen()
    elif isinstance(function, Bound) and isinstance(function.function, Function):
        task.callable = kwargs.pop("python_callable")
    needs: list[Any] = []
    if isinstance(kwargs.get("op_args"), list | tuple):
        task.op_args = tuple(kwargs.pop("op_args"))
        needs.append(list(task.op_args))
    if isinstance(kwargs.get("op_kwargs"), dict):
        task.op_kwargs = kwargs.pop("op_kwargs")
        needs.append(task.op_kwargs)
    if task.expansion is not None:
        needs.append(task.expansion[1])
    task.kind = kind
    return make_task(run, task, kwargs, node, scope, needs)


def _external(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    owner, _, last = callee.name.rpartition(".")
    if last == "partial" and owner.rpartition(".")[2][:1].isupper():
        return OperatorPartial(External(owner), kwargs)
    named = "task_id" in kwargs or ("**" in kwargs and _operator_like(callee.name))
    if last[:1].isupper() and named and owner != "builtins":
        return _operator(run, callee.name, kwargs, node, scope, TaskMade("", callee.name))
    return MISSING


EXTERNAL_CALLS.append(_external)


def operator_bases(cls: Class) -> tuple[str, ...]:
    """The external operator classes that a class of the project is made of, nearest first."""
    return tuple(base.name for base in cls.line() if isinstance(base, External) and _operator_like(base.name))


def _construct(run: Run, cls: Class, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    if not operator_bases(cls):
        return MISSING
    return _own_operator(run, cls, args, kwargs, node, scope, TaskMade("", cls.name))


def _own_operator(
    run: Run, cls: Class, args: Args, kwargs: Kwargs, node: Any, scope: Scope, task: TaskMade
) -> TaskMade:
    """A task of an operator class of the project: what its ``__init__`` hands on is what the base is given."""
    made = Object(cls)
    handed = kwargs
    if task.expansion is None:
        initialise(run, made, args, kwargs, node, scope)
        handed = made.attributes.pop("<init>", kwargs)
    task.bases, task.attributes = operator_bases(cls), made.attributes
    runs_itself = any(isinstance(base, Class) and _RUNS & base.names.keys() for base in cls.line())
    if runs_itself:
        own = {name: value for name, value in kwargs.items() if name not in handed}
        return _operator(run, f"{cls.file.module.name}.{cls.name}", {**handed, **own}, node, scope, task)
    return _operator(run, task.bases[0], handed, node, scope, task)


CONSTRUCTORS.append(_construct)
CLASS_ATTRIBUTES["partial"] = lambda run, cls, node, scope: _PartialOf(cls)


@dataclass(slots=True, eq=False)
class _PartialOf:
    cls: Class


@calls(_PartialOf)
def _partial(run: Run, callee: _PartialOf, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    return OperatorPartial(callee.cls, kwargs)


@attributes(OperatorPartial)
def _partial_attribute(run: Run, value: OperatorPartial, name: str, node: Any, scope: Scope) -> Any:
    return Expand(value, name) if name in ("expand", "expand_kwargs") else unknown(run, node, scope)


EXPANDERS: dict[type, Any] = {}
"""What makes something mapped (run, owner, expansion, node, scope), by the type of what is expanded."""


@calls(Expand)
def _expand(run: Run, callee: Expand, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    over: Any = kwargs if callee.form == "expand" else (args[0] if args else kwargs.get("kwargs"))
    return EXPANDERS[type(callee.owner)](run, callee.owner, (callee.form, over), node, scope)


def _expand_operator(run: Run, owner: OperatorPartial, expansion: tuple[str, Any], node: Any, scope: Scope) -> Any:
    task = TaskMade("", "", expansion=expansion, expansion_span=run.span(node, scope))
    if isinstance(owner.operator, Class):
        return _own_operator(run, owner.operator, (), owner.kwargs, node, scope, task)
    return _operator(run, owner.operator.name, owner.kwargs, node, scope, task)


EXPANDERS[OperatorPartial] = _expand_operator
