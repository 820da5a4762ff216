"""``airflow2sfn verify``: DAGs on a real Airflow, and their state machines in the interpreter, do the same.

The exemplars were translated by hand and run on both sides; here the tool's translation of them is run on both sides,
with the same fake AWS below operators, hooks, functions and states.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("airflow", reason="needs the extra 'airflow'")

from botocore.exceptions import ClientError
from dag_cases import connected

from airflow2sfn.cli import cli
from airflow2sfn.read import read_text
from airflow2sfn.translate import translate
from airflow2sfn.verifying.scenarios import constants, generator_for
from airflow2sfn.verifying.subject import Prepared, prepare
from sfn_airflow_core.asl.write import write
from sfn_airflow_core.interpreter import Reply
from sfn_airflow_core.shell.group import run
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
    for one in prepare(path, airflow.dags(path), folder, known=connected(path.parent)):
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


BOOM = {"error": "RuntimeError", "cause": "no"}
NOT_YET = {"result": {"KeyCount": 0}}
FOUND = {"result": {"KeyCount": 1, "Prefix": "in/2026-03-05.csv", "Contents": [{"Key": "in/2026-03-05.csv"}]}}
PAID = {"payload": {"rows": 4, "day": "2026-03-05"}}
ORDERS = {
    "plain": Scenario("plain"),
    "full": Scenario("full", {"conf": {"mode": "full"}}),
    "count fails once": Scenario("count fails once", {}, {"count": [BOOM, PAID]}),
    "count fails": Scenario("count fails", {}, {"count": BOOM}),
    "check fails": Scenario("check fails", {}, {"check": {"error": "Athena.InvalidRequestException"}}),
    "third look": Scenario("third look", {}, {"wait_for_file": [NOT_YET, NOT_YET, FOUND]}),
    "never there": Scenario("never there", {}, {"wait_for_file": NOT_YET}),
}


def no_drain(states: dict[str, Any]) -> None:
    check = states["check and tell"]["Branches"][0]["States"]["check"]
    del check["Catch"], check["Retry"]
    tell = states["check and tell"]["Branches"][1]["States"]
    tell["Wait"] = {"Type": "Wait", "Seconds": 5, "Next": "tell"}
    states["check and tell"]["Branches"][1]["StartAt"] = "Wait"


def other_order(states: dict[str, Any]) -> None:
    states["delta_load"]["Next"] = "check and tell"
    states["check and tell succeeded?"]["Default"] = "count"
    states["count"]["Next"] = "Run succeeded"


def swapped(states: dict[str, Any]) -> None:
    choice = states["choose"]
    choice["Default"], choice["Choices"][0]["Next"] = choice["Choices"][0]["Next"], choice["Default"]


def set_at(*path: Any) -> Any:
    """A mutation that sets the value at a path, which is given last."""
    *outer, last, value = path

    def change(states: Any) -> None:
        for part in outer:
            states = states[part]
        states[last] = value

    return change


def dropped(*path: Any) -> Any:
    """A mutation that drops what is at a path."""
    *outer, last = path

    def change(states: Any) -> None:
        for part in outer:
            states = states[part]
        del states[last]

    return change


MUTATIONS = {
    "the other branch": (swapped, "plain", "/tasks/full_load#ran"),
    "no retry": (dropped("count", "Retry"), "count fails once", "/tasks/count#tries"),
    "more retries": (set_at("count", "Retry", 0, "MaxAttempts", 3), "count fails", "/tasks/count#tries"),
    "a shorter delay": (set_at("count", "Retry", 0, "IntervalSeconds", 3), "count fails once", "/tasks/count#delays"),
    "another job": (set_at("full_load", "Arguments", "JobName", "x"), "full", "/tasks/full_load#call/JobName"),
    "another argument": (set_at("count", "Arguments", "Payload", "ds", "x"), "plain", "/tasks/count#arguments/ds"),
    "a lost value": (dropped("count", "Assign"), "plain", "/tasks/tell#call/Message"),
    "no drain": (no_drain, "check fails", "/tasks/tell#ran"),
    "a failure that does not count": (
        set_at("check and tell succeeded?", "Choices", 0, "Next", "Run succeeded"),
        "check fails",
        "status",
    ),
    "another order": (other_order, "plain", "/tasks/check#order in the state machine"),
    "a task too few": (dropped("check and tell", "Branches", 1), "plain", "/tasks/tell#ran"),
    "shorter waits": (set_at("wait_for_file: not yet", "Seconds", 30), "third look", "/tasks/wait_for_file#waits"),
    "a failure that succeeds": (set_at("wait_for_file: timed out", {"Type": "Succeed"}), "never there", "status"),
}


@pytest.fixture(scope="module")
def orders(airflow: AirflowSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[Prepared, DagBench]:
    path = FIXTURES / "orders_etl" / "dag.py"
    (one,) = prepare(path, airflow.dags(path), tmp_path_factory.mktemp("orders"))
    return one, DagBench(one.subject())


@pytest.mark.parametrize("scenario", ORDERS.values(), ids=lambda scenario: scenario.id)
def test_a_faithful_machine_is_equal(scenario: Scenario, orders: tuple[Prepared, DagBench]) -> None:
    outcome = orders[1].compare(scenario)
    assert (outcome.differences, outcome.equal) == ((), True)


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_broken_machine_is_found_out(
    name: str, orders: tuple[Prepared, DagBench], airflow: AirflowSession, tmp_path: Path
) -> None:
    change, scenario, at = MUTATIONS[name]
    one, bench = orders
    definition = json.loads(write(one.translated.machine))
    change(definition["States"])
    path = FIXTURES / "orders_etl" / "dag.py"
    (broken,) = prepare(path, airflow.dags(path), tmp_path, machine=json.dumps(definition).encode())
    outcome = DagBench(broken.subject(), runs=bench.runs).compare(ORDERS[scenario])
    assert not outcome.equal
    assert at in [found.at for found in outcome.differences]


def test_conditions_of_a_machine_are_driven_by_params(orders: tuple[Prepared, DagBench]) -> None:
    generator = generator_for(*orders)
    assert {"full", "delta_load"} <= set(constants(orders[0].dag.task("choose")))
    ids = [scenario.id for scenario in generator.scenarios()]
    assert generator.missed == {}
    assert "choose: with mode = 'full'" in ids
    assert {"full_load fails", "wait_for_file never finds it", "other params"} <= set(ids)


TWO_TASKS = """
import os, socket
from airflow.sdk import DAG, task

with DAG("two_tasks", schedule=None):

    @task
    def look() -> str:
        try:
            socket.create_connection(("127.0.0.1", 9), timeout=1)
        except OSError as error:
            return f"{type(error).__name__} {error} {'SECRET' in os.environ}"
        return "connected"

    @task(retries=1)
    def hand_on(found: str) -> str:
        return found.upper()

    hand_on(look())
"""


@pytest.fixture
def verify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs ``airflow2sfn verify`` in a folder with ``dag.py``; gives exit code, standard output and error."""
    (tmp_path / "dag.py").write_text(TWO_TASKS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET", "s3cret")

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(cli, "airflow2sfn", "0", ["verify", *arguments])
        return code, *capsys.readouterr()

    return call


def test_the_command_verifies_without_network_and_keeps_its_scenarios(verify: Any, tmp_path: Path) -> None:
    code, out, err = verify("dag.py", "--format", "json", "--write-scenarios", "kept.json")
    result = json.loads(out)
    assert (code, err) == (0, "")
    assert result["coverage"] == {"states": [2, 2], "edges": [1, 1]}
    assert [one["id"] for one in result["scenarios"]] == [
        "as it is",
        "look fails",
        "hand_on fails",
        "hand_on fails once",
    ]
    kept = {one["id"]: one for one in json.loads((tmp_path / "kept.json").read_text())}
    (_, again) = kept["hand_on fails once"]["replies"]["hand_on"]
    assert "NETWORK IS CLOSED" in again["payload"]
    assert again["payload"].endswith(" FALSE"), "the environment has nothing of the caller's"


def test_what_has_no_counterpart_is_said_with_its_place(verify: Any, tmp_path: Path) -> None:
    text = (
        "from airflow.providers.amazon.aws.operators.s3 import S3FileTransformOperator\n"
        "from airflow.sdk import DAG, task\n"
        "with DAG('stub', schedule=None):\n"
        "    @task(trigger_rule='all_done')\n"
        "    def last(): return 2\n"
        "    S3FileTransformOperator(task_id='change', source_s3_key='s3://a/b', dest_s3_key='s3://a/c',\n"
        "        transform_script='cp') >> last()\n"
    )
    (tmp_path / "stub.py").write_text(text)
    code, out, _ = verify("stub.py")
    assert code == 0
    assert "stub.py:6:5: A2S203 [unsupported] change: S3FileTransformOperator has no counterpart" in out
    assert "A2S203" not in verify("stub.py", "--format", "json", "--only", "last fails")[1]


def test_the_command_finds_a_difference_in_an_edited_machine(verify: Any, tmp_path: Path) -> None:
    (dag,) = read_text(TWO_TASKS, "dag.py").dags
    definition = json.loads(write(translate(dag).machine))
    del definition["States"]["hand_on"]["Retry"]
    (tmp_path / "edited.asl.json").write_text(json.dumps(definition))
    (tmp_path / "own.json").write_text('[{"id": "mine", "replies": {"hand_on": {"error": "Busy"}}}]')
    code, out, _ = verify("dag.py", "--machine", "edited.asl.json", "--scenarios", "own.json", "-v")
    assert code == 1
    assert re.search(r"/tasks/hand_on#tries \(dag.py:\d+:\d+\)", out)


BUSY = """
from airflow.sdk import DAG

while True:
    pass
"""


def test_a_file_that_works_too_long_is_ended_and_the_next_one_is_verified(verify: Any, tmp_path: Path) -> None:
    (tmp_path / "busy.py").write_text(BUSY)
    code, out, err = verify("busy.py", "dag.py", "--seconds", "5", "--format", "json")
    assert code == 2
    assert "busy.py: error: the verification took longer than 5 s" in err
    assert [one["equal"] for one in json.loads(out)["scenarios"]] == [True] * 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("missing.py",), "missing.py"),
        (("dag.py", "--scenarios", "missing.json"), "No such file"),
        (("dag.py", "dag.py", "--machine", "x.json"), "one DAG file"),
    ],
)
def test_unusable(verify: Any, arguments: tuple[str, ...], message: str) -> None:
    code, _, err = verify(*arguments)
    assert code == 2
    assert message in err
