"""What a callable asks of Airflow's context: by parameters, ``**kwargs``, or ``get_current_context()``."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from airflow2sfn.source import PythonCallable

Path = tuple[str, ...]

TEXTS = frozenset(
    {
        "ds", "ds_nodash", "ts", "ts_nodash", "run_id", "yesterday_ds", "yesterday_ds_nodash", "tomorrow_ds",
        "tomorrow_ds_nodash", "next_ds", "next_ds_nodash",
    }
)  # fmt: skip
TIMES = frozenset({"logical_date", "execution_date", "data_interval_start", "data_interval_end", "next_execution_date"})
"""Given as texts, and made times by the handler."""
VALUES = frozenset({"params", "templates_dict"})
OBJECTS: Mapping[str, frozenset[str]] = {
    "dag_run": frozenset({"conf", "run_id", "dag_id", "logical_date", "execution_date"}),
    "ti": frozenset(
        {"task_id", "dag_id", "run_id", "try_number", "map_index", "execution_date", "xcom_pull", "xcom_push"}
    ),
    "dag": frozenset({"dag_id"}),
    "task": frozenset({"task_id"}),
}
"""Objects of which some attributes are known."""
_SAME = {"task_instance": "ti"}
_CURRENT = "<current>"
_TASK = ("ti", "task_instance", "task")
_UNKNOWN = frozenset(
    {
        "conf", "conn", "exception", "expanded_ti_count", "inlet_events", "inlets", "macros", "map_index_template",
        "outlet_events", "outlets", "prev_data_interval_end_success", "prev_data_interval_start_success",
        "prev_end_date_success", "prev_start_date_success", "start_date", "task_reschedule_count", "test_mode",
        "triggering_asset_events", "triggering_dataset_events", "ts_nodash_with_tz", "var", "prev_ds", "prev_ds_nodash",
        "prev_execution_date", "task_state_store", "asset_state_store", "partition_key", "partition_date",
    }
)  # fmt: skip
NAMES = TEXTS | TIMES | VALUES | OBJECTS.keys() | _SAME.keys() | _UNKNOWN
"""Parameters of these names get their value from Airflow."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a callable asks for: dotted paths into the context, and what cannot be given.

    ``("ti", "xcom_pull", "extract", "return_value")`` is the XCom of a task; ``pushes`` are keys of XComs it makes.
    ``current`` is what it asks of ``get_current_context()``.
    """

    paths: tuple[Path, ...] = ()
    current: tuple[Path, ...] = ()
    pushes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


CALLBACK_VALUES = TEXTS | TIMES | VALUES | {"exception"}
CALLBACK_OBJECTS: Mapping[str, frozenset[str]] = {
    **OBJECTS,
    "ti": (OBJECTS["ti"] | {"log_url", "state"}) - {"try_number", "map_index", "xcom_push"},
}
"""What callbacks of tasks may ask for."""


def roots(paths: Iterable[Path]) -> dict[str, tuple[Path, ...]]:
    """The names at the top of the context, and what is asked of each."""
    found: dict[str, tuple[Path, ...]] = {}
    for first, *rest in paths:
        found[first] = (*found.get(first, ()), tuple(rest))
    return found


def asked(function: PythonCallable, text: str, given: frozenset[str]) -> Asked:
    """What a callable asks of the context.

    Args:
        function: the callable.
        text: its definition.
        given: parameters that a task gives a value to.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return Asked(problems=("it does not parse on its own",))
    finder = _Finder({p.name: (p.name,) for p in function.parameters if p.name in NAMES - given}, given)
    wild = next((p.name for p in function.parameters if p.kind == "kwargs"), "")
    if wild:
        finder.known[wild] = ()
    finder.visit(tree)
    for parameter in function.parameters:
        name = parameter.name
        if name in NAMES - given and name in TEXTS | TIMES | VALUES:
            finder.paths.append((name,))
        elif name in _TASK and name not in given and parameter.default is None:
            finder.paths.append((name, "task_id"))  # it has to be given, though nothing of it is used
    return finder.result()


def asked_by_callback(text: str, parameter: str) -> Asked:
    """What a callback of a task asks of the context that it is called with, as ``current``.

    Args:
        text: its definition.
        parameter: the one that gets the context.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return Asked(problems=("it does not parse on its own",))
    finder = _Finder({parameter: (_CURRENT,)}, frozenset(), CALLBACK_VALUES, CALLBACK_OBJECTS)
    finder.visit(tree)
    return finder.result()


class _Finder(ast.NodeVisitor):
    """Follows names of the context; ``values`` and ``objects`` are what it has, and of what some attributes."""

    def __init__(
        self,
        known: dict[str, Path],
        given: frozenset[str],
        values: frozenset[str] = TEXTS | TIMES | VALUES,
        objects: Mapping[str, frozenset[str]] = OBJECTS,
    ):
        self.known, self.given, self.values, self.objects = known, given, values, objects
        self.paths: list[Path] = []
        self.pushes: list[str] = []
        self.problems: list[str] = []

    def result(self) -> Asked:
        current = [path[1:] for path in self.paths if path[0] == _CURRENT]
        own = [path for path in self.paths if path[0] != _CURRENT]
        return Asked(_once(own), _once(current), _once(self.pushes), _once(self.problems))

    def visit_Assign(self, node: ast.Assign) -> None:
        path = self.path(node.value)
        if (
            path is not None
            and len(node.targets) == 1
            and isinstance(node.targets[0], ast.Name)
            and len(_bare(path)) < 2
        ):
            self.known[node.targets[0].id] = path
            return
        self.generic_visit(node)

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.expr):
            path = self.path(node)
            if path is not None:
                self._record(path)
                for argument in _arguments(node):
                    self.visit(argument)
                return
        super().visit(node)

    def path(self, node: ast.expr) -> Path | None:
        """The path that an expression is; nothing for what has to do with the context only further inside."""
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                return self.known.get(name)
            case ast.Subscript(value=base, slice=ast.Constant(value=str(key))):
                return self._below(base, key)
            case ast.Attribute(value=base, attr=key):
                found = self.path(base)
                return (*found, key) if found and _bare(found) else None
            case ast.Call(func=ast.Name(id="get_current_context")):
                return (_CURRENT,)
            case ast.Call(func=ast.Attribute(value=base, attr="get"), args=[ast.Constant(value=str(key)), *_]):
                return self._below(base, key)
            case ast.Call(func=ast.Attribute(value=base, attr="xcom_pull")) if self._is_instance(base):
                return self._pull(node, self.path(base) or ())
            case ast.Call(func=ast.Attribute(value=base, attr="xcom_push")) if self._is_instance(base):
                self._push(node)
                return (*(self.path(base) or ()), "xcom_push")
        return None

    def _below(self, base: ast.expr, key: str) -> Path | None:
        found = self.path(base)
        return None if found is None else (*found, key)

    def _is_instance(self, base: ast.expr) -> bool:
        path = self.path(base)
        return path is not None and _bare(path) in (("ti",), ("task_instance",))

    def _pull(self, node: ast.Call, base: Path) -> Path | None:
        names = dict(zip(("task_ids", "dag_id", "key"), node.args, strict=False))
        names |= {keyword.arg or "**": keyword.value for keyword in node.keywords}
        ids, key = names.pop("task_ids", None), names.pop("key", ast.Constant("return_value"))
        if isinstance(ids, ast.List) and len(ids.elts) == 1:
            self.problems.append("it pulls XComs by a list of tasks")
        if names or not (isinstance(ids, ast.Constant) and isinstance(ids.value, str)):
            self.problems.append("it pulls XComs of tasks that are not named in its text")
            return (*base, "xcom_pull")
        if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
            self.problems.append("it pulls XComs by keys that are not named in its text")
            return (*base, "xcom_pull")
        return (*base, "xcom_pull", ids.value, key.value)

    def _push(self, node: ast.Call) -> None:
        names = dict(zip(("key", "value"), node.args, strict=False))
        names |= {keyword.arg or "**": keyword.value for keyword in node.keywords}
        key = names.get("key")
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            self.pushes.append(key.value)
        else:
            self.problems.append("it pushes XComs by keys that are not named in its text")

    def _record(self, whole: Path) -> None:
        path = _bare(whole)
        if not path:
            self.problems.append("it hands its whole context on")
            return
        root = _SAME.get(path[0], path[0])
        if path[0] in self.given and path == whole:
            return
        if root in self.objects:
            if len(path) < 2:
                self.problems.append(f"it hands {path[0]} on")
            elif path[1] not in self.objects[root]:
                self.problems.append(f"it uses {path[0]}.{path[1]}")
            else:
                self.paths.append(whole[: len(whole) - len(path) + (4 if path[1] == "xcom_pull" else 2)])
        elif root in self.values:
            self.paths.append(whole[: len(whole) - len(path) + 1])
        elif root in _UNKNOWN or path != whole:
            self.problems.append(f"it uses {root} of Airflow's context")
        # Anything else is an argument that tasks pass in op_kwargs.


_Item = TypeVar("_Item")


def _once(items: Iterable[_Item]) -> tuple[_Item, ...]:
    return tuple(dict.fromkeys(items))


def _bare(path: Path) -> Path:
    """The path inside of the context, whichever way it is asked for."""
    return path[1:] if path[:1] == (_CURRENT,) else path


def _arguments(node: ast.expr) -> Iterator[ast.expr]:
    """Expressions inside a path that are no part of it."""
    while True:
        match node:
            case ast.Call(func=function, args=args, keywords=keywords):
                yield from args
                yield from (keyword.value for keyword in keywords)
                node = function
            case ast.Attribute(value=base) | ast.Subscript(value=base):
                node = base
            case _:
                return
