"""Calls of services in the functions of a generated DAG: what is asked, with which arguments."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from airflow2sfn.generated.values import Scope, Unreadable, text_of
from sfn_airflow_core.catalogue.table import ERROR_PREFIXES

ARN = "arn:aws:states:::"
_OPTIMISED = frozenset((*ERROR_PREFIXES, "http"))


def asks(node: ast.expr) -> ast.Call | None:
    """The call of a service in an expression that is one."""
    match node:
        case ast.Call(func=ast.Name(id="queryable"), args=[inner]):
            return asks(inner)
        case ast.Call(func=ast.Name(id="aws" | "invoke" | "http_invoke")):
            return node
        case _:
            return None


def requested(call: ast.Call, settings: Mapping[str, str]) -> tuple[str, ast.expr | dict[str, ast.expr]]:
    """The resource and the arguments, one by one or whole, of ``aws("lambda:invoke", FunctionName=…)``.

    ``settings`` are open placeholders by the names of their constants. Raises Unreadable.
    """
    match call:
        case ast.Call(func=ast.Name(id="aws"), args=[ast.Constant(value=str(action))]):
            return resource_of(action), keywords(call)
        case ast.Call(func=ast.Name(id="http_invoke"), args=[]):
            return f"{ARN}http:invoke", keywords(call)
        case ast.Call(func=ast.Name(id="invoke"), args=[function, payload], keywords=[]):
            if (arn := text_of(function, Scope({}, settings))) is None:
                raise Unreadable("a function that is not constant", call)
            return arn, payload
        case _:
            raise Unreadable("a call of a service", call)


def resource_of(action: str) -> str:
    """The Resource of a Task for an action of the runtime."""
    sdk = action.startswith("aws-sdk:") or action.partition(":")[0] in _OPTIMISED
    return f"{ARN}{'' if sdk else 'aws-sdk:'}{action}"


def keywords(call: ast.Call) -> ast.expr | dict[str, ast.expr]:
    """The keywords of a call, or the one value that they all are; raises Unreadable."""
    match call.keywords:
        case [ast.keyword(arg=None, value=whole)]:
            return whole
        case given if all(one.arg is not None for one in given):
            return {one.arg or "": one.value for one in given}
        case _:
            raise Unreadable("arguments that are computed", call)
