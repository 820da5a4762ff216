"""Reads DAG files that sfn2airflow wrote: tasks, groups and what is wired to what. Nothing of a file is executed.

The words are those of the runtime (``state``, ``as_state``, ``catch``, …); what somebody added by hand is read where it
is an ordinary task, decorator or arrow.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sfn_airflow_core.compare.dag_file import DagFile, DagTask
from sfn_airflow_core.compare.dag_functions import calls, ways
from sfn_airflow_core.compare.dag_literals import Constants, literal, name_of
from sfn_airflow_core.compare.runtime_words import GROUP, STATE_CALLS, STATE_DECORATORS

_TASK_DECORATORS: Final = ("task",)
_GROUP_DECORATORS: Final = ("task_group", GROUP)
_ORIGIN: Final = re.compile(r"^\s*# ASL: #(/\S.*?)\s*$")
_OPERATOR: Final = re.compile(r"[A-Z]\w*(Operator|Sensor|Notifier)$")


@dataclass(slots=True)
class Ref:
    """Tasks that an expression stands for: those that come first in it and those that come last."""

    first: list[str] = field(default_factory=list)
    last: list[str] = field(default_factory=list)
    label: str = ""


@dataclass(slots=True)
class Reader:
    """Collects the tasks and edges of one file into ``dag``."""

    dag: DagFile
    lines: Sequence[str]
    names: dict[str, Ref] = field(default_factory=dict)
    defined: dict[str, ast.FunctionDef] = field(default_factory=dict)
    groups: dict[str, ast.FunctionDef] = field(default_factory=dict)
    constants: Constants = field(default_factory=Constants)
    shared: dict[str, ast.Call] = field(default_factory=dict)
    inside: str = ""

    def module(self, tree: ast.Module) -> None:
        """Reads a whole module."""
        self.body(tree.body, "")

    def body(self, statements: Iterable[ast.stmt], group: str) -> None:
        """Reads statements in order; ``group`` is the group they stand in."""
        for statement in statements:
            match statement:
                case ast.FunctionDef():
                    self.function(statement, group)
                case ast.Assign(targets=targets, value=value):
                    self.assign(targets, value, group)
                case ast.AnnAssign(target=target, value=ast.expr() as value):
                    self.assign([target], value, group)
                case ast.Expr(value=value) | ast.Return(value=ast.expr() as value):
                    self.ref(value, group)
                case ast.If(body=inner, orelse=other) | ast.For(body=inner, orelse=other):
                    self.body([*inner, *other], group)
                case _:
                    pass

    def assign(self, targets: Sequence[ast.expr], value: ast.expr, group: str) -> None:
        """Remembers what a name stands for: tasks, or a constant."""
        found = self.ref(value, group, targets)
        for target in targets:
            if isinstance(target, ast.Name):
                if found.first:
                    self.names[target.id] = found
                elif isinstance(value, ast.Call) and name_of(value) == "Retrier":
                    self.shared[target.id] = value
                else:
                    self.constants.learn(target.id, value)

    def function(self, node: ast.FunctionDef, group: str) -> None:
        """A function with a decorator that makes a DAG, a group or a task of it."""
        for decorator in node.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            base = name_of(decorator)
            word = base.split(".")[0]
            if word == "dag":
                self.whole(node, call)
                return
            if word in _GROUP_DECORATORS:
                self.group_function(node, word, call, group)
                return
            if word in STATE_DECORATORS:
                self.names[node.name] = self.add(self.task(node, base, call, group))
                return
            if word in _TASK_DECORATORS:
                self.defined[node.name] = node
                return

        if self.origin(_first_line(node)):  # a state in a form of its own, or what another task does
            named = [call for call in node.decorator_list if isinstance(self.positional(call, 0), str)]
            first = named[0] if named and isinstance(named[0], ast.Call) else None
            word = name_of(first) if first else "function"
            self.names[node.name] = self.add(self.task(node, word, first, group))

    def whole(self, node: ast.FunctionDef, call: ast.Call | None) -> None:
        """A function that is a DAG, with names of its own."""
        outside, before = dict(self.names), self.inside
        self.inside = node.name
        self.settings(call, node.name)
        self.body(node.body, "")
        self.names, self.inside = outside, before

    def group_function(self, node: ast.FunctionDef, word: str, call: ast.Call | None, group: str) -> None:
        """``@group`` stands where it is written; a ``@task_group`` where it is called, and inside a group as well."""
        if word == "task_group" and not group:
            self.groups[node.name] = node
            return
        self.names[node.name] = self.open(node, node.name, call, group)

    def open(self, node: ast.FunctionDef, name: str, call: ast.Call | None, group: str) -> Ref:
        """Adds a group and what is in it."""
        task = self.task(node, "group", call, group)
        task.task_id = str(self.keyword(call, "group_id") or name)
        ref = self.add(task)
        self.body(node.body, task.id)
        return ref

    def settings(self, call: ast.Call | None, name: str) -> None:
        """What the DAG says about itself."""
        values = {word.arg: literal(word.value, self.constants) for word in call.keywords if word.arg} if call else {}
        self.dag.dag_id = str(values.get("dag_id") or name)
        kept = ("schedule", "catchup", "max_active_runs", "max_active_tasks", "dagrun_timeout")
        self.dag.settings = {key: values[key] for key in kept if key in values}

    def task(self, node: ast.FunctionDef | ast.Call, operator: str, call: ast.Call | None, group: str) -> DagTask:
        """A task from a decorated function or the call of an operator."""
        function = node if isinstance(node, ast.FunctionDef) else None
        line = _first_line(function) if function else node.lineno
        arguments = {
            word.arg: value
            for word in (call.keywords if call else ())
            if word.arg and (value := literal(word.value, self.constants)) is not None
        }
        name = function.name if function else ""
        task_id = str(arguments.get("task_id") or name or f"task_{line}")
        task = DagTask(task_id, operator, line, group, self.origin(line), arguments=arguments, dag=self.inside)
        task.retries, task.retry_delay = _count(arguments.get("retries")), _seconds(arguments.get("retry_delay"))
        task.timeout = _seconds(arguments.get("execution_timeout") or arguments.get("timeout"))
        self.retriers(call, task)
        if task.origin or operator.split(".")[0] in (*STATE_DECORATORS, "group"):
            task.title = str(self.positional(call, 0) or "")
        if function:
            task.actions = calls(function, self.constants)
            task.ways = ways(function) if operator == "choice" else []
        return task

    def retriers(self, call: ast.Call | None, task: DagTask) -> None:
        """``**retry(Retrier(…))`` of a generated DAG: the numbers of the retrier that stands for all, as in a machine:
        that for every error, or the first that tries again; with ASL's defaults.
        """
        for word in call.keywords if call else ():
            if word.arg is None and isinstance(word.value, ast.Call) and name_of(word.value) == "retry":
                given = [self.shared.get(getattr(entry, "id", ""), entry) for entry in word.value.args]
                found = [entry for entry in given if isinstance(entry, ast.Call)]
                again = [entry for entry in found if self.keyword(entry, "attempts", 3) != 0]
                general = [entry for entry in again if "States.ALL" in self.errors(entry)]
                if main := next(iter([*general, *again]), None):
                    task.retries = _count(self.keyword(main, "attempts", 3))
                    task.retry_delay = _seconds(self.keyword(main, "interval", 1))

    def errors(self, retrier: ast.Call) -> list[Any]:
        """The names of the errors of a retrier."""
        return [self.positional(retrier, number) for number in range(len(retrier.args))]

    def origin(self, line: int) -> str:
        """The pointer of an ``# ASL:`` comment among the comments above a line."""
        for number in range(line - 2, -1, -1):
            text = self.lines[number].strip()
            if not text.startswith("#"):
                return ""
            if match := _ORIGIN.match(text):
                return match.group(1)
        return ""

    def add(self, task: DagTask) -> Ref:
        """Adds a task under an id of its own, as Airflow numbers repeated ones."""
        base, number = task.task_id, 1
        while task.id in self.dag.tasks:
            task.task_id = f"{base}__{number}"
            number += 1
        self.dag.tasks[task.id] = task
        return Ref([task.id], [task.id])

    def positional(self, call: ast.expr | None, number: int) -> Any:
        given = call.args if isinstance(call, ast.Call) else []
        return literal(given[number], self.constants) if len(given) > number else None

    def keyword(self, call: ast.Call | None, name: str, default: Any = None) -> Any:
        for word in call.keywords if call else ():
            if word.arg == name:
                return literal(word.value, self.constants)
        return default

    def ref(self, node: ast.expr, group: str, targets: Sequence[ast.expr] = ()) -> Ref:
        """The tasks that an expression stands for; adds tasks that it makes and edges that it draws."""
        match node:
            case ast.Name(id=name):
                return self.names.get(name, Ref())
            case ast.Attribute(value=value) | ast.Subscript(value=value) | ast.Starred(value=value):
                return self.ref(value, group)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return _union(self.ref(item, group) for item in items)
            case ast.BinOp(left=left, op=ast.RShift(), right=right):
                return self.wire(self.ref(left, group), self.ref(right, group))
            case ast.BinOp(left=left, op=ast.LShift(), right=right):
                first, second = self.ref(left, group), self.ref(right, group)
                self.wire(second, first)
                return Ref(second.first, first.last)
            case ast.Call():
                return self.call(node, group, targets)
            case _:
                return Ref()

    def wire(self, first: Ref, second: Ref) -> Ref:
        """Draws edges; a label stands between two tasks and goes on to the next edge."""
        if second.label:
            return Ref(first.first, first.last, second.label)
        for source in first.last:
            for target in second.first:
                self.dag.edges.setdefault((source, target), first.label)
        return Ref(first.first or second.first, second.last)

    def call(self, node: ast.Call, group: str, targets: Sequence[ast.expr]) -> Ref:
        """A call: of ``chain``, a label, an operator, a task function, a group, or of a method of one of these."""
        word = name_of(node)
        last = word.split(".")[-1]
        if last == "chain":
            return self.chained(node, group)
        if last == "Label":
            return Ref(label=str(self.positional(node, 0) or ""))
        if last in STATE_CALLS or (targets and not _OPERATOR.match(last) and self.origin(node.lineno)):
            return self.state_call(node, last, group, targets)
        made = self.made(node, group)
        inputs = _union(self.ref(argument, group) for argument in (*node.args, *(word.value for word in node.keywords)))
        if made.first:
            self.wire(Ref(inputs.first, inputs.last), made)
            return made
        return inputs

    def chained(self, node: ast.Call, group: str) -> Ref:
        total = Ref()
        for argument in node.args:
            following = self.ref(argument, group)
            total = self.wire(total, following) if total.first or following.label else following
        return total

    def state_call(self, node: ast.Call, word: str, group: str, targets: Sequence[ast.expr]) -> Ref:
        """``x = as_state(Operator, "Title", …)`` and ``x = catch(task, Catcher(…, to=handler))`` of generated DAGs."""
        name = next((target.id for target in targets if isinstance(target, ast.Name)), "")
        operator = name_of(node.args[0]) if word == "as_state" and node.args else word
        task = self.task(node, operator, node, group)
        task.task_id = str(task.arguments.get("task_id") or name or task.task_id)
        if word == "as_state":
            task.title = str(self.positional(node, 1) or "")
        if word != "catch":
            return self.add(task)
        ref = self.add(task)
        for catcher in node.args[1:]:
            handler = next((w.value for w in getattr(catcher, "keywords", ()) if w.arg == "to"), None)
            if handler is not None:
                label = str(self.positional(catcher, 0) or "error") if isinstance(catcher, ast.Call) else "error"
                self.wire(Ref(ref.first, ref.last, label), self.ref(handler, group))
        return ref

    def made(self, node: ast.Call, group: str) -> Ref:
        """The task that a call makes, if any; ``x.partial(…)``, ``x.expand(…)``, ``x.override(…)`` make that of x."""
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in ("expand", "expand_kwargs", "partial", "override"):
            inner = function.value
            base = inner if isinstance(inner, ast.Call) else replace_func(node, inner)
            ref = self.made(base, group)
            for task_id in ref.first:
                self.dag.tasks[task_id].mapped |= function.attr.startswith("expand")
            return ref
        if isinstance(function, ast.Call):
            return self.made(function, group)
        word = name_of(node).split(".")[-1]
        if word in self.defined:
            definition = self.defined[word]
            task = self.task(definition, name_of(definition.decorator_list[0]), _call_of(definition), group)
            override = self.keyword(node, "task_id")
            task.task_id = str(override) if override else task.task_id
            return self.add(task)
        if word in self.groups:
            return self.open(self.groups[word], word, _call_of(self.groups[word]), group)
        if _OPERATOR.match(word):
            return self.add(self.task(node, word, node, group))
        return Ref()


def _first_line(node: ast.FunctionDef) -> int:
    """The line of a function's first decorator, or of the function."""
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _call_of(node: ast.FunctionDef) -> ast.Call | None:
    """A function's first decorator, if it has arguments."""
    first = node.decorator_list[0] if node.decorator_list else None
    return first if isinstance(first, ast.Call) else None


def replace_func(node: ast.Call, function: ast.expr) -> ast.Call:
    """The same call of another function: ``f.expand(x=…)`` is read as ``f(x=…)``."""
    return ast.copy_location(ast.Call(function, node.args, node.keywords), node)


def _union(refs: Iterable[Ref]) -> Ref:
    total = Ref()
    for ref in refs:
        total = replace(total, first=[*total.first, *ref.first], last=[*total.last, *ref.last])
    return total


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _seconds(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
