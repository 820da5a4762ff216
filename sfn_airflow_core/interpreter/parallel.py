"""Parallel: branches side by side on the virtual clock."""

from __future__ import annotations

from collections.abc import Generator

from sfn_airflow_core.asl.model import Json, Parallel
from sfn_airflow_core.interpreter.clock import PARKED, Fibre
from sfn_airflow_core.interpreter.failures import BRANCH_FAILED, StateFailed
from sfn_airflow_core.interpreter.run import Stay
from sfn_airflow_core.interpreter.shape import Work, deliver, effective


def run_parallel(stay: Stay, state: Parallel) -> Work:
    """Run all branches with the same input; the first that fails stops the others, which get no further.

    What "first" means is decided by the virtual clock; at equal times, by the order of the branches. A branch that
    takes no time runs to its end before the next one starts: if it fails, the branches behind it have not begun.
    """
    value = effective(stay)
    stay.event("ParallelStateStarted")
    own = stay.frame.fibre
    assert own is not None
    fibres: list[Fibre] = []
    for number, branch in enumerate(state.branches):
        frame = stay.frame.inner(state.name, number)
        frame.fibre = stay.clock.start(stay.run.world.run_states(frame, branch, value), own, frame.order)
        fibres.append(frame.fibre)
    failure = yield from first_failure(stay, fibres)
    if failure is not None:
        stay.event("ParallelStateFailed", error=failure.error, cause=failure.cause)
        raise failure.inside(BRANCH_FAILED)
    stay.event("ParallelStateSucceeded")
    result: list[Json] = [fibre.output for fibre in fibres]
    return deliver(stay, result, state.next)


def first_failure(stay: Stay, fibres: list[Fibre]) -> Generator[float, None, StateFailed | None]:
    """Wait until all fibres are done, or one fails; then the others are stopped."""
    own = stay.frame.fibre
    assert own is not None
    running = len(fibres)
    while running:
        while own.ended:
            ended = own.ended.pop(0)
            running -= 1
            if ended.failure is not None:
                stop_all(stay, own)
                return ended.failure
        if running:
            yield PARKED
    return None


def stop_all(stay: Stay, own: Fibre) -> None:
    """Stop everything that runs below a fibre, and forget what had ended."""
    for fibre in reversed(list(own.children)):
        stay.clock.stop(fibre)
    own.ended.clear()
