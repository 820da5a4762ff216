"""Where an order is not series-parallel: the cut that costs least, found by finishing candidates and timing them.

A region that neither falls apart nor stands in a row (it contains an N: a before c and d, b before d only) becomes a
sequence by a cut: everything in a down-set A before everything else. Every series-parallel extension of such a region
is one of these cuts. Candidates are levels and the surroundings of one or two elements; each is finished roughly by
levels and timed on samples of durations (a rollout), the best are finished exactly, and the levels themselves remain a
candidate, so the result is never worse than they are on the samples. For the history of the question see Salamon and
Galpin, "Bounds on series-parallel slowdown" (arXiv 0904.4512).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from sfn_airflow_core.flow.series_parallel_order import Bits, Name, Order, members
from sfn_airflow_core.flow.series_parallel_tree import Step, Tree, finish, fork, sequence


@dataclass(frozen=True, slots=True)
class Sample:
    """Assumed times of all elements, by number: how long each takes, and when at the earliest it can end.

    An element that waits for something outside takes no time of its own, but does not end before that has come.
    """

    durations: tuple[float, ...]
    arrivals: tuple[float, ...]

    def end(self, element: int, start: float) -> float:
        """When an element ends that starts at ``start``."""
        return max(start + self.durations[element], self.arrivals[element])


_PAIRS_UP_TO = 40
_BY_TIME, _BY_PAIRS = 24, 8


class Cutter:
    """Finds trees of one order under samples of durations; ``cuts`` of a finished tree are found by ``chosen``."""

    def __init__(self, order: Order[Name], samples: Iterable[Sample]):
        self.order = order
        self.samples = tuple(samples)
        self._finished: dict[Bits, tuple[Tree[int], tuple[tuple[Bits, Bits], ...], float]] = {}
        self._rough: dict[Bits, Tree[int]] = {}

    def finish(self, within: Bits) -> tuple[Tree[int], tuple[tuple[Bits, Bits], ...]]:
        """The tree of a set of elements, and the cuts that it needed, outer ones first."""
        tree, cuts, _ = self._finish(within)
        return tree, cuts

    def _finish(self, within: Bits) -> tuple[Tree[int], tuple[tuple[Bits, Bits], ...], float]:
        if within not in self._finished:
            tree, cuts = self._build(within)
            self._finished[within] = tree, cuts, self._time(tree)
        return self._finished[within]

    def _build(self, within: Bits) -> tuple[Tree[int], tuple[tuple[Bits, Bits], ...]]:
        if not within & (within - 1):
            return Step(within.bit_length() - 1), ()
        for split, join in ((self.order.parallel_parts, fork), (self.order.serial_parts, sequence)):
            parts = split(within)
            if len(parts) > 1:
                done = [self._finish(part) for part in parts]
                return join([tree for tree, _, _ in done]), tuple(cut for _, cuts, _ in done for cut in cuts)
        return self._cut(within)

    def _cut(self, within: Bits) -> tuple[Tree[int], tuple[tuple[Bits, Bits], ...]]:
        ranked = sorted(self._shortlist(within), key=lambda first: (self._estimate(first, within), first))
        size = within.bit_count()
        best: tuple[Tree[int], tuple[tuple[Bits, Bits], ...]] | None = None
        best_time = 0.0
        for first in ranked[: 6 if size <= 16 else 2 if size <= 24 else 1]:
            (tree_a, cuts_a, _), (tree_b, cuts_b, _) = self._finish(first), self._finish(within & ~first)
            tree = sequence([tree_a, tree_b])
            time = self._time(tree)
            if best is None or time < best_time:
                best, best_time = (tree, ((first, within & ~first), *cuts_a, *cuts_b)), time
        levels = self._by_levels(within)
        if best is None or self._time(levels) < best_time * (1 - 1e-9):
            return levels, tuple(self._level_cuts(within))
        return best

    def _time(self, tree: Tree[int]) -> float:
        return fmean(finish(tree, 0.0, sample.end) for sample in self.samples)

    def _estimate(self, first: Bits, within: Bits) -> float:
        """The time of a cut whose sides are finished roughly."""
        return self._time(sequence([self._roughly(first), self._roughly(within & ~first)]))

    def _roughly(self, within: Bits) -> Tree[int]:
        """A tree in which whatever is not series-parallel goes by levels."""
        if within not in self._rough:
            self._rough[within] = self._rough_build(within)
        return self._rough[within]

    def _rough_build(self, within: Bits) -> Tree[int]:
        if not within & (within - 1):
            return Step(within.bit_length() - 1)
        if len(parts := self.order.parallel_parts(within)) > 1:
            return fork([self._roughly(part) for part in parts])
        if len(parts := self.order.serial_parts(within)) > 1:
            return sequence([self._roughly(part) for part in parts])
        return self._by_levels(within)

    def _by_levels(self, within: Bits) -> Tree[int]:
        return sequence([fork([Step(element) for element in members(level)]) for level in self._levels(within)])

    def _levels(self, within: Bits) -> Iterator[Bits]:
        while within:
            level = self.order.minimal(within)
            yield level
            within &= ~level

    def _level_cuts(self, within: Bits) -> Iterator[tuple[Bits, Bits]]:
        for level in self._levels(within):
            within &= ~level
            if within:
                yield level, within

    def _candidates(self, within: Bits) -> Iterator[Bits]:
        """Down-sets: what every level, earliest and latest, has before it, and the surroundings of elements."""
        below = 0
        for level in self._levels(within):
            below |= level
            yield below
        rest = within
        while rest:
            rest &= ~self.order.maximal(rest)
            yield rest
        order, elements = self.order, list(members(within))
        groups: list[tuple[int, ...]] = [(element,) for element in elements]
        if len(elements) <= _PAIRS_UP_TO:
            groups.extend(combinations(elements, 2))
        for group in groups:
            before = after = own = 0
            for element in group:
                before |= order.before[element]
                after |= order.after[element]
                own |= 1 << element
            yield before & within
            yield (before | own) & within
            yield within & ~(after | own)
            yield within & ~after

    def _shortlist(self, within: Bits) -> list[Bits]:
        """The candidates that look best by the bound of their critical paths, and those that add the fewest pairs.

        The longest way that ends at an element of a down-set lies in it, so a side's critical path is a maximum.
        """
        found = dict.fromkeys(first for first in self._candidates(within) if 0 < first < within)
        heads, tails = self._ways(within)

        def bound(first: Bits) -> float:
            a, b = list(members(first)), list(members(within & ~first))
            return sum(
                max(map(head.__getitem__, a)) + max(map(tail.__getitem__, b))
                for head, tail in zip(heads, tails, strict=True)
            )

        bounds = {first: bound(first) for first in found}
        added = {first: sum(1 for _ in self.added(first, within & ~first)) for first in found}
        by_time = sorted(found, key=lambda first: (bounds[first], added[first], first))[:_BY_TIME]
        by_pairs = sorted(found, key=lambda first: (added[first], bounds[first], first))[:_BY_PAIRS]
        return list(dict.fromkeys(by_time + by_pairs))

    def _ways(self, within: Bits) -> tuple[list[dict[int, float]], list[dict[int, float]]]:
        """For each sample, the longest way inside a set that ends at, and that starts at, each element."""
        elements = list(members(within))
        heads, tails = [], []
        for sample in self.samples:
            head: dict[int, float] = {}
            tail: dict[int, float] = {}
            for element in elements:
                earlier = (head[other] for other in members(self.order.before[element] & within))
                head[element] = sample.end(element, max(earlier, default=0.0))
            for element in reversed(elements):
                later = (tail[other] for other in members(self.order.after[element] & within))
                tail[element] = sample.durations[element] + max(later, default=0.0)
            heads.append(head)
            tails.append(tail)
        return heads, tails

    def added(self, first: Bits, second: Bits) -> Iterator[tuple[int, int]]:
        """The pairs that a cut orders and that were not ordered before."""
        for element in members(first):
            for other in members(second & ~self.order.after[element]):
                yield element, other
