"""Conditions as formulas say what the conditions say: held against the interpreter, and against Python."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from running import machine_of

from sfn_airflow_core.asl.model import Choice
from sfn_airflow_core.compare.predicates import ABSENT, OTHER, Ask, asks, holds, samples
from sfn_airflow_core.compare.read_predicates import Unread, python_formula, rule_formula
from sfn_airflow_core.interpreter import execute

VALUES: list[Any] = [ABSENT, None, True, False, -1, 0, 4.5, 5, 6, "", "a", "b", OTHER]


def decided(rule: dict[str, Any], language: str, document: dict[str, Any]) -> bool | None:
    """Whether the interpreter takes the way of a rule; nothing where the Choice fails."""
    end: dict[str, Any] = {"Type": "Pass", "End": True}
    choice = {"Type": "Choice", "Choices": [{**rule, "Next": "Yes"}], "Default": "No"}
    definition = {"StartAt": "C", "QueryLanguage": language, "States": {"C": choice, "Yes": end, "No": end}}
    execution = execute(machine_of(definition), document)
    return None if execution.status != "SUCCEEDED" else execution.visits[-1].state == "Yes"


def formula_of(rule: dict[str, Any], language: str) -> Any:
    states = {"C": {"Type": "Choice", "Choices": [{**rule, "Next": "E"}]}, "E": {"Type": "Succeed"}}
    state = machine_of({"StartAt": "C", "QueryLanguage": language, "States": states}).states["C"]
    assert isinstance(state, Choice)
    return rule_formula(state.choices[0])


RULES: list[dict[str, Any]] = [
    {"Variable": "$.x", "NumericGreaterThan": 5},
    {"Variable": "$.x", "NumericLessThanEquals": 5},
    {"Variable": "$.x", "NumericEquals": 0},
    {"Variable": "$.x", "StringEquals": "a"},
    {"Variable": "$.x", "StringMatches": "a"},
    {"Variable": "$.x", "StringLessThan": "b"},
    {"Variable": "$.x", "BooleanEquals": True},
    {"Variable": "$.x", "IsPresent": False},
    {"Variable": "$.x", "IsNull": True},
    {"Not": {"Variable": "$.x", "NumericLessThan": 5}},
    {"And": [{"Variable": "$.x", "IsPresent": True}, {"Not": {"Variable": "$.x", "IsNull": True}}]},
    {"Or": [{"Variable": "$.x", "StringEquals": "a"}, {"Variable": "$.y", "NumericEquals": 5}]},
]
QUERIES = [
    "$states.input.x > 5",
    "$states.input.x = 'a' or $states.input.y >= 5",
    "$states.input.x in ['a', 'b', 5]",
    "$not($states.input.x = 5)",
    "$exists($states.input.x)",
    "$states.input.x != null",
    "5 <= $states.input.x and $states.input.y = true",
]


def documents() -> list[tuple[dict[str, Any], dict[tuple[str, ...], Any]]]:
    """All combinations of two values, as a document and as the values of a formula."""
    found = []
    for x, y in product(VALUES, [ABSENT, 5, True]):
        named = {"x": x, "y": y}
        found.append(({k: v for k, v in named.items() if v is not ABSENT}, {(k,): v for k, v in named.items()}))
    return found


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_path_rule_says_what_the_interpreter_does(rule: dict[str, Any]):
    formula, known = formula_of(rule, "JSONPath"), 0
    for document, values in documents():
        if (truth := decided(rule, "JSONPath", document)) is not None:
            known += 1
            assert holds(formula, values) is truth, document
    assert known >= 12


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_says_what_the_interpreter_does(query: str):
    rule = {"Condition": f"{{% {query} %}}"}
    formula, known = formula_of(rule, "JSONata"), 0
    for document, values in documents():
        if (truth := decided(rule, "JSONata", document)) is not None:
            known += 1
            assert holds(formula, values) is truth, document
    assert known >= 3


@pytest.mark.parametrize(
    "text",
    [
        "x > 5",
        "5 < x <= 6",
        "x == 'a' or y == 5",
        "not x != 5",
        "x in ('a', 5)",
        "x not in [4.5, 'b']",
        "x is None",
        "x is not None and y",
        "not x",
    ],
)
def test_a_python_condition_says_what_python_does(text: str):
    formula, known = python_formula(text), 0
    for document, values in documents():
        if ABSENT in values.values():
            continue
        try:
            truth = bool(eval(text, {}, document))  # the texts of this test
        except TypeError:
            continue
        if isinstance(document["x"], bool) or document["x"] in (0, 1) or document["y"] is True:
            continue  # 1 == True in Python, and nowhere else
        known += 1
        assert holds(formula, values) is truth, document
    assert known >= 3


@pytest.mark.parametrize("text", ["f(x)", "x + 1 > 2", "x > y", "x[0] == 1", "x ==", "(lambda: x)()", "x == [1]"])
def test_what_asks_for_more_has_no_formula(text: str):
    with pytest.raises(Unread):
        python_formula(text)


def test_samples_have_a_value_of_every_range():
    questions = list(asks(python_formula("x > 5 or x == 7 or x in ('a', 'b') or x is None or 'x' in data")))
    of_x = [ask for ask in questions if ask.operand == ("x",)]
    found = samples([*of_x, Ask(("x",), "present")])
    assert {4, 5, 6.0, 7, 8, "a", "b", OTHER} <= {value for value in found if isinstance(value, int | float | str)}
    assert None in found
    assert ABSENT in found
