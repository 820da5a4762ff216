"""The tasks of a generated DAG as states."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from airflow2sfn.expressions.values import query
from airflow2sfn.generated.values import INPUT, RESULT, Scope, Unreadable, expression, value
from sfn_airflow_core.asl import model as asl
from sfn_airflow_core.asl.model import Given, Json, Query, QueryFlow, Retrier

Function = ast.FunctionDef
_OPTIMISED = frozenset(
    {
        "apigateway", "athena", "batch", "bedrock", "codebuild", "dynamodb", "ecs", "eks", "elasticmapreduce",
        "emr-containers", "emr-serverless", "events", "glue", "http", "lambda", "mediaconvert", "sagemaker", "sns",
        "sqs", "states",
    }
)  # fmt: skip


@dataclass(slots=True)
class Drafted:
    """A state under construction: ``node`` is its function, ``pointer`` where it stood in the machine."""

    variable: str
    name: str
    pointer: str
    node: Function
    kind: str
    arguments: list[ast.expr] = field(default_factory=list)
    keywords: list[ast.keyword] = field(default_factory=list)
    next: str | None = None
    catch: tuple[asl.Catcher, ...] = ()


@dataclass(frozen=True, slots=True)
class World:
    """What functions of the module and constants there are, and how the states are called, by their variables."""

    functions: Mapping[str, Function]
    constants: Mapping[str, ast.expr]
    names: Mapping[str, str]

    def scope(self, **names: str) -> Scope:
        """What names mean in a function."""
        known = {name: _constant(node) for name, node in self.constants.items()}
        return {name: text for name, text in known.items() if text} | names


def _constant(node: ast.expr) -> str:
    try:
        return expression(node, {})
    except Unreadable:
        return ""


def state(draft: Drafted, world: World) -> asl.State:
    """The state of a draft; raises Unreadable."""
    match draft.kind:
        case "choice":
            return _choice(draft, world)
        case "wait":
            return _wait(draft, world)
        case _:
            return _plain(draft, world)


def _plain(draft: Drafted, world: World) -> asl.State:
    resource, arguments, output = _body(draft.node, world)
    if isinstance(output, asl.Fail):
        return replace(output, name=draft.name)
    if resource is None:
        return asl.Pass(name=draft.name, flow=QueryFlow(output=_given(output, INPUT)), next=draft.next)
    timeout, retry = settings(draft.keywords, world)
    return asl.Task(
        name=draft.name, resource=resource, timeout_seconds=timeout, retry=retry, catch=draft.catch, next=draft.next,
        flow=QueryFlow(Given(arguments), _given(output, RESULT)),
    )  # fmt: skip


def _given(output: Json, plain: str) -> Given | None:
    """Output, unless it is what a state hands on anyway."""
    return None if output == query(plain) else Given(output)


def _body(node: Function, world: World) -> tuple[str | None, Json, Json | asl.Fail]:
    """What a function does: the resource that it calls with which arguments, and what it hands on."""
    scope = dict(world.scope(data=INPUT))
    resource: str | None = None
    arguments: Json = None
    for statement in node.body:
        match statement:
            case ast.Expr(value=ast.Constant(value=str())):
                continue
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="aws" | "invoke")) as call
            ) if resource is None:
                resource, arguments = _call(call, scope)
                scope[name] = RESULT
            case ast.Expr(value=ast.Call(func=ast.Name(id="aws" | "invoke")) as call) if resource is None:
                resource, arguments = _call(call, scope)
            case ast.Assign(targets=[ast.Name(id=name)], value=made):
                scope[name] = expression(made, scope)
            case ast.Return(value=ast.Call(func=ast.Name(id="aws" | "invoke")) as call) if resource is None:
                resource, arguments = _call(call, scope)
                return resource, arguments, query(RESULT)
            case ast.Return(value=made):
                return resource, arguments, None if made is None else value(made, scope)
            case ast.Raise(exc=ast.Call(func=ast.Name(id="StateError"), args=given)) if resource is None:
                error, cause = ([_text(one, scope) for one in given] + [None, None])[:2]
                return None, None, asl.Fail(name="", flow=QueryFlow(), error=error, cause=cause)
            case _:
                raise Unreadable(f"a statement ({type(statement).__name__})", statement)
    raise Unreadable("a function without a return", node)


def _text(node: ast.expr, scope: Scope) -> str | Query | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str | None):
        return node.value
    return Query(f" {expression(node, scope)} ")


def _call(call: ast.Call, scope: Scope) -> tuple[str, Json]:
    """The resource and the arguments of ``aws("lambda:invoke", FunctionName=…)``."""
    match call:
        case ast.Call(func=ast.Name(id="aws"), args=[ast.Constant(value=str(action))], keywords=keywords):
            arguments: dict[str, Json] = {}
            for keyword in keywords:
                if keyword.arg is None:
                    raise Unreadable("arguments that are computed", call)
                arguments[keyword.arg] = value(keyword.value, scope)
            service = action.partition(":")[0]
            prefix = "" if action.startswith("aws-sdk:") or service in _OPTIMISED else "aws-sdk:"
            return f"arn:aws:states:::{prefix}{action}", arguments
        case ast.Call(func=ast.Name(id="invoke"), args=[ast.Constant(value=str(arn)), payload], keywords=[]):
            return arn, value(payload, scope)
        case _:
            raise Unreadable("a call of a service", call)


def settings(keywords: list[ast.keyword], world: World) -> tuple[int | None, tuple[Retrier, ...]]:
    """TimeoutSeconds and Retry of a decorator's arguments."""
    timeout: int | None = None
    retry: tuple[Retrier, ...] = ()
    for keyword in keywords:
        match keyword:
            case ast.keyword(
                arg="execution_timeout",
                value=ast.Call(keywords=[ast.keyword(arg="seconds", value=ast.Constant(value=int(amount)))]),
            ):
                timeout = amount
            case ast.keyword(arg=None, value=ast.Call(func=ast.Name(id="retry"), args=entries)):
                retry = tuple(_retrier(entry, world) for entry in entries)
            case _:
                raise Unreadable(f"the setting {keyword.arg or '**'}", keyword.value)
    return timeout, retry


_TIMING = {
    "interval": "interval_seconds", "attempts": "max_attempts", "backoff": "backoff_rate",
    "max_delay": "max_delay_seconds",
}  # fmt: skip


def _retrier(node: ast.expr, world: World) -> Retrier:
    if isinstance(node, ast.Name) and node.id in world.constants:
        node = world.constants[node.id]
    match node:
        case ast.Call(func=ast.Name(id="Retrier"), args=errors, keywords=keywords):
            found = Retrier(tuple(_string(error) for error in errors))
            for keyword in keywords:
                match keyword:
                    case ast.keyword(arg="jitter", value=ast.Constant(value=True)):
                        found = replace(found, jitter_strategy="FULL")
                    case ast.keyword(arg=str(name), value=ast.Constant(value=int() | float() as number)) if (
                        name in _TIMING
                    ):
                        found = replace(found, **{_TIMING[name]: number})  # type: ignore[arg-type]
                    case _:
                        raise Unreadable(f"{keyword.arg} of a Retrier", node)
            return found
        case _:
            raise Unreadable("a Retrier", node)


def _string(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise Unreadable("a text that is not constant", node)


def _choice(draft: Drafted, world: World) -> asl.State:
    scope = dict(world.scope(data=INPUT))
    rules: list[asl.QueryRule] = []
    for statement in draft.node.body:
        match statement:
            case ast.Expr(value=ast.Constant(value=str())):
                continue
            case ast.Assign(targets=[ast.Name(id=name)], value=made):
                scope[name] = expression(made, scope)
            case ast.If(test=test, body=[ast.Return(value=ast.Constant(value=str(target)))], orelse=[]):
                condition = Query(f" {_outer(expression(test, scope))} ")
                rules.append(asl.QueryRule(condition, _target(target, world, statement)))
            case ast.Return(value=ast.Constant(value=str(target))):
                default = _target(target, world, statement)
                return asl.Choice(name=draft.name, flow=QueryFlow(), choices=tuple(rules), default=default)
            case ast.Raise():
                return asl.Choice(name=draft.name, flow=QueryFlow(), choices=tuple(rules), default=None)
            case _:
                raise Unreadable(f"a statement of a choice ({type(statement).__name__})", statement)
    raise Unreadable("a choice without an end", draft.node)


def _outer(text: str) -> str:
    """A condition without parentheses around it all."""
    inner = text[1:-1]
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for character in re.sub(r"'[^']*'|\"[^\"]*\"", "", inner):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0:
            return text
    return inner


def _target(variable: str, world: World, node: ast.AST) -> str:
    if variable not in world.names:
        raise Unreadable(f"the target {variable}", node)
    return world.names[variable]


def _wait(draft: Drafted, world: World) -> asl.State:
    output: Given | None = None
    for keyword in draft.keywords:
        match keyword:
            case ast.keyword(arg="document", value=ast.Name(id=name)) if name in world.functions:
                output = Given(applied(world.functions[name], world, data=INPUT))
            case _:
                raise Unreadable(f"the setting {keyword.arg} of a wait", keyword.value)
    scope = world.scope(data=INPUT)
    match draft.node.body[-1]:
        case ast.Return(value=ast.Call(func=ast.Name(id="seconds"), args=[ast.Constant(value=int(number))])):
            return asl.Wait(name=draft.name, flow=QueryFlow(output=output), seconds=number, next=draft.next)
        case ast.Return(value=ast.Call(func=ast.Name(id="seconds"), args=[only])):
            amount = Query(f" {expression(only, scope)} ")
            return asl.Wait(name=draft.name, flow=QueryFlow(output=output), seconds=amount, next=draft.next)
        case ast.Return(value=ast.Call(func=ast.Name(id="until"), args=[only])):
            moment = _text(only, scope)
            return asl.Wait(name=draft.name, flow=QueryFlow(output=output), timestamp=moment, next=draft.next)
        case _:
            raise Unreadable("what a wait waits for", draft.node)


def applied(function: Function, world: World, **names: str) -> Json:
    """What a function of the module gives for these arguments, by position of its parameters."""
    parameters = [argument.arg for argument in function.args.args]
    scope = {**world.scope(), **dict(zip(parameters, names.values(), strict=False))}
    match function.body:
        case [*doc, ast.Return(value=made)] if made is not None and all(isinstance(one, ast.Expr) for one in doc):
            return value(made, scope)
        case _:
            raise Unreadable(f"the function {function.name}", function)


def handed_on(function: Function, world: World) -> Json:
    """What a function that calls nothing makes of its document."""
    resource, _, output = _body(function, world)
    if resource is not None or isinstance(output, asl.Fail):
        raise Unreadable(f"the function {function.name}", function)
    return output
