"""AWS jobs as states, run by Airflow in process against a fake AWS whose jobs take time and fail."""

from __future__ import annotations

import json
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from slow_aws import Aws

from sfn_airflow_core.verify.airflow_runner import AirflowSession
from sfn_airflow_core.verify.dag_run import Drive
from sfn_airflow_core.verify.finished import Recorder

pytestmark = pytest.mark.skipif(find_spec("airflow") is None, reason="needs the extra 'airflow'")

ARN = "arn:aws:states:eu-west-1:111122223333:execution:m:e"
TASK = "arn:aws:ecs:eu-west-1:111122223333:task/c/t"
FLOW = "arn:aws:states:eu-west-1:111122223333:stateMachine:m"


@pytest.fixture(scope="module")
def airflow() -> Iterator[AirflowSession]:
    with AirflowSession() as session:
        yield session


@dataclass(frozen=True)
class Ran:
    status: str
    output: Any
    error: str | None
    cause: Any
    delays: dict[str, Any]


Run = Callable[..., Ran]


def refusal(operation: str, code: str, message: str) -> ClientError:
    """A service's refusal, as botocore raises it."""
    told: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return ClientError(told, operation)


@pytest.fixture
def run(airflow: AirflowSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the tasks of a DAG body against a fake AWS."""

    def go(body: str, aws: Aws, input: Any = None, functions: str = "") -> Ran:
        dag_id = f"{tmp_path.name}_{time.monotonic_ns()}"
        file = tmp_path / f"{dag_id}.py"
        file.write_text(
            _SOURCE.format(functions=textwrap.dedent(functions), body=textwrap.indent(body, "    "), id=dag_id)
        )
        dags = airflow.dags(file)
        monkeypatch.setattr(BaseClient, "_make_api_call", lambda *call: aws.call(*call))
        recorder = Recorder()
        done = Drive(dags, aws, recorder, time.process_time() + 60).start(dag_id, input or {})  # type: ignore[arg-type]
        good = done.state == "success"
        error = {} if good else recorder.uncaught(dags[dag_id], done) or {}
        output = done.result(dags[dag_id]) if good else None
        return Ran("SUCCEEDED" if good else "FAILED", output, error.get("Error"), error.get("Cause"), recorder.delays)

    return go


_SOURCE = """
from datetime import timedelta
import pendulum
from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.providers.amazon.aws.operators.batch import BatchOperator
from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator
from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from airflow.providers.amazon.aws.operators.step_function import StepFunctionStartExecutionOperator
from airflow.sdk import dag, task_group
from sfn2airflow.runtime import DOCUMENT, Retrier, retry, state
from sfn2airflow.runtime.jobs import job
from sfn2airflow.runtime.operators import as_state


def keep(data, result):
    return {{**data, "result": result}}

{functions}

@dag(dag_id="{id}", schedule=None, start_date=pendulum.datetime(2024, 1, 1, tz="UTC"), catchup=False)
def generated():
{body}
    return work.output


generated()
"""

GLUE = """work = as_state(GlueJobOperator, "Work", task_id="work", job_name="enrich", script_args=DOCUMENT >> arguments,
    run_job_kwargs={"WorkerType": "G.1X", "Timeout": 5}, output=keep, deferrable=True, durable=False{more})
"""
ARGUMENTS = """
def arguments(data):
    return {"--id": data["id"], "--text": "{{ ti.task_id }}"}
"""


def glue(state: str = "SUCCEEDED") -> dict[str, Any]:
    return {
        "StartJobRun": {"JobRunId": "jr-1"},
        "GetJobRun": {"JobRun": {"Id": "jr-1", "JobRunState": state, "ExecutionTime": 7}},
    }


def test_glue_starts_exactly_the_job_of_the_task_and_gives_its_description(run: Run) -> None:
    aws = Aws(glue())
    ran = run(GLUE.replace("{more}", ""), aws, {"id": "7"}, ARGUMENTS)
    assert (ran.status, ran.error) == ("SUCCEEDED", None)
    assert ran.output == {"id": "7", "result": {"Id": "jr-1", "JobRunState": "SUCCEEDED", "ExecutionTime": 7}}
    sent = {
        "JobName": "enrich",
        "Arguments": {"--id": "7", "--text": "{{ ti.task_id }}"},
        "WorkerType": "G.1X",
        "Timeout": 5,
    }
    assert aws.calls == [("StartJobRun", sent), ("GetJobRun", {"JobName": "enrich", "RunId": "jr-1"})]


def test_a_failed_job_is_task_failed_with_its_description_as_cause(run: Run) -> None:
    ran = run(GLUE.replace("{more}", ""), Aws(glue("FAILED"), failed=True), {"id": "7"}, ARGUMENTS)
    assert (ran.status, ran.error) == ("FAILED", "States.TaskFailed")
    assert json.loads(ran.cause) == {"Id": "jr-1", "JobRunState": "FAILED", "ExecutionTime": 7}


def test_a_job_that_cannot_start_is_the_services_error(run: Run) -> None:
    aws = Aws({"StartJobRun": refusal("StartJobRun", "EntityNotFoundException", "no job")})
    ran = run(GLUE.replace("{more}", ""), aws, {"id": "7"}, ARGUMENTS)
    assert ran.error == "Glue.EntityNotFoundException"
    assert ran.cause.startswith("no job (Service: AWSGlue; Status Code: 400; Error Code: EntityNotFoundException;")


def test_a_deferred_operator_that_is_late_is_a_timeout(run: Run) -> None:
    more = ", execution_timeout=timedelta(seconds=9)"
    aws = Aws({**glue("RUNNING"), "BatchStopJobRun": {}}, late=True)
    ran = run(GLUE.replace("{more}", more), aws, {"id": "7"}, ARGUMENTS)
    assert (ran.status, ran.error) == ("FAILED", "States.Timeout")
    assert aws.calls[-1] == ("BatchStopJobRun", {"JobName": "enrich", "JobRunIds": ["jr-1"]})


def test_an_unreadable_document_is_a_runtime_error_and_starts_nothing(run: Run) -> None:
    aws = Aws(glue())
    ran = run(GLUE.replace("{more}", ""), aws, {}, ARGUMENTS)
    assert (ran.status, ran.error) == ("FAILED", "States.Runtime")
    assert aws.calls == []


def test_a_failed_job_is_started_again_by_retry(run: Run) -> None:
    aws = Aws({**glue("FAILED"), "StartJobRun": [{"JobRunId": "jr-1"}, {"JobRunId": "jr-2"}]}, failed=True)
    more = ', **retry(Retrier("States.TaskFailed", interval=3, attempts=1))'
    ran = run(GLUE.replace("{more}", more), aws, {"id": "7"}, ARGUMENTS)
    assert (ran.status, ran.error) == ("FAILED", "States.TaskFailed")
    assert aws.names()["StartJobRun"] == 2
    assert aws.calls[-1] == ("GetJobRun", {"JobName": "enrich", "RunId": "jr-2"})
    assert ran.delays == {"Work": [3.0]}


ATHENA = """work = as_state(AthenaOperator, "Work", task_id="work", query="select.sql", workgroup="w",
    query_execution_context={"Database": "d", "Catalog": DOCUMENT >> catalog},
    result_configuration={"OutputLocation": "s3://b/{{ ds }}"}, output=keep, deferrable=True)
"""


def test_athena_takes_its_query_and_catalog_as_written(run: Run) -> None:
    execution = {"QueryExecutionId": "q", "Status": {"State": "SUCCEEDED"}}
    aws = Aws({"StartQueryExecution": {"QueryExecutionId": "q"}, "GetQueryExecution": {"QueryExecution": execution}})
    ran = run(ATHENA, aws, {"c": "mine"}, "def catalog(data):\n    return data['c']\n")
    assert (ran.status, ran.error) == ("SUCCEEDED", None)
    assert ran.output == {"c": "mine", "result": {"QueryExecution": execution}}
    assert aws.calls[0] == (
        "StartQueryExecution",
        {
            "QueryString": "select.sql",
            "QueryExecutionContext": {"Database": "d", "Catalog": "mine"},
            "ResultConfiguration": {"OutputLocation": "s3://b/{{ ds }}"},
            "WorkGroup": "w",
        },
    )


BATCH = """work = as_state(BatchOperator, "Work", task_id="work", job_name="n", job_definition="d", job_queue="q",
    container_overrides={"Command": ["run"], "Environment": [{"Name": "A", "Value": "1"}]},
    output=keep, deferrable=True)
"""


def batch(status: str, code: int) -> dict[str, Any]:
    job = {"jobId": "j", "status": status, "container": {"exitCode": code}, "jobDefinition": "d", "jobQueue": "q"}
    running = {**job, "status": "RUNNING"}
    return {"SubmitJob": {"jobId": "j", "jobName": "n"}, "DescribeJobs": [{"jobs": [running]}, {"jobs": [job]}]}


@pytest.mark.parametrize(("status", "code", "error"), [("SUCCEEDED", 0, None), ("FAILED", 1, "States.TaskFailed")])
def test_batch_is_spoken_to_in_its_own_spelling_and_answers_in_asls(
    run: Run, status: str, code: int, error: str | None
) -> None:
    aws = Aws(batch(status, code), failed=bool(error))
    ran = run(BATCH, aws)
    assert ran.error == error
    overrides = aws.calls[0][1]["containerOverrides"]
    assert overrides == {"command": ["run"], "environment": [{"name": "A", "value": "1"}]}
    told = json.loads(ran.cause) if error else ran.output["result"]
    assert told["Status"] == status
    assert told["Container"] == {"ExitCode": code}


def test_batch_that_refuses_a_job_is_the_services_error(run: Run) -> None:
    ran = run(BATCH, Aws({"SubmitJob": refusal("SubmitJob", "ClientException", "no queue")}))
    assert ran.error == "Batch.ClientException"


ECS = """work = as_state(EcsRunTaskOperator, "Work", task_id="work", task_definition="t", cluster="c",
    network_configuration={"AwsvpcConfiguration": {"Subnets": ["s"]}}, output=keep, deferrable=True)
"""


@pytest.mark.parametrize(("code", "error"), [(0, None), (3, "States.TaskFailed")])
def test_ecs_fails_where_a_container_failed(run: Run, code: int, error: str | None) -> None:
    task = {
        "taskArn": TASK,
        "lastStatus": "STOPPED",
        "containers": [{"name": "a", "lastStatus": "STOPPED", "exitCode": code}],
    }
    aws = Aws({"RunTask": {"tasks": [task], "failures": []}, "DescribeTasks": {"tasks": [task], "failures": []}})
    ran = run(ECS, aws)
    assert ran.error == error
    sent = aws.calls[0][1]
    assert sent["networkConfiguration"] == {"awsvpcConfiguration": {"subnets": ["s"]}}
    assert "launchType" not in sent
    told = json.loads(ran.cause) if error else ran.output["result"]
    assert told["TaskArn"] == TASK
    assert told["Containers"][0]["ExitCode"] == code


def test_ecs_without_room_is_its_own_error(run: Run) -> None:
    ran = run(ECS, Aws({"RunTask": {"tasks": [], "failures": [{"reason": "RESOURCE:MEMORY"}]}}))
    assert ran.error == "AmazonECS.Unknown"


FLOWS = """work = as_state(StepFunctionStartExecutionOperator, "Work", task_id="work", state_machine_arn="{arn}",
    state_machine_input=["{{ ds }}"], output=keep, deferrable=True, action="{action}")
"""


def execution(status: str) -> dict[str, Any]:
    told = {"executionArn": ARN, "stateMachineArn": FLOW, "status": status, "input": "[1]", "output": '{"a": 1}'}
    return {"StartExecution": {"executionArn": ARN}, "DescribeExecution": told}


@pytest.mark.parametrize(
    ("action", "output"), [("states:startExecution.sync", '{"a": 1}'), ("states:startExecution.sync:2", {"a": 1})]
)
def test_executions_give_their_output_as_text_or_parsed(run: Run, action: str, output: Any) -> None:
    aws = Aws(execution("SUCCEEDED"))
    ran = run(FLOWS.replace("{arn}", FLOW).replace("{action}", action), aws)
    assert ran.error is None
    assert ran.output["result"]["Output"] == output
    assert ran.output["result"]["Status"] == "SUCCEEDED"
    assert json.loads(aws.calls[0][1]["input"]) == ["{{ ds }}"]


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_a_failed_execution_is_task_failed(run: Run, status: str) -> None:
    body = FLOWS.replace("{arn}", FLOW).replace("{action}", "states:startExecution.sync")
    ran = run(body, Aws(execution(status), failed=True))
    assert ran.error == "States.TaskFailed"
    assert json.loads(ran.cause)["Status"] == status


def test_a_late_execution_is_stopped(run: Run) -> None:
    """Only its trigger knows which one it is."""
    limit = 'action="states:startExecution.sync", execution_timeout=timedelta(seconds=9)'
    body = FLOWS.replace("{arn}", FLOW).replace('action="{action}"', limit)
    aws = Aws({**execution("RUNNING"), "StopExecution": {}}, late=True)
    assert run(body, aws).error == "States.Timeout"
    assert aws.calls[-1] == ("StopExecution", {"executionArn": ARN})


STEP = """work = job("elasticmapreduce:addStep.sync", "Work", task_id="work", arguments=DOCUMENT >> arguments,
    output=keep, poll=5{more})
"""
STEP_ARGUMENTS = """
def arguments(data):
    return {"ClusterId": data["cluster"], "Step": {"Name": "{{ ds }}", "HadoopJarStep": {"Jar": "x"}}}
"""


def step(*states: str) -> dict[str, Any]:
    told = [{"Step": {"Id": "s-1", "Status": {"State": state}}} for state in states]
    return {"AddJobFlowSteps": {"StepIds": ["s-1"]}, "DescribeStep": told}


def test_a_job_is_started_once_and_asked_until_it_ends(run: Run) -> None:
    aws = Aws(step("PENDING", "RUNNING", "COMPLETED"))
    ran = run(STEP.replace("{more}", ""), aws, {"cluster": "j-1"}, STEP_ARGUMENTS)
    assert (ran.status, ran.error) == ("SUCCEEDED", None)
    assert ran.output == {"cluster": "j-1", "result": {"Step": {"Id": "s-1", "Status": {"State": "COMPLETED"}}}}
    assert aws.names() == {"AddJobFlowSteps": 1, "DescribeStep": 3}
    assert aws.calls[0][1] == {
        "JobFlowId": "j-1",
        "Steps": [{"Name": "{{ ds }}", "HadoopJarStep": {"Jar": "x"}}],
    }
    assert aws.calls[1][1] == {"ClusterId": "j-1", "StepId": "s-1"}


def test_a_job_that_fails_is_task_failed_and_a_retry_starts_a_new_one(run: Run) -> None:
    aws = Aws(step("RUNNING", "FAILED", "RUNNING", "COMPLETED"))
    more = ', **retry(Retrier("States.TaskFailed", interval=2, attempts=2))'
    ran = run(STEP.replace("{more}", more), aws, {"cluster": "j-1"}, STEP_ARGUMENTS)
    assert (ran.status, ran.error) == ("SUCCEEDED", None)
    assert aws.names() == {"AddJobFlowSteps": 2, "DescribeStep": 4}
    assert ran.delays == {"Work": [2.0]}
    ran = run(STEP.replace("{more}", ""), Aws(step("FAILED")), {"cluster": "j-1"}, STEP_ARGUMENTS)
    assert ran.error == "States.TaskFailed"
    assert json.loads(ran.cause) == {"Step": {"Id": "s-1", "Status": {"State": "FAILED"}}}


def test_a_job_that_takes_too_long_is_a_timeout_that_can_be_retried(run: Run) -> None:
    more = ', execution_timeout=timedelta(0), **retry(Retrier("States.Timeout", interval=1, attempts=1))'
    aws = Aws({**step("RUNNING"), "CancelSteps": refusal("CancelSteps", "InternalServerError", "not now")})
    ran = run(STEP.replace("{more}", more), aws, {"cluster": "j-1"}, STEP_ARGUMENTS)
    assert (ran.status, ran.error) == ("FAILED", "States.Timeout")
    assert (aws.names()["AddJobFlowSteps"], aws.names()["CancelSteps"]) == (2, 2)


MAPPED = """
@state("Items")
def items(data):
    return [{"cluster": "j-1"}, {"cluster": "j-2"}]

@task_group
def each(item):
    return job("elasticmapreduce:addStep.sync", "Step", item, task_id="step", arguments=DOCUMENT >> arguments,
        output=keep, poll=5)

ends = each.expand(item=items.output)

@state("Work")
def work(data):
    return data

items >> ends >> work
"""


def test_a_job_is_the_first_state_of_a_map(run: Run) -> None:
    aws = Aws(step("RUNNING", "RUNNING", "COMPLETED"))
    ran = run(MAPPED, aws, {}, STEP_ARGUMENTS)
    assert ran.status == "SUCCEEDED", ran
    assert aws.names() == {"AddJobFlowSteps": 2, "DescribeStep": 4}
    assert {call["JobFlowId"] for name, call in aws.calls if name == "AddJobFlowSteps"} == {"j-1", "j-2"}
