"""Runs from recorded execution histories, in the form of ``aws stepfunctions get-execution-history``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sfn_airflow_core.asl.model import Map, Pointer
from sfn_airflow_core.compare.steps import Plan, Run, Step, by_name
from sfn_airflow_core.interpreter.execution import Place

_LARGEST: Final = 256 * 1024 * 1024
_SCHEDULED: Final = (
    "TaskScheduled",
    "LambdaFunctionScheduled",
    "ActivityScheduled",
    "MapStateStarted",
    "ParallelStateStarted",
)
_ENDS: Final = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionAborted": "ABORTED",
    "ExecutionTimedOut": "TIMED_OUT",
}


class HistoryError(ValueError):
    """A history cannot be used; the message says why."""


def load_histories(path: Path, plan: Plan) -> list[Run]:
    """The runs in a file: one history, a list of histories, or one per line. Raises HistoryError."""
    try:
        if path.stat().st_size > _LARGEST:
            raise HistoryError(f"{path}: larger than {_LARGEST} bytes")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise HistoryError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise HistoryError(f"{path}: not UTF-8") from None
    return [read_history(events, plan, f"{path.name} {n + 1}") for n, events in enumerate(_histories(text, path))]


def _histories(text: str, path: Path) -> Iterator[list[Any]]:
    try:
        values = [json.loads(text)]
    except (ValueError, RecursionError):
        try:
            values = [json.loads(line) for line in text.splitlines() if line.strip()]
        except (ValueError, RecursionError) as error:
            raise HistoryError(f"{path}: not JSON: {error}") from None
    found = False
    for value in values:
        for one in value if isinstance(value, list) and value and not _is_event(value[0]) else [value]:
            events = one.get("events") if isinstance(one, dict) else one
            if not isinstance(events, list) or not events or not all(map(_is_event, events)):
                raise HistoryError(f"{path}: no history: an object with 'events', as get-execution-history gives it")
            found = True
            yield events
    if not found:
        raise HistoryError(f"{path}: holds no history")


def _is_event(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("type"), str) and isinstance(value.get("id"), int)


@dataclass(slots=True)
class _Stay:
    at: Pointer
    place: Place
    entered: float
    left: float | None = None
    scheduled: int = 0
    busy: float = 0.0
    started: float = 0.0
    touched: float = 0.0


@dataclass(slots=True)
class _Reader:
    """Follows ``previousEventId`` to know in which branch or iteration an event is."""

    pointers: dict[str, Pointer]
    name: str
    stays: list[_Stay] = field(default_factory=list)
    within: dict[int, _Stay | None] = field(default_factory=dict)
    places: dict[int, Place] = field(default_factory=dict)
    kinds: dict[int, str] = field(default_factory=dict)
    branches: dict[int, int] = field(default_factory=dict)

    def event(self, event: dict[str, Any], now: float) -> None:
        number, before, kind = event["id"], event.get("previousEventId", 0), event["type"]
        stay, place = self.within.get(before), self.places.get(before, ())
        details: dict[str, Any] = next((v for k, v in event.items() if k.endswith("EventDetails") and v), {})
        self.kinds[number] = kind
        if kind.endswith("StateEntered"):
            if self.kinds.get(before) == "ParallelStateStarted" and stay is not None:
                branch = self.branches[before] = self.branches.get(before, -1) + 1
                place = (*place, (self._name(stay), branch))
            stay = self.enter(details, place, now)
        elif kind.endswith("StateExited"):
            stay = self.leave(details, place, stay, now)
            place = stay.place if stay else place
        elif kind == "MapIterationStarted":
            place = (*self._around(place, details), (str(details.get("name")), int(details.get("index", 0))))
        elif stay is not None:
            self.work(stay, kind, now)
        self.within[number], self.places[number] = stay, place

    def enter(self, details: dict[str, Any], place: Place, now: float) -> _Stay:
        name = str(details.get("name"))
        if name not in self.pointers:
            raise HistoryError(f"{self.name}: the history enters {name!r}, which the state machine does not have")
        stay = _Stay(self.pointers[name], place, now)
        self.stays.append(stay)
        return stay

    def leave(self, details: dict[str, Any], place: Place, stay: _Stay | None, now: float) -> _Stay | None:
        """The stay that an event ends: the latest open one of this name at the place of the event or around it."""
        at = self.pointers.get(str(details.get("name")))
        for candidate in reversed(self.stays):
            if candidate.at == at and candidate.left is None and place[: len(candidate.place)] == candidate.place:
                candidate.left = now
                return candidate
        return stay

    def work(self, stay: _Stay, kind: str, now: float) -> None:
        """Counts tries and the time between the scheduling of a try and its end."""
        stay.touched = now
        if kind in _SCHEDULED:
            stay.scheduled += 1
            stay.started = now
        elif kind.endswith(("Succeeded", "Failed", "TimedOut")) and stay.scheduled:
            stay.busy += now - stay.started
            stay.started = now

    def _around(self, place: Place, details: dict[str, Any]) -> Place:
        """The place of a Map, seen from an event of the Map or of an earlier iteration of it."""
        names = [name for name, _ in place]
        name = str(details.get("name"))
        return place[: names.index(name)] if name in names else place

    def _name(self, stay: _Stay) -> str:
        return next(name for name, at in self.pointers.items() if at == stay.at)


def read_history(events: list[Any], plan: Plan, name: str) -> Run:
    """One run from the events of its history. Raises HistoryError where it is not one of this machine."""
    ordered = sorted(events, key=lambda event: int(event["id"]))
    moments = {event["id"]: _moment(event.get("timestamp"), name) for event in ordered}
    start = moments[ordered[0]["id"]]
    reader = _Reader(by_name(plan), name)
    for event in ordered:
        reader.event(event, moments[event["id"]] - start)
    seconds = moments[ordered[-1]["id"]] - start
    steps = []
    for stay in reader.stays:
        # A state that fails is never left; the last that was heard of it is then its end.
        length = max(stay.entered, stay.touched) - stay.entered if stay.left is None else stay.left - stay.entered
        busy = min(length, stay.busy) if stay.busy else length
        steps.append(Step(stay.at, stay.place, stay.entered, length, busy, max(1, stay.scheduled)))
    if not steps:
        raise HistoryError(f"{name}: the history enters no state")
    status = _ENDS.get(ordered[-1]["type"], "RUNNING")
    payload = max((size for event in ordered for size in _sizes(event)), default=0)
    problem = "" if status == "SUCCEEDED" else status
    return Run(name, 1.0, tuple(steps), seconds, status, len(ordered), payload or None, None, problem)


def missing_children(runs: Iterable[Run], plan: Plan) -> list[str]:
    """Distributed Maps whose child executions, which have histories of their own, are not among the runs."""
    entered = {step.at for run in runs for step in run.steps}
    maps = [state for state in plan.states.values() if isinstance(state, Map) and state.mode == "DISTRIBUTED"]
    return [
        state.name for state in maps if state.at in entered and not any(at.startswith(f"{state.at}/") for at in entered)
    ]


def _sizes(event: dict[str, Any]) -> Iterator[int]:
    for value in event.values():
        if isinstance(value, dict):
            for key in ("input", "output", "parameters"):
                if isinstance(value.get(key), str):
                    yield len(value[key].encode("utf-8", "surrogatepass"))


def _moment(value: Any, name: str) -> float:
    """Seconds from a timestamp: a number, or a date as text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except ValueError:
        raise HistoryError(f"{name}: {value!r} is not a timestamp") from None
