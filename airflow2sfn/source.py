"""The source model: Airflow DAGs as values, as far as a file says what they are without being run.

The readers make it, the translation consumes it. Names are Airflow's. Operators are named by where Airflow 3 defines
them (``airflow.providers.standard.operators.bash.BashOperator``), whatever the file imports; TaskFlow tasks by their
decorator (``task``, ``task.branch``). What the file computes from things that are not in it stays symbolic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, TypeAlias

import libcst

from sfn_airflow_core.text import Span

Reason: TypeAlias = Literal[
    "variable", "connection", "environment", "configuration", "file", "import", "call", "time", "random", "unknown"
]
"""Why a value is not known: where it would come from when Airflow reads the file."""


@dataclass(frozen=True, slots=True)
class Known:
    """A value that is known: what JSON has, and bytes, tuples, sets, dates, times, ``timedelta`` and time zones."""

    value: Any


@dataclass(frozen=True, slots=True)
class Symbolic:
    """A value that only exists when Airflow reads the file.

    ``text`` is the expression in the file. ``key`` names what is looked up, where that is known (the Variable, the
    environment variable, the qualified name of what is called); ``default`` is what is used where it is missing.
    """

    text: str
    reason: Reason
    span: Span | None = None
    key: str = ""
    default: Value | None = None


@dataclass(frozen=True, slots=True)
class XCom:
    """The XCom of a task by an XComArg: a TaskFlow result, ``.output``, or one key of them (``result["key"]``)."""

    task_id: str
    key: str = "return_value"


@dataclass(frozen=True, slots=True)
class MappedXCom:
    """``source.map(f)``: every element of an XCom through functions, in this order."""

    source: Value
    functions: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class ZippedXCom:
    """``a.zip(b, fillvalue=…)``: tuples of elements; without ``fill`` as long as the shortest."""

    sources: tuple[Value, ...]
    fill: Value | None = None


@dataclass(frozen=True, slots=True)
class ConcatenatedXCom:
    """``a.concat(b)``: the elements one XCom after the other."""

    sources: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class GroupArgument:
    """A parameter of a mapped task group: in each copy of the group the item (or the constant) it is called with."""

    group_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Template:
    """A text with Jinja in it; whether Airflow renders it depends on the operator's template fields."""

    text: str


@dataclass(frozen=True, slots=True)
class Concat:
    """A text put together from pieces of which some are not known; the pieces are formatted by ``str``."""

    parts: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list, tuple or set with values in it that are not plainly known."""

    items: tuple[Value, ...]
    kind: Literal["list", "tuple", "set"] = "list"


@dataclass(frozen=True, slots=True)
class Entries:
    """A dictionary with values in it that are not plainly known; keys may be symbolic as well."""

    entries: tuple[tuple[Value, Value], ...]

    def get(self, key: str) -> Value | None:
        """The value of a known key."""
        return next((value for name, value in self.entries if name == Known(key)), None)


@dataclass(frozen=True, slots=True)
class Made:
    """What calling an imported class or function gives: ``Param(10, type="integer")``, ``Asset("s3://…")``.

    ``name`` is qualified and canonical: ``airflow.sdk.Param``.
    """

    name: str
    args: tuple[Value, ...] = ()
    kwargs: tuple[tuple[str, Value], ...] = ()
    span: Span | None = field(default=None, compare=False)

    def get(self, name: str) -> Value | None:
        """A keyword argument."""
        return dict(self.kwargs).get(name)


@dataclass(frozen=True, slots=True)
class Reference:
    """Something imported that is passed on as it is: a class, a function or a constant by its qualified name."""

    name: str


@dataclass(frozen=True, slots=True)
class TaskReference:
    """A task itself as an argument, not its result."""

    task_id: str


@dataclass(frozen=True, slots=True)
class Module:
    """A Python file: ``name`` dotted from the project root, ``path`` as reports show it."""

    name: str
    path: str
    text: str = field(repr=False)

    def tree(self) -> libcst.Module:
        """Its concrete syntax tree; parsed once. Raises libcst.ParserSyntaxError."""
        return _tree(self.text)


@lru_cache(maxsize=64)
def _tree(text: str) -> libcst.Module:
    return libcst.parse_module(text)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a callable; ``default`` is ``None`` where there is none."""

    name: str
    kind: Literal["positional", "any", "keyword", "args", "kwargs"] = "any"
    default: Value | None = None
    annotation: str = ""


@dataclass(frozen=True, slots=True)
class PythonCallable:
    """A function or lambda written in the project.

    ``span`` is the whole definition with its decorators, ``names`` are the names it uses from outside of it (module
    level, builtins left out), ``captured`` the values of those that belong to an enclosing function or loop at the
    time the function is used. ``node`` finds it in the concrete syntax tree of its module.
    """

    name: str
    module: Module
    span: Span
    parameters: tuple[Parameter, ...] = ()
    names: tuple[str, ...] = ()
    captured: tuple[tuple[str, Value], ...] = ()
    is_async: bool = False
    is_generator: bool = False
    returns: str = ""
    doc: str = ""

    def node(self) -> libcst.FunctionDef | libcst.Lambda:
        """The definition in the concrete syntax tree."""
        from airflow2sfn.reading.callable import find

        return find(self)

    def source(self) -> str:
        """The text of the definition, as it stands in the file."""
        lines = self.module.text.splitlines(keepends=True)[self.span.line - 1 : self.span.end_line]
        lines[-1] = lines[-1][: self.span.end_column - 1]
        lines[0] = lines[0][self.span.column - 1 :]
        return "".join(lines)


Value: TypeAlias = (
    "Known | Symbolic | XCom | MappedXCom | ZippedXCom | ConcatenatedXCom | GroupArgument | Template | Concat | Items"
    " | Entries | Made | Reference | TaskReference | PythonCallable"
)


@dataclass(frozen=True, slots=True)
class Expansion:
    """Dynamic mapping of a task or group.

    ``kind`` is ``expand`` (``values`` by parameter name: the cross product of them) or ``expand_kwargs`` (``over``: a
    list of dictionaries). What ``partial`` gave stands in the task's arguments.
    """

    kind: Literal["expand", "expand_kwargs"]
    values: tuple[tuple[str, Value], ...] = ()
    over: Value | None = None
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task of a DAG.

    ``operator`` is a canonical class name, or for TaskFlow the decorator: ``task``, ``task.branch``,
    ``task.virtualenv``, …; ``bases`` are the classes that a project's own operator class is made of, nearest first.
    ``arguments`` are the keyword arguments of the operator (of the decorator and ``override`` for TaskFlow), without
    ``task_id``; ``defaults`` what ``default_args`` of the DAG and of its groups would fill in. ``op_args`` and
    ``op_kwargs`` are what the callable is called with, for TaskFlow bound to the names of its parameters.
    ``certain`` is false where the file does not say whether the task exists: a condition or a loop over values that
    are not known; ``known_id`` is false where its id has a symbolic part.
    """

    task_id: str
    operator: str
    arguments: Mapping[str, Value] = field(default_factory=dict)
    defaults: Mapping[str, Value] = field(default_factory=dict)
    callable: PythonCallable | None = None
    op_args: tuple[Value, ...] = ()
    op_kwargs: Mapping[str, Value] = field(default_factory=dict)
    trigger_rule: str = "all_success"
    expansion: Expansion | None = None
    group: str = ""
    role: Literal["work", "setup", "teardown"] = "work"
    fails_run: bool = False
    bases: tuple[str, ...] = ()
    certain: bool = True
    known_id: bool = True
    span: Span | None = field(default=None, compare=False)

    @property
    def taskflow(self) -> bool:
        """Whether a decorator made it."""
        return self.operator == "task" or self.operator.startswith("task.")

    def get(self, name: str) -> Value | None:
        """An argument: the task's own, then ``default_args``, otherwise ``None``."""
        own = self.arguments.get(name)
        return own if own is not None else self.defaults.get(name)

    def known(self, name: str, default: Any = None) -> Any:
        """The value of an argument that is known, otherwise ``default`` (also where it is symbolic)."""
        value = self.get(name)
        return value.value if isinstance(value, Known) else default

    @property
    def retries(self) -> Value | None:
        """How often it is tried again; ``None`` where nothing says so (Airflow's setting, 0 by default)."""
        return self.get("retries")

    @property
    def retry_delay(self) -> Value | None:
        """Time between tries: seconds or a ``timedelta``; ``None`` is Airflow's default of 300 s."""
        return self.get("retry_delay")

    @property
    def retry_exponential_backoff(self) -> Value | None:
        """``True``/``False``, or (Airflow 3.3) the factor itself."""
        return self.get("retry_exponential_backoff")

    @property
    def max_retry_delay(self) -> Value | None:
        """Longest time between tries."""
        return self.get("max_retry_delay")

    @property
    def execution_timeout(self) -> Value | None:
        """Longest time of one try, a ``timedelta``."""
        return self.get("execution_timeout")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A task group: ``group_id`` with the ids of its parents, ``parent`` empty at the top.

    ``parameters`` are the values a ``@task_group`` function was called with, by name; mapped ones stand in
    ``expansion``.
    """

    group_id: str
    parent: str = ""
    tooltip: str = ""
    prefix: bool = True
    arguments: Mapping[str, Value] = field(default_factory=dict)
    parameters: Mapping[str, Value] = field(default_factory=dict)
    expansion: Expansion | None = None
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Edge:
    """``down`` waits for ``up``. ``data`` says that (also) an XComArg made the edge."""

    up: str
    down: str
    label: str = ""
    data: bool = False
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dag:
    """One DAG of a file.

    ``arguments`` are the keyword arguments of ``DAG(…)`` or ``@dag(…)`` without ``dag_id`` and ``default_args``
    (``schedule_interval`` and ``timetable`` are given as ``schedule``); ``defaults`` are its ``default_args``.
    ``airflow`` is the major version the file is written for: ``"2"``, ``"3"``, or empty where either would do.
    Tasks are in the order in which they are made, edges in the order in which they are drawn.
    """

    dag_id: str
    module: Module
    arguments: Mapping[str, Value] = field(default_factory=dict)
    defaults: Mapping[str, Value] = field(default_factory=dict)
    tasks: tuple[Task, ...] = ()
    groups: tuple[Group, ...] = ()
    edges: tuple[Edge, ...] = ()
    airflow: Literal["", "2", "3"] = ""
    known_id: bool = True
    span: Span | None = field(default=None, compare=False)

    def task(self, task_id: str) -> Task:
        """The task of that id. Raises KeyError."""
        for task in self.tasks:
            if task.task_id == task_id:
                return task
        raise KeyError(task_id)

    def get(self, name: str) -> Value | None:
        """An argument of the DAG."""
        return self.arguments.get(name)

    def upstream(self, task_id: str) -> tuple[str, ...]:
        """What a task waits for, in the order of the edges."""
        return tuple(edge.up for edge in self.edges if edge.down == task_id)

    def downstream(self, task_id: str) -> tuple[str, ...]:
        """What waits for a task, in the order of the edges."""
        return tuple(edge.down for edge in self.edges if edge.up == task_id)


def walk(value: Value) -> Iterator[Value]:
    """A value and all values inside it, outermost first."""
    yield value
    inner: tuple[Value | None, ...]
    match value:
        case MappedXCom(source, functions):
            inner = (source, *functions)
        case ZippedXCom(sources, fill):
            inner = (*sources, fill)
        case ConcatenatedXCom(sources) | Concat(sources) | Items(sources):
            inner = sources
        case Entries(entries):
            inner = tuple(part for entry in entries for part in entry)
        case Made(_, args, kwargs):
            inner = (*args, *(argument for _, argument in kwargs))
        case Symbolic(default=default):
            inner = (default,)
        case _:
            inner = ()
    for part in inner:
        if part is not None:
            yield from walk(part)
