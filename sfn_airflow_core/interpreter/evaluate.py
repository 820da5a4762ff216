"""What an expression tree is worth for given data: the interpreter's own evaluator, a walk over the tree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import assert_never

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.expr.jsonata_model import Jsonata
from sfn_airflow_core.expr.model import Array, Call, Compare, Expr, Literal, Logic, Negation, Object, Path, Test
from sfn_airflow_core.interpreter.evaluate_compare import holds
from sfn_airflow_core.interpreter.evaluate_intrinsics import INTRINSICS, Signature
from sfn_airflow_core.interpreter.evaluate_kinds import passes
from sfn_airflow_core.interpreter.evaluate_path import select
from sfn_airflow_core.interpreter.failures import EvaluationError


def _no_context() -> Json:
    return {}


@dataclass(frozen=True, slots=True)
class Data:
    """What expressions may refer to: ``$``, ``$$`` (made when first asked for), variables, and ``@`` inside a
    filter.
    """

    input: Json
    context: Callable[[], Json] = _no_context
    variables: dict[str, Json] = field(default_factory=dict)
    current: Json = None
    source: Random = field(default_factory=Random)


def evaluate(expr: Expr, data: Data) -> Json:
    """The value of an expression.

    Raises EvaluationError (MissingValue where a definite path finds nothing).
    """
    match expr:
        case Literal():
            return expr.value
        case Path():
            return select(expr, data, evaluate)
        case Object():
            return {name: evaluate(entry, data) for name, entry in expr.entries}
        case Array():
            return [evaluate(element, data) for element in expr.elements]
        case Call():
            return _call(expr, data)
        case Compare():
            return holds(expr, data, evaluate)
        case Test():
            return passes(expr, data, evaluate)
        case Logic(operator="and"):
            return all(evaluate(operand, data) is True for operand in expr.operands)
        case Logic():
            return any(evaluate(operand, data) is True for operand in expr.operands)
        case Negation():
            return evaluate(expr.operand, data) is not True
        case Jsonata():
            raise EvaluationError("a JSONata expression has no place in a JSONPath state")
        case _:
            assert_never(expr)


def _call(expr: Call, data: Data) -> Json:
    function: Signature | None = INTRINSICS.get(expr.function)
    if function is None:
        raise EvaluationError(f"{expr.function} is not an intrinsic function")
    arguments = [evaluate(argument, data) for argument in expr.arguments]
    if not function.least <= len(arguments) <= function.most:
        raise EvaluationError(f"Invalid number of arguments for {expr.function}: {len(arguments)}")
    return function.apply(data.source, *arguments) if function.draws else function.apply(*arguments)
