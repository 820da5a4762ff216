"""Retry and Catch around the work of a Task, Parallel or Map (States Language, Errors; asl.md 6.2 and 6.3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

from sfn_airflow_core.asl.model import Catcher, CatchPath, CatchQuery, Json, Map, Parallel, Placeholder, Retrier, Task
from sfn_airflow_core.interpreter.execution import Retrial
from sfn_airflow_core.interpreter.failures import StateFailed, answers_to
from sfn_airflow_core.interpreter.run import Stay
from sfn_airflow_core.interpreter.shape import Step, Work, assign_paths, assign_queries, output_of, place

Guarded = TypeVar("Guarded", Task, Parallel, Map)
Worker: TypeAlias = Callable[[Stay, Guarded], Work]


def guarded(stay: Stay, state: Guarded, work: Worker[Guarded]) -> Work:
    """Do the work, again as long as a retrier says so; hand a remaining failure to the first catcher that matches.

    Counters belong to the retriers of this stay: they go on counting when other errors come between. The first retrier
    that matches decides; if it is exhausted, later ones are not asked.
    """
    counters = [0] * len(state.retry)
    while True:
        try:
            return (yield from work(stay, state))
        except StateFailed as failure:
            number = first_answer(failure, state.retry)
            if number is not None and counters[number] < most_attempts(stay, state.retry[number]):
                counters[number] += 1
                yield from _pause(stay, failure, number, counters[number], state.retry[number])
                continue
            step = caught(stay, state.catch, failure)
            if step is None:
                raise
            return step


def first_answer(failure: StateFailed, guards: Sequence[Retrier | Catcher]) -> int | None:
    """Which retrier or catcher matches first."""
    return next((n for n, guard in enumerate(guards) if answers_to(failure, guard.error_equals)), None)


def most_attempts(stay: Stay, retrier: Retrier) -> int:
    """How often a retrier retries at most."""
    return int(_number(stay, retrier.max_attempts))


def _number(stay: Stay, value: float | Placeholder) -> float:
    if isinstance(value, Placeholder):
        raise stay.broken(f"The substitution ${{{value.name}}} of a retrier is open.")
    return value


def delay(stay: Stay, retrier: Retrier, number: int) -> float:
    """Seconds before the ``number``-th retry by this retrier; with full jitter, drawn evenly from 0 to that."""
    interval, rate = _number(stay, retrier.interval_seconds), _number(stay, retrier.backoff_rate)
    try:
        seconds = float(interval * rate ** (number - 1))
    except OverflowError:
        seconds = float("inf")
    if retrier.max_delay_seconds is not None:
        seconds = min(seconds, _number(stay, retrier.max_delay_seconds))
    if retrier.jitter_strategy == "FULL":
        seconds = stay.run.world.random.uniform(0, min(seconds, 1e9))
    return seconds


def _pause(stay: Stay, failure: StateFailed, number: int, count: int, retrier: Retrier) -> Work:
    seconds = delay(stay, retrier, count)
    now, record = stay.clock.now, stay.run.world.record
    record.retries.append(Retrial(stay.state.name, stay.frame.place, now, failure.error, number, count, seconds))
    record.transitions += 1
    stay.attempt += 1
    stay.visit.retries += 1
    if seconds > 0:
        yield now + seconds
    return Step(None, None)


def caught(stay: Stay, catchers: tuple[Catcher, ...], failure: StateFailed) -> Step | None:
    """What the first matching catcher hands on; not touched by the state's own ResultSelector or OutputPath
    (recorded).
    """
    number = first_answer(failure, catchers)
    if number is None:
        return None
    catcher, output = catchers[number], failure.output
    error: Json = {**output}
    stay.visit.error, stay.visit.cause, stay.visit.caught = failure.error, failure.cause, True
    assigned: dict[str, Json] | None = None
    match catcher.flow:
        case CatchPath():
            result = place(stay, catcher.flow.result_path, error)
            if catcher.assign is not None:
                assigned = assign_paths(stay, catcher.assign, error)
        case CatchQuery():
            result = output_of(stay, catcher.flow.output, error, errorOutput=error)
            if catcher.assign is not None:
                assigned = assign_queries(stay, catcher.assign, errorOutput=error)
    return Step(result, catcher.next, assigned, "catch")
