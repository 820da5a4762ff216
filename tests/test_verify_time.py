"""Time on both sides: branches that wait side by side go on in the order of a virtual clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from running import chain, task
from verifying import both, differences

from sfn_airflow_core.verify.scenario import Scenario

EVERY = {"ErrorEquals": ["States.ALL"], "Next": "Told", "ResultPath": "$.error"}


def race(*branches: dict[str, Any], catch: bool = True) -> dict[str, Any]:
    """A Parallel whose branches may all fail; the first failure is handed on, or ends the execution."""
    states: dict[str, Any] = {"Race": {"Type": "Parallel", "Branches": list(branches), "End": True}}
    if catch:
        states["Race"] |= {"Catch": [EVERY]}
        states["Told"] = {"Type": "Pass", "Parameters": {"first.$": "$.error.Error"}, "End": True}
    return {"StartAt": "Race", "States": states}


def waits(name: str, seconds: int) -> dict[str, Any]:
    """A branch that waits, and fails with its name."""
    return {
        "StartAt": f"Wait {name}",
        "States": {
            f"Wait {name}": {"Type": "Wait", "Seconds": seconds, "Next": f"Fail {name}"},
            f"Fail {name}": {"Type": "Fail", "Error": name},
        },
    }


def calls(name: str, **more: Any) -> dict[str, Any]:
    """A branch with a Task, which fails with what its reply says."""
    return {"StartAt": name, "States": {name: task(End=True, **more)}}


def polls(name: str, request: dict[str, Any]) -> dict[str, Any]:
    """A branch that asks every five seconds, and never gets the answer that it waits for."""
    return {
        "StartAt": f"Ask {name}",
        "States": {
            f"Ask {name}": {**request, "Next": f"Answered {name}?"},
            f"Answered {name}?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.done", "BooleanEquals": True, "Next": f"Done {name}"}],
                "Default": f"Pause {name}",
            },
            f"Pause {name}": {"Type": "Wait", "Seconds": 5, "Next": f"Ask {name}"},
            f"Done {name}": {"Type": "Succeed"},
        },
    }


LATE = {"error": "Late", "after": 20}
AGAIN = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 7, "MaxAttempts": 2}]
RACES: dict[str, tuple[list[dict[str, Any]], dict[str, Any], str]] = {
    "waits": ([waits("Slow", 60), waits("Fast", 30)], {}, "Fast"),
    "waits within a worker": ([waits("Slow", 9), waits("Fast", 3)], {}, "Fast"),
    "at one moment, the first branch": ([waits("One", 9), waits("Other", 9)], {}, "One"),
    "a wait and a failure at once": ([waits("Slow", 3), calls("Ask")], {"Ask": {"error": "Fast"}}, "Fast"),
    "a reply that comes late": ([calls("Ask"), waits("Fast", 15)], {"Ask": LATE}, "Fast"),
    "a reply that comes before": ([waits("Slow", 25), calls("Ask")], {"Ask": LATE}, "Late"),
    "a time limit": ([waits("Slow", 9), calls("Ask", TimeoutSeconds=4)], {"Ask": {"timeout": True}}, "States.Timeout"),
    "retries": ([calls("Ask", Retry=AGAIN), waits("Fast", 20)], {"Ask": {"error": "Busy"}}, "Fast"),
    "retries that end before": ([waits("Slow", 22), calls("Ask", Retry=AGAIN)], {"Ask": {"error": "Busy"}}, "Busy"),
}


@pytest.mark.parametrize("catch", [True, False])
@pytest.mark.parametrize("name", RACES)
def test_time_decides_which_branch_fails_first(airflow: Any, with_runtime: Path, name: str, catch: bool) -> None:
    branches, replies, first = RACES[name]
    end = {"status": "SUCCEEDED", "output": {"first": first}} if catch else {"status": "FAILED", "error": first}
    machine = f"race_{name.replace(' ', '_').replace(',', '')}_{catch}"
    result = both(
        airflow, with_runtime, machine, race(*branches, catch=catch), Scenario(name, {}, replies, expected=end)
    )
    assert (result.error, differences(result)) == ("", [])


def test_time_decides_in_a_child_dag(airflow: Any, with_runtime: Path) -> None:
    again = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    branches = [waits("Slow", 60), waits("Fast", 30)]
    definition = chain({"Type": "Parallel", "Branches": branches, "Retry": again})
    scenario = Scenario("child", {}, expected={"status": "FAILED", "error": "Fast"})
    result = both(airflow, with_runtime, "race_in_child", definition, scenario)
    assert (result.error, differences(result)) == ("", [])


def test_child_dags_side_by_side_take_their_turns(airflow: Any, with_runtime: Path) -> None:
    again = [{"ErrorEquals": ["Never"]}]
    slow, fast = (
        {"StartAt": name, "States": {name: {"Type": "Parallel", "Branches": [branch], "Retry": again, "End": True}}}
        for name, branch in (("First", waits("Slow", 60)), ("Second", waits("Fast", 30)))
    )
    scenario = Scenario("children", {}, expected={"output": {"first": "Fast"}})
    result = both(airflow, with_runtime, "race_of_children", race(slow, fast), scenario)
    assert (result.error, differences(result)) == ("", [])


REQUESTS: dict[str, dict[str, Any]] = {
    "loop": {"Type": "Pass", "Result": {"done": False}},
    "poll": task(ResultSelector={"done": False}),
}


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_branch_that_polls_ends_with_the_branch_that_fails(airflow: Any, with_runtime: Path, kind: str) -> None:
    definition = race(polls("One", REQUESTS[kind]), polls("Other", REQUESTS[kind]), waits("Over", 15))
    scenario = Scenario("over", {}, expected={"output": {"first": "Over"}})
    result = both(airflow, with_runtime, f"polls_beside_{kind}", definition, scenario)
    assert (result.error, differences(result)) == ("", [])


def test_an_item_that_polls_ends_with_the_item_that_fails(airflow: Any, with_runtime: Path) -> None:
    each = polls("it", task(ResultPath="$.asked", Catch=[{"ErrorEquals": ["Gone"], "Next": "Give up"}]))
    each["States"] |= {
        "Give up": {"Type": "Fail", "Error": "Lost"},
        "Done it": {"Type": "Succeed"},
    }
    states = {"Each": {"Type": "Map", "ItemProcessor": each, "End": True}}
    replies = {"Ask it": {"0": [{"result": 1}], "1": [{"result": 1}, {"result": 2}, {"error": "Gone"}]}}
    scenario = Scenario("lost", [{"done": False}] * 2, replies, expected={"status": "FAILED", "error": "Lost"})
    result = both(airflow, with_runtime, "items_that_poll", {"StartAt": "Each", "States": states}, scenario)
    assert (result.error, differences(result)) == ("", [])


def asks_the_time(name: str, expression: str) -> dict[str, Any]:
    return {"Type": "Pass", "Assign": {name: f"{{% {expression} %}}"}}


CLOCKS = {
    "millis": "$millis()",
    "now": "$toMillis($now())",
    "entered": "$toMillis($states.context.State.EnteredTime)",
    "the engine": "$toMillis($now('[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001]Z'))",
}


@pytest.mark.parametrize("seconds", [3, 40])
@pytest.mark.parametrize("name", CLOCKS)
def test_the_time_goes_on_while_states_wait(airflow: Any, with_runtime: Path, name: str, seconds: int) -> None:
    """Whether the wait is in the process or not: what a state asks for is the virtual clock."""
    passed = f"$round(({CLOCKS[name]} - $before) / 1000)"
    output = {"Type": "Pass", "Output": f"{{% {passed} %}}"}
    definition = chain(
        asks_the_time("before", CLOCKS[name]), {"Type": "Wait", "Seconds": seconds}, output, QueryLanguage="JSONata"
    )
    scenario = Scenario(name, {}, expected={"status": "SUCCEEDED", "output": seconds})
    result = both(airflow, with_runtime, f"clock_{name.replace(' ', '_')}_{seconds}", definition, scenario)
    assert (result.error, differences(result)) == ("", [])


def test_a_deadline_ends_a_loop(airflow: Any, with_runtime: Path) -> None:
    """Asked every 30 seconds until 100 seconds are over: the fourth time is the last."""
    states = {
        "Begin": {**asks_the_time("deadline", "$millis() + 100000"), "Next": "Ask"},
        "Ask": {**task(Arguments={}), "Next": "Done?"},
        "Done?": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $millis() >= $deadline %}", "Next": "Late"}],
            "Default": "Rest",
        },
        "Rest": {"Type": "Wait", "Seconds": 30, "Next": "Ask"},
        "Late": {"Type": "Fail", "Error": "TooLate"},
    }
    definition = {"QueryLanguage": "JSONata", "StartAt": "Begin", "States": states}
    scenario = Scenario("late", {}, {"Ask": {"result": 1}}, expected={"status": "FAILED", "error": "TooLate"})
    result = both(airflow, with_runtime, "deadline_of_a_loop", definition, scenario)
    assert (result.error, differences(result)) == ("", [])


def test_a_wait_until_a_moment_begins_where_the_one_before_ended(airflow: Any, with_runtime: Path) -> None:
    until = "{% $fromMillis($toMillis($states.context.Execution.StartTime) + 90000) %}"
    definition = chain(
        {"Type": "Wait", "Seconds": 60},
        {"Type": "Wait", "Timestamp": until},
        {"Type": "Succeed"},
        QueryLanguage="JSONata",
    )
    result = both(airflow, with_runtime, "moment_after_wait", definition, Scenario("moment", {}))
    assert (result.error, differences(result)) == ("", [])


LAMBDA = task(Resource="arn:aws:states:::lambda:invoke", Arguments={"FunctionName": "f"})
TOKEN = task(
    Resource="arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    Arguments={"QueueUrl": "q", "MessageBody": {"token": "{% $states.context.Task.Token %}"}},
)
ACTIVITY = task(Resource="arn:aws:states:eu-west-1:111122223333:activity:weld", Arguments={})
GLUE = task(Resource="arn:aws:states:::glue:startJobRun.sync", Arguments={"JobName": "j"})
CONTAINERS = task(
    Resource="arn:aws:states:::emr-containers:startJobRun.sync",
    Arguments={"VirtualClusterId": "c", "ExecutionRoleArn": "r", "ReleaseLabel": "l", "JobDriver": {}},
)
BUSY = {"ErrorEquals": ["Busy"], "IntervalSeconds": 7, "MaxAttempts": 2}
BEATS = {"TimeoutSeconds": 500, "HeartbeatSeconds": 20}
TIMED: dict[str, tuple[dict[str, Any], Any, int]] = {
    "an answer": (TOKEN, {"result": 1, "after": 100}, 100),
    "an answer between two looks": (TOKEN, {"result": 1, "after": 7}, 7),
    "no answer": ({**TOKEN, "TimeoutSeconds": 50}, {"never": True}, 50),
    "an answer that is late": ({**TOKEN, "TimeoutSeconds": 50}, {"result": 1, "after": 60}, 50),
    "no sign of life": ({**TOKEN, **BEATS}, {"never": True}, 20),
    "signs of life": ({**TOKEN, **BEATS}, {"result": 1, "after": 45, "heartbeats": [15, 30]}, 45),
    "a sign of life that is missed": ({**TOKEN, **BEATS}, {"result": 1, "after": 75, "heartbeats": [15, 30]}, 50),
    "a worker": (ACTIVITY, {"result": 1, "after": 33}, 33),
    "a worker that is late": ({**ACTIVITY, "TimeoutSeconds": 30}, {"result": 1, "after": 33}, 30),
    "a request": (LAMBDA, {"payload": 1, "after": 20}, 20),
    "a request that is late": ({**LAMBDA, "TimeoutSeconds": 4}, {"payload": 1, "after": 20}, 4),
    "a limit that is computed": ({**LAMBDA, "TimeoutSeconds": "{% 2 + 2 %}"}, {"payload": 1, "after": 20}, 4),
    "a job": ({**GLUE, "TimeoutSeconds": 40}, {"timeout": True}, 40),
    "a job that is asked about": ({**CONTAINERS, "TimeoutSeconds": 40}, {"timeout": True}, 40),
    "retries": ({**LAMBDA, "Retry": [BUSY]}, [{"error": "Busy"}, {"error": "Busy"}, {"payload": 1}], 21),
}


@pytest.mark.parametrize("name", TIMED)
def test_states_take_their_time(airflow: Any, with_runtime: Path, name: str) -> None:
    """Answers come when they do, and limits end a state at their moment, on the clock that states read."""
    state, reply, seconds = TIMED[name]
    output = {"Type": "Pass", "Output": "{% $round(($millis() - $before) / 1000) %}"}
    caught = {**state, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}]}
    definition = chain(asks_the_time("before", "$millis()"), caught, output, QueryLanguage="JSONata")
    scenario = Scenario(name, {}, {"B": reply}, expected={"status": "SUCCEEDED", "output": seconds})
    result = both(airflow, with_runtime, f"timed_{name.replace(' ', '_')}", definition, scenario)
    assert (result.error, differences(result)) == ("", [])


def test_a_choice_that_fails_in_the_task_of_a_poll_is_no_difference(airflow: Any, with_runtime: Path) -> None:
    """The state before it has succeeded; in the DAG both are one task."""
    definition = {
        "StartAt": "Ask",
        "States": {
            "Ask": {"Type": "Task", "Resource": LAMBDA["Resource"], "Parameters": LAMBDA["Arguments"], "Next": "Done?"},
            "Done?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.Payload.done", "BooleanEquals": True, "Next": "End"}],
                "Default": "Rest",
            },
            "Rest": {"Type": "Wait", "Seconds": 60, "Next": "Ask"},
            "End": {"Type": "Succeed"},
        },
    }
    scenario = Scenario(
        "missing", {}, {"Ask": {"payload": {}}}, expected={"status": "FAILED", "error": "States.Runtime"}
    )
    result = both(airflow, with_runtime, "poll_fails", definition, scenario)
    assert (result.error, differences(result)) == ("", [])
