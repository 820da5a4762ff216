"""Type and existence tests of Choice rules, and existence in filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfn_airflow_core.expr.model import Test
from sfn_airflow_core.interpreter.evaluate_path import Evaluate, select
from sfn_airflow_core.interpreter.failures import MissingValue
from sfn_airflow_core.interpreter.values import is_number, timestamp

if TYPE_CHECKING:
    from sfn_airflow_core.interpreter.evaluate import Data


def passes(test: Test, data: Data, evaluate: Evaluate) -> bool:
    """Whether the test holds; only ``IsPresent`` and ``Exists`` tolerate a path that finds nothing."""
    try:
        value = select(test.operand, data, evaluate)
    except MissingValue:
        if test.kind in ("IsPresent", "Exists"):
            return False
        raise
    match test.kind:
        case "IsPresent" | "Exists":
            # An indefinite path that finds nothing gives [], which is not a presence.
            return test.operand.definite or value != []
        case "IsNull":
            return value is None
        case "IsNumeric":
            return is_number(value)
        case "IsString":
            return isinstance(value, str)
        case "IsBoolean":
            return isinstance(value, bool)
        case "IsTimestamp":
            return timestamp(value) is not None
