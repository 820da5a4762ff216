"""The world around the machines: what lies in AWS before they run, and what they should make of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3

from sfn_airflow_core.asl.model import Machine
from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.interpreter import Execution, execute, load_replies

MACHINES = Path(__file__).parent / "machines"
STOCK = {"north/lamp": 4, "north/desk": 7, "west/lamp": 1}


@dataclass(frozen=True)
class World:
    """AWS at an address (moto's server)."""

    endpoint: str

    def client(self, service: str) -> Any:
        """A client of a service."""
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        return boto3.client(service, region_name="us-east-1", endpoint_url=self.endpoint, **keys)  # type: ignore[call-overload]

    def make(self) -> None:
        """Tables, stock, files and the queue."""
        dynamodb, s3 = self.client("dynamodb"), self.client("s3")
        for table in ("orders", "inventory", "stock", "replenishments", "refunds", "payments", "batches"):
            dynamodb.create_table(
                TableName=table,
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
        for id, units in STOCK.items():
            dynamodb.put_item(TableName="stock", Item={"id": {"S": id}, "units": {"N": str(units)}})
        for bucket in ("archive", "sales"):
            s3.create_bucket(Bucket=bucket)
        self.client("stepfunctions").create_state_machine(
            name="report",
            roleArn="arn:aws:iam::123456789012:role/report",
            definition=json.dumps(
                {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 9999, "End": True}}}
            ),
        )
        for number in range(6):
            s3.put_object(Bucket="archive", Key=f"b{number}" if number else "a", Body=b"")
        s3.put_object(Bucket="sales", Key="january.csv", Body=(MACHINES / "sales.csv").read_bytes())

    @cached_property
    def emr(self) -> str:
        """The cluster of EMR on EKS that runs jobs, which go on until somebody stops them."""
        provider = {"id": "eks", "type": "EKS", "info": {"eksInfo": {"namespace": "month"}}}
        made = self.client("emr-containers").create_virtual_cluster(name="month", containerProvider=provider)
        return str(made["id"])

    def jobs(self) -> list[str]:
        """How the jobs of the month's end are doing: the execution of a state machine, and the job on EMR."""
        machine = "arn:aws:states:us-east-1:123456789012:stateMachine:report"
        executions = self.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
        runs = self.client("emr-containers").list_job_runs(virtualClusterId=self.emr)["jobRuns"]
        return [found["status"] for found in executions] + [found["state"] for found in runs]

    @cached_property
    def queue(self) -> str:
        """The queue that the clerk reads."""
        return str(self.client("sqs").create_queue(QueueName="refunds")["QueueUrl"])

    def message(self) -> Any:
        """The next message for the clerk, if there is one."""
        sqs = self.client("sqs")
        for message in sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=1).get("Messages", []):
            sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
            return json.loads(message["Body"])
        return None

    def items(self, table: str) -> dict[str, dict[str, str]]:
        """What is in a table, by id; texts and numbers without their types."""
        found = self.client("dynamodb").scan(TableName=table)["Items"]
        plain = [{name: next(iter(value.values())) for name, value in item.items()} for item in found]
        return {item.pop("id"): item for item in plain}

    def json(self, key: str) -> Any:
        """A file with JSON in the bucket of sales."""
        return json.loads(self.client("s3").get_object(Bucket="sales", Key=key)["Body"].read())


def machine(name: str) -> Machine:
    """A state machine of the folder ``machines``."""
    path = MACHINES / f"{name}.asl.json"
    found = read_text(path.read_bytes(), path.name, substitutions={"RefundQueue": "queue"}).machine
    assert found is not None
    return found


def given(name: str) -> dict[str, Any]:
    """The input of a state machine."""
    return dict(json.loads((MACHINES / f"{name}.input.json").read_text()))


def expected(name: str) -> Execution:
    """What the reference interpreter makes of a machine, its input and its replies."""
    return execute(machine(name), given(name), load_replies(MACHINES / f"{name}.replies.json"))
