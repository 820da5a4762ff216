"""Reading state machines: what every field becomes, and the answer to everything that is wrong."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from sfn_airflow_core.asl import model
from sfn_airflow_core.asl.model import Given, Map, PathRef, Placeholder, Query, Task, Wait
from sfn_airflow_core.asl.read import Reading, read_text
from sfn_airflow_core.findings import Problem

ARN = "arn:aws:states:::lambda:invoke"
END: dict[str, Any] = {"Type": "Pass", "End": True}
INNER = {"StartAt": "I", "States": {"I": END}}
TASK = {"Type": "Task", "Resource": ARN, "End": True}
MAP = {"Type": "Map", "ItemProcessor": INNER, "End": True}
WAIT = {"Type": "Wait", "End": True}
NULL = {"Variable": "$.a", "IsNull": True}


def machine(state: Any, **top: Any) -> str:
    """A machine whose state ``A`` is the given one, with a state ``Z`` to go to."""
    return json.dumps({"StartAt": "A", "States": {"A": state, "Z": {"Type": "Succeed"}}, **top})


def read(text: str, **options: Any) -> Reading:
    reading = read_text(text, "x.json", **options)
    assert (reading.machine is None) == any(p.severity == "ERROR" for p in reading.problems)
    assert all(problem.span is not None for problem in reading.problems)
    return reading


def errors(reading: Reading) -> list[tuple[str, str]]:
    return [(p.code, p.at) for p in reading.problems if p.severity == "ERROR"]


def choice(*rules: Any, **more: Any) -> dict[str, Any]:
    return {"Type": "Choice", "Choices": list(rules), **more}


def retry(*entries: Any) -> dict[str, Any]:
    return {**TASK, "Retry": list(entries)}


S = "SCHEMA_VALIDATION_FAILED"
REJECTED: dict[str, tuple[Any, str, str]] = {
    "no type": ({"End": True}, S, ""),
    "wrong type": ({"Type": "pass", "End": True}, S, "/Type"),
    "not an object": ([], S, ""),
    "neither Next nor End": ({"Type": "Pass"}, S, ""),
    "End false alone": ({"Type": "Pass", "End": False}, S, ""),
    "Next and End": ({"Type": "Pass", "Next": "Z", "End": True}, S, "/End"),
    "End not boolean": ({"Type": "Pass", "End": "yes", "Next": "Z"}, S, "/End"),
    "missing target": ({"Type": "Pass", "Next": "Q"}, "MISSING_TRANSITION_TARGET", "/Next"),
    "comment not a string": ({**END, "Comment": 1}, S, "/Comment"),
    "Next on Succeed": ({"Type": "Succeed", "Next": "Z"}, S, "/Next"),
    "Retry on Pass": ({**END, "Retry": []}, S, "/Retry"),
    "Arguments in JSONPath": ({**TASK, "Arguments": {}}, S, "/Arguments"),
    "Parameters in JSONata": ({**TASK, "QueryLanguage": "JSONata", "Parameters": {}}, S, "/Parameters"),
    "Result in JSONata": ({**END, "QueryLanguage": "JSONata", "Result": 1}, S, "/Result"),
    "language": ({**END, "QueryLanguage": "JQ"}, S, "/QueryLanguage"),
    "JSONata syntax": ({**END, "QueryLanguage": "JSONata", "Output": {"a": ["{% 1 + %}"]}}, S, "/Output/a/0"),
    "no resource": ({"Type": "Task", "End": True}, S, ""),
    "resource no ARN": ({**TASK, "Resource": "function"}, S, "/Resource"),
    "timeout zero": ({**TASK, "TimeoutSeconds": 0}, S, "/TimeoutSeconds"),
    "timeout fraction": ({**TASK, "TimeoutSeconds": 1.5}, S, "/TimeoutSeconds"),
    "timeout boolean": ({**TASK, "TimeoutSeconds": True}, S, "/TimeoutSeconds"),
    "timeout twice": ({**TASK, "TimeoutSeconds": 1, "TimeoutSecondsPath": "$.a"}, S, "/TimeoutSecondsPath"),
    "heartbeat too long": ({**TASK, "TimeoutSeconds": 5, "HeartbeatSeconds": 5}, S, "/HeartbeatSeconds"),
    "credentials empty": ({**TASK, "Credentials": {}}, S, "/Credentials"),
    "path": ({**END, "InputPath": "a.b"}, S, "/InputPath"),
    "intrinsic as path": ({**END, "InputPath": "States.UUID()"}, S, "/InputPath"),
    "ResultPath of a variable": ({**END, "ResultPath": "$a"}, S, "/ResultPath"),
    "ResultPath of the context": ({**END, "ResultPath": "$$.a"}, S, "/ResultPath"),
    "ResultPath indefinite": ({**END, "ResultPath": "$.a[*]"}, S, "/ResultPath"),
    "template": ({**END, "Parameters": {"a": [{"b.$": "c"}]}}, S, "/Parameters/a/0/b.$"),
    "template number": ({**END, "Parameters": {"b.$": 1}}, S, "/Parameters/b.$"),
    "template twice": ({**END, "Parameters": {"b.$": "$.x", "b": 1}}, S, "/Parameters/b.$"),
    "unknown function": ({**END, "Parameters": {"b.$": "States.Nope()"}}, S, "/Parameters/b.$"),
    "variable name": ({**END, "Assign": {"1st": 1}}, S, "/Assign/1st"),
    "variable states": ({**END, "Assign": {"states.$": "$.a"}}, S, "/Assign/states.$"),
    "no errors": (retry({"ErrorEquals": []}), S, "/Retry/0/ErrorEquals"),
    "errors missing": (retry({}), S, "/Retry/0"),
    "error not a string": (retry({"ErrorEquals": [1]}), S, "/Retry/0/ErrorEquals/0"),
    "ALL beside another": (retry({"ErrorEquals": ["A", "States.ALL"]}), S, "/Retry/0/ErrorEquals"),
    "ALL not last": (retry({"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"]}), S, "/Retry/0/ErrorEquals"),
    "interval": (retry({"ErrorEquals": ["A"], "IntervalSeconds": 0}), S, "/Retry/0/IntervalSeconds"),
    "attempts": (retry({"ErrorEquals": ["A"], "MaxAttempts": -1}), S, "/Retry/0/MaxAttempts"),
    "rate": (retry({"ErrorEquals": ["A"], "BackoffRate": 0.5}), S, "/Retry/0/BackoffRate"),
    "delay": (retry({"ErrorEquals": ["A"], "MaxDelaySeconds": 31622401}), S, "/Retry/0/MaxDelaySeconds"),
    "jitter": (retry({"ErrorEquals": ["A"], "JitterStrategy": "HALF"}), S, "/Retry/0/JitterStrategy"),
    "catch without Next": ({**TASK, "Catch": [{"ErrorEquals": ["A"]}]}, S, "/Catch/0"),
    "catch Output in JSONPath": (
        {**TASK, "Catch": [{"ErrorEquals": ["A"], "Next": "Z", "Output": 1}]}, S, "/Catch/0/Output",
    ),
    "no choices": (choice(), S, "/Choices"),
    "no operator": (choice({"Variable": "$.a", "Next": "Z"}), S, "/Choices/0"),
    "two operators": (choice({**NULL, "IsString": True, "Next": "Z"}), S, "/Choices/0"),
    "operator without variable": (choice({"IsNull": True, "Next": "Z"}), S, "/Choices/0"),
    "rule without Next": (choice(NULL), S, "/Choices/0"),
    "Next in a nested rule": (choice({"Not": {**NULL, "Next": "Z"}, "Next": "Z"}), S, "/Choices/0/Not/Next"),
    "And empty": (choice({"And": [], "Next": "Z"}), S, "/Choices/0/And"),
    "And of nothing": (choice({"And": [1], "Next": "Z"}), S, "/Choices/0/And/0"),
    "operand type": (choice({"Variable": "$.a", "NumericEquals": "1", "Next": "Z"}), S, "/Choices/0/NumericEquals"),
    "operand time": (
        choice({"Variable": "$.a", "TimestampEquals": "2020-02-30T00:00:00Z", "Next": "Z"}), S,
        "/Choices/0/TimestampEquals",
    ),
    "Default missing": (choice({**NULL, "Next": "Z"}, Default="Q"), "MISSING_TRANSITION_TARGET", "/Default"),
    "Condition in JSONPath": (choice({**NULL, "Condition": True, "Next": "Z"}), S, "/Choices/0/Condition"),
    "Variable in JSONata": (
        choice({"Condition": True, "Variable": "$.a", "Next": "Z"}, QueryLanguage="JSONata"), S, "/Choices/0/Variable",
    ),
    "Condition text": (choice({"Condition": "true", "Next": "Z"}, QueryLanguage="JSONata"), S, "/Choices/0/Condition"),
    "wait for nothing": (WAIT, S, ""),
    "wait twice": ({**WAIT, "Seconds": 1, "SecondsPath": "$.a"}, S, "/SecondsPath"),
    "wait negative": ({**WAIT, "Seconds": -1}, S, "/Seconds"),
    "timestamp": ({**WAIT, "Timestamp": "2020-01-01 00:00:00Z"}, S, "/Timestamp"),
    "timestamp zone": ({**WAIT, "Timestamp": "2020-01-01T00:00:00z"}, S, "/Timestamp"),
    "Error twice": ({"Type": "Fail", "Error": "a", "ErrorPath": "$.a"}, S, "/ErrorPath"),
    "no branches": ({"Type": "Parallel", "Branches": [], "End": True}, S, "/Branches"),
    "branch without states": ({"Type": "Parallel", "Branches": [{"StartAt": "I"}], "End": True}, S, "/Branches/0"),
    "branch leaves": (
        {"Type": "Parallel", "End": True, "Branches": [
            {"StartAt": "I", "States": {"I": {"Type": "Pass", "Next": "Z"}, "J": {"Type": "Succeed"}}}]},
        "MISSING_TRANSITION_TARGET", "/Branches/0/States/I/Next",
    ),
    "no processor": ({"Type": "Map", "End": True}, S, ""),
    "two processors": ({**MAP, "Iterator": INNER}, S, "/Iterator"),
    "mode": ({**MAP, "ItemProcessor": {**INNER, "ProcessorConfig": {"Mode": "X"}}}, S,
             "/ItemProcessor/ProcessorConfig/Mode"),
    "items": ({**MAP, "QueryLanguage": "JSONata", "Items": 1}, S, "/Items"),
    "selector twice": ({**MAP, "ItemSelector": {}, "Parameters": {}}, S, "/Parameters"),
    "label": ({**MAP, "Label": "a b"}, "INVALID_LABEL_NAME", "/Label"),
    "percentage": ({**MAP, "ToleratedFailurePercentage": 101}, S, "/ToleratedFailurePercentage"),
    "batch of nothing": ({**MAP, "ItemBatcher": {}}, S, "/ItemBatcher"),
    "writer empty": ({**MAP, "ResultWriter": {}}, S, "/ResultWriter"),
    "csv headers": ({**MAP, "ItemReader": {"Resource": ARN, "ReaderConfig": {"CSVHeaders": [1]}}}, S,
                    "/ItemReader/ReaderConfig/CSVHeaders/0"),
}  # fmt: skip


@pytest.mark.parametrize(("state", "code", "at"), REJECTED.values(), ids=REJECTED)
def test_a_state_is_rejected(state: Any, code: str, at: str) -> None:
    assert (code, f"/States/A{at}") in errors(read(machine(state)))


WARNED: dict[str, tuple[Any, str, str]] = {
    "path without .$": ({**END, "Parameters": {"a": ["$.x", {"b": "$.x"}]}}, "NO_DOLLAR", "/Parameters/a/1/b"),
    "call without .$": ({**END, "Parameters": {"a": "States.UUID()"}}, "NO_DOLLAR", "/Parameters/a"),
    "path in a comparison": (choice({"Variable": "$.a", "StringEquals": "$.b", "Next": "Z"}), "NO_PATH",
                             "/Choices/0/StringEquals"),
    "path as error": ({"Type": "Fail", "Error": "$.a"}, "NO_PATH", "/Error"),
    "path in a Result": ({**END, "Result": {"a": "$.b"}}, "PASS_RESULT_IS_STATIC", "/Result"),
    "half of a query": ({**END, "QueryLanguage": "JSONata", "Output": "{% 1 %"}, S, "/Output"),
    "resource as URI": ({**TASK, "Resource": "lambda:f"}, "INVALID_RESOURCE", "/Resource"),
    "distributed field inline": ({**MAP, "Label": "x"}, S, "/Label"),
}  # fmt: skip


@pytest.mark.parametrize(("state", "code", "at"), WARNED.values(), ids=WARNED)
def test_a_state_is_accepted_with_a_warning(state: Any, code: str, at: str) -> None:
    reading = read(machine(state))
    assert reading.machine is not None
    assert (code, f"/States/A{at}", "WARNING") in [(p.code, p.at, p.severity) for p in reading.problems]


ACCEPTED: dict[str, Any] = {
    "End false beside Next": {"Type": "Pass", "End": False, "Next": "Z"},
    "empty comment": {**END, "Comment": ""},
    "Result and Parameters": {**END, "Result": 1, "Parameters": {}},
    "null paths": {**TASK, "InputPath": None, "ResultPath": None, "OutputPath": None},
    "Parameters null": {**END, "Parameters": None},
    "open resource": {**TASK, "Resource": "${Function}"},
    "open timestamp": {**WAIT, "Timestamp": "${When}"},
    "open number": {**WAIT, "Seconds": "${Seconds}"},
    "open mode": {**MAP, "ItemProcessor": {**INNER, "ProcessorConfig": {"Mode": "${Mode}"}}},
    "open path": {**END, "InputPath": "${Path}"},
    "open target": {"Type": "Pass", "Next": "${Next}"},
    "open operand": choice({"Variable": "$.a", "NumericEquals": "${N}", "Next": "Z"}),
    "intrinsic cause": {"Type": "Fail", "CausePath": "States.Format('{}', $.a)", "ErrorPath": "$$.State.Name"},
    "iterator": {"Type": "Map", "Iterator": {**INNER, "ProcessorConfig": {"Mode": "INLINE"}}, "End": True},
    "nanoseconds": {**WAIT, "Timestamp": "2024-02-29T23:59:59.123456789+05:30"},
    "fail with nothing": {"Type": "Fail"},
    "integral float": {**WAIT, "Seconds": 3.0},
}


@pytest.mark.parametrize("state", ACCEPTED.values(), ids=ACCEPTED)
def test_a_state_is_accepted(state: Any) -> None:
    assert errors(read(machine(state))) == []


TOP: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "array": ("[]", [(S, "")]),
    "empty": ("{}", [(S, "")]),
    "no states": ('{"StartAt": "A", "States": {}}', [("MISSING_TRANSITION_TARGET", "/StartAt"), (S, "/States")]),
    "start": ('{"StartAt": "Q", "States": {"A": {"Type": "Succeed"}}}', [("MISSING_TRANSITION_TARGET", "/StartAt")]),
    "version": (machine(END, Version="2.0"), [(S, "/Version")]),
    "timeout": (machine(END, TimeoutSeconds=0), [(S, "/TimeoutSeconds")]),
    "template": ('{"Resources": {}}', [(S, "")]),
    "downgrade": (machine({**END, "QueryLanguage": "JSONPath"}, QueryLanguage="JSONata"), [(S, "/States/A")]),
    "no end": ('{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}}', [("MISSING_END_STATE", "/States")]),
    "duplicate": (
        machine({**MAP, "ItemProcessor": {"StartAt": "Z", "States": {"Z": END}}}),
        [("DUPLICATE_STATE_NAME", "/States/Z")],
    ),
    "long name": (json.dumps({"StartAt": "n" * 129, "States": {"n" * 129: END}}),
                  [("INVALID_STATE_NAME", f"/States/{'n' * 129}")]),
    "shadow": (
        machine({**MAP, "Assign": {"v": 1},
                 "ItemProcessor": {"StartAt": "I", "States": {"I": {**END, "Assign": {"v": 2}}}}}),
        [(S, "/States/A/ItemProcessor/States/I/Assign/v")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "found"), TOP.values(), ids=TOP)
def test_a_machine_is_rejected(text: str, found: list[tuple[str, str]]) -> None:
    assert errors(read(text)) == found


def test_all_problems_are_reported_at_once_in_the_order_of_the_text() -> None:
    text = '{"StartAt": "A",\n "States": {\n  "A": {"Type": "Task",\n   "TimeoutSeconds": -1,\n   "Next": "B"}}}'
    found = [(str(p.span), p.code) for p in read(text).problems if p.severity == "ERROR"]
    assert found == [("2:12", "MISSING_END_STATE"), ("3:8", S), ("4:22", S), ("5:12", "MISSING_TRANSITION_TARGET")]


def test_unknown_fields_are_no_errors_and_get_a_suggestion() -> None:
    reading = read(machine({**TASK, "TimeoutSecond": 1, "x": 2}, Coment="c"))
    assert reading.machine is not None
    assert [(u.at, u.suggestion) for u in reading.unknown] == [
        ("/States/A/TimeoutSecond", "TimeoutSeconds"),
        ("/States/A/x", None),
        ("/Coment", "Comment"),
    ]


def test_states_inside_a_jsonata_map_have_the_language_of_the_machine() -> None:
    reading = read(machine({**MAP, "QueryLanguage": "JSONata"}))
    assert reading.machine is not None
    outer, inner = list(reading.machine.walk())[:2]
    assert (outer.query_language, inner.query_language) == ("JSONata", "JSONPath")


def test_unreachable_states_and_long_names_are_warnings() -> None:
    reading = read(machine(END))
    assert [(p.at, p.severity) for p in reading.problems] == [("/States/Z", "WARNING")]
    name = "n" * 81
    assert [p.code for p in read(json.dumps({"StartAt": name, "States": {name: END}})).problems] == [
        "INVALID_STATE_NAME"
    ]


@pytest.mark.parametrize(
    "resource", ["arn:aws:states:::sqs:sendMessage.waitForTaskToken", "arn:aws:states:::ecs:runTask.sync"]
)
def test_an_express_machine_cannot_wait(resource: str) -> None:
    text = machine({**TASK, "Resource": resource})
    assert errors(read(text)) == []
    assert errors(read(text, machine_type="EXPRESS")) == [(S, "/States/A/Resource")]


def test_placeholders_and_substitutions() -> None:
    text = '{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": ${Secs}, "End": true}}}'
    for substitutions, seconds in [({}, Placeholder("Secs")), ({"Secs": 7}, 7)]:
        reading = read(text, substitutions=substitutions)
        assert reading.machine is not None
        state = reading.machine.states["A"]
        assert isinstance(state, Wait)
        assert state.seconds == seconds


def nest(depth: int) -> str:
    text = json.dumps(INNER)
    for index in range(depth):
        state = f'{{"Type": "Parallel", "End": true, "Branches": [{text}]}}'
        text = f'{{"StartAt": "S{index}", "States": {{"S{index}": {state}}}}}'
    return text


def test_nesting_is_bounded() -> None:
    assert errors(read(nest(32))) == []
    assert [code for code, _ in errors(read(nest(40)))] == ["TOO_DEEPLY_NESTED"]


EVERYTHING = json.dumps({
    "Comment": "all", "QueryLanguage": "JSONPath", "Version": "1.0", "TimeoutSeconds": 99, "StartAt": "Task",
    "States": {
        "Task": {
            "Type": "Task", "Comment": "t", "Resource": ARN, "TimeoutSeconds": 9, "HeartbeatSecondsPath": "$.h",
            "Credentials": {"RoleArn.$": "$.role"}, "InputPath": "$.in", "Parameters": {"a.$": "$.b"},
            "ResultSelector": {"c.$": "$.d"}, "ResultPath": "$.r", "OutputPath": None, "Assign": {"v.$": "$.x"},
            "Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 2, "MaxAttempts": 0, "BackoffRate": 1.5,
                       "MaxDelaySeconds": 5, "JitterStrategy": "FULL", "Comment": "r"}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "Pass", "Assign": {"v": 1},
                       "Comment": "c"}],
            "Next": "Choice",
        },
        "Choice": {
            "Type": "Choice", "Default": "Wait",
            "Choices": [{"Next": "Pass", "Comment": "c", "Assign": {"w": 1}, "And": [
                {"Not": NULL}, {"Or": [NULL, {"Variable": "$.a", "StringEqualsPath": "$.b"}]}]}],
        },
        "Wait": {"Type": "Wait", "TimestampPath": "$.t", "Next": "Seconds"},
        "Seconds": {"Type": "Wait", "Seconds": 1, "Next": "Pass"},
        "Pass": {"Type": "Pass", "Result": None, "Next": "Map"},
        "Map": {
            "Type": "Map", "ItemsPath": "$.items", "ItemSelector": {"i.$": "$$.Map.Item.Value"}, "MaxConcurrency": 2,
            "Label": "L", "ToleratedFailureCount": 1, "ToleratedFailurePercentagePath": "$.p",
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b"},
                "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a"],
                                 "CSVDelimiter": "TAB", "MaxItems": 3, "ItemsPointer": "/a",
                                 "ManifestType": "ATHENA_DATA", "Transformation": "NONE"}},
            "ItemBatcher": {"MaxItemsPerBatch": 2, "MaxInputBytesPerBatchPath": "$.b", "BatchInput": {"k": 1}},
            "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"},
                             "WriterConfig": {"OutputType": "JSONL", "Transformation": "FLATTEN"}},
            "ItemProcessor": {**INNER, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}},
            "Retry": [{"ErrorEquals": ["E"]}], "Catch": [{"ErrorEquals": ["E"], "Next": "Succeed"}], "Next": "Parallel",
        },
        "Parallel": {
            "Type": "Parallel", "Retry": [{"ErrorEquals": ["E"]}], "Catch": [{"ErrorEquals": ["E"], "Next": "Succeed"}],
            "Branches": [{"StartAt": "B", "States": {"B": END}}], "Next": "Query",
        },
        "Query": {
            "Type": "Task", "QueryLanguage": "JSONata", "Resource": ARN, "Arguments": "{% 1 %}", "Output": None,
            "Assign": {"q": "{% 2 %}"}, "Next": "QChoice",
            "Catch": [{"ErrorEquals": ["E"], "Output": "{% $states.errorOutput %}", "Next": "Succeed"}],
        },
        "QChoice": {"Type": "Choice", "QueryLanguage": "JSONata", "Choices": [
            {"Condition": "{% true %}", "Output": 1, "Assign": {"q": 1}, "Comment": "c", "Next": "Fail"}]},
        "Fail": {"Type": "Fail", "Error": "E", "CausePath": "$.c"},
        "Succeed": {"Type": "Succeed"},
    },
})  # fmt: skip


def default(field: dataclasses.Field[Any]) -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def visit(value: Any, seen: dict[type, set[str]]) -> None:
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            inner = getattr(value, field.name)
            if inner != default(field):
                seen.setdefault(type(value), set()).add(field.name)
            visit(inner, seen)
    elif isinstance(value, dict | list | tuple):
        for inner in value.values() if isinstance(value, dict) else value:
            visit(inner, seen)


def test_every_field_of_the_model_is_set_by_some_text() -> None:
    reading = read(EVERYTHING)
    assert (errors(reading), reading.unknown) == ([], ())
    seen: dict[type, set[str]] = {}
    visit(reading.machine, seen)
    visit(read('{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": ${S}, "End": true}}}').machine, seen)
    abstract = {model.Common, model.Flowing}
    classes = [c for c in vars(model).values() if dataclasses.is_dataclass(c) and c not in abstract]
    assert len(classes) >= 28
    shared = {field.name for field in dataclasses.fields(model.Flowing)}  # set on every state in the same way
    for cls in classes:
        own = {field.name for field in dataclasses.fields(cls)}
        if issubclass(cls, model.Common) and cls is not Task:
            own -= shared - {"name"}
        assert own - seen.get(cls, set()) == set(), cls


def test_fields_mean_what_they_say() -> None:
    found = read(EVERYTHING).machine
    assert found is not None
    task, map_, query = found.states["Task"], found.states["Map"], found.states["Query"]
    assert isinstance(task, Task)
    assert isinstance(map_, Map)
    assert (task.heartbeat_seconds, task.retry[0].max_attempts) == (PathRef("$.h"), 0)
    assert isinstance(task.flow, model.PathFlow)
    assert (task.flow.output_path, task.flow.parameters) == (None, Given({"a.$": "$.b"}))
    assert (map_.mode, map_.items, map_.tolerated_failure_percentage) == (
        "DISTRIBUTED",
        PathRef("$.items"),
        PathRef("$.p"),
    )
    assert query.flow == model.QueryFlow(Given("{% 1 %}"), Given(None), {"q": "{% 2 %}"})
    rule = found.states["QChoice"].choices[0]  # type: ignore[union-attr]
    assert rule.condition == Query(" true ")  # type: ignore[union-attr]


def test_problems_are_plain_values() -> None:
    problem = read("{}").problems[0]
    assert problem == Problem(S, "These fields are required: [States, StartAt]", "", problem.span)
