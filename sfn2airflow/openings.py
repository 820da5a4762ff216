"""Open substitutions where no translation can do without the value: transitions, and paths that cannot be read yet.

The reader lets ``${Name}`` pass wherever a value may still come. Inside texts and numbers it becomes an Airflow
Variable; as a transition or inside a path it decides about the shape of the DAG, so the definition is rejected with
its places.
"""

from __future__ import annotations

from collections.abc import Iterator

from sfn_airflow_core.asl.model import Json, Machine, Pointer, nested, targets
from sfn_airflow_core.asl.read import Reading
from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.findings import Problem
from sfn_airflow_core.text import join

_SOLUTION = "give its value with --substitute"


def open_transitions(reading: Reading) -> tuple[Problem, ...]:
    """Transitions that are open substitutions: without their values nobody knows the shape of the machine."""
    return () if reading.machine is None else tuple(_transitions(reading, reading.machine))


def _transitions(reading: Reading, machine: Machine) -> Iterator[Problem]:
    named = [(machine.at, machine.start_at)]
    named += [(state.at, name) for state in machine.states.values() for name in targets(state)]
    for at, name in named:
        if name not in machine.states:
            message = f"The transition to {name[:100]} is open; {_SOLUTION}"
            yield Problem("MISSING_TRANSITION_TARGET", message, at, reading.document.source_map.value(at))
    for state in machine.states.values():
        for inner in nested(state):
            yield from _transitions(reading, inner)


def unreadable_expressions(reading: Reading, error: ExpressionError) -> tuple[Problem, ...]:
    """Every place of an expression that cannot be read, which the reader let pass because it is open."""
    message = f"{error.message}: {error.text[:100]}; if it is open, {_SOLUTION}"
    places = [*_places(reading.document.value, error.text, "")] or [""]
    spans = reading.document.source_map
    return tuple(Problem("SCHEMA_VALIDATION_FAILED", message, at, spans.value(at)) for at in places)


def _places(value: Json, text: str, at: Pointer) -> Iterator[Pointer]:
    match value:
        case str() if value == text:
            yield at
        case list():
            for index, element in enumerate(value):
                yield from _places(element, text, join(at, index))
        case dict():
            for key, element in value.items():
                yield from _places(element, text, join(at, key))
        case _:
            pass
