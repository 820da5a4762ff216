"""What an execution was: its end, and everything that happened on the way, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from sfn_airflow_core.asl.model import Json, Machine

Status: TypeAlias = Literal["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]
Place: TypeAlias = "tuple[tuple[str, int], ...]"
"""Where inside Parallel and Map states something ran: ``(("Each", 2),)`` is branch or iteration 2 of the state Each."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The service's quotas; lower them to test a machine's behaviour at the limit.

    ``express_events`` is ours: an Express execution has no limit of events but five minutes, which a loop that takes no
    virtual time never reaches, so it is timed out after this many events. ``nested_executions`` is ours too: how deep
    executions may start executions.
    """

    payload_bytes: int = 262_144
    history_events: int = 25_000
    express_events: int = 100_000
    variable_bytes: int = 10 * 1024 * 1024
    inline_concurrency: int = 40
    distributed_concurrency: int = 10_000
    standard_seconds: float = 365 * 24 * 3600
    express_seconds: float = 300
    nested_executions: int = 100


@dataclass(frozen=True, slots=True)
class Options:
    """How to run an execution.

    ``type`` is STANDARD or EXPRESS. ``start`` is the virtual clock's first instant. ``stop_after`` seconds the
    execution is aborted, as by StopExecution. ``machines`` are the definitions of child executions, by ARN or name.
    ``variables`` are there at the start (as in TestState); ``context`` takes the place of the context object.
    ``seed`` makes random numbers repeatable.
    """

    type: Literal["STANDARD", "EXPRESS"] = "STANDARD"
    start: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    name: str = "execution"
    machine_name: str = "machine"
    region: str = "us-east-1"
    account: str = "123456789012"
    role: str | None = "arn:aws:iam::123456789012:role/StepFunctions"
    stop_after: float | None = None
    machines: dict[str, Machine] = field(default_factory=dict)
    variables: dict[str, Json] = field(default_factory=dict)
    context: dict[str, Json] | None = None
    seed: int = 0


@dataclass(slots=True)
class Visit:
    """One stay in a state: seconds are on the virtual clock from the start of the execution.

    ``output`` is None as long as ``done`` is false; ``error`` is the name under which the state itself failed, also
    where a catcher then took over (``caught``).
    """

    state: str
    at: str
    place: Place
    entered: float
    input: Json
    left: float | None = None
    output: Json = None
    done: bool = False
    next: str | None = None
    error: str | None = None
    cause: str | None = None
    caught: bool = False
    retries: int = 0


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """One call of a service, function or activity.

    ``attempt`` counts from 0, ``at`` is in seconds, ``item`` is the index of the iteration of the innermost Map
    around it.
    """

    state: str
    resource: str
    arguments: Json
    attempt: int
    place: Place
    at: float
    purpose: Literal["task", "reader", "writer"] = "task"
    item: int | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """A Wait state's stay: from ``at``, for ``seconds``."""

    state: str
    place: Place
    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Retrial:
    """A retry: which retrier (index in ``Retry``) waits how many ``seconds`` after which error; ``number`` counts
    from 1.
    """

    state: str
    place: Place
    at: float
    error: str | None
    retrier: int
    number: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the history; ``details`` hold JSON values where AWS has JSON text."""

    id: int
    previous: int
    at: float
    type: str
    details: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Edge:
    """A transition that was taken: ``source`` and ``target`` are JSON pointers; ``kind`` is next, choice, default or
    catch.
    """

    source: str
    target: str
    kind: str


@dataclass(slots=True)
class Record:
    """What is noted while executions run; children write into their parent's record, events apart."""

    visits: list[Visit] = field(default_factory=list)
    calls: list[ServiceCall] = field(default_factory=list)
    waits: list[Pause] = field(default_factory=list)
    retries: list[Retrial] = field(default_factory=list)
    edges: dict[Edge, int] = field(default_factory=dict)
    transitions: int = 0


@dataclass(frozen=True, slots=True)
class Execution:
    """The result of ``execute``.

    ``output`` is meaningful if ``status`` is SUCCEEDED; ``error`` and ``cause`` may be None even if it FAILED.
    ``duration`` is in virtual seconds. ``events`` are those of the execution itself; ``children`` the executions it
    started (items of a distributed Map, and child machines).
    """

    status: Status
    output: Json
    error: str | None
    cause: str | None
    input: Json
    started: datetime
    duration: float
    events: tuple[Event, ...]
    record: Record
    children: tuple[Execution, ...] = ()
    variables: dict[str, Json] = field(default_factory=dict)

    @property
    def visits(self) -> tuple[Visit, ...]:
        """All stays in states, in the order of entering."""
        return tuple(self.record.visits)

    @property
    def calls(self) -> tuple[ServiceCall, ...]:
        """All service calls, in order."""
        return tuple(self.record.calls)

    @property
    def waits(self) -> tuple[Pause, ...]:
        """What Wait states waited, in order."""
        return tuple(self.record.waits)

    @property
    def retries(self) -> tuple[Retrial, ...]:
        """All retries with their delays, in order."""
        return tuple(self.record.retries)

    @property
    def transitions(self) -> int:
        """State transitions: every state entered and every retry (Pricing: a step executed, retries included)."""
        return self.record.transitions

    @property
    def states(self) -> tuple[str, ...]:
        """The JSON pointers of the states visited, each once, in order."""
        return tuple(dict.fromkeys(visit.at for visit in self.record.visits))

    @property
    def edges(self) -> tuple[Edge, ...]:
        """The transitions taken, each once, in order."""
        return tuple(self.record.edges)

    def outputs(self, state: str) -> list[Json]:
        """The outputs of a state by name, in the order of leaving it normally or through a catcher."""
        left = [visit for visit in self.record.visits if visit.state == state and visit.done]
        return [visit.output for visit in sorted(left, key=lambda visit: visit.left or 0.0)]
