"""Loops that poll: a call that answers at once, asked again after a Wait until what it asks for is there.

How often such a loop turns follows from how long is waited in all, divided by its Wait; nobody can tell it from the
graph. Loops around jobs, callbacks, Parallels or Maps are no polls: those wait themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Final

from sfn_airflow_core.asl.model import Machine, Map, Parallel, State, Task, Wait
from sfn_airflow_core.compare.durations import Durations, kind_of
from sfn_airflow_core.compare.order import closure

MOST_STEPS: Final = 12_500
"""Steps of a loop in one run at most: a history has 25,000 events, and a stay in a state writes two at least."""
WAIT: Final = 60.0
"""Seconds of a Wait that reads them from its data."""

Edges = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Poll:
    """How often a loop is waited in: ``rounds`` Waits of ``seconds``, for ``total`` seconds in all.

    ``given`` says that somebody said how long it takes, ``states`` are all that the loop goes through.
    """

    wait: str
    seconds: float
    total: float
    rounds: int
    given: bool
    states: frozenset[str] = frozenset()

    @property
    def wanted(self) -> int:
        """The rounds that the whole time makes."""
        return max(1, ceil(round(self.total / self.seconds, 9)))

    @property
    def cut(self) -> bool:
        """Whether a run has no room for so many rounds."""
        return self.rounds < self.wanted


def seconds_of(state: Wait) -> float:
    """How long a Wait is."""
    return float(state.seconds) if isinstance(state.seconds, int | float) else WAIT


def polling(machine: Machine, edges: Edges) -> dict[str, frozenset[str]]:
    """The states of every polling loop by the name of its Wait; ``edges`` are the transitions of ordinary runs."""
    onward = {name: set(targets) for name, targets in edges.items()}
    back: dict[str, set[str]] = {}
    for name, targets in edges.items():
        for target in targets:
            back.setdefault(target, set()).add(name)
    found: dict[str, frozenset[str]] = {}
    for name, state in machine.states.items():
        if not isinstance(state, Wait) or seconds_of(state) <= 0:
            continue
        loop = frozenset(closure(onward, name) & closure(back, name))
        if name in loop and _asks([machine.states[other] for other in loop]) and loop not in found.values():
            found[name] = loop
    return found


def _asks(loop: Sequence[State]) -> bool:
    """Whether a loop does nothing but ask and wait."""
    calls = [state for state in loop if isinstance(state, Task)]
    at_once = all(kind_of(task) in ("function", "request") for task in calls)
    return bool(calls) and at_once and not any(isinstance(state, Map | Parallel) for state in loop)


def unrolled(path: Sequence[str], machine: Machine, edges: Edges, durations: Durations) -> list[str]:
    """A path with as many rounds of its polling loops as there are; ``durations.polls`` takes note of them."""
    found = list(path)
    for wait, loop in polling(machine, edges).items():
        start = next((n for n, name in enumerate(found) if name in loop), None)
        if start is None:
            continue
        end = next((n for n in range(start, len(found)) if found[n] not in loop), len(found))
        found[start:end] = _turning(found[start:end], machine, wait, loop, edges, durations)
    return found


def _turning(
    part: Sequence[str], machine: Machine, wait: str, loop: frozenset[str], edges: Edges, durations: Durations
) -> list[str]:
    """The part of a path inside of a loop, from where it is entered to where it is left."""
    first = part[0]
    tail = list(part[len(part) - 1 - list(reversed(part)).index(first) :])
    turn = list(_between(first, wait, loop, edges))
    if first != wait:
        turn += _between(wait, first, loop, edges)
    state = machine.states[wait]
    seconds = seconds_of(state) if isinstance(state, Wait) else WAIT
    total, given = durations.polled(wait, sorted(name for name in loop if isinstance(machine.states[name], Task)))
    poll = Poll(wait, seconds, total, MOST_STEPS // len(turn), given, loop)
    poll = replace(poll, rounds=min(poll.rounds, poll.wanted))
    durations.polls[wait] = poll
    return turn * max(0, poll.rounds - tail.count(wait)) + tail


def _between(first: str, last: str, loop: frozenset[str], edges: Edges) -> Iterator[str]:
    """The shortest way from one state to another inside of a loop, without the last one; a whole turn for the same."""
    before: dict[str, str] = {}
    level = [first]
    while level and last not in before:
        pairs = [(name, target) for name in level for target in edges[name] if target in loop and target not in before]
        level = []
        for name, target in pairs:
            if target not in before:
                before[target] = name
                level.append(target)
    way, name = [before[last]], before[last]
    while name != first:
        name = before[name]
        way.append(name)
    yield from reversed(way)
