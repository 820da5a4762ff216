"""What is still to happen in runs on a virtual clock: the earliest first, at equal times in the order of the tasks."""

from __future__ import annotations

import heapq
import itertools
import math
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

Order: TypeAlias = "tuple[int, ...]"
"""Where a task instance stands: the number of its task and its map index, for the runs around it first."""
Action: TypeAlias = "Callable[[Any], None]"
"""What is done when the time has come, with a session of Airflow's database."""


def whole(seconds: float) -> float:
    """The seconds of a wait, of which a little has passed while tasks were at work: waits are of whole seconds."""
    return float(round(seconds + 0.4))


@dataclass(slots=True)
class Agenda:
    """The virtual clock of a run, ``now`` in seconds since its start, and what waits on it."""

    now: float = 0.0
    _queue: list[tuple[float, Order, int, Action, bool]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def add(self, seconds: float, order: Order, action: Action, *, together: bool = False) -> None:
        """Do something so many seconds from now; ``together`` with others of which that is said, at one moment."""
        entry = (self.now + max(seconds, 0.0), order, next(self._numbers), action, together)
        heapq.heappush(self._queue, entry)

    def advance(self, session: Any) -> bool:
        """Go to the earliest moment, and do what comes first then; whether there was anything."""
        if not self._queue:
            return False
        self.now, _, _, action, together = heapq.heappop(self._queue)
        action(session)
        while together and self._queue and self._queue[0][0] == self.now and self._queue[0][-1]:
            _, _, _, action, _ = heapq.heappop(self._queue)
            action(session)
        return True


@dataclass(slots=True)
class Spent:
    """The virtual time that a task instance spends while it runs, which began at ``now``.

    ``began`` is the date at which the virtual clock started.
    """

    now: float = 0.0
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    held: list[float] = field(default_factory=list)
    """The seconds for which it has waited in its process."""
    took: list[float] = field(default_factory=list)
    """The seconds that its calls have taken."""
    repeats: list[tuple[Any, float]] = field(default_factory=list)
    """Delays before the next try of tasks that run inside of it."""
    due: float = math.inf
    """The moment at which it is to get SIGALRM."""

    def hold(self, seconds: float) -> None:
        """Wait in its process."""
        self.held.append(self._passing(seconds))
        self._ring()

    def take(self, seconds: float) -> None:
        """Be at work on a call."""
        self.took.append(self._passing(seconds))
        self._ring()

    def alarm(self, seconds: float) -> float:
        """Have SIGALRM come after so many seconds, or not (0); gives what was left of the alarm before."""
        now = self.now + self.elapsed()
        left, self.due = self.due - now, now + seconds if seconds else math.inf
        return left if left < math.inf else 0.0

    def _passing(self, seconds: float) -> float:
        return min(seconds, max(self.due - self.now - self.elapsed(), 0.0))

    def _ring(self) -> None:
        if self.now + self.elapsed() < self.due:
            return
        self.due = math.inf
        if callable(handler := signal.getsignal(signal.SIGALRM)):
            handler(signal.SIGALRM, None)

    def elapsed(self) -> float:
        """All its seconds so far."""
        return sum((*self.held, *self.took, *(seconds for _, seconds in self.repeats)))

    def date(self) -> datetime:
        """The present moment of the virtual clock."""
        return self.began + timedelta(seconds=self.now + self.elapsed())

    def clear(self) -> None:
        """It is done."""
        self.held.clear()
        self.took.clear()
        self.repeats.clear()
        self.due = math.inf
