"""What the functions of JSONata states do: the service that they ask, and what they hand on."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from airflow2sfn.expressions.values import constant, query
from airflow2sfn.generated.checks import bound
from airflow2sfn.generated.language import Text
from airflow2sfn.generated.requests import asks, requested
from airflow2sfn.generated.values import (
    INPUT,
    RESULT,
    Scope,
    Unreadable,
    bare,
    expression,
    key_of,
    text_of,
    value,
    variable,
)
from airflow2sfn.generated.world import Function, World
from sfn_airflow_core.asl.model import Amount, Given, Json, Placeholder, Query


@dataclass(frozen=True, slots=True)
class Handed:
    """What a function hands on, and the variables that it assigns."""

    output: Json
    assign: dict[str, Json] | None = None

    def given(self, plain: str) -> Given | None:
        """The Output field, unless it says what a state hands on anyway."""
        return None if self.output == query(plain) else Given(self.output)


@dataclass(frozen=True, slots=True)
class Work:
    """What the function of a state does.

    ``resource`` is what it asks, ``error`` and ``cause`` what it fails with. ``checks`` are values that have to be
    there although nothing is made of them.
    """

    resource: str | None = None
    arguments: Json = None
    timeout: Amount | None = None
    role: Json = None
    handed: Handed | None = None
    failure: tuple[Text, Text] | None = None
    limit: Amount | None = None
    checks: tuple[str, ...] = field(default=())


def work(function: Function, world: World, *texts: str, ends: bool = True) -> Work:
    """What a function does with these values; raises Unreadable.

    ``ends`` says that it must hand something on.
    """
    scope = world.scope(function, *texts)
    found, scope = _statements(function.body, Work(), scope)
    if ends and found.handed is None and found.failure is None:
        raise Unreadable(f"the function {function.name} without a return", function)
    return found


def applied(function: Function, world: World, *texts: str) -> Handed:
    """What a function that asks nobody makes of these values; raises Unreadable."""
    found = work(function, world, *texts)
    if found.resource is not None or found.handed is None:
        raise Unreadable(f"the function {function.name}", function)
    return found.handed


def _statements(statements: Sequence[ast.stmt], found: Work, scope: Scope) -> tuple[Work, Scope]:
    for statement in statements:
        found, scope = _statement(statement, found, scope)
    return found, scope


def _statement(statement: ast.stmt, found: Work, scope: Scope) -> tuple[Work, Scope]:
    match statement:
        case ast.Expr(value=ast.Constant(value=str())):
            return found, scope
        case ast.With(items=items, body=inner):
            for item in items:
                found = _managed(item.context_expr, found, scope)
            return _statements(inner, found, scope)
        case ast.Assign(targets=[ast.Name(id=name)], value=made) if (call := asks(made)) is not None:
            return _asked(call, found, scope), scope.within(**{name: RESULT})
        case ast.Expr(value=made) if (call := asks(made)) is not None:
            return _asked(call, found, scope), scope
        case ast.Return(value=ast.expr() as made) if (call := asks(made)) is not None:
            return replace(_asked(call, found, scope), handed=Handed(query(RESULT))), scope
        case ast.Assign(targets=[ast.Name(id=name)], value=made):
            return found, scope.within(**{name: bound(made, scope, expression)})
        case ast.Expr(value=ast.Call(func=ast.Name(id="concurrency"), args=[only])):
            return replace(found, limit=amount(only, scope)), scope
        case ast.Expr(value=made):
            return replace(found, checks=(*found.checks, bare(expression(made, scope)))), scope
        case ast.Return(value=made):
            shown = handed(made, scope)
            return replace(found, handed=replace(shown, output=_checked(shown.output, found.checks))), scope
        case ast.Raise(exc=ast.Call(func=ast.Name(id="StateError"), args=given)):
            error, cause = ([text(one, scope) for one in given] + [None, None])[:2]
            return replace(found, failure=(error, cause)), scope
        case ast.Raise(exc=ast.Call(func=ast.Name(id="Unsupported"))):
            raise Unreadable("a state that was not translated", statement)
        case _:
            raise Unreadable(f"a statement ({type(statement).__name__})", statement)


def _checked(made: Json, checks: Sequence[str]) -> Json:
    """What is asked with, or handed on, where values are there that it is not made of."""
    there = " and ".join(f"$exists({check})" for check in checks if "$" in check)
    return query(f"{there} ? {constant(made)} : $error('a value is missing')") if there else made


def _managed(node: ast.expr, found: Work, scope: Scope) -> Work:
    match node:
        case ast.Call(func=ast.Name(id="time_limit"), args=[only]):
            return replace(found, timeout=amount(only, scope))
        case ast.Call(func=ast.Name(id="assumed_role"), args=[only]):
            return replace(found, role={"RoleArn": value(only, scope)})
        case _:
            raise Unreadable("a context", node)


def _asked(call: ast.Call, found: Work, scope: Scope) -> Work:
    if found.resource is not None:
        raise Unreadable("a second call of a service", call)
    resource, given = requested(call, scope.settings)
    return replace(found, resource=resource, arguments=_checked(argued(given, scope), found.checks), checks=())


def argued(given: ast.expr | Mapping[str, ast.expr], scope: Scope) -> Json:
    """Arguments of a call, one by one or whole; raises Unreadable."""
    if isinstance(given, ast.expr):
        return value(given, scope)
    return {name: value(one, scope) for name, one in given.items()}


def handed(node: ast.expr | None, scope: Scope) -> Handed:
    """What a return hands on: a document, with variables where it is ``assigned(…)``; raises Unreadable."""
    match node:
        case None:
            return Handed(None)
        case ast.Call(func=ast.Name(id="assigned"), args=[document]):
            return Handed(value(document, scope), assigned(node, scope))
        case _:
            return Handed(value(node, scope))


def assigned(call: ast.Call, scope: Scope) -> dict[str, Json]:
    """The variables of ``assigned(document, total=…)``; raises Unreadable."""
    found: dict[str, Json] = {}
    for one in call.keywords:
        match one:
            case ast.keyword(arg=str(name), value=made):
                found[variable(name)] = value(made, scope)
            case ast.keyword(value=ast.Dict(keys=keys, values=values)):
                found |= {
                    variable(key_of(key, scope)): value(made, scope) for key, made in zip(keys, values, strict=True)
                }
            case _:
                raise Unreadable("variables that are computed", call)
    return found


def text(node: ast.expr, scope: Scope) -> Text:
    """A text, or the expression that gives it; raises Unreadable."""
    if isinstance(node, ast.Constant) and node.value is None:
        return None
    if (found := text_of(node, scope)) is not None:
        return found
    return Query(f" {bare(expression(node, scope))} ")


def amount(node: ast.expr, scope: Scope) -> Amount:
    """A number: fixed, open, or computed; raises Unreadable."""
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return number
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="json"), args=[]) | ast.Name(id=name) if (
            name in scope.settings
        ):
            return Placeholder(scope.settings[name])
        case _:
            return Query(f" {bare(expression(node, scope))} ")


def given_amount(node: ast.expr, world: World) -> Amount:
    """A number in an argument of a task: as it stands, or a function of the document."""
    match node:
        case ast.Name(id=name) if name in world.functions:
            return as_amount(applied(world.functions[name], world, INPUT).output, node)
        case ast.BinOp(left=ast.Name(id="DOCUMENT"), op=ast.RShift(), right=ast.Name()):
            return as_amount(given_value(node, world), node)
        case _:
            return amount(node, Scope({}, world.settings))


def as_amount(made: Json, node: ast.expr) -> Amount:
    """A value as a number; raises Unreadable."""
    match made:
        case str() if made.startswith("{%"):
            return Query(made[2:-2])
        case int() | float() | Placeholder():
            return made
        case _:
            raise Unreadable("a number", node)


def given_value(node: ast.expr, world: World) -> Json:
    """An argument of an operator: as it stands, or ``DOCUMENT >> function``; raises Unreadable."""
    match node:
        case ast.Name(id="DOCUMENT"):
            return query(INPUT)
        case ast.BinOp(left=ast.Name(id="DOCUMENT"), op=ast.RShift(), right=ast.Name(id=name)) if (
            name in world.functions
        ):
            return applied(world.functions[name], world, INPUT).output
        case _:
            return value(node, Scope({}, world.settings))
