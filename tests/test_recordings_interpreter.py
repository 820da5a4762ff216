"""The reference interpreter against executions and single states recorded on the real service."""

from __future__ import annotations

import json
from typing import Any

import pytest
from recordings import fits, lines, parsed, replies_of, same

from sfn_airflow_core.asl.model import Given
from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.interpreter import Execution, Mock, Options, execute, read_replies, try_state

RECORDINGS = lines("aws-recordings.jsonl")
TESTSTATE = lines("aws-teststate.jsonl")
ACCOUNT = "111111111111"

_EXCEPTION = (
    '{"errorMessage":"Some exception was raised.","errorType":"Exception","requestId":"0","stackTrace":["  File '
    '\\"/var/task/handler.py\\", line 2, in handler\\n    raise Exception(\\"Some exception was raised.\\")\\n"]}'
)
_RETRIED = _EXCEPTION.replace('","', '", "').replace('":', '": ')
_CSV = "Col1,Col2\nValue1,Value2\nValue3,Value4\nValue5,Value6\nValue7,Value8\n"
_WIDE_CSV = "Value1,Value2,Value3\nValue4,Value5,Value6\n,,,\ntrue,1,'HelloWorld'\nNull,None,\n   \n"
_VERDICTS = [{"verdict": v, "statement_date": d, "statement_source": s} for v, d, s in (
    ("true", "6/11/2008", "speech"), ("false", "6/7/2022", "television"), ("mostly-true", "5/18/2016", "news"),
)]  # fmt: skip
_OBJECTS = [
    {"Etag": f'"{n}"', "LastModified": 1.7e9, "Key": f"file_{n}.txt", "Size": 12, "StorageClass": "STANDARD"}
    for n in range(3)
]

SUPPLIED: dict[str, dict[str, Any]] = {
    # What a service answered, where the recording does not hold it: Express executions and items of a distributed Map
    # have no history to record it from, and files in S3 were not recorded. The functions are known from the inputs
    # and outputs.
    "test_activity_task_on_deleted|": {"ActivityTask": {"error": "States.Runtime"}},
    "test_catch|": {"InvokeLambda": {"error": "Exception", "cause": _EXCEPTION}},
    "test_retry|": {"InvokeLambdaWithRetry": {"error": "Exception", "cause": _RETRIED}},
    "test_map_state_lambda|": {"ProcessValue": {"result": {"body": "string body"}}},
    "distributed_reentrant_lambda|": {"ProcessValue": {"result": "HelloWorld"}},
    "distributed_no_max_max_concurrency|": {"ProcessJob": {"payload": None}},
    "test_parallel_state_lambda|": {"Branch1": {"payload": 1}, "Branch2": {"payload": 2}},
    "list_objects_v2|": {"MapState": {"result": _OBJECTS}},
    "csv_max_items": {"MapState": {"result": _CSV}},
    "csv_headers_decl": {"MapState": {"result": _WIDE_CSV}},
    "json_max_items_jsonata|": {"MapState": {"result": json.dumps(_VERDICTS)}},
    "json_max_items|": {"MapState": {"result": json.dumps([_VERDICTS[0]] * 3)}},
    "json_with_items_path": {"MapState": {"result": '[["from-bucket-item-0"]]'}},
}

DIFFERENCES: dict[str, str] = {}
"""Executions that differ, by id, and why; exact in both directions."""

STATE_DIFFERENCES: dict[str, str] = {
    "tests/aws/services/stepfunctions/v2/test_state/test_test_state_scenarios.py::TestStateCaseScenarios"
    "::test_state_with_variables[base_expressions]|test_case_response": (
        "TestState puts the fixed name 'StateName' into the context object, whatever the state is called"
    ),
}
"""Single states that differ, by id, and why; exact in both directions."""

UNFLAGGED = (
    "test_nested_calls_",
    "test_parallel_state_lambda|",
    "test_wait_timestamp_jsonata[SECONDS]",
    "test_wait_timestamp_jsonata[NANOSECONDS]",
    "token_call_chain|",
)
"""Recordings with redacted parts that are not flagged as having them."""


def supplied(record: dict[str, Any]) -> dict[str, Any]:
    """The recorded task results, and what had to be added."""
    added = [replies for part, replies in SUPPLIED.items() if part in record["id"] and not record["task_results"]]
    if "test_lambda_service_invoke_sync_execution|" in record["id"]:
        added = [{"Start": {"result": {name: value for name, value in record["output"].items() if name != "final"}}}]
    if "test_parallel_state_lambda" in record["id"]:
        added = [SUPPLIED["test_parallel_state_lambda|"]]
    return {**replies_of(record), **{name: reply for replies in added for name, reply in replies.items()}}


def replay(record: dict[str, Any]) -> Execution:
    reading = read_text(json.dumps(record["definition"]), "recording.json", machine_type=record["type"])
    assert reading.machine is not None, reading.problems
    stopped = 1.0 if record["status"] == "ABORTED" else None
    options = Options(type=record["type"], stop_after=stopped, account=ACCOUNT)
    return execute(reading.machine, record["input"], read_replies(supplied(record)), options=options)


def differences(record: dict[str, Any], have: Execution) -> list[str]:
    """What is not as recorded: status, error, output, outputs of states, causes that are texts, order of states."""
    found = []
    equal = fits if record["has_placeholders"] or record["needs_external_data"] else same
    if (have.status, have.error) != (record["status"], record["error"]):
        found.append(f"{have.status} {have.error} {have.cause}")
    if have.status == "SUCCEEDED" and not equal(parsed(record["output"]), parsed(have.output)):
        found.append(f"output {json.dumps(have.output)}")
    for state, outputs in record["state_outputs"].items():
        if not equal(parsed(outputs), parsed(have.outputs(state))):
            found.append(f"outputs of {state}: {json.dumps(have.outputs(state))}")
    if isinstance(record["cause"], str) and "activity_arn" not in record["cause"]:
        found += [] if fits(record["cause"], have.cause) else [f"cause {have.cause}"]
    path = [visit.state for visit in have.visits]
    if record["state_path"] and "DISTRIBUTED" not in json.dumps(record["definition"]) and path != record["state_path"]:
        found.append(f"path {path}")
    return found


@pytest.mark.parametrize("record", RECORDINGS, ids=[record["id"].split("::")[-1] for record in RECORDINGS])
def test_an_execution_goes_as_recorded(record: dict[str, Any]) -> None:
    flagged = record["has_placeholders"] or any(part in record["id"] for part in UNFLAGGED)
    found = differences({**record, "has_placeholders": flagged}, replay(record))
    assert bool(found) is (record["id"] in DIFFERENCES), found


def test_nothing_is_listed_that_does_not_exist() -> None:
    assert set(DIFFERENCES) <= {record["id"] for record in RECORDINGS}
    assert set(STATE_DIFFERENCES) <= {record["id"] for record in TESTSTATE}
    for part in (*SUPPLIED, *UNFLAGGED):
        assert any(part in record["id"] for record in RECORDINGS), part


def trial(record: dict[str, Any]) -> tuple[Any, ...]:
    """Status, error, next state and output of a single state."""
    request, response = record["request"], record["response"]
    definition, name = json.loads(request["definition"]), request.get("stateName", "StateName")
    if "States" not in definition:
        choices = definition.get("Choices", []) + definition.get("Catch", [])
        following = {definition.get("Next"), definition.get("Default"), *(entry["Next"] for entry in choices)} - {None}
        definition = {"StartAt": name, "States": {name: definition, **{f: {"Type": "Succeed"} for f in following}}}
    machine = read_text(json.dumps(definition), "state.json").machine
    assert machine is not None
    options = Options(
        type="EXPRESS",
        account=ACCOUNT,
        role=request.get("roleArn"),
        context=json.loads(request["context"]) if "context" in request else None,
        variables=json.loads(request.get("variables", "{}")),
    )
    made = try_state(machine, name, json.loads(request.get("input", "{}")), mock_of(request, response), options=options)
    return made.status, made.error, made.next, made.output


def mock_of(request: dict[str, Any], response: dict[str, Any]) -> Mock:
    mock, state = request.get("mock", {}), request.get("stateConfiguration", {})
    result = json.loads(mock["result"]) if "result" in mock else None
    if not mock:  # a real function was called; its answer is the output
        result = output_of(response)
    error = mock.get("errorOutput", {})
    items = Given(json.loads(state["mapItemReaderData"])) if "mapItemReaderData" in state else None
    return Mock(
        Given(result), error.get("error"), error.get("cause"), state.get("retrierRetryCount", 0),
        state.get("mapIterationFailureCount", 0), items,
    )  # fmt: skip


def output_of(response: dict[str, Any]) -> Any:
    output = response.get("output")
    return json.loads(output) if isinstance(output, str) else output


@pytest.mark.parametrize("record", TESTSTATE, ids=[record["id"].split("::")[-1] for record in TESTSTATE])
def test_a_single_state_goes_as_recorded(record: dict[str, Any]) -> None:
    response = record["response"]
    status, error, following, output = trial(record)
    as_recorded = (status, error, following) == tuple(response.get(k) for k in ("status", "error", "nextState"))
    as_recorded = as_recorded and fits(parsed(output_of(response)), parsed(output))
    assert as_recorded is (record["id"] not in STATE_DIFFERENCES), (status, error, following, output)
