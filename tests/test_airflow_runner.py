"""The in-process Airflow runner: answers, records, and leaves no trace."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

import sfn2airflow.runtime
from sfn_airflow_core.verify.airflow_runner import AirflowSession, DagExecution, DagImportError
from sfn_airflow_core.verify.replies import Replies, ReplyFormatError, ServiceCall

pytestmark = pytest.mark.skipif(find_spec("airflow") is None, reason="needs the extra 'airflow'")

DAGS = Path(__file__).parent / "dags"


@pytest.fixture(scope="module")
def airflow() -> Iterator[AirflowSession]:
    with AirflowSession() as session:
        yield session


def services(airflow: AirflowSession, dag_id: str, input: object, replies: dict[str, object]) -> DagExecution:
    return airflow.run(DAGS / "services.py", input, replies, dag_id=dag_id)  # type: ignore[arg-type]


def test_a_dag_without_the_runtime(airflow: AirflowSession) -> None:
    replies = {"Look up": [{"error": "DynamoDB.ThrottlingException"}, {"result": {"Item": {"n": {"N": "21"}}}}]}
    run = airflow.run(DAGS / "runner_plain.py", {"key": "a"}, replies)
    assert (run.status, run.output) == ("SUCCEEDED", {"n": 42})
    assert run.retry_delays == {"Look up": (7.0,)}
    assert run.task_states == {"look_up": "success", "double": "success"}
    assert run.documents == {"look_up": "21", "double": {"n": 42}}
    arguments = {"TableName": "t", "Key": {"id": {"S": "a"}}}
    assert run.calls == (ServiceCall("Look up", "dynamodb:getItem", arguments),) * 2


def test_a_delay_that_passes_while_another_task_works_is_written_down(airflow: AirflowSession) -> None:
    run = airflow.run(DAGS / "runner_delays.py", None)
    assert run.task_states == {"again": "success", "busy": "success"}
    assert run.retry_delays == {"again": (0.1,)}


def test_results_have_botocores_shape_for_the_runtime(airflow: AirflowSession) -> None:
    replies: dict[str, object] = {
        "Object": {"result": {"Body": "text"}},
        "Jobs": {"result": {"Jobs": [{"JobId": "j-1", "Status": "RUNNING"}]}},
        "Function": {"payload": [1, None]},
    }
    run = services(airflow, "calls", {}, replies)
    assert (run.error, run.output) == (None, [1, None])
    assert [call.action for call in run.calls] == ["s3:getObject", "batch:describeJobs", "lambda:invoke"]
    assert run.calls[1].arguments == {"Jobs": ["j"]}
    assert run.calls[2].arguments == {"FunctionName": "f", "Payload": {"data": ["text", "j-1"]}}


SERVICE = "Rate exceeded (Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ThrottlingException; Request ID: R1)"


@pytest.mark.parametrize(
    "error",
    [
        ("Anything At All", "cause"),
        (None, None),
        ("States.Permissions", None),
        ("DynamoDB.AmazonDynamoDBException", SERVICE),
    ],
    ids=["custom", "without a name", "reserved", "of the service"],
)
def test_errors_arrive_by_their_names(airflow: AirflowSession, error: tuple[str | None, str | None]) -> None:
    run = services(airflow, "one_call", {}, {"Put": {"error": error[0], "cause": error[1]}})
    assert run.status == "SUCCEEDED"
    assert run.output["Error"] == error[0]


def test_a_function_error_has_its_payload_as_cause(airflow: AirflowSession) -> None:
    cause = json.dumps({"errorType": "Busy", "errorMessage": "later"})
    run = services(airflow, "each_call", [1], {"Work": {"error": "Busy", "cause": cause}})
    assert (run.status, run.error, run.cause) == ("FAILED", "Busy", cause)


def test_replies_of_one_item(airflow: AirflowSession) -> None:
    replies: dict[str, object] = {"Work": [{"payload": "other"}], "Work#1": [{"payload": "second"}]}
    run = services(airflow, "each_call", ["a", "b", "c"], replies)
    assert run.output == ["other", "second", "other"]
    assert sorted(call.arguments["Payload"] for call in run.calls) == ["a", "b", "c"]


GLUE = {"Id": "jr_1", "JobName": "etl", "JobRunState": "SUCCEEDED"}
BATCH = {"JobId": "b-1", "JobName": "n", "Status": "SUCCEEDED"}


def test_jobs_end_at_once(airflow: AirflowSession) -> None:
    run = services(airflow, "jobs", {}, {"Glue": {"result": GLUE}, "Batch": {"result": BATCH}})
    assert (run.error, run.output) == (None, ["SUCCEEDED", "SUCCEEDED"])
    assert [(call.state, call.action) for call in run.calls] == [
        ("Glue", "glue:startJobRun"),
        ("Batch", "batch:submitJob"),
    ]


def test_a_failed_job(airflow: AirflowSession) -> None:
    failed = {**GLUE, "JobRunState": "FAILED", "ErrorMessage": "boom"}
    run = services(airflow, "jobs", {}, {"Glue": {"job_failed": failed}})
    assert run.status == "SUCCEEDED"
    assert run.output["Error"] == "States.TaskFailed"
    assert json.loads(run.output["Cause"])["ErrorMessage"] == "boom"


def test_a_job_that_takes_too_long(airflow: AirflowSession) -> None:
    run = services(airflow, "jobs", {}, {"Glue": {"timeout": True}})
    assert run.output["Error"] == "States.Timeout"


def test_a_job_of_any_service(airflow: AirflowSession) -> None:
    run = services(airflow, "any_job", {}, {"Build": {"result": {"Build": {"Id": "p:1", "BuildStatus": "SUCCEEDED"}}}})
    assert (run.error, run.status) == (None, "SUCCEEDED")
    assert run.output["Build"]["BuildStatus"] == "SUCCEEDED"


def test_a_copied_runtime_is_the_folders_own(airflow: AirflowSession, tmp_path: Path) -> None:
    source = Path(sfn2airflow.runtime.__path__[0])
    for name in ("one", "two"):
        folder = tmp_path / name
        shutil.copytree(source, folder / "asl_runtime", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / ".airflowignore").write_text("asl_runtime/\n")
        text = (DAGS / "services.py").read_text(encoding="utf-8").replace("sfn2airflow.runtime", "asl_runtime")
        (folder / "services.py").write_text(text, encoding="utf-8")
        assert airflow.import_errors(folder) == {}
        run = airflow.run(folder / "services.py", {}, {"Put": {"error": name}}, dag_id="one_call")
        assert run.output == {"Error": name, "Cause": None}


def test_import_errors(airflow: AirflowSession, tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text("from airflow.sdk import DAG\nDAG('good', schedule=None)\n")
    (tmp_path / "bad.py").write_text("from airflow.sdk import DAG, nonsense\n")
    found = airflow.import_errors(tmp_path)
    assert [*found] == ["bad.py"]
    assert "nonsense" in found["bad.py"]
    with pytest.raises(DagImportError, match="nonsense"):
        airflow.run(tmp_path / "bad.py", {})


def test_a_run_that_does_not_end(airflow: AirflowSession) -> None:
    with pytest.raises(TimeoutError, match="did not end in time"):
        airflow.run(DAGS / "services.py", {}, {}, dag_id="one_call", timeout=0)


def test_a_second_session_and_the_environment() -> None:
    before = dict(os.environ)
    with AirflowSession() as session:
        assert session.run(DAGS / "flows.py", [1], {}, dag_id="echo").output == [1]
    assert dict(os.environ) == before


def test_replies_without_a_kind_are_refused() -> None:
    with pytest.raises(ReplyFormatError, match="'Work'"):
        Replies({"Work": [{"results": 1}]})


def test_replies_come_in_order_and_the_last_repeats() -> None:
    replies = Replies({"A": [{"result": 1}, {"result": 2}], "A#1": {"result": 3}})
    assert [replies.answer("A", "x:y", {}, index)["result"] for index in (None, 1, 0, 2, 1)] == [1, 3, 2, 2, 3]
    assert replies.answer("B", "x:y", {}) == {"result": {}}
