"""What happened in runs of a machine, as values that cost, limits and latency are computed from.

Runs come from the reference interpreter (``scenarios``), from a recorded history (``history``), or from a walk through
the graph (``walk``); they look the same afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from sfn_airflow_core.asl.model import Machine, Map, Parallel, Pointer, State, Task, Wait, nested
from sfn_airflow_core.interpreter.execution import Place
from sfn_airflow_core.interpreter.resource import parse_resource
from sfn_airflow_core.text import parts

if TYPE_CHECKING:
    from sfn_airflow_core.compare.polls import Poll

Origin = Literal["scenarios given", "recorded history", "scenarios generated", "walk through the graph"]
Billing = Literal["parent", "standard child", "express child"]


@dataclass(frozen=True, slots=True)
class Step:
    """One stay in a state, or ``times`` equal ones: seconds from the start of the run, ``busy`` without retry delays.

    ``tries`` counts the first attempt and the retries. ``place`` is where inside Parallel and Map states it was.
    """

    at: Pointer
    place: Place
    entered: float
    seconds: float
    busy: float
    tries: int = 1
    times: int = 1


@dataclass(frozen=True, slots=True)
class Run:
    """One execution; ``weight`` is its share among the runs of a workflow (any positive number).

    ``events`` is the number of events of its history, ``payload`` and ``variables`` the largest bytes seen; ``None``
    where the source of the run does not know them. ``problem`` is the error of a run that did not succeed.
    """

    id: str
    weight: float
    steps: tuple[Step, ...]
    seconds: float
    status: str = "SUCCEEDED"
    events: int | None = None
    payload: int | None = None
    variables: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A machine with what its runs need: states by pointer, and how the states below a distributed Map are billed."""

    machine: Machine
    states: Mapping[Pointer, State]
    billing: Mapping[Pointer, Billing]
    size: int

    def state(self, at: Pointer) -> State:
        """The state at a pointer."""
        return self.states[at]


def plan(machine: Machine, size: int) -> Plan:
    """Index a machine; ``size`` is the number of bytes of its definition."""
    states: dict[Pointer, State] = {}
    billing: dict[Pointer, Billing] = {}

    def add(inner: Machine, kind: Billing) -> None:
        for state in inner.states.values():
            states[state.at], billing[state.at] = state, kind
            for machine in nested(state):
                add(machine, _below(state, kind))

    add(machine, "parent")
    return Plan(machine, states, billing, size)


def _below(state: State, kind: Billing) -> Billing:
    """How the states inside a state are billed: a distributed Map starts executions of their own."""
    if isinstance(state, Map) and state.mode == "DISTRIBUTED":
        return "express child" if state.execution_type == "EXPRESS" else "standard child"
    return kind


def by_name(plan: Plan) -> dict[str, Pointer]:
    """The pointer of every state by its name, which is unique in a machine."""
    return {state.name: at for at, state in plan.states.items()}


@dataclass(frozen=True, slots=True)
class Children:
    """Child executions of a distributed Map of type EXPRESS that took the same time: how many, and seconds each."""

    count: int
    seconds: float


def express_children(plan: Plan, run: Run) -> list[Children]:
    """The Express child executions of a run."""
    maps = [
        at
        for at, state in plan.states.items()
        if isinstance(state, Map) and state.mode == "DISTRIBUTED" and state.execution_type == "EXPRESS"
    ]
    found: list[Children] = []
    for at in maps:
        groups: dict[Place, list[Step]] = {}
        depths = {len(step.place) for step in run.steps if step.at == at}
        depth = max(depths, default=0) + 1
        for step in run.steps:
            if step.at.startswith(f"{at}/"):
                groups.setdefault(step.place[:depth], []).append(step)
        found += [Children(max(s.times for s in steps), _span(steps)) for steps in groups.values()]
    return found


def _span(steps: Iterable[Step]) -> float:
    steps = list(steps)
    return max(s.entered + s.seconds for s in steps) - min(s.entered for s in steps)


Main = Literal["worker", "deferred", "none"]
"""Where a task waits: ``worker`` holds a slot, ``deferred`` gives it back, ``none`` is no task at all."""


@dataclass(frozen=True, slots=True)
class TaskShape:
    """The Airflow tasks that stand for one state: those that do its work, and small ones around it.

    ``main`` says where the work waits. ``small`` counts routers, item makers and collectors. ``mapped`` tasks run once
    per item only; all others run in every DAG run, if only to skip themselves. ``part`` is a state that the task of
    another one passes the time of, like the pause between two looks of a sensor. ``once`` is a task that stays the
    same however often its state is come to, like that sensor.
    """

    main: Main = "worker"
    small: int = 0
    mapped: bool = False
    part: bool = False
    once: bool = False

    @property
    def tasks(self) -> int:
        """Task instances per stay in the state."""
        return (self.main != "none" and not self.part) + self.small


@dataclass(frozen=True, slots=True)
class Extra:
    """A task of a DAG that stands for no state: it runs once in every run, for an assumed or given time."""

    task: str
    seconds: float
    main: Main


@dataclass(frozen=True, slots=True)
class Side:
    """The Airflow side of a workflow as a DAG has it, where one is given.

    ``extras`` are the tasks that stand for no state, ``states`` the states whose time each of the others takes, and
    ``edges`` what waits for what.
    """

    name: str
    extras: tuple[Extra, ...]
    states: Mapping[str, tuple[Pointer, ...]]
    edges: tuple[tuple[str, str], ...]


def default_shape(state: State) -> TaskShape:
    """The tasks of a state as a rule of translation: one per state, those of a Map, and a router for its errors."""
    router = int(bool(getattr(state, "catch", ())))
    match state:
        case Map():
            return TaskShape("none", 2 + router)
        case Parallel():
            return TaskShape("none", 1 + router)
        case Wait():
            return TaskShape("deferred")
        case Task():
            resource = parse_resource(state.resource)
            answers = resource.pattern == "request" and resource.kind != "activity"
            return TaskShape("worker" if answers else "deferred", router)
        case _:
            return TaskShape()


@dataclass(frozen=True, slots=True)
class Workflow:
    """Everything that a comparison knows about a workflow.

    ``shapes`` are the tasks on Airflow by the state that they stand for: those of our translation, or of ``side``.
    ``translated`` says that the state machine is the translation of the DAG in ``side``,
    ``source`` is the name of its file, ``notes`` are what a reader should know, ``polls`` the loops that poll, as the
    walk through the graph counted them.
    """

    name: str
    plan: Plan
    runs: tuple[Run, ...]
    origin: Origin
    shapes: Mapping[Pointer, TaskShape]
    assumed: tuple[str, ...] = ()
    side: Side | None = None
    translated: bool = False
    source: str = ""
    notes: tuple[str, ...] = ()
    polls: tuple[Poll, ...] = ()

    @property
    def extras(self) -> tuple[Extra, ...]:
        """The tasks on Airflow that stand for no state."""
        return self.side.extras if self.side else ()

    @property
    def started(self) -> tuple[str, ...]:
        """The states that start other workflows."""
        tasks = [state for state in self.plan.states.values() if isinstance(state, Task)]
        return tuple(task.name for task in tasks if parse_resource(task.resource).action == "startExecution")

    def shape(self, at: Pointer) -> TaskShape:
        """The tasks of a state."""
        known = self.shapes.get(at)
        if known is not None:
            return known
        inside = any(part in ("ItemProcessor", "Iterator") for part in parts(at))
        return replace(default_shape(self.plan.state(at)), mapped=inside)

    @property
    def weight(self) -> float:
        """The sum of the weights of all runs."""
        return sum(run.weight for run in self.runs)
