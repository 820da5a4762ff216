"""What it costs that tasks with eager trigger rules wait for all before them."""

from __future__ import annotations

import pytest

from airflow2sfn.read import read_text
from airflow2sfn.rules.control import EagerRule
from airflow2sfn.translate import translate

TEXT = """
from airflow.sdk import DAG, task
with DAG("d", schedule=None) as dag:
    @task
    def quick(): ...
    @task
    def slow(): ...
    @task(trigger_rule="{rule}")
    def then(): ...
    @task
    def last(): ...
    [quick(), slow()] >> then() >> last()
"""


@pytest.mark.parametrize("rule", ["one_success", "one_done", "one_failed"])
@pytest.mark.parametrize(
    ("durations", "price"),
    [
        ({}, 0.0),
        ({"quick": 1, "slow": 1, "then": 5, "last": 1}, 0.0),
        ({"quick": 1, "slow": 9, "then": 10, "last": 1}, 20 / 12 - 1),
        ({"quick": 1, "slow": 30, "then": 2, "last": 1}, 33 / 30 - 1),
    ],
)
def test_the_price_is_that_of_the_first_against_the_last(rule: str, durations: dict[str, float], price: float) -> None:
    (dag,) = read_text(TEXT.format(rule=rule), "d.py").dags
    (found,) = (one for one in translate(dag, durations=durations).findings if isinstance(one, EagerRule))
    assert found.price == pytest.approx(price)
    assert ("does not grow" if price == 0 else f"grows by up to {price:.0%}") in found.message()
