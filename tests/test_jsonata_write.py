"""What JSONata looks like in Python, and what the runtime makes of documents and errors."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from queries import FUNCTIONS, compiled, kind, run, source

from sfn2airflow.options import Options
from sfn2airflow.translate import Translation, translate_text
from sfn2airflow.writing.layout import format_sources
from sfn_airflow_core.expr.model import Literal
from sfn_airflow_core.expr.read_jsonata import read_jsonata, read_values

TEXTS = {
    "$states.input.order.id": 'data["order"]["id"]',
    "$customer.name": 'variables["customer"]["name"]',
    "$states.result.Payload": 'result["Payload"]',
    "$states.errorOutput.Error": 'error["Error"]',
    "$states.context.Execution.Name": 'context_object()["Execution"]["Name"]',
    "$states.input.items[0].id": 'need(data, "items", 0, "id")',
    "'a' & 'b'": '"ab"',
    "$states.input.status = 'OPEN'": 'find(data, "status") == "OPEN"',
    "$states.input.deleted = null": 'find(data, "deleted") is None',
    "$states.input.count > 3": 'numeric(data["count"]) > 3',
    "$states.input.a * 2 + 1": 'numeric(data["a"]) * 2 + 1',
    "($states.input.a + 1) * 2": '(numeric(data["a"]) + 1) * 2',
    "'Dear ' & $states.input.name": "f\"Dear {shown(find(data, 'name'))}\"",
    "$exists($states.input.a) ? 1 : 2": '1 if is_there(find(data, "a")) else 2',
    "$uppercase($states.input.name)": 'functions.uppercase(data["name"])',
    "$states.input.lines[price > 1]": (
        'known(sequence([line for line in all_of(data["lines"]) if compared(find(line, "price"), ">", 1)]))'
    ),
    "$map($states.input.ids, function($id) { 'x' & $id })": (
        'known(sequence([f"x{shown(id_element)}" for id_element in all_of(data["ids"])]))'
    ),
    "$filter($states.input.ids, function($v) { $exists($v.a) ? $v.a > 0 : true })": (
        'known(sequence([v for v in all_of(data["ids"]) if (compared(find(v, "a"), ">", 0) if is_there(find(v, "a")) '
        "else True)]))"
    ),
    "($n := $states.input.a; $n & $n)": "f\"{shown(find(data, 'a'))}{shown(find(data, 'a'))}\"",
    "{'a': 1, 'b': $uuid()}": '{"a": 1, "b": functions.uuid()}',
}


@pytest.mark.parametrize(("text", "python"), TEXTS.items(), ids=TEXTS)
def test_text(text: str, python: str) -> None:
    assert source(compiled(text)) == python


@pytest.mark.parametrize(
    "text",
    ["$match($states.input.a, /x/)", "$states.input.a^(b)", "$states.input.a{b: c}", "$formatNumber(1, '0')", "$a.*.b"],
)
def test_the_rest_is_for_the_engine(text: str) -> None:
    assert kind(compiled(text)) == "engine"


@pytest.mark.parametrize(
    ("text", "data", "value"),
    [
        ("$match($states.input.a, /x(.)/).groups", {"a": "axb"}, ["b"]),
        ("$states.input.a^(>b).b", {"a": [{"b": 1}, {"b": 2}]}, [2, 1]),
        ("$states.input.a{b: $sum(c)}", {"a": [{"b": "x", "c": 1}, {"b": "x", "c": 2}]}, {"x": 3}),
        ("$match($states.input.a, /x/)", {"a": "b"}, "no value"),
        ("$states.input.a^(b) ~> $partition(1)", {"a": [{"b": 2}, {"b": 1}]}, [[{"b": 1}], [{"b": 2}]]),
        ("$states.input.a^(b)[0].b + $random(1) * 0", {"a": [{"b": 2}, {"b": 1}]}, 1),
    ],
)
def test_what_the_engine_evaluates(text: str, data: Any, value: Any) -> None:
    code = compiled(text)
    assert kind(code) == "engine"
    assert run(code, data) == value


def test_arrays_of_documents_are_looked_through() -> None:
    data = FUNCTIONS["queryable"]({"orders": [{"id": 1, "tags": ["a"]}, {"id": 2, "tags": ["b", "c"]}, 3]})
    assert data["orders"]["id"] == [1, 2]
    assert data["orders"]["tags"] == ["a", "b", "c"]
    assert data["orders"][0]["id"] == 1
    with pytest.raises(KeyError):
        data["orders"]["name"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1"),
        (0.1 + 0.2, "0.3"),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (1e-7, "1e-7"),
        (-1.5, "-1.5"),
        (12345678901234567890, "12345678901234567000"),
        (0.000001, "0.000001"),
        (1.5e-9, "1.5e-9"),
        (True, "true"),
    ],
)
def test_numbers_as_text(number: Any, text: str) -> None:
    assert FUNCTIONS["shown"](number) == text


def _machine(state: dict[str, Any]) -> Translation:
    definition = {"QueryLanguage": "JSONata", "StartAt": "Work", "States": {"Work": {**state, "End": True}}}
    return translate_text(json.dumps(definition), "machine.asl.json", Options(dag_id="machine"))


def test_a_dag_that_needs_the_engine_says_so() -> None:
    made = _machine({"Type": "Pass", "Output": "{% $match($states.input.a, /x/).match %}"})
    assert made.text is not None
    assert "the environment has the package ``jsonata2py==0.1.3``" in made.text
    assert [found.finding.code for found in made.report.findings] == ["S2A302"]


def test_open_placeholders_in_texts_of_expressions_are_constants() -> None:
    made = _machine({"Type": "Pass", "Output": "{% 'arn:${Name}:' & $states.input.id %}"})
    assert made.text is not None
    assert 'NAME = Setting("Name")' in made.text
    assert "f\"arn:{NAME}:{shown(find(data, 'id'))}\"" in made.text


def test_open_placeholders_of_rules_and_catchers_are_constants() -> None:
    rules = [{"Condition": "{% $states.input.kind = '${Kind}' %}", "Output": {"to": "${Place}"}, "Next": "Done"}]
    states = {"Pick": {"Type": "Choice", "Choices": rules, "Default": "Done"}, "Done": {"Type": "Succeed"}}
    definition = {"QueryLanguage": "JSONata", "StartAt": "Pick", "States": states}
    text = translate_text(json.dumps(definition), "machine.asl.json", Options(dag_id="machine")).text
    assert text is not None
    assert 'find(data, "kind") == KIND.get()' in text
    assert '{"to": PLACE.get()}' in text


@pytest.mark.parametrize(
    "text",
    [
        "$states.input" + ".a" * 3000,
        " & ".join(["$states.input.x"] * 300),
        "true ? 1 : " * 150 + "2",
        '"' + "x y " * 9000 + '"',
    ],
    ids=["path", "texts", "conditions", "string"],
)
def test_long_expressions_take_little_time(text: str) -> None:
    began = time.perf_counter()
    made = _machine({"Type": "Pass", "Output": f"{{% {text} %}}"})
    assert time.perf_counter() - began < 2
    if made.text is not None:
        compile(format_sources([made.text])[0], "machine", "exec")
    else:
        assert made.report.problems


def test_hostile_texts_stay_texts() -> None:
    text = "{% 'x\"{__import__(\"os\")}\\n' & $states.input['}'] %}"
    made = _machine({"Type": "Pass", "Output": text})
    assert made.text is not None
    compile(made.text, "machine", "exec")
    assert run(compiled("'a{b}' & '\"' & $states.input.x"), {"x": "{}"}) == 'a{b}"{}'


def test_reading_names_what_an_expression_needs() -> None:
    assert read_jsonata("$match($states.input.a, /x/)").states == ("input",)
    assert read_jsonata("$match($states.result.a, /x/)").states == ("result",)
    assert read_jsonata("$states.*").states is None
    assert read_jsonata("$sum(").problem


def test_constants_are_what_they_are_at_any_depth() -> None:
    assert read_values({"a": ["{% true %}", {"b": "{% 'x' %}"}], "c": "{% null %}"}) == Literal(
        {"a": [True, {"b": "x"}], "c": None}
    )
    assert not isinstance(read_values(["{% 1 %}", "{% $states.input %}"]), Literal)
