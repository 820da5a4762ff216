"""Fields that hold a value or a JSONata expression, as one expression."""

from __future__ import annotations

from dataclasses import replace

from sfn_airflow_core.asl.model import Amount, Placeholder, Query
from sfn_airflow_core.expr.jsonata_model import Kind
from sfn_airflow_core.expr.model import Expr, Literal
from sfn_airflow_core.expr.read_jsonata import read_jsonata


def query_amount(value: Amount | str, wanted: Kind = "any") -> Expr:
    """A fixed value, or an expression; ``wanted`` is the only kind of value that the field takes from one."""
    if isinstance(value, Query):
        return replace(read_jsonata(value.text), wanted=wanted)
    assert isinstance(value, bool | int | float | str | Placeholder)
    return Literal(value)
