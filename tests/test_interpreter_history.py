"""What an execution tells about itself: history, visits, edges, transitions, single states."""

from __future__ import annotations

from typing import Any

import pytest
from running import LAMBDA, chain, jsonata, machine_of, run, task

from sfn_airflow_core.asl.model import Given
from sfn_airflow_core.interpreter import MissingReply, Mock, history, try_state


def types(definition: dict[str, Any], given: Any = None, replies: Any = None) -> list[str]:
    return [event.type for event in run(definition, given, replies).events]


@pytest.mark.parametrize(
    ("state", "reply", "expected"),
    [
        ({"Type": "Pass"}, None, ["PassStateEntered", "PassStateExited"]),
        ({"Type": "Succeed"}, None, ["SucceedStateEntered", "SucceedStateExited"]),
        ({"Type": "Wait", "Seconds": 1}, None, ["WaitStateEntered", "WaitStateExited"]),
        (
            {"Type": "Task", "Resource": LAMBDA, "Parameters": {}},
            {"payload": 1},
            ["TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSucceeded", "TaskStateExited"],
        ),
        (
            task(),
            {"payload": 1},
            [
                "TaskStateEntered",
                "LambdaFunctionScheduled",
                "LambdaFunctionStarted",
                "LambdaFunctionSucceeded",
                "TaskStateExited",
            ],
        ),
        (
            {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "Parameters": {}},
            {"result": 1},
            ["TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded", "TaskStateExited"],
        ),
    ],
)
def test_states_leave_their_events(state: dict[str, Any], reply: Any, expected: list[str]) -> None:
    replies = {"A": reply} if reply else {}
    assert types(chain(state), {}, replies) == ["ExecutionStarted", *expected, "ExecutionSucceeded"]


def test_the_history_has_the_shape_of_the_api() -> None:
    state = task(TimeoutSeconds=9, Assign={"v.$": "$"})
    events = history(run(chain(state), {"x": "ü"}, {"A": {"result": 1, "after": 1.5}}))
    assert events[0] == {
        "timestamp": "2026-01-01T00:00:00.000Z",
        "type": "ExecutionStarted",
        "id": 1,
        "previousEventId": 0,
        "executionStartedEventDetails": {
            "input": '{"x":"ü"}',
            "inputDetails": {"truncated": False},
            "roleArn": "arn:aws:iam::123456789012:role/StepFunctions",
        },
    }
    assert events[2]["lambdaFunctionScheduledEventDetails"]["timeoutInSeconds"] == 9
    assert events[5]["stateExitedEventDetails"] == {
        "name": "A",
        "output": "1",
        "outputDetails": {"truncated": False},
        "assignedVariables": {"v": "1"},
    }
    assert events[5]["timestamp"] == "2026-01-01T00:00:01.500Z"
    assert [event["previousEventId"] for event in events] == [0, 1, 2, 3, 4, 5, 6]


def test_states_and_edges_are_those_that_were_taken() -> None:
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": True, "Next": "B"}], "Default": "C"}
    states = {
        "A": choice,
        "B": {**task(Catch=[{"ErrorEquals": ["E"], "Next": "C"}]), "End": True},
        "C": {"Type": "Pass", "End": True},
    }
    execution = run({"StartAt": "A", "States": states}, {"x": 1}, {"B": {"error": "E"}})
    assert execution.states == ("/States/A", "/States/B", "/States/C")
    assert [(edge.source, edge.target, edge.kind) for edge in execution.edges] == [
        ("/States/A", "/States/B", "choice"),
        ("/States/B", "/States/C", "catch"),
    ]
    assert execution.transitions == 3
    assert [(visit.error, visit.caught) for visit in execution.visits] == [(None, False), ("E", True), (None, False)]


def test_retries_count_as_transitions() -> None:
    execution = run(chain(task(Retry=[{"ErrorEquals": ["E"]}])), {}, {"A": [{"error": "E"}, {"result": 1}]})
    assert execution.transitions == 2


def test_inner_states_are_told_by_place() -> None:
    inner = chain({"Type": "Pass"}, names="I")
    execution = run(chain({"Type": "Map", "ItemProcessor": inner}), [1, 2])
    assert [visit.place for visit in execution.visits] == [(), (("A", 0),), (("A", 1),)]
    assert execution.visits[1].at == "/States/A/ItemProcessor/States/I"


@pytest.mark.parametrize(
    ("mock", "expected"),
    [
        (Mock(Given(5)), ("SUCCEEDED", 5, "B", None)),
        (Mock(error="E"), ("RETRIABLE", None, None, 2)),
        (Mock(error="E", retries=1), ("RETRIABLE", None, None, 4)),
        (Mock(error="E", retries=2), ("CAUGHT_ERROR", {"Error": "E", "Cause": None}, "C", None)),
        (Mock(error="F"), ("FAILED", None, None, None)),
    ],
)
def test_a_single_state_is_tried(mock: Mock, expected: Any) -> None:
    retry = [{"ErrorEquals": ["E"], "IntervalSeconds": 2, "MaxAttempts": 2}]
    guarded = {**task(Retry=retry, Catch=[{"ErrorEquals": ["E"], "Next": "C"}]), "Next": "B"}
    states = {"A": guarded, "B": {"Type": "Succeed"}, "C": {"Type": "Succeed"}}
    trial = try_state(machine_of({"StartAt": "A", "States": states}), "A", {}, mock)
    assert (trial.status, trial.output, trial.next, trial.seconds) == expected


def test_a_single_state_needs_a_mock_and_must_exist() -> None:
    machine = machine_of(chain(task(), jsonata("Pass", Output="{% 1 + 1 %}")))
    assert try_state(machine, "B", {}).output == 2
    with pytest.raises(MissingReply):
        try_state(machine, "A", {})
    with pytest.raises(KeyError):
        try_state(machine, "Z", {})
