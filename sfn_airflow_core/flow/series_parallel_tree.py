"""Region trees: what runs one after the other and what side by side."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeAlias, TypeVar, assert_never

Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Step(Generic[Name]):
    """One element."""

    name: Name


@dataclass(frozen=True, slots=True)
class Sequence(Generic[Name]):
    """Parts one after the other: two or more, none of them a Sequence."""

    parts: tuple[Tree[Name], ...]


@dataclass(frozen=True, slots=True)
class Fork(Generic[Name]):
    """Branches side by side: two or more, none of them a Fork."""

    branches: tuple[Tree[Name], ...]


Tree: TypeAlias = "Step[Name] | Sequence[Name] | Fork[Name]"


def sequence(parts: list[Tree[Name]]) -> Tree[Name]:
    """Parts in sequence, with sequences among them taken apart; at least one part."""
    flat: list[Tree[Name]] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, Sequence) else (part,))
    return flat[0] if len(flat) == 1 else Sequence(tuple(flat))


def fork(branches: list[Tree[Name]]) -> Tree[Name]:
    """Branches side by side, with forks among them taken apart; at least one branch."""
    flat: list[Tree[Name]] = []
    for branch in branches:
        flat.extend(branch.branches if isinstance(branch, Fork) else (branch,))
    return flat[0] if len(flat) == 1 else Fork(tuple(flat))


def names(tree: Tree[Name]) -> Iterator[Name]:
    """Every element of a tree, in its order."""
    match tree:
        case Step(name):
            yield name
        case Sequence(parts) | Fork(parts):
            for part in parts:
                yield from names(part)
        case _:
            assert_never(tree)


def makespan(tree: Tree[Name], duration: Callable[[Name], float]) -> float:
    """How long a tree takes when every element takes its duration and nothing waits for a free place."""
    return finish(tree, 0.0, lambda name, start: start + duration(name))


def finish(tree: Tree[Name], start: float, end: Callable[[Name, float], float]) -> float:
    """When a tree ends that starts at ``start``, where ``end`` says when an element ends that starts at a time."""
    match tree:
        case Step(name):
            return end(name, start)
        case Sequence(parts):
            for part in parts:
                start = finish(part, start, end)
            return start
        case Fork(branches):
            return max(finish(branch, start, end) for branch in branches)
        case _:
            assert_never(tree)


def ordered(tree: Tree[Name]) -> Iterator[tuple[Name, Name]]:
    """Edges whose transitive closure is the order of a tree: from the ends of each part to the starts of the next."""
    match tree:
        case Step():
            return
        case Sequence(parts):
            for part in parts:
                yield from ordered(part)
            for first, second in pairwise(parts):
                for end in _edge_of(first, -1):
                    for start in _edge_of(second, 0):
                        yield end, start
        case Fork(branches):
            for branch in branches:
                yield from ordered(branch)
        case _:
            assert_never(tree)


def _edge_of(tree: Tree[Name], end: int) -> Iterator[Name]:
    """The elements that start a tree (0) or end it (-1)."""
    match tree:
        case Step(name):
            yield name
        case Sequence(parts):
            yield from _edge_of(parts[end], end)
        case Fork(branches):
            for branch in branches:
                yield from _edge_of(branch, end)
        case _:
            assert_never(tree)
