"""From DAGs under construction to the source model: the evaluator's values become the model's."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from airflow2sfn.reading.evaluate import (
    MISSING,
    Bound,
    Class,
    External,
    Function,
    Instance,
    Object,
    Run,
    Scope,
    Unknown,
)
from airflow2sfn.reading.former_names import named_today
from airflow2sfn.reading.graph import DagMade, GroupMade, ItemMade, TaskMade, XComMade
from airflow2sfn.reading.limits import SCALARS
from airflow2sfn.reading.modules import Namespace
from airflow2sfn.reading.taskflow import Decorated
from airflow2sfn.reading.text import settled
from airflow2sfn.rules.reading import UnknownTriggerRule
from airflow2sfn.source import (
    Concat,
    ConcatenatedXCom,
    Dag,
    Edge,
    Entries,
    Expansion,
    Group,
    GroupArgument,
    Items,
    Known,
    Made,
    MappedXCom,
    Parameter,
    PythonCallable,
    Reference,
    Symbolic,
    Task,
    TaskReference,
    Template,
    Value,
    XCom,
    ZippedXCom,
)

_DEEPEST = 40
_MOST = 20_000
_JINJA = ("{{", "{%", "{#")


def finish(run: Run, made: DagMade) -> Dag:
    """The DAG as the source model has it."""
    keep = Freezer(run)
    return Dag(
        dag_id=made.dag_id,
        module=made.module,
        arguments=keep.table(made.arguments),
        defaults=keep.table(made.defaults),
        tasks=tuple(_task(run, keep, task) for task in made.tasks.values()),
        groups=tuple(_group(keep, group) for group in made.groups()),
        edges=tuple(Edge(up, down, e.label, e.data, e.span) for (up, down), e in made.edges.items()),
        airflow=_version(run),
        known_id=made.known_id,
        span=made.span,
    )


def _version(run: Run) -> Any:
    from airflow2sfn.reading.names import written_for

    found = {"2" if name in ("schedule_interval", "timetable") else written_for(name) for name, _ in run.imports}
    # A file for both has the newer names in a branch of its own.
    return "3" if "3" in found else "2" if "2" in found else ""


def _task(run: Run, keep: Freezer, made: TaskMade) -> Task:
    arguments = named_today(made.kind, keep.table(made.arguments))
    rule = arguments.pop("trigger_rule", None) or keep.value(made.defaults.get("trigger_rule", "all_success"))
    if made.teardown:
        rule = Known("all_done_setup_success")
    if not isinstance(rule, Known) and made.span is not None:
        run.report(UnknownTriggerRule(task_id=made.task_id), made.span)
    called = made.callable.function if isinstance(made.callable, Bound) else made.callable
    function = keep.value(called) if called is not None else None
    args, kwargs = _bound(made)
    if isinstance(function, Reference):
        arguments["python_callable"] = function
    return Task(
        task_id=made.task_id,
        operator=made.kind,
        arguments=arguments,
        defaults=keep.table({k: v for k, v in made.defaults.items() if k != "trigger_rule"}),
        callable=function if isinstance(function, PythonCallable) else None,
        op_args=tuple(keep.value(value) for value in args),
        op_kwargs=keep.table(kwargs),
        trigger_rule=str(rule.value) if isinstance(rule, Known) else "all_success",
        expansion=keep.expansion(made.expansion, made.expansion_span),
        group=made.group.group_id if made.group else "",
        role="teardown" if made.teardown else "setup" if made.setup else "work",
        fails_run=made.fails_run,
        bases=made.bases,
        certain=made.certain,
        known_id=made.known_id,
        span=made.span,
    )


def _bound(made: TaskMade) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
    """What a callable is called with; for TaskFlow by the names of its parameters, as far as it has them."""
    function, first, more = made.callable, made.op_args, made.op_kwargs
    if isinstance(function, Bound):
        first, more = (*function.args, *first), {**function.kwargs, **more}
        function = function.function
    if not isinstance(function, Function) or not (made.kind == "task" or made.kind.startswith("task.")):
        return first, more
    ordered = [p.arg for p in (*function.node.args.posonlyargs, *function.node.args.args)]
    return first[len(ordered) :], {**dict(zip(ordered, first, strict=False)), **more}


def _group(keep: Freezer, made: GroupMade) -> Group:
    tooltip = made.arguments.get("tooltip")
    return Group(
        group_id=made.group_id,
        parent=made.parent.group_id if made.parent else "",
        tooltip=tooltip if isinstance(tooltip, str) else "",
        prefix=made.prefix,
        arguments=keep.table({k: v for k, v in made.arguments.items() if k not in ("tooltip", "group_id")}),
        parameters=keep.table(made.parameters),
        expansion=keep.expansion(made.expansion, made.span),
        span=made.span,
    )


class Freezer:
    """Turns the evaluator's values into the model's; each of them gives at most some thousands of parts."""

    def __init__(self, run: Run):
        self.run = run
        self.parts = 0

    def table(self, values: Mapping[str, Any]) -> dict[str, Value]:
        """Arguments by name."""
        return {str(name): self.value(value) for name, value in values.items() if value is not MISSING}

    def expansion(self, made: tuple[str, Any] | None, span: Any) -> Expansion | None:
        """Dynamic mapping."""
        if made is None:
            return None
        form, over = made
        if form == "expand" and isinstance(over, dict):
            return Expansion("expand", tuple(self.table(over).items()), None, span)
        return Expansion("expand_kwargs", (), self.value(over), span)

    def value(self, value: Any) -> Value:
        """Any value."""
        self.parts = 0
        return self._value(value, 0)

    def _value(self, value: Any, depth: int) -> Value:
        self.parts += 1
        if depth > _DEEPEST or self.parts > _MOST:
            return Symbolic("…", "unknown")
        if isinstance(value, str) and any(mark in value for mark in _JINJA):
            return Template(value)
        if isinstance(value, SCALARS):
            return Known(value)
        if isinstance(value, list | tuple | set | frozenset):
            return self._items(value, depth)
        if isinstance(value, dict):
            return self._entries(value, depth)
        return self._special(value, depth)

    def _items(self, value: Any, depth: int) -> Value:
        parts = tuple(self._value(item, depth + 1) for item in value)
        kind: Any = "tuple" if isinstance(value, tuple) else "list" if isinstance(value, list) else "set"
        if all(isinstance(part, Known) for part in parts):
            collect: Any = {"tuple": tuple, "list": list, "set": set}[kind]
            return Known(collect(part.value for part in parts if isinstance(part, Known)))
        return Items(parts, kind)

    def _entries(self, value: dict[Any, Any], depth: int) -> Value:
        parts = tuple((self._value(key, depth + 1), self._value(item, depth + 1)) for key, item in value.items())
        known = {key.value: item.value for key, item in parts if isinstance(key, Known) and isinstance(item, Known)}
        if len(known) == len(parts):
            return Known(known)
        return Entries(parts)

    def _special(self, value: Any, depth: int) -> Value:
        match value:
            case Unknown():
                found = settled(value)
                if isinstance(found, Symbolic) and found.default is None and value.assumed is not MISSING:
                    default = self._value(value.assumed, depth + 1)
                    return Symbolic(found.text, found.reason, found.span, found.key, default)
                return Concat(tuple(map(_piece, found.parts))) if isinstance(found, Concat) else found
            case XComMade():
                return self._xcom(value, depth)
            case ItemMade(group, name):
                return GroupArgument(group.group_id if group else "", name)
            case TaskMade(task_id):
                return TaskReference(task_id)
            case Function():
                return self.function(value)
            case Decorated(function):
                return self._value(function, depth + 1)
            case Bound(function, args, kwargs):
                made = (self._value(function, depth + 1), *(self._value(a, depth + 1) for a in args))
                return Made("functools.partial", made, self._named(kwargs, depth))
            case Instance(name, args, kwargs, span):
                positional = tuple(self._value(a, depth + 1) for a in args)
                return Made(name, positional, self._named(kwargs, depth), span)
            case External(name) | Namespace(name):
                return Reference(name)
            case Class(name, file=file):
                return Reference(f"{file.module.name}.{name}")
            case Object(cls, held):
                if cls.form == "enum":
                    return self._value(held.get("value"), depth + 1)
                return Made(f"{cls.file.module.name}.{cls.name}", (), self._named(held, depth))
            case GroupMade() | DagMade():
                return Reference(value.group_id if isinstance(value, GroupMade) else value.dag_id)
            case _:
                return Symbolic(type(value).__name__, "unknown")

    def _named(self, values: Mapping[str, Any], depth: int) -> tuple[tuple[str, Value], ...]:
        return tuple((name, self._value(value, depth + 1)) for name, value in values.items())

    def _xcom(self, value: XComMade, depth: int) -> Value:
        match value.form:
            case "map":
                functions = tuple(self._value(f, depth + 1) for f in value.extra)
                return MappedXCom(self._value(value.sources[0], depth + 1), functions)
            case "zip":
                fill = self._value(value.extra[0], depth + 1) if value.extra else None
                return ZippedXCom(tuple(self._value(s, depth + 1) for s in value.sources), fill)
            case "concat":
                return ConcatenatedXCom(tuple(self._value(s, depth + 1) for s in value.sources))
        return XCom(value.sources[0].task_id, value.key)

    def function(self, made: Function) -> PythonCallable:
        """A function of the project."""
        node, file = made.node, made.scope.file
        names = _outer_names(file.module.text, node.lineno, made.name if made.name != "<lambda>" else "lambda")
        captured = tuple((name, self._captured(value)) for name, value in _closure(made, names).items())
        body = [] if isinstance(node, ast.Lambda) else node.body
        return PythonCallable(
            name=made.name,
            module=file.module,
            span=file.span(node),
            parameters=tuple(self._parameters(made)),
            names=names,
            captured=captured,
            is_async=isinstance(node, ast.AsyncFunctionDef),
            is_generator=any(_yields(statement) for statement in body),
            returns="" if isinstance(node, ast.Lambda) or node.returns is None else file.segment(node.returns),
            doc="" if isinstance(node, ast.Lambda) else ast.get_docstring(node) or "",
        )

    def _captured(self, value: Any) -> Value:
        if isinstance(value, Function):
            return Reference(value.name)  # its definition stands in the same module
        return self._value(value, _DEEPEST // 2)

    def _parameters(self, made: Function) -> Iterable[Parameter]:
        args, file = made.node.args, made.scope.file
        kinds: list[tuple[Any, list[ast.arg]]] = [
            ("positional", args.posonlyargs),
            ("any", args.args),
            ("args", [args.vararg] if args.vararg else []),
            ("keyword", args.kwonlyargs),
            ("kwargs", [args.kwarg] if args.kwarg else []),
        ]
        for kind, group in kinds:
            for p in group:
                default = made.defaults.get(p.arg, MISSING)
                annotation = file.segment(p.annotation) if p.annotation else ""
                frozen = None if default is MISSING else self._value(default, _DEEPEST // 2)
                yield Parameter(p.arg, kind, frozen, annotation)


def _piece(part: Value) -> Value:
    """A piece of a text; one with Jinja in it is a template."""
    marked = isinstance(part, Known) and isinstance(part.value, str) and any(mark in part.value for mark in _JINJA)
    return Template(part.value) if isinstance(part, Known) and marked else part


def _yields(node: ast.AST) -> bool:
    if isinstance(node, ast.Yield | ast.YieldFrom):
        return True
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
        return False
    return any(_yields(child) for child in ast.iter_child_nodes(node))


def _from_enclosing(scope: Scope, name: str) -> Any:
    """The value of a name in the functions around a definition, MISSING for names of the module."""
    here: Scope | None = scope
    while here is not None and here.parent is not None:
        if name in here.names and not here.is_class:
            return here.names[name]
        here = here.parent
    return MISSING


def _closure(made: Function, names: Iterable[str]) -> dict[str, Any]:
    """What a function uses of those around it, itself or through functions of theirs."""
    found: dict[str, Any] = {}
    left = [(made, name) for name in names]
    while left:
        user, name = left.pop(0)
        value = _from_enclosing(user.scope, name)
        if value is MISSING or value is made or name in found:
            continue
        found[name] = value
        if isinstance(value, Function) and value.scope.parent is not None:
            inner = _outer_names(value.scope.file.module.text, value.node.lineno, value.name)
            left += [(value, other) for other in inner]
    return found


@lru_cache(maxsize=16)
def _symbols(text: str) -> dict[tuple[int, str], tuple[str, ...]]:
    """The names that each function of a module uses from outside of it, by line and name."""
    found: dict[tuple[int, str], tuple[str, ...]] = {}

    def visit(table: symtable.SymbolTable) -> set[str]:
        outer: set[str] = set()
        for child in table.get_children():
            outer |= visit(child)
        if isinstance(table, symtable.Function):
            own = {s.get_name() for s in table.get_symbols() if s.is_local() or s.is_parameter()}
            used = {s.get_name() for s in table.get_symbols() if s.is_global() or s.is_free()}
            outer = (outer - own) | used
            names = tuple(sorted(name for name in outer if name in defined or not hasattr(builtins, name)))
            found.setdefault((table.get_lineno(), table.get_name()), names)
        elif table.get_type() != "module":
            outer |= {s.get_name() for s in table.get_symbols() if s.is_global() or s.is_free()}
        return outer

    top = symtable.symtable(text, "<dag>", "exec")
    defined = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    visit(top)
    return found


def _outer_names(text: str, line: int, name: str) -> tuple[str, ...]:
    return _symbols(text).get((line, name), ())
