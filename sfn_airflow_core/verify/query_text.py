"""Trees of JSONata as text again."""

from __future__ import annotations

import json
from typing import Any

from sfn_airflow_core.expr.jsonata_model import (
    Apply,
    Focus,
    Function,
    If,
    Listed,
    Member,
    Minus,
    Name,
    Nth,
    Operation,
    Record,
    Steps,
    Tree,
    Where,
)
from sfn_airflow_core.expr.jsonata_model import Value as Written


def written(tree: Tree) -> str:
    """A tree as JSONata text.

    >>> written(Operation("+", Name("a"), Steps(Focus(), (Member("b"), Nth(0)))))
    '($a + $.`b`[0])'
    """
    match tree:
        case Written(value):
            return json.dumps(value)
        case Name(name):
            return f"${name}"
        case Focus():
            return "$"
        case Steps(head, steps):
            return written(head) + "".join(map(_step, steps))
        case Listed(elements):
            return f"[{', '.join(map(written, elements))}]"
        case Record(entries):
            return "{" + ", ".join(f"{json.dumps(key)}: {written(part)}" for key, part in entries) + "}"
        case Operation("..", left, right):
            return f"[{written(left)}..{written(right)}]"
        case Operation(operator, left, right):
            return f"({written(left)} {operator} {written(right)})"
        case Minus(operand):
            return f"(-{written(operand)})"
        case If(condition, then, otherwise):
            other = "" if otherwise is None else f" : {written(otherwise)}"
            return f"({written(condition)} ? {written(then)}{other})"
        case Apply("[]", (argument,)):
            return f"{written(argument)}[]"
        case Apply(function, arguments):
            return f"${function}({', '.join(map(written, arguments))})"
        case Function(parameters, body):
            return f"function({', '.join(f'${name}' for name in parameters)}) {{ {written(body)} }}"


def _step(step: Any) -> str:
    match step:
        case Member(name):
            return f".`{name}`"
        case Nth(position):
            return f"[{position}]"
        case Where(predicate):
            return f"[{written(predicate)}]"
        case _:
            return f".({written(step.tree)})"
