"""Choice rules in both query languages."""

from __future__ import annotations

from typing import Any

import pytest
from running import jsonata, output, run

GIVEN = {"s": "foo*bar", "n": 5, "f": 5.0, "b": True, "z": None, "t": "2026-01-01T00:00:00Z", "o": {}, "low": 1}


def decide(rule: dict[str, Any], default: bool = True, given: Any = GIVEN) -> Any:
    choice = {"Type": "Choice", "Choices": [{**rule, "Next": "Yes"}], **({"Default": "No"} if default else {})}
    ends = {name: {"Type": "Pass", "Result": name, "End": True} for name in ("Yes", "No")}
    return run({"StartAt": "C", "States": {"C": choice, **ends}}, given)


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ({"Variable": "$.s", "StringEquals": "foo*bar"}, True),
        ({"Variable": "$.s", "StringGreaterThan": "fo"}, True),
        ({"Variable": "$.s", "StringMatches": "foo*"}, True),
        ({"Variable": "$.s", "StringMatches": r"foo\*bar"}, True),
        ({"Variable": "$.s", "StringMatches": "foo?bar"}, False),
        ({"Variable": "$.s", "StringMatches": "*o*b*r"}, True),
        ({"Variable": "$.s", "StringMatches": "*bar*bar"}, False),
        ({"Variable": "$.n", "NumericEquals": 5.0}, True),
        ({"Variable": "$.n", "NumericEqualsPath": "$.f"}, True),
        ({"Variable": "$.n", "NumericLessThanPath": "$.low"}, False),
        ({"Variable": "$.b", "NumericEquals": 1}, False),
        ({"Variable": "$.b", "BooleanEquals": True}, True),
        ({"Variable": "$.s", "NumericEquals": 1}, False),
        ({"Variable": "$.n", "StringEquals": "5"}, False),
        ({"Variable": "$.z", "IsNull": True}, True),
        ({"Variable": "$.z", "IsPresent": True}, True),
        ({"Variable": "$.none", "IsPresent": True}, False),
        ({"Variable": "$.none", "IsPresent": False}, True),
        ({"Variable": "$.t", "IsTimestamp": True}, True),
        ({"Variable": "$.s", "IsTimestamp": True}, False),
        ({"Variable": "$.s", "IsString": True}, True),
        ({"Variable": "$.b", "IsNumeric": True}, False),
        ({"Variable": "$.o", "IsBoolean": False}, True),
        ({"Variable": "$.t", "TimestampEquals": "2026-01-01T01:00:00+01:00"}, True),
        ({"Variable": "$.t", "TimestampLessThan": "2026-01-01T00:00:00.001Z"}, True),
        ({"Variable": "$$.Execution.Input.n", "NumericEquals": 5}, True),
        ({"Not": {"Variable": "$.n", "NumericEquals": 5}}, False),
        ({"And": [{"Variable": "$.none", "IsPresent": True}, {"Variable": "$.none", "NumericEquals": 1}]}, False),
        ({"Or": [{"Variable": "$.n", "NumericEquals": 5}, {"Variable": "$.none", "NumericEquals": 1}]}, True),
    ],
)
def test_a_rule_holds(rule: dict[str, Any], holds: bool) -> None:
    assert decide(rule).output == ("Yes" if holds else "No")


@pytest.mark.parametrize(
    "rule",
    [
        {"Variable": "$.none", "NumericEquals": 1},
        {"Variable": "$.none", "IsNull": True},
        {"Variable": "$.n", "NumericEqualsPath": "$.none"},
        {"Or": [{"Variable": "$.none", "NumericEquals": 1}, {"Variable": "$.n", "NumericEquals": 5}]},
    ],
)
def test_a_missing_value_fails_the_execution(rule: dict[str, Any]) -> None:
    assert decide(rule).error == "States.Runtime"


def test_no_match_and_no_default_is_states_runtime() -> None:
    assert decide({"Variable": "$.n", "NumericEquals": 6}, default=False).error == "States.Runtime"


def test_the_first_rule_that_holds_wins_and_only_its_assign_is_made() -> None:
    rules = [
        {"Variable": "$.n", "NumericEquals": 4, "Next": "Show", "Assign": {"by": 1}},
        {"Variable": "$.n", "NumericEquals": 5, "Next": "Show", "Assign": {"by": 2}},
        {"Variable": "$.n", "NumericEquals": 5, "Next": "Show", "Assign": {"by": 3}},
    ]
    choice = {"Type": "Choice", "Choices": rules, "Default": "Show", "Assign": {"by": 0}}
    show = {"Type": "Pass", "Parameters": {"by.$": "$by"}, "End": True}
    definition = {"StartAt": "C", "States": {"C": choice, "Show": show}}
    assert output(definition, {"n": 5}) == {"by": 2}
    assert output(definition, {"n": 9}) == {"by": 0}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [("{% $states.input.n = 5 %}", "rule"), (True, "rule"), (False, "state"), ("{% $states.input.n > 5 %}", "state")],
)
def test_jsonata_rules_have_their_own_output(condition: Any, expected: str) -> None:
    choice = jsonata(
        "Choice", Choices=[{"Condition": condition, "Next": "End", "Output": "rule"}], Default="End", Output="state"
    )
    assert output({"StartAt": "C", "States": {"C": choice, "End": {"Type": "Succeed"}}}, {"n": 5}) == expected


@pytest.mark.parametrize("condition", ["{% 1 %}", "{% $states.input.none %}", "{% $states.input.n + 'x' %}"])
def test_a_condition_that_is_no_boolean_is_an_evaluation_error(condition: str) -> None:
    choice = jsonata("Choice", Choices=[{"Condition": condition, "Next": "End"}])
    execution = run({"StartAt": "C", "States": {"C": choice, "End": {"Type": "Succeed"}}}, {"n": 5})
    assert execution.error == "States.QueryEvaluationError"
    assert any(event.type == "EvaluationFailed" for event in execution.events)
