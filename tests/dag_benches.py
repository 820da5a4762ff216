"""DAGs of tests, given as text or as the name of a golden, where their scenarios are run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from airflow2sfn.verifying.scenarios import Generator, generator_for
from airflow2sfn.verifying.subject import prepare
from sfn_airflow_core.verify.airflow_runner import AirflowSession
from sfn_airflow_core.verify.dag_verification import DagBench
from sfn_airflow_core.verify.result import Outcome

FIXTURES = Path(__file__).parent.parent / "fixtures" / "airflow2sfn"
Bench = Callable[[str], tuple[DagBench, Generator]]
HEAD = """
import random
import time
from airflow.providers.standard.operators.python import ExternalPythonOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Param, task
from airflow.sdk.exceptions import AirflowSkipException

"""


def made(airflow: AirflowSession, folder: Path, text: str) -> tuple[DagBench, Generator]:
    """A DAG where its scenarios are run, and their generator."""
    path = FIXTURES / text / "dag.py"
    if "\n" in text:
        path = folder / f"{folder.name}.py"
        path.write_text(text, encoding="utf-8")
    (one,) = prepare(path, airflow.dags(path), folder / "functions")
    found = DagBench(one.subject())
    return found, generator_for(one, found)


def compared(made: tuple[DagBench, Generator]) -> dict[str, Outcome]:
    """What comes of all scenarios of a DAG."""
    found, generator = made
    return {one.id: found.compare(one) for one in generator.scenarios()}


def shown(outcome: Outcome) -> list[tuple[str, object, object]]:
    """The differences of an outcome."""
    return [(one.at, one.expected, one.actual) for one in outcome.differences]
