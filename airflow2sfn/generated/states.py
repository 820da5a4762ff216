"""The tasks of a generated DAG that are functions, as states."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import TypeAlias

from airflow2sfn.expressions.values import query
from airflow2sfn.generated.bodies import Body, Handed, amount, applied, assigned, body, text
from airflow2sfn.generated.checks import bound
from airflow2sfn.generated.settings import settings
from airflow2sfn.generated.values import INPUT, RESULT, Scope, Unreadable, bare, expression, value
from airflow2sfn.generated.world import Function, World
from sfn_airflow_core.asl import model as asl
from sfn_airflow_core.asl.model import Given, Json, Query, QueryFlow


@dataclass(slots=True)
class Drafted:
    """A state under construction.

    ``variable`` is its task's, ``pointer`` where it stood in the machine, ``kind`` the word of the runtime that makes
    the task, and ``call`` that word with its arguments; ``function`` is what it does, where that is a function.
    ``catchers`` are what ``catch`` has been told of it.
    """

    variable: str
    name: str
    pointer: str
    kind: str
    call: ast.Call
    function: Function | None = None
    next: str | None = None
    catch: tuple[asl.Catcher, ...] = ()
    catchers: tuple[ast.expr, ...] = ()

    @property
    def body(self) -> Function:
        """The function of a kind that has one."""
        assert self.function is not None, self.kind
        return self.function

    @property
    def comment(self) -> str | None:
        """What the state's Comment was."""
        return None if self.function is None else ast.get_docstring(self.function)


def function_state(draft: Drafted, world: World, *also: str) -> asl.State:
    """A state that calls a service, shapes data or fails; raises Unreadable."""
    found = body(draft.body, world, INPUT, RESULT)
    if found.failure is not None:
        if found.resource is not None:
            raise Unreadable("a call, and then a failure", draft.body)
        error, cause = found.failure
        return asl.Fail(name=draft.name, comment=draft.comment, flow=QueryFlow(), error=error, cause=cause)
    assert found.handed is not None, "a body that does not fail hands on"
    if found.resource is None:
        flow = QueryFlow(output=found.handed.given(INPUT), assign=found.handed.assign)
        settings(draft.call.keywords, world).untimed(draft.call, *also)
        return asl.Pass(name=draft.name, comment=draft.comment, flow=flow, next=draft.next)
    return task(draft, found, found.handed, world, *also)


def task(draft: Drafted, found: Body, handed: Handed, world: World, *also: str) -> asl.Task:
    """A Task that asks what a body asks; ``also`` are settings of its kind."""
    said = settings(draft.call.keywords, world)
    said.only(*also)
    assert found.resource is not None, "a body that asks"
    return asl.Task(
        name=draft.name, comment=draft.comment, resource=found.resource,
        timeout_seconds=said.timeout if found.timeout is None else found.timeout,
        credentials=found.role, retry=said.retry, catch=draft.catch, next=draft.next,
        flow=QueryFlow(Given(found.arguments), handed.given(RESULT), handed.assign),
    )  # fmt: skip


def choice(draft: Drafted, world: World) -> asl.Choice:
    """A Choice; raises Unreadable."""
    said = settings(draft.call.keywords, world).untimed(draft.call, "document")
    onward = None if "document" not in said else shaped(said["document"], world, INPUT).given(INPUT)
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


Chosen: TypeAlias = "tuple[str, Given | None, dict[str, Json] | None]"


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


def targets(function: Function) -> set[str]:
    """The tasks that the function of a choice can name."""
    found: set[str] = set()
    for node in ast.walk(function):
        match node:
            case ast.Return(value=ast.Call(func=ast.Name(id="assigned"), args=[made])) | ast.Return(value=made):
                made = made.elts[0] if isinstance(made, ast.Tuple) else made
                found |= {made.value} if isinstance(made, ast.Constant) and isinstance(made.value, str) else set()
    return found


def _condition(test: ast.expr, scope: Scope) -> bool | Query:
    if isinstance(test, ast.Constant) and isinstance(test.value, bool):
        return test.value
    return Query(f" {bare(expression(test, scope))} ")


def shaped(node: ast.expr, world: World, *texts: str) -> Handed:
    """What the function that an argument names makes of these values; raises Unreadable."""
    if not isinstance(node, ast.Name) or node.id not in world.functions:
        raise Unreadable("a function of the document", node)
    return applied(world.functions[node.id], world, *texts)


def wait(draft: Drafted, world: World) -> asl.Wait:
    """A Wait; raises Unreadable."""
    said = settings(draft.call.keywords, world).untimed(draft.call, "document")
    handed = Handed(query(INPUT)) if "document" not in said else shaped(said["document"], world, INPUT)
    made = asl.Wait(
        name=draft.name, comment=draft.comment, flow=QueryFlow(output=handed.given(INPUT), assign=handed.assign),
        next=draft.next,
    )  # fmt: skip
    scope = world.scope(draft.body, INPUT)
    for statement in draft.body.body:
        match statement:
            case ast.Expr(value=ast.Constant(value=str())):
                continue
            case ast.Assign(targets=[ast.Name(id=name)], value=given):
                scope = scope.within(**{name: bound(given, scope, expression)})
            case ast.Return(value=ast.Call(func=ast.Name(id="seconds"), args=[only])):
                return replace(made, seconds=amount(only, scope))
            case ast.Return(value=ast.Call(func=ast.Name(id="until"), args=[only])):
                return replace(made, timestamp=text(only, scope))
            case _:
                break
    raise Unreadable("what a wait waits for", draft.body)
