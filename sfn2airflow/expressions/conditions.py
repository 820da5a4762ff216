"""Choice rules and JSONPath filters as Python conditions."""

from __future__ import annotations

import re
from typing import assert_never

from sfn2airflow import phrases
from sfn2airflow.expressions.paths import peeked
from sfn2airflow.expressions.scope import Writing
from sfn2airflow.phrases import Node
from sfn_airflow_core.expr.model import Compare, Expr, Field, Literal, Negation, Path, Root, Test

_PYTHON_TYPES = {"IsString": "str", "IsBoolean": "bool"}
_LIKE_A_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


def write_compare(compare: Compare, writing: Writing) -> Node:
    """A comparison: false where a value is of another type (Choice)."""
    left, right = compare.left, compare.right
    match compare.family:
        case "jsonpath":
            return _filter(compare, writing)
        case "matches":
            return writing.call("like", writing.expr(left), writing.expr(right))
        case "boolean":
            match right:
                case Literal(bool()):
                    return phrases.compare(writing.expr(left), "is", writing.expr(right))
            return _each("boolean", compare, writing)
        case "string":
            if compare.operator == "==" and isinstance(right, Literal) and isinstance(right.value, str):
                return phrases.compare(writing.expr(left), "==", writing.expr(right))
            return _each("string", compare, writing)
        case "numeric":
            is_literal = isinstance(right, Literal) and isinstance(right.value, int | float)
            if is_literal:
                return phrases.compare(_as("number", left, writing), compare.operator, writing.expr(right))
            return _each("number", compare, writing)
        case "timestamp":
            return _each("timestamp", compare, writing)
        case _:
            assert_never(compare.family)


def _as(function: str, expr: Expr, writing: Writing) -> Node:
    return writing.call(function, writing.expr(expr))


def _each(function: str, compare: Compare, writing: Writing) -> Node:
    """``function(left) < function(right)``"""
    left, right = _as(function, compare.left, writing), _as(function, compare.right, writing)
    return phrases.compare(left, compare.operator, right)


def write_test(test: Test, writing: Writing) -> Node:
    """A test of presence or type."""
    match test.kind:
        case "IsPresent" | "Exists":
            return peeked(test.operand, writing, "present")
        case "IsNull":
            return phrases.compare(writing.expr(test.operand), "is", phrases.name("None"))
        case "IsString" | "IsBoolean":
            return phrases.call("isinstance", writing.expr(test.operand), phrases.name(_PYTHON_TYPES[test.kind]))
        case "IsNumeric":
            return _as("is_number", test.operand, writing)
        case "IsTimestamp":
            return _as("is_timestamp", test.operand, writing)
        case _:
            assert_never(test.kind)


def write_negation(negation: Negation, writing: Writing) -> Node:
    """``not …``; ``x is not None`` and ``x != "a"`` where that is the same."""
    match negation.operand:
        case Compare(family="string" | "boolean" | "numeric", operator="==") | Test(kind="IsNull"):
            node = writing.expr(negation.operand)
            return phrases.opposite(node) or phrases.negation(node)
    return phrases.negation(writing.expr(negation.operand))


def _operand(expr: Expr, writing: Writing) -> Node:
    return peeked(expr, writing) if isinstance(expr, Path) else writing.expr(expr)


def _filter(compare: Compare, writing: Writing) -> Node:
    """A comparison by the rules of Jayway's filters, in which an operand may be missing."""
    operator = compare.operator
    match compare.left, compare.right:
        case Path(Root("current"), (Field(name),)), Literal(int() | float()) if operator in ("<", "<=", ">", ">="):
            member = writing.call("number", phrases.name(writing.current), writing.string(name))
            return phrases.compare(member, operator, writing.expr(compare.right))
    left, right = _operand(compare.left, writing), _operand(compare.right, writing)
    match compare.right:
        case Literal(bool() | None) if operator in ("==", "!="):
            return phrases.compare(left, "is" if operator == "==" else "is not", right)
        case Literal(str(text)) if operator in ("==", "!=") and not _LIKE_A_NUMBER.fullmatch(text):
            return phrases.compare(left, operator, right)
        case Literal(int() | float()) if operator in ("<", "<=", ">", ">="):
            return phrases.compare(writing.call("number", left), operator, right)
    match operator:
        case "==":
            return writing.call("alike", left, right)
        case "!=":
            return phrases.negation(writing.call("alike", left, right))
        case _:
            return writing.call("compared", left, phrases.string(operator, writing.quote), right)
