"""Operators with their own sensors, and calls that no row can write."""

from __future__ import annotations

import json

import pytest
from operators import run, translated

from sfn_airflow_core.asl.write import write

PAIRS = {
    "glue": (
        "operators.glue.GlueJobOperator sensors.glue.GlueJobSensor",
        'a = GlueJobOperator(task_id="a", job_name="j", wait_for_completion=False)\n'
        'a >> GlueJobSensor(task_id="b", job_name="j", run_id=a.output)',
        "glue:startJobRun.sync",
    ),
    "emr-serverless": (
        "operators.emr.EmrServerlessStartJobOperator sensors.emr.EmrServerlessJobSensor",
        'a = EmrServerlessStartJobOperator(task_id="a", application_id="x", execution_role_arn="r", job_driver={}, '
        'wait_for_completion=False)\na >> EmrServerlessJobSensor(task_id="b", application_id="x", job_run_id=a.output)',
        "emr-serverless:startJobRun.sync",
    ),
    "batch": (
        "operators.batch.BatchOperator sensors.batch.BatchSensor",
        'a = BatchOperator(task_id="a", job_name="j", job_queue="q", job_definition="d", wait_for_completion=False)\n'
        'a >> BatchSensor(task_id="b", job_id=a.output)',
        "batch:submitJob.sync",
    ),
}


@pytest.mark.parametrize(("operators", "tasks", "resource"), PAIRS.values(), ids=PAIRS)
def test_an_operator_and_its_own_sensor_are_one_state(operators: str, tasks: str, resource: str) -> None:
    states = json.loads(write(translated(operators, tasks).machine))["States"]
    assert [state["Type"] for state in states.values()] == ["Task"]
    assert states["a"]["Resource"] == f"arn:aws:states:::{resource}"


REFUSED = {
    "operators.s3.S3CreateObjectOperator": 'S3CreateObjectOperator(task_id="a", s3_key="s3://b/k", data="x",'
    " encrypt=True)",
    "operators.datasync.DataSyncOperator": 'DataSyncOperator(task_id="a", source_location_uri="smb://x",'
    ' destination_location_uri="s3://y")',
    "operators.athena.AthenaOperator": 'AthenaOperator(task_id="a", query="report.sql")',
}


@pytest.mark.parametrize(("operator", "task"), REFUSED.items(), ids=REFUSED)
def test_what_a_call_cannot_say_is_not_translated(operator: str, task: str) -> None:
    done = translated(operator, task)
    assert [finding.code for finding in done.findings if finding.code == "A2S204"] == ["A2S204"]
    execution, answers = run(done, {})
    assert execution.status == "FAILED"
    assert answers.calls == []
