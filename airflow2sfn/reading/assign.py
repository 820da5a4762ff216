"""Giving values to targets: assignments, and comprehensions, whose loops assign as well."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from airflow2sfn.reading.evaluate import (
    SETTERS,
    Raised,
    Run,
    Scope,
    Unknown,
    alike,
    evaluate,
    evaluates,
    plain,
    unknown,
)
from airflow2sfn.reading.expressions import items, truth
from airflow2sfn.reading.limits import attempt


def assign(run: Run, target: ast.expr, value: Any, scope: Scope) -> None:
    """Gives a target (a name, a tuple of targets, an attribute, an item) a value."""
    match target:
        case ast.Name(id=name):
            scope.bind(name, value)
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            _unpack(run, targets, value, target, scope)
        case ast.Starred(value=inner):
            assign(run, inner, value, scope)
        case ast.Attribute(value=owner, attr=name):
            set_attribute(run, evaluate(run, owner, scope), name, value)
        case ast.Subscript(value=owner, slice=index):
            container, key = evaluate(run, owner, scope), plain(evaluate(run, index, scope))
            if isinstance(container, dict | list):
                attempt(container.__setitem__, key, value, span=run.span(target, scope))
        case _:
            raise AssertionError(f"{type(target).__name__} is no target")


def set_attribute(run: Run, owner: Any, name: str, value: Any) -> None:
    """Sets an attribute, where the owner can keep it."""
    if (setter := SETTERS.get(type(owner))) is not None:
        setter(owner, name, value, run)


def _unpack(run: Run, targets: list[ast.expr], value: Any, node: Any, scope: Scope) -> None:
    parts = items(run, value, run.span(node, scope))
    star = next((i for i, t in enumerate(targets) if isinstance(t, ast.Starred)), None)
    if parts is None:
        for target in targets:
            assign(run, target, unknown(run, node, scope), scope)
        return
    if star is not None and len(parts) >= len(targets) - 1:
        after = len(targets) - star - 1
        parts = [*parts[:star], parts[star : len(parts) - after], *parts[len(parts) - after :]]
    if len(parts) != len(targets):
        raise Raised("ValueError", f"{len(parts)} values for {len(targets)} names", run.span(node, scope))
    for target, part in zip(targets, parts, strict=True):
        assign(run, target, part, scope)


@evaluates(ast.NamedExpr)
def _walrus(run: Run, node: ast.NamedExpr, scope: Scope) -> Any:
    value = evaluate(run, node.value, scope)
    assign(run, node.target, value, scope)
    return value


class _NotKnown(Exception):
    def __init__(self, value: Any):
        self.value = value


def _rounds(run: Run, generators: list[ast.comprehension], scope: Scope) -> Iterator[None]:
    if not generators:
        yield
        return
    first, rest = generators[0], generators[1:]
    over = evaluate(run, first.iter, scope)
    parts = items(run, over, run.span(first.iter, scope))
    if parts is None:
        raise _NotKnown(over)
    for part in parts:
        run.step()
        assign(run, first.target, part, scope)
        tests = [truth(run, evaluate(run, test, scope)) for test in first.ifs]
        if None in tests:
            raise _NotKnown(over)
        if all(tests):
            yield from _rounds(run, rest, scope)


@evaluates(ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
def _comprehension(run: Run, node: Any, scope: Scope) -> Any:
    inner = Scope({}, scope.file, scope)
    found: Any = {} if isinstance(node, ast.DictComp) else []
    try:
        for _ in _rounds(run, node.generators, inner):
            if isinstance(node, ast.DictComp):
                key = plain(evaluate(run, node.key, inner))
                attempt(found.__setitem__, key, evaluate(run, node.value, inner), span=run.span(node, scope))
            else:
                found.append(evaluate(run, node.elt, inner))
    except _NotKnown as stop:
        return alike(run, node, scope, stop.value) if isinstance(stop.value, Unknown) else unknown(run, node, scope)
    return attempt(set, found, span=run.span(node, scope)) if isinstance(node, ast.SetComp) else found
