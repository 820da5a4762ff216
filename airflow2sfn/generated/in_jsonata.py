"""The language JSONata: its functions of documents are read as expressions, name by name."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace

from airflow2sfn.expressions.values import query
from airflow2sfn.generated.bodies import (
    Handed,
    amount,
    applied,
    assigned,
    given_amount,
    given_value,
    text,
    work,
)
from airflow2sfn.generated.checks import bound
from airflow2sfn.generated.language import Body, Caught, Prepared, Text
from airflow2sfn.generated.settings import settings
from airflow2sfn.generated.states import Drafted
from airflow2sfn.generated.values import ERROR, INPUT, RESULT, Scope, Unreadable, bare, expression, value
from airflow2sfn.generated.world import Function, World, function_of
from sfn_airflow_core.asl import model as asl
from sfn_airflow_core.asl.model import Amount, Given, Json, Query, QueryFlow

ITEM = "$states.context.Map.Item."


class Jsonata:
    """Reads functions of JSONata states, and those of others as JSONata that gives the same."""

    def nothing(self) -> asl.Flow:
        return QueryFlow()

    def body(self, function: Function, world: World, *, ends: bool = True) -> Body:
        found = work(function, world, INPUT, RESULT, ends=ends)
        handed = found.handed or Handed(query(RESULT))
        if found.resource is None:
            flow = QueryFlow(output=handed.given(INPUT), assign=handed.assign)
        else:
            flow = QueryFlow(Given(found.arguments), handed.given(RESULT), handed.assign)
        return Body(flow, found.resource, None, found.timeout, found.role, found.failure)

    def asked(self, function: Function, world: World) -> asl.Flow:
        return QueryFlow(Given(applied(function, world, INPUT).output))

    def argued(self, node: ast.expr | None, world: World) -> asl.Flow:
        return QueryFlow(Given({} if node is None else given_value(node, world)))

    def arguments(self, given: Mapping[str, ast.expr], rest: ast.expr | None, world: World) -> asl.Flow:
        made: dict[str, Json] = {name: given_value(node, world) for name, node in given.items()}
        if rest is not None:
            others = given_value(rest, world)
            if not isinstance(others, dict):
                raise Unreadable("the arguments of an operator", rest)
            made |= others
        return QueryFlow(Given(made))

    def handed(self, function: Function | None, world: World) -> asl.Flow:
        if function is None:
            return QueryFlow()
        made = applied(function, world, INPUT, RESULT)
        return QueryFlow(output=made.given(RESULT), assign=made.assign)

    def together(self, asked: asl.Flow, handed: asl.Flow) -> asl.Flow:
        assert isinstance(asked, QueryFlow), "of this language"
        assert isinstance(handed, QueryFlow), "of this language"
        return replace(handed, arguments=asked.arguments)

    def role(self, node: ast.expr, world: World, flow: asl.Flow) -> Json:
        return {"RoleArn": given_value(node, world)}

    def limit(self, node: ast.expr, world: World, flow: asl.Flow) -> Amount:
        return given_amount(node, world)

    def choice(self, draft: Drafted, world: World) -> asl.Choice:
        said = settings(draft.call.keywords, world).untimed(draft.call, "document")
        onward = None
        if "document" in said:
            onward = applied(function_of(said["document"], world), world, INPUT).given(INPUT)
        scope = world.scope(draft.body, INPUT)
        rules: list[asl.QueryRule] = []
        default, flow = None, QueryFlow(output=onward)
        for statement in draft.body.body:
            match statement:
                case ast.Expr(value=ast.Constant(value=str())) | ast.Raise():
                    continue
                case ast.Assign(targets=[ast.Name(id=name)], value=made):
                    scope = scope.within(**{name: bound(made, scope, expression)})
                case ast.If(test=test, body=[ast.Return(value=ast.expr() as made)], orelse=[]):
                    target, output, variables = _chosen(made, scope, onward)
                    rules.append(asl.QueryRule(_condition(test, scope), world.target(target, made), output, variables))
                case ast.Return(value=ast.expr() as made):
                    target, output, variables = _chosen(made, scope, onward)
                    default, flow = world.target(target, made), QueryFlow(output=output, assign=variables)
                case _:
                    raise Unreadable(f"a statement of a choice ({type(statement).__name__})", statement)
        return asl.Choice(name=draft.name, comment=draft.comment, flow=flow, choices=tuple(rules), default=default)

    def caught(self, function: Function | None, world: World) -> Caught:
        if function is None:
            return asl.CatchQuery(), None
        made = applied(function, world, INPUT, ERROR)
        return asl.CatchQuery(made.given(ERROR)), made.assign

    def onward(self, function: Function | None, world: World, own: Function) -> asl.Flow:
        if function is None:
            return QueryFlow()
        made = applied(function, world, INPUT)
        return QueryFlow(output=made.given(INPUT), assign=made.assign)

    def prepared(self, function: Function, world: World, *keep: str) -> Prepared:
        scope, limit, others = world.scope(function, INPUT), None, dict[str, ast.expr]()
        for statement in function.body[:-1]:
            match statement:
                case ast.Expr(value=ast.Constant(value=str())):
                    continue
                case ast.Assign(targets=[ast.Name(id="source")]) if "source" in keep:
                    scope = scope.within(source=f"{ITEM}Source")
                case ast.Assign(targets=[ast.Name(id=name)], value=made) if name in keep:
                    others[name] = made
                case ast.Assign(targets=[ast.Name(id=name)], value=made):
                    scope = scope.within(**{name: bound(made, scope, expression)})
                case ast.Expr(value=ast.Call(func=ast.Name(id="concurrency"), args=[only])):
                    limit = amount(only, scope)
                case _:
                    raise Unreadable("a statement over items", statement)
        return Prepared(scope, QueryFlow(), limit, others)

    def amount(self, node: ast.expr, names: Scope) -> Amount:
        return amount(node, names)

    def moment(self, node: ast.expr, names: Scope) -> Text:
        return text(node, names)

    def items(self, node: ast.expr, names: Scope) -> Given | None:
        made = value(node, names) if isinstance(node, ast.List) else query(bare(expression(node, names)))
        return None if made == query(INPUT) else Given(made)

    def template(self, node: ast.expr, names: Scope) -> Json:
        return value(node, names)

    def around(self, names: Scope, items: Mapping[str, str]) -> Scope:
        return names.within(**{name: f"{ITEM}{part}" for name, part in items.items()})


Chosen = tuple[str, "Given | None", "dict[str, Json] | None"]


def _chosen(node: ast.expr, scope: Scope, onward: Given | None) -> Chosen:
    """The task that a return of a choice names, with what is handed on and assigned; raises Unreadable."""
    match node:
        case ast.Constant(value=str(target)):
            return target, onward, None
        case ast.Tuple(elts=[ast.Constant(value=str(target)), made]):
            return target, Given(value(made, scope)), None
        case ast.Call(func=ast.Name(id="assigned"), args=[inner]):
            target, output, _ = _chosen(inner, scope, onward)
            return target, output, assigned(node, scope)
        case _:
            raise Unreadable("what a choice returns", node)


def _condition(test: ast.expr, scope: Scope) -> bool | Query:
    if isinstance(test, ast.Constant) and isinstance(test.value, bool):
        return test.value
    return Query(f" {bare(expression(test, scope))} ")
