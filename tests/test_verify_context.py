"""The context object on both sides: what a state inside a Map knows of its item, and who has a task token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from running import FUNCTION, chain, jsonata, task
from verifying import both, differences

from sfn_airflow_core.verify.scenario import Scenario

SEND = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage"}
READS = {
    "JSONPath": task(Parameters={"all.$": "$$", "map.$": "$$.Map"}, End=True),
    "intrinsic": task(Parameters={"text.$": "States.JsonToString($$)"}, End=True),
    "JSONata": jsonata(
        "Task",
        Resource=FUNCTION,
        Arguments={"all": "{% $states.context %}", "map": "{% $states.context.Map %}", "states": "{% $states %}"},
        End=True,
    ),
    "engine": jsonata(
        "Task", Resource=FUNCTION, Arguments="{% $sift($states.context, function($v, $k) { $k = 'Map' }) %}", End=True
    ),
}
CONFIG = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}


def within(kind: str, read: dict[str, Any]) -> dict[str, Any]:
    """A machine in which a state reads the whole context object inside of a Map, in some way."""
    each: dict[str, Any] = {"StartAt": "Read", "States": {"Read": read}}
    match kind:
        case "inline":
            return chain({"Type": "Map", "ItemProcessor": each})
        case "selected":
            return chain({"Type": "Map", "ItemSelector": {"v.$": "$$.Map.Item.Value"}, "ItemProcessor": each})
        case "nested":
            row = {"StartAt": "Row", "States": {"Row": {"Type": "Map", "ItemProcessor": each, "End": True}}}
            return chain({"Type": "Map", "ItemProcessor": row})
        case "retried":
            branches = {"Type": "Parallel", "Branches": [each], "Retry": [{"ErrorEquals": ["Busy"]}], "End": True}
            return chain({"Type": "Map", "ItemProcessor": {"StartAt": "Both", "States": {"Both": branches}}})
        case "child execution":
            return chain({"Type": "Map", "ItemProcessor": {"ProcessorConfig": CONFIG, **each}})
        case _:
            return chain({"Type": "Parallel", "Branches": [each]})


@pytest.mark.parametrize("kind", ["inline", "selected", "nested", "retried", "child execution", "no Map"])
def test_the_whole_context_object_has_the_item_of_the_map_around(airflow: Any, with_runtime: Path, kind: str) -> None:
    given = [["a", "b"], ["c"]] if kind == "nested" else ["a", "b"]
    result = both(airflow, with_runtime, f"whole_{kind.replace(' ', '_')}", within(kind, READS["JSONPath"]), _of(given))
    if kind in ("child execution", "no Map"):
        assert result.outcomes[0].expected["status"] == "FAILED"  # there is no $$.Map
    assert (result.error, differences(result)) == ("", [])


@pytest.mark.parametrize("read", ["intrinsic", "JSONata", "engine"])
def test_every_way_of_reading_the_whole_context_object_finds_the_item(
    airflow: Any, with_runtime: Path, read: str
) -> None:
    result = both(airflow, with_runtime, f"whole_by_{read}", within("inline", READS[read]), _of(["a", "b"]))
    assert (result.error, differences(result)) == ("", [])


@pytest.mark.parametrize("mode", [{}, {"ProcessorConfig": CONFIG}])
@pytest.mark.parametrize(
    "selector",
    [
        {"ItemSelector": {"all.$": "$$", "map.$": "$$.Map"}},
        jsonata("Map", ItemSelector={"all": "{% $states.context %}", "item": "{% $states.context.Map.Item %}"}),
    ],
)
def test_an_item_selector_reads_the_whole_context_object(
    airflow: Any, with_runtime: Path, mode: dict[str, Any], selector: dict[str, Any]
) -> None:
    name = f"selects_whole_{len(mode)}_{selector.get('QueryLanguage', 'JSONPath')}"
    each = {**mode, "StartAt": "Work", "States": {"Work": task(End=True)}}
    definition = chain({"Type": "Map", **selector, "ItemProcessor": each})
    result = both(airflow, with_runtime, name, definition, _of([{"id": 1}, {"id": 2}]))
    assert (result.error, differences(result)) == ("", [])


def _of(value: Any) -> Scenario:
    return Scenario("items", value)


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("pass", {"Type": "Pass", "Parameters": {"all.$": "$$", "state.$": "$$.State"}}),
        ("task", task(Parameters={"all.$": "$$", "count.$": "$$.State.RetryCount"})),
        (
            "query_pass",
            jsonata("Pass", Output={"all": "{% $states.context %}", "state": "{% $states.context.State %}"}),
        ),
        ("query_task", jsonata("Task", Resource=FUNCTION, Arguments="{% $states.context.State.RetryCount %}")),
        ("query_asks", jsonata("Pass", Output="{% $exists($states.context.State.RetryCount) %}")),
        ("count", {"Type": "Pass", "Parameters": {"count.$": "$$.State.RetryCount"}}),
        ("query_count", jsonata("Pass", Output="{% $states.context.State.RetryCount %}")),
        ("wait", {"Type": "Wait", "SecondsPath": "$$.State.RetryCount"}),
        ("fail", {"Type": "Fail", "CausePath": "States.JsonToString($$.State)"}),
    ],
)
def test_only_states_with_retries_count_them(
    airflow: Any, with_runtime: Path, name: str, state: dict[str, Any]
) -> None:
    result = both(airflow, with_runtime, f"retry_count_{name}", chain(state), Scenario("count"))
    status = "FAILED" if name in ("count", "query_count", "wait", "fail") else "SUCCEEDED"
    assert result.outcomes[0].expected["status"] == status
    assert (result.error, differences(result)) == ("", [])


GLUE = {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync"}
ACTIVITY = {"Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:approve"}
READ = "{% $states.context.Task.Token %}"


@pytest.mark.parametrize(
    ("name", "state", "error"),
    [
        ("request", {**SEND, "Parameters": {"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"}}, "States.Runtime"),
        ("job", {**GLUE, "Parameters": {"JobName.$": "$$.Task.Token"}}, "States.Runtime"),
        ("activity", {**ACTIVITY, "Parameters": {"token.$": "$$.Task.Token"}}, "States.Runtime"),
        ("pass", {"Type": "Pass", "Parameters": {"token.$": "$$.Task.Token"}}, "States.Runtime"),
        ("query_request", {**SEND, "Arguments": {"QueueUrl": "q", "MessageBody": READ}}, "States.QueryEvaluationError"),
        ("query_job", {**GLUE, "Arguments": {"JobName": READ}}, "States.QueryEvaluationError"),
        ("query_activity", {**ACTIVITY, "Arguments": {"token": READ}}, "States.QueryEvaluationError"),
        ("query_pass", {"Type": "Pass", "Output": READ}, "States.QueryEvaluationError"),
    ],
)
def test_a_state_that_hands_out_no_token_has_none(
    airflow: Any, with_runtime: Path, name: str, state: dict[str, Any], error: str
) -> None:
    language = {"QueryLanguage": "JSONata"} if name.startswith("query") else {}
    scenario = Scenario("none", expected={"status": "FAILED", "error": error})
    result = both(airflow, with_runtime, f"no_token_{name}", chain({**state, **language}), scenario)
    assert (result.error, differences(result)) == ("", [])


def test_the_absence_of_a_token_can_be_asked_for(airflow: Any, with_runtime: Path) -> None:
    state = jsonata("Pass", Output="{% $exists($states.context.Task.Token) ? 'token' : 'none' %}")
    scenario = Scenario("none", expected={"output": "none"})
    result = both(airflow, with_runtime, "asks_for_token", chain(state), scenario)
    assert (result.error, differences(result)) == ("", [])


def test_a_result_path_that_does_not_fit_fails_alike(airflow: Any, with_runtime: Path) -> None:
    caught = {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "B"}
    call = task(Parameters={"n": 1}, ResultPath="$.x", Catch=[caught], Retry=[{"ErrorEquals": ["States.ALL"]}])
    result = both(
        airflow,
        with_runtime,
        "places",
        chain(call, {"Type": "Pass", "Result": 1, "ResultPath": "$.a.b"}),
        Scenario("no object", "text", {"A": [{"payload": 1}]}, {}),
        Scenario("nowhere for the error", "text", {"A": [{"error": "Boom"}]}, {}),
        Scenario("a number on the way", {"a": 1}, {"A": [{"payload": 1}]}, {}),
        Scenario("null on the way", {"a": None}, {"A": [{"payload": 1}]}, {}),
    )
    assert (result.error, differences(result)) == ("", [])
    errors = [outcome.expected["error"] for outcome in result.outcomes]
    assert errors == ["States.ResultPathMatchFailure"] * 3 + [None]
