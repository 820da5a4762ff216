"""Intrinsic functions as Python: plain Python where it says the same, a function of the runtime otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable

import libcst as cst

from sfn2airflow import phrases
from sfn2airflow.expressions.paths import is_list
from sfn2airflow.expressions.scope import Writing
from sfn2airflow.phrases import Node
from sfn_airflow_core.expr.functions import template_parts
from sfn_airflow_core.expr.model import Array, Call, Expr, Literal, Path

_LISTS = frozenset(("Array", "ArrayPartition", "ArrayRange", "ArrayUnique", "StringSplit"))
_INTEGERS = frozenset(("ArrayLength", "MathAdd", "MathRandom"))
_STRINGS = frozenset(("Format", "JsonToString", "Base64Encode", "Base64Decode", "Hash", "UUID"))
_RUNTIME = {
    "StringToJson": "json_value",
    "JsonToString": "json_text",
    "ArrayPartition": "partition",
    "ArrayUnique": "unique",
    "Base64Encode": "base64_encode",
    "Base64Decode": "base64_decode",
    "Hash": "hash_text",
    "MathRandom": "math_random",
    "StringSplit": "split",
    "UUID": "new_uuid",
}
_EMPTY = cst.Module(body=())


def write_call(call: Call, writing: Writing) -> Node:
    """The value of an intrinsic function."""
    word = _word(call)
    if special := _SPECIAL.get(word):
        return special(call.arguments, writing)
    return writing.call(_RUNTIME[word], *map(writing.expr, call.arguments))


def _word(expr: Expr) -> str:
    return expr.function.removeprefix("States.") if isinstance(expr, Call) else ""


def _array(expr: Expr, writing: Writing) -> Node:
    """An argument that has to be an array; checked when it runs, unless it can be nothing else."""
    node = writing.expr(expr)
    is_known = _word(expr) in _LISTS or isinstance(expr, Array) or (isinstance(expr, Path) and is_list(expr))
    return node if is_known else writing.call("array", node)


def _format(arguments: tuple[Expr, ...], writing: Writing) -> Node:
    template, *values = arguments
    if not isinstance(template, Literal) or not isinstance(template.value, str):
        return writing.call("format_text", *map(writing.expr, arguments))
    texts = template_parts(template.value)
    if not values:
        return writing.string(texts[0])
    parts = [*writing.parts(texts[0])]
    inner = writing.quoted("'")
    for value, text in zip(values, texts[1:], strict=True):
        parts += [*_printed(value, inner), *writing.parts(text)]
    if all(isinstance(part, str) for part in parts):
        return phrases.string("".join(map(str, parts)), writing.quote)
    match parts:
        case [cst.Call(func=cst.Name("text"))]:  # what it is in an f-string, it is alone
            return writing.call("text", writing.expr(next(value for value in values if value != Literal(""))))
    if writing.quote is None and all(isinstance(part, str) or _fits_f_string(part) for part in parts):
        return phrases.formatted(parts)
    return _format_text(template.value, values, writing)


def _printed(value: Expr, writing: Writing) -> list[str | Node]:
    """What stands in an f-string for a value: text itself, or an expression that prints as AWS prints it."""
    match value:
        case Literal(str(text)):
            return [*writing.parts(text)]
        case Literal(None | bool() | int() as constant):
            return [json.dumps(constant)]
    node = writing.expr(value)
    is_plain = _word(value) in _STRINGS | _INTEGERS or _is_index(node, writing) or _is_piece(value)
    return [node if is_plain else writing.call("text", node)]


def _is_index(node: Node, writing: Writing) -> bool:
    return isinstance(node, cst.Name) and node.value == writing.scope.index


def _is_piece(expr: Expr) -> bool:
    """Whether the value is an element of what StringSplit gave, a string therefore."""
    return _word(expr) == "ArrayGetItem" and isinstance(expr, Call) and _word(expr.arguments[0]) == "StringSplit"


def _fits_f_string(node: Node) -> bool:
    """Whether Python 3.11 can read the expression inside an f-string in double quotes."""
    code = _EMPTY.code_for_node(node)
    return not any(character in code for character in '"\\#{}\n')


def _format_text(template: str, values: list[Expr], writing: Writing) -> Node:
    """``format_text("{}: {}", a, b)``; constants become values too, because what they hold is no template."""
    pieces, arguments = list[str](), list[Node]()
    for number, text in enumerate(template_parts(template)):
        if number:
            pieces.append("{}")
            arguments.append(writing.expr(values[number - 1]))
        for part in writing.parts(text):
            if isinstance(part, str):
                pieces.append("".join(f"\\{c}" if c in "{}\\" else c for c in part))
            else:
                pieces.append("{}")
                arguments.append(phrases.call(phrases.attribute(part, "get")))
    return writing.call("format_text", phrases.string("".join(pieces), writing.quote), *arguments)


def _list(arguments: tuple[Expr, ...], writing: Writing) -> Node:
    return phrases.sequence(map(writing.expr, arguments))


def _contains(arguments: tuple[Expr, ...], writing: Writing) -> Node:
    values, value = arguments
    match value:
        case Literal(None | str()):  # nothing but itself equals null or a string, in Python too
            return phrases.compare(writing.expr(value), "in", _array(values, writing))
    return writing.call("contains", writing.expr(values), writing.expr(value))


def _range(arguments: tuple[Expr, ...], writing: Writing) -> Node:
    match arguments:
        case (Literal(int(first)), Literal(int(last)), Literal(int(step))):
            numbers = range(first, last + (1 if step > 0 else -1), step)
            if len(numbers[:1001]) <= 1000:
                bounds = [first, numbers.stop] if step == 1 else [first, numbers.stop, step]
                return phrases.call("list", phrases.call("range", *map(phrases.literal, bounds)))
    return writing.call("number_range", *map(writing.expr, arguments))


def _item(arguments: tuple[Expr, ...], writing: Writing) -> Node:
    values, position = arguments
    match position:
        case Literal(int(number)) if number >= 0 and not isinstance(number, bool):
            return phrases.subscript(_array(values, writing), phrases.literal(number))
    return writing.call("item_at", writing.expr(values), writing.expr(position))


def _length(arguments: tuple[Expr, ...], writing: Writing) -> Node:
    return phrases.call("len", _array(arguments[0], writing))


def _merge(arguments: tuple[Expr, ...], writing: Writing) -> Node:
    left, right, deep = arguments
    if deep == Literal(False):
        return phrases.mapping([(None, writing.expr(left)), (None, writing.expr(right))])
    return writing.call("json_merge", *map(writing.expr, arguments))


def _add(arguments: tuple[Expr, ...], writing: Writing) -> Node:
    left, right = (_integer(argument, writing) for argument in arguments)
    return phrases.plus(left, right)


def _integer(expr: Expr, writing: Writing) -> Node:
    match expr:
        case Literal(int() as number) if not isinstance(number, bool):
            return phrases.literal(number)
    node = writing.expr(expr)
    return node if _is_index(node, writing) or _word(expr) in _INTEGERS else writing.call("rounded", node)


_SPECIAL: dict[str, Callable[[tuple[Expr, ...], Writing], Node]] = {
    "Format": _format,
    "Array": _list,
    "ArrayContains": _contains,
    "ArrayRange": _range,
    "ArrayGetItem": _item,
    "ArrayLength": _length,
    "JsonMerge": _merge,
    "MathAdd": _add,
}
