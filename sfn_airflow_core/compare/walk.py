"""Runs without data: paths through the graph, each equally likely, for machines whose conditions nobody can answer.

Every way out of a Choice is on at least one path, a cycle is gone through once, and a Map runs for an assumed number of
items. An ordinary run has no errors: handlers are left out, and ways that can only end in a Fail state, where there are
others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Final

from sfn_airflow_core.asl.model import Choice, Fail, Machine, Map, Parallel, State, Task, Wait
from sfn_airflow_core.compare.durations import Durations
from sfn_airflow_core.compare.steps import Plan, Run, Step
from sfn_airflow_core.interpreter.execution import Limits, Place

ITEMS: Final = 10
"""Items of a Map where nothing says how many."""

_MOST_PATHS: Final = 24
_MOST_STEPS: Final = 20_000
_WAIT: Final = 60.0
"""Seconds of a Wait that reads them from its data."""


def walk(plan: Plan, durations: Durations, items: int = ITEMS) -> list[Run]:
    """Runs of equal weight, one per path."""
    ways = _paths(plan.machine)
    count = max([len(ways), *(len(_paths(inner)) for inner in _inner(plan))])
    runs = []
    for number in range(min(count, _MOST_PATHS)):
        walker = _Walker(durations, items, number, [])
        seconds = walker.machine(plan.machine, (), 0.0, 1)
        last = walker.last
        status = "FAILED" if isinstance(last, Fail) else "SUCCEEDED"
        problem = str(last.error) if isinstance(last, Fail) else ""
        runs.append(Run(f"path {number + 1}", 1.0, tuple(walker.steps), seconds, status, problem=problem))
    return runs


def _inner(plan: Plan) -> Iterator[Machine]:
    for state in plan.states.values():
        match state:
            case Parallel():
                yield from state.branches
            case Map():
                yield state.processor


def concurrency(state: Map) -> int:
    """How many iterations of a Map run at once at most: what it says, but not more than the service allows."""
    limits = Limits()
    cap = limits.inline_concurrency if state.mode == "INLINE" else limits.distributed_concurrency
    given = state.max_concurrency
    return min(given, cap) if isinstance(given, int) and given > 0 else cap


def _paths(machine: Machine) -> list[list[str]]:
    """Paths from the start to an end so that every transition except those of catchers is on one of them."""
    found: list[list[str]] = []
    used: set[tuple[str, str]] = set()
    while len(found) < _MOST_PATHS:
        path, fresh = _path(machine, used)
        if found and not fresh:
            return found
        found.append(path)
    return found


def _path(machine: Machine, used: set[tuple[str, str]]) -> tuple[list[str], bool]:
    """One path that prefers transitions not used before; says whether there was one."""
    path, fresh, taken = [machine.start_at], False, set[tuple[str, str]]()
    good = _distances(machine, without=Fail)
    ends = good or _distances(machine)
    while len(path) < _MOST_STEPS:
        name = path[-1]
        onward = _onward(machine.states[name])
        edges = [(name, target) for target in onward if target in good] or [(name, target) for target in onward]
        if not edges:
            break
        new = [edge for edge in edges if edge not in used]
        rest = [edge for edge in edges if edge not in taken] or edges
        edge = new[0] if new else min(rest, key=lambda edge: ends.get(edge[1], len(machine.states)))
        fresh = fresh or bool(new)
        if edge in taken and not new and len(path) > 2 * len(machine.states):
            break  # a cycle without a way out
        used.add(edge)
        taken.add(edge)
        path.append(edge[1])
    return path, fresh


def _distances(machine: Machine, without: type[State] | None = None) -> dict[str, int]:
    """How many transitions it is from each state to the nearest end; ends of one kind may be left out."""
    before: dict[str, list[str]] = {}
    for state in machine.states.values():
        for target in _onward(state):
            before.setdefault(target, []).append(state.name)
    ends = [state for state in machine.states.values() if not _onward(state)]
    level = [state.name for state in ends if without is None or not isinstance(state, without)]
    found = dict.fromkeys(level, 0)
    while level:
        level = [name for target in level for name in before.get(target, ()) if name not in found]
        for name in level:
            found.setdefault(name, max(found.values()) + 1)
    return found


def _onward(state: State) -> list[str]:
    """The states that can follow without an error."""
    if isinstance(state, Choice):
        names = [rule.next for rule in state.choices] + [state.default]
        return list(dict.fromkeys(name for name in names if name is not None))
    following = getattr(state, "next", None)
    return [following] if isinstance(following, str) else []


@dataclass(slots=True)
class _Walker:
    durations: Durations
    items: int
    number: int
    steps: list[Step]
    last: State | None = None

    def machine(self, machine: Machine, place: Place, now: float, times: int) -> float:
        """Adds the steps of one path; gives the second at which it ends."""
        paths = _paths(machine)
        for name in paths[self.number % len(paths)]:
            state = machine.states[name]
            position = len(self.steps)
            end = self.state(state, place, now, times)
            step = Step(state.at, place, now, end - now, end - now, times=times)
            self.steps.insert(position, step)
            now, self.last = end, state
        return now

    def state(self, state: State, place: Place, now: float, times: int) -> float:
        match state:
            case Task():
                return now + self.durations.seconds(state)
            case Wait():
                return now + (float(state.seconds) if isinstance(state.seconds, int | float) else _WAIT)
            case Parallel():
                ends = [self.machine(b, (*place, (state.name, n)), now, times) for n, b in enumerate(state.branches)]
                return max(ends, default=now)
            case Map():
                items = self.items_of(state)
                if not items:
                    return now
                end = self.machine(state.processor, (*place, (state.name, 0)), now, times * items)
                return now + (end - now) * ceil(items / concurrency(state))
            case _:
                return now

    def items_of(self, state: Map) -> int:
        """Iterations of a Map, batches where it makes some."""
        batch = state.item_batcher.max_items_per_batch if state.item_batcher else None
        return ceil(self.items / batch) if isinstance(batch, int) and batch > 0 else self.items
