"""Scenarios from what AWS recorded: the JSON of ``get-execution-history``.

The results of tasks in the history become replies, the end of the execution what is expected.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sfn_airflow_core.asl.model import Machine, Task
from sfn_airflow_core.findings import UnreadableInput
from sfn_airflow_core.jsonmap import read_document
from sfn_airflow_core.verify.places import homes
from sfn_airflow_core.verify.scenario import BadScenarios, Scenario

Json = Any

_SUCCEEDED: Final = ("TaskSucceeded", "LambdaFunctionSucceeded", "ActivitySucceeded")
_FAILED: Final = (
    "TaskFailed",
    "TaskSubmitFailed",
    "TaskStartFailed",
    "LambdaFunctionFailed",
    "LambdaFunctionStartFailed",
    "LambdaFunctionScheduleFailed",
    "ActivityFailed",
    "ActivityScheduleFailed",
)
_TIMED_OUT: Final = ("TaskTimedOut", "LambdaFunctionTimedOut", "ActivityTimedOut")
_ENDS: Final = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}


def load_history(path: Path, machine: Machine) -> Scenario:
    """The scenario of a history file. Raises ``BadScenarios`` and ``OSError``."""
    try:
        value = read_document(path.read_bytes(), path.name).value
    except UnreadableInput as error:
        raise BadScenarios(str(error)) from error
    events = value.get("events") if isinstance(value, dict) else value
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise BadScenarios(f"{path.name}: a history with a list of events is needed")
    return from_history(events, machine, path.stem)  # type: ignore[arg-type]


def from_history(events: list[dict[str, Json]], machine: Machine, name: str = "history") -> Scenario:
    """The scenario of an execution from its history events, in the shape of GetExecutionHistory.

    Raises ``BadScenarios`` where the history has no beginning or no end.
    """
    started = next((event for event in events if event.get("type") == "ExecutionStarted"), None)
    ended = next((event for event in reversed(events) if event.get("type") in _ENDS), None)
    if started is None or ended is None:
        raise BadScenarios(f"{name}: the history does not have the whole execution")
    told = _details(ended)
    status = _ENDS[str(ended["type"])]
    expected: dict[str, Json] = {"status": status, "error": told.get("error")}
    if status == "SUCCEEDED":
        expected["output"] = _value(told.get("output"))
    why = "the execution was stopped from outside" if status in ("ABORTED", "TIMED_OUT") else ""
    given = _value(_details(started).get("input", "{}"))
    return Scenario(name, given, _Reader(events, machine).replies(), expected=expected, not_comparable=why)


class _Reader:
    """Finds the state, and the item of a Map, to which an event belongs: by the chain of previous events."""

    def __init__(self, events: list[dict[str, Json]], machine: Machine):
        self._events = {event["id"]: event for event in events}
        self._ordered, self._homes = events, homes(machine)

    def replies(self) -> dict[str, Json]:
        """The replies by state; by item where the state is inside a single Map."""
        table: dict[str, dict[str, list[Json]]] = {}
        for event in self._ordered:
            if (reply := self._reply(event)) is not None:
                state, item = self._where(event)
                table.setdefault(state, {}).setdefault(item, []).append(reply)
        return {
            state: items[""] if set(items) == {""} else {key or "*": replies for key, replies in items.items()}
            for state, items in table.items()
        }

    def _reply(self, event: Mapping[str, Json]) -> Json:
        told = _details(event)
        match event.get("type"):
            case kind if kind in _SUCCEEDED:
                return {"result": _value(told.get("output", "null"))}
            case kind if kind in _TIMED_OUT:
                return {"timeout": True}
            case kind if kind in _FAILED:
                return {"error": told.get("error", "States.TaskFailed"), "cause": told.get("cause")}
            case _:
                return None

    def _where(self, event: Mapping[str, Json]) -> tuple[str, str]:
        state, numbers = "", list[int]()
        while event is not None:
            kind, told = str(event.get("type")), _details(event)
            if kind.endswith("StateEntered") and not state:
                state = str(told.get("name"))
            elif kind == "MapIterationStarted":
                numbers.insert(0, int(told.get("index", 0)))
            event = self._events.get(event.get("previousEventId"), {})
            if not event:
                break
        home = self._homes.get(state)
        maps = [name for name, number in home.scope if number is None] if home else []
        if home is None or len(maps) != 1 or not isinstance(home.state, Task) or not numbers:
            return state, ""
        place = [number if number is not None else numbers[-1] for _, number in home.scope]
        return state, "/".join(map(str, place))


def _details(event: Mapping[str, Json]) -> dict[str, Json]:
    return next((value for key, value in event.items() if key.endswith("EventDetails") and isinstance(value, dict)), {})


def _value(text: Json) -> Json:
    """A payload, which the API gives as JSON text."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
