"""Runs without data: paths through the graph, each equally likely, for machines whose conditions nobody can answer.

Every way out of a Choice is on at least one path, a cycle is gone through once, or as often as a polling loop turns
(``polls``), and a Map runs for an assumed number of items. An ordinary run has no errors: handlers are left out, and
ways that can only end in a Fail state, where there are others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil
from typing import Final

from sfn_airflow_core.asl.model import Choice, Fail, Machine, Map, Parallel, Pointer, State, Task, Wait
from sfn_airflow_core.compare.durations import Durations
from sfn_airflow_core.compare.polls import Poll, seconds_of, unrolled
from sfn_airflow_core.compare.steps import Plan, Run, Step
from sfn_airflow_core.interpreter.execution import Limits, Place

ITEMS: Final = 10
"""Items of a Map where nothing says how many."""

_MOST_PATHS: Final = 24
_MOST_STEPS: Final = 20_000


def walk(plan: Plan, durations: Durations, items: int = ITEMS, unlikely: frozenset[Pointer] = frozenset()) -> list[Run]:
    """Runs of equal weight, one per path; ``unlikely`` states are gone through only where there is no other way."""
    machines = (plan.machine, *_inner(plan))
    paths = {id(machine): _ways(machine, unlikely, durations) for machine in machines}
    count = max(map(len, paths.values()))
    runs = []
    for number in range(min(count, _MOST_PATHS)):
        walker = _Walker(durations, items, number, paths, [])
        seconds = walker.machine(plan.machine, (), 0.0, 1)
        last = walker.last
        status = "FAILED" if isinstance(last, Fail) else "SUCCEEDED"
        problem = str(last.error) if isinstance(last, Fail) else ""
        runs.append(Run(f"path {number + 1}", 1.0, tuple(walker.steps), seconds, status, problem=problem))
    return runs


def turned_once(plan: Plan, runs: Iterable[Run], polls: Iterable[Poll]) -> list[str]:
    """States that walked runs come to again in a loop that does not poll: nobody knows how often."""
    polled = {name for poll in polls for name in poll.states}
    found: dict[str, None] = {}
    for run in runs:
        seen: set[tuple[Pointer, Place]] = set()
        for step in run.steps:
            name = plan.state(step.at).name
            if (step.at, step.place) in seen and name not in polled:
                found[name] = None
            seen.add((step.at, step.place))
    return list(found)


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


Edges = dict[str, list[str]]


def _ways(machine: Machine, unlikely: frozenset[Pointer], durations: Durations) -> list[list[str]]:
    """Paths with all rounds of polling loops, in which ways out of the same loop after more or fewer rounds are one."""
    edges = _ordinary(machine, unlikely)
    whole = (tuple(unrolled(path, machine, edges, durations)) for path in _paths(machine, edges))
    return [list(path) for path in dict.fromkeys(whole)]


def _paths(machine: Machine, edges: Edges) -> list[list[str]]:
    """Paths from the start to an end so that every transition of an ordinary run is on one of them."""
    ends = _distances(edges, {name for name, onward in edges.items() if not onward})
    used: set[tuple[str, str]] = set()
    found = [_path(machine.start_at, edges, ends, used)]
    while len(found) < _MOST_PATHS and machine.start_at in _distances(edges, _open(edges, used)):
        found.append(_path(machine.start_at, edges, ends, used))
    return found


def _ordinary(machine: Machine, unlikely: frozenset[Pointer]) -> Edges:
    """What can follow what in a run without errors: no handlers, and no way to an error where there is another."""
    whole = {name: _onward(state) for name, state in machine.states.items()}
    good = _distances(whole, {n for n, s in machine.states.items() if not whole[n] and not isinstance(s, Fail)})
    found: Edges = {}
    for name, onward in whole.items():
        likely = [target for target in onward if machine.states[target].at not in unlikely] or onward
        found[name] = [target for target in likely if target in good] or likely
    return found


def _open(edges: Edges, used: set[tuple[str, str]]) -> set[str]:
    """States with a way that was not gone yet."""
    return {name for name, onward in edges.items() if any((name, target) not in used for target in onward)}


def _path(start: str, edges: Edges, ends: dict[str, int], used: set[tuple[str, str]]) -> list[str]:
    """One path that takes ways not gone before, then goes where there are more of them, then to the nearest end."""
    path, taken = [start], set[tuple[str, str]]()
    open_ = _distances(edges, _open(edges, used))
    while len(path) < _MOST_STEPS and (onward := edges[name := path[-1]]):
        new = [target for target in onward if (name, target) not in used]
        near = [target for target in onward if target in open_]
        if new:
            target = new[0]
        elif near:
            target = min(near, key=lambda target: open_[target])
        else:
            rest = [target for target in onward if (name, target) not in taken] or onward
            target = min(rest, key=lambda target: ends.get(target, len(edges)))
            if (name, target) in taken and len(path) > 2 * len(edges):
                break  # a cycle without a way out
        taken.add((name, target))
        if (name, target) not in used:
            used.add((name, target))
            open_ = _distances(edges, _open(edges, used))
        path.append(target)
    return path


def _distances(edges: Edges, goals: set[str]) -> dict[str, int]:
    """How many transitions it is from each state to the nearest of some states, where one can be reached."""
    before: dict[str, list[str]] = {}
    for name, onward in edges.items():
        for target in onward:
            before.setdefault(target, []).append(name)
    level, found, steps = sorted(goals), dict.fromkeys(goals, 0), 1
    while level:
        level = list(dict.fromkeys(name for target in level for name in before.get(target, ()) if name not in found))
        found |= dict.fromkeys(level, steps)
        steps += 1
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
    paths: dict[int, list[list[str]]]
    steps: list[Step]
    last: State | None = None

    def machine(self, machine: Machine, place: Place, now: float, times: int) -> float:
        """Adds the steps of one path; gives the second at which it ends."""
        paths = self.paths[id(machine)]
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
                return now + seconds_of(state)
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
