"""Paths through documents, as AWS evaluates them: Jayway's dialect, with an empty list where an indefinite path finds
nothing.

A definite path gives the value it names and fails where there is none. An indefinite path gives the list of what it
finds, in document order; steps that do not apply to a value find nothing there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeAlias, assert_never

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.expr.model import (
    Descend,
    Expr,
    Field,
    Filter,
    Index,
    Indexes,
    Names,
    Path,
    PathFunction,
    Slice,
    Step,
    Wildcard,
)
from sfn_airflow_core.interpreter.evaluate_pathfunction import apply_function
from sfn_airflow_core.interpreter.failures import EvaluationError, MissingValue

if TYPE_CHECKING:
    from sfn_airflow_core.interpreter.evaluate import Data

Evaluate: TypeAlias = "Callable[[Expr, Data], Json]"


def select(path: Path, data: Data, evaluate: Evaluate) -> Json:
    """What the path selects: one value if it is definite, otherwise a list."""
    value = _root(path, data)
    steps = path.steps
    for number, step in enumerate(steps):
        match step:
            case Field():
                if not isinstance(value, dict) or step.name not in value:
                    return _nothing(path, number)
                value = value[step.name]
            case Index():
                if not isinstance(value, list) or not -len(value) <= step.position < len(value):
                    return _nothing(path, number)
                value = value[step.position]
            case PathFunction():
                value = apply_function(step.name, value, path.text)
            case Names():
                if not isinstance(value, dict):
                    return _nothing(path, number)
                value = {name: value[name] for name in step.names if name in value}
            case Slice() | Wildcard() | Indexes() | Descend() | Filter():
                return _matches(steps[number:], [value], path, data, evaluate)
            case _:
                assert_never(step)
    return value


def _root(path: Path, data: Data) -> Json:
    match path.root.kind:
        case "input":
            return data.input
        case "context":
            return data.context()
        case "current":
            return data.current
        case "variable":
            if path.root.name not in data.variables:
                raise MissingValue(f"Variable '{path.root.name}' is not defined: {path.text}")
            return data.variables[path.root.name]
        case _:
            assert_never(path.root.kind)


def _nothing(path: Path, number: int) -> Json:
    """What there is where step ``number`` finds nothing: an empty list for an indefinite path (recorded)."""
    if not path.definite:
        return []
    raise MissingValue(_missing(path, number))


def _missing(path: Path, number: int) -> str:
    """What AWS says where step ``number`` finds nothing: other words if it is the last one (recorded)."""
    shown = "$"
    for step in path.steps[: number + 1]:
        match step:
            case Field():
                shown += f"['{step.name}']"
            case Index():
                shown += f"[{step.position}]"
            case _:
                shown += "[...]"
    reason = "No results for path:" if number == len(path.steps) - 1 else "Missing property in path"
    return f"Invalid path '{path.text}' : {reason} {shown}"


def _matches(steps: tuple[Step, ...], values: list[Json], path: Path, data: Data, evaluate: Evaluate) -> Json:
    for step in steps:
        if isinstance(step, PathFunction):
            values = [apply_function(step.name, value, path.text) for value in values]
        else:
            values = [found for value in values for found in _step(step, value, data, evaluate)]
    return values


def _step(step: Step, value: Json, data: Data, evaluate: Evaluate) -> Iterator[Json]:
    """What one step finds in one value."""
    match step:
        case Field():
            if isinstance(value, dict) and step.name in value:
                yield value[step.name]
        case Index():
            yield from _elements(value, (step.position,))
        case Indexes():
            yield from _elements(value, step.positions)
        case Slice():
            if isinstance(value, list):
                yield from value[step.start : step.end]
        case Wildcard():
            yield from _children(value)
        case Names():
            if isinstance(value, dict):
                yield {name: value[name] for name in step.names if name in value}
        case Descend():
            yield from _descend(value)
        case Filter():
            # A filter on an object tests the object itself (Jayway).
            for candidate in value if isinstance(value, list) else [value] if isinstance(value, dict) else []:
                if _accepts(step.predicate, candidate, data, evaluate):
                    yield candidate
        case PathFunction():
            raise EvaluationError(f"a function is not a step: {step.name}")
        case _:
            assert_never(step)


def _elements(value: Json, positions: tuple[int, ...]) -> Iterator[Json]:
    if isinstance(value, list):
        yield from (value[position] for position in positions if -len(value) <= position < len(value))


def _children(value: Json) -> list[Json]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _descend(value: Json) -> Iterator[Json]:
    """The value and everything inside it, in document order, without recursion."""
    stack = [value]
    while stack:
        inner = stack.pop()
        if isinstance(inner, dict | list):
            yield inner
            stack.extend(reversed(_children(inner)))


def _accepts(predicate: Expr, candidate: Json, data: Data, evaluate: Evaluate) -> bool:
    inner = type(data)(data.input, data.context, data.variables, candidate, data.source)
    try:
        return evaluate(predicate, inner) is True
    except MissingValue:
        return False
