"""``sfn2airflow run``: output, trace, history, and exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command import Run
from running import chain, task

RETRY = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 4, "MaxAttempts": 1}]


@pytest.fixture
def run(call: Run) -> Any:
    """Runs a machine of a Task with a retry, a Wait and a Map."""
    inner = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}
    definition = chain(task(Retry=RETRY), {"Type": "Wait", "Seconds": 30}, {"Type": "Map", "ItemProcessor": inner})
    Path("m.asl.json").write_text(json.dumps(definition), encoding="utf-8")
    Path("r.json").write_text(json.dumps({"A": [{"error": "Busy"}, {"result": [1, 2]}]}), encoding="utf-8")
    return lambda *args: call("run", "m.asl.json", "--replies", "r.json", *args)


def test_the_output_goes_to_standard_output(run: Any) -> None:
    assert run("--input", '{"n": 1}') == (0, "[\n  1,\n  2\n]\n", "")


def test_the_trace_shows_what_happened_on_the_virtual_clock(run: Any) -> None:
    _, _, err = run("--trace")
    lines = [" ".join(line.split()) for line in err.splitlines()]
    assert "0.000 s Busy: retry 1 after 4 s (Retry 0)" in lines
    assert any(line.startswith("4.000 s calls arn:aws:lambda") and "(try 2)" in line for line in lines)
    assert "4.000 s waits 30 s" in lines
    assert "34.000 s [C 1] I ← 2" in lines
    assert lines[-1].startswith("34.000 s SUCCEEDED")
    assert lines[-2] == "34.000 s → [1, 2]"  # the Map ends after its items


def test_json_and_history(run: Any) -> None:
    value = json.loads(run("--format", "json")[1])
    assert (value["status"], value["waits"], value["retries"][0]["seconds"]) == (
        "SUCCEEDED", [{"state": "B", "at": 4.0, "seconds": 30.0}], 4,
    )  # fmt: skip
    events = json.loads(run("--format", "history")[1])["events"]
    assert (events[0]["type"], events[-1]["type"]) == ("ExecutionStarted", "ExecutionSucceeded")


def test_a_failed_execution_is_exit_code_1(call: Run) -> None:
    Path("f.asl.json").write_text(json.dumps(chain({"Type": "Fail", "Error": "E", "Cause": "why"})), encoding="utf-8")
    assert call("run", "f.asl.json") == (1, "null\n", "FAILED: E: why\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("run", "none.json"), "No such file", id="no machine"),
        pytest.param(("run", "m.json", "--input", "{oops"), "neither a file nor JSON", id="bad input"),
        pytest.param(("run", "m.json"), "no reply for state 'A'", id="call without a reply"),
        pytest.param(("run", "m.json", "--replies", "bad.json"), "one of result", id="bad replies"),
        pytest.param(("run", "bad.json"), "bad.json:", id="no state machine"),
    ],
)
def test_unusable(call: Run, arguments: tuple[str, ...], message: str) -> None:
    Path("m.json").write_text(json.dumps(chain(task())), encoding="utf-8")
    Path("bad.json").write_text('{"A": [{"oops": 1}]}', encoding="utf-8")
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_substitutions_fill_in_placeholders(call: Run) -> None:
    Path("p.json").write_text(json.dumps(chain({"Type": "Pass", "Result": "${Name}!"})), encoding="utf-8")
    assert call("run", "p.json", "--substitute", "Name=you")[1] == '"you!"\n'


def test_a_child_machine_runs_in_the_place_of_a_reply(call: Run) -> None:
    start = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {
            "StateMachineArn": "arn:aws:states:eu-west-1:111122223333:stateMachine:child",
            "Input": {"n": 1},
        },
        "OutputPath": "$.Output",
    }
    Path("p.json").write_text(json.dumps(chain(start)), encoding="utf-8")
    Path("c.json").write_text(json.dumps(chain({"Type": "Pass", "Result": "done"})), encoding="utf-8")
    assert call("run", "p.json", "--child", "child=c.json")[:2] == (0, '"done"\n')
    assert "ARN or name" in call("run", "p.json", "--child", "c.json")[2]
    assert call("run", "p.json", "--child", "child=none.json")[0] == 2


def test_a_mock_configuration_of_step_functions_local_is_taken(call: Run) -> None:
    Path("m.json").write_text(json.dumps(chain(task())), encoding="utf-8")
    mocks = {
        "StateMachines": {"m": {"TestCases": {"good": {"A": "Good"}, "bad": {"A": "Bad"}}}},
        "MockedResponses": {
            "Good": {"0": {"Return": {"ok": True}}},
            "Bad": {"0": {"Throw": {"Error": "Broken", "Cause": "down"}}},
        },
    }
    Path("mocks.json").write_text(json.dumps(mocks), encoding="utf-8")
    assert json.loads(call("run", "m.json", "--replies", "mocks.json", "--case", "good")[1]) == {"ok": True}
    assert call("run", "m.json", "--replies", "mocks.json", "--case", "bad")[2] == "FAILED: Broken: down\n"
