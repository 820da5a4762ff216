"""What has to be there in what a generated DAG computes, where JSONata would go on without it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from airflow2sfn.generated.values import ERROR, INPUT, RESULT, Read, Scope, bare, grouped

_MAY_BE_MISSING = frozenset(
    ("present", "peek", "every", "elements", "candidates", "everything", "everywhere", "members", "pluck")
)
"""Functions that give something where there is nothing."""
_GO_ON = frozenset(("len", "contains", "put", "part"))
"""Functions whose counterpart gives something where an argument is missing."""


def checked(node: ast.expr, text: str, scope: Scope, read: Read) -> str:
    """An expression that fails where the function does: members of objects, and elements of lists, must be there.

    In the functions of JSONata states that is said where it is meant.
    """
    checks = [] if scope.query else list(dict.fromkeys(_checks(node, scope, read, needed=False)))
    return f"{' and '.join(checks)} ? {text} : $error('a value is missing')" if checks else text


def bound(node: ast.expr, scope: Scope, read: Read) -> str:
    """What a name stands for that a function gives to an expression."""
    text = read(node, scope)
    made = checked(node, bare(text), scope, read)
    return text if made == bare(text) else grouped(made)


def _checks(node: ast.expr, scope: Scope, read: Read, *, needed: bool) -> Iterator[str]:
    """Conditions for what stands where nothing would be left out (``needed``)."""
    match node:
        case ast.Subscript(slice=ast.Constant()) | ast.Call(func=ast.Name(id="item_at")) if needed:
            yield f"$exists({read(node, scope)})"
        case ast.Name() if needed:
            text = read(node, scope)
            if text.startswith("$") and text not in (INPUT, RESULT, ERROR):
                yield f"$exists({text})"
        case ast.Dict(keys=keys, values=values):
            for key, one in zip(keys, values, strict=True):
                if key is None and isinstance(one, ast.Subscript):
                    yield f"$type({read(one, scope)}) = 'object'"
                elif key is not None:
                    yield from _checks(one, scope, read, needed=True)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            for one in items:
                yield from _checks(one, scope, read, needed=True)
        case ast.BinOp(left=left, right=right):
            yield from _checks(left, scope, read, needed=needed)
            yield from _checks(right, scope, read, needed=needed)
        case ast.Call(func=ast.Name(id=name), args=arguments) if name not in _MAY_BE_MISSING:
            for one in arguments:
                yield from _checks(one, scope, read, needed=needed or name in _GO_ON)
        case _:
            return
