"""XComs and templates in scenarios of a DAG: what is pushed, what is missing, what several items give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("airflow", reason="needs the extra 'airflow'")

from dag_benches import HEAD, Bench, compared, made, shown

from sfn_airflow_core.verify.airflow_runner import AirflowSession
from sfn_airflow_core.verify.dag_verification import DagBench
from sfn_airflow_core.verify.scenario import Scenario


@pytest.fixture(scope="module")
def airflow() -> Iterator[AirflowSession]:
    with AirflowSession() as session:
        yield session


@pytest.fixture
def bench(airflow: AirflowSession, tmp_path: Path) -> Bench:
    return lambda text: made(airflow, tmp_path, text)


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


OBJECTS = """
from airflow.providers.amazon.aws.operators.s3 import S3CreateObjectOperator, S3DeleteObjectsOperator

with DAG("objects", schedule=None):

    @task
    def name() -> str:
        return "a"

    @task
    def names():
        return ["a", "b"]

    one, several = name(), names()
    made = S3CreateObjectOperator(task_id="make", s3_bucket="b", s3_key=f"{one}.csv", data="apples")
    [one, several] >> made >> [
        S3DeleteObjectsOperator(task_id="text", bucket="b", keys=f"{one}.csv"),
        S3DeleteObjectsOperator(task_id="single", bucket="b", keys=one),
        S3DeleteObjectsOperator(task_id="listed", bucket="b", keys=several),
    ]
"""


def test_objects_are_made_with_their_content_and_deleted_by_keys_of_a_run(bench: Bench) -> None:
    found, generator = bench(HEAD + OBJECTS)
    outcomes = compared((found, generator))
    assert {name: shown(outcome) for name, outcome in outcomes.items() if not outcome.equal} == {}
    did = found.dag(Scenario("as it is")).did
    assert did["make", None].calls[-1].arguments["Body"] == "apples"
    assert did["listed", None].calls[-1].arguments["Delete"] == {"Objects": [{"Key": "a"}, {"Key": "b"}]}
