"""Imports: modules of the project are evaluated when they are first needed, all others stay outside."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from airflow2sfn.reading.evaluate import (
    CONSTANTS,
    MISSING,
    STATEMENTS,
    External,
    Frame,
    Raised,
    Run,
    Scope,
    Unknown,
    attributes,
    executes,
    unknown,
)
from airflow2sfn.reading.functions import Return
from airflow2sfn.reading.names import canonical
from airflow2sfn.reading.project import SourceFile
from airflow2sfn.source import Symbolic

_MOST_NESTED = 25


@dataclass(slots=True, eq=False)
class Namespace:
    """A module of the project; ``scope`` is ``None`` for a folder without ``__init__.py``."""

    name: str
    scope: Scope | None


@executes(ast.Import)
def _import(run: Run, node: ast.Import, scope: Scope) -> None:
    for alias in node.names:
        first = alias.name.partition(".")[0]
        module = load(run, alias.name, node, scope)
        if alias.asname:
            scope.bind(alias.asname, module)
        else:
            scope.bind(first, load(run, first, node, scope))


@executes(ast.ImportFrom)
def _import_from(run: Run, node: ast.ImportFrom, scope: Scope) -> None:
    name = _absolute(scope.file, node)
    module = load(run, name, node, scope)
    for alias in node.names:
        if alias.name == "*":
            _star(module, name, scope)
        else:
            scope.bind(alias.asname or alias.name, member(run, module, alias.name, node, scope))


def _absolute(file: SourceFile, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = file.module.name.split(".")
    base = parts[: len(parts) - node.level + (1 if file.is_package else 0)]
    return ".".join([*base, *([node.module] if node.module else [])])


def _star(module: Any, name: str, scope: Scope) -> None:
    if isinstance(module, Namespace) and module.scope is not None:
        public = module.scope.names.get("__all__")
        names = public if isinstance(public, list | tuple) else [n for n in module.scope.names if n[:1] != "_"]
        for each in names:
            if isinstance(each, str) and each in module.scope.names and each != "*":
                scope.bind(each, module.scope.names[each])
    else:
        scope.module().names.setdefault("*", []).append(name)


def load(run: Run, name: str, node: Any, scope: Scope) -> Any:
    """The module of a dotted name: of the project, or outside of it."""
    if name in run.loading:
        return Namespace(name, run.loading[name])
    found = run.project.find(name) if name else None
    if found is None:
        outside = not name or not run.project.is_package(name) or name.partition(".")[0] == "airflow"
        if outside and scope.file is run.file:
            run.imports.append((name, run.span(node, scope)))
        return External(canonical(name), name) if outside else Namespace(name, None)
    place = Unknown(Symbolic("__file__", "file"), str(found.path or found.module.path))
    names = {"__name__": name, "__file__": place, "__doc__": ast.get_docstring(found.tree)}
    inner = run.loading[name] = Scope(names, found)
    if len(run.calls) < _MOST_NESTED:
        run.calls.append(Frame(scope.file, node))
        try:
            for statement in found.tree.body:
                run.step()
                try:
                    STATEMENTS[type(statement)](run, statement, inner)
                except (Raised, Return):
                    continue  # what such a statement would define stays undefined; its use is reported
        finally:
            run.calls.pop()
    return Namespace(name, inner)


def member(run: Run, module: Any, name: str, node: Any, scope: Scope) -> Any:
    """A name of a module."""
    if isinstance(module, Namespace):
        value = module.scope.look_up(name) if module.scope is not None else MISSING
        if value is not MISSING:
            return value
        full = f"{module.name}.{name}"
        if full in run.loading or run.project.find(full) is not None or run.project.is_package(full):
            return load(run, full, node, scope)
        return unknown(run, node, scope, "import", full)
    if isinstance(module, External):
        full = canonical(f"{module.name}.{name}")
        written = module.below(name)
        if scope.file is run.file and written.startswith("airflow"):
            run.imports.append((written, run.span(node, scope)))
        return CONSTANTS.get(full, External(full, written))
    return unknown(run, node, scope, "import", name)


@attributes(Namespace)
def _namespace_attribute(run: Run, value: Namespace, name: str, node: Any, scope: Scope) -> Any:
    return member(run, value, name, node, scope)
