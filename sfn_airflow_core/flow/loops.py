"""Where a machine loops: its states as nested regions, each of which can run without going back.

A loop is a strongly connected component. The states at which it is entered are its starts: a transition to one of them
from inside begins a new round. Without those transitions, what is left of the loop may have loops again, and so on.
Machines that can be entered in the middle of a loop are no exception: such a loop has several starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sfn_airflow_core.asl.model import Machine, targets

DEEPEST = 8
"""Loops within loops are regions within regions down to here; below, every state of a loop is a start of it."""


@dataclass(frozen=True, slots=True)
class Region:
    """States in execution order, loops among them in their place; every way inside leads forward.

    ``starts`` are the states at which it is entered; a transition to one of them from inside leaves the region and, in
    a loop, begins the next round.
    """

    starts: tuple[str, ...]
    parts: tuple[Part, ...]

    def states(self) -> Iterator[str]:
        """The names of all states, those of inner loops in their place."""
        for part in self.parts:
            if isinstance(part, Region):
                yield from part.states()
            else:
                yield part

    @property
    def loops(self) -> tuple[Region, ...]:
        """The loops among the parts."""
        return tuple(part for part in self.parts if isinstance(part, Region))


Part: TypeAlias = "str | Region"
Edges: TypeAlias = Callable[[str], Sequence[str]]


def regions(machine: Machine) -> Region:
    """The states of a machine that transitions lead to (nested machines have their own)."""
    return _region(machine, frozenset(machine.states), (machine.start_at,), cut=frozenset(), depth=0)


def _region(
    machine: Machine, states: frozenset[str], starts: tuple[str, ...], cut: frozenset[str], depth: int
) -> Region:
    def edges(name: str) -> list[str]:
        return [target for target in targets(machine.states[name]) if target in states and target not in cut]

    part_of: dict[str, Part] = {}
    below: dict[Part, list[str]] = {}
    found = components(starts, edges)
    entered = {*starts} | {
        target for group in found for name in group for target in edges(name) if target not in frozenset(group)
    }
    for group in found:
        part: Part = group[0]
        if len(group) > 1 or group[0] in edges(group[0]):
            inner = tuple(name for name in group if name in entered or depth >= DEEPEST)
            part = _region(machine, frozenset(group), inner, frozenset(inner), depth + 1)
        part_of |= dict.fromkeys(group, part)
        names = part.states() if isinstance(part, Region) else group
        below[part] = [target for name in names for target in edges(name) if target not in frozenset(group)]
    return Region(starts, _in_order(starts, part_of, below))


def _in_order(starts: Sequence[str], part_of: dict[str, Part], below: dict[Part, list[str]]) -> tuple[Part, ...]:
    """Reverse postorder, in which the handlers of a state, which are visited first, come behind its normal way."""
    finished: dict[Part, None] = {}
    seen: set[Part] = set()
    for start in reversed(starts):
        stack = [(part_of[start], [*below[part_of[start]]])] if part_of[start] not in seen else []
        seen.add(part_of[start])
        while stack:  # iterative: a chain of states may be longer than Python's stack
            part, left = stack[-1]
            if not left:
                finished[part] = None
                stack.pop()
            elif (following := part_of[left.pop()]) not in seen:
                seen.add(following)
                stack.append((following, [*below[following]]))
    return tuple(reversed(finished))


def components(starts: Sequence[str], edges: Edges) -> list[tuple[str, ...]]:
    """Strongly connected components of what can be reached, each behind those that it leads to (Tarjan, 1972).

    The names of a component are in the order in which they are found from the starts.
    """
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_: dict[str, None] = {}
    found: list[tuple[str, ...]] = []
    for start in starts:
        stack = [] if start in number else [(start, iter(edges(start)))]
        while stack:
            name, left = stack[-1]
            if name not in number:
                number[name] = lowest[name] = len(number)
                open_[name] = None
            for target in left:
                if target not in number:
                    stack.append((target, iter(edges(target))))
                    break
                if target in open_:
                    lowest[name] = min(lowest[name], number[target])
            else:
                stack.pop()
                if stack:
                    lowest[stack[-1][0]] = min(lowest[stack[-1][0]], lowest[name])
                if lowest[name] == number[name]:
                    group = [name]
                    while (last := next(reversed(open_))) != name:
                        group.append(last)
                        del open_[last]
                    del open_[name]
                    found.append(tuple(sorted(group, key=number.__getitem__)))
    return found
