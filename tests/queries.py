"""JSONata twice: compiled to Python and run with the runtime's functions, and evaluated by the engine."""

from __future__ import annotations

import ast
import json
import math
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import libcst as cst
from shared import CORPUS

from sfn2airflow.expressions.compile import Code, Scope, write_python
from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.expr.jsonata import Library, QueryError, Undefined, UnsupportedResult, read_query
from sfn_airflow_core.expr.read_jsonata import read_jsonata

ROOT = Path(__file__).parents[1]
NO_VALUE = "no value"
"""What an expression is worth that is undefined or fails: both are States.QueryEvaluationError."""

_CONTEXT = frozenset({"context_object", "whole_context"})
_ERRORS = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError)
_LIBRARY = Library(Random(1), lambda: datetime.now(UTC))


def _alone() -> dict[str, Any]:
    """The runtime's functions for JSONata, imported as a package that is not the runtime: without Airflow."""
    package = ModuleType("queries_alone")
    package.__path__ = [str(ROOT / "sfn2airflow" / "runtime")]
    sys.modules["queries_alone"] = package
    names: dict[str, Any] = {"functions": import_module("queries_alone.functions")}
    for name in ("query_data", "query_values", "query_engine"):
        names |= vars(import_module(f"queries_alone.{name}"))
    return names


FUNCTIONS = _alone()


def compiled(text: str) -> Code:
    """An expression in Python."""
    return write_python(read_jsonata(text), Scope(result="result", error="error"))


def source(code: Code) -> str:
    return cst.Module(body=()).code_for_node(code.node)


def kind(code: Code) -> str:
    """How an expression is compiled: plain Python, with small functions, or by the engine."""
    if "unreadable" in code.needs:
        return "unreadable"
    return "engine" if "query" in code.needs else "helper" if code.needs - _CONTEXT else "plain"


def run(code: Code, data: Any = None, variables: Any = None, context: Any = None) -> Any:
    """The value of compiled code, NO_VALUE where it fails in a way that ``@jsonata`` turns into the error of AWS.

    ``data`` is the input, the result and the Error Output.
    """
    text, many = source(code), FUNCTIONS["queryable"]
    ast.parse(text, mode="eval", feature_version=(3, 11))
    given = {need: FUNCTIONS[need] for need in code.needs - _CONTEXT - {"map_item", "unreadable"}}
    given |= dict.fromkeys(("data", "result", "error"), many(data))
    given |= {"variables": many(variables or {}), **dict.fromkeys(_CONTEXT, lambda *_, **__: context or {})}
    given["map_item"] = lambda: (context or {})["Map"]["Item"]
    try:
        return FUNCTIONS["plain"](eval(compile(text, "compiled", "eval"), given))
    except _ERRORS:
        return NO_VALUE


def answer(text: str, data: Any = None, variables: Any = None, context: Any = None) -> Any:
    """The value of an expression by the engine, NO_VALUE where it has none or fails."""
    states = {**dict.fromkeys(("input", "result", "errorOutput"), data), "context": context or {}}
    try:
        value = read_query(text).evaluate({**(variables or {}), "states": states}, _LIBRARY)
    except (QueryError, UnsupportedResult, ExpressionError):
        return NO_VALUE
    return NO_VALUE if isinstance(value, Undefined) else value


def same(want: Any, have: Any) -> bool:
    """Equality as JSON; numbers may differ in the last digit of a double."""
    match want, have:
        case bool(), _:
            return want is have
        case int() | float(), int() | float() if not isinstance(have, bool):
            return math.isclose(want, have, rel_tol=1e-15)
        case dict(), dict():
            return want.keys() == have.keys() and all(same(part, have[key]) for key, part in want.items())
        case list(), list():
            return len(want) == len(have) and all(map(same, want, have))
        case _:
            return type(want) is type(have) and bool(want == have)


def queries_in(value: Any) -> list[str]:
    """The JSONata expressions in a JSON value."""
    match value:
        case str() if len(value) >= 4 and value.startswith("{%") and value.endswith("%}"):
            return [value[2:-2].strip()]
        case dict():
            return [text for part in value.values() for text in queries_in(part)]
        case list():
            return [text for part in value for text in queries_in(part)]
        case _:
            return []


def published() -> list[str]:
    """The distinct JSONata expressions of the recordings and of the public state machines; none without the corpus."""
    found: dict[str, None] = {}
    for name in ("aws-recordings.jsonl", "aws-teststate.jsonl"):
        file = CORPUS / name
        for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
            record = json.loads(line)
            given = record.get("definition") or record["request"]["definition"]
            found |= dict.fromkeys(queries_in(json.loads(given) if isinstance(given, str) else given))
    for file in sorted(CORPUS.glob("state-machines/*/*.json")):
        try:
            found |= dict.fromkeys(queries_in(json.loads(file.read_text(encoding="utf-8"))))
        except ValueError:
            continue
    return [*found]
