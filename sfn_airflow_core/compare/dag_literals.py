"""Values that stand literally in Python source, and dotted names; nothing is evaluated."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any, Final

_UNITS: Final = {
    "weeks": 604800,
    "days": 86400,
    "hours": 3600,
    "minutes": 60,
    "seconds": 1,
    "milliseconds": 0.001,
    "microseconds": 0.000001,
}
_DEEPEST: Final = 50


@dataclass(slots=True)
class Constants:
    """Names that stand for a literal in the whole file."""

    values: dict[str, Any] = field(default_factory=dict)

    def learn(self, name: str, value: ast.expr) -> None:
        """Remember ``NAME = literal``."""
        found = literal(value, self)
        if found is not None:
            self.values[name] = found


def literal(node: ast.expr, constants: Constants, depth: int = 0) -> Any:
    """The value of a literal; ``None`` for what is not one, members of lists and objects included.

    ``timedelta(minutes=5)`` and ``duration(minutes=5)`` are seconds.
    """
    if depth > _DEEPEST:
        return None
    match node:
        case ast.Constant(value=value):
            return value if isinstance(value, str | int | float | bool) else None
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [literal(item, constants, depth + 1) for item in items]
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return {key.value: literal(v, constants, depth + 1) for key, v in pairs if isinstance(key, ast.Constant)}
        case ast.Name(id=name):
            return constants.values.get(name)
        case ast.Call() if name_of(node).split(".")[-1] in ("timedelta", "duration"):
            return _duration(node, constants)
        case _:
            return None


def _duration(node: ast.Call, constants: Constants) -> float | None:
    named = [("days", argument) for argument in node.args[:1]]
    named += [(word.arg, word.value) for word in node.keywords if word.arg]
    total = 0.0
    for unit, value in named:
        number = literal(value, constants)
        if unit not in _UNITS or not isinstance(number, int | float):
            return None
        total += number * _UNITS[unit]
    return total


def name_of(node: ast.expr) -> str:
    """The dotted name of what is called or decorates: ``task.branch`` for ``@task.branch(task_id="x")``."""
    if isinstance(node, ast.Call):
        return name_of(node.func)
    if isinstance(node, ast.Attribute):
        base = name_of(node.value)
        return f"{base}.{node.attr}" if base else node.attr
    return node.id if isinstance(node, ast.Name) else ""
