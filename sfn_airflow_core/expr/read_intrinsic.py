r"""Read intrinsic functions, ``States.Format('{}/{}', $.a, $$.Map.Item.Index)``, into an expression.

Source: States Language specification, "Intrinsic Functions". Strings stand in single quotes; ``'``, ``{``, ``}`` and
``\`` are escaped with a backslash, other escapes are refused (recorded).

In the template of ``States.Format`` the escapes of braces and backslashes are kept, because there they mean something:
``functions.template_parts`` resolves them. The same rule then holds for templates that come from the data.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.expr.functions import FUNCTIONS, HASH_ALGORITHMS, MAX_CALLS, Function, Kind, template_parts
from sfn_airflow_core.expr.model import Call, Expr, Literal
from sfn_airflow_core.expr.read_jsonpath import path_at, read_path, skip

_NAME = re.compile(r"\s*(States\.[A-Za-z0-9]+)\s*\(\s*")
_STRING = re.compile(r"'((?:[^'\\]|\\[\s\S])*)'")
_ESCAPE = re.compile(r"\\([\s\S])")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_WORD = re.compile(r"(?:true|false|null)(?!\w)")
_STRING_OR_OTHER = re.compile(r"'(?:[^'\\]|\\[\s\S])*'|States\.\w+\s*\(")
_LONGEST_NUMBER = 400


@lru_cache(maxsize=4096)
def read_value(text: str) -> Expr:
    """What a key that ends in ``.$`` says: a path or an intrinsic function. Raises ``ExpressionError``."""
    return read_path(text) if text.startswith("$") else read_intrinsic(text)


@lru_cache(maxsize=4096)
def read_intrinsic(text: str) -> Call:
    """The call that ``text`` says. Raises ``ExpressionError`` with the offset of what cannot be read."""
    if _NAME.match(text) is None:
        raise ExpressionError("neither a path nor an intrinsic function", text)
    calls = sum(match.group()[0] != "'" for match in _STRING_OR_OTHER.finditer(text))
    if calls > MAX_CALLS:
        raise ExpressionError(f"a field holds at most {MAX_CALLS} intrinsic functions, this one {calls}", text)
    call, end = _call(text, 0)
    if text[end:].strip():
        raise ExpressionError("unexpected text behind the function", text, end)
    return call


def _call(text: str, at: int) -> tuple[Call, int]:
    head = _NAME.match(text, at)
    if head is None:
        raise ExpressionError("a path, a literal or an intrinsic function is missing", text, at)
    function = FUNCTIONS.get(head.group(1))
    if function is None:
        raise ExpressionError(f"{head.group(1)} is no intrinsic function", text, head.start(1))
    arguments, places, end = list[Expr](), list[int](), head.end()
    while not text.startswith(")", end) or arguments:
        places.append(end)
        argument, end = _argument(text, end, is_template=function.name == "States.Format" and not arguments)
        arguments.append(argument)
        end = skip(text, end)
        if text.startswith(")", end):
            break
        if not text.startswith(",", end):
            raise ExpressionError(", or ) is missing", text, end)
        end = skip(text, end + 1)
    call = Call(function.name, tuple(arguments))
    if problem := _problem(function, call):
        message, position = problem
        raise ExpressionError(f"{function.name}: {message}", text, places[position] if places else head.start(1))
    return call, end + 1


def _argument(text: str, at: int, *, is_template: bool) -> tuple[Expr, int]:
    if text.startswith("$", at):
        return path_at(text, at)
    if text.startswith("'", at):
        return _string(text, at, is_template=is_template)
    if word := _WORD.match(text, at):
        return Literal(json.loads(word.group())), word.end()
    if number := _NUMBER.match(text, at):
        return Literal(_number(text, number)), number.end()
    return _call(text, at)


def _string(text: str, at: int, *, is_template: bool) -> tuple[Literal, int]:
    string = _STRING.match(text, at)
    if string is None:
        raise ExpressionError("a quote is not closed", text, at)
    for escape in _ESCAPE.finditer(string.group(1)):
        if escape.group(1) not in "'{}\\":
            raise ExpressionError(f"{escape.group()} is no escape", text, string.start(1) + escape.start())
    kept = "'" if is_template else "'{}\\"
    return Literal(
        _ESCAPE.sub(lambda e: e.group(1) if e.group(1) in kept else e.group(), string.group(1))
    ), string.end()


def _number(text: str, match: re.Match[str]) -> int | float:
    digits = match.group()
    if len(digits) > _LONGEST_NUMBER:
        raise ExpressionError("a number has too many digits", text, match.start())
    return float(digits) if match.group(1) or match.group(2) else int(digits)


def _problem(function: Function, call: Call) -> tuple[str, int] | None:
    """What is wrong with the arguments, and with which one."""
    count = len(call.arguments)
    if count < function.fewest or (function.most is not None and count > function.most):
        return f"takes {_arity(function)}, not {count}", 0
    for position, argument in enumerate(call.arguments):
        if isinstance(argument, Literal):
            kinds = function.arguments
            kind = kinds[position] if position < len(kinds) else function.rest or "any"
            if not _fits(argument.value, kind):
                return f"argument {position + 1} must be a value of kind {kind}", position
    return _literal_problem(call)


def _arity(function: Function) -> str:
    if function.most is None:
        return f"at least {function.fewest} arguments"
    if function.most == function.fewest:
        return f"{function.most} argument{'s' * (function.most != 1)}"
    return f"{function.fewest} to {function.most} arguments"


def _fits(value: Json, kind: Kind) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "array" | "object":
            return False  # no literal of an intrinsic is an array or object
        case "any":
            return True


def _literal_problem(call: Call) -> tuple[str, int] | None:
    """What is wrong with the values of literal arguments."""
    match call:
        case Call("States.Format", (Literal(str(template)), *rest)):
            places = len(template_parts(template)) - 1
            if places != len(rest):
                return f"the template has {places} {{}}, the call {len(rest)} values", 0
        case Call("States.JsonMerge", (_, _, Literal(True))):
            return "AWS only merges shallowly: the third argument must be false", 2
        case Call("States.ArrayRange", (_, _, Literal(0))):
            return "a range needs a step", 2
        case Call("States.ArrayPartition", (_, Literal(int() | float() as size))) if size < 1:
            return "a part has at least one element", 1
        case Call("States.Hash", (_, Literal(str(algorithm)))) if algorithm not in HASH_ALGORITHMS:
            return f"the algorithm is one of {', '.join(HASH_ALGORITHMS)}", 1
    return None
