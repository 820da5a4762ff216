"""Tasks that wait for an answer: every integration, limits, tokens, and what AWS was recorded to do with them."""

from __future__ import annotations

import base64
import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from recordings import fits, lines, parsed, replies_of

from sfn2airflow.answers import Refused, Waiting
from sfn2airflow.options import Options
from sfn2airflow.translate import translate_text

needs_airflow = pytest.mark.skipif(find_spec("airflow") is None, reason="needs the extra 'airflow'")

S = "arn:aws:states:::"
T = "$$.Task.Token"
CALLS: dict[str, dict[str, Any]] = {
    "lambda:invoke": {"FunctionName": "f", "Payload": {"token.$": T}},
    "sns:publish": {"TopicArn": "t", "Message": {"token.$": T}},
    "sqs:sendMessage": {"QueueUrl": "q", "MessageBody": {"token.$": T}},
    "events:putEvents": {"Entries": [{"Detail": {"token.$": T}, "DetailType": "d", "Source": "s"}]},
    "ecs:runTask": {
        "TaskDefinition": "d",
        "Cluster": "c",
        "Overrides": {"ContainerOverrides": [{"Name": "n", "Environment": [{"Name": "TOKEN", "Value.$": T}]}]},
    },
    "states:startExecution": {"StateMachineArn": "arn:aws:states:eu-west-1:1:stateMachine:m", "Input": {"token.$": T}},
    "apigateway:invoke": {"ApiEndpoint": "a.execute-api.eu-west-1.amazonaws.com", "Method": "POST", "RequestBody.$": T},
    "bedrock:invokeModel": {"ModelId": "m", "Body": {"token.$": T}},
    "aws-sdk:sfn:startExecution": {"StateMachineArn": "arn:aws:states:eu-west-1:1:stateMachine:m", "Input.$": T},
    "aws-sdk:s3:putObject": {"Bucket": "b", "Key": "k", "Body": {"token.$": T}},
}


def machine(task: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "Ask", "States": {"Ask": {"Type": "Task", "End": True, **task}}}


@pytest.fixture(scope="module")
def run(airflow: Any, with_runtime: Path) -> Any:
    """Translate a machine and run its DAG once."""
    made: dict[str, Path] = {}

    def go(definition: dict[str, Any], input: Any, replies: dict[str, Any]) -> Any:
        text = json.dumps(definition)
        if text not in made:
            dag_id = f"callback_{len(made)}"
            translation = translate_text(text, "machine.json", Options(dag_id=dag_id))
            assert translation.text is not None, translation.report.problems
            made[text] = with_runtime / f"{dag_id}.py"
            made[text].write_text(translation.text)
        return airflow.run(made[text], input, replies)

    return go


def tokens(calls: Any) -> list[Any]:
    """What is in the tokens that went out with calls, as lists."""
    words = re.findall(r"\bWyJ[A-Za-z0-9_-]+", json.dumps([call.arguments for call in calls]))
    return [json.loads(base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))) for word in words]


@needs_airflow
@pytest.mark.parametrize("action", CALLS)
def test_every_integration_hands_its_token_out_and_waits(action: str, run: Any) -> None:
    definition = machine({"Resource": f"{S}{action}.waitForTaskToken", "Parameters": CALLS[action]})
    done = run(definition, {}, {"Ask": {"result": {"said": "yes"}}})
    assert (done.status, done.output) == ("SUCCEEDED", {"said": "yes"}), (done.error, done.cause)
    ((dag_id, run_id, task_id, index, attempt),) = tokens(done.calls)
    assert (dag_id[:8], run_id[:6], task_id, index, attempt) == ("callback", "manual", "ask", -1, 1)


@needs_airflow
def test_a_retry_hands_out_a_new_token(run: Any) -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}]
    definition = machine(
        {"Resource": f"{S}sqs:sendMessage.waitForTaskToken", "Parameters": CALLS["sqs:sendMessage"], "Retry": retry}
    )
    done = run(definition, {}, {"Ask": [{"error": "A"}, {"error": None, "cause": None}, {"result": 1}]})
    assert done.output == 1
    assert [attempt for *_, attempt in tokens(done.calls)] == [1, 2, 3]


LIMITS = [
    pytest.param({"TimeoutSeconds": 60}, {"never": True}, "States.Timeout", id="timeout"),
    pytest.param({"TimeoutSeconds": 60}, {"result": 1, "after": 60}, None, id="at the limit"),
    pytest.param({"TimeoutSeconds": 60}, {"result": 1, "after": 61}, "States.Timeout", id="behind the limit"),
    pytest.param({"TimeoutSecondsPath": "$.n"}, {"never": True}, "States.Timeout", id="timeout of the document"),
    pytest.param({"TimeoutSecondsPath": "$.text"}, {"result": 1}, "States.Runtime", id="a limit that is no number"),
    pytest.param({"HeartbeatSeconds": 9}, {"result": 1, "after": 20}, "States.Timeout", id="no heartbeat"),
    pytest.param({"HeartbeatSeconds": 9}, {"result": 1, "after": 20, "heartbeats": [8, 15]}, None, id="heartbeats"),
    pytest.param({"HeartbeatSecondsPath": "$.n"}, {"never": True}, "States.Timeout", id="heartbeat of the document"),
    pytest.param({}, {"never": True}, "States.Timeout", id="forgotten for longer than an execution lives"),
]


@needs_airflow
@pytest.mark.parametrize(("limits", "reply", "error"), LIMITS)
def test_limits(limits: dict[str, Any], reply: dict[str, Any], error: str | None, run: Any) -> None:
    definition = machine({"Resource": f"{S}sns:publish.waitForTaskToken", "Parameters": CALLS["sns:publish"], **limits})
    done = run(definition, {"n": 30, "text": "x"}, {"Ask": reply})
    assert (done.error, done.output) == (error, None if error else 1)


CATCHES = [("States.HeartbeatTimeout", True), ("States.Timeout", True), ("States.TaskFailed", False)]


@needs_airflow
@pytest.mark.parametrize(("covered", "caught"), CATCHES)
def test_a_missed_heartbeat_has_two_names(covered: str, caught: bool, run: Any) -> None:
    task = {
        "Resource": f"{S}sns:publish.waitForTaskToken",
        "Parameters": CALLS["sns:publish"],
        "HeartbeatSeconds": 5,
        "Catch": [{"ErrorEquals": [covered], "Next": "Caught"}],
    }
    definition = machine(task)
    definition["States"]["Caught"] = {"Type": "Pass", "End": True}
    done = run(definition, {}, {"Ask": {"never": True}})
    expected = {"Error": "States.Timeout", "Cause": ""} if caught else None
    assert (done.status == "SUCCEEDED", done.output) == (caught, expected)


@needs_airflow
def test_a_missed_heartbeat_inside_a_group_keeps_its_names(run: Any) -> None:
    task = {"Resource": f"{S}sns:publish.waitForTaskToken", "Parameters": CALLS["sns:publish"], "HeartbeatSeconds": 5}
    both = {
        "Type": "Parallel",
        "Branches": [machine(task)],
        "Catch": [{"ErrorEquals": ["States.HeartbeatTimeout"], "ResultPath": "$.e", "Next": "Caught"}],
        "End": True,
    }
    definition = {"StartAt": "Both", "States": {"Both": both, "Caught": {"Type": "Pass", "End": True}}}
    done = run(definition, {"n": 1}, {"Ask": {"never": True}})
    assert done.output == {"n": 1, "e": {"Error": "States.Timeout", "Cause": ""}}


@needs_airflow
@pytest.mark.parametrize("language", ["JSONPath", "JSONata"])
@pytest.mark.parametrize("resource", [f"{S}sns:publish.waitForTaskToken", "arn:aws:states:eu-west-1:1:activity:a"])
def test_variables_go_on_behind_an_answer_that_is_handed_on_as_it_is(language: str, resource: str, run: Any) -> None:
    jsonata = language == "JSONata"
    token, kept = ("{% $states.context.Task.Token %}", "{% $kept %}") if jsonata else (T, "$kept")
    key, given = ("", "Arguments") if jsonata else (".$", "Parameters")
    call = {given: {"TopicArn": "t", f"Message{key}": token}} if "sns" in resource else {}
    states = {
        "Keep": {"Type": "Pass", "Assign": {"kept": 1}, "Next": "Ask"},
        "Ask": {"Type": "Task", "Resource": resource, **call, "Next": "Tell"},
        "Tell": {"Type": "Pass", "Output" if jsonata else "Parameters": {f"kept{key}": kept}, "End": True},
    }
    definition = {"QueryLanguage": language, "StartAt": "Keep", "States": states}
    done = run(definition, {}, {"Ask": {"result": "yes"}})
    assert (done.status, done.output) == ("SUCCEEDED", {"kept": 1}), (done.error, done.cause)


@needs_airflow
def test_the_whole_context_object_has_the_token(run: Any) -> None:
    task = {"Resource": f"{S}sqs:sendMessage.waitForTaskToken", "Parameters": {"QueueUrl": "q", "MessageBody.$": "$$"}}
    done = run(machine(task), {}, {"Ask": {"result": 1}})
    assert len(tokens(done.calls)) == 1


@needs_airflow
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"output": "{"}, "States.Runtime"),
        ({"output": {"a": 1}}, None),
        ({"error": None}, None),
        ({"error": {"a": 1}, "cause": [1]}, '{"a": 1}'),
        ({"other": 1}, "States.Runtime"),
        ("text", "States.Runtime"),
    ],
)
def test_answers_of_any_shape(answer: Any, error: str | None) -> None:
    from sfn2airflow.runtime.callbacks import result_of
    from sfn2airflow.runtime.errors import StateError

    if answer == {"output": {"a": 1}}:
        assert result_of(answer) == {"a": 1}
        return
    with pytest.raises(StateError) as failure:
        result_of(answer)
    assert failure.value.error == error


@pytest.mark.parametrize("token", ["", "hello", "é", "WzFd", "bnVsbA", "W10", "WyJhIiwiYiIsImMiLDEsMS4wXQ", "A" * 999])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(Refused, match="InvalidToken"):
        Waiting.of(token)


APPROVAL = Path(__file__).parents[1] / "fixtures" / "sfn2airflow" / "token_approval"


@needs_airflow
@pytest.mark.parametrize("scenario", json.loads((APPROVAL / "scenarios.json").read_text()), ids=lambda s: s["id"])
def test_a_person_decides_in_airflow(scenario: dict[str, Any], airflow: Any, with_runtime: Path) -> None:
    source, options = (APPROVAL / "machine.asl.json").read_text(), Options(dag_id="approval", human_approval=True)
    translation = translate_text(source, "machine.asl.json", options)
    assert [located.finding.code for located in translation.report.findings] == ["S2A511"]
    assert translation.text is not None
    file = with_runtime / "approval.py"
    file.write_text(translation.text)
    done = airflow.run(file, scenario["input"], scenario["replies"])
    assert (done.status, done.output) == ("SUCCEEDED", scenario["expected"]["output"])


PLAIN = {"decision.$": "$.answer"}
NOT_ASKED = [
    pytest.param({"ResultSelector": PLAIN}, {}, id="the answer is reshaped"),
    pytest.param({"ResultPath": None}, {}, id="the answer is dropped"),
    pytest.param({"Resource": f"{S}sqs:sendMessage.waitForTaskToken"}, {}, id="nobody reads the message"),
    pytest.param({}, {"Variable": "$.order", "StringEquals": "yes"}, id="the choice looks elsewhere"),
    pytest.param({}, {"Variable": "$.answer.sum", "NumericEquals": 1}, id="a number"),
]


@pytest.mark.parametrize(("task", "rule"), NOT_ASKED)
def test_a_person_is_asked_only_where_the_answer_is_known(task: dict[str, Any], rule: dict[str, Any]) -> None:
    definition = json.loads((APPROVAL / "machine.asl.json").read_text())
    definition["States"]["Ask"] |= task
    if rule:
        definition["States"]["Decided"]["Choices"] = [{**rule, "Next": "Accepted"}]
    translation = translate_text(json.dumps(definition), "machine.asl.json", Options(human_approval=True))
    codes = {found.finding.code for found in translation.report.findings}
    assert codes - {"S2A506"} == {"S2A501"}, translation.report.problems


def _recorded() -> list[Any]:
    try:
        records = lines("aws-recordings.jsonl")
    except pytest.skip.Exception as absent:
        return [pytest.param(None, marks=pytest.mark.skip(reason=str(absent)), id="no recordings")]
    marks = (".waitForTaskToken", ":activity:")
    found = [r for r in records if any(mark in json.dumps(r["definition"]) for mark in marks)]
    return [pytest.param(r, id=r["id"].rpartition("::")[2]) for r in found]


@needs_airflow
@pytest.mark.parametrize("record", _recorded())
def test_recorded_executions(record: dict[str, Any], run: Any) -> None:
    replies = replies_of(record)
    if record["error"] == "States.Runtime" and not record["task_results"]:  # an activity that was deleted
        replies = {record["state_path"][-1]: {"error": record["error"], "cause": record["cause"]}}
    done = run(record["definition"], record["input"], replies)
    assert (done.status, done.error) == (record["status"], record["error"]), done.cause
    if record["status"] == "SUCCEEDED":
        assert fits(parsed(record["output"]), parsed(done.output))
