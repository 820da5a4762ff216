"""A DAG that branches, and a machine with a Choice that asks the same."""

from __future__ import annotations

from typing import Any

CHOOSING = """
from airflow.sdk import dag, task

@dag(schedule=None)
def choosing():
    @task.branch
    def enough(count):
        if count > 5:
            return "load"
        return "stop"

    @task
    def load(): ...

    @task
    def stop(): ...

    enough(1) >> [load(), stop()]

choosing()
"""


def choice(value: int, wanted: str = "load", otherwise: str = "stop") -> dict[str, Any]:
    function = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}
    rule = {"Variable": "$.count", "NumericGreaterThan": value, "Next": wanted}
    states = {
        "Enough": {"Type": "Choice", "Choices": [rule], "Default": otherwise},
        "load": {**function, "Parameters": {"FunctionName": "load"}},
        "stop": {**function, "Parameters": {"FunctionName": "stop"}},
    }
    return {"StartAt": "Enough", "States": states}
