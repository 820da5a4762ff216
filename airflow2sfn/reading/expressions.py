"""Expressions: how each kind of node is evaluated."""

from __future__ import annotations

import ast
import builtins
import operator
from collections.abc import Callable
from typing import Any

from airflow2sfn.reading.evaluate import (
    ATTRIBUTES,
    CALLS,
    MISSING,
    SUBSCRIPTS,
    Args,
    Class,
    External,
    Function,
    Instance,
    Kwargs,
    Object,
    Raised,
    Run,
    Scope,
    Unknown,
    alike,
    derive,
    evaluate,
    evaluates,
    plain,
    unknown,
)
from airflow2sfn.reading.graph import GroupMade
from airflow2sfn.reading.limits import CONTAINERS, SCALARS, add, attempt, is_plain, multiply, power, remainder, shift
from airflow2sfn.reading.names import canonical
from airflow2sfn.reading.text import concatenate, formatted

BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: add,
    ast.Sub: operator.sub,
    ast.Mult: multiply,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: remainder,
    ast.Pow: power,
    ast.LShift: shift,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.BitAnd: operator.and_,
    ast.MatMult: operator.matmul,
}

UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Invert: operator.invert,
}

SHIFTS: list[Callable[[Run, Any, Any, bool, Any, Scope], Any]] = []
"""What draws edges (run, left, right, whether right comes after left, node, scope); MISSING where it is none."""


def truth(run: Run, value: Any) -> bool | None:
    """Whether a value counts as true; ``None`` where that is not known."""
    value = plain(value)
    if isinstance(value, Unknown):
        return None
    return bool(value) if isinstance(value, (*SCALARS, *CONTAINERS)) else True


def items(run: Run, value: Any, span: Any = None) -> list[Any] | None:
    """What iterating over a value gives; ``None`` where that is not known. Raises Raised for what has no items."""
    value = plain(value)
    if isinstance(value, (str, bytes, range, *CONTAINERS)):
        run.step(len(value))
        return list(value)
    if isinstance(value, Unknown | Instance | External):
        return None
    if isinstance(value, GroupMade):
        return list(value.tasks())
    if isinstance(value, Class):
        return [member for member in value.names.values() if isinstance(member, Object)]  # of an enumeration
    if isinstance(value, SCALARS):
        raise Raised("TypeError", f"{type(value).__name__} has no items", span)
    return None


@evaluates(ast.Constant)
def _constant(run: Run, node: ast.Constant, scope: Scope) -> Any:
    return node.value


@evaluates(ast.Name)
def _name(run: Run, node: ast.Name, scope: Scope) -> Any:
    value = scope.look_up(node.id)
    if value is not MISSING:
        return value
    if hasattr(builtins, node.id):
        return External(f"builtins.{node.id}")
    for star in scope.module().names.get("*", ()):
        return External(canonical(f"{star}.{node.id}"))
    if run.doubt:
        return unknown(run, node, scope)
    raise Raised("NameError", f"name {node.id!r} is not defined", run.span(node, scope))


@evaluates(ast.List, ast.Tuple, ast.Set)
def _sequence(run: Run, node: ast.List | ast.Tuple | ast.Set, scope: Scope) -> Any:
    found: list[Any] = []
    for element in node.elts:
        if isinstance(element, ast.Starred):
            inner = evaluate(run, element.value, scope)
            parts = items(run, inner)
            if parts is None:
                return alike(run, node, scope, inner) if isinstance(inner, Unknown) else unknown(run, node, scope)
            found += parts
        else:
            found.append(evaluate(run, element, scope))
    match node:
        case ast.List():
            return found
        case ast.Tuple():
            return tuple(found)
        case ast.Set():
            return attempt(set, found, span=run.span(node, scope))


@evaluates(ast.Dict)
def _dict(run: Run, node: ast.Dict, scope: Scope) -> Any:
    found: dict[Any, Any] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        inner = evaluate(run, value, scope)
        if key is None:
            inner = plain(inner)
            if not isinstance(inner, dict):
                return alike(run, node, scope, inner) if isinstance(inner, Unknown) else unknown(run, node, scope)
            found.update(inner)
        else:
            attempt(found.__setitem__, evaluate(run, key, scope), inner, span=run.span(node, scope))
    return found


@evaluates(ast.JoinedStr)
def _joined(run: Run, node: ast.JoinedStr, scope: Scope) -> Any:
    return concatenate([evaluate(run, part, scope) for part in node.values])


@evaluates(ast.FormattedValue)
def _formatted(run: Run, node: ast.FormattedValue, scope: Scope) -> Any:
    spec = evaluate(run, node.format_spec, scope) if node.format_spec else ""
    value = evaluate(run, node.value, scope)
    if isinstance(value, Unknown) and not node.format_spec and node.conversion < 0:
        text = None if value.assumed is MISSING else formatted(value.assumed)
        return Unknown(value.value, MISSING if text is None else text)
    return derive(run, node, scope, lambda v, s: _text(run, node, scope, v, node.conversion, s), value, spec)


def _text(run: Run, node: Any, scope: Scope, value: Any, conversion: int, spec: str) -> Any:
    text = formatted(value, conversion, spec)
    return unknown(run, node, scope) if text is None else text


@evaluates(ast.BinOp)
def _binary(run: Run, node: ast.BinOp, scope: Scope) -> Any:
    left, right = evaluate(run, node.left, scope), evaluate(run, node.right, scope)
    return binary(run, node, node.op, left, right, scope)


def binary(run: Run, node: Any, op: ast.operator, left: Any, right: Any, scope: Scope) -> Any:
    """An operator between two values."""
    if isinstance(op, ast.RShift | ast.LShift):
        for draw in SHIFTS:
            if (drawn := draw(run, left, right, isinstance(op, ast.RShift), node, scope)) is not MISSING:
                return drawn
    if isinstance(op, ast.BitOr | ast.BitAnd) and (isinstance(left, Instance) or isinstance(right, Instance)):
        name = "airflow.sdk.AssetAny" if isinstance(op, ast.BitOr) else "airflow.sdk.AssetAll"
        return Instance(name, (left, right), {}, run.span(node, scope))
    if isinstance(op, ast.Add) and {type(left), type(right)} == {str, Unknown}:
        return concatenate([left, right])
    span = run.span(node, scope)

    def work(one: Any, other: Any) -> Any:
        if isinstance(op, ast.Mod) and isinstance(one, str) and not is_plain(other):
            return unknown(run, node, scope)
        if not isinstance(one, (*SCALARS, *CONTAINERS)) or not isinstance(other, (*SCALARS, *CONTAINERS)):
            return unknown(run, node, scope)
        return attempt(BINARY[type(op)], one, other, span=span)

    return derive(run, node, scope, work, left, right)


@evaluates(ast.UnaryOp)
def _unary(run: Run, node: ast.UnaryOp, scope: Scope) -> Any:
    value = evaluate(run, node.operand, scope)
    if isinstance(node.op, ast.Not):
        known = truth(run, value)
        if isinstance(value, Unknown):
            return alike(run, node, scope, value, MISSING if known is None else not known)
        return not known
    span = run.span(node, scope)
    return derive(run, node, scope, lambda v: attempt(UNARY[type(node.op)], v, span=span), value)


@evaluates(ast.BoolOp)
def _boolean(run: Run, node: ast.BoolOp, scope: Scope) -> Any:
    stops_at = isinstance(node.op, ast.Or)
    doubted: Unknown | None = None
    value: Any = None
    for operand in node.values:
        value = evaluate(run, operand, scope)
        known = truth(run, value)
        if isinstance(value, Unknown):
            doubted = doubted or value
        if known is None:
            return alike(run, node, scope, doubted or value)
        if known is stops_at:
            break
    return alike(run, node, scope, doubted, plain(value)) if doubted else value


COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda one, other: one in other,
    ast.NotIn: lambda one, other: one not in other,
}


@evaluates(ast.Compare)
def _compare(run: Run, node: ast.Compare, scope: Scope) -> Any:
    left = evaluate(run, node.left, scope)
    result: Any = True
    for op, comparator in zip(node.ops, node.comparators, strict=True):
        right = evaluate(run, comparator, scope)
        result = derive(run, node, scope, _comparison(run, node, op, scope), left, right)
        if truth(run, result) is not True:
            return result
        left = right
    return result


def _comparison(run: Run, node: ast.Compare, op: ast.cmpop, scope: Scope) -> Callable[[Any, Any], Any]:
    """How two known values are compared."""
    span = run.span(node, scope)

    def compare(one: Any, other: Any) -> Any:
        for value in (one, other):
            if isinstance(value, CONTAINERS):
                is_plain(value)  # for its limit
        kind = type(op)
        if {type(one), type(other)} & {str, int} and kind in (ast.Is, ast.IsNot):
            kind = ast.Eq if kind is ast.Is else ast.NotEq
        if isinstance(one, Instance) and isinstance(other, Instance) and one is not other:
            return unknown(run, node, scope)
        return attempt(COMPARE[kind], one, other, span=span)

    return compare


@evaluates(ast.IfExp)
def _conditional(run: Run, node: ast.IfExp, scope: Scope) -> Any:
    test = evaluate(run, node.test, scope)
    known = truth(run, test)
    if known is None:
        return alike(run, node, scope, test)
    value = evaluate(run, node.body if known else node.orelse, scope)
    if isinstance(test, Unknown) and isinstance(value, (*SCALARS, *CONTAINERS)):
        return alike(run, node, scope, test, value)
    return value


@evaluates(ast.Attribute)
def _attribute(run: Run, node: ast.Attribute, scope: Scope) -> Any:
    return attribute(run, evaluate(run, node.value, scope), node.attr, node, scope)


def attribute(run: Run, value: Any, name: str, node: Any, scope: Scope) -> Any:
    """An attribute of a value."""
    found = ATTRIBUTES.get(type(value))
    return found(run, value, name, node, scope) if found else unknown(run, node, scope)


@evaluates(ast.Subscript)
def _subscript(run: Run, node: ast.Subscript, scope: Scope) -> Any:
    value = evaluate(run, node.value, scope)
    if isinstance(value, External):
        if value.name == "os.environ":
            return CALLS[External](run, External("os.getenv!"), (evaluate(run, node.slice, scope),), {}, node, scope)
        return value  # a generic alias: list[str]
    key = evaluate(run, node.slice, scope)
    if (lookup := SUBSCRIPTS.get(type(value))) is not None:
        found = lookup(value, plain(key))
        return unknown(run, node, scope) if found is MISSING else found
    span = run.span(node, scope)

    def work(container: Any, index: Any) -> Any:
        if not isinstance(container, (str, bytes, range, *CONTAINERS)):
            return unknown(run, node, scope)
        return attempt(operator.getitem, container, index, span=span)

    return derive(run, node, scope, work, value, key)


@evaluates(ast.Slice)
def _slice(run: Run, node: ast.Slice, scope: Scope) -> Any:
    ends = [plain(evaluate(run, end, scope)) if end else None for end in (node.lower, node.upper, node.step)]
    return unknown(run, node, scope) if any(isinstance(end, Unknown) for end in ends) else slice(*ends)


@evaluates(ast.Call)
def _call(run: Run, node: ast.Call, scope: Scope) -> Any:
    callee = evaluate(run, node.func, scope)
    args: list[Any] = []
    kwargs: Kwargs = {}
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            inner = evaluate(run, argument.value, scope)
            parts = items(run, inner)
            args += [unknown(run, argument, scope)] if parts is None else parts
        else:
            args.append(evaluate(run, argument, scope))
    for keyword in node.keywords:
        inner = evaluate(run, keyword.value, scope)
        if keyword.arg is not None:
            kwargs[keyword.arg] = inner
        elif isinstance(plain(inner), dict):
            kwargs |= {str(key): value for key, value in plain(inner).items()}
        else:
            kwargs["**"] = inner if isinstance(inner, Unknown) else unknown(run, keyword.value, scope)
    return call(run, callee, tuple(args), kwargs, node, scope)


def call(run: Run, callee: Any, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    """Calls a value."""
    found = CALLS.get(type(callee))
    return found(run, callee, args, kwargs, node, scope) if found else unknown(run, node, scope)


@evaluates(ast.Lambda)
def _lambda(run: Run, node: ast.Lambda, scope: Scope) -> Any:
    return Function(node, scope, "<lambda>", defaults_of(run, node.args, scope))


def defaults_of(run: Run, args: ast.arguments, scope: Scope) -> dict[str, Any]:
    """The default values of parameters, by name."""
    ordered = [*args.posonlyargs, *args.args]
    found = {
        parameter.arg: evaluate(run, default, scope)
        for parameter, default in zip(ordered[len(ordered) - len(args.defaults) :], args.defaults, strict=True)
    }
    for parameter, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        if default is not None:
            found[parameter.arg] = evaluate(run, default, scope)
    return found


@evaluates(ast.Starred)
def _starred(run: Run, node: ast.Starred, scope: Scope) -> Any:
    return evaluate(run, node.value, scope)


@evaluates(ast.Await, ast.Yield, ast.YieldFrom)
def _awaiting(run: Run, node: Any, scope: Scope) -> Any:
    if node.value is not None:
        evaluate(run, node.value, scope)
    return unknown(run, node, scope)
