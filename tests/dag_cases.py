"""The DAGs in fixtures/airflow2sfn, read, translated and deployed."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from airflow2sfn.connections import Connection, connections
from airflow2sfn.deploy.deployment import Deployment, deploy
from airflow2sfn.read import read_text
from airflow2sfn.reading.project import Project
from airflow2sfn.source import Dag
from airflow2sfn.translate import Translated, translate

FIXTURES = Path(__file__).parent.parent / "fixtures" / "airflow2sfn"
CASES = sorted(path.parent for path in FIXTURES.glob("*/dag.py"))
NAME = "machine"
"""What the files of a case are called."""


@cache
def dag_of(case: Path) -> Dag:
    """The DAG of a case."""
    reading = read_text((case / "dag.py").read_text(encoding="utf-8"), "dag.py", Project((case,)), module="dag")
    assert not reading.problems
    assert not reading.findings
    (dag,) = reading.dags
    return dag


@cache
def translated(case: Path) -> Translated:
    """What becomes of it."""
    return translate(dag_of(case), project=Project((case,)), connections=connected(case))


def connected(case: Path) -> dict[str, Connection]:
    """What the Connections of a case are in AWS."""
    path = case / "connections.json"
    return connections(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


@cache
def deployed(case: Path) -> Deployment:
    """The files that deploy it."""
    return deploy(dag_of(case), translated(case), NAME, Project((case,)))
