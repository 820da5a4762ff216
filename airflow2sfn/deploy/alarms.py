"""Deadlines of a DAG as CloudWatch alarms on how long its executions take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from airflow2sfn.deploy.yaml import ref
from airflow2sfn.rules.deployment import DeadlineByAlarm
from airflow2sfn.source import Dag, Items, Known, Made, Value
from sfn_airflow_core.findings import Finding

TOPIC = "AlarmTopicArn"
"""The parameter with the topic that alarms are sent to."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm when an execution took longer than so many seconds; ``about`` says what asked for it."""

    seconds: int
    about: str

    def resource(self) -> dict[str, Any]:
        """The alarm in a template."""
        return {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "AlarmDescription": f"An execution took longer than {self.seconds} s ({self.about})",
                "Namespace": "AWS/States",
                "MetricName": "ExecutionTime",
                "Dimensions": [{"Name": "StateMachineArn", "Value": ref("StateMachine")}],
                "Statistic": "Maximum",
                "Period": 300,
                "EvaluationPeriods": 1,
                "Threshold": self.seconds * 1000,
                "ComparisonOperator": "GreaterThanThreshold",
                "TreatMissingData": "notBreaching",
                "AlarmActions": [ref(TOPIC)],
            },
        }


def alarms(dag: Dag) -> tuple[list[Alarm], list[Finding]]:
    """The alarms of a DAG: one for each deadline, and one for the longest ``sla`` of its tasks."""
    found = [
        Alarm(round(interval.total_seconds()), "deadline")
        for deadline in _deadlines(dag.get("deadline"))
        if isinstance(interval := _interval(deadline), timedelta)
    ]
    limits = [sla for task in dag.tasks if isinstance(sla := task.known("sla"), timedelta)]
    if limits:
        found.append(Alarm(round(max(limits).total_seconds()), "the longest sla of its tasks"))
    at = str(dag.span or "")
    findings: list[Finding] = [DeadlineByAlarm(at=at, seconds=one.seconds, about=one.about) for one in found]
    return found, findings


def _deadlines(value: Value | None) -> Iterator[Made]:
    if isinstance(value, Made):
        yield value
    elif isinstance(value, Items):
        yield from (item for item in value.items if isinstance(item, Made))


def _interval(deadline: Made) -> Any:
    given = deadline.get("interval")
    return given.value if isinstance(given, Known) else None
