"""The clock of all states: what asks for the time, or lets it pass in its process, does so here.

A DAG is verified on a clock of its own, which takes the place of this one.
"""

from __future__ import annotations

import signal
import time
from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def hold(seconds: float) -> None:
    """Wait in this process."""
    time.sleep(seconds)


def alarm(seconds: float) -> float:
    """Have SIGALRM sent after so many seconds, or not at all (0); gives how many were left until it would have been."""
    return signal.setitimer(signal.ITIMER_REAL, seconds)[0]
