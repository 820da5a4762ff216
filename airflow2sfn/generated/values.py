"""The functions of a generated DAG as JSONata: what they make of the document, of a result, and of an error."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from airflow2sfn.expressions.text import field, quoted
from airflow2sfn.expressions.values import literal, query
from sfn_airflow_core.asl.model import Json

INPUT, RESULT, ERROR = "$states.input", "$states.result", "$states.errorOutput"
Scope = Mapping[str, str]


class Unreadable(Exception):
    """Something in a generated DAG that is not read back; the message says what, ``line`` where."""

    def __init__(self, what: str, node: ast.AST | None = None):
        super().__init__(what)
        self.line: int = getattr(node, "lineno", 1)


_SAME = frozenset({"number", "array", "boolean", "string"})
"""Functions of the runtime that check a kind: what they take is what they give."""
_NAMED: Mapping[str, str] = {"text": "$string", "json_text": "$string", "hash_text": "$hash", "len": "$count"}
_KINDS: Mapping[str, str] = {
    "is_number": "number",
    "str": "string",
    "bool": "boolean",
    "dict": "object",
    "list": "array",
}
_SIGNS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "=", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.In: "in",
}  # fmt: skip


def value(node: ast.expr, scope: Scope) -> Json:
    """An expression as JSON with JSONata in it; raises Unreadable."""
    match node:
        case ast.Constant(value=known):
            return literal(known)
        case ast.Dict(keys=keys, values=values) if all(key is not None for key in keys):
            return {_key(key): value(one, scope) for key, one in zip(keys, values, strict=True) if key is not None}
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [value(item, scope) for item in items]
        case _:
            return query(expression(node, scope))


def _key(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise Unreadable("a key that is not constant", node)


def expression(node: ast.expr, scope: Scope) -> str:
    """An expression as JSONata; raises Unreadable."""
    match node:
        case ast.Constant(value=str(text)):
            return quoted(text)
        case ast.Constant(value=bool() | None as known):
            return {True: "true", False: "false", None: "null"}[known]
        case ast.Constant(value=int() | float() as number):
            return repr(number)
        case ast.Name(id=name) if name in scope:
            return scope[name]
        case ast.Subscript(value=base, slice=ast.Constant(value=str(name))):
            return field(expression(base, scope), name)
        case ast.Subscript(value=base, slice=ast.Constant(value=int(index))):
            return f"{expression(base, scope)}[{index}]"
        case ast.Dict():
            return _merged(node, scope)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return "[" + ", ".join(expression(item, scope) for item in items) + "]"
        case ast.JoinedStr(values=parts):
            return " & ".join(_piece(part, scope) for part in parts)
        case ast.BoolOp(op=operator, values=values):
            word = " and " if isinstance(operator, ast.And) else " or "
            return "(" + word.join(expression(one, scope) for one in values) + ")"
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return f"$not({expression(inner, scope)})"
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return repr(-number)
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return _compared(left, operator, right, scope)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return _called(name, arguments, node, scope)
        case _:
            raise Unreadable(f"an expression ({type(node).__name__})", node)


def _merged(node: ast.Dict, scope: Scope) -> str:
    """``{**data, "a": 1}``."""
    parts: list[str] = []
    members: list[str] = []
    for key, one in zip(node.keys, node.values, strict=True):
        if key is None:
            parts += ["{" + ", ".join(members) + "}"] if members else []
            members = []
            parts.append(expression(one, scope))
        else:
            members.append(f"{quoted(_key(key))}: {expression(one, scope)}")
    if members or not parts:
        parts.append("{" + ", ".join(members) + "}")
    return parts[0] if len(parts) == 1 else f"$merge([{', '.join(parts)}])"


def _piece(node: ast.expr, scope: Scope) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return quoted(text)
        case ast.FormattedValue(value=inner, conversion=-1, format_spec=None):
            return expression(inner, scope)
        case _:
            raise Unreadable("a formatted text", node)


def _compared(left: ast.expr, operator: ast.cmpop, right: ast.expr, scope: Scope) -> str:
    match operator, right:
        case ((ast.Is() | ast.IsNot()), ast.Constant(value=bool() | None)):
            text = f"{expression(left, scope)} = {expression(right, scope)}"
            return text if isinstance(operator, ast.Is) else f"$not({text})"
    if type(operator) not in _SIGNS:
        raise Unreadable("a comparison", left)
    text = f"{expression(left, scope)} {_SIGNS[type(operator)]} {expression(right, scope)}"
    checks = [check for side in (left, right) if (check := _check(side, operator, scope))]
    if not checks:
        return f"({text})"
    return f"({' and '.join([*checks, text])})"


def _check(side: ast.expr, operator: ast.cmpop, scope: Scope) -> str:
    """What has to hold so that a side of a comparison is of the kind that the comparison is for."""
    match side:
        case ast.Call(func=ast.Name(id=("number" | "string") as kind), args=[only]) if not isinstance(
            only, ast.Constant
        ):
            if isinstance(operator, ast.Eq):
                return ""
            return f"$type({expression(only, scope)}) = {quoted(kind)}"
        case ast.Call(func=ast.Name(id="timestamp"), args=[only]):
            return _is_timestamp(expression(only, scope))
        case _:
            return ""


def _present(found: str, path: list[ast.expr]) -> str:
    """Whether a path leads to something; a place in what is no list leads nowhere, which JSONata sees otherwise."""
    lists: list[str] = []
    for step in path:
        match step:
            case ast.Constant(value=str(member)):
                found = field(found, member)
            case ast.Constant(value=int(index)):
                lists.append(f"$type({found}) = 'array'")
                found = f"{found}[{index}]"
            case _:
                raise Unreadable("a path that is not constant", step)
    return f"$exists({found})" if not lists else f"({' and '.join([*lists, f'$exists({found})'])})"


def _is_timestamp(text: str) -> str:
    pattern = r"/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([.]\d{1,9})?(Z|[+-]\d\d:\d\d)$/"
    return f"$type({text}) = 'string' and $contains({text}, {pattern})"


def _called(name: str, arguments: list[ast.expr], node: ast.AST, scope: Scope) -> str:
    match name, arguments:
        case "present", [base, *path]:
            return _present(expression(base, scope), path)
        case "is_number", [only]:
            return f"$type({expression(only, scope)}) = 'number'"
        case "isinstance", [only, ast.Name(id=kind)] if kind in _KINDS:
            return f"$type({expression(only, scope)}) = {quoted(_KINDS[kind])}"
        case "is_timestamp", [only]:
            return f"({_is_timestamp(expression(only, scope))})"
        case "json_value", [only]:
            return f"$parse({expression(only, scope)})"
        case "timestamp", [only]:
            return f"$toMillis({expression(only, scope)})"
        case "like", [only, ast.Constant(value=str(pattern))] if "\\" not in pattern:
            inner = ".*".join(re.escape(part).replace("/", r"\/") for part in pattern.split("*"))
            return f"$contains({expression(only, scope)}, /^{inner}$/)"
        case "context_object", []:
            return "$states.context"
        case _ if name in _SAME and len(arguments) == 1:
            return expression(arguments[0], scope)
        case _ if name in _NAMED:
            return f"{_NAMED[name]}({', '.join(expression(one, scope) for one in arguments)})"
        case _:
            raise Unreadable(f"a call of {name}", node)
