"""Retries of items that a task runs itself: a long delay holds no worker."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from running import LAMBDA, chain
from slow_aws import Aws

from sfn2airflow.options import Options
from sfn2airflow.translate import translate_text

pytest.importorskip("airflow")

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from sfn_airflow_core.verify.airflow_runner import _modules_of, as_conf
from sfn_airflow_core.verify.dag_run import Drive
from sfn_airflow_core.verify.finished import Recorder

RETRY = [
    {"ErrorEquals": ["Lambda.TooManyRequestsException"], "IntervalSeconds": 40, "MaxAttempts": 2},
    {"ErrorEquals": ["Lambda.ServiceException"], "IntervalSeconds": 1, "MaxAttempts": 1},
]
BUSY, BROKEN = (
    ClientError({"Error": {"Code": code, "Message": "not now"}, "ResponseMetadata": {"HTTPStatusCode": 429}}, "Invoke")
    for code in ("TooManyRequestsException", "ServiceException")
)
DONE = {"StatusCode": 200, "Payload": "1"}


@pytest.fixture
def run(airflow: Any, with_runtime: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs a distributed Map of three items, whose second state calls a function that gives the answers."""

    def go(name: str, *answers: Any) -> tuple[Any, Any, Recorder, Aws]:
        first = {"Type": "Pass", "Parameters": {"id.$": "$.id", "started.$": "$$.Execution.StartTime"}, "Next": "Call"}
        call = {
            "Type": "Task", "Resource": LAMBDA, "Retry": RETRY, "ResultPath": "$.result", "End": True,
            "Parameters": {"FunctionName": "f", "Payload": {"id.$": "$.id", "try.$": "$$.State.RetryCount"}},
        }  # fmt: skip
        each = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "First"}
        definition = chain(
            {"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": {**each, "States": {"First": first, "Call": call}}}
        )
        path = with_runtime / f"{name}.py"
        path.write_text(translate_text(json.dumps(definition), "m.json", Options(dag_id=name)).text or "", "utf-8")
        aws, recorder, dags = Aws({"Invoke": [*answers, DONE]}), Recorder(), airflow.dags(path)
        monkeypatch.setattr(BaseClient, "_make_api_call", lambda *call: _streamed(aws.call(*call)))
        with _modules_of(with_runtime):
            drive = Drive(dags, aws, recorder, time.monotonic() + 60)  # type: ignore[arg-type]
            done = drive.start(name, as_conf([{"id": number} for number in range(3)]))
        return dags[name], done, recorder, aws

    return go


def _streamed(answer: dict[str, Any]) -> dict[str, Any]:
    from io import BytesIO

    return {**answer, "Payload": BytesIO(answer["Payload"].encode())}


def _tried(aws: Aws) -> list[tuple[int, int]]:
    """Item and RetryCount of each call."""
    given = (json.loads(arguments["Payload"]) for _, arguments in aws.calls)
    return [(payload["id"], payload["try"]) for payload in given]


def test_a_long_delay_defers_the_task_and_goes_on_with_its_item(run: Callable[..., Any]) -> None:
    began = time.monotonic()
    dag, done, recorder, aws = run("later_items", DONE, BUSY, BROKEN, BUSY)
    assert (done.state, time.monotonic() - began < 40) == ("success", True)
    assert [row["id"] for row in done.result(dag)] == [0, 1, 2]
    assert _tried(aws) == [(0, 0), (1, 0), (1, 1), (1, 2), (1, 3), (2, 0)]  # what was before is not done again
    assert [round(seconds) for seconds in recorder.waits["A"]] == [40, 80]


def test_retriers_go_on_counting(run: Callable[..., Any]) -> None:
    _, done, recorder, aws = run("later_counted", BUSY, BUSY, BUSY)
    assert done.state == "failed"
    assert _tried(aws) == [(0, 0), (0, 1), (0, 2)]
    assert [round(seconds) for seconds in recorder.waits["A"]] == [40, 80]
