"""Lambda functions, executed for real with the events that state machines give them.

``runs.json`` of a case in fixtures/airflow2sfn is a list of executions: their input, how they end, and what the
functions of the tasks returned (or raised), written by hand. On a real Airflow the callables themselves give the same.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from dag_cases import CASES, dag_of, translated

from airflow2sfn.read import read_text
from airflow2sfn.tasks.kinds import PYTHON
from airflow2sfn.translate import translate
from airflow2sfn.verifying.subject import functions_of
from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.asl.read import read_text as read_machine
from sfn_airflow_core.asl.write import write
from sfn_airflow_core.interpreter import Reply, ServiceCall, execute
from sfn_airflow_core.verify.dag_machine import event_of

HERE = Path(__file__).parent


def runs(case: Path) -> list[dict[str, Any]]:
    path = case / "runs.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


RUNS = [pytest.param(case, run, id=f"{case.name}: {run['id']}") for case in CASES for run in runs(case)]


class Lambda:
    """Answers with what the functions return; notes every event and result."""

    def __init__(self, case: Path, folder: Path):
        plan = translated(case).plan
        self.functions = functions_of({**plan.functions, **plan.callbacks}, folder)
        self.calls: list[tuple[str, Json, Json]] = []

    def answer(self, call: ServiceCall) -> Reply:
        given: Any = call.arguments
        name = given.get("FunctionName", given.get("TaskDefinition"))
        if name not in self.functions:
            return Reply("result", {})
        event = json.loads(json.dumps(event_of(call)))
        task = call.state.removesuffix(" item")
        try:
            result = self.functions[name](json.loads(json.dumps(event)))
        except Exception as error:
            self.calls.append((task, event, f"{type(error).__name__}: {error}"))
            return Reply("error", error=type(error).__name__, cause=str(error))
        self.calls.append((task, event, json.loads(json.dumps(result))))
        answer = {"StatusCode": 200, "Payload": self.calls[-1][2]} if "FunctionName" in given else self.calls[-1][2]
        return Reply("result", answer)


@cache
def executed(case: Path, number: int, folder: Path) -> tuple[str, list[tuple[str, Json, Json]]]:
    """How an execution ends, and the calls of its functions."""
    machine = read_machine(write(translated(case).machine), case.name).machine
    assert machine is not None
    functions = Lambda(case, folder)
    execution = execute(machine, runs(case)[number]["input"], functions)
    return execution.status, functions.calls


@pytest.mark.parametrize(("case", "run"), RUNS)
def test_returns_what_is_expected(case: Path, run: dict[str, Any], tmp_path: Path) -> None:
    status, calls = executed(case, runs(case).index(run), tmp_path)
    returned: dict[str, list[Json]] = {}
    for task, _, result in calls:
        returned.setdefault(task, []).append(result)
    assert (status, sorted_items(returned)) == (run["status"], sorted_items(run["returned"]))


def sorted_items(returned: dict[str, list[Json]]) -> dict[str, list[str]]:
    """Items of a Map and tries have no order."""
    return {
        task: sorted(json.dumps(result, sort_keys=True) for result in results) for task, results in returned.items()
    }


CALLER = """
import asyncio, gc, importlib.util, inspect, json, sys
from pathlib import Path
from airflow.sdk import DAG

def called(function, event):
    parameters = inspect.signature(function).parameters.values()
    result = function(*[event.pop(p.name) for p in parameters if p.kind == p.POSITIONAL_ONLY], **event)
    return asyncio.run(result) if inspect.iscoroutine(result) else result

answers = []
for folder, calls in json.load(sys.stdin):
    sys.path.insert(0, folder)
    before = set(sys.modules)
    path = str(Path(folder) / "dag.py")
    spec = importlib.util.spec_from_file_location("dag", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (dag,) = [found for found in gc.get_objects() if type(found) is DAG and found.fileloc == path]
    for task, event in calls:
        try:
            result = json.loads(json.dumps(called(dag.get_task(task).python_callable, event)))
        except Exception as error:
            result = f"{type(error).__name__}: {error}"
        answers.append(result)
    sys.path.remove(folder)
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(folder):
            del sys.modules[name]
print("\\n" + json.dumps(answers))
"""
PLAIN = frozenset({"ds", "ds_nodash", "params", "run_id", "ts"})


def asked_directly(case: Path, task: str) -> bool:
    """Whether a callable can be called with the event itself: it asks for no objects, and decides nothing."""
    source, asked = dag_of(case).task(task), translated(case).plan.functions[task].asked
    if (
        source.operator not in PYTHON
        or asked.current
        or not {path[0] for path in asked.paths} <= PLAIN
        or source.callable is None
    ):
        return False
    kinds = {parameter.kind for parameter in source.callable.parameters}
    return "args" not in kinds and PYTHON[source.operator] == "work"


def test_airflow_callables_return_the_same(tmp_path: Path) -> None:
    """What the functions returned for an event, the callables of the DAG on a real Airflow return for it too."""
    pytest.importorskip("airflow")
    questions: list[tuple[str, list[tuple[str, Json]]]] = []
    expected: list[Json] = []
    for case in CASES:
        calls = [
            call
            for number, _ in enumerate(runs(case))
            for call in executed(case, number, tmp_path / f"{case.name}{number}")[1]
            if asked_directly(case, call[0])
        ]
        questions.append((str(case), [(task, event) for task, event, _ in calls]))
        expected += [result for _, _, result in calls]
    assert len(expected) > 30
    environment = {**os.environ, "AIRFLOW_HOME": str(tmp_path / "airflow"), "AIRFLOW__CORE__UNIT_TEST_MODE": "True"}
    command = [sys.executable, "-c", CALLER]
    given = json.dumps([question for question in questions if question[1]])
    done = subprocess.run(command, input=given, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == expected


def test_each_round_of_a_loop_has_the_defaults_of_its_own(tmp_path: Path) -> None:
    text = """
from datetime import date
from airflow.sdk import DAG
from airflow.providers.standard.operators.python import PythonOperator

TABLES = {"orders": date(2024, 1, 2), "users": date(2024, 3, 4)}
SIZE = 5

def load(table, since, size):
    return f"{table} since {since}, {size} at once"

with DAG("d", schedule=None):
    for table, since in TABLES.items():
        PythonOperator(
            task_id=f"load_{table}", python_callable=lambda table=table, day=since, size=SIZE: load(table, day, size)
        )
    for number in range(2):
        def count(number=number):
            return number * 10
        PythonOperator(task_id=f"count_{number}", python_callable=count)
"""
    (dag,) = read_text(text, "d.py").dags
    result = translate(dag)
    assert not [finding for finding in result.findings if finding.code == "A2S610"]
    made = functions_of(result.plan.functions, tmp_path)
    assert {name.removeprefix("${").removesuffix("FunctionArn}"): call({}) for name, call in made.items()} == {
        "LoadOrders": "orders since 2024-01-02, 5 at once",
        "LoadUsers": "users since 2024-03-04, 5 at once",
        "Count0": 0,
        "Count1": 10,
    }
