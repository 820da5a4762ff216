"""An execution's history in the shape of GetExecutionHistory (botocore, service model of Step Functions)."""

from __future__ import annotations

from datetime import timedelta

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.interpreter.execution import Event, Execution
from sfn_airflow_core.interpreter.values import date_text, json_text

_JSON_TEXT = ("input", "output", "parameters")
_WITHOUT_DETAILS = ("ParallelStateStarted", "ParallelStateSucceeded", "MapStateSucceeded", "MapRunSucceeded")


def history(execution: Execution) -> list[dict[str, Json]]:
    """The events as GetExecutionHistory gives them: dates as text, payloads as JSON text, absent values left out."""
    return [_event(event, execution) for event in execution.events]


def _event(event: Event, execution: Execution) -> dict[str, Json]:
    moment = execution.started + timedelta(seconds=event.at) - timedelta(seconds=execution.events[0].at)
    shown: dict[str, Json] = {
        "timestamp": date_text(moment),
        "type": event.type,
        "id": event.id,
        "previousEventId": event.previous,
    }
    details = _details(event.details)
    if event.type not in _WITHOUT_DETAILS and (details or event.type in ("ExecutionFailed", "ExecutionSucceeded")):
        shown[_key(event.type)] = details
    return shown


def _details(details: dict[str, Json]) -> dict[str, Json]:
    shown: dict[str, Json] = {}
    for name, value in details.items():
        if name in _JSON_TEXT:
            shown[name] = json_text(value)
            if name != "parameters":
                shown[f"{name}Details"] = {"truncated": False}
        elif name == "assignedVariables" and isinstance(value, dict):
            shown[name] = {variable: json_text(item) for variable, item in value.items()}
        elif value is not None:
            shown[name] = value
    return shown


def _key(kind: str) -> str:
    """The member that carries an event's details: one for all states entered, one for all left, one per other type."""
    if kind.endswith("StateEntered"):
        return "stateEnteredEventDetails"
    if kind.endswith("StateExited"):
        return "stateExitedEventDetails"
    return f"{kind[0].lower()}{kind[1:]}EventDetails"
