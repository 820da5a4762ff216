"""Generated scenarios: they reach every state and edge, by conditions that are solved, the same every time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from running import LAMBDA, chain, machine_of, task
from shared import CORPUS

from sfn_airflow_core.asl.model import Machine
from sfn_airflow_core.interpreter import Execution, execute
from sfn_airflow_core.verify.places import homes
from sfn_airflow_core.verify.scenario import BadScenarios, Scenario, as_json, read_scenarios
from sfn_airflow_core.verify.scenarios import Generated, generate, generate_text

COLLECTION = CORPUS / "state-machines" / "step-functions-workflows-collection"
FIXTURES = Path(__file__).parents[1] / "fixtures" / "sfn2airflow"

SAMPLE = ("13.asl.json", "28.asl.json", "39.asl.json", "73.asl.json", "94.asl.json", "97.asl.json")


def choice(*rules: dict[str, Any]) -> dict[str, Any]:
    """A Choice whose n-th rule leads to a state of its own, with a default."""
    ends = {f"R{n}": {"Type": "Succeed"} for n in range(len(rules))}
    choices = [{**rule, "Next": f"R{n}"} for n, rule in enumerate(rules)]
    return {
        "StartAt": "C",
        "States": {"C": {"Type": "Choice", "Choices": choices, "Default": "D"}, **ends, "D": {"Type": "Succeed"}},
    }


def runs(machine: Machine, scenarios: tuple[Scenario, ...]) -> list[Execution]:
    return [execute(machine, s.input, s.answers(homes(machine))) for s in scenarios]


def generated(definition: dict[str, Any]) -> tuple[Machine, Generated, list[Execution]]:
    machine = machine_of(definition)
    made = generate(machine)
    return machine, made, runs(machine, made.scenarios)


A, B = {"Variable": "$.a"}, {"Variable": "$.b"}
CHOICES: dict[str, tuple[dict[str, Any], ...]] = {
    "numbers": ({**A, "NumericGreaterThan": 10}, {**A, "NumericLessThanEquals": 3}),
    "texts": ({**A, "StringEquals": "yes"}, {**A, "StringLessThan": "m"}),
    "patterns": ({**A, "StringMatches": "log-*.txt"}, {**A, "StringMatches": "a\\*b"}),
    "truth": ({**A, "BooleanEquals": True}, {**A, "BooleanEquals": False}),
    "dates": ({**A, "TimestampGreaterThan": "2026-01-01T00:00:00Z"}, {**A, "TimestampEquals": "2020-01-01T00:00:00Z"}),
    "presence": ({**A, "IsPresent": False}, {**A, "IsNull": True}, {**A, "IsNumeric": True}, {**A, "IsString": True}),
    "guards": ({"And": [{**A, "IsPresent": True}, {**A, "NumericEquals": 1}, {"Not": {**B, "StringEquals": "x"}}]},),
    "or": ({"Or": [{**A, "StringEquals": "x"}, {"And": [{**B, "IsPresent": True}, {**B, "IsString": False}]}]},),
    "two paths": ({**A, "NumericGreaterThanPath": "$.b"}, {**A, "NumericEqualsPath": "$.b"}),
    "texts from paths": ({**A, "StringEqualsPath": "$.b"}, {**A, "StringGreaterThanPath": "$.b"}),
    "inside lists": ({"Variable": "$.a[1].b", "StringEquals": "x"},),
    "types": ({**A, "IsTimestamp": True}, {**A, "IsBoolean": True}),
}


@pytest.mark.parametrize("name", CHOICES)
def test_every_rule_and_the_default_are_reached(name: str) -> None:
    rules = CHOICES[name]
    _, made, executions = generated(choice(*rules))
    assert not made.missed
    reached = {visit.state for run in executions for visit in run.visits}
    assert reached >= {"C", "D", *(f"R{n}" for n in range(len(rules)))}
    assert {run.status for run in executions} == {"SUCCEEDED"}


def test_a_rule_that_cannot_hold_is_named_with_a_reason() -> None:
    both = {"And": [{**A, "NumericGreaterThan": 5}, {**A, "NumericLessThan": 5}]}
    _, made, _ = generated(choice(both))
    assert set(made.missed) == {"/States/R0", "/States/C/Choices/0"}
    assert "no value meets the conditions" in made.missed["/States/C/Choices/0"]


def test_conditions_are_followed_back_through_the_data_flow() -> None:
    definition = choice({"Variable": "$.deep.total", "NumericGreaterThanEquals": 100})
    definition["States"] |= {
        "T": {
            "Type": "Task", "Resource": LAMBDA, "Parameters": {"FunctionName": "f", "Payload.$": "$.order"},
            "ResultSelector": {"sum.$": "$.Payload.lines[0].sum"}, "ResultPath": "$.found", "OutputPath": "$",
            "Next": "P",
        },
        "P": {"Type": "Pass", "Parameters": {"total.$": "$.found.sum"}, "ResultPath": "$.deep", "Next": "C"},
    }  # fmt: skip
    _, made, executions = generated({**definition, "StartAt": "T"})
    assert not made.missed
    sums = {s.replies["T"][0]["payload"]["lines"][0]["sum"] for s in made.scenarios}  # type: ignore[index,call-overload]
    assert {100, 99} <= sums
    assert all("order" in s.input for s in made.scenarios)  # type: ignore[operator]
    assert {run.status for run in executions} == {"SUCCEEDED"}


@pytest.mark.parametrize(
    ("expression", "condition"),
    [
        pytest.param("States.ArrayLength($.list)", {"NumericGreaterThan": 2}, id="ArrayLength"),
        pytest.param("States.MathAdd($.n, 5)", {"NumericEquals": 12}, id="MathAdd"),
        pytest.param("States.StringToJson($.text)", {"NumericLessThan": 0}, id="StringToJson"),
        pytest.param("States.ArrayContains($.list, 'x')", {"BooleanEquals": True}, id="ArrayContains"),
        pytest.param("States.ArrayGetItem($.list, 1)", {"StringEquals": "two"}, id="ArrayGetItem"),
        pytest.param("States.Format('{}', $.name)", {"StringEquals": "bob"}, id="Format"),
        pytest.param("$.rows[0].n", {"NumericEquals": 3}, id="path"),
    ],
)
def test_intrinsic_functions_are_inverted(expression: str, condition: dict[str, Any]) -> None:
    definition = choice({"Variable": "$.made", **condition})
    definition["States"]["P"] = {"Type": "Pass", "Parameters": {"made.$": expression}, "Next": "C"}
    _, made, _ = generated({**definition, "StartAt": "P"})
    assert not made.missed


@pytest.mark.parametrize(
    "condition",
    [
        "$states.input.a > 10",
        "$states.input.kind = 'big' and $states.input.n < 3",
        "$exists($states.input.optional)",
        "$not($states.input.flag)",
        "$count($states.input.list) > 2",
        "$states.input.kind in ['a', 'b']",
        "$contains($states.input.name, 'x')",
        "$states.input.price * $states.input.count > 50",
    ],
)
def test_jsonata_conditions_are_solved(condition: str) -> None:
    definition = choice({"Condition": f"{{% {condition} %}}"})
    _, made, executions = generated({**definition, "QueryLanguage": "JSONata"})
    assert not made.missed
    assert {run.status for run in executions} == {"SUCCEEDED"}


def test_each_catcher_is_reached_by_each_of_its_errors() -> None:
    definition = chain(
        task(Catch=[{"ErrorEquals": ["X", "Y"], "Next": "B"}, {"ErrorEquals": ["States.ALL"], "Next": "C"}]),
        {"Type": "Pass"},
        {"Type": "Succeed"},
        TimeoutSeconds=900,
    )
    _, made, executions = generated(definition)
    caught = {visit.error for run in executions for visit in run.visits if visit.caught}
    assert caught == {"X", "Y", "Lambda.ServiceException", "SomethingElse", "States.Timeout"}
    assert not made.missed


def test_retries_succeed_at_last_and_are_used_up() -> None:
    definition = chain(task(Retry=[{"ErrorEquals": ["Busy"], "MaxAttempts": 2}]))
    _, _, executions = generated(definition)
    shown = {(len(run.retries), run.status) for run in executions}
    assert shown == {(0, "SUCCEEDED"), (2, "SUCCEEDED"), (2, "FAILED")}


def test_a_map_gets_no_item_one_and_many() -> None:
    inner = {"StartAt": "I", "States": {"I": {"Type": "Pass", "Parameters": {"id.$": "$.id"}, "End": True}}}
    _, made, executions = generated(chain({"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": inner}))
    assert {len(run.output) for run in executions} >= {0, 1, 3}  # type: ignore[arg-type]
    assert not made.missed


def test_a_parallel_is_caught_because_a_branch_fails() -> None:
    branch = {"StartAt": "In", "States": {"In": task(End=True)}}
    definition = chain(
        {"Type": "Parallel", "Branches": [branch], "Catch": [{"ErrorEquals": ["Bad"], "Next": "B"}]}, {"Type": "Pass"}
    )
    _, made, executions = generated(definition)
    assert not made.missed
    assert any(visit.caught and visit.state == "A" for run in executions for visit in run.visits)


def test_a_task_with_a_time_limit_is_too_late_once() -> None:
    _, _, executions = generated(chain(task(TimeoutSeconds=5)))
    assert [(run.status, run.error) for run in executions if run.error] == [("FAILED", "States.Timeout")]


def distributed(reader: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A distributed Map over the items of a reader, whose processor reads the name of each item."""
    inner = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "I",
        "States": {"I": {"Type": "Pass", "Parameters": {"name.$": "$.name"}, "End": True}},
    }
    reader = {"Parameters": {"Bucket.$": "$.bucket", "Key": "k"}, **reader}
    return chain({"Type": "Map", "ItemReader": reader, "ItemProcessor": inner, **fields}, {"Type": "Pass"})


@pytest.mark.parametrize(
    ("config", "file"),
    [
        pytest.param(
            {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, "name\nA.ItemReader: answer.0.name\n", id="CSV",
        ),
        pytest.param({"InputType": "JSONL"}, '{"name": "A.ItemReader: answer.0.name"}\n', id="JSON Lines"),
        pytest.param({"InputType": "JSON"}, [{"name": "A.ItemReader: answer.0.name"}], id="JSON"),
        pytest.param(
            {"InputType": "JSON", "ItemsPointer": "/a/b"}, {"a": {"b": [{"name": "A.ItemReader: answer.0.name"}]}},
            id="pointer",
        ),
    ],
)  # fmt: skip
def test_files_of_a_distributed_map_are_imagined(config: dict[str, Any], file: Any) -> None:
    reader = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config}
    _, made, executions = generated(distributed(reader))
    assert not made.missed
    assert {len(run.output) for run in executions} == {0, 1, 2, 3}  # type: ignore[arg-type]
    one = next(s for s in made.scenarios if s.id == "A: one item")
    assert one.replies["A.ItemReader"] == [{"result": file}]
    assert "bucket" in one.input  # type: ignore[operator]


def test_listings_and_batches_of_a_distributed_map_are_imagined() -> None:
    reader = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "b"}}
    definition = distributed(reader, ItemBatcher={"MaxItemsPerBatch": 2})
    body = {"Type": "Pass", "Parameters": {"name.$": "$.Items[0].Key"}, "End": True}
    definition["States"]["A"]["ItemProcessor"]["States"]["I"] = body
    _, made, executions = generated(definition)
    assert not made.missed
    three = next(run for run, s in zip(executions, made.scenarios, strict=True) if s.id == "A: three items")
    assert three.output == [{"name": "A.ItemReader: answer.0.Key"}, {"name": "A.ItemReader: answer.2.Key"}]


def test_a_distributed_map_is_caught_with_errors_of_its_own() -> None:
    reader = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"}}
    catch = [{"ErrorEquals": ["States.ItemReaderFailed"], "Next": "B"}, {"ErrorEquals": ["States.ALL"], "Next": "B"}]
    definition = distributed(reader, Catch=catch)
    definition["States"]["A"]["ItemProcessor"]["States"]["I"] = task(End=True)
    _, made, executions = generated(definition)
    assert not made.missed
    caught = {visit.error for run in executions for visit in run.visits if visit.caught}
    assert caught == {"States.ItemReaderFailed", "States.ExceedToleratedFailureThreshold"}


def test_of_many_known_items_most_are_alike() -> None:
    inner = {"StartAt": "I", "States": {"I": task(End=True)}}
    items = {"Type": "Pass", "Result": list(range(200))}
    _, made, executions = generated(chain(items, {"Type": "Map", "ItemProcessor": inner}))
    assert not made.missed
    assert set(made.scenarios[0].replies["I"]) == {"0", "1", "*"}  # type: ignore[arg-type]
    assert len(executions[0].calls) == 200


def test_a_state_that_always_fails_is_reached_and_what_follows_is_named() -> None:
    item = "States.ArrayGetItem(States.Array(1, 2), 2)"
    definition = chain(task(), {"Type": "Pass", "Parameters": {"n.$": item}}, {"Type": "Pass"})
    _, made, executions = generated(definition)
    assert set(made.missed) == {"/States/C", "/States/B/Next"}
    assert "there is no 2" in made.missed["/States/B/Next"]
    assert executions[0].error == "States.Runtime"


def test_texts_have_the_pieces_that_are_taken_from_them() -> None:
    query = {"Type": "Pass", "Output": "{% $split($states.input.key, '/')[2] %}", "QueryLanguage": "JSONata"}
    path = {"Type": "Pass", "Parameters": {"n.$": "States.ArrayGetItem(States.StringSplit($.id, ':'), 3)"}}
    for state in (query, path):
        _, made, executions = generated(chain(state, {"Type": "Pass"}))
        assert not made.missed
        assert {run.status for run in executions} == {"SUCCEEDED"}


def test_each_filter_of_a_list_has_an_element_of_its_own() -> None:
    selected = {"a.$": "$.rows[?(@.kind=='a')].n", "b.$": "$.rows[?(@.kind=='b')].n"}
    state = {"Type": "Pass", "Parameters": selected}
    check = {"Variable": "$.b[0]", "IsPresent": True}
    definition = choice(check)
    definition["States"]["P"] = {**state, "Next": "C"}
    _, made, executions = generated({**definition, "StartAt": "P"})
    assert not made.missed
    assert executions[0].visits[0].output == {"a": ["rows.0.n"], "b": ["rows.1.n"]}


def test_open_substitutions_get_values() -> None:
    text = json.dumps(chain({"Type": "Task", "Resource": "${Function}", "TimeoutSeconds": 5}))
    made = generate_text(text, "m.json", {})
    assert made.scenarios[0].variables == {"Function": "arn:aws:lambda:eu-west-1:111122223333:function:Function"}


def test_generation_is_deterministic() -> None:
    text = (FIXTURES / "order_compensation" / "machine.asl.json").read_bytes()
    first, again = (as_json(generate_text(text, "m.json", {}).scenarios) for _ in range(2))
    assert json.dumps(first) == json.dumps(again)


def test_scenarios_survive_their_file() -> None:
    made = generate(machine_of(chain(task(), {"Type": "Pass"}))).scenarios
    assert tuple(read_scenarios(json.dumps(as_json(made)), "s.json")) == made


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param([], "a list of scenarios is needed", id="empty"),
        pytest.param([{"id": "a"}, {"id": "a"}], "two scenarios are called 'a'", id="twice"),
        pytest.param([{"inputs": 1}], "there is no member 'inputs'", id="unknown member"),
        pytest.param([{"replies": {"A": [{"oops": 1}]}}], "one of result", id="bad reply"),
        pytest.param([1], "an object is needed", id="no object"),
    ],
)
def test_bad_scenarios_say_where(value: Any, message: str) -> None:
    with pytest.raises(BadScenarios, match=message):
        read_scenarios(json.dumps(value), "s.json")


@pytest.mark.parametrize("name", SAMPLE)
def test_a_sample_of_the_public_collection_is_covered(corpus: Path, name: str) -> None:
    made = generate_text((COLLECTION / name).read_bytes(), name, {})
    assert made.scenarios
    assert not made.missed


def test_an_answer_has_only_what_the_service_gives() -> None:
    start = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": "child"},
        "ResultSelector": {"count.$": "$.count"},
    }
    _, made, executions = generated(chain(start, {"Type": "Pass"}))
    assert "has a member count" in made.missed["/States/A/Next"]
    assert "A" in made.scenarios[0].replies  # the job ends well, and the state fails
    assert executions[0].status == "FAILED"


def test_what_a_service_never_answers_is_said_and_not_made_up() -> None:
    lock = {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:updateItem",
        "Parameters": {"TableName": "t", "Key": {"id": {"S.$": "$.id"}}},
    }
    send = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:ssm:sendCommand",
        "Parameters": {"InstanceIds.$": "$.ids"},
    }
    _, made, executions = generated(chain(lock, send, {"Type": "Pass"}))
    assert "has a member ids" in made.missed["/States/B/Next"]
    assert {run.status for run in executions} == {"FAILED"}


@pytest.mark.parametrize(
    ("action", "arguments", "answer"),
    [
        ("elasticmapreduce:createCluster.sync", {"Name": "c"}, {"ClusterId"}),
        (
            "bedrock:invokeModel",
            {"ModelId": "m", "Body": {}, "Output": {"S3Uri": "s3://b/out.json"}},
            {"Body": "s3://b/out.json"},
        ),
    ],
)
def test_answers_that_step_functions_gives_otherwise(action: str, arguments: Any, answer: Any) -> None:
    task = {"Type": "Task", "Resource": f"arn:aws:states:::{action}", "Parameters": arguments}
    _, made, _ = generated(chain(task))
    (result,) = [reply["result"] for reply in made.scenarios[0].replies["A"]]
    assert result.keys() >= set(answer)
    assert "JobFlowId" not in result
    assert not isinstance(answer, dict) or result == answer


def test_open_json_values_are_of_the_kind_that_the_service_wants() -> None:
    text = """
    {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync", "End": true,
      "Parameters": {"TaskDefinition": "${definition}", "Count": ${count}, "EnableExecuteCommand": ${commands},
        "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ${subnets}, "AssignPublicIp": ${public}}}}}}}
    """
    made = generate_text(text, "machine.json.tpl", {})
    assert made.scenarios[0].variables == {
        "definition": "definition",
        "count": 2,
        "commands": True,
        "subnets": ["subnets"],
        "public": "public",
    }


def test_what_a_result_path_is_put_into_is_an_object() -> None:
    """The input of B is a part of which nothing else is known."""
    first = task(Parameters={"n": 1}, ResultPath="$.r", OutputPath="$.r.document")
    _, made, executions = generated(chain(first, task(ResultPath="$.s"), {"Type": "Pass"}))
    assert not made.missed
    assert {run.status for run in executions if not run.error} == {"SUCCEEDED"}
