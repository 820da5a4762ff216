"""Where an imagined execution is to go: goals of a machine, and ways that lead to them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Final, Literal, TypeAlias

from sfn_airflow_core.asl.model import Choice, Fail, Machine, Map, Parallel, Placeholder, Retrier, State, Task, nested
from sfn_airflow_core.interpreter.failures import READER_FAILED, TOLERANCE, StateFailed, answers_to
from sfn_airflow_core.interpreter.resource import parse_resource
from sfn_airflow_core.verify.budget import WAY, Budget

Kind: TypeAlias = Literal["next", "rule", "default", "catch", "fail", "retry"]
_FAR: Final = 1_000
_MOST_WAYS: Final = 12


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a stay in a state is to end.

    ``number`` is the rule, catcher or retrier; ``error`` what the service (or something inside) fails with, ``times``
    how often before it answers (``retry``); ``items`` how many items a Map gets.
    """

    kind: Kind = "next"
    number: int = 0
    error: str = ""
    times: int = 0
    items: int | None = None


Route: TypeAlias = "Mapping[str, Sequence[Outcome]]"
"""Outcomes by the pointer of the state, one for each stay; where it says nothing, the way to success is taken."""


@dataclass(frozen=True, slots=True)
class Goal:
    """Something a scenario should show: ``at`` is the pointer of the edge or state, ``name`` says it for people."""

    name: str
    at: str
    state: str
    """Pointer of the state that must end with ``outcome``."""
    outcome: Outcome
    inner: tuple[str, Outcome] | None = None
    """For what happens because something inside fails: the pointer of that state, and its outcome."""
    edge: bool = True


@dataclass(slots=True)
class Atlas:
    """A machine with distances to success, and the scope of every state; ``budget`` is that of the whole search."""

    machine: Machine
    budget: Budget = field(default_factory=Budget)
    scopes: dict[str, tuple[Machine, tuple[State, ...]]] = field(default_factory=dict)
    """By pointer: the machine in which a state is, and the states around it, outermost first."""
    distance: dict[str, int] = field(default_factory=dict)
    _known: dict[str, list[dict[str, list[Outcome]]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._survey(self.machine, ())

    def _survey(self, machine: Machine, around: tuple[State, ...]) -> None:
        self.distance |= _distances(machine)
        for state in machine.states.values():
            self.scopes[state.at] = (machine, around)
            for inner in nested(state):
                self._survey(inner, (*around, state))

    def state(self, at: str) -> State:
        """The state at a pointer."""
        return next(state for state in self.scopes[at][0].states.values() if state.at == at)

    def ordered(self, machine: Machine, state: State) -> list[tuple[Outcome, str | None]]:
        """The outcomes of a state with the states they lead to, those that lead to success soonest first."""
        found = list(outcomes(state))
        return sorted(found, key=lambda one: cost(state, one[0]) + self._after(machine, one[1]))

    def _after(self, machine: Machine, name: str | None) -> int:
        return 0 if name is None else self.distance.get(machine.states[name].at, _FAR)

    def routes(self, at: str) -> Iterator[dict[str, list[Outcome]]]:
        """Ways from the start to a state, the shortest first: outcomes of the states before it, in all scopes."""
        machine, around = self.scopes[at]
        target = next(name for name, state in machine.states.items() if state.at == at)
        outer = self.routes(around[-1].at) if around else iter([{}])
        mine = self._ways_to(machine, target)
        for before in itertools.islice(outer, _MOST_WAYS):
            for way in mine:
                yield {**before, **way}

    def _ways_to(self, machine: Machine, target: str) -> list[dict[str, list[Outcome]]]:
        """The shortest ways inside of a scope to one of its states."""
        at = machine.states[target].at
        if at not in self._known:
            self._known[at] = list(itertools.islice(_ways(machine, target, self.budget), _MOST_WAYS))
        return self._known[at]


def cost(state: State, outcome: Outcome) -> int:
    """What taking an outcome costs: catchers are taken only where there is no other way."""
    return 50 if outcome.kind == "catch" else 1


def outcomes(state: State) -> Iterator[tuple[Outcome, str | None]]:
    """How a state can end, with the name of the state that follows (``None``: the scope ends well)."""
    match state:
        case Choice():
            for number, rule in enumerate(state.choices):
                yield Outcome("rule", number), rule.next
            if state.default is not None:
                yield Outcome("default"), state.default
        case Fail():
            return
        case Task() | Parallel() | Map():
            yield Outcome(), state.next
            for number, catcher in enumerate(state.catch):
                for error in errors_for(state, number)[:1]:
                    yield Outcome("catch", number, error), catcher.next
        case _:
            yield Outcome(), getattr(state, "next", None)


def _distances(machine: Machine) -> dict[str, int]:
    """By pointer: how far it is to the good end of the scope."""
    far = dict.fromkeys(machine.states, _FAR)
    for _ in machine.states:
        for name, state in machine.states.items():
            for outcome, after in outcomes(state):
                far[name] = min(far[name], cost(state, outcome) + (0 if after is None else far.get(after, _FAR)))
    return {machine.states[name].at: steps for name, steps in far.items()}


def _ways(machine: Machine, target: str, budget: Budget) -> Iterator[dict[str, list[Outcome]]]:
    """Ways without loops from the start of a scope to a state in it, the shortest first."""
    queue: list[tuple[int, int, str, tuple[tuple[str, Outcome], ...]]] = [(0, 0, machine.start_at, ())]
    number = 0
    while queue and number < 4_000:
        length, _, name, way = heappop(queue)  # numbers differ, so that nothing behind them is compared
        budget.spend(WAY)
        if name == target:
            yield {at: [outcome] for at, outcome in way}
            continue
        state = machine.states[name]
        for outcome, after in outcomes(state):
            if after is not None and after != machine.start_at and all(machine.states[after].at != at for at, _ in way):
                number += 1
                heappush(queue, (length + cost(state, outcome), number, after, (*way, (state.at, outcome))))


def errors_for(state: Task | Parallel | Map, number: int, listed: str | None = None) -> list[str]:
    """Errors that a catcher catches and no catcher before it: for one name of its list, or for all.

    ``States.ALL`` is shown by an error of the service and by one that nobody knows.
    """
    catcher = state.catch[number]
    earlier = [name for before in state.catch[:number] for name in before.error_equals]
    found: list[str] = []
    for name in catcher.error_equals if listed is None else (listed,):
        for error in _examples(state, name):
            failure = StateFailed(error, "")
            if answers_to(failure, catcher.error_equals) and not answers_to(failure, earlier):
                found.append(error)
    return list(dict.fromkeys(found))


def _examples(state: Task | Parallel | Map, name: str) -> tuple[str, ...]:
    if isinstance(state, Map) and state.mode == "DISTRIBUTED":  # whatever happens to an item
        own = (TOLERANCE, READER_FAILED) if state.item_reader is not None else (TOLERANCE,)
        return tuple(error for error in own if answers_to(StateFailed(error, ""), (name,)))
    match name:
        case "States.ALL" | "States.TaskFailed":
            return (service_error(state), "SomethingElse", "States.Timeout")
        case "States.Runtime":
            return ()
        case "States.HeartbeatTimeout":
            return ("States.Timeout", name)
        case _:
            return (name,)


def service_error(state: State) -> str:
    """The name of an error as a service gives it."""
    if not isinstance(state, Task):
        return "SomethingBad"
    resource = parse_resource(state.resource)
    service = resource.service.removeprefix("aws-sdk:")
    return "Lambda.ServiceException" if service == "lambda" else f"{service.capitalize()}.InternalServerError"


def attempts(retrier: Retrier) -> int | None:
    """How often a retrier retries; ``None`` where that is open."""
    return None if isinstance(retrier.max_attempts, Placeholder) else int(retrier.max_attempts)


def failing(machine: Machine, error: str) -> Iterator[tuple[str, Outcome]]:
    """States of a scope that can fail with an error which then leaves the scope: pointer and outcome."""
    for state in machine.states.values():
        match state:
            case Fail(error=str() as name) if name == error:
                yield state.at, Outcome("fail", error=error)
            case Fail(error=None) if error == "":
                yield state.at, Outcome("fail", error=error)
            case Task() if not _caught(state, error):
                yield state.at, Outcome("fail", error=error)
            case Parallel() | Map() if not _caught(state, error):
                for inner in nested(state):
                    yield from failing(inner, error)


def _caught(state: Task | Parallel | Map, error: str) -> bool:
    return any(answers_to(StateFailed(error, ""), catcher.error_equals) for catcher in state.catch)


def raised(machine: Machine) -> Iterator[str]:
    """Names of errors that Fail states of a scope end with."""
    for state in machine.walk():
        if isinstance(state, Fail) and isinstance(state.error, str):
            yield state.error
