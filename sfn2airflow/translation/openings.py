"""Open substitutions where no translation can do without the value: transitions, and paths that cannot be read yet.

The reader lets ``${Name}`` pass wherever a value may still come. Inside texts and numbers it becomes an Airflow
Variable; as a transition or inside a path it decides about the shape of the DAG, so the definition is rejected with
its places.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from sfn_airflow_core.asl.model import (
    CatchPath,
    Comparison,
    Json,
    Machine,
    PathFlow,
    PathRef,
    Pointer,
    nested,
    targets,
)
from sfn_airflow_core.asl.read import Reading
from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.findings import Problem
from sfn_airflow_core.jsonmap.substitute import PLACEHOLDER
from sfn_airflow_core.text import join, parts

_QUOTED = re.compile(r"'(?:\\.|[^'\\])*'")
_SOLUTION = "give its value with --substitute"


def still_open(reading: Reading) -> tuple[Problem, ...]:
    """Everything that has to be given before the machine can be translated."""
    if reading.machine is None:
        return ()
    return (*_transitions(reading, reading.machine), *_paths(reading, reading.machine))


def _transitions(reading: Reading, machine: Machine) -> Iterator[Problem]:
    """Without the targets of its transitions nobody knows the shape of a machine."""
    named = [(machine.at, machine.start_at)]
    named += [(state.at, name) for state in machine.states.values() for name in targets(state)]
    for at, name in named:
        if name not in machine.states:
            message = f"The transition to {name[:100]} is open; {_SOLUTION}"
            yield Problem("MISSING_TRANSITION_TARGET", message, at, reading.document.source_map.value(at))
    for state in machine.states.values():
        for inner in nested(state):
            yield from _transitions(reading, inner)


def _paths(reading: Reading, machine: Machine) -> Iterator[Problem]:
    """Paths with an open substitution: nobody knows yet what they read or write.

    In payload templates they may stay open, and so may the quoted texts of intrinsic functions.
    """
    for state in machine.walk():
        for text in dict.fromkeys(_expressions(state)):
            if PLACEHOLDER.search(text if text.startswith("$") else _QUOTED.sub("", text)):
                message = f"The path {text[:100]} is open; {_SOLUTION}"
                for at in _places(_value_at(reading.document.value, state.at), text, state.at):
                    yield Problem("SCHEMA_VALIDATION_FAILED", message, at, reading.document.source_map.value(at))


def _expressions(part: object) -> Iterator[str]:
    """Every path that a field of a state, of its rules or catchers has; not those of templates and of states inside."""
    match part:
        case PathRef(path):
            yield path
        case PathFlow() | CatchPath():
            for name in ("input_path", "result_path", "output_path"):
                if isinstance(text := getattr(part, name, None), str):
                    yield text
        case Comparison():
            yield part.variable
    if isinstance(part, tuple):
        for element in part:
            yield from _expressions(element)
    elif is_dataclass(part) and not isinstance(part, type | Machine):
        for field in fields(part):
            yield from _expressions(getattr(part, field.name))


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


def _value_at(value: Json, at: Pointer) -> Json:
    """The part of a document that a pointer leads to; None where it leads nowhere."""
    for token in parts(at):
        if isinstance(value, dict):
            value = value.get(token)
        elif isinstance(value, list) and token.isdigit() and int(token) < len(value):
            value = value[int(token)]
    return value
