"""How long tasks take: given by name, or assumed by kind and said so."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from sfn_airflow_core.asl.model import Task
from sfn_airflow_core.interpreter.resource import parse_resource, short_names

if TYPE_CHECKING:
    from sfn_airflow_core.compare.polls import Poll

ASSUMED: Final[Mapping[str, float]] = {
    "function": 1.0,
    "request": 0.1,
    "job": 300.0,
    "callback": 3600.0,
    "polling loop": 300.0,
}
"""Seconds assumed for a Lambda function, another call that answers at once, a job waited for, a callback, and what a
loop asks for again and again."""

SENSOR: Final = "sensor"
"""The kind of a Task that looks once, where a DAG has one task that looks and waits."""
_LONGEST: Final = 366 * 24 * 3600.0
_LARGEST: Final = 8 * 1024 * 1024


class DurationError(ValueError):
    """A file of durations cannot be used; the message says why."""


@dataclass(slots=True)
class Durations:
    """Seconds by state name or resource; ``used`` collects the names that were asked for, ``assumed`` the kinds.

    ``polls`` are the loops that poll, by the name of their Wait, as they were counted. ``kinds`` are kinds of Tasks
    that are not told by their resource: a DAG says that it waits there for a job.
    """

    given: Mapping[str, float] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    assumed: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    polls: dict[str, Poll] = field(default_factory=dict)

    def seconds(self, task: Task) -> float:
        """How long one attempt of a Task takes; an assumed time is never longer than the Task's own limits."""
        if self.kinds.get(task.name) == SENSOR:
            self.assumed[task.name] = kind_of(task)
            return ASSUMED[kind_of(task)]
        for name in (task.name, *short_names(task.resource, {})):
            if name in self.given:
                self.used.add(name)
                return self.given[name]
        kind = self.kinds.get(task.name) or kind_of(task)
        self.assumed[task.name] = kind
        limits = [limit for limit in (task.timeout_seconds, task.heartbeat_seconds) if isinstance(limit, int | float)]
        return min([ASSUMED[kind], *map(float, limits)])

    def polled(self, wait: str, calls: Iterable[str] = ()) -> tuple[float, bool]:
        """How long a polling loop waits in all, and whether that is given.

        It is given by the name of its Wait; ``calls`` are the Tasks in it, which give it where a DAG has a sensor for
        the whole loop.
        """
        for name in (wait, *(call for call in calls if self.kinds.get(call) == SENSOR)):
            if name in self.given:
                self.used.add(name)
                return self.given[name], True
        self.assumed[wait] = "polling loop"
        return ASSUMED["polling loop"], False

    def named(self, task_id: str, short: str, kind: str) -> float:
        """How long a task of a DAG takes that stands for no state."""
        for name in (task_id, short):
            if name in self.given:
                self.used.add(name)
                return self.given[name]
        self.assumed[task_id] = kind
        return ASSUMED[kind]


def kind_of(task: Task) -> str:
    """Which of the assumed times a Task has."""
    resource = parse_resource(task.resource)
    if resource.kind == "activity" or resource.pattern == "waitForTaskToken":
        return "callback"
    if resource.pattern in ("sync", "sync:2"):
        return "job"
    return "function" if resource.service == "lambda" or "lambda" in resource.arn.lower() else "request"


def load_durations(path: Path) -> Durations:
    """Durations from a JSON or YAML file ``{name: seconds}``. Raises DurationError."""
    try:
        if path.stat().st_size > _LARGEST:
            raise DurationError(f"{path}: larger than {_LARGEST} bytes")
        text = path.read_text(encoding="utf-8")
        value = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except OSError as error:
        raise DurationError(f"{path}: {error.strerror}") from None
    except DurationError:
        raise
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise DurationError(f"{path}: cannot be read: {error}") from None
    return read_durations(value, str(path))


def read_durations(value: Any, name: str) -> Durations:
    """Durations from a value. Raises DurationError with the place of the mistake."""
    if not isinstance(value, dict):
        raise DurationError(f"{name}: must be an object of state or resource: seconds")
    for key, seconds in value.items():
        fits = isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 <= seconds <= _LONGEST
        if not isinstance(key, str) or not fits:
            raise DurationError(f"{name}: {key!r}: seconds between 0 and a year are needed, not {seconds!r}")
    return Durations({key: float(seconds) for key, seconds in value.items()})
