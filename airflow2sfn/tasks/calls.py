"""The work of tasks as values: calls of services, looks at what they started, and what is not work at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from airflow2sfn.rules.retries import RetriesUnknown, RetryJitter
from airflow2sfn.source import Task
from airflow2sfn.structure import Plan
from airflow2sfn.tasks.retries import Retries, retries
from sfn_airflow_core.asl.model import Json, Retrier
from sfn_airflow_core.findings import Finding

Note: TypeAlias = "Callable[[Finding], None]"
SENSOR_LATE = "AirflowSensorTimeout"
"""The error of a sensor that has waited for too long."""


@dataclass(frozen=True, slots=True)
class Call:
    """A Task state: ``result`` is its XCom; ``skips`` where its function may skip the task.

    ``accepted`` are errors that are as good as success. ``heartbeat`` is the longest silence in seconds.
    """

    resource: str
    arguments: Json
    result: str = "$states.result"
    retry: tuple[Retrier, ...] = ()
    timeout: int | None = None
    comment: str | None = None
    skips: bool = False
    chooses: str = ""
    accepted: tuple[str, ...] = ()
    heartbeat: int | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """A sensor: a call that looks, again after ``interval`` seconds, for ``timeout`` seconds at most."""

    call: Call
    found: str
    interval: int
    timeout: int
    soft_fail: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a task that needs several.

    ``name`` follows the task's id in the state's name (empty for the call that is called like the task). ``assign``
    keeps parts of the answer in variables. Where one of the errors in ``otherwise`` occurs, the other call is made; one
    in ``enough`` is success for the whole task.
    """

    call: Call
    name: str = ""
    assign: Mapping[str, str] = field(default_factory=dict)
    otherwise: tuple[tuple[str, ...], Call] | None = None
    enough: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """A call that is made again until what it says is good or bad.

    ``output`` is what is kept of its answer, ``done`` and ``failed`` are conditions on that (``failed`` may be empty);
    ``result`` is the XCom. Errors in ``gone`` are as good as ``done``, those in ``missing`` mean "not yet".
    ``enough`` are errors that are success for the whole task. ``meanwhile`` is a call that is made instead of waiting.
    ``assign`` keeps, in variables, what is computed from the output where it is good. ``late`` is the error when the
    time is over. ``before`` are calls that each look needs first.
    """

    call: Call
    output: str
    done: str
    failed: str = ""
    interval: int = 60
    timeout: int = 7 * 86_400
    name: str = ""
    result: str = "null"
    gone: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    soft_fail: bool = False
    meanwhile: Call | None = None
    enough: tuple[str, ...] = ()
    assign: Mapping[str, str] = field(default_factory=dict)
    late: str = "States.Timeout"
    before: tuple[Step | Look, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A call whose answer decides whether the task fails.

    ``output`` is what is kept of its answer, ``good`` a condition on that, ``cause`` what the error says otherwise.
    """

    call: Call
    output: str
    good: str
    cause: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Branching:
    """A call whose answer decides which tasks run next.

    ``output`` is what is kept of its answer, ``ways`` are conditions on that with the ids of the tasks that run where
    they hold. Where none does the task fails, and ``cause`` is what the error says.
    """

    call: Call
    output: str
    ways: tuple[tuple[str, tuple[str, ...]], ...]
    cause: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """Calls and looks one after the other, verdicts on what they have answered, and a branching at the end.

    ``result`` is the XCom where the last one does not say it; it may read what the steps before have kept.
    """

    steps: tuple[Step | Look | Verdict | Branching, ...]
    result: str = ""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A call for each of several items."""

    call: Call
    items: str
    selector: Json
    limit: int | None
    certain: bool


@dataclass(frozen=True, slots=True)
class Pause:
    """A task that waits for a time; ``until`` is an expression for it."""

    until: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """A task that only has a place in the order."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A task without a counterpart: it fails. ``noted`` where a finding says so already."""

    cause: str
    noted: bool = False


Work: TypeAlias = "Call | Probe | Chain | Mapped | Pause | Nothing | Missing"


def place(task: Task) -> str:
    """Where a task is made, as findings say it."""
    return str(task.span) if task.span else ""


def tries(task: Task, plan: Plan, note: Note, found: Retries | None = None) -> tuple[Retrier, ...]:
    """The Retry entries of a task; what they lose goes to ``note``."""
    found = found or retries(task, airflow=plan.dag.airflow)
    if found.jitter:
        note(RetryJitter(at=place(task), tasks=(task.task_id,), delays=found.jitter))
    if found.unknown:
        note(RetriesUnknown(at=place(task), task=task.task_id, names=found.unknown))
    return found.entries
