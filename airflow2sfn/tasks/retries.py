"""Retries and timeouts of a task as Retry entries and TimeoutSeconds.

Airflow waits ``retry_delay`` before each retry (``BackoffRate`` 1). With exponential backoff the n-th delay is
``retry_delay * multiplier ** (n - 1)`` plus up to as much again (a hash, not chance), at most ``max_retry_delay``; the
state machine waits without the addition. Airflow 3.3 takes ``retry_exponential_backoff`` as the multiplier itself (for
it ``True`` is 1: no growth); in Airflow 2 it is true or false, and the multiplier is 2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from airflow2sfn.source import Known, Task, Value
from sfn_airflow_core.asl.model import Retrier

DEFAULT_DELAY = 300
MOST_DELAY = 86_400
"""Airflow never waits longer than a day."""
MOST_ATTEMPTS = 99_999_999


@dataclass(frozen=True, slots=True)
class Retries:
    """The Retry entries of a task, what Airflow adds to delays, and what is not known when translating."""

    entries: tuple[Retrier, ...] = ()
    jitter: tuple[float, ...] = ()
    unknown: tuple[str, ...] = ()


def seconds(value: Any) -> float | None:
    """Seconds of a ``timedelta`` or a number; nothing for anything else."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def whole(value: float) -> int:
    """Seconds as the States Language takes them; a part of a second counts as one."""
    return max(1, math.ceil(value))


def spoken(value: int) -> str:
    """Seconds in words.

    >>> spoken(300), spoken(86_400), spoken(90)
    ('5 minutes', '1 day', '90 s')
    """
    for size, word in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if value >= size and value % size == 0:
            return f"{value // size} {word}{'s' * (value != size)}"
    return f"{value} s"


def retries(
    task: Task, errors: tuple[str, ...] = ("States.ALL",), never: tuple[str, ...] = (), airflow: str = "3"
) -> Retries:
    """The retries of a task.

    Args:
        task: with ``retries`` and the like among its arguments or defaults.
        airflow: the major version that the file is written for.
        errors: which errors are retried.
        never: errors that end the task at once, although ``errors`` matches them.
    """
    unknown = tuple(
        name
        for name in ("retries", "retry_delay", "retry_exponential_backoff", "max_retry_delay")
        if _open(task.get(name))
    )
    count = task.known("retries", 0)
    if not isinstance(count, int) or count <= 0:
        return Retries(unknown=unknown)
    delay = _first(seconds(task.known("retry_delay")), DEFAULT_DELAY)
    factor = multiplier(task.known("retry_exponential_backoff", False), airflow)
    longest = MOST_DELAY if factor == 1 else min(_first(seconds(task.known("max_retry_delay")), MOST_DELAY), MOST_DELAY)
    retrier = Retrier(
        errors,
        interval_seconds=min(whole(delay), whole(longest)),
        max_attempts=min(count, MOST_ATTEMPTS),
        backoff_rate=factor,
        max_delay_seconds=whole(longest) if factor > 1 and longest < MOST_DELAY else None,
    )
    first = (Retrier(never, max_attempts=0),) if never else ()
    jitter = tuple(min(delay * factor**n, longest) for n in range(min(count, 3))) if factor > 1 else ()
    return Retries((*first, retrier), jitter, unknown)


def multiplier(value: Any, airflow: str = "3") -> float:
    """The factor between delays; 1, without backoff, is also the least that a state machine can have."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 2 if value is True and airflow == "2" else 1
    factor = max(float(value), 1.0)
    return int(factor) if factor.is_integer() else factor


def timeout(task: Task) -> int | None:
    """``execution_timeout`` in seconds."""
    limit = seconds(task.known("execution_timeout"))
    return None if limit is None else whole(limit)


def _open(value: Value | None) -> bool:
    return value is not None and not isinstance(value, Known)


def _first(value: float | None, default: float) -> float:
    return default if value is None else value
