"""What the Python functions of a DAG say without being run: the AWS calls they make, and which way a branch takes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from sfn_airflow_core.compare.dag_literals import Constants, literal, name_of

_LONGEST = 200
Function = ast.FunctionDef | ast.AsyncFunctionDef


def calls(function: ast.AST, constants: Constants) -> list[tuple[str, dict[str, Any]]]:
    """``aws("service:action", …)`` calls, and ``client.action(…)`` of boto3 clients and hooks, in a function."""
    found: list[tuple[str, dict[str, Any]]] = []
    for node in ast.walk(function):
        if not isinstance(node, ast.Call):
            continue
        values = {w.arg: v for w in node.keywords if w.arg and (v := literal(w.value, constants)) is not None}
        named = [word.arg for word in node.keywords if word.arg]
        action = literal(node.args[0], constants) if node.args else None
        if name_of(node) == "aws" and isinstance(action, str):
            found.append((action, values))
        elif isinstance(node.func, ast.Attribute) and any(key[:1].isupper() for key in named):
            found.append((node.func.attr, values))
    return found


def ways(function: Function) -> list[tuple[str, str]]:
    """What a branching function gives, each with the condition for it as Python; an empty one where nothing else fits.

    Only conditions of ``if`` around a ``return`` of literals are seen; what they compare is not evaluated.
    """
    return list(dict.fromkeys(_ways(function.body, ())))


def _ways(body: list[ast.stmt], conditions: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for statement in body:
        match statement:
            case ast.If(test=test, body=inner, orelse=other):
                yield from _ways(inner, (*conditions, _text(test)))
                yield from _ways(other, conditions)
            case ast.Return(value=ast.expr() as value):
                yield from _given(value, conditions)
            case ast.With(body=inner) | ast.Try(body=inner) | ast.For(body=inner) | ast.While(body=inner):
                yield from _ways(inner, conditions)
            case _:
                pass


def _given(value: ast.expr, conditions: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    match value:
        case ast.IfExp(test=test, body=inner, orelse=other):
            yield from _given(inner, (*conditions, _text(test)))
            yield from _given(other, conditions)
        case ast.Constant(value=str() as name):
            yield name, " and ".join(conditions)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            for item in items:
                yield from _given(item, conditions)
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp():  # a short circuit, which goes on or not
            yield "", " and ".join((*conditions, _text(value)))
        case _:
            pass


def _text(node: ast.expr) -> str:
    text = ast.unparse(node)
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        text = f"({text})"  # it may stand beside others
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
