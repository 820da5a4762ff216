"""Callbacks that ask a person: found by the Choice behind them, whose two ways are the person's two options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sfn_airflow_core.asl.model import (
    And,
    Choice,
    Comparison,
    Condition,
    Given,
    Json,
    Machine,
    Not,
    Or,
    PathFlow,
    PathRule,
    Pointer,
    State,
    Task,
    nested,
)
from sfn_airflow_core.expr.model import Field
from sfn_airflow_core.expr.read_jsonpath import read_path

_TELLS = ("sns:publish", "lambda:invoke", "ses:sendEmail", "sesv2:sendEmail", "ses:sendTemplatedEmail")
"""Actions that can only tell somebody something: what comes back, somebody has decided."""


def approvals(machine: Machine) -> dict[Pointer, dict[str, Json]]:
    """The states of a machine that ask a person, with the two options and the result that each stands for."""
    found = {}
    for state in machine.states.values():
        if outcomes := _outcomes(state, machine.states):
            found[state.at] = outcomes
        for inner in nested(state):
            found |= approvals(inner)
    return found


def _outcomes(state: State, states: Mapping[str, State]) -> dict[str, Json]:
    if not isinstance(state, Task) or not isinstance(state.flow, PathFlow) or state.next is None:
        return {}
    tells = any(state.resource.endswith(f":{action}.waitForTaskToken") for action in _TELLS)
    behind, flow = states.get(state.next), state.flow
    if not tells or not isinstance(behind, Choice) or flow.result_selector or flow.output_path != "$":
        return {}
    base = _names(flow.result_path)
    compared = list(_compared(behind))
    paths = {path for path, _ in compared}
    if base is None or len(paths) != 1:
        return {}
    (path,) = paths
    if path is None or path[: len(base)] != base or len(path) == len(base):
        return {}
    return {option: _nested(path[len(base) :], value) for option, value in _two(behind, [v for _, v in compared])}


def _names(path: str | None) -> tuple[str, ...] | None:
    """The names in a path of members only."""
    if path is None:
        return None
    steps = read_path(path).steps
    return tuple(s.name for s in steps if isinstance(s, Field)) if all(isinstance(s, Field) for s in steps) else None


def _compared(choice: Choice) -> Iterator[tuple[tuple[str, ...] | None, Json]]:
    """The paths and literals that the rules compare; an unknown comparison has no path."""
    for rule in choice.choices:
        yield from _tests(rule.condition) if isinstance(rule, PathRule) else [(None, None)]


def _tests(condition: Condition) -> Iterator[tuple[tuple[str, ...] | None, Json]]:
    match condition:
        case Comparison(variable, "StringEquals" | "BooleanEquals", Given(value)):
            yield _names(variable), value
        case Comparison(variable, "IsPresent" | "IsNull" | "IsString" | "IsBoolean"):
            return
        case And() | Or():
            for part in condition.rules:
                yield from _tests(part)
        case Not():
            yield from _tests(condition.rule)
        case _:
            yield None, None


def _two(choice: Choice, values: list[Json]) -> list[tuple[str, Json]]:
    """The two options, or nothing where there are not exactly two ways."""
    different = list(dict.fromkeys(value for value in values if isinstance(value, str | bool)))
    if len(different) == 1 and isinstance(different[0], bool):
        different = [True, False]
    if len(different) == 1 and choice.default is not None:
        different.append(f"not {different[0]}")
    if len(different) != 2 or isinstance(different[0], bool) != isinstance(different[1], bool):
        return []
    if isinstance(different[0], bool):
        return [("Approve", True), ("Reject", False)]
    return [(str(value), value) for value in different] if all(different) else []


def _nested(path: tuple[str, ...], value: Json) -> Json:
    for name in reversed(path):
        value = {name: value}
    return value
