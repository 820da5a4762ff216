"""A partial order as bit sets: closure, transitive reduction, and the components that make it series or parallel.

Sets of elements are integers; bit ``i`` stands for element ``i``, and elements are numbered so that every order pair
goes from a smaller to a larger number.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Name = TypeVar("Name", bound=Hashable)
Bits = int
"""A set of elements."""


class Cyclic(ValueError):
    """The edges are no order; ``names`` are the elements on and behind cycles."""

    def __init__(self, names: tuple[Hashable, ...]):
        self.names = names
        super().__init__(f"not an order: {', '.join(map(str, names))}")


def members(bits: Bits) -> Iterator[int]:
    """The elements of a set, ascending.

    >>> list(members(0b1011))
    [0, 1, 3]
    """
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


@dataclass(frozen=True, slots=True)
class Order(Generic[Name]):
    """The transitive closure: ``before[i]`` and ``after[i]`` are everything ordered before and after element ``i``."""

    names: tuple[Name, ...]
    before: tuple[Bits, ...]
    after: tuple[Bits, ...]

    @property
    def all(self) -> Bits:
        """Every element."""
        return (1 << len(self.names)) - 1

    def down(self, element: int) -> Bits:
        """An element and everything before it."""
        return self.before[element] | 1 << element

    def up(self, element: int) -> Bits:
        """An element and everything after it."""
        return self.after[element] | 1 << element

    def covers(self) -> list[Bits]:
        """The transitive reduction: for each element those directly after it."""
        result = []
        for above in self.after:
            further = 0
            for element in members(above):
                further |= self.after[element]
            result.append(above & ~further)
        return result

    def minimal(self, within: Bits) -> Bits:
        """The elements of a set with nothing of the set before them."""
        return sum(1 << element for element in members(within) if not self.before[element] & within)

    def maximal(self, within: Bits) -> Bits:
        """The elements of a set with nothing of the set after them."""
        return sum(1 << element for element in members(within) if not self.after[element] & within)

    def parallel_parts(self, within: Bits) -> list[Bits]:
        """The parts of a set with no order between them (components of comparability), by smallest element."""
        return self._components(within, [b | a for b, a in zip(self.before, self.after, strict=True)])

    def serial_parts(self, within: Bits) -> list[Bits]:
        """The parts of a set that stand completely one before the other (components of incomparability), in order."""
        return self._components(within, [~(b | a) for b, a in zip(self.before, self.after, strict=True)])

    def _components(self, within: Bits, neighbours: Sequence[Bits]) -> list[Bits]:
        parts = []
        while within:
            part = frontier = within & -within
            while frontier:
                reached = 0
                for element in members(frontier):
                    reached |= neighbours[element]
                frontier = reached & within & ~part
                part |= frontier
            parts.append(part)
            within &= ~part
        return parts


def order_of(names: Iterable[Name], edges: Iterable[tuple[Name, Name]]) -> Order[Name]:
    """The order that edges make; among elements that could stand in any order, the given order is kept.

    Args:
        names: all elements.
        edges: pairs of an element and one that comes after it; redundant and repeated pairs do no harm.

    Raises:
        Cyclic: if an element would come after itself.
        KeyError: if an edge names an unknown element.
    """
    given = list(dict.fromkeys(names))
    place = {name: index for index, name in enumerate(given)}
    direct = [0] * len(given)
    for first, second in edges:
        direct[place[second]] |= 1 << place[first]
    sorted_, done = _sorted(direct)
    if len(sorted_) < len(given):
        raise Cyclic(tuple(given[index] for index in range(len(given)) if not done >> index & 1))
    number = {old: new for new, old in enumerate(sorted_)}
    before, after = [0] * len(given), [0] * len(given)
    for new, old in enumerate(sorted_):
        for pred in members(direct[old]):
            before[new] |= before[number[pred]] | 1 << number[pred]
        for pred in members(before[new]):
            after[pred] |= 1 << new
    return Order(tuple(given[old] for old in sorted_), tuple(before), tuple(after))


def _sorted(direct: Sequence[Bits]) -> tuple[list[int], Bits]:
    """A topological order that takes the first element that is ready, and the set of what it reached."""
    import heapq

    waiting = [bits.bit_count() for bits in direct]
    behind: list[list[int]] = [[] for _ in direct]
    for element, bits in enumerate(direct):
        for pred in members(bits):
            behind[pred].append(element)
    ready = [element for element, count in enumerate(waiting) if count == 0]
    result, done = [], 0
    while ready:
        element = heapq.heappop(ready)
        result.append(element)
        done |= 1 << element
        for follower in behind[element]:
            waiting[follower] -= 1
            if waiting[follower] == 0:
                heapq.heappush(ready, follower)
    return result, done


def reduce_edges(names: Iterable[Name], edges: Iterable[tuple[Name, Name]]) -> list[tuple[Name, Name]]:
    """The transitive reduction of edges: those that no longer way replaces, in topological order.

    >>> reduce_edges("abc", [("a", "b"), ("b", "c"), ("a", "c")])
    [('a', 'b'), ('b', 'c')]
    """
    order = order_of(names, edges)
    return [
        (order.names[element], order.names[follower])
        for element, above in enumerate(order.covers())
        for follower in members(above)
    ]
