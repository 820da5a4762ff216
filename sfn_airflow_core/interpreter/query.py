"""JSON values with ``{% %}`` strings in them, as JSONata states have in Arguments, Output, Assign and the like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.expr.jsonata import Query, QueryError, Undefined, UnsupportedResult, read_query
from sfn_airflow_core.interpreter.values import json_text, kind

if TYPE_CHECKING:
    from sfn_airflow_core.interpreter.run import Stay


@dataclass(frozen=True, slots=True)
class Constant:
    """A value without expressions."""

    value: Json


@dataclass(frozen=True, slots=True)
class Computed:
    """The text of an expression, with the query or why it cannot be read."""

    text: str
    query: Query | ExpressionError


@dataclass(frozen=True, slots=True)
class Members:
    """An object with expressions somewhere inside."""

    entries: tuple[tuple[str, Shape], ...]


@dataclass(frozen=True, slots=True)
class Elements:
    """An array with expressions somewhere inside."""

    elements: tuple[Shape, ...]


Shape: TypeAlias = "Constant | Computed | Members | Elements"


def expression_in(text: str) -> str | None:
    """The expression in a string that starts with ``{%`` and ends with ``%}``, both exactly; None for other strings."""
    return text[2:-2] if len(text) >= 4 and text.startswith("{%") and text.endswith("%}") else None


def computed(text: str) -> Computed:
    """An expression by its text."""
    try:
        return Computed(text.strip(), read_query(text))
    except ExpressionError as error:
        return Computed(text.strip(), error)


def shape_of(value: Json) -> Shape:
    """Find the expressions in a value; object keys are never expressions."""
    match value:
        case str() if (text := expression_in(value)) is not None:
            return computed(text)
        case dict():
            entries = tuple((name, shape_of(item)) for name, item in value.items())
            return Constant(value) if all(isinstance(item, Constant) for _, item in entries) else Members(entries)
        case list():
            elements = tuple(map(shape_of, value))
            return Constant(value) if all(isinstance(item, Constant) for item in elements) else Elements(elements)
        case _:
            return Constant(value)


def fill(shape: Shape, stay: Stay, states: dict[str, Json], field: str) -> Json:
    """The value with its expressions evaluated; ``states`` is ``$states``; raises StateFailed
    (QueryEvaluationError).
    """
    match shape:
        case Constant():
            return shape.value
        case Members():
            return {name: fill(item, stay, states, f"{field}/{name}") for name, item in shape.entries}
        case Elements():
            return [fill(item, stay, states, f"{field}[{n}]") for n, item in enumerate(shape.elements)]
        case Computed():
            return _answer(shape, stay, states, field)


def _answer(shape: Computed, stay: Stay, states: dict[str, Json], field: str) -> Json:
    quoted = f"The JSONata expression '{shape.text}' specified for the field '{field}'"
    if isinstance(shape.query, ExpressionError):
        raise stay.unanswered(f"{quoted} threw an error during evaluation. {shape.query.message}", field)
    try:
        result = shape.query.evaluate({**stay.frame.variables, "states": states}, stay.run.world.library)
    except QueryError as error:
        raise stay.unanswered(f"{quoted} threw an error during evaluation. {error}", field) from error
    except UnsupportedResult as error:
        raise stay.unanswered(f"{quoted} returned an unsupported result type.", field) from error
    if isinstance(result, Undefined):
        raise stay.unanswered(f"{quoted} returned nothing (undefined).", field)
    return result


def expect(value: Json, wanted: str, text: str, stay: Stay, field: str) -> None:
    """Fail with AWS's text unless the value of an expression has the JSON type ``wanted``."""
    if kind(value) != wanted:
        raise stay.unanswered(
            f"The JSONata expression '{text.strip()}' specified for the field '{field}' returned an unexpected result "
            f"type. Expected '{wanted}', but was '{kind(value)}' for value: {json_text(value)}",
            field,
        )
