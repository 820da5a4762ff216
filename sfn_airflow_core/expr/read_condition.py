"""Read the rules of a JSONPath Choice into an expression.

Source: States Language specification, "Choice State" (data-test expressions).
"""

from __future__ import annotations

from typing import Literal as OneOf
from typing import TypeAlias, assert_never, cast, get_args

from sfn_airflow_core.asl.model import And, Comparison, Condition, Given, Not, Or, PathRef, Placeholder
from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.expr.model import Compare, Expr, FilterOperator, Literal, Logic, Negation, Test
from sfn_airflow_core.expr.read_jsonpath import read_path

Family: TypeAlias = OneOf["string", "numeric", "boolean", "timestamp", "matches"]
TypeTest: TypeAlias = OneOf["IsPresent", "IsNull", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp"]

_FAMILIES: dict[Family, tuple[str, type | tuple[type, ...]]] = {
    "string": ("String", str),
    "numeric": ("Numeric", (int, float)),
    "boolean": ("Boolean", bool),
    "timestamp": ("Timestamp", str),
}
_ORDER: dict[str, FilterOperator] = {
    "Equals": "==",
    "LessThan": "<",
    "LessThanEquals": "<=",
    "GreaterThan": ">",
    "GreaterThanEquals": ">=",
}
OPERATORS: dict[str, tuple[Family, FilterOperator, type | tuple[type, ...]]] = {
    word + name: (family, operator, kind)
    for family, (word, kind) in _FAMILIES.items()
    for name, operator in _ORDER.items()
    if family != "boolean" or operator == "=="
} | {"StringMatches": ("matches", "==", str)}


def read_condition(condition: Condition) -> Expr:
    """The value of a rule; ``"IsPresent": false`` is the negation of the test. Raises ``ExpressionError``."""
    match condition:
        case And():
            return Logic("and", tuple(map(read_condition, condition.rules)))
        case Or():
            return Logic("or", tuple(map(read_condition, condition.rules)))
        case Not():
            return Negation(read_condition(condition.rule))
        case Comparison():
            return _comparison(condition)
        case _:
            assert_never(condition)


def _comparison(rule: Comparison) -> Expr:
    variable = read_path(rule.variable)
    if rule.operator in get_args(TypeTest):
        match rule.operand:
            case Given(bool(wanted)):
                test = Test(cast("TypeTest", rule.operator), variable)
                return test if wanted else Negation(test)
        raise ExpressionError(f"{rule.operator} needs true or false", rule.operator)
    if rule.operator not in OPERATORS:
        raise ExpressionError(f"{rule.operator} is no comparison of a Choice", rule.operator)
    family, operator, kind = OPERATORS[rule.operator]
    match rule.operand:
        case PathRef(path):
            return Compare(family, operator, variable, read_path(path))
        case Given(value):
            is_right = isinstance(value, kind) and (family != "numeric" or not isinstance(value, bool))
            if not is_right and not isinstance(value, Placeholder):
                raise ExpressionError(f"{rule.operator} compares with a value of another type", rule.operator)
            return Compare(family, operator, variable, Literal(value))
