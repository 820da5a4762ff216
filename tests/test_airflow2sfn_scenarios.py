"""Scenarios of a DAG: which ones are found, and what is the same on both sides: time, chance, races, missing parts."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("airflow", reason="needs the extra 'airflow'")

from dag_benches import HEAD, Bench, compared, made, shown

from sfn_airflow_core.interpreter import Options
from sfn_airflow_core.verify.airflow_runner import AirflowSession
from sfn_airflow_core.verify.dag_time import same_chance, sleepless
from sfn_airflow_core.verify.scenario import Scenario


@pytest.fixture(scope="module")
def airflow() -> Iterator[AirflowSession]:
    with AirflowSession() as session:
        yield session


@pytest.fixture
def bench(airflow: AirflowSession, tmp_path: Path) -> Bench:
    return lambda text: made(airflow, tmp_path, text)


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


CONSTANT = """
from airflow.providers.standard.operators.python import ShortCircuitOperator

with DAG("constant", schedule=None):
    go_on = ShortCircuitOperator(task_id="go_on", python_callable=lambda: True)
    stop = ShortCircuitOperator(task_id="stop", python_callable=lambda: False)

    @task
    def after(): ...

    @task
    def never(): ...

    go_on >> after()
    stop >> never()
"""


def test_decisions_that_are_always_the_same_are_tasks_of_their_own(bench: Bench) -> None:
    made = bench(HEAD + CONSTANT)
    outcomes = compared(made)
    assert made[0].subject.states.stubs == {}
    assert list(outcomes) == ["as it is", "after fails"]
    assert all(one.equal for one in outcomes.values()), {name: shown(one) for name, one in outcomes.items()}


MISSING = """
from pathlib import Path
from airflow.providers.standard.operators.hitl import HITLEntryOperator

with DAG("missing", schedule=None):

    person = HITLEntryOperator(task_id="person", subject="How many?", params={"n": Param(1, type="integer")})

    @task
    def before(): ...

    @task
    def after(text): ...

    before() >> person >> after("of {{ ti.xcom_pull('person', key='n') }}")
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
    (scenario,) = [one for one in made[1].scenarios() if one.id == "after fails"]
    assert made[0].machine(scenario, Options()).history.did["after", None].given == {"text": "of text"}
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


WAITING = """
from airflow.providers.amazon.aws.operators.ec2 import EC2StopInstanceOperator
from airflow.providers.amazon.aws.sensors.ec2 import EC2InstanceStateSensor

with DAG("waiting", schedule=None):
    stop = EC2StopInstanceOperator(task_id="stop", instance_id="i-1")
    stop >> EC2InstanceStateSensor(task_id="stopped", instance_id="i-1", target_state="stopped")
"""


def test_services_answer_what_ends_the_waiting_of_both_sides(bench: Bench) -> None:
    made = bench(HEAD + WAITING)
    outcome = made[0].compare(Scenario("as it is"))
    assert outcome.expected["status"] == "SUCCEEDED"
    assert (shown(outcome), outcome.equal) == ([], True)


MAPPED_ELSEWHERE = """
with DAG("mapped_elsewhere", schedule=None):

    @task
    def stored(name, task_state_store=None):
        task_state_store.set(name, 1)

    stored.expand(name=["a", "b"])
"""


def test_a_mapped_task_without_a_counterpart_is_compared_with_nothing(bench: Bench) -> None:
    outcomes = compared(bench(HEAD + MAPPED_ELSEWHERE))
    assert outcomes
    assert all("no counterpart, " in one.reason and not one.comparable for one in outcomes.values())
