"""DAG files in a few lines, for tests of what is read of them."""

from __future__ import annotations

from textwrap import dedent

from airflow2sfn.read import Reading, Settings, read_text
from airflow2sfn.source import (
    Dag,
)

HEAD = """\
import os
from datetime import datetime, timedelta
from airflow.sdk import DAG, Asset, Label, Param, TaskGroup, TriggerRule, Variable, chain, dag, task, task_group
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import BranchPythonOperator, PythonOperator
"""


def read(body: str, settings: Settings | None = None) -> Reading:
    return read_text(HEAD + dedent(body), "dags/example.py", None, settings)


def one(body: str, settings: Settings | None = None) -> Dag:
    result = read(body, settings)
    assert len(result.dags) == 1, (result.problems, result.findings)
    return result.dags[0]


def inside(body: str) -> Dag:
    return one("with DAG('d', schedule=None) as dag:\n" + "\n".join(f"    {x}" for x in dedent(body).splitlines()))


def edges(found: Dag) -> set[tuple[str, str]]:
    return {(edge.up, edge.down) for edge in found.edges}


def codes(result: Reading) -> list[str]:
    return [located.finding.code for located in result.findings]
