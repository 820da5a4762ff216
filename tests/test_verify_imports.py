"""Files that were written for Airflow 2, or for modules that are not installed here, are verified as they are."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

pytest.importorskip("airflow", reason="needs the extra 'airflow'")

NIGHTLY = """
from datetime import timedelta

from airflow.contrib.operators.sns_publish_operator import SnsPublishOperator
from airflow.models import DAG
from airflow.operators.dummy_operator import DummyOperator
from airflow.operators.python_operator import BranchPythonOperator, PythonOperator
from airflow.providers.amazon.aws.operators.batch import AwsBatchOperator
from airflow.utils.dates import days_ago


def load(day, **context):
    return [day, context["yesterday_ds"], context["next_ds_nodash"], context["execution_date"].isoformat()]


def decide(**context):
    return "run" if context["execution_date"].weekday() < 5 and context["dag_run"].execution_date else "rest"


with DAG(
    "nightly",
    start_date=days_ago(2),
    schedule_interval="30 2 * * *",
    concurrency=4,
    default_view="graph",
    default_args={"retries": 1, "retry_delay": timedelta(minutes=1), "sla": timedelta(hours=2)},
) as dag:
    loaded = PythonOperator(
        task_id="load", python_callable=load, op_kwargs={"day": "{{ next_ds }}"}, provide_context=True, dag=dag
    )
    choose = BranchPythonOperator(task_id="choose", python_callable=decide, provide_context=True)
    run = AwsBatchOperator(
        task_id="run",
        job_name="night",
        job_definition="d",
        job_queue="q",
        overrides={"command": ["night", "{{ tomorrow_ds }}"]},
        task_concurrency=1,
    )
    rest = DummyOperator(task_id="rest")
    tell = SnsPublishOperator(
        task_id="tell",
        target_arn="arn:aws:sns:eu-west-1:111122223333:night",
        message="{{ execution_date.strftime('%Y/%m/%d') }} {{ yesterday_ds_nodash }}",
        trigger_rule="none_failed_or_skipped",
    )
    loaded >> choose >> [run, rest] >> tell
"""


LATER = """
from datetime import datetime

from airflow.sdk import dag, task


@dag(start_date=datetime(2099, 9, 1), end_date=datetime(2099, 9, 2), schedule="@daily")
def later():
    @task
    def one() -> int:
        return 1

    one()


later()
"""


BARE = """
import pendulum
import pandas_that_is_not_here as pd
from airflow.providers.snowflake_that_is_not_here.operators.snowflake import SnowflakeOperator
from airflow.sdk import dag, task
from tenacity_that_is_not_here.decorators import traced


class Report(pd.Report):
    pass


@dag(start_date=pendulum.datetime(2026, 1, 1), schedule=None)
def bare():
    @task
    def count(day: str) -> int:
        return len(pd.read(day))

    @task
    def double(number: int) -> int:
        return 2 * number

    double(count("monday")) >> SnowflakeOperator(task_id="load", sql="select 1", snowflake_conn_id="x", retries=1)


bare()
"""
SPREAD = """
import crawler_that_is_not_here as crawler
from airflow.sdk import dag, task


@dag(schedule=None)
def spread():
    @task
    def look():
        return crawler.look()

    @task
    def load(page: str) -> dict:
        return crawler.load(page)

    @task
    def keep(content: dict) -> dict:
        return crawler.keep(content)

    keep.expand(content=load.expand(page=look()))


spread()
"""
GIVEN = """
import settings_that_are_not_here as settings
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG("given", schedule=None):
    BashOperator(task_id="run", bash_command="true", env={"HOME": settings.home.folder})
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict[str, list[dict[str, Any]]], str]:
    """What one call says of three files: the exit code, the scenarios by DAG, and the errors."""
    folder = tmp_path_factory.mktemp("dags")
    files = {"nightly": NIGHTLY, "later": LATER, "bare": BARE, "spread": SPREAD, "given": GIVEN}
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "airflow2sfn", "verify", ".", "--format", "json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    found: dict[str, list[dict[str, Any]]] = {}
    for one in json.loads(done.stdout)["scenarios"]:
        found.setdefault(one["machine"], []).append(one)
    return done.returncode, found, done.stderr


Told = tuple[int, dict[str, list[dict[str, Any]]], str]


def test_former_names_arguments_and_dates(told: Told) -> None:
    scenarios = told[1]["nightly"]
    assert {one["id"] for one in scenarios} >= {"choose: chooses rest", "choose fails once", "run fails"}
    assert all(one["equal"] for one in scenarios)


def test_a_run_may_lie_before_the_start_and_behind_the_end(told: Told) -> None:
    assert [(one["id"], one["equal"]) for one in told[1]["later"]] == [("as it is", True), ("one fails", True)]


def test_a_file_does_without_what_is_not_installed(told: Told) -> None:
    code, scenarios, _ = told
    known = {one["id"]: one for one in scenarios["bare"]}
    assert all(one["equal"] for one in known.values() if one["comparable"])
    assert known["every task has a counterpart"]["actual"]["status"] == "SUCCEEDED"
    assert (code, "given" in scenarios) == (2, False)


def test_a_mapped_function_gives_what_it_is_annotated_with(told: Told) -> None:
    known = {one["id"]: one for one in told[1]["spread"]}
    assert all(one["equal"] for one in known.values())
    assert known["every function returns"]["actual"]["status"] == "SUCCEEDED"


def test_an_argument_has_to_be_there(told: Told) -> None:
    name = "settings_that_are_not_here.home.folder"
    assert f"given.py: error: run is given {name}, which is not installed (--root adds a folder of modules)" in told[2]
