"""Python callables as Lambda states: what they are given, and what they may do besides returning."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from textwrap import dedent
from typing import Any, TypeAlias

from airflow2sfn.expressions.text import Untranslatable, quoted
from airflow2sfn.expressions.values import Values, query, to_json
from airflow2sfn.packaging.context import Asked, roots
from airflow2sfn.source import Items, Known, PythonCallable, Task, Value, XCom
from airflow2sfn.structure import Plan
from airflow2sfn.tasks import context
from sfn_airflow_core.asl.model import Json

SKIP, FAIL = "AirflowSkipException", "AirflowFailException"


def arguments(task: Task) -> dict[str, Value]:
    """What a task's callable is called with, by the names of its parameters; raises Untranslatable."""
    parameters = task.callable.parameters if task.callable else ()
    names = [p.name for p in parameters if p.kind in ("positional", "any")]
    given: dict[str, Value] = dict(zip(names, task.op_args, strict=False))
    if more := task.op_args[len(names) :]:
        rest = next((p.name for p in parameters if p.kind == "args"), None)
        if rest is None:
            raise Untranslatable("the callable takes fewer arguments than it is given")
        given[rest] = Items(more)
    given.update(task.op_kwargs)
    return given


def payload(task: Task, values: Values, asked: Asked, besides: tuple[str, ...] = ()) -> dict[str, Json]:
    """The event of a task's function: what its callable asks of Airflow's context, and its arguments.

    Args:
        task: the task.
        values: where values are found.
        asked: what the callable asks for.
        besides: parameters that get their value elsewhere.
    """
    given = arguments(task)
    result = {
        root: context.value(root, below, task, values)
        for root, below in roots(asked.paths).items()
        if root not in given and root not in besides
    }
    if asked.current:
        result["context"] = {
            root: context.value(root, below, task, values) for root, below in roots(asked.current).items()
        }
    return result | {name: to_json(value, values) for name, value in given.items() if name not in besides}


Ids: TypeAlias = "str | tuple[str, ...]"
"""What a branch callable returns: a task id, or a list of them."""


def returned_ids(function: PythonCallable | None) -> list[Ids] | None:
    """What a branch callable returns one of; nothing where it may return anything but literals."""
    tree = definition(function)
    if tree is None:
        return None
    if isinstance(tree, ast.Lambda):
        return _ids(tree.body)
    returns = [node for node in own_nodes(tree) if isinstance(node, ast.Return)]
    if not returns or not _ends(tree.body):
        return None
    found: list[Ids] = []
    for node in returns:
        ids = _ids(node.value)
        if ids is None:
            return None
        found.extend(ids)
    return list(dict.fromkeys(found))


def followed(plan: Plan, task: str, chosen: Any) -> list[str] | None:
    """The tasks after a branch that a returned value names; nothing where it is no such value."""
    value = chosen.value if isinstance(chosen, Known) else chosen
    ids = [] if value is None else [value] if isinstance(value, str) else value
    direct = {other for other, ups in plan.upstream.items() if task in ups}
    found: list[str] = []
    for name in ids if isinstance(ids, list | tuple) else [None]:
        group = [one for one in direct if f"{plan.tasks[one].group}.".startswith(f"{name}.")]
        if name in direct or name in plan.below[task]:
            found.append(name)
        elif group:
            found.extend(group)
        else:
            return None
    return found


def definition(function: PythonCallable | None) -> ast.FunctionDef | ast.Lambda | None:
    """The definition in the syntax tree; nothing where it does not parse by itself."""
    if function is None:
        return None
    try:
        if function.name == "<lambda>":  # there may be others in its lines
            module = ast.parse(f"({function.source()})")
        else:
            lines = function.module.text.splitlines()[function.span.line - 1 : function.span.end_line]
            module = ast.parse(dedent("\n".join(lines)))
    except (SyntaxError, ValueError, RecursionError):
        return None
    return next((node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.Lambda)), None)


def own_nodes(function: ast.FunctionDef) -> list[ast.AST]:
    """The nodes of a function, without those of functions inside it."""
    found: list[ast.AST] = []
    rest: list[ast.AST] = list(function.body)
    while rest:
        node = rest.pop()
        found.append(node)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            rest.extend(ast.iter_child_nodes(node))
    return found


def _ends(body: list[ast.stmt]) -> bool:
    """Whether a block surely ends in a return or an exception."""
    match body[-1]:
        case ast.Return() | ast.Raise():
            return True
        case ast.If(body=yes, orelse=no) if no:
            return _ends(yes) and _ends(no)
        case _:
            return False


def _ids(node: ast.expr | None) -> list[Ids] | None:
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.List(elts=items) if all(isinstance(one, ast.Constant) for one in items):
            return [tuple(str(one.value) for one in items if isinstance(one, ast.Constant))]
        case ast.IfExp(body=yes, orelse=no):
            first, second = _ids(yes), _ids(no)
            return None if first is None or second is None else first + second
        case _:
            return None


def item_arguments(task: Task, values: Values, asked: Asked) -> tuple[str, dict[str, Json] | None, str]:
    """A mapped callable: the list of items as an expression, the ItemSelector, and the event of an item's function."""
    item = "$states.context.Map.Item.Value"
    expansion = task.expansion
    assert expansion is not None
    if expansion.kind == "expand_kwargs":
        assert expansion.over is not None
        fixed = payload(task, values, asked)
        items = list_of(expansion.over, values)
        if not fixed:
            return items, None, query("$states.input")
        # An ItemSelector has to be an object, so that the two are merged where they are used.
        selector: dict[str, Json] = {"fixed": fixed, "item": query(item)}
        return items, selector, query("$merge([$states.input.fixed, $states.input.item])")
    names = [name for name, _ in expansion.values]
    fixed = payload(task, values, asked, tuple(names))
    if len(names) == 1:
        return list_of(expansion.values[0][1], values), {names[0]: query(item), **fixed}, query("$states.input")
    product = cross(dict(expansion.values), values)
    return product, {**{name: query(f"{item}.{name}") for name in names}, **fixed}, query("$states.input")


def list_of(value: Value, values: Values) -> str:
    """What a task is mapped over, as an expression: a dictionary gives pairs of key and value."""
    from airflow2sfn.expressions.values import expression

    if isinstance(value, Known) and isinstance(value.value, dict):
        return expression(Known([[key, item] for key, item in value.value.items()]), values)
    code = expression(value, values)
    if isinstance(value, XCom) and values.kind(value.task_id, value.key) == "dict":
        pair = "$type($value) = 'array' ? [[$key, [$value]]] : [[$key, $value]]"  # a list in a list stays one
        step = f"($value := $lookup({code}, $key); $append($all, {pair}))"
        return f"$reduce($append([], $keys({code})), function($all, $key) {{ {step} }}, [])"
    return code


def cross(over: Mapping[str, Value], values: Values) -> str:
    """The cross product as a list of objects, the last parameter changing fastest."""
    names = list(over)
    body = "{" + ", ".join(f"{quoted(name)}: ${name}" for name in names) + "}"
    for name in reversed(names):
        body = f"$map({list_of(over[name], values)}, function(${name}) {{ {body} }})"
        if name != names[-1]:
            body = f"$reduce({body}, $append)"
    return f"[{body}]"


def known_length(value: Value | None) -> int | None:
    """How many items there are, where the file says so."""
    match value:
        case Items(items):
            return len(items)
        case Known(list() | tuple() as items):
            return len(items)
        case _:
            return None
