"""Callbacks of a DAG as functions that an EventBridge rule calls when an execution has ended."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from airflow2sfn.deploy.notifications import notifier
from airflow2sfn.expressions.text import Untranslatable
from airflow2sfn.packaging.context import Asked
from airflow2sfn.packaging.environment import variables
from airflow2sfn.packaging.extract import extract
from airflow2sfn.packaging.files import files
from airflow2sfn.packaging.handler import Handler
from airflow2sfn.packaging.names import unused
from airflow2sfn.packaging.package import Function
from airflow2sfn.packaging.requirements import requirements
from airflow2sfn.reading.project import Project
from airflow2sfn.rules.deployment import CallbackByRule, CallbackLeft
from airflow2sfn.source import Dag, Items, Known, Made, PythonCallable, Value
from sfn_airflow_core.findings import Finding

STATUSES = {
    "on_failure_callback": ("FAILED", "TIMED_OUT", "ABORTED"),
    "on_success_callback": ("SUCCEEDED",),
}
"""Callbacks of a DAG, and how an execution has ended when they are called."""
_EVENT = 'event["detail"]["name"]'


@dataclass(frozen=True, slots=True)
class Callback:
    """A callback as a function, and the statuses that it is called for."""

    function: Function
    argument: str
    statuses: tuple[str, ...]


def callbacks(dag: Dag, project: Project, taken: frozenset[str]) -> tuple[list[Callback], list[Finding]]:
    """The callbacks of a DAG, and what is to be said about them.

    Args:
        dag: the DAG.
        project: where imports are looked up.
        taken: folders and logical ids of functions that exist already.
    """
    found: dict[str, Callback] = {}
    findings: list[Finding] = []
    at, names = str(dag.span or ""), set(taken)
    for argument, statuses in STATUSES.items():
        for value in _values(dag.get(argument)):
            key = repr(value)
            try:
                made = found.get(key) or Callback(_made(dag, value, argument, project, names), argument, ())
            except Untranslatable as reason:
                findings.append(CallbackLeft(at=at, name=argument, reason=str(reason)))
                continue
            found[key] = replace(made, statuses=(*made.statuses, *statuses))
            shown = value.name.rpartition(".")[2] if isinstance(value, PythonCallable | Made) else ""
            findings.append(CallbackByRule(at=at, name=argument, callback=shown))
    return list(found.values()), findings


def _values(value: Value | None) -> tuple[Value, ...]:
    match value:
        case None | Known(None):
            return ()
        case Items(items):
            return items
        case _:
            return (value,)


def _made(dag: Dag, value: Value, argument: str, project: Project, names: set[str]) -> Function:
    """The function of one callback; raises Untranslatable."""
    match value:
        case PythonCallable():
            made = _callback(dag, value, argument, project, names)
            if made.problems:
                raise Untranslatable(made.problems[0])
            return made
        case Made(name) if ".notifications." in name:
            return notifier(value, unused(argument.removesuffix("_callback"), names), dag.dag_id)
        case _:
            raise Untranslatable("it is no function of the project")


def _callback(dag: Dag, value: PythonCallable, argument: str, project: Project, names: set[str]) -> Function:
    name = unused(argument.removesuffix("_callback") if value.name == "<lambda>" else value.name.strip("_"), names)
    made = extract(value, project, name.folder)
    parameter = value.parameters[0].name if value.parameters else ""
    paths = _paths(made.text, parameter)
    problems = list(made.problems)
    allowed = {("run_id",), ("dag", "dag_id"), ("dag_run", "run_id"), ("dag_run", "dag_id")}
    if paths is None:
        problems.append("it hands its context on")
    else:
        problems += [f"it reads {'.'.join(path)} of the context" for path in sorted(paths - allowed)]
    entries = _entries(paths or set(), dag.dag_id)
    imports = frozenset({"from types import SimpleNamespace"} if "SimpleNamespace" in entries else ())
    call = f"{made.name}({{{entries}}})" if parameter else f"{made.name}()"
    text = f'def handler(event, _context):\n    """Called by EventBridge when an execution has ended."""\n    {call}\n'
    lines = requirements(made.outside)
    doc = f"{value.name if value.name != '<lambda>' else name.folder} ({argument})"
    contents = files(doc, dag.dag_id, made, Handler(text, imports))
    if lines:
        contents[PurePosixPath("requirements.txt")] = "".join(f"{line}\n" for line in lines)
    return Function(
        name=name, tasks=(), files=contents, asked=Asked(), problems=tuple(problems),
        requirements=lines, environment=variables(made.code()) | made.environment, code=made.code(),
    )  # fmt: skip


def _entries(paths: set[tuple[str, ...]], dag_id: str) -> str:
    entries: list[str] = []
    if ("run_id",) in paths:
        entries.append(f'"run_id": {_EVENT}')
    for name in ("dag", "dag_run"):
        members = [
            f"{attribute}={_EVENT if attribute == 'run_id' else repr(dag_id).replace(chr(39), chr(34))}"
            for attribute in ("dag_id", "run_id")
            if (name, attribute) in paths
        ]
        if members:
            entries.append(f'"{name}": SimpleNamespace({", ".join(members)})')
    return ", ".join(entries)


def _paths(text: str, parameter: str) -> set[tuple[str, ...]] | None:
    """What a callback reads of its context; nothing where it hands it on."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    found: set[tuple[str, ...]] = set()
    uses = 0
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) if name == parameter:
                uses += 1
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key))) if name == parameter:
                found.add((key,))
                uses -= 1
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="get"), args=[ast.Constant(value=str(key)), *_]
            ):
                if name == parameter:
                    found.add((key,))
                    uses -= 1
            case _:
                continue
    objects = {("dag",), ("dag_run",), ("ti",), ("task_instance",), ("task",)}
    attributes = _attributes(tree, parameter)
    if uses or any(path in objects and path[0] not in {a[0] for a in attributes} for path in found):
        return None
    return (found - objects) | attributes


def _attributes(tree: ast.AST, parameter: str) -> set[tuple[str, ...]]:
    """``context["dag"].dag_id`` and the like."""
    found: set[tuple[str, ...]] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(
                value=ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key))), attr=attribute
            ) if name == parameter:
                found.add((key, attribute))
    return found
