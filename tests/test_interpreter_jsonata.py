"""JSONata states, and the engine behind them against the language's own test suite."""

from __future__ import annotations

import datetime
import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from running import chain, jsonata, output, run
from shared import CORPUS

from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.expr.jsonata import UNDEFINED, Library, QueryError, UnsupportedResult, read_query

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def library() -> Library:
    return Library(random.Random(1), lambda: NOW)


def value(text: str, **variables: Any) -> Any:
    return read_query(text).evaluate(variables, library())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$partition([1,2,3], 2)", [[1, 2], [3]]),
        ("$partition([0], 1)", [[0]]),
        ("$range(1, 9, 9)", 1),
        ("$range(0, 9, 3)", [0, 3, 6, 9]),
        ("$range(3, 1, -1)", [3, 2, 1]),
        ("$hash('input data', 'SHA-1')", "aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ("$parse('{\"a\": [null]}')", {"a": [None]}),
        ("$parse('null')", None),
        ("$count($split($uuid(), '-'))", 5),
        ("$random(7) = $random(7)", True),
        ("$random() < 1 and $random() >= 0", True),
        ("$now()", "2026-01-01T00:00:00.000Z"),
        ("$now('[Y0001]/[M01]')", "2026/01"),
        ("$millis()", 1767225600000),
        ("$x.a & ''", "null"),
        ("$x.a", None),
        ("$x.b", UNDEFINED),
        ("$exists($x.a)", True),
        ("$x.b = null", False),
        ("0.1 * 10", 1),
        ("[1..3].($ * 2)", [2, 4, 6]),
        ("'$random() $now()'", "$random() $now()"),
        ("($random := 3; $random)", 3),
    ],
)
def test_an_expression_gives(text: str, expected: Any) -> None:
    result = value(text, x={"a": None})
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize("text", ["1 ?: 2", "$a ?? 1", "$eval('1')", "(", "$x[", "1 +", "'open"])
def test_what_aws_does_not_have_cannot_be_read(text: str) -> None:
    with pytest.raises(ExpressionError):
        read_query(text)


@pytest.mark.parametrize(
    "text", ["1/0", "$parse('{')", "$partition([1], 0)", "$range(1, 2, 0)", "$hash('x', 'MD2')", "'a' + 1"]
)
def test_an_expression_fails_with_an_error_of_the_language(text: str) -> None:
    with pytest.raises(QueryError):
        value(text)


@pytest.mark.parametrize("text", ["function($x){$x}", "$sum", "/a/", "[$sum]", "{'a': $sum}"])
def test_functions_are_no_results(text: str) -> None:
    with pytest.raises(UnsupportedResult):
        value(text)


def test_endless_recursion_is_an_error() -> None:
    with pytest.raises(QueryError):
        value("($f := function($n){ 1 + $f($n + 1) }; $f(1))")


@pytest.mark.parametrize(
    "text",
    [
        "\"'); import os; ('\"",
        "'\\\\\\' + __import__(\\'os\\')'",
        "`__import__('os')`",
        '$x.`a"\\n]`',
        "'{__class__}'",
        "'\\u0022\\u000a'",
    ],
)
def test_text_of_expressions_stays_text(text: str) -> None:
    """The engine compiles to Python: names and strings must not become code."""
    result = value(text, x={})
    assert result is UNDEFINED or isinstance(result, str)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.text(min_size=1))
def test_no_text_becomes_code(text: str) -> None:
    assert value(json.dumps(text)) == text
    assert value(json.dumps(text, ensure_ascii=False)) == text
    if "`" not in text:
        assert value(f"$x.`{text}`", x={text: 7}) == 7
    assert value("$lookup($x, $k)", x={text: 7}, k=text) == 7


def test_evaluation_has_a_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sfn_airflow_core.expr.jsonata._TIME_LIMIT_MS", 50)
    with pytest.raises(QueryError, match="timeout"):
        value("$count($map([1..9000000], function($n){ $n + 0 }))")


def test_the_language_suite() -> None:
    path = CORPUS / "jsonata-suite.json"
    if not path.is_file():
        pytest.skip("the corpus file jsonata-suite.json is not here")
    suite = json.loads(path.read_text(encoding="utf-8"))
    failed, passed, refused = [], 0, 0
    for case in suite["cases"]:
        given = suite["datasets"][case["dataset"]] if "dataset" in case else case.get("data")
        outcome = _outcome(case, given)
        refused += outcome == "refused"
        passed += outcome == "passed"
        failed += [case["id"]] if outcome == "failed" else []
    assert passed / (passed + len(failed)) >= 0.995, failed
    assert refused == 54  # the operators of 2.1, and $eval


def _outcome(case: dict[str, Any], given: Any) -> str:
    arguments = (case["bindings"] or {}, library()) if given is None else (case["bindings"] or {}, library(), given)
    try:
        have = read_query(case["expr"]).evaluate(*arguments)
    except ExpressionError as error:
        if "not part of JSONata 2.0.6" in error.message or "$eval" in error.message:
            return "refused"
        return "passed" if case["want"] == "error" else "failed"
    except (QueryError, UnsupportedResult):
        return "passed" if case["want"] == "error" else "failed"
    if case["want"] == "undef":
        return "passed" if have is UNDEFINED else "failed"
    if case["want"] == "error":
        return "failed"
    wanted = case["result"]
    if case.get("unordered"):
        wanted, have = sorted(wanted, key=str), sorted(have, key=str)
    return "passed" if _close(wanted, have) else "failed"


def _close(want: Any, have: Any) -> bool:
    if isinstance(want, dict) and isinstance(have, dict):
        return want.keys() == have.keys() and all(_close(want[key], have[key]) for key in want)
    if isinstance(want, list) and isinstance(have, list):
        return len(want) == len(have) and all(map(_close, want, have))
    if isinstance(want, float) and isinstance(have, int | float):
        return have == pytest.approx(want, rel=1e-12)
    return isinstance(want, bool) == isinstance(have, bool) and want == have


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"x": 1}),
        ({"Output": "{% $states.input.x + 1 %}"}, 2),
        ({"Output": {"a": ["{% $states.input.x %}", "{% 'b' %} "]}}, {"a": [1, "{% 'b' %} "]}),
        ({"Output": {"{% 1 %}": " {% 1 %}"}}, {"{% 1 %}": " {% 1 %}"}),
        ({"Output": None}, None),
        ({"Output": "{% null %}"}, None),
        ({"Output": "{% $states.context.State.Name %}"}, "A"),
        ({"Output": "{%\n $states.input.\nx %}"}, 1),
    ],
)
def test_output_is_computed(fields: dict[str, Any], expected: Any) -> None:
    assert output(chain(jsonata("Pass", **fields)), {"x": 1}) == expected


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("$none", "specified for the field 'Output/v' returned nothing (undefined)."),
        ("$sum", "specified for the field 'Output/v' returned an unsupported result type."),
        ("$none()", "threw an error during evaluation. T1006: Attempted to invoke a non-function"),
        ("$.x", "returned nothing (undefined)."),
        ("$states.result", "returned nothing (undefined)."),
    ],
)
def test_a_failing_output_ends_the_execution(text: str, cause: str) -> None:
    execution = run(chain(jsonata("Pass", Output={"v": f"{{% {text} %}}"})), {"x": 1})
    assert execution.error == "States.QueryEvaluationError"
    assert cause in str(execution.cause)


def test_output_and_assign_see_the_variables_as_of_entry() -> None:
    first = jsonata("Pass", Assign={"x": 1, "y": 2})
    swap = jsonata("Pass", Assign={"x": "{% $y %}", "y": "{% $x %}"}, Output="{% $x %}")
    last = jsonata("Pass", Output=["{% $states.input %}", "{% $x %}", "{% $y %}"])
    assert output(chain(first, swap, last)) == [1, 2, 1]


def test_a_machine_may_mix_both_languages() -> None:
    first = jsonata("Pass", Assign={"v": "{% [1..3] %}"}, Output={"n": 1})
    last = {"Type": "Pass", "Parameters": {"v.$": "$v[1]", "n.$": "$.n"}}
    assert output(chain(first, last)) == {"v": 2, "n": 1}


def test_a_jsonata_task_hands_on_its_result_unless_told_otherwise() -> None:
    state = {
        "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f",
        "Arguments": {"v": "{% $states.input.x %}"},
    }
    execution = run(chain(jsonata("Task", **state)), {"x": 1}, {"A": {"result": 5}})
    assert (execution.output, execution.calls[0].arguments) == (5, {"v": 1})
    shaped = {"Output": {"r": "{% $states.result %}", "i": "{% $states.input.x %}"}}
    assert output(chain(jsonata("Task", **state, **shaped)), {"x": 1}, {"A": {"result": 5}}) == {"r": 5, "i": 1}
