"""Read payload templates (``Parameters``, ``ResultSelector``, ``ItemSelector``, ``Assign`` and the like).

Source: States Language specification, "Payload Template": a key that ends in ``.$`` holds a path or an intrinsic
function, whose value takes its place under the key without the suffix; everything else is what it is.
"""

from __future__ import annotations

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.expr.model import Array, Expr, Literal, Object
from sfn_airflow_core.expr.read_intrinsic import read_value


def read_template(value: Json) -> Expr:
    """What a template computes; a part without any ``.$`` key is one ``Literal``.

    Raises ``ExpressionError`` where a ``.$`` key has no path or intrinsic function, or where both ``a`` and ``a.$`` are
    given.
    """
    match value:
        case dict():
            return _object(value)
        case list():
            elements = tuple(map(read_template, value))
            return Literal(value) if all(isinstance(element, Literal) for element in elements) else Array(elements)
        case _:
            return Literal(value)


def _object(value: dict[str, Json]) -> Expr:
    entries, is_static = list[tuple[str, Expr]](), True
    for key, part in value.items():
        if not key.endswith(".$"):
            expr = read_template(part)
            is_static = is_static and isinstance(expr, Literal)
            entries.append((key, expr))
            continue
        name, is_static = key[:-2], False
        if name in value:
            raise ExpressionError(f"{name!r} and {key!r} are in one object", key)
        if not isinstance(part, str):
            raise ExpressionError(f"{key!r} needs a string with a path or an intrinsic function", key)
        try:
            entries.append((name, read_value(part)))
        except ExpressionError as error:
            raise ExpressionError(f"{key!r}: {error.message}", error.text, error.position) from None
    return Literal(value) if is_static else Object(tuple(entries))
