"""What a generated DAG file holds: helper functions, constants, child DAGs, imported classes."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from airflow2sfn.generated.language import Language
from airflow2sfn.generated.values import VARIABLES, Scope, Unreadable, expression

Function = ast.FunctionDef


@dataclass(frozen=True, slots=True)
class World:
    """The file around a state, and where its tasks lead.

    ``functions``, ``constants`` and ``dags`` are those of the module, child DAGs by the variable that holds them;
    ``classes`` the full names of what it imports; ``settings`` the constants that stand for open placeholders.
    ``names`` are the states that the variables of the tasks around stand for, ``None`` for the end; ``language`` is
    that of the state that is read.
    """

    functions: Mapping[str, Function]
    constants: Mapping[str, ast.expr]
    dags: Mapping[str, Function]
    classes: Mapping[str, str]
    settings: Mapping[str, str]
    names: Mapping[str, str | None]
    language: Language

    def named(self, names: Mapping[str, str | None]) -> World:
        """The same where these variables stand for states."""
        return replace(self, names=names)

    def speaking(self, language: Language) -> World:
        """The same for a state in this language."""
        return replace(self, language=language)

    def scope(self, function: Function, *texts: str) -> Scope:
        """What names mean in a function that gets these values, and the variables where it asks for them."""
        parameters = [argument.arg for argument in function.args.args]
        given = dict(zip((name for name in parameters if name != "variables"), texts, strict=False))
        if "variables" in parameters:
            given["variables"] = VARIABLES
        known = {name: text for name, node in self.constants.items() if (text := _constant(node))}
        return Scope({**known, **given}, self.settings, query=is_query(function))

    def target(self, variable: str, node: ast.AST) -> str:
        """The state that a variable stands for; raises Unreadable."""
        found = self.names.get(variable)
        if found is None:
            raise Unreadable(f"the target {variable}", node)
        return found


def is_query(function: Function) -> bool:
    """Whether a function is one of a JSONata state."""
    return any(isinstance(one, ast.Name) and one.id == "jsonata" for one in function.decorator_list)


def _constant(node: ast.expr) -> str:
    try:
        return expression(node, Scope({}))
    except Unreadable:
        return ""


def function_of(node: ast.expr, world: World) -> Function:
    """The function of the file that an argument names; raises Unreadable."""
    if not isinstance(node, ast.Name) or node.id not in world.functions:
        raise Unreadable("a function of the document", node)
    return world.functions[node.id]


def world_of(tree: ast.Module, language: Language) -> World:
    """The world of a file."""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    constants: dict[str, ast.expr] = {}
    dags: dict[str, Function] = {}
    settings: dict[str, str] = {}
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id=made), args=[])) if (
                made in functions
            ):
                dags[name] = functions[made]
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Name(id="Setting"), args=[ast.Constant(value=str(placeholder))]),
            ):
                settings[name] = placeholder
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                constants[name] = value
    helpers = {name: function for name, function in functions.items() if dag_call(function) is None}
    return World(helpers, constants, dags, dict(_imported(tree)), settings, {}, language)


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def dag_call(function: Function) -> ast.Call | None:
    """The call of ``@dag(…)`` over a function, if it is one of a DAG."""
    for decorator in function.decorator_list:
        match decorator:
            case ast.Call(func=ast.Name(id="dag")):
                return decorator
    return None


def find_dag(tree: ast.Module, dag_id: str) -> Function:
    """The function of a DAG; raises Unreadable."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and (call := dag_call(node)) is not None:
            named = keyword(call.keywords, "dag_id")
            if isinstance(named, ast.Constant) and named.value == dag_id:
                return node
    raise Unreadable(f"the DAG {dag_id}")


def keyword(keywords: Sequence[ast.keyword], name: str) -> ast.expr | None:
    """The argument of this name."""
    return next((one.value for one in keywords if one.arg == name), None)


def decorated(statements: Sequence[ast.stmt]) -> list[Function]:
    """The functions of a body that are tasks or groups."""
    return [node for node in statements if isinstance(node, ast.FunctionDef) and node.decorator_list]


def name_of(node: ast.expr) -> str:
    """What a decorator, or a call, is called."""
    match node:
        case ast.Name(id=name) | ast.Call(func=ast.Name(id=name)):
            return name
        case _:
            return ""


def amount_of_time(node: ast.expr) -> int | float:
    """``timedelta(seconds=60)`` in seconds; raises Unreadable."""
    match node:
        case ast.Call(
            func=ast.Name(id="timedelta"),
            keywords=[ast.keyword(arg="seconds", value=ast.Constant(value=int() | float() as amount))],
        ):
            return amount
        case _:
            raise Unreadable("a span of time", node)
