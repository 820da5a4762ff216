"""Wait, Succeed, Parallel, inline Map, child executions, and the order of events on the virtual clock."""

from __future__ import annotations

from typing import Any

import pytest
from running import FUNCTION, chain, jsonata, machine_of, output, run, task

from sfn_airflow_core.interpreter import Options

START = "arn:aws:states:::states:startExecution"


@pytest.mark.parametrize(
    ("state", "seconds"),
    [
        ({"Seconds": 10}, 10),
        ({"Seconds": 0}, 0),
        ({"SecondsPath": "$.n"}, 3),
        ({"Timestamp": "2026-01-01T00:01:00Z"}, 60),
        ({"Timestamp": "2026-01-01T01:01:00.5+01:00"}, 60.5),
        ({"Timestamp": "2001-01-01T00:00:00Z"}, 0),
        ({"TimestampPath": "$.t"}, 1),
        ({"QueryLanguage": "JSONata", "Seconds": "{% $states.input.n * 2 %}"}, 6),
        ({"QueryLanguage": "JSONata", "Timestamp": "{% $states.input.t %}"}, 1),
    ],
)
def test_wait_passes_virtual_time_only(state: dict[str, Any], seconds: float) -> None:
    execution = run(chain({"Type": "Wait", **state}), {"n": 3, "t": "2026-01-01T00:00:01Z"})
    assert (execution.status, execution.duration) == ("SUCCEEDED", seconds)
    assert [pause.seconds for pause in execution.waits] == [seconds]


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ({"SecondsPath": "$.neg"}, "States.Runtime"),
        ({"SecondsPath": "$.frac"}, "States.Runtime"),
        ({"SecondsPath": "$.none"}, "States.Runtime"),
        ({"TimestampPath": "$.text"}, "States.Runtime"),
        ({"TimestampPath": "$.far"}, "States.Runtime"),
        ({"QueryLanguage": "JSONata", "Seconds": "{% $states.input.neg %}"}, "States.QueryEvaluationError"),
        ({"QueryLanguage": "JSONata", "Seconds": "{% $states.input.text %}"}, "States.QueryEvaluationError"),
        ({"QueryLanguage": "JSONata", "Timestamp": "{% $states.input.text %}"}, "States.QueryEvaluationError"),
    ],
)
def test_wait_refuses(state: dict[str, Any], error: str) -> None:
    given = {"neg": -1, "frac": 1.5, "text": "2026-01-01 00:00:00Z", "far": "2199-01-01T00:00:00Z"}
    assert run(chain({"Type": "Wait", **state}), given).error == error


def test_succeed_shapes_its_output() -> None:
    assert output(chain({"Type": "Succeed", "InputPath": "$.a", "OutputPath": "$.b"}), {"a": {"b": 1}}) == 1
    assert output(chain(jsonata("Succeed", Output="{% $states.input.a & '!' %}")), {"a": "x"}) == "x!"


def branch(*states: dict[str, Any], names: str) -> dict[str, Any]:
    return chain(*states, names=names)


def test_parallel_gives_the_outputs_in_the_order_of_the_definition() -> None:
    slow = branch({"Type": "Wait", "Seconds": 5}, {"Type": "Pass", "Result": "slow"}, names="IJ")
    quick = branch({"Type": "Pass", "Result": "quick"}, names="K")
    state = {"Type": "Parallel", "Branches": [slow, quick], "ResultPath": "$.r"}
    execution = run(chain(state), {"x": 1})
    assert execution.output == {"x": 1, "r": ["slow", "quick"]}
    assert execution.duration == 5


def test_every_branch_gets_the_effective_input() -> None:
    same = [branch({"Type": "Pass"}, names=name) for name in "IJ"]
    assert (
        output(chain({"Type": "Parallel", "Parameters": {"v.$": "$.x"}, "Branches": same}), {"x": 1}) == [{"v": 1}] * 2
    )


def test_the_first_branch_to_fail_stops_the_others_and_gives_its_own_error() -> None:
    late = branch({"Type": "Wait", "Seconds": 5}, {"Type": "Fail", "Error": "Late"}, names="IJ")
    early = branch({"Type": "Wait", "Seconds": 2}, {"Type": "Fail", "Error": "Early"}, names="KL")
    state = {"Type": "Parallel", "Branches": [late, early], "Catch": [{"ErrorEquals": ["Early"], "Next": "B"}]}
    execution = run(chain(state, {"Type": "Pass"}))
    assert execution.output == {"Error": "Early", "Cause": None}
    assert execution.duration == 2
    assert [visit.state for visit in execution.visits if not visit.done and visit.state == "I"] == ["I"]


def test_at_equal_times_the_definition_decides() -> None:
    failing = [branch({"Type": "Fail", "Error": name}, names=name) for name in "IJK"]
    assert run(chain({"Type": "Parallel", "Branches": failing})).error == "I"
    waiting = [branch({"Type": "Wait", "Seconds": s}, task(), names=n) for s, n in ((2, "IJ"), (1, "KL"), (2, "MN"))]
    execution = run(chain({"Type": "Parallel", "Branches": waiting}), {}, {"*": {"result": 1}})
    assert [(call.state, call.at) for call in execution.calls] == [("L", 1), ("J", 2), ("N", 2)]


@pytest.mark.parametrize("name", ["E", "States.BranchFailed", "States.TaskFailed", "States.ALL"])
def test_the_error_of_a_branch_is_caught_under(name: str) -> None:
    state = {"Type": "Parallel", "Branches": [branch({"Type": "Fail", "Error": "E"}, names="I")]}
    guarded = chain({**state, "Catch": [{"ErrorEquals": [name], "Next": "B"}]}, {"Type": "Pass"})
    assert output(guarded)["Error"] == "E"


def test_a_parallel_is_retried_as_a_whole() -> None:
    branches = [branch(task(), names="I"), branch(task(), names="J")]
    state = {"Type": "Parallel", "Branches": branches, "Retry": [{"ErrorEquals": ["E"]}]}
    replies = {"I": {"result": 1}, "J": [{"error": "E"}, {"result": 2}]}
    execution = run(chain(state), {}, replies)
    assert execution.output == [1, 2]
    assert [call.state for call in execution.calls] == ["I", "J", "I", "J"]


def each(*states: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"Type": "Map", "ItemProcessor": chain(*states, names="IJK"), **fields}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"ItemsPath": "$.items"}, [5, 6]),
        ({"InputPath": "$.items"}, [5, 6]),
        ({"ItemsPath": "$.none"}, []),
        (
            {
                "ItemsPath": "$.items",
                "ItemSelector": {"v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index", "x.$": "$.x"},
            },
            [{"v": 5, "i": 0, "x": 1}, {"v": 6, "i": 1, "x": 1}],
        ),
        ({"ItemsPath": "$.items", "Parameters": {"v.$": "$$.Map.Item.Value"}}, [{"v": 5}, {"v": 6}]),
        ({"ItemsPath": "$.items", "ResultSelector": {"all.$": "$"}}, {"all": [5, 6]}),
    ],
)
def test_map_runs_its_processor_for_each_item(fields: dict[str, Any], expected: Any) -> None:
    assert output(chain(each({"Type": "Pass"}, **fields)), {"items": [5, 6], "x": 1, "none": []}) == expected


@pytest.mark.parametrize(("concurrency", "seconds"), [(None, 20), (0, 20), (1, 600), (3, 200), (50, 20)])
def test_map_runs_no_more_than_its_concurrency_and_forty_at_a_time(concurrency: int | None, seconds: float) -> None:
    fields = {} if concurrency is None else {"MaxConcurrency": concurrency}
    execution = run(chain(each({"Type": "Wait", "Seconds": 10}, **fields)), list(range(60)))
    assert execution.output == list(range(60))
    assert execution.duration == seconds


def test_a_failed_iteration_stops_the_map_with_its_error() -> None:
    decide = {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 2, "Next": "F"}], "Default": "W"}
    states = {"C": decide, "F": {"Type": "Fail", "Error": "Two"}, "W": {"Type": "Wait", "Seconds": 9, "End": True}}
    state = {"Type": "Map", "ItemProcessor": {"StartAt": "C", "States": states}}
    execution = run(chain(state), [1, 2, 3])
    assert (execution.error, execution.duration) == ("Two", 0)


@pytest.mark.parametrize("items", [1, "text", None, {"a": 1}])
def test_items_that_are_no_array_fail(items: Any) -> None:
    assert run(chain(each({"Type": "Pass"}, ItemsPath="$.i")), {"i": items}).error == "States.Runtime"
    state = jsonata("Map", Items="{% $states.input.i %}", ItemProcessor=chain(jsonata("Pass"), names="I"))
    assert run(chain(state), {"i": items}).error == "States.QueryEvaluationError"


def test_a_jsonata_map_sees_the_item_in_the_context() -> None:
    selector = {
        "v": "{% $states.context.Map.Item.Value + $states.input.x %}",
        "i": "{% $states.context.Map.Item.Index %}",
    }
    processor = chain(jsonata("Pass", Output="{% $states.input %}"), names="I")
    state = jsonata("Map", Items="{% $states.input.items %}", ItemSelector=selector, ItemProcessor=processor)
    assert output(chain(state), {"items": [1, 2], "x": 10}) == [{"v": 11, "i": 0}, {"v": 12, "i": 1}]


def test_iterations_keep_their_variables_apart() -> None:
    first = {"Type": "Pass", "Assign": {"v.$": "$"}}
    last = {"Type": "Pass", "Parameters": {"v.$": "$v"}}
    assert output(chain(each(first, {"Type": "Wait", "Seconds": 1}, last)), [1, 2, 3]) == [{"v": 1}, {"v": 2}, {"v": 3}]


CHILD = {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": FUNCTION, "End": True}}}


def start(pattern: str, reply: Any, **fields: Any) -> Any:
    arguments = {"StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:child", "Input": {"a": 1}}
    state = {"Type": "Task", "Resource": START + pattern, "Parameters": arguments, **fields}
    return run(chain(state), {}, {"T": reply}, options=Options(machines={"child": machine_of(CHILD)}))


def test_a_child_machine_runs_under_sync() -> None:
    document = start(".sync", {"result": {"b": 2}, "after": 4})
    assert document.duration == 4
    assert (document.output["Status"], document.output["Input"], document.output["Output"]) == (
        "SUCCEEDED",
        '{"a":1}',
        '{"b":2}',
    )
    assert start(".sync:2", {"result": {"b": 2}}).output["Output"] == {"b": 2}
    assert [child.status for child in document.children] == ["SUCCEEDED"]


def test_a_child_that_fails_is_states_task_failed() -> None:
    execution = start(".sync", {"error": "E", "cause": "c"})
    assert execution.error == "States.TaskFailed"
    assert '"Error":"E"' in execution.cause
    assert start(".sync", {"never": True}, TimeoutSeconds=7).error == "States.Timeout"


def test_without_sync_the_parent_does_not_wait() -> None:
    execution = start("", {"result": 1, "after": 100})
    assert (execution.status, execution.duration) == ("SUCCEEDED", 0)
    assert set(execution.output) == {"ExecutionArn", "StartDate"}


@pytest.mark.parametrize(
    ("pattern", "error"), [(".sync", "States.TaskFailed"), (".sync:2", "States.TaskFailed"), ("", None)]
)
def test_machines_that_start_themselves_come_to_an_end(pattern: str, error: str | None) -> None:
    state = {"Type": "Task", "Resource": START + pattern, "Parameters": {"StateMachineArn": "self", "Input": {}}}
    machine = machine_of(chain(state))
    assert run(chain(state), options=Options(machines={"self": machine})).error == error


def test_ten_thousand_children_take_no_time() -> None:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    processor = {**chain({"Type": "Wait", "Seconds": 1}, names="I"), "ProcessorConfig": config}
    execution = run(chain({"Type": "Map", "ItemProcessor": processor}), list(range(10_000)))
    assert (execution.duration, len(execution.children)) == (1, 10_000)
