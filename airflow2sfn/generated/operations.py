"""Operators in the functions of a generated DAG as JSONata: truth, comparisons, arithmetic."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from airflow2sfn.expressions.text import quoted
from airflow2sfn.generated.values import Grouped, Scope, Unreadable, bare, expression, grouped, joined, path
from airflow2sfn.generated.words import is_timestamp

_SIGNS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "=", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.In: "in",
}  # fmt: skip
_ARITHMETIC: Mapping[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}


def operation(node: ast.expr, scope: Scope) -> str:
    """An operation as JSONata; raises Unreadable."""
    match node:
        case ast.BoolOp(op=operator, values=values):
            word = " and " if isinstance(operator, ast.And) else " or "
            return grouped(word.join(expression(one, scope) for one in values))
        case ast.UnaryOp(op=ast.Not(), operand=ast.Call(func=ast.Name(id="is_number" | "isinstance")) as test) if (
            isinstance(text := expression(test, scope), Grouped)
        ):
            left, _, kind = text.rpartition(" = ")
            return Grouped(f"{left} != {kind}")
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return f"$not({bare(expression(inner, scope))})"
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return repr(-number)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return grouped(f"-{expression(inner, scope)}")
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _ARITHMETIC:
            sign = _ARITHMETIC[type(operator)]
            if sign == "+" and (_is_text(left) or _is_text(right)):
                return grouped(f"{joined(left, scope)} & {joined(right, scope)}")
            return grouped(f"{expression(left, scope)} {sign} {expression(right, scope)}")
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return _compared(left, operator, right, scope)
        case _:
            raise Unreadable(f"an operation ({type(node).__name__})", node)


def _is_text(node: ast.expr) -> bool:
    """Whether an operand is certainly a text."""
    match node:
        case ast.Constant(value=str()) | ast.JoinedStr():
            return True
        case ast.Call(func=ast.Name(id="shown" | "text")) | ast.Call(func=ast.Attribute(attr="get")):
            return True
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _is_text(left) or _is_text(right)
        case _:
            return False


def _compared(left: ast.expr, operator: ast.cmpop, right: ast.expr, scope: Scope) -> str:
    match operator, right:
        case ((ast.Is() | ast.IsNot()), ast.Constant(value=bool() | None)):
            text = f"{expression(left, scope)} = {expression(right, scope)}"
            return grouped(text) if isinstance(operator, ast.Is) else f"$not({text})"
        case ast.NotEq(), ast.List(elts=[]):
            return grouped(f"$count({bare(expression(left, scope))}) > 0")
        case ast.NotEq(), _ if _may_be_missing(left) or _may_be_missing(right):
            return f"$not({expression(left, scope)} = {expression(right, scope)})"
    if type(operator) not in _SIGNS:
        raise Unreadable("a comparison", left)
    text = f"{expression(left, scope)} {_SIGNS[type(operator)]} {expression(right, scope)}"
    checks = [check for side in (left, right) if (check := _check(side, operator, scope))]
    return grouped(" and ".join([*checks, text]))


def _may_be_missing(node: ast.expr) -> bool:
    """Whether an operand may be nothing, which differs from everything in Python, and from nothing in JSONata."""
    match node:
        case ast.Call(func=ast.Name(id="peek" | "find")):
            return True
        case ast.Call(func=ast.Name(id="number" | "string" | "boolean"), args=[inner]):
            return _may_be_missing(inner)
        case _:
            return False


def _check(side: ast.expr, operator: ast.cmpop, scope: Scope) -> str:
    """What has to hold so that a side of a comparison is of the kind that the comparison is for."""
    match side:
        case ast.Call(func=ast.Name(id=("number" | "string") as kind), args=[only, *keys]) if not isinstance(
            only, ast.Constant
        ):
            if isinstance(operator, ast.Eq):
                return ""
            return f"$type({bare(path(only, keys, scope, expression))}) = {quoted(kind)}"
        case ast.Call(func=ast.Name(id="timestamp"), args=[only]):
            return is_timestamp(expression(only, scope))
        case _:
            return ""
