"""Tasks that are no service: Python callables, and what starts another DAG."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

_STANDARD = "airflow.providers.standard"
TRIGGER_DAG = f"{_STANDARD}.operators.trigger_dagrun.TriggerDagRunOperator"
PYTHON: Mapping[str, Literal["work", "branch", "short_circuit", "sensor"]] = {
    "task": "work",
    "task.branch": "branch",
    "task.short_circuit": "short_circuit",
    "task.sensor": "sensor",
    f"{_STANDARD}.operators.python.PythonOperator": "work",
    f"{_STANDARD}.operators.python.BranchPythonOperator": "branch",
    f"{_STANDARD}.operators.python.ShortCircuitOperator": "short_circuit",
    f"{_STANDARD}.sensors.python.PythonSensor": "sensor",
}
"""Operators whose work is a Python callable, which becomes a Lambda function."""
