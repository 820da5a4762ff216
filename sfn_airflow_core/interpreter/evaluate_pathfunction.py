"""Functions at the end of a path, after Jayway: ``.length()``, ``.min()``, ``.keys()`` and the like."""

from __future__ import annotations

import math
from collections.abc import Callable

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.interpreter.failures import EvaluationError
from sfn_airflow_core.interpreter.values import is_number


def apply_function(name: str, value: Json, path: str) -> Json:
    """The result of a path function on a value; EvaluationError where it does not apply."""
    if name in ("length", "size"):
        return len(value) if isinstance(value, list | dict) else None
    if name == "keys":
        return list(value) if isinstance(value, dict) else None
    if not isinstance(value, list):
        raise EvaluationError(f"Invalid path '{path}' : {name}() needs an array")
    if name in ("first", "last"):
        if not value:
            raise EvaluationError(f"Invalid path '{path}' : {name}() of an empty array")
        return value[0 if name == "first" else -1]
    try:
        numbers = [float(item) for item in value if isinstance(item, int | float) and is_number(item)]
        result = _AGGREGATES[name](numbers) if name in _AGGREGATES and numbers else math.nan
    except OverflowError:
        result = math.inf
    if not math.isfinite(result):
        raise EvaluationError(f"Invalid path '{path}' : {name}() cannot be computed")
    return result


def _deviation(numbers: list[float]) -> float:
    mean = sum(numbers) / len(numbers)
    return float((sum((number - mean) ** 2 for number in numbers) / len(numbers)) ** 0.5)


_AGGREGATES: dict[str, Callable[[list[float]], float]] = {
    "min": min,
    "max": max,
    "sum": sum,
    "avg": lambda numbers: sum(numbers) / len(numbers),
    "stddev": _deviation,
}
