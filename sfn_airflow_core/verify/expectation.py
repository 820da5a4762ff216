"""What a scenario must lead to: the reference interpreter's execution, with what varies between two of them marked."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from sfn_airflow_core.asl.model import Machine
from sfn_airflow_core.interpreter import Execution, MissingReply, Options, execute
from sfn_airflow_core.verify.around import Varying, merged
from sfn_airflow_core.verify.calls import action_of, arguments_of, normal
from sfn_airflow_core.verify.places import Way, homes, marked, taken
from sfn_airflow_core.verify.scenario import Scenario
from sfn_airflow_core.verify.shapes import respelled

Json = Any
Place: TypeAlias = "tuple[tuple[str, int], ...]"

_OTHER: Final = Options(
    name="another-execution",
    machine_name="another-machine",
    region="eu-central-1",
    account="999988887777",
    role="arn:aws:iam::999988887777:role/Another",
    seed=4711,
)


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay in a state: the pointer, where it ran, whether a catcher ended it, and its output."""

    state: str
    at: str
    place: Place
    caught: bool
    done: bool
    output: Json
    error: str | None
    retries: int = 0

    @property
    def broke(self) -> bool:
        """Whether it failed, at least once: a Parallel or Map then leaves branches or items behind."""
        return self.error is not None or not self.done or self.retries > 0


@dataclass(frozen=True, slots=True)
class Called:
    """One service call: by which state, where, as ``service:operation``, with which arguments."""

    state: str
    place: Place
    action: str
    arguments: Json


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must come out of a scenario; leaves that differ between two executions are ``Varying``.

    ``retries`` and ``waits`` are seconds by state and place. ``reached`` are pointers of states, ``edges`` of edges.
    ``unsure`` says why nothing can be expected, if so.
    """

    status: str
    output: Json
    error: str | None
    cause: str | None
    stays: tuple[Stay, ...] = ()
    calls: tuple[Called, ...] = ()
    retries: dict[str, list[Json]] = field(default_factory=dict)
    waits: dict[str, list[float]] = field(default_factory=dict)
    reached: frozenset[str] = frozenset()
    edges: frozenset[str] = frozenset()
    unsure: str = ""


def expect(machine: Machine, scenario: Scenario, edges: tuple[Way, ...]) -> Expectation:
    """Execute a scenario twice in the interpreter, and once more to see which edges it takes."""
    now = datetime.now(UTC)
    try:
        one = _run(machine, scenario, Options(start=now))
        other = _run(machine, scenario, replace(_OTHER, start=now + timedelta(days=401, hours=5, seconds=17)))
        visited, passed = reach(machine, scenario)
    except MissingReply as gap:
        return Expectation("FAILED", None, None, None, unsure=str(gap))
    path, again = ([(v.at, v.place) for v in run.visits] for run in (one, other))
    if path != again or (one.status, one.error) != (other.status, other.error):
        return _expectation(one, one, visited, taken(edges, visited, passed), "its course depends on chance or time")
    return _expectation(one, other, visited, taken(edges, visited, passed))


def _run(machine: Machine, scenario: Scenario, options: Options) -> Execution:
    of_type = replace(options, type=scenario.type)
    return execute(machine, scenario.input, scenario.answers(homes(machine)), options=of_type)


def reach(machine: Machine, scenario: Scenario) -> tuple[set[str], set[tuple[str, str]]]:
    """The pointers of all states, rules and catchers that an execution comes by, and of its transitions."""
    run = _run(marked(machine), scenario, Options())
    return {visit.at for visit in run.visits}, {(edge.source, edge.target) for edge in run.edges}


def _expectation(one: Execution, other: Execution, reached: set[str], edges: set[str], why: str = "") -> Expectation:
    waits: dict[str, list[float]] = defaultdict(list)
    for pause in one.waits:
        waits[pause.state].append(pause.seconds)
    retries: dict[str, list[Json]] = defaultdict(list)
    for first, second in zip(one.retries, other.retries, strict=False):
        retries[first.state].append(first.seconds if first.seconds == second.seconds else Varying(first.seconds))
    unsure = why or ("the machine's own time limit ended it" if one.status == "TIMED_OUT" else "")
    return Expectation(
        status=one.status,
        output=merged(one.output, other.output),
        error=one.error,
        cause=one.cause,
        stays=_stays(one, other),
        calls=_calls(one, other),
        retries=dict(retries),
        waits=dict(waits),
        reached=frozenset(reached),
        edges=frozenset(edges),
        unsure=unsure,
    )


def _stays(one: Execution, other: Execution) -> tuple[Stay, ...]:
    return tuple(
        Stay(v.state, v.at, v.place, v.caught, v.done, merged(v.output, w.output), v.error, v.retries)
        for v, w in zip(one.visits, other.visits, strict=False)
    )


def _calls(one: Execution, other: Execution) -> tuple[Called, ...]:
    calls = []
    for first, second in zip(one.calls, other.calls, strict=False):
        if first.purpose != "task":
            continue
        action = action_of(first.resource)
        values = (
            normal(action, respelled(action, arguments_of(call.resource, call.arguments))) for call in (first, second)
        )
        calls.append(Called(first.state, first.place, action, merged(*values)))
    return tuple(calls)
