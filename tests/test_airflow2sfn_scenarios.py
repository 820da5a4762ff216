"""Scenarios of a DAG: which ones are found, and what is the same on both sides: time, chance, races, missing parts."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("airflow", reason="needs the extra 'airflow'")

from airflow2sfn.verifying.scenarios import Generator, generator_for
from airflow2sfn.verifying.subject import prepare
from sfn_airflow_core.interpreter import Options
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


PUSHED = """
with DAG("pushed", schedule=None):

    @task(retries=1)
    def extract(ti=None):
        ti.xcom_push(key="orders", value=[1, 2])
        ti.xcom_push("empty", None)
        return 2

    @task
    def load(ti=None):
        return [ti.xcom_pull("extract"), ti.xcom_pull("extract", key="orders")[0]]

    extract() >> load()
"""


def test_replies_of_functions_have_all_xcoms_by_their_keys(bench: Bench) -> None:
    made = bench(HEAD + PUSHED)
    scenarios = {one.id: one for one in made[1].scenarios()}
    (_, again) = scenarios["extract fails once"].replies["extract"]
    assert again == {"payload": {"return_value": 2, "orders": [1, 2], "empty": None}}
    outcomes = compared(made)
    assert all(one.equal for one in outcomes.values()), {name: shown(one) for name, one in outcomes.items()}
    other = Scenario("other", {}, {"extract": {"payload": {"return_value": 3, "orders": ["x"]}}})
    assert made[0].dag(other).did["load", None].returned == [3, "x"]


def test_a_function_that_pushes_something_else_is_found_out(bench: Bench) -> None:
    found, _ = bench(HEAD + PUSHED)
    functions = {name: lambda event: {"return_value": 2, "orders": [1, 3]} for name in found.subject.functions}
    outcome = DagBench(replace(found.subject, functions=functions)).compare(Scenario("as it is"))
    assert ("/tasks/extract#returned/orders/1", 2, 3) in shown(outcome)


OUTPUTS = """
from airflow.sdk import task as decorated

with DAG("outputs", schedule=None, params={"what": 1}):

    @task(multiple_outputs=True)
    def told(params=None):
        return params["what"]

    @decorated
    def annotated(params=None) -> dict[str, int]:
        return params["what"]

    @task(multiple_outputs=False)
    def whole(params=None) -> dict:
        return params["what"]

    @task
    def literal(params=None) -> dict:
        return {"what": params["what"]}

    @task
    def used(what): ...

    told(), annotated(), whole()
    used(literal()["what"])
"""


def test_a_function_with_several_outputs_fails_where_it_returns_no_dictionary(bench: Bench) -> None:
    found, _ = bench(HEAD + OUTPUTS)
    for conf, ends in (({}, ["failed", "failed", "success", "success"]), ({"what": {"n": 1}}, ["success"] * 4)):
        scenario = Scenario("so", {"conf": conf})
        assert [found.dag(scenario).did[t, None].end for t in ("told", "annotated", "whole", "literal")] == ends
        outcome = found.compare(scenario)
        assert (shown(outcome), outcome.equal) == ([], True)


SOMETIMES = """
with DAG("sometimes", schedule=None, params={"much": False}):

    @task
    def extract(params=None, ti=None):
        if params["much"]:
            ti.xcom_push(key="orders", value=[1, 2])

    @task
    def load(ti=None):
        return ti.xcom_pull("extract", key="orders")

    extract() >> load()
"""


@pytest.mark.parametrize(("much", "orders"), [(False, None), (True, [1, 2])])
def test_an_xcom_that_is_not_pushed_is_none(bench: Bench, much: bool, orders: object) -> None:
    found, _ = bench(HEAD + SOMETIMES)
    scenario = Scenario("so", {"conf": {"much": much}})
    assert found.dag(scenario).did["load", None].returned == orders
    outcome = found.compare(scenario)
    assert (shown(outcome), outcome.equal) == ([], True)


LOST = """
from airflow.providers.standard.operators.bash import BashOperator

with DAG("lost", schedule=None, params={"there": "x"}):

    @task
    def given():
        return {"there": 1}

    @task(retries=2)
    def shown(text): ...

    @task(trigger_rule="all_done")
    def after(): ...

    asked = BashOperator(task_id="asked", bash_command="echo $TEXT", env={"TEXT": "of {{ dag_run.conf.get('one') }}"})
    given() >> shown("of {{ params.gone }} and {{ ti.xcom_pull('given')['there'] }}") >> after()
"""


@pytest.mark.parametrize(("conf", "ends"), [({}, ["failed"] * 3), ({"gone": "here"}, ["success"])])
def test_a_missing_value_in_a_template_fails_each_try(bench: Bench, conf: object, ends: list[str]) -> None:
    found, _ = bench(HEAD + LOST)
    scenario = Scenario("so", {"conf": conf})
    did = found.dag(scenario).did
    assert did["shown", None].ends == ends
    assert did["asked", None].returned == "of None"
    assert did["after", None].end == "success"
    outcome = found.compare(scenario)
    assert (shown(outcome), outcome.equal) == ([], True)


LENIENT = """
import jinja2

with DAG("lenient", schedule=None, template_undefined=jinja2.Undefined):

    @task
    def shown(text):
        return text

    shown("[{{ params.gone }}]")
"""


def test_a_missing_value_is_nothing_where_the_dag_says_so(bench: Bench) -> None:
    found, _ = bench(HEAD + LENIENT)
    assert found.dag(Scenario("as it is")).did["shown", None].returned == "[]"
    outcome = found.compare(Scenario("as it is"))
    assert (shown(outcome), outcome.equal) == ([], True)


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


LEFT_OUT = """
with DAG("left_out", schedule=None, params={"who": "each"}):

    @task
    def names():
        return ["a", "b"]

    @task.branch
    def which(params=None):
        return [params["who"]] if params["who"] else []

    @task
    def each(name: str) -> str:
        if name == "b":
            raise ValueError(name)
        return name

    @task(trigger_rule="all_done")
    def after(found):
        return list(found)

    found = each.expand(name=names())
    which() >> found
    after(found)
"""


def test_the_results_of_a_mapped_task_are_those_of_items_that_succeed(bench: Bench) -> None:
    made = bench(HEAD + LEFT_OUT)
    found = made[0]
    nobody = Scenario("nobody", {"conf": {"who": ""}})
    assert found.dag(nobody).did["after", None].returned == []
    assert found.dag(Scenario("as it is")).did["after", None].returned == ["a"]
    for scenario in (nobody, Scenario("as it is"), Scenario("names fail", {}, {"names": {"error": "ValueError"}})):
        outcome = found.compare(scenario)
        assert (shown(outcome), outcome.equal) == ([], True), scenario.id


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


COUNTED = """
with DAG("counted", schedule=None):

    @task
    def fetch(ti=None):
        people = open("/nowhere/people.json").read().split()
        ti.xcom_push(key="number", value=len(people))
        return people

    @task
    def greet(person): return person

    greet.expand(person=fetch())
"""


def test_a_function_that_fails_here_and_pushes_gets_a_value_beside_what_it_pushes(bench: Bench) -> None:
    found, generator = bench(HEAD + COUNTED)
    outcomes = {one.id: found.compare(one) for one in generator.scenarios()}
    assert {"every function returns", "greet over three items"} <= outcomes.keys()
    assert {name: shown(outcome) for name, outcome in outcomes.items() if not outcome.equal} == {}
    assert found.dag(Scenario("so", {}, {"fetch": {"payload": {"return_value": ["a"], "number": 1}}})).did["greet", 0]
