"""Every combination of the fields that shape documents in JSONPath states, there and back again.

A machine with one such state is translated to a DAG file and read back: the machine that comes back does the same with
every input, calls the same, and is in JSONPath.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from goldens import calls_made, retry_delays, waits

from airflow2sfn.generated import read_back
from sfn2airflow.options import Options
from sfn2airflow.translate import translate_text
from sfn_airflow_core.asl.model import Machine
from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.asl.write import write
from sfn_airflow_core.interpreter import execute, read_replies

Fields = dict[str, list[Any]]
NO = object()
INPUT: Fields = {"InputPath": [NO, "$.a", None]}
PARAMETERS: Fields = {
    "Parameters": [
        NO, {"p": 1}, {"p.$": "$.b", "q.$": "$$.Execution.Input.a"}, {"p.$": "States.Format('{}', $.b)"},
    ],
}  # fmt: skip
RESULT: Fields = {"ResultPath": [NO, None, "$.r", "$.r.s"]}
OUTPUT: Fields = {"OutputPath": [NO, "$.r", None, "$$.Execution.Input.a", "$.b"]}
ASSIGN: Fields = {"Assign": [NO, {"v.$": "$", "w": 1}, {"v.$": "$.p"}]}
SELECTOR: Fields = {
    "ResultSelector": [NO, {"p.$": "$.b"}, {"p": 1}, {"x.$": "$.b", "y.$": "States.ArrayLength($.list)"}],
}
CATCH: Fields = {
    "Catch": [
        [{"ErrorEquals": ["States.ALL"], "Next": "Last", **more}]
        for more in (
            {},
            {"ResultPath": None},
            {"ResultPath": "$.e"},
            {"ResultPath": "$.r.e", "Assign": {"v.$": "$.Error"}},
        )
    ]
}
INNER = {"StartAt": "In", "States": {"In": {"Type": "Pass", "Parameters": {"b.$": "$", "list": [1]}, "End": True}}}
JOB = "arn:aws:states:::glue:startJobRun.sync"
TOKEN = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
KINDS: dict[str, tuple[dict[str, Any], list[Fields]]] = {
    "pass": ({"Type": "Pass"}, [INPUT, {"Result": [NO, {"b": {"c": 1}}]}, PARAMETERS, RESULT, OUTPUT, ASSIGN]),
    "request": (
        {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke"},
        [INPUT, PARAMETERS, SELECTOR, RESULT, OUTPUT, ASSIGN],
    ),
    "function": (
        {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:111122223333:function:f"},
        [INPUT, PARAMETERS, SELECTOR, RESULT, OUTPUT],
    ),
    "operator": (
        {"Type": "Task", "Resource": JOB, "Parameters": {"JobName": "j", "Arguments": {"--a.$": "$.b"}}},
        [INPUT, SELECTOR, RESULT, OUTPUT, ASSIGN],
    ),
    "job": ({"Type": "Task", "Resource": JOB}, [INPUT, PARAMETERS, RESULT, OUTPUT]),
    "token": (
        {"Type": "Task", "Resource": TOKEN, "Parameters": {"MessageBody": {"t.$": "$$.Task.Token", "b.$": "$.b"}}},
        [INPUT, SELECTOR, RESULT, OUTPUT, {"HeartbeatSecondsPath": [NO, "$.beat"]}],
    ),
    "catch": (
        {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke"},
        [INPUT, CATCH, {"TimeoutSecondsPath": [NO, "$.beat"]}, RESULT],
    ),
    "parallel": ({"Type": "Parallel", "Branches": [INNER]}, [INPUT, PARAMETERS, SELECTOR, RESULT, OUTPUT, ASSIGN]),
    "map": (
        {"Type": "Map", "ItemProcessor": INNER},
        [
            INPUT, {"ItemsPath": ["$.list", "$$.Execution.Input.list"]},
            {"ItemSelector": [NO, {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "b.$": "$.b"}]},
            {"MaxConcurrencyPath": [NO, "$.beat"]}, RESULT, OUTPUT,
        ],
    ),
    "wait": (
        {"Type": "Wait"},
        [INPUT, {"SecondsPath": [NO, "$.beat"], "Seconds": [NO, 3]}, {"TimestampPath": [NO, "$.at"]}, OUTPUT, ASSIGN],
    ),
    "choice": (
        {
            "Type": "Choice", "Default": "Last",
            "Choices": [{"Variable": "$.b", "IsPresent": True, "Next": "Last", "Assign": {"v.$": "$.b"}}],
        },
        [INPUT, OUTPUT, ASSIGN],
    ),
    "succeed": ({"Type": "Succeed"}, [INPUT, OUTPUT]),
    "fail": ({"Type": "Fail"}, [{"ErrorPath": [NO, "$.at"], "CausePath": [NO, "States.Format('{}', $.b)"]}]),
}  # fmt: skip
INPUTS = (
    {"a": {"b": {"c": 2}, "r": 3, "list": ["x"], "beat": 2}, "b": {"b": 4}, "r": {"s": 1}, "list": [1, 2], "beat": 5,
     "at": "2000-01-01T00:00:00Z"},
    {"b": 1, "list": [], "beat": "soon", "at": 7},
    {},
)  # fmt: skip
ANSWERS = (
    {"result": {"b": {"r": 1}, "r": {"t": 1}, "list": [1]}},
    {"result": {"b": 1}},
    {"error": "Broken", "cause": "c"},
)


def states(kind: str) -> Iterator[dict[str, Any]]:
    """The states of a kind, with every combination of the fields that are varied."""
    fixed, varied = KINDS[kind]
    fields = {name: values for part in varied for name, values in part.items()}
    for chosen in itertools.product(*fields.values()):
        made = fixed | {name: value for name, value in zip(fields, chosen, strict=True) if value is not NO}
        if not {"Result", "Parameters"} <= made.keys():  # it is not known whether Parameters are evaluated then
            yield made


def around(state: dict[str, Any]) -> str:
    """A machine with a state, and another one behind it that shows the document and the variable."""
    last: dict[str, Any] = {"Type": "Pass", "End": True}
    if "Assign" in json.dumps(state):
        last["Parameters"] = {"all.$": "$", "v.$": "$v"}
    if state["Type"] not in ("Choice", "Succeed", "Fail"):
        state = {**state, "Next": "Last"}
    named = {"First": state} if state["Type"] in ("Succeed", "Fail") else {"First": state, "Last": last}
    return json.dumps({"StartAt": "First", "States": named})


def machine(text: str) -> Machine | None:
    reading = read_text(text, "m")
    return None if any(problem.severity == "ERROR" for problem in reading.problems) else reading.machine


def ran(definition: Machine, given: Any, answer: Any) -> tuple[Any, ...]:
    end = execute(definition, given, read_replies({"First": answer}))
    return end.status, end.output, end.error, [*map(repr, calls_made(end))], waits(end), retry_delays(end)


def check(kind: str, step: int) -> int:
    checked = 0
    for state in itertools.islice(states(kind), 0, None, step):
        text = around(state)
        if (first := machine(text)) is None:
            continue  # both Seconds and SecondsPath, say
        dag = translate_text(text.encode(), "m", Options(dag_id="m")).text
        assert dag is not None
        found = read_back(dag, "m")
        assert not found.unread, (state, found.unread)
        assert not found.translated, state
        second = machine(write(found.machine))
        assert second is not None, state
        for given, answer in itertools.product(INPUTS, ANSWERS if state["Type"] == "Task" else ANSWERS[:1]):
            assert ran(second, given, answer) == ran(first, given, answer), (state, given, write(found.machine))
        checked += 1
    return checked


@pytest.mark.parametrize("kind", KINDS)
def test_some_combinations(kind: str) -> None:
    """Every so many, a number that is no divisor of how many values a field has."""
    assert check(kind, 1 if len([*states(kind)]) < 60 else 97)


@pytest.mark.round_trips
@pytest.mark.parametrize("kind", KINDS)
def test_every_combination(kind: str) -> None:
    assert check(kind, 1)
