"""Where the states of a machine are: inside which branches and Maps, and by which edges they follow each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from sfn_airflow_core.asl.model import Choice, Flowing, Machine, Map, Parallel, Pass, State, Task, nested

Scope: TypeAlias = "tuple[tuple[str, int | None], ...]"
"""The Parallel and Map states around a state, outermost first, with the branch; ``None`` is any item of a Map."""


@dataclass(frozen=True, slots=True)
class Home:
    """A state, and the scope in which it runs."""

    state: State
    scope: Scope = ()

    def place(self, index: int | None, around: tuple[int, ...] = ()) -> tuple[tuple[str, int], ...]:
        """The interpreter's place for an item of the innermost Map; Maps around it of which nothing is said, item 0."""
        count = sum(number is None for _, number in self.scope)
        known = (*around, *(() if index is None else (index,)))[-count:] if count else ()
        numbers = iter((*[0] * (count - len(known)), *known))
        return tuple((name, next(numbers) if number is None else number) for name, number in self.scope)


def homes(machine: Machine, scope: Scope = ()) -> dict[str, Home]:
    """Every state of a machine by its name, nested ones included."""
    found: dict[str, Home] = {}
    for state in machine.states.values():
        found[state.name] = Home(state, scope)
        for number, inner in enumerate(nested(state)):
            found |= homes(inner, (*scope, (state.name, number if isinstance(state, Parallel) else None)))
    return found


@dataclass(frozen=True, slots=True)
class Way:
    """An edge of a machine: ``kind`` is next, choice, default or catch; ``at`` the pointer of what names the target."""

    source: str
    target: str
    kind: str
    at: str

    def __str__(self) -> str:
        return self.at


def ways(machine: Machine) -> tuple[dict[str, State], tuple[Way, ...]]:
    """The states that transitions lead to, by pointer, and the edges between them, nested ones included."""
    states: dict[str, State] = {}
    edges: list[Way] = []
    left = [machine.states[machine.start_at]]
    while left:
        state = left.pop(0)
        if state.at in states:
            continue
        states[state.at] = state
        for inner in nested(state):
            inside, between = ways(inner)
            states |= inside
            edges += between
        for way, name in _leaving(state):
            edges.append(replace(way, target=machine.states[name].at))
            left.append(machine.states[name])
    return states, tuple(edges)


def _leaving(state: State) -> Iterator[tuple[Way, str]]:
    """The edges of a state with the names of their targets."""
    if isinstance(state, Choice):
        for rule in state.choices:
            yield Way(state.at, "", "choice", rule.at), rule.next
        if state.default is not None:
            yield Way(state.at, "", "default", f"{state.at}/Default"), state.default
    elif isinstance(state, Flowing):
        if state.next is not None:
            yield Way(state.at, "", "next", f"{state.at}/Next"), state.next
        if isinstance(state, Task | Parallel | Map):
            for catcher in state.catch:
                yield Way(state.at, "", "catch", catcher.at), catcher.next


_MARK = "\x00"


def marked(machine: Machine) -> Machine:
    """The machine with a Pass on every edge of a Choice or Catch, at the pointer of the rule, Default or catcher.

    Running it tells which rule or catcher was taken where several lead to the same state.
    """
    states: dict[str, State] = {}
    for name, state in machine.states.items():
        states[name], marks = _marked(state)
        states |= marks
    return replace(machine, states=states)


def _marked(state: State) -> tuple[State, dict[str, State]]:
    marks: dict[str, State] = {}

    def mark(at: str, target: str) -> str:
        name = f"{_MARK}{at}"
        marks[name] = Pass(name=name, at=at, next=target)
        return name

    match state:
        case Choice():
            rules = tuple(replace(rule, next=mark(rule.at, rule.next)) for rule in state.choices)
            default = None if state.default is None else mark(f"{state.at}/Default", state.default)
            return replace(state, choices=rules, default=default), marks
        case Parallel():
            state = replace(state, branches=tuple(map(marked, state.branches)))
        case Map():
            state = replace(state, processor=marked(state.processor))
    if isinstance(state, Task | Parallel | Map):
        catch = tuple(replace(catcher, next=mark(catcher.at, catcher.next)) for catcher in state.catch)
        return replace(state, catch=catch), marks
    return state, marks


def taken(edges: tuple[Way, ...], visited: set[str], passed: set[tuple[str, str]]) -> set[str]:
    """The pointers of the edges that a run of the marked machine took.

    Args:
        edges: of the machine, from ``ways``.
        visited: pointers of what was visited, marks included.
        passed: pairs of pointers, source and target, of its transitions.
    """
    return {
        edge.at
        for edge in edges
        if (edge.at in visited if edge.kind != "next" else (edge.source, edge.target) in passed)
    }
