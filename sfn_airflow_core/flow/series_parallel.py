"""Series-parallel decomposition: any order of tasks as nested sequences and forks, with order added where it must be.

``decompose`` gives the tree that nested Parallel states can run. Where the order is series-parallel (it contains no N:
a before c and d, b before d only) the tree means exactly the given order. Elsewhere order is added, as little and as
cheaply as found, and each addition is listed with its price on the critical path.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random
from statistics import fmean
from typing import Generic

from sfn_airflow_core.flow.series_parallel_cut import Cutter, Sample
from sfn_airflow_core.flow.series_parallel_order import Bits, Cyclic, Name, Order, members, order_of, reduce_edges
from sfn_airflow_core.flow.series_parallel_tree import (
    Fork,
    Sequence,
    Step,
    Tree,
    finish,
    fork,
    makespan,
    names,
    ordered,
    sequence,
)

__all__ = [
    "Added",
    "Cyclic",
    "Decomposition",
    "Fork",
    "Sequence",
    "Step",
    "Tree",
    "decompose",
    "finish",
    "levels",
    "makespan",
    "names",
    "ordered",
    "reduce_edges",
]

SAMPLES = 12
_SIGMA = 1.0
"""Spread of durations that nobody knows: lognormal around the expected one."""


@dataclass(frozen=True, slots=True)
class Added(Generic[Name]):
    """Order that one cut adds: everything in ``first`` ends before anything in ``second`` starts.

    ``pairs`` are all pairs that were not ordered before; ``direct`` those of them that say it all, between the ends of
    ``first`` and the starts of ``second``. ``price`` is the growth of the critical path, 0.04 for 4 %, as the mean over
    the assumed durations.
    """

    first: tuple[Name, ...]
    second: tuple[Name, ...]
    pairs: tuple[tuple[Name, Name], ...]
    direct: tuple[tuple[Name, Name], ...]
    price: float


@dataclass(frozen=True, slots=True)
class Decomposition(Generic[Name]):
    """A tree over all tasks, and what it orders beyond the given order."""

    tree: Tree[Name]
    added: tuple[Added[Name], ...]


def decompose(
    tasks: Iterable[Name],
    edges: Iterable[tuple[Name, Name]],
    *,
    durations: Mapping[Name, float] | None = None,
    expected: Mapping[Name, float] | None = None,
    waiting: Iterable[Name] = (),
) -> Decomposition[Name]:
    """The region tree of an order.

    Args:
        tasks: all tasks, at least one; where order leaves it open, branches stand in this order.
        edges: pairs of a task and one that starts after its end; redundant pairs do no harm.
        durations: known durations, in any unit.
        expected: guesses for tasks without a known duration, in the same unit (1 otherwise).
        waiting: tasks that only wait for something outside: starting one late costs nothing, but what has to start
            after it waits as well. A guess is then the time from the start of the whole until that has come.

    Raises:
        Cyclic: if the edges are no order.
        ValueError: if there is no task.
    """
    order = order_of(tasks, edges)
    if not order.names:
        raise ValueError("there is no task")
    samples = _samples(order, durations or {}, expected or {}, frozenset(waiting))
    cutter = Cutter(order, samples)
    tree, cuts = cutter.finish(order.all)
    return Decomposition(_named(tree, order), tuple(_priced(order, cuts, samples)))


def levels(tasks: Iterable[Name], edges: Iterable[tuple[Name, Name]]) -> Tree[Name]:
    """The tree of level synchronisation, for comparison: every task as early as its level, a barrier after each."""
    order = order_of(tasks, edges)
    rest, parts = order.all, []
    while rest:
        level = order.minimal(rest)
        parts.append(fork([Step(order.names[element]) for element in members(level)]))
        rest &= ~level
    return sequence(parts)


def _samples(
    order: Order[Name], durations: Mapping[Name, float], expected: Mapping[Name, float], waiting: frozenset[Name]
) -> tuple[Sample, ...]:
    """Assumed times; one sample is enough where all are known."""
    random = Random(20240117)  # any fixed number: the same input must give the same tree
    known = all(name in durations for name in order.names)

    def draw(name: Name) -> float:
        if name in durations:
            return durations[name]
        return expected.get(name, 1.0) * math.exp(random.gauss(0.0, _SIGMA))

    def sample() -> Sample:
        drawn = [(name in waiting, draw(name)) for name in order.names]
        return Sample(
            tuple(0.0 if waits else time for waits, time in drawn),
            tuple(time if waits else 0.0 for waits, time in drawn),
        )

    return tuple(sample() for _ in range(1 if known else SAMPLES))


def _named(tree: Tree[int], order: Order[Name]) -> Tree[Name]:
    match tree:
        case Step(element):
            return Step(order.names[element])
        case Sequence(parts):
            return Sequence(tuple(_named(part, order) for part in parts))
        case Fork(branches):
            return Fork(tuple(_named(branch, order) for branch in branches))


def _priced(
    order: Order[Name], cuts: Iterable[tuple[Bits, Bits]], samples: tuple[Sample, ...]
) -> Iterable[Added[Name]]:
    """The cuts one after the other, each with the growth that it adds to what the earlier ones have cost."""
    before = list(order.before)
    times = [_critical(before, sample) for sample in samples]
    for first, second in cuts:
        pairs = [(a, b) for b in members(second) for a in members(first & ~before[b])]
        ends, starts = order.maximal(first), order.minimal(second)
        for element in members(second):
            before[element] |= first
        now = [_critical(before, sample) for sample in samples]
        price = fmean(new / old - 1 if old else 0.0 for new, old in zip(now, times, strict=True))
        times = now

        def named(bits: Bits) -> tuple[Name, ...]:
            return tuple(order.names[element] for element in members(bits))

        yield Added(
            named(first),
            named(second),
            tuple((order.names[a], order.names[b]) for a, b in pairs),
            tuple((order.names[a], order.names[b]) for a, b in pairs if ends >> a & 1 and starts >> b & 1),
            price,
        )


def _critical(before: list[Bits], sample: Sample) -> float:
    """The longest way through an order; a cut may order a larger number before a smaller one."""
    ends: dict[int, float] = {}
    for element in sorted(range(len(before)), key=lambda number: before[number].bit_count()):
        ends[element] = sample.end(element, max((ends[other] for other in members(before[element])), default=0.0))
    return max(ends.values())
