"""Values that are given when deploying: of the kind that the DAG file has, with its defaults, each by its own name."""

from __future__ import annotations

from typing import Any

import pytest

from airflow2sfn.deploy.deployment import deploy
from airflow2sfn.read import read_text
from airflow2sfn.reading.project import Project
from airflow2sfn.source import Dag
from airflow2sfn.translate import Translated, translate
from sfn_airflow_core.asl.read import read_text as read_machine
from sfn_airflow_core.asl.write import write
from sfn_airflow_core.interpreter import Reply, ServiceCall, execute

HEAD = """
import os
from airflow.sdk import DAG, Variable, task
STAGE = os.environ.get("STAGE", "dev")
@task
def use(value): ...
with DAG("placed", schedule=None):
    use({value})
"""


def of(value: str) -> tuple[Dag, Translated]:
    (dag,) = read_text(HEAD.replace("{value}", value), "d.py").dags
    return dag, translate(dag)


def parameters(dag: Dag, made: Translated) -> dict[str, Any]:
    """The parameters of the template with their defaults."""
    import yaml

    class Loader(yaml.SafeLoader):
        """Reads tags of CloudFormation as their texts."""

    Loader.add_multi_constructor("!", lambda loader, suffix, node: str(node.value))
    (text,) = (
        text for path, text in deploy(dag, made, "placed", Project()).files.items() if path.name == "template.yaml"
    )
    found = yaml.load(text, Loader=Loader)["Parameters"]
    return {name: parameter.get("Default") for name, parameter in found.items()}


def sent(made: Translated, given: dict[str, str]) -> Any:
    """What the function gets where these values are given."""
    found: list[Any] = []

    class Answer:
        def answer(self, call: ServiceCall) -> Reply:
            found.append(call.arguments)
            return Reply("result", {"Payload": None})

    machine = read_machine(write(made.machine), "m", substitutions={"UseFunctionArn": "f"} | given).machine
    assert machine is not None
    assert execute(machine, {"logical_date": "2026-03-05T00:00:00Z"}, Answer()).status == "SUCCEEDED"
    return found[0]["Payload"]["value"]


@pytest.mark.parametrize(
    ("value", "name", "default", "real"),
    [
        ("STAGE", "Stage", "dev", "dev"),
        ("int(os.environ.get('WORKERS', '4'))", "Workers", "4", 4),
        ("float(Variable.get('share', default='0.5'))", "Share", "0.5", 0.5),
        ("os.environ.get('FAST', 'no') == 'yes'", "Fast", "false", False),
        ("os.getenv('SUBNETS', 'a,b').split(',')", "Subnets", "a,b", ["a", "b"]),
        ("f's3://{STAGE}/in'", "Stage", "dev", "s3://dev/in"),
        ("f's3://{STAGE}/{{{{ ds }}}}/x'", "Stage", "dev", "s3://dev/2026-03-05/x"),
        ("[STAGE, 1]", "Stage", "dev", ["dev", 1]),
    ],
)
def test_a_value_is_what_it_is_in_airflow_by_default(value: str, name: str, default: str, real: Any) -> None:
    dag, made = of(value)
    found = parameters(dag, made)
    assert found == {name: default}
    assert sent(made, found) == real


def test_a_value_without_a_default_is_a_text() -> None:
    dag, made = of("os.environ['TEAM']")
    assert parameters(dag, made) == {"Team": None}
    assert sent(made, {"Team": "data"}) == "data"


def test_what_is_made_of_a_value_has_a_name_of_its_own() -> None:
    dag, made = of("[STAGE, STAGE.upper(), os.environ['STAGE']]")
    assert parameters(dag, made) == {"Stage": "dev", "Stage2": "DEV"}
    assert sent(made, {"Stage": "prod", "Stage2": "PROD"}) == ["prod", "PROD", "prod"]
