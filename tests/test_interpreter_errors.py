"""Fail, Retry, Catch, timeouts, heartbeats, limits."""

from __future__ import annotations

from typing import Any

import pytest
from running import FUNCTION, LAMBDA, chain, jsonata, output, run, task

from sfn_airflow_core.interpreter import Limits, Options

ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:work"
CALLBACK = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"


def catching(*names: str, **more: Any) -> list[dict[str, Any]]:
    return [{"ErrorEquals": list(names), "Next": "B", **more}]


def caught(error: dict[str, Any], *names: str, **fields: Any) -> Any:
    """The Error Output that a catcher for these names receives; None if it does not catch."""
    execution = run(chain(task(Catch=catching(*names), **fields), {"Type": "Pass"}), {}, {"A": error})
    return execution.output if execution.status == "SUCCEEDED" else None


@pytest.mark.parametrize(
    ("state", "error", "cause"),
    [
        ({"Error": "E", "Cause": "c"}, "E", "c"),
        ({}, None, None),
        ({"Cause": "c"}, None, "c"),
        ({"ErrorPath": "$.e", "CausePath": "States.Format('{}!', $.e)"}, "X", "X!"),
        ({"ErrorPath": "$.n"}, "States.Runtime", None),
        ({"QueryLanguage": "JSONata", "Error": "{% $states.input.e %}", "Cause": "{% 'c' & 1 %}"}, "X", "c1"),
        ({"QueryLanguage": "JSONata", "Error": "{% $states.input.n %}"}, "States.QueryEvaluationError", None),
    ],
)
def test_fail_names_its_error(state: dict[str, Any], error: str | None, cause: str | None) -> None:
    execution = run(chain({"Type": "Fail", **state}), {"e": "X", "n": 1})
    assert (execution.status, execution.error) == ("FAILED", error)
    assert cause is None or execution.cause == cause


@pytest.mark.parametrize(
    ("error", "names", "catches"),
    [
        ("E", ["E"], True),
        ("E", ["e"], False),
        ("E", ["D", "E"], True),
        ("E", ["States.ALL"], True),
        ("E", ["States.TaskFailed"], True),
        ("States.Timeout", ["States.TaskFailed"], False),
        ("States.Timeout", ["States.ALL"], True),
        ("States.Permissions", ["States.TaskFailed"], True),
        ("States.Runtime", ["States.ALL"], False),
        ("States.Runtime", ["States.Runtime"], False),
    ],
)
def test_a_catcher_matches_by_name(error: str, names: list[str], catches: bool) -> None:
    assert (caught({"error": error, "cause": "c"}, *names) is not None) is catches


def test_a_catcher_puts_the_error_output_into_the_raw_input() -> None:
    state = task(InputPath="$.x", OutputPath="$.none", Catch=catching("States.ALL", ResultPath="$.error"))
    assert output(chain(state, {"Type": "Pass"}), {"x": 1}, {"A": {"error": "E", "cause": "c"}}) == {
        "x": 1,
        "error": {"Error": "E", "Cause": "c"},
    }


def test_only_the_catchers_own_assign_is_made() -> None:
    state = task(Assign={"v": "state"}, Catch=catching("States.ALL", Assign={"v.$": "$.Error"}))
    assert run(chain(state, {"Type": "Pass"}), {}, {"A": {"error": "E"}}).variables == {"v": "E"}


def test_retriers_count_for_themselves_as_in_the_worked_example() -> None:
    retry = [
        {"ErrorEquals": ["A", "B"], "IntervalSeconds": 1, "BackoffRate": 2, "MaxAttempts": 2},
        {"ErrorEquals": ["C"], "IntervalSeconds": 5},
    ]
    replies = [{"error": name} for name in "ABCB"]
    execution = run(chain(task(Retry=retry, Catch=catching("States.ALL")), {"Type": "Pass"}), {}, {"A": replies})
    assert [retry.seconds for retry in execution.retries] == [1, 2, 5]
    assert [retry.retrier for retry in execution.retries] == [0, 0, 1]
    assert execution.output == {"Error": "B", "Cause": None}
    assert execution.duration == 8


@pytest.mark.parametrize(
    ("retrier", "delays"),
    [
        ({}, [1, 2, 4]),
        ({"IntervalSeconds": 3, "BackoffRate": 2, "MaxDelaySeconds": 4, "MaxAttempts": 3}, [3, 4, 4]),
        ({"IntervalSeconds": 2, "BackoffRate": 1.5, "MaxAttempts": 3}, [2, 3, 4.5]),
        ({"MaxAttempts": 0}, []),
    ],
)
def test_delays_are_exact(retrier: dict[str, Any], delays: list[float]) -> None:
    execution = run(chain(task(Retry=[{"ErrorEquals": ["States.ALL"], **retrier}])), {}, {"A": {"error": "E"}})
    assert [retry.seconds for retry in execution.retries] == delays
    assert execution.duration == sum(delays)
    assert len(execution.calls) == len(delays) + 1


def test_full_jitter_stays_below_the_delay_and_is_repeatable() -> None:
    retry = [{"ErrorEquals": ["E"], "JitterStrategy": "FULL", "MaxAttempts": 5}]
    first, second = (run(chain(task(Retry=retry)), {}, {"A": {"error": "E"}}) for _ in range(2))
    assert [retry.seconds for retry in first.retries] == [retry.seconds for retry in second.retries]
    assert all(0 <= retry.seconds <= 2**number for number, retry in enumerate(first.retries))


def test_an_exhausted_retrier_stops_the_search() -> None:
    retry = [{"ErrorEquals": ["E"], "MaxAttempts": 1}, {"ErrorEquals": ["States.ALL"], "MaxAttempts": 9}]
    assert len(run(chain(task(Retry=retry)), {}, {"A": {"error": "E"}}).retries) == 1


def test_counters_start_again_when_the_state_is_entered_again() -> None:
    work = {**task(Retry=[{"ErrorEquals": ["E"], "MaxAttempts": 1}]), "ResultPath": None, "Next": "Count"}
    count = {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Again?"}
    again = {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericLessThan": 2, "Next": "Work"}], "Default": "End"}
    states = {"Work": work, "Count": count, "Again?": again, "End": {"Type": "Succeed"}}
    replies = {"Work": [{"error": "E"}, {"result": 1}, {"error": "E"}, {"result": 1}]}
    execution = run({"StartAt": "Work", "States": states}, {"n": 0}, replies)
    assert (execution.status, len(execution.retries)) == ("SUCCEEDED", 2)


def test_the_context_object_counts_retries() -> None:
    state = task(Parameters={"n.$": "$$.State.RetryCount"}, Retry=[{"ErrorEquals": ["E"]}])
    execution = run(chain(state), {}, {"A": [{"error": "E"}, {"error": "E"}, {"result": 1}]})
    assert [call.arguments for call in execution.calls] == [{"n": 0}, {"n": 1}, {"n": 2}]


@pytest.mark.parametrize(
    ("reply", "error", "seconds"),
    [
        ({"result": 1, "after": 4.5}, None, 4.5),
        ({"result": 1, "after": 5}, None, 5),
        ({"result": 1, "after": 5.5}, "States.Timeout", 5),
        ({"never": True}, "States.Timeout", 5),
        ({"timeout": True}, "States.Timeout", 5),
        ({"error": "E", "after": 9}, "States.Timeout", 5),
    ],
)
def test_a_task_times_out_on_the_virtual_clock(reply: dict[str, Any], error: str | None, seconds: float) -> None:
    execution = run(chain(task(TimeoutSeconds=5)), {}, {"A": reply})
    assert (execution.error, execution.duration) == (error, seconds)


@pytest.mark.parametrize("resource", [ACTIVITY, CALLBACK])
@pytest.mark.parametrize(
    ("reply", "caught_after"),
    [
        ({"result": 1, "after": 9}, None),
        ({"result": 1, "after": 11}, 10),
        ({"result": 1, "after": 25, "heartbeats": [8, 16]}, None),
        ({"result": 1, "after": 27, "heartbeats": [8, 16]}, 26),
        ({"result": 1, "after": 27, "heartbeats": [8, 20]}, 18),
        ({"never": True, "heartbeats": [5]}, 15),
    ],
)
def test_a_missed_heartbeat_is_a_timeout_of_its_own(resource: str, reply: Any, caught_after: float | None) -> None:
    state = {"Type": "Task", "Resource": resource, "TimeoutSeconds": 60, "HeartbeatSeconds": 10}
    execution = run(chain({**state, "Catch": catching("States.HeartbeatTimeout")}, {"Type": "Pass"}), {}, {"A": reply})
    assert execution.status == "SUCCEEDED"
    if caught_after is not None:
        assert execution.output == {"Error": "States.Timeout", "Cause": ""}
        assert execution.duration == caught_after


def test_heartbeats_do_not_matter_to_those_that_cannot_send_them() -> None:
    execution = run(chain(task(HeartbeatSeconds=1)), {}, {"A": {"result": 1, "after": 100}})
    assert (execution.status, execution.duration) == ("SUCCEEDED", 100)


@pytest.mark.parametrize(
    ("definition", "options", "status", "seconds"),
    [
        (chain({"Type": "Wait", "Seconds": 20}, TimeoutSeconds=10), Options(), "TIMED_OUT", 10),
        (chain({"Type": "Wait", "Seconds": 10}, TimeoutSeconds=10), Options(), "SUCCEEDED", 10),
        (chain({"Type": "Wait", "Seconds": 301}), Options(type="EXPRESS"), "TIMED_OUT", 300),
        (chain({"Type": "Wait", "Seconds": 99999999}), Options(), "TIMED_OUT", 365 * 86400),
        (chain({"Type": "Wait", "Seconds": 60}), Options(stop_after=5), "ABORTED", 5),
        (chain(task()), Options(), "TIMED_OUT", 365 * 86400),
    ],
)
def test_an_execution_ends_in_time(definition: Any, options: Options, status: str, seconds: float) -> None:
    execution = run(definition, {}, {"A": {"never": True}}, options=options)
    assert (execution.status, execution.duration, execution.error) == (status, seconds, None)
    assert (
        execution.events[-1].type
        == {
            "TIMED_OUT": "ExecutionTimedOut",
            "SUCCEEDED": "ExecutionSucceeded",
            "ABORTED": "ExecutionAborted",
        }[status]
    )


LARGE = "x" * 262_143


def test_a_large_task_result_can_be_caught_but_a_large_state_output_cannot() -> None:
    assert caught({"result": LARGE}, "States.ALL")["Error"] == "States.DataLimitExceeded"
    grown = {"Type": "Pass", "Parameters": {"a.$": "$", "b.$": "$"}}
    parallel = {"Type": "Parallel", "Branches": [chain(grown, names="I")]}
    for names, status in ((["States.ALL"], "FAILED"), (["States.DataLimitExceeded"], "SUCCEEDED")):
        guarded = chain({**parallel, "Catch": catching(*names)}, {"Type": "Pass"})
        assert run(guarded, "y" * 150_000).status == status
    assert run(chain(grown), "y" * 150_000).error == "States.DataLimitExceeded"


def test_bytes_are_counted_not_characters() -> None:
    assert run(chain(task()), {}, {"A": {"result": "é" * 131_072}}).error == "States.DataLimitExceeded"
    assert run(chain(task()), {}, {"A": {"result": "é" * 131_000}}).status == "SUCCEEDED"


def test_an_endless_loop_ends_at_the_limit_of_events() -> None:
    execution = _endless("STANDARD")
    assert (execution.status, execution.error, len(execution.events)) == ("FAILED", "States.Runtime", 25_000)
    assert "25000" in str(execution.cause)


def test_an_endless_express_loop_is_timed_out() -> None:
    execution = _endless("EXPRESS", Limits(express_events=1_000))
    assert (execution.status, execution.error) == ("TIMED_OUT", None)


def _endless(kind: Any, limits: Limits | None = None) -> Any:
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.no", "IsPresent": True, "Next": "End"}], "Default": "A"}
    states = {"A": {"Type": "Pass", "Next": "B"}, "B": choice, "End": {"Type": "Succeed"}}
    return run({"StartAt": "A", "States": states}, options=Options(type=kind), limits=limits)


@pytest.mark.parametrize(
    ("resource", "reply", "expected"),
    [
        (FUNCTION, {"payload": {"v": 1}}, {"v": 1}),
        (FUNCTION, {"result": {"v": 1}}, {"v": 1}),
        (LAMBDA, {"result": {"v": 1}}, {"v": 1}),
        ("arn:aws:states:::lambda:invoke.waitForTaskToken", {"payload": {"v": 1}}, {"v": 1}),
        (
            "arn:aws:states:::glue:startJobRun.sync",
            {"result": {"JobRunState": "SUCCEEDED"}},
            {"JobRunState": "SUCCEEDED"},
        ),
    ],
)
def test_replies_take_the_shape_of_the_integration(resource: str, reply: Any, expected: Any) -> None:
    assert output(chain({"Type": "Task", "Resource": resource, "Parameters": {}}), {}, {"A": reply}) == expected


def test_a_payload_is_wrapped_by_lambda_invoke() -> None:
    result = output(chain({"Type": "Task", "Resource": LAMBDA, "Parameters": {}}), {}, {"A": {"payload": [1]}})
    assert (result["Payload"], result["StatusCode"], result["ExecutedVersion"]) == ([1], 200, "$LATEST")
    assert set(result) == {"ExecutedVersion", "Payload", "SdkHttpMetadata", "SdkResponseMetadata", "StatusCode"}


def test_a_failed_job_is_states_task_failed_with_the_document_as_cause() -> None:
    state = {"Type": "Task", "Resource": "arn:aws:states:::batch:submitJob.sync", "Parameters": {}}
    execution = run(chain(state), {}, {"A": {"job_failed": {"Status": "FAILED"}}})
    assert (execution.error, execution.cause) == ("States.TaskFailed", '{"Status":"FAILED"}')


def test_every_attempt_of_a_callback_has_its_own_token() -> None:
    state = {"Type": "Task", "Resource": CALLBACK, "Parameters": {"t.$": "$$.Task.Token"}}
    execution = run(chain({**state, "Retry": [{"ErrorEquals": ["E"]}]}), {}, {"A": [{"error": "E"}, {"result": 1}]})
    assert len({str(call.arguments) for call in execution.calls}) == 2


@pytest.mark.parametrize("field", ["Arguments", "Output"])
def test_evaluation_errors_of_a_task_are_retried_and_caught(field: str) -> None:
    retry = [{"ErrorEquals": ["States.QueryEvaluationError"], "MaxAttempts": 1}]
    state = jsonata("Task", Resource=FUNCTION, Retry=retry, Catch=catching("States.ALL"), **{field: "{% $nothing %}"})
    execution = run(chain(state, jsonata("Pass")), {}, {"A": {"result": 1}})
    assert (execution.output["Error"], len(execution.retries)) == ("States.QueryEvaluationError", 1)
