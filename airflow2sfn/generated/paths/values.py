"""Values in the functions of JSONPath states: InputPath and Parameters, amounts, texts, variables."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from airflow2sfn.generated.language import Text
from airflow2sfn.generated.paths.scope import CONTEXT, Scope, scope_of
from airflow2sfn.generated.paths.trees import path_of, tree
from airflow2sfn.generated.values import Unreadable, key_of
from airflow2sfn.generated.world import Function, World
from sfn_airflow_core.asl.model import Amount, Given, Json, PathFlow, PathRef, Placeholder
from sfn_airflow_core.expr.model import Call, Expr, Literal, Object, Path, Root
from sfn_airflow_core.expr.write_jsonpath import path_text, template, value_text


def asked(function: Function, world: World) -> PathFlow:
    """InputPath and Parameters of a function that makes what a state asks with; raises Unreadable."""
    made, path = value_of(function, world)
    if made == Path(Root("input")):
        return PathFlow(input_path=path)
    if isinstance(made, Path) and path == "$":
        return PathFlow(input_path=path_text(made))
    return PathFlow(input_path=path, parameters=Given(template(made)))


def value_of(function: Function, world: World) -> tuple[Expr, str | None]:
    """The value that a function makes of the document, and InputPath; raises Unreadable."""
    scope, path = entered(function.body[:-1], scope_of(function, world))
    match function.body[-1]:
        case ast.Return(value=ast.expr() as made):
            return tree(made, scope), path
        case other:
            raise Unreadable("a function without a return", other)


def entered(statements: Sequence[ast.stmt], scope: Scope) -> tuple[Scope, str | None]:
    """The scope behind statements that apply InputPath, and that; raises Unreadable."""
    path: str | None = "$"
    for statement in statements:
        match statement:
            case ast.Expr(value=ast.Constant(value=str())):
                continue
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="context_object"), args=[])):
                scope = scope.within(**{name: CONTEXT})
            case ast.Assign(targets=[ast.Name(id=("data" | "effective") as name)], value=made) if path == "$":
                path, scope = whole_path(made, scope), scope.only(name)
            case ast.Expr(value=made) if path == "$":
                path = whole_path(made, scope)
            case _:
                raise Unreadable(f"a statement ({type(statement).__name__})", statement)
    return scope, path


def whole_path(node: ast.expr, scope: Scope) -> str | None:
    """InputPath: a path, or nothing for an empty object; raises Unreadable."""
    found = tree(node, scope)
    return None if found == Literal({}) else path_text(path_of(node, scope))


def parameters(node: ast.expr, source: str, scope: Scope) -> Given | None:
    """Parameters that are one expression; nothing where they are the effective input. Raises Unreadable."""
    if isinstance(node, ast.Name) and node.id == source:
        return None
    found = tree(node, scope)
    if not isinstance(found, Object) and not (isinstance(found, Literal) and isinstance(found.value, dict)):
        raise Unreadable("arguments that are computed", node)
    return Given(template(found))


def amount(node: ast.expr, scope: Scope) -> Amount:
    """A number: fixed, open, or at a path; raises Unreadable."""
    return amount_of(tree(node, scope), node)


def amount_of(made: Expr, node: ast.expr) -> Amount:
    """A value as a number; raises Unreadable."""
    match made:
        case Literal((int() | float() | Placeholder()) as value) if not isinstance(value, bool):
            return value
        case Path():
            return PathRef(path_text(made))
        case _:
            raise Unreadable("a number", node)


def text(node: ast.expr, scope: Scope) -> Text:
    """A text, or the path or intrinsic function that gives it; raises Unreadable."""
    match found := tree(node, scope):
        case Literal(None | str() as value):
            return value
        case Path() | Call():
            return PathRef(value_text(found))
        case _:
            raise Unreadable("a text", node)


def role(node: ast.expr, scope: Scope) -> Json:
    """Credentials."""
    return template(Object((("RoleArn", tree(node, scope)),)))


def assigned(call: ast.Call, scope: Scope) -> dict[str, Json]:
    """The variables of ``assigned(document, total=…)``; raises Unreadable."""
    entries: list[tuple[str, Expr]] = []
    for one in call.keywords:
        match one:
            case ast.keyword(arg=str(name), value=made):
                entries.append((name, tree(made, scope)))
            case ast.keyword(value=ast.Dict(keys=keys, values=values)):
                entries += [(key_of(name), tree(made, scope)) for name, made in zip(keys, values, strict=True)]
            case _:
                raise Unreadable("variables that are computed", call)
    found = template(Object(tuple(entries)))
    assert isinstance(found, dict), "an object's template"
    return found
