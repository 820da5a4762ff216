"""Input and output processing of states, in AWS's order (asl.md 2.1 and 2.4)."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sfn_airflow_core.asl.model import Given, Json, PathFlow, QueryFlow
from sfn_airflow_core.expr.model import Field, Index
from sfn_airflow_core.interpreter.evaluate import evaluate
from sfn_airflow_core.interpreter.failures import EvaluationError, StateFailed
from sfn_airflow_core.interpreter.query import fill
from sfn_airflow_core.interpreter.run import Stay

RESULT_PATH = "States.ResultPathMatchFailure"
_LONGEST_ARRAY = 100_000


@dataclass(frozen=True, slots=True)
class Step:
    """How a state is left: its output, where to, the variables it assigns, and by which kind of edge."""

    output: Json
    next: str | None
    assigned: dict[str, Json] | None = None
    edge: Literal["next", "choice", "default", "catch"] = "next"


Work: TypeAlias = "Generator[float, None, Step]"
"""What takes time in a state: yields the second at which to go on, returns how the state is left."""


def at_path(stay: Stay, path: str | None, value: Json) -> Json:
    """The part of ``value`` that InputPath or OutputPath selects; null selects an empty object."""
    if path == "$":
        return value
    if path is None:
        return {}
    try:
        return evaluate(stay.run.program.path(path), stay.data(value))
    except EvaluationError as error:
        raise stay.broken(str(error)) from error


def templated(stay: Stay, template: Json, value: Json, field: str) -> Json:
    """A payload template with ``value`` as ``$``; its failures name the field."""
    try:
        return evaluate(stay.run.program.template(template), stay.data(value))
    except EvaluationError as error:
        raise stay.broken(f"The field '{field}' cannot be computed. {error}") from error


def states_of(stay: Stay, **more: Json) -> dict[str, Json]:
    """``$states`` for the expressions of a state."""
    return {"input": stay.raw, "context": stay.context(), **more}


def queried(stay: Stay, value: Json, field: str, **more: Json) -> Json:
    """A JSONata field's value."""
    return fill(stay.run.program.shape(value), stay, states_of(stay, **more), field)


def filtered(stay: Stay) -> Json:
    """What InputPath leaves of the raw input; JSONata states see all of it."""
    flow = stay.state.flow
    return at_path(stay, flow.input_path, stay.raw) if isinstance(flow, PathFlow) else stay.raw


def effective(stay: Stay) -> Json:
    """What the work of a state is given: InputPath and Parameters, or Arguments (default: the state's input)."""
    flow = stay.state.flow
    if isinstance(flow, QueryFlow):
        return stay.raw if flow.arguments is None else queried(stay, flow.arguments.value, "Arguments")
    value = at_path(stay, flow.input_path, stay.raw)
    return value if flow.parameters is None else templated(stay, flow.parameters.value, value, "Parameters")


def deliver(stay: Stay, result: Json, next: str | None) -> Step:
    """Leave a Task, Parallel, Map or JSONPath Pass with a result."""
    flow = stay.state.flow
    if isinstance(flow, QueryFlow):
        return answer(stay, flow, next, default=result, result=result)
    chosen = (
        result
        if flow.result_selector is None
        else templated(stay, flow.result_selector.value, result, "ResultSelector")
    )
    combined = place(stay, flow.result_path, chosen)
    # What ``$`` is in Assign is the result before ResultSelector (asl.md 2.5).
    assigned = None if flow.assign is None else assign_paths(stay, flow.assign, result)
    return Step(at_path(stay, flow.output_path, combined), next, assigned)


def hand_on(stay: Stay, next: str | None, edge: Literal["next", "default"] = "next") -> Step:
    """Leave a state that has no result: Wait, Succeed, a Choice's default, a JSONata Pass."""
    flow = stay.state.flow
    if isinstance(flow, QueryFlow):
        step = answer(stay, flow, next, default=stay.raw)
        return Step(step.output, next, step.assigned, edge)
    value = at_path(stay, flow.input_path, stay.raw)
    assigned = None if flow.assign is None else assign_paths(stay, flow.assign, value)
    return Step(at_path(stay, flow.output_path, value), next, assigned, edge)


def answer(stay: Stay, flow: QueryFlow, next: str | None, default: Json, **more: Json) -> Step:
    """Output and Assign of a JSONata state: both see the variables as they were when the state was entered."""
    output = default if flow.output is None else queried(stay, flow.output.value, "Output", **more)
    return Step(output, next, None if flow.assign is None else assign_queries(stay, flow.assign, **more))


def assign_paths(stay: Stay, assign: dict[str, Json], value: Json) -> dict[str, Json]:
    """The variables of a JSONPath Assign."""
    assigned = templated(stay, assign, value, "Assign")
    assert isinstance(assigned, dict)
    return assigned


def assign_queries(stay: Stay, assign: dict[str, Json], **more: Json) -> dict[str, Json]:
    """The variables of a JSONata Assign."""
    assigned = queried(stay, assign, "Assign", **more)
    assert isinstance(assigned, dict)
    return assigned


def output_of(stay: Stay, given: Given | None, default: Json, **more: Json) -> Json:
    """A JSONata Output of a rule or catcher."""
    return default if given is None else queried(stay, given.value, "Output", **more)


def place(stay: Stay, path: str | None, result: Json) -> Json:
    """Put a result into the state's raw input at ResultPath; null drops it, ``$`` replaces the input.

    Raises StateFailed with States.ResultPathMatchFailure where the path does not fit the input (States Language;
    AWS's own name is not recorded).
    """
    if path == "$":
        return result
    if path is None:
        return stay.raw
    try:
        steps = stay.run.program.path(path).steps
    except EvaluationError as error:
        raise stay.broken(f"Invalid ResultPath '{path}': {error}") from error
    keys = [
        step.name if isinstance(step, Field) else step.position for step in steps if isinstance(step, Field | Index)
    ]
    if len(keys) != len(steps):
        raise stay.broken(f"Invalid ResultPath '{path}': not a reference path")
    return _put(stay, path, keys, result)


def _put(stay: Stay, path: str, keys: list[str | int], result: Json) -> Json:
    """Copy only what is on the way: documents are shared and never changed."""
    holders: list[dict[str, Json] | list[Json]] = []
    value: Json = stay.raw
    for key in keys:
        if isinstance(key, str) and (isinstance(value, dict) or (value is None and holders)):
            copy: dict[str, Json] | list[Json] = dict(value) if isinstance(value, dict) else {}
            inner: Json = value.get(key) if isinstance(value, dict) else None
        elif isinstance(key, int) and isinstance(value, list) and 0 <= key < len(value):
            copy, inner = list(value), value[key]
        else:
            raise StateFailed(RESULT_PATH, f"Unable to apply ReferencePath {path} to the state's input")
        holders.append(copy)
        value = inner
    for holder, key in zip(reversed(holders), reversed(keys), strict=True):
        holder[key] = result  # type: ignore[index]  # pairs of a kind were made above
        result = holder
    return result
