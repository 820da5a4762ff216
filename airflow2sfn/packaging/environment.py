"""Which environment variables the code of a function reads."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_RESERVED = ("AWS_", "LAMBDA_", "PYTHON")
_SYSTEM = frozenset({"HOME", "LANG", "PATH", "TMP", "TMPDIR", "TZ", "USER"})


def variables(code: str) -> dict[str, str | None]:
    """The variables that a code reads and Lambda does not set, each with its default; ``None`` where it has none.

    >>> variables('import os\\na = os.environ["A"], os.getenv("B", "x"), os.environ["AWS_REGION"]')
    {'A': None, 'B': 'x'}
    """
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    found: dict[str, str | None] = {}
    for name, default in _reads(tree):
        if not name.startswith(_RESERVED) and name not in _SYSTEM and name.replace("_", "").isalnum():
            found[name] = found.get(name) or default
    return found


def _reads(tree: ast.AST) -> Iterator[tuple[str, str | None]]:
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(value=place, slice=ast.Constant(value=str(name)), ctx=ast.Load()) if _environ(place):
                yield name, None
            case ast.Call(
                func=ast.Attribute(value=place, attr="get"),
                args=[ast.Constant(value=str(name)), ast.Constant(value=str(d))],
            ) if _environ(place):
                yield name, d
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="os"), attr="getenv") | ast.Name(id="getenv"),
                args=[ast.Constant(value=str(name)), ast.Constant(value=str(d))],
            ):
                yield name, d


def _environ(node: ast.expr) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="os"), attr="environ") | ast.Name(id="environ"):
            return True
    return False
