"""Choice rules as phrases: short ones for the labels of edges, whole ones for reports."""

from __future__ import annotations

import json
from typing import assert_never

from sfn_airflow_core.asl.model import Json, Placeholder
from sfn_airflow_core.expr.jsonata_model import Jsonata
from sfn_airflow_core.expr.model import Array, Call, Compare, Expr, Literal, Logic, Negation, Object, Path, Test

LONGEST = 60

_TESTS = {
    "IsPresent": "present",
    "IsNull": "null",
    "IsNumeric": "a number",
    "IsString": "a string",
    "IsBoolean": "true or false",
    "IsTimestamp": "a timestamp",
    "Exists": "present",
}


def phrase(condition: Expr) -> str:
    """A condition in words: ``$.total > 500``, ``$.order.express is present``; at most 60 characters.

    Line ends and other characters that do not print become blanks; what is longer ends in ``…``.
    """
    said = "".join(character if character.isprintable() else " " for character in say(condition))
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 1].rstrip()}…"


def say(expr: Expr) -> str:
    """A condition in words, all of it."""
    match expr:
        case Literal(value):
            return _value(value)
        case Path(text=text):
            return text
        case Compare():
            return _comparison(expr)
        case Test(kind, operand):
            return f"{operand.text} is {_TESTS[kind]}"
        case Negation(Test(kind, operand)):
            return f"{operand.text} is not {_TESTS[kind]}"
        case Negation(operand):
            return f"not {_in_parentheses(operand)}"
        case Logic(operator, operands):
            return f" {operator} ".join(_in_parentheses(operand) for operand in operands)
        case Call(function, arguments):
            return f"{function}({', '.join(map(say, arguments))})"
        case Jsonata(text=text):
            return " ".join(text.split())
        case Object() | Array():
            return "…"
        case _:
            assert_never(expr)


def _in_parentheses(expr: Expr) -> str:
    return f"({say(expr)})" if isinstance(expr, Logic) and len(expr.operands) > 1 else say(expr)


def _comparison(compare: Compare) -> str:
    left = say(compare.left)
    match compare.family, compare.right:
        case "boolean", Literal(bool(wanted)):
            return f"{left} is {_value(wanted)}"
        case "matches", right:
            return f"{left} like {say(right)}"
        case _, right:
            return f"{left} {compare.operator.replace('==', '=')} {say(right)}"


def _value(value: Json) -> str:
    match value:
        case str():
            return f'"{value}"'
        case Placeholder(name):
            return f"${{{name}}}"
        case _:
            return json.dumps(value, ensure_ascii=False, default=lambda part: f"${{{part.name}}}")
