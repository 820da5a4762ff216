"""Running compiled expressions in tests: the runtime's data functions without Airflow, Choice rules from JSON."""

from __future__ import annotations

import ast
import sys
from importlib import import_module
from pathlib import Path as File
from types import ModuleType
from typing import Any

import libcst as cst

from sfn2airflow.expressions.compile import Code, Scope, write_python
from sfn_airflow_core.asl.model import And, Comparison, Condition, Given, Not, Or, PathRef
from sfn_airflow_core.expr.model import Expr

RUNTIME = File(__file__).parents[1] / "sfn2airflow" / "runtime"
DATA_ERRORS = (KeyError, IndexError, TypeError, ValueError)
_EMPTY = cst.Module(body=())


def _alone() -> dict[str, Any]:
    """The names of ``data`` and ``intrinsics``, imported as a package that is not the runtime: without Airflow."""
    package = ModuleType("data_alone")
    package.__path__ = [str(RUNTIME)]
    sys.modules["data_alone"] = package
    names: dict[str, Any] = {}
    for name in ("data", "intrinsics"):
        names |= vars(import_module(f"data_alone.{name}"))
    return names


FUNCTIONS = _alone()


def source(code: Code) -> str:
    """The Python text of compiled code."""
    return _EMPTY.code_for_node(code.node)


def python(expr: Expr, scope: Scope | None = None) -> str:
    """The Python text that an expression compiles to."""
    return source(write_python(expr, scope or Scope()))


def run(expr: Expr, data: Any = None, context: Any = None, variables: Any = None, **names: Any) -> Any:
    """The value of an expression, by compiling it and running only what it says that it needs."""
    scope = Scope(item="item" if "item" in names else None, index="index" if "index" in names else None)
    code = write_python(expr, scope)
    known = {
        **dict.fromkeys(("context_object", "whole_context"), lambda *_, **__: context),
        "task_token": lambda: context["Task"]["Token"],
        **FUNCTIONS,
    }
    given = {"data": data, "variables": variables or {}, **names, **{need: known[need] for need in code.needs}}
    text = source(code)
    ast.parse(text, mode="eval", feature_version=(3, 11))
    return eval(compile(text, "compiled", "eval"), given)


def condition(rule: dict[str, Any]) -> Condition:
    """A rule of a JSONPath Choice from its JSON."""
    for name, of in (("And", And), ("Or", Or)):
        if name in rule:
            return of(tuple(map(condition, rule[name])))
    if "Not" in rule:
        return Not(condition(rule["Not"]))
    ((operator, operand),) = (
        (key, value) for key, value in rule.items() if key not in ("Variable", "Next", "Assign", "Comment")
    )
    if operator.endswith("Path"):
        return Comparison(rule["Variable"], operator.removesuffix("Path"), PathRef(operand))
    return Comparison(rule["Variable"], operator, Given(operand))
