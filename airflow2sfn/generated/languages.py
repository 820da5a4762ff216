"""In which query language the states of a generated DAG are."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from airflow2sfn.generated.lists import LISTS
from airflow2sfn.generated.states import Drafted
from airflow2sfn.generated.words import WORDS
from airflow2sfn.generated.world import Function, World, decorated, is_query

_INSIDE = frozenset(("entry", "items", "output"))
"""What the tasks of a group are called that are no states."""
_ALIKE = frozenset(("context_object", "map_item", "task_token", "list"))
"""Functions that both languages use."""


def is_jsonata(tree: ast.Module) -> bool:
    """Whether a machine was in JSONata: some function is, and no other one makes something of a document."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.args.args]
    read = [one for one in functions if one.args.args[0].arg == "data"]
    return any(map(is_query, read)) and not any(_computes(one) for one in read if not is_query(one))


def speaks_jsonata(draft: Drafted, world: World) -> bool | None:
    """Whether a state is in JSONata, or in JSONPath; nothing of one that makes nothing of documents."""
    functions = list(_functions(draft, world))
    commented = any(text.startswith('"{%') for text in draft.fields.values())
    if commented or any(map(is_query, functions)):
        return True
    return False if any(map(_computes, functions)) else None


def _functions(draft: Drafted, world: World) -> Iterator[Function]:
    """The functions that say what a state does with documents."""
    if draft.function is not None and draft.kind != "group":
        yield draft.function
    elif draft.function is not None:
        yield from (one for one in decorated(draft.function.body) if one.name in _INSIDE)
    for node in [draft.call, *draft.catchers]:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and inner.id in world.functions:
                yield world.functions[inner.id]


def _computes(function: Function) -> bool:
    """Whether a function reads a document, or makes something of it."""
    words = (WORDS.keys() | LISTS.keys()) - _ALIKE
    for statement in function.body:
        for node in ast.walk(statement):
            match node:
                case ast.Subscript() | ast.Dict(keys=[*_, None]) | ast.Dict(keys=[None, *_]) | ast.Compare():
                    return True
                case ast.Call(func=ast.Name(id=name)) if name in words:
                    return True
    return False
