"""Write expression trees as JSONPath states have them: paths, intrinsic functions, payload templates, Choice rules.

The law is ``read(write(tree)) == tree``, whatever the text of a path was. What JSONPath cannot say raises
``ExpressionError``: an object as the argument of a function, a value in a list that is neither fixed nor an object.
"""

from __future__ import annotations

import json
import re
from typing import assert_never, get_args

from sfn_airflow_core.asl.model import And, Comparison, Condition, Given, Json, Not, Or, PathRef, Placeholder
from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.expr.functions import MAX_CALLS
from sfn_airflow_core.expr.model import (
    Array,
    Call,
    Compare,
    Descend,
    Expr,
    Field,
    Filter,
    Index,
    Indexes,
    Literal,
    Logic,
    Names,
    Negation,
    Object,
    Path,
    PathFunction,
    Root,
    Slice,
    Step,
    Test,
    Wildcard,
)
from sfn_airflow_core.expr.read_condition import OPERATORS, TypeTest

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RULES = {(family, operator): name for name, (family, operator, _) in OPERATORS.items()}


def path_text(path: Path) -> str:
    """A path from its root and steps.

    >>> path_text(Path(Root("context"), (Field("Map"), Field("a b"), Index(0))))
    "$$.Map['a b'][0]"
    """
    match path.root:
        case Root("input"):
            text = "$"
        case Root("context"):
            text = "$$"
        case Root("current"):
            text = "@"
        case Root("variable", name):
            text = f"${name}"
        case _:
            raise AssertionError(path.root)
    for step in path.steps:
        text += _step(step, after_descent=text.endswith(".."))
    return text


def _step(step: Step, *, after_descent: bool) -> str:
    match step:
        case Field(name) if _PLAIN.fullmatch(name):
            return name if after_descent else f".{name}"
        case Field(name):
            return f"[{_quoted(name)}]"
        case Index(position):
            return f"[{position}]"
        case Slice(start, end):
            return f"[{'' if start is None else start}:{'' if end is None else end}]"
        case Wildcard():
            return "[*]"
        case Names(names):
            return f"[{','.join(map(_quoted, names))}]"
        case Indexes(positions):
            return f"[{','.join(map(str, positions))}]"
        case Descend():
            return ".."
        case Filter(predicate):
            return f"[?({_predicate(predicate)})]"
        case PathFunction(name):
            return f".{name}()"
        case _:
            assert_never(step)


def _quoted(name: str) -> str:
    """A name in quotes; a backslash is itself but before a quote or another one."""
    return "'" + re.sub(r"['\\]", r"\\\g<0>", name) + "'"


def _predicate(expr: Expr) -> str:
    match expr:
        case Test("Exists", operand):
            return path_text(operand)
        case Compare("jsonpath", operator, left, right):
            sides = [_side(side, is_regex=operator == "=~") for side in (left, right)]
            return f"{sides[0]} {operator} {sides[1]}"
        case Negation(operand):
            return f"!({_predicate(operand)})"
        case Logic(operator, operands):
            sign = " && " if operator == "and" else " || "
            return sign.join(f"({_predicate(one)})" if isinstance(one, Logic) else _predicate(one) for one in operands)
        case _:
            raise ExpressionError("no predicate of a filter", type(expr).__name__)


def _side(expr: Expr, *, is_regex: bool) -> str:
    match expr:
        case Path():
            return path_text(expr)
        case Literal(str(text)):
            return text if is_regex and text.startswith("/") else _quoted(text)
        case Literal(value) if not isinstance(value, Placeholder):
            return json.dumps(value, ensure_ascii=False)
        case _:
            raise ExpressionError("no operand of a filter", type(expr).__name__)


def value_text(expr: Expr) -> str:
    """A path or an intrinsic function, for a key that ends in ``.$``. Raises ``ExpressionError``."""
    if not isinstance(expr, Path | Call):
        raise ExpressionError("neither a path nor an intrinsic function", type(expr).__name__)
    if _calls(expr) > MAX_CALLS:
        raise ExpressionError(f"a field holds at most {MAX_CALLS} intrinsic functions", "")
    return _argument(expr)


def _calls(expr: Expr) -> int:
    return 1 + sum(map(_calls, expr.arguments)) if isinstance(expr, Call) else 0


def _argument(expr: Expr, *, is_template: bool = False) -> str:
    match expr:
        case Path():
            return path_text(expr)
        case Literal(str(text)):  # what else is an escape in a template is one already
            escaped = re.sub(r"'", r"\'", text) if is_template else re.sub(r"['\\]", r"\\\g<0>", text)
            return f"'{escaped}'"
        case Literal(None | bool() | int() | float() as value):
            return json.dumps(value)
        case Call(function, arguments):
            given = [
                _argument(one, is_template=function == "States.Format" and not at) for at, one in enumerate(arguments)
            ]
            return f"{function}({', '.join(given)})"
        case _:
            raise ExpressionError("no argument of an intrinsic function", type(expr).__name__)


def template(expr: Expr) -> Json:
    """A payload template; of an expression alone, only one that is fixed. Raises ``ExpressionError``."""
    match expr:
        case Literal(value):
            if _looks_dynamic(value):
                raise ExpressionError("a key that ends in .$ would be taken for an expression", "")
            return value
        case Object(entries):
            made: dict[str, Json] = {}
            for key, part in entries:
                if isinstance(part, Path | Call):
                    made[f"{key}.$"] = value_text(part)
                elif key.endswith(".$"):
                    raise ExpressionError("a key that ends in .$ would be taken for an expression", key)
                else:
                    made[key] = template(part)
            return made
        case Array(elements):
            return [template(element) for element in elements]
        case _:
            raise ExpressionError("no part of a payload template", type(expr).__name__)


def _looks_dynamic(value: Json) -> bool:
    match value:
        case dict():
            return any(key.endswith(".$") or _looks_dynamic(part) for key, part in value.items())
        case list():
            return any(map(_looks_dynamic, value))
        case _:
            return False


def rule(expr: Expr) -> Condition:
    """A rule of a Choice. Raises ``ExpressionError``."""
    match expr:
        case Logic("and", operands):
            return And(tuple(map(rule, operands)))
        case Logic("or", operands):
            return Or(tuple(map(rule, operands)))
        case Negation(Test(kind, operand)) if kind in get_args(TypeTest):
            return Comparison(path_text(operand), kind, Given(False))
        case Negation(operand):
            return Not(rule(operand))
        case Test(kind, operand) if kind in get_args(TypeTest):
            return Comparison(path_text(operand), kind, Given(True))
        case Compare(family, operator, Path() as left, right) if name := _RULES.get((family, operator)):  # type: ignore[arg-type]
            match right:
                case Path():
                    return Comparison(path_text(left), name, PathRef(path_text(right)))
                case Literal(value):
                    return Comparison(path_text(left), name, Given(value))
    raise ExpressionError("no rule of a Choice", type(expr).__name__)
