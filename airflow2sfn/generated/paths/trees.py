"""The expressions of JSONPath states in a generated DAG as trees: what ``sfn2airflow`` compiled to Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from airflow2sfn.generated.paths.scope import CONTEXT, Scope, key, text_of
from airflow2sfn.generated.paths.selections import SELECTIONS, selection
from airflow2sfn.generated.values import Unreadable, numbers
from sfn_airflow_core.asl.model import Placeholder
from sfn_airflow_core.expr.functions import FUNCTIONS
from sfn_airflow_core.expr.model import (
    Array,
    Call,
    Expr,
    Field,
    Index,
    Literal,
    Names,
    Object,
    Path,
    PathFunction,
    Root,
)

Word = Callable[[Sequence[ast.expr], Scope, ast.AST], Expr]
"""A function of the runtime: what its call stands for; raises ValueError for other arguments than it has."""


def tree(node: ast.expr, scope: Scope) -> Expr:
    """An expression as a tree; raises Unreadable."""
    if (text := text_of(node, scope)) is not None:
        return Literal(text)
    match node:
        case ast.Constant(value=None | bool() | int() | float() as value):
            return Literal(value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return Literal(-number)
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="json"), args=[]) if name in scope.settings:
            return Literal(Placeholder(scope.settings[name]))
        case ast.Name(id=name) if name in scope.settings:
            return Literal(Placeholder(scope.settings[name]))
        case ast.Name(id=name):
            return _named(name, node, scope)
        case ast.Subscript(slice=ast.Slice()) | ast.ListComp():
            return selection(node, scope, tree)
        case ast.Subscript(value=base, slice=place):
            return _member(base, place, node, scope)
        case ast.Dict(keys=[None, None], values=[left, right]):
            return _call("JsonMerge", tree(left, scope), tree(right, scope), Literal(False))
        case ast.Dict(keys=keys, values=values) if all(key is not None for key in keys):
            return _object([one for one in keys if one is not None], values, scope)
        case ast.List(elts=items):
            return _list([tree(item, scope) for item in items])
        case ast.JoinedStr():
            return _format(node, scope)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return _call("MathAdd", _summand(left, scope), _summand(right, scope))
        case ast.BinOp(op=ast.Sub(), left=left, right=ast.Constant(value=int(number))):
            return _call("MathAdd", _summand(left, scope), Literal(-number))
        case ast.Compare(left=one, ops=[ast.In()], comparators=[values]):
            return _call("ArrayContains", tree(values, scope), tree(one, scope))
        case ast.Call(func=ast.Name(id="whole_context")):
            return CONTEXT
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in SELECTIONS:
            return selection(node, scope, tree)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _WORDS:
            try:
                return _WORDS[name](arguments, scope, node)
            except ValueError:  # as many arguments as it has not
                raise Unreadable(f"a call of {name}", node) from None
        case _:
            raise Unreadable(f"an expression ({type(node).__name__})", node)


def path_of(node: ast.expr, scope: Scope) -> Path:
    """An expression that has to be a path; raises Unreadable."""
    found = tree(node, scope)
    if not isinstance(found, Path):
        raise Unreadable("something other than a path", node)
    return found


def _call(function: str, *arguments: Expr) -> Call:
    """A call, in which a fixed list is one of ``States.Array``."""
    return Call(f"States.{function}", tuple(map(_fixed_list, arguments)))


def _fixed_list(expr: Expr) -> Expr:
    match expr:
        case Literal(list() as values):
            return _call("Array", *map(Literal, values))
        case _:
            return expr


def _named(name: str, node: ast.AST, scope: Scope) -> Expr:
    if name == scope.current:
        return Path(Root("current"))
    if name in scope.names:
        return scope.names[name]
    if name in scope.constants:
        return tree(scope.constants[name], scope)
    raise Unreadable(f"the name {name}", node)


def _member(base: ast.expr, place: ast.expr, node: ast.AST, scope: Scope) -> Expr:
    """``data["a"]``, ``variables["total"]``, ``array(data["a"])[0]``"""
    step = key(place, scope)
    match base, step:
        case ast.Name(id="variables") | ast.Dict(keys=[]), Field(word):
            return Path(Root("variable", word))
        case ast.Call(func=ast.Name(id="array"), args=[inner]), Index():
            base = inner
    found = tree(base, scope)
    match found, step:
        case Path(), _ if found.definite:
            return replace(found, steps=(*found.steps, step))
        case ((Path() | Call()), Index(position)) if position >= 0:
            return _call("ArrayGetItem", found, Literal(position))
        case _:
            raise Unreadable("a member of what is computed", node)


def _object(keys: Sequence[ast.expr], values: Sequence[ast.expr], scope: Scope) -> Expr:
    """An object; a fixed one is a literal."""
    entries = []
    for one, value in zip(keys, values, strict=True):
        name = text_of(one, scope)
        if name is None:
            raise Unreadable("a key that is not constant", one)
        entries.append((name, tree(value, scope)))
    if all(isinstance(part, Literal) for _, part in entries):
        return Literal({name: part.value for name, part in entries if isinstance(part, Literal)})
    return Object(tuple(entries))


def _list(elements: list[Expr]) -> Expr:
    """A list: fixed, the result of ``States.Array``, or one whose elements are objects with expressions in them."""
    if all(isinstance(element, Literal) for element in elements):
        return Literal([element.value for element in elements if isinstance(element, Literal)])
    if any(isinstance(element, Path | Call) for element in elements):
        return _call("Array", *elements)
    return Array(tuple(elements))


def _summand(node: ast.expr, scope: Scope) -> Expr:
    match node:
        case ast.Call(func=ast.Name(id="rounded"), args=[inner]):
            return tree(inner, scope)
        case _:
            return tree(node, scope)


def _format(node: ast.JoinedStr, scope: Scope) -> Expr:
    """A formatted text as ``States.Format``; its constants are the template, with what means something escaped."""
    pieces, values = list[str](), list[Expr]()
    for part in node.values:
        match part:
            case ast.Constant(value=str(text)):
                pieces.append(_escaped(text))
            case ast.FormattedValue(value=inner, conversion=-1, format_spec=None):
                if (text_ := text_of(inner, scope)) is not None:
                    pieces.append(text_)
                    continue
                pieces.append("{}")
                values.append(_printed(inner, scope))
            case _:
                raise Unreadable("a formatted text", node)
    return _call("Format", Literal("".join(pieces)), *values)


def _escaped(text: str) -> str:
    return re.sub(r"[{}\\]", r"\\\g<0>", text)


def _printed(node: ast.expr, scope: Scope) -> Expr:
    match node:
        case ast.Call(func=ast.Name(id="text"), args=[inner]):
            return tree(inner, scope)
        case _:
            return tree(node, scope)


def _same(arguments: Sequence[ast.expr], scope: Scope, node: ast.AST) -> Expr:
    """A function that checks a kind."""
    del node
    (only,) = arguments
    return tree(only, scope)


def _fixed(*steps: str) -> Word:
    """A part of the context object."""

    def word(arguments: Sequence[ast.expr], scope: Scope, node: ast.AST) -> Expr:
        del scope, node
        if arguments:
            raise ValueError(arguments)
        return Path(Root("context"), tuple(map(Field, steps)))

    return word


def _intrinsic(function: str) -> Word:
    def word(arguments: Sequence[ast.expr], scope: Scope, node: ast.AST) -> Expr:
        row = FUNCTIONS[f"States.{function}"]
        if len(arguments) < row.fewest or (row.most is not None and len(arguments) > row.most):
            raise Unreadable(f"a call of {function}", node)
        return _call(function, *(tree(one, scope) for one in arguments))

    return word


def _text(arguments: Sequence[ast.expr], scope: Scope, node: ast.AST) -> Expr:
    """``text(a)`` alone: a template that is nothing but its value."""
    del node
    (only,) = arguments
    return _call("Format", Literal("{}"), tree(only, scope))


def _range(arguments: Sequence[ast.expr], scope: Scope, node: ast.AST) -> Expr:
    """``list(range(1, 10, 4))``"""
    del scope
    match arguments:
        case [ast.Call(func=ast.Name(id="range"), args=bounds, keywords=[])]:
            found = numbers(bounds, node)
            last = found.stop + (-1 if found.step > 0 else 1)
            return _call("ArrayRange", Literal(found.start), Literal(last), Literal(found.step))
        case _:
            raise ValueError(arguments)


def _part(arguments: Sequence[ast.expr], scope: Scope, node: ast.AST) -> Expr:
    """``['a','b']``: the object of these members."""
    base, *names = arguments
    found = path_of(base, scope)
    steps = [key(name, scope) for name in names]
    if not found.definite or len(steps) < 2:
        raise Unreadable("members of what is computed", node)
    return replace(found, steps=(*found.steps, Names(tuple(step.name for step in steps if isinstance(step, Field)))))


def _path_function(arguments: Sequence[ast.expr], scope: Scope, node: ast.AST) -> Expr:
    name, base = arguments
    found, called = path_of(base, scope), text_of(name, scope)
    if called is None or not found.definite:
        raise Unreadable("a function of what is computed", node)
    return replace(found, steps=(*found.steps, PathFunction(called)))


_WORDS: Mapping[str, Word] = {
    "array": _same,
    "keep_items": _same,
    "context_object": _fixed(),
    "map_item": _fixed("Map", "Item"),
    "task_token": _fixed("Task", "Token"),
    "text": _text,
    "list": _range,
    "part": _part,
    "path_function": _path_function,
    **{
        word: _intrinsic(function)
        for word, function in {
            "json_value": "StringToJson", "json_text": "JsonToString", "partition": "ArrayPartition",
            "unique": "ArrayUnique", "base64_encode": "Base64Encode", "base64_decode": "Base64Decode",
            "hash_text": "Hash", "math_random": "MathRandom", "split": "StringSplit", "new_uuid": "UUID",
            "format_text": "Format", "len": "ArrayLength", "contains": "ArrayContains", "item_at": "ArrayGetItem",
            "number_range": "ArrayRange", "json_merge": "JsonMerge",
        }.items()
    },
}  # fmt: skip
"""By the word: what it stands for."""
