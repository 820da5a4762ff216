"""What values that are put together are worth, once their parts are known."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.expr.jsonata import Library, QueryError, Undefined, UnsupportedResult, read_query
from sfn_airflow_core.expr.model import Compare, Literal, Path, Root, Test
from sfn_airflow_core.interpreter.evaluate import Data, evaluate
from sfn_airflow_core.interpreter.evaluate_intrinsics import INTRINSICS
from sfn_airflow_core.interpreter.failures import EvaluationError
from sfn_airflow_core.verify.symbols import (
    App,
    Asked,
    Const,
    Impossible,
    Lst,
    Obj,
    Sym,
    Unknown,
    Value,
    optional,
)
from sfn_airflow_core.verify.wishes import Check

Json = Any
_CHANCE: Final = Random(0)
_LIBRARY: Final = Library(_CHANCE, lambda: datetime(2026, 1, 1, tzinfo=UTC))


def concrete(value: Value, look: Any) -> Json:
    """What a value is, with ``look`` giving what is at a part of a source. Raises Impossible."""
    match value:
        case Const():
            return value.value
        case Unknown():
            return value.example
        case Sym():
            return look(value)
        case Lst():
            return [concrete(item, look) for item in value.items]
        case Obj():
            base = _base(value.base, look)
            return {
                **(base if isinstance(base, dict) else {}),
                **{k: concrete(v, look) for k, v in value.members.items()},
            }
        case Asked():
            return _answered(value, look)
        case App():
            return _applied(value, [concrete(argument, look) for argument in value.arguments])


def _base(base: Value | None, look: Any) -> Json:
    """What an object is made upon; nothing where that may be missing, and is."""
    if base is None:
        return {}
    try:
        return concrete(base, look)
    except Impossible:
        if optional(base):
            return {}
        raise


def _answered(value: Asked, look: Any) -> Json:
    names = {name: _present(bound, look) for name, bound in value.names.items()}
    focus = names.pop("", None)
    try:
        result = read_query(value.text).evaluate(names, _LIBRARY, focus)
    except (ExpressionError, QueryError, UnsupportedResult) as error:
        raise Impossible(str(error)) from error
    if isinstance(result, Undefined):
        raise Impossible("the expression has no value")
    return result


def _present(value: Value, look: Any) -> Json:
    """What a name stands for, as far as it is there."""
    if isinstance(value, Obj):
        base = {} if value.base is None else _present(value.base, look)
        found = {name: _present(part, look) for name, part in value.members.items()}
        return {**(base if isinstance(base, dict) else {}), **found}
    try:
        return concrete(value, look)
    except Impossible:
        return None


def _applied(value: App, arguments: list[Json]) -> Json:
    try:
        if value.path:
            return evaluate(Path(Root(), value.path), Data(arguments[0], source=_CHANCE))
        signature = INTRINSICS[value.function]
        return 7 if signature.draws else signature.apply(*arguments)
    except (EvaluationError, LookupError, TypeError, ValueError) as error:
        raise Impossible(str(error)) from error


def holds(check: Check, look: Any) -> bool | None:
    """Whether a check holds; ``None`` where it cannot be evaluated."""
    try:
        left = concrete(check.left, look)
        if isinstance(check.test, Test):
            return evaluate(Test(check.test.kind, Path(Root())), Data(left, source=_CHANCE)) is True
        right = concrete(check.right, look)
        return (
            evaluate(
                Compare(check.test.family, check.test.operator, Literal(left), Literal(right)),
                Data(None, source=_CHANCE),
            )
            is True
        )
    except (Impossible, EvaluationError):
        return None
