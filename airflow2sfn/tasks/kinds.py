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
    # Their own environment is that of the function.
    "task.virtualenv": "work",
    "task.external_python": "work",
    "task.branch_virtualenv": "branch",
    "task.branch_external_python": "branch",
    f"{_STANDARD}.operators.python.PythonVirtualenvOperator": "work",
    f"{_STANDARD}.operators.python.ExternalPythonOperator": "work",
    f"{_STANDARD}.operators.python.BranchPythonVirtualenvOperator": "branch",
    f"{_STANDARD}.operators.python.BranchExternalPythonOperator": "branch",
}
"""Operators whose work is a Python callable, which becomes a Lambda function."""
