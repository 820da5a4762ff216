"""Cooperative branches on a virtual clock: no threads, no sleeping, the same order every time.

A fibre is a generator that yields the absolute second at which it wants to go on (``PARKED`` to be woken by the end
of a child only). What runs next is the fibre with the earliest time; at equal times the one that comes first in the
definition (``order``: the branch or iteration numbers from the outside in; a parent comes before its children). A
fibre runs on without interruption as long as it takes no time.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TypeAlias

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.interpreter.failures import StateFailed

PARKED = math.inf
"""The time at which a parked fibre goes on by itself: never."""

Steps: TypeAlias = "Generator[float, None, Json]"
"""Work that may take time; yields seconds, returns its output, raises StateFailed."""


@dataclass(slots=True, eq=False)
class Fibre:
    """A branch of work with its outcome: ``output`` or ``failure`` once ``done``; ``ended`` are children that are
    done.
    """

    order: tuple[int, ...]
    steps: Steps | None = None
    parent: Fibre | None = None
    output: Json = None
    failure: StateFailed | None = None
    done: bool = False
    ticket: int = 0
    children: dict[Fibre, None] = field(default_factory=dict)
    ended: list[Fibre] = field(default_factory=list)


class Clock:
    """The virtual clock and everything that waits on it; ``now`` is in seconds."""

    def __init__(self) -> None:
        self.now = 0.0
        self._queue: list[tuple[float, tuple[int, ...], int, Fibre, int]] = []
        self._numbers = itertools.count()

    def start(self, steps: Steps, parent: Fibre | None, order: tuple[int, ...]) -> Fibre:
        """Queue work at the present time; it begins when its turn comes."""
        fibre = Fibre(order, None, parent)
        self.adopt(fibre, steps)
        return fibre

    def adopt(self, fibre: Fibre, steps: Steps) -> None:
        """Queue a fibre that was made beforehand, because its own steps refer to it."""
        fibre.steps = steps
        if fibre.parent is not None:
            fibre.parent.children[fibre] = None
        self._push(self.now, fibre)

    def stop(self, fibre: Fibre) -> None:
        """Stop a fibre and everything below it, deepest and last first, without a result."""
        if fibre.parent is not None:
            fibre.parent.children.pop(fibre, None)
        pending: list[Fibre] = [fibre]
        found: list[Fibre] = []
        while pending:
            found.append(pending.pop())
            pending.extend(found[-1].children)
        for inner in reversed(found):
            if not inner.done:
                inner.done = True
                if inner.steps is not None:
                    inner.steps.close()
                    inner.steps = None

    def run(self, main: Fibre, until: float) -> bool:
        """Run everything up to and including the second ``until``; whether ``main`` was done by then."""
        queue = self._queue
        while queue and not main.done:
            at, _, _, fibre, ticket = queue[0]
            if fibre.done or ticket != fibre.ticket:
                heapq.heappop(queue)
                continue
            if at > until:
                self.now = until
                return main.done
            heapq.heappop(queue)
            self.now = max(self.now, at)
            self._step(fibre)
        return main.done

    def _push(self, at: float, fibre: Fibre) -> None:
        fibre.ticket += 1
        heapq.heappush(self._queue, (at, fibre.order, next(self._numbers), fibre, fibre.ticket))

    def _step(self, fibre: Fibre) -> None:
        assert fibre.steps is not None
        try:
            at = next(fibre.steps)
        except StopIteration as stop:
            fibre.output = stop.value
            self._end(fibre)
        except StateFailed as failure:
            fibre.failure = failure
            self._end(fibre)
        else:
            self._push(self.now if fibre.ended else at, fibre)

    def _end(self, fibre: Fibre) -> None:
        fibre.done, fibre.steps = True, None
        parent = fibre.parent
        if parent is not None:
            parent.children.pop(fibre, None)
            if not parent.done:
                parent.ended.append(fibre)
                self._push(self.now, parent)
