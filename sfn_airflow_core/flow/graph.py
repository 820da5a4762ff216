"""The graph of one ``States`` object: which states can be reached, in which order they run, and where it loops."""

from __future__ import annotations

from dataclasses import dataclass

from sfn_airflow_core.asl.model import Machine, targets


@dataclass(frozen=True, slots=True)
class Graph:
    """``order`` is a reverse postorder of the reachable states: without the ``back`` edges, every edge goes forward.

    ``unreachable`` are the others, in the order of the definition. ``back`` are the edges that close a cycle.
    """

    order: tuple[str, ...]
    unreachable: tuple[str, ...]
    back: frozenset[tuple[str, str]]


def graph(machine: Machine) -> Graph:
    """The graph of a machine's own states (nested machines have their own)."""
    finished: list[str] = []
    back: set[tuple[str, str]] = set()
    open_, seen = {machine.start_at}, {machine.start_at}
    stack = [(machine.start_at, list(_forward(machine, machine.start_at)))]
    while stack:  # iterative: a chain of states may be longer than Python's stack
        name, below = stack[-1]
        if not below:
            stack.pop()
            open_.discard(name)
            finished.append(name)
            continue
        target = below.pop()
        if target in open_:
            back.add((name, target))
        elif target not in seen:
            seen.add(target)
            open_.add(target)
            stack.append((target, list(_forward(machine, target))))
    order = tuple(reversed(finished))
    return Graph(order, tuple(name for name in machine.states if name not in seen), frozenset(back))


def _forward(machine: Machine, name: str) -> tuple[str, ...]:
    """Targets so that handlers, visited first, end up after the normal way in reverse postorder."""
    return targets(machine.states[name])
