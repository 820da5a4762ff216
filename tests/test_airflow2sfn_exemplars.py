"""Two DAGs that were translated by hand and run on both sides: the translation of the tool does the same.

The expectation is what a real Airflow did (``results.json``); replies come from the same table of service answers, and
the Lambda functions are the real handlers, as local functions.
"""

from __future__ import annotations

import importlib.util
import json
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from airflow2sfn.deploy.deployment import deploy
from airflow2sfn.packaging.names import FunctionName
from airflow2sfn.read import read_text
from airflow2sfn.translate import translate
from sfn_airflow_core.asl.model import Json, Machine
from sfn_airflow_core.asl.read import read_text as read_machine
from sfn_airflow_core.asl.write import write
from sfn_airflow_core.interpreter import Reply, ServiceCall, execute

HOME = Path(__file__).parents[2] / "shared" / "exemplars" / "airflow2sfn"
pytestmark = pytest.mark.skipif(not HOME.exists(), reason="the exemplars are not beside the project")
DAGS = ("daily_sales", "ledger_refresh")


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"exemplar_{path.parent.name}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@lru_cache
def machine(name: str) -> Machine:
    path = HOME / name / f"{name}.py"
    (dag,) = read_text(path.read_text(), path.name).dags
    text = write(translate(dag).machine)
    reading = read_machine(text, name)
    assert (reading.problems, reading.unknown) == ((), ())
    assert reading.machine is not None
    return reading.machine


def expectations() -> list[dict[str, Any]]:
    path = HOME / "results.json"
    return json.loads(path.read_text()) if path.exists() else []


class Services:
    """Answers calls from the exemplar's table; Lambda functions are its handlers."""

    def __init__(self, dag: str, scenario: dict[str, Any]):
        self.dag = dag
        self.fake = load(HOME / "harness" / "fake_aws.py").FakeAws(scenario)
        self.fake.timeout = TimeoutError("over")
        self.handlers = {
            f"${{{FunctionName(path.parent.name).placeholder}}}": load(path).handler
            for path in (HOME / dag / "functions").glob("*/handler.py")
        }
        self.ran: dict[tuple[str, Any], list[str]] = {}
        self.no_target = bool(scenario.get("no_target"))

    def answer(self, call: ServiceCall) -> Reply:
        key = (call.state.removesuffix(" item"), call.item)
        try:
            reply = Reply("result", self.result(call))
            outcome = "success"
        except ClientError as error:
            service = call.resource.split(":::")[1].removeprefix("aws-sdk:").split(":")[0]
            prefix = "ClientError" if service == "lambda" else f"{service.title()}.{error.response['Error']['Code']}"
            reply, outcome = Reply("error", error=prefix, cause=str(error)), "failed"
        except TimeoutError:
            reply, outcome = Reply("timeout"), "failed"
        except Exception as error:
            name = type(error).__name__
            reply, outcome = Reply("error", error=name, cause=str(error)), "failed"
            outcome = "skipped" if name == "AirflowSkipException" else outcome
        self.ran.setdefault(key, []).append(outcome)
        return reply

    def result(self, call: ServiceCall) -> Json:
        p: Any = call.arguments
        service, operation = call.resource.split(":::")[1].removeprefix("aws-sdk:").split(":")[:2]
        if service == "lambda":
            out = self.handlers[p["FunctionName"]](json.loads(json.dumps(p["Payload"])), None)
            return {"StatusCode": 200, "Payload": json.loads(json.dumps(out))}
        if service == "glue":
            run_id = self.fake.call("glue", "StartJobRun", p)["JobRunId"]
            result = self.fake.call("glue", "GetJobRun", {"JobName": p["JobName"], "RunId": run_id})["JobRun"]
            return self.ended(result, result["JobRunState"])
        if service == "athena":
            query = self.fake.call("athena", "StartQueryExecution", p)["QueryExecutionId"]
            result = self.fake.call("athena", "GetQueryExecution", {"QueryExecutionId": query})
            return self.ended(result, result["QueryExecution"]["Status"]["State"])
        if service == "states":
            if self.no_target:
                raise ClientError({"Error": {"Code": "StateMachineDoesNotExist"}}, "StartExecution")
            return {"ExecutionArn": "arn", "StartDate": 0}
        answer: Json = self.fake.call(service, operation[0].upper() + operation[1:], p)
        return answer

    def ended(self, result: Json, state: str) -> Json:
        if state != "SUCCEEDED":
            raise ClientError({"Error": {"Code": "TaskFailed"}}, "job")
        return result


@pytest.mark.parametrize("expected", expectations(), ids=lambda e: f"{e['dag']}: {e['scenario']}")
def test_same_end_and_same_tasks(expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    dag = expected["dag"]
    scenarios = load(HOME / "harness" / "scenarios.py")
    scenario = getattr(scenarios, dag.upper())[expected["scenario"]]
    services = Services(dag, scenario)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setattr(
        BaseClient,
        "_make_api_call",
        lambda self, operation, given: services.fake.call(self.meta.service_model.service_name, operation, given),
    )
    given: Json = {"logical_date": scenarios.DAY, **({"conf": scenario["conf"]} if scenario["conf"] else {})}
    execution = execute(machine(dag), given, services)
    assert execution.status == expected["status"], (execution.error, execution.cause)
    ran: dict[str, list[list[Any]]] = {}
    for (task, _), outcomes in services.ran.items():
        ran.setdefault(task, []).append([len(outcomes), outcomes[-1]])
    looked = {"wait_for_audit": "failed"} if execution.error == "AirflowSensorTimeout" else {}
    shown = {task: [[n, looked.get(task, outcome)] for n, outcome in runs] for task, runs in ran.items()}
    assert {task: sorted(runs) for task, runs in shown.items()} == {
        task: sorted(runs) for task, runs in expected["ran"].items()
    }


@pytest.mark.parametrize("dag", DAGS)
def test_reads_as_if_written_by_hand(dag: str) -> None:
    by_hand = json.loads((HOME / dag / f"{dag}.asl.json").read_text())
    made = machine(dag)
    hand = read_machine(json.dumps(by_hand), dag).machine
    assert hand is not None
    assert len(list(made.walk())) <= len(list(hand.walk())) + 4
    named = {state.name for state in hand.walk()}
    tasks = [state.name for state in made.walk() if type(state).__name__ in ("Task", "Map")]
    assert set(tasks) <= named, "tasks are called what they are called in the DAG"


@pytest.mark.parametrize("dag", DAGS)
def test_functions_are_those_that_were_written_by_hand(dag: str) -> None:
    path = HOME / dag / f"{dag}.py"
    (read,) = read_text(path.read_text(), path.name).dags
    files = deploy(read, translate(read), dag).files
    by_hand = {path.parent.name: path.read_text() for path in (HOME / dag / "functions").glob("*/handler.py")}
    made = {name.parts[1]: text for name, text in files.items() if name.name == "app.py"}
    assert {
        name: text.replace("ended other than well.", "ended.") for name, text in by_hand.items() if name in made
    } == made
    assert set(by_hand) - set(made) <= {"choose_mode"}, "a branch may need no function"
