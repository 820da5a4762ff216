"""``airflow2sfn verify``: DAGs on a real Airflow, and their state machines in the interpreter, do the same.

The exemplars were translated by hand and run on both sides; here the tool's translation of them is run on both sides,
with the same fake AWS below operators, hooks, functions and states.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("airflow", reason="needs the extra 'airflow'")

from botocore.exceptions import ClientError

from airflow2sfn.verifying_scenarios import generator_for
from airflow2sfn.verifying_subject import Prepared, prepare
from sfn_airflow_core.interpreter import Reply
from sfn_airflow_core.verify.airflow_runner import AirflowSession
from sfn_airflow_core.verify.aws_answers import Place
from sfn_airflow_core.verify.dag_verification import DagBench
from sfn_airflow_core.verify.scenario import Scenario

HOME = Path(__file__).parents[2] / "shared" / "exemplars" / "airflow2sfn"
needs_exemplars = pytest.mark.skipif(not HOME.exists(), reason="the exemplars are not beside the project")


@pytest.fixture(scope="module")
def airflow() -> Iterator[AirflowSession]:
    with AirflowSession() as session:
        yield session


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"exemplar_{path.parent.name}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@lru_cache
def harness(name: str) -> ModuleType:
    return load(HOME / "harness" / f"{name}.py")


def tables() -> list[tuple[str, str]]:
    if not HOME.exists():
        return []
    names = ("daily_sales", "ledger_refresh")
    return [(dag, title) for dag in names for title in getattr(harness("scenarios"), dag.upper())]


class FakeWorld:
    """The exemplars' fake AWS, below the states of a machine and below botocore."""

    def __init__(self, table: dict[str, Any]):
        from airflow.sdk.exceptions import AirflowTaskTimeout

        self.fake = harness("fake_aws").FakeAws(table)
        self.fake.timeout = AirflowTaskTimeout("over")
        self.no_target = bool(table.get("no_target"))

    def call(self, place: Place, client: Any, operation: str, arguments: dict[str, Any]) -> Any:
        return self.fake.call(client.meta.service_model.service_name, operation, arguments)

    def of_task(self, task: str, index: int | None, arguments: Any) -> Reply | None:
        return None

    def resource(self, task: str, action: str) -> str:
        return "arn:aws:states:::states:startExecution"

    def of_service(self, task: str, index: int | None, resource: str, arguments: Any) -> Reply:
        service, operation = resource.split(":::")[1].removeprefix("aws-sdk:").split(":")[:2]
        try:
            return self.answered(service, operation, arguments)
        except ClientError as error:
            return Reply("error", error=f"{service.title()}.{error.response['Error']['Code']}", cause=str(error))

    def answered(self, service: str, operation: str, arguments: Any) -> Reply:
        match service:
            case "glue":
                run = self.fake.call("glue", "StartJobRun", arguments)["JobRunId"]
                told = self.fake.call("glue", "GetJobRun", {"JobName": arguments["JobName"], "RunId": run})["JobRun"]
                return self.ended(told, told["JobRunState"])
            case "athena":
                query = self.fake.call("athena", "StartQueryExecution", arguments)["QueryExecutionId"]
                told = self.fake.call("athena", "GetQueryExecution", {"QueryExecutionId": query})
                return self.ended(told, told["QueryExecution"]["Status"]["State"])
            case "states" if self.no_target:
                return Reply("error", error="StepFunctions.StateMachineDoesNotExistException")
            case "states":
                return Reply("result", {"ExecutionArn": "arn", "StartDate": 0})
        return Reply("result", self.fake.call(service, operation[:1].upper() + operation[1:], arguments))

    def ended(self, told: Any, state: str) -> Reply:
        return Reply("result" if state == "SUCCEEDED" else "job_failed", told)


@pytest.fixture(scope="module")
def exemplars(airflow: AirflowSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Prepared]:
    found = {}
    for name in ("daily_sales", "ledger_refresh"):
        path = HOME / name / f"{name}.py"
        (found[name],) = prepare(path, airflow.dags(path), tmp_path_factory.mktemp(name))
    return found


@needs_exemplars
@pytest.mark.parametrize(("dag", "title"), tables(), ids=lambda part: part)
def test_exemplars_do_the_same_on_both_sides(dag: str, title: str, exemplars: dict[str, Prepared]) -> None:
    scenarios = harness("scenarios")
    table = getattr(scenarios, dag.upper())[title]

    def world(scenario: Scenario) -> tuple[FakeWorld, FakeWorld]:
        made = FakeWorld(table)
        return made, made

    subject = exemplars[dag].subject(world=world)
    given = {"logical_date": "2026-11-23T04:30:00Z", **({"conf": table["conf"]} if table["conf"] else {})}
    outcome = DagBench(subject).compare(Scenario(title, given))
    shown = json.dumps([(found.at, found.expected, found.actual) for found in outcome.differences], default=repr)
    assert outcome.comparable, outcome.reason
    assert outcome.equal, shown


FIXTURES = Path(__file__).parent.parent / "fixtures" / "airflow2sfn"
GOLDENS = sorted(path.parent for path in FIXTURES.glob("*/dag.py"))
MOST = 4
"""Scenarios of each golden here; ``airflow2sfn verify fixtures/airflow2sfn/*/dag.py`` runs all of them."""


def benches(airflow: AirflowSession, path: Path, folder: Path) -> list[tuple[DagBench, tuple[Scenario, ...]]]:
    """The DAGs of a file with the scenarios that are found for them."""
    found = []
    for one in prepare(path, airflow.dags(path), folder):
        bench = DagBench(one.subject())
        found.append((bench, generator_for(one, bench).scenarios()))
    return found


@pytest.mark.parametrize("case", GOLDENS, ids=lambda case: case.name)
def test_goldens_do_the_same_on_both_sides(
    case: Path, airflow: AirflowSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAGE", "dev")
    for bench, scenarios in benches(airflow, case / "dag.py", tmp_path):
        assert scenarios
        for scenario in scenarios[:: max(1, len(scenarios) // MOST)][:MOST]:
            outcome = bench.compare(scenario)
            shown = json.dumps([(d.at, d.expected, d.actual) for d in outcome.differences], default=repr)
            assert outcome.equal or outcome.reason.startswith("no counterpart"), f"{scenario.id}: {shown}"
