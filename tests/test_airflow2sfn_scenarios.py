"""Scenarios of a DAG: which ones are found, and what is the same on both sides: time, chance, races, missing parts."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("airflow", reason="needs the extra 'airflow'")

from airflow2sfn.verifying.scenarios import Generator, generator_for
from airflow2sfn.verifying.subject import prepare
from sfn_airflow_core.verify.airflow_runner import AirflowSession
from sfn_airflow_core.verify.dag_time import same_chance, sleepless
from sfn_airflow_core.verify.dag_verification import DagBench
from sfn_airflow_core.verify.result import Outcome
from sfn_airflow_core.verify.scenario import Scenario

FIXTURES = Path(__file__).parent.parent / "fixtures" / "airflow2sfn"
Bench = Callable[[str], tuple[DagBench, Generator]]


@pytest.fixture(scope="module")
def airflow() -> Iterator[AirflowSession]:
    with AirflowSession() as session:
        yield session


@pytest.fixture
def bench(airflow: AirflowSession, tmp_path: Path) -> Bench:
    """A DAG, given as text or as the name of a golden, where its scenarios are run; and their generator."""

    def made(text: str) -> tuple[DagBench, Generator]:
        path = FIXTURES / text / "dag.py"
        if "\n" in text:
            path = tmp_path / f"{tmp_path.name}.py"
            path.write_text(text, encoding="utf-8")
        (one,) = prepare(path, airflow.dags(path), tmp_path / "functions")
        found = DagBench(one.subject())
        return found, generator_for(one, found)

    return made


def compared(made: tuple[DagBench, Generator]) -> dict[str, Outcome]:
    """What comes of all scenarios of a DAG."""
    found, generator = made
    return {one.id: found.compare(one) for one in generator.scenarios()}


def shown(outcome: Outcome) -> list[tuple[str, object, object]]:
    return [(one.at, one.expected, one.actual) for one in outcome.differences]


def test_every_day_of_a_branch_by_weekday_is_found(bench: Bench) -> None:
    made = bench("weekday_branch")
    outcomes = compared(made)
    assert made[1].missed == {}
    assert "which: on Saturday, 2026-03-07 00:00" in outcomes
    assert all(one.equal for one in outcomes.values()), {name: shown(one) for name, one in outcomes.items()}


@pytest.mark.parametrize("moment", ["2026-03-07T00:00:00Z", "2199-12-06T00:00:00Z"])
def test_a_run_begins_when_its_schedule_says_whatever_day_it_is_today(bench: Bench, moment: str) -> None:
    outcome = bench("weekday_branch")[0].compare(Scenario("then", {"logical_date": moment}))
    assert (shown(outcome), outcome.equal) == ([], True)


def test_both_ways_of_each_short_circuit_are_found(bench: Bench) -> None:
    made = bench("short_circuits")
    outcomes = compared(made)
    assert made[1].missed == {}
    assert {"is_new: goes on", "is_new: stops", "enough: when load gives 11", "publish fails"} <= outcomes.keys()
    assert all(one.equal for one in outcomes.values())


HEAD = """
import random
import time
from airflow.providers.standard.operators.python import ExternalPythonOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Param, task
from airflow.sdk.exceptions import AirflowSkipException

"""

CHANCE = """
with DAG("chance", schedule=None):

    @task.branch
    def toss() -> str:
        return random.choice(["heads", "tails"])

    @task
    def heads(): ...

    @task
    def tails(): ...

    toss() >> [heads(), tails()]
"""


def test_each_choice_is_a_scenario_and_dice_fall_alike(bench: Bench) -> None:
    outcomes = compared(bench(HEAD + CHANCE))
    assert {"as it is", "toss: chooses heads", "toss: chooses tails", "heads fails", "tails fails"} <= outcomes.keys()
    assert all(one.equal for one in outcomes.values())


RACE = """
with DAG("race", schedule=None):

    @task
    def quick():
        raise AirflowSkipException

    @task
    def first(): ...

    @task
    def slow(): ...

    last = EmptyOperator(task_id="last")
    quick() >> last
    first() >> slow() >> last
"""


def test_a_skip_does_not_win_against_a_failure_by_being_faster(bench: Bench) -> None:
    outcomes = compared(bench(HEAD + RACE))
    assert outcomes["slow fails"].expected["status"] == "FAILED"
    assert all(one.equal for one in outcomes.values()), {name: shown(one) for name, one in outcomes.items()}


MISSING = """
from pathlib import Path
from airflow.providers.standard.operators.hitl import HITLEntryOperator

with DAG("missing", schedule=None):

    person = HITLEntryOperator(task_id="person", subject="How many?", params={"n": Param(1, type="integer")})

    @task
    def before(): ...

    @task
    def after(): ...

    before() >> person >> after()
"""


def test_a_task_without_a_counterpart_is_answered_for_on_both_sides(bench: Bench) -> None:
    made = bench(HEAD + MISSING)
    outcomes = compared(made)
    assert made[0].subject.states.stubs == {"person": "person"}
    assert "person" in outcomes["as it is"].reason
    assert not outcomes["as it is"].comparable
    rest = {name: one for name, one in outcomes.items() if name != "as it is"}
    assert {"every task has a counterpart", "before fails", "person fails", "after fails"} == rest.keys()
    assert all(one.equal for one in rest.values()), {name: shown(one) for name, one in rest.items()}
    assert "person has no counterpart" in rest["after fails"].around[0]
    assert rest["person fails"].expected["status"] == "FAILED"


ELSEWHERE = """
def load():
    import a_package_that_is_not_here
    return 3

with DAG("elsewhere", schedule=None, params={"needed": Param(type="string", minLength=6)}):
    ExternalPythonOperator(task_id="load", python="/usr/bin/python3", expect_airflow=False, expect_pendulum=False,
                           python_callable=load)
"""


def test_functions_of_other_environments_and_params_without_default_get_values(bench: Bench) -> None:
    outcomes = compared(bench(HEAD + ELSEWHERE))
    assert list(outcomes) == ["every function returns", "load fails"]
    assert all(one.equal for one in outcomes.values()), {name: shown(one) for name, one in outcomes.items()}


def test_functions_and_commands_do_not_sleep(tmp_path: Path) -> None:
    import asyncio
    import subprocess

    began = time.monotonic()
    with sleepless(tmp_path / "commands"):
        time.sleep(100)
        asyncio.run(asyncio.sleep(100))
        assert subprocess.run(["sh", "-c", "sleep 100; echo done"], capture_output=True, text=True).stdout == "done\n"
    assert time.monotonic() - began < 50


def test_chance_is_that_of_the_task_and_is_put_back() -> None:
    random.seed(1)
    with same_chance("a", None):
        one = random.random()
    after = random.random()
    with same_chance("a", None):
        assert random.random() == one
    with same_chance("a", 1):
        assert random.random() != one
    random.seed(1)
    assert random.random() == after
