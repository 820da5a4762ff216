"""One state alone, with its work replaced by a given result or error: what AWS's TestState does."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from random import Random
from typing import Literal

from sfn_airflow_core.asl.model import (
    Choice,
    Fail,
    Given,
    Json,
    Machine,
    Map,
    Parallel,
    Pass,
    State,
    Succeed,
    Task,
    Wait,
)
from sfn_airflow_core.expr.jsonata import Library
from sfn_airflow_core.interpreter.clock import Clock, Steps
from sfn_airflow_core.interpreter.engine import enter, run_states
from sfn_airflow_core.interpreter.execution import Limits, Options, ServiceCall
from sfn_airflow_core.interpreter.failures import TOLERANCE, StateFailed
from sfn_airflow_core.interpreter.guard import caught, delay, first_answer, most_attempts
from sfn_airflow_core.interpreter.map_state import plan_map
from sfn_airflow_core.interpreter.program import prepare
from sfn_airflow_core.interpreter.replies import MissingReply, Reply
from sfn_airflow_core.interpreter.run import Frame, Run, Stay, World
from sfn_airflow_core.interpreter.shape import Step, Work, deliver, effective, hand_on
from sfn_airflow_core.interpreter.task import run_task
from sfn_airflow_core.interpreter.visits import choose, fail, leave_pass, wait

_DEFAULTS = Options()


@dataclass(frozen=True, slots=True)
class Mock:
    """What stands for the work of a Task, Parallel or Map.

    ``result`` or ``error``; ``retries`` were made before by the retrier that matches; ``failures`` items of a Map have
    failed; ``items`` are what an ItemReader gives.
    """

    result: Given | None = None
    error: str | None = None
    cause: str | None = None
    retries: int = 0
    failures: int = 0
    items: Given | None = None

    def answer(self, call: ServiceCall) -> Reply:
        """The reply to the state's own call, so that a mock can stand for replies."""
        if call.purpose == "reader" and self.items is not None:
            return Reply("result", self.items.value)
        if self.error is not None:
            return Reply("error", None, self.error, self.cause)
        if self.result is None:
            raise MissingReply(call)
        return Reply("result", self.result.value)


@dataclass(frozen=True, slots=True)
class Trial:
    """How the state was left; ``seconds`` is the wait before the retry that would follow if ``status`` is RETRIABLE."""

    status: Literal["SUCCEEDED", "FAILED", "RETRIABLE", "CAUGHT_ERROR"]
    output: Json = None
    error: str | None = None
    cause: str | None = None
    next: str | None = None
    seconds: float | None = None


def try_state(
    machine: Machine, name: str, input: Json, mock: Mock | None = None, *, options: Options = _DEFAULTS
) -> Trial:
    """Enter one state of a machine (at any depth) with an input, and say how it would be left.

    Raises:
        KeyError: if there is no such state.
        MissingReply: if a Task has no mock.
    """
    state = next((state for state in machine.walk() if state.name == name), None)
    if state is None:
        raise KeyError(name)
    given, clock, random = mock or Mock(), Clock(), Random(options.seed)
    world = World(clock, options, Limits(), given, random, Library(random, lambda: world.moment()), run_states)
    run = Run(world, prepare(machine), options.type, input, options.name, options.machine_name, 0.0)
    first = run.event("ExecutionStarted", 0, input=input)
    frame = Frame(run, dict(options.variables), previous=first)
    trials: list[Trial] = []
    frame.fibre = clock.start(_try(frame, state, input, given, trials), None, ())
    clock.run(frame.fibre, float("inf"))
    return trials[0]


def _try(frame: Frame, state: State, value: Json, mock: Mock, trials: list[Trial]) -> Steps:
    stay = enter(frame, state, value)
    try:
        step = yield from _left(stay, state, mock)
    except StateFailed as failure:
        trials.append(_failed(stay, state, failure, mock))
    else:
        trials.append(Trial("SUCCEEDED", step.output, next=step.next))
    return None


def _left(stay: Stay, state: State, mock: Mock) -> Work:
    match state:
        case Pass():
            return leave_pass(stay, state)
        case Choice():
            return choose(stay, state)
        case Wait():
            return (yield from wait(stay, state))
        case Succeed():
            return hand_on(stay, None)
        case Fail():
            raise fail(stay, state)
        case Task():
            return (yield from run_task(stay, state))
        case Parallel():
            effective(stay)
        case Map():
            yield from _mapped(stay, state, mock)
    return _mocked(stay, state, mock)


def _mapped(stay: Stay, state: Map, mock: Mock) -> Generator[float, None, None]:
    """Failed items count only against a given threshold, and only if the mock is not an error (recorded)."""
    plan = yield from plan_map(stay, state)
    limited = plan.tolerance.count is not None or plan.tolerance.percentage is not None
    if limited and mock.error is None and plan.tolerance.exceeded(mock.failures, len(plan.inputs)):
        raise StateFailed(TOLERANCE, "The specified tolerated failure threshold was exceeded")


def _mocked(stay: Stay, state: Parallel | Map, mock: Mock) -> Step:
    if mock.error is not None:
        raise StateFailed(mock.error, mock.cause)
    if mock.result is None:
        raise MissingReply(ServiceCall(state.name, type(state).__name__, stay.raw, 0, (), 0.0))
    return deliver(stay, mock.result.value, state.next)


def _failed(stay: Stay, state: State, failure: StateFailed, mock: Mock) -> Trial:
    if isinstance(state, Task | Parallel | Map):
        number = first_answer(failure, state.retry)
        if number is not None and mock.retries < most_attempts(stay, state.retry[number]):
            seconds = delay(stay, state.retry[number], mock.retries + 1)
            return Trial("RETRIABLE", error=failure.error, cause=failure.cause, seconds=seconds)
        step = caught(stay, state.catch, failure)
        if step is not None:
            return Trial("CAUGHT_ERROR", step.output, failure.error, failure.cause, step.next)
    return Trial("FAILED", error=failure.error, cause=failure.cause)
