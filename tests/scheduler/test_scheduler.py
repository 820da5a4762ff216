"""Generated DAGs on a real scheduler, with the results that the state machine has: ``make test-scheduler``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from airflow_server import Airflow, airflow, aws
from click.testing import CliRunner

from sfn2airflow.cli import cli

pytestmark = pytest.mark.scheduler


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    home = tmp_path_factory.mktemp("airflow")
    done = CliRunner().invoke(cli, ["convert", *map(str, machines()), "-o", str(home / "dags"), "--fail-on", "none"])
    assert done.exit_code == 0, done.output
    with aws() as endpoint:
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        dynamodb = boto3.client("dynamodb", region_name="us-east-1", endpoint_url=endpoint, **keys)
        dynamodb.create_table(
            TableName="orders",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        with airflow(home, endpoint) as server:
            yield server


def machines() -> list[Path]:
    return sorted(Path(__file__).parent.glob("*.asl.json"))


def test_orders(running: Airflow) -> None:
    running.wait_for_dag("orders")
    state, result, tasks = running.run("orders", {"id": "o1", "lines": [{"n": 1}, {"n": 2}, {"n": 3}]})
    assert state == "success", tasks
    assert list(result.values()) == [
        {
            "both": ["held", "DynamoDB.ResourceNotFoundException"],
            "lines": [{"fine": 1}, {"mended": 2}, {"fine": 3}],
            "stored": "3",
            "nothing": None,
        }
    ]
    assert tasks["missing[-1]"] == "failed", "a caught failure stays visible"


def test_orders_without_lines(running: Airflow) -> None:
    running.wait_for_dag("orders")
    state, result, tasks = running.run("orders", {"id": "o2", "lines": []})
    assert state == "success", tasks
    assert [found["lines"] for found in result.values()] == [[]]


def test_input_that_the_machine_cannot_read(running: Airflow) -> None:
    running.wait_for_dag("orders")
    state, _, tasks = running.run("orders", {})
    assert state == "failed"
    assert tasks["keep[-1]"] == "failed"
