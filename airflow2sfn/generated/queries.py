"""The functions of the runtime for JSONata states, as the JSONata that they stand for."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence

from airflow2sfn.generated.lists import sifted
from airflow2sfn.generated.values import Read, Scope, Unreadable, Word, bare, grouped, key_of, path, text_of

_OTHER = {
    "text": "string", "total": "sum", "largest": "max", "smallest": "min", "absolute": "abs", "rounded": "round",
    "square_root": "sqrt", "type_of": "type", "steps": "range", "hash_of": "hash", "random_number": "random",
    "zipped": "zip", "negation": "not",
}  # fmt: skip
"""Functions that are called otherwise in Python."""


def function(name: str, arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """``functions.substring_before(…)``; raises Unreadable."""
    match name, arguments:
        case "folded", [ast.Lambda() as body, values, *start]:
            given = [bare(read(values, scope)), _lambda(body, scope, read), *(bare(read(one, scope)) for one in start)]
            return f"$reduce({', '.join(given)})"
        case "kept", [only]:
            return f"{read(only, scope)}[]"
        case "nth", [values, position]:
            return f"{read(values, scope)}[{bare(read(position, scope))}]"
        case "sifted", _:
            return sifted(arguments, scope, read)
    said = _OTHER.get(name) or re.sub(r"_(\w)", lambda found: found[1].upper(), name)
    return f"${said}({', '.join(bare(read(one, scope)) for one in arguments)})"


def _lambda(node: ast.Lambda, scope: Scope, read: Read) -> str:
    names = [argument.arg for argument in node.args.args]
    inner = scope.within(**{name: f"${name}" for name in names})
    return f"function({', '.join(f'${name}' for name in names)}) {{ {bare(read(node.body, inner))} }}"


def _same(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """What it takes is what it gives; further arguments say what it has to be."""
    return read(arguments[0], scope)


def _path(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    return path(arguments[0], arguments[1:], scope, read)


def _exists(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    (only,) = arguments
    return f"$exists({bare(read(only, scope))})"


def _shown(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    (only,) = arguments
    return f"$string({bare(read(only, scope))})"


def _listed(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """``[a, b]``; what stands in brackets of its own is an array in it."""
    whole = [one.elts[0] if isinstance(one, ast.List) and len(one.elts) == 1 else one for one in arguments]
    return "[" + ", ".join(bare(read(one, scope)) for one in whole) + "]"


def _between(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """``calculated(a, "*", b)``"""
    left, operator, right = arguments
    return grouped(f"{read(left, scope)} {key_of(operator)} {read(right, scope)}")


def _operator(sign: str) -> Word:
    def word(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
        left, right = arguments
        return grouped(f"{read(left, scope)} {sign} {read(right, scope)}")

    return word


def _numbers(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    first, last = (read(one, scope) for one in arguments)
    return f"[{first}..{last}]"


def _negated(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    (only,) = arguments
    return grouped(f"-{read(only, scope)}")


def _mapped(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """``value.(expression)``"""
    values, body = arguments
    match body:
        case ast.Lambda(args=ast.arguments(args=[ast.arg(arg=name)]), body=made):
            again = [n for n in ast.walk(made) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "mapped"]
            if again:
                raise Unreadable("one step of a path in another", body)
            return f"{read(values, scope)}.({bare(read(made, scope.within(**{name: '$'})))})"
        case _:
            raise ValueError(arguments)


def _query(arguments: Sequence[ast.expr], scope: Scope, read: Read) -> str:
    """An expression that the engine evaluates, as it was written."""
    del read
    text = text_of(arguments[0], scope)
    if text is None:
        raise ValueError(arguments)
    return grouped(text)


QUERIES: Mapping[str, Word] = {
    **dict.fromkeys(("known", "queryable", "typed", "numeric", "holds", "record", "all_of", "sequence"), _same),
    **dict.fromkeys(("find", "need"), _path),
    **dict.fromkeys(("calculated", "compared"), _between),
    **dict.fromkeys(("query", "unreadable"), _query),
    "equal": _operator("="),
    "unequal": _operator("!="),
    "among": _operator("in"),
    "is_there": _exists,
    "shown": _shown,
    "listed": _listed,
    "whole_numbers": _numbers,
    "negated": _negated,
    "mapped": _mapped,
}
"""By the word: what it stands for."""
