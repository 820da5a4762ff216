"""Conditions in the functions of JSONPath states: the rules of a Choice, and the filters of paths."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Literal as OneOf
from typing import cast, get_args

from airflow2sfn.generated.paths.scope import Scope, text_of
from airflow2sfn.generated.paths.selections import looked_up
from airflow2sfn.generated.paths.trees import path_of, tree
from airflow2sfn.generated.values import Unreadable
from sfn_airflow_core.expr.model import (
    Compare,
    Expr,
    FilterOperator,
    Literal,
    Logic,
    Negation,
    Path,
    Test,
)

Family = OneOf["string", "numeric", "boolean", "timestamp"]
_SIGNS: Mapping[type[ast.cmpop], FilterOperator] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Is: "==",
    ast.IsNot: "!=",
}  # fmt: skip
_FAMILIES: Mapping[str, Family] = {
    "number": "numeric", "string": "string", "boolean": "boolean", "timestamp": "timestamp",
}  # fmt: skip
_TYPES: Mapping[str, OneOf["IsString", "IsBoolean"]] = {"str": "IsString", "bool": "IsBoolean"}


def condition(node: ast.expr, scope: Scope) -> Expr:
    """A condition; inside a filter (``scope.current``) one of its predicates. Raises Unreadable."""
    match node:
        case ast.BoolOp(op=operator, values=values):
            word: OneOf["and", "or"] = "and" if isinstance(operator, ast.And) else "or"
            return Logic(word, tuple(condition(one, scope) for one in values))
        case ast.UnaryOp(op=ast.Not(), operand=ast.Call(func=ast.Name(id="alike"), args=[left, right])):
            return Compare("jsonpath", "!=", tree(left, scope), tree(right, scope))
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return Negation(condition(inner, scope))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return _called(name, arguments, node, scope)
        case ast.Compare(left=found, ops=[ast.NotEq()], comparators=[ast.List(elts=[])]):
            return _test("IsPresent", path_of(found, scope), scope)
        case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator) in _SIGNS:
            sign = _SIGNS[type(operator)]
            return _filtered(left, sign, right, scope) if scope.current else _compared(left, sign, right, scope)
        case _:
            raise Unreadable(f"a condition ({type(node).__name__})", node)


def _test(kind: OneOf["IsPresent", "IsString", "IsBoolean", "IsNull"], operand: Path, scope: Scope) -> Test:
    if scope.current:
        return Test("Exists", operand)
    return Test(kind, operand)


def _called(name: str, arguments: list[ast.expr], node: ast.AST, scope: Scope) -> Expr:
    match name, arguments:
        case "present", [value, *keys]:
            return _test("IsPresent", looked_up(value, keys, scope, tree), scope)
        case "isinstance", [value, ast.Name(id=kind)] if kind in _TYPES:
            return Test(_TYPES[kind], path_of(value, scope))
        case "is_number", [value]:
            return Test("IsNumeric", path_of(value, scope))
        case "is_timestamp", [value]:
            return Test("IsTimestamp", path_of(value, scope))
        case "like", [value, pattern]:
            return Compare("matches", "==", tree(value, scope), tree(pattern, scope))
        case "alike", [left, right]:
            return Compare("jsonpath", "==", tree(left, scope), tree(right, scope))
        case "compared", [left, operator, right] if text_of(operator, scope) in get_args(FilterOperator):
            sign = cast("FilterOperator", text_of(operator, scope))
            return Compare("jsonpath", sign, tree(left, scope), tree(right, scope))
        case _:
            raise Unreadable(f"a call of {name}", node)


def _compared(left: ast.expr, sign: FilterOperator, right: ast.expr, scope: Scope) -> Expr:
    """A comparison of a Choice, which is by kinds: the functions around its sides say which."""
    if sign == "!=":
        return Negation(_compared(left, "==", right, scope))
    family, one = _side(left, scope)
    other_family, other = _side(right, scope)
    if isinstance(other, Literal) and other.value is None:
        return Test("IsNull", path_of(left, scope))
    if not family and isinstance(other, Literal):
        family = "boolean" if isinstance(other.value, bool) else "string"
    if not family or other_family not in ("", family):
        raise Unreadable("a comparison", left)
    return Compare(family, sign, one, other)


def _side(node: ast.expr, scope: Scope) -> tuple[Family | OneOf[""], Expr]:
    match node:
        case ast.Call(func=ast.Name(id=word), args=[inner], keywords=[]) if word in _FAMILIES:
            return _FAMILIES[word], tree(inner, scope)
        case _:
            return "", tree(node, scope)


def _filtered(left: ast.expr, sign: FilterOperator, right: ast.expr, scope: Scope) -> Expr:
    """A comparison in a filter."""
    match left:
        case ast.Call(func=ast.Name(id="number"), args=[value, *keys]):
            found: Expr = looked_up(value, keys, scope, tree)
        case _:
            found = tree(left, scope)
    return Compare("jsonpath", sign, found, tree(right, scope))
