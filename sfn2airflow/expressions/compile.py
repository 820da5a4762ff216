"""Compile expressions to plain Python.

Definite paths become subscripts, which fail with KeyError, IndexError or TypeError where AWS fails with States.Runtime;
paths that select several values become comprehensions, which give an empty list where AWS does. What Python has no
word for is a small function of ``sfn2airflow.runtime.data`` or ``.intrinsics``.
"""

from __future__ import annotations

from typing import assert_never

import libcst as cst

from sfn2airflow import phrases
from sfn2airflow.expressions.calls import write_call
from sfn2airflow.expressions.conditions import write_compare, write_negation, write_test
from sfn2airflow.expressions.jsonata.compile import write_jsonata
from sfn2airflow.expressions.paths import write_path
from sfn2airflow.expressions.scope import DATA_NAMES, Code, Scope, Writing
from sfn2airflow.phrases import Node
from sfn_airflow_core.expr.jsonata_model import Jsonata
from sfn_airflow_core.expr.model import (
    Array,
    Call,
    Compare,
    Expr,
    Field,
    Index,
    Literal,
    Logic,
    Negation,
    Object,
    Path,
    Test,
)

__all__ = ["DATA_NAMES", "Code", "Scope", "write_python", "write_result_path"]


def write_python(expr: Expr, scope: Scope) -> Code:
    """The expression in Python, as an operand that can stand anywhere but beside an operator.

    ``Code.needs`` are the names that it needs from the runtime.
    """
    writing = Writing(scope, _write)
    return Code(_write(expr, writing), frozenset(writing.needs))


def _write(expr: Expr, writing: Writing) -> Node:
    match expr:
        case Path():
            return write_path(expr, writing)
        case Literal(value):
            return writing.literal(value)
        case Object(entries):
            return phrases.mapping((writing.string(key), writing.expr(part)) for key, part in entries)
        case Array(elements):
            return phrases.sequence(map(writing.expr, elements))
        case Call():
            return write_call(expr, writing)
        case Compare():
            return write_compare(expr, writing)
        case Test():
            return write_test(expr, writing)
        case Logic(operator, operands):
            return phrases.logic(operator, [*map(writing.expr, operands)])
        case Negation():
            return write_negation(expr, writing)
        case Jsonata():
            return write_jsonata(expr, writing)
        case _:
            assert_never(expr)


def write_result_path(
    path: Path, document: cst.BaseExpression, result: cst.BaseExpression, scope: Scope | None = None
) -> Code:
    """The document with the result at a ResultPath: ``{**data, "x": result}``, deeper ``put(data, result, "a", "x")``.

    ``path`` is a reference path from ``$``; ``$`` itself is the result alone. ``scope`` knows the placeholders in it.
    Source: States Language specification, "ResultPath".
    """
    writing = Writing(scope or Scope(), _write)
    match path.steps:
        case ():
            node = result
        case (Field(name),):
            node = phrases.mapping([(None, document), (writing.string(name), result)])
        case _:
            node = writing.call("put", document, result, *(_key(step, path, writing) for step in path.steps))
    return Code(node, frozenset(writing.needs))


def _key(step: object, path: Path, writing: Writing) -> Node:
    match step:
        case Field(name):
            return writing.string(name)
        case Index(position):
            return phrases.literal(position)
    raise ValueError(f"{path.text} is no reference path")
