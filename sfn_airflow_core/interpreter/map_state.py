"""Map: the processor once for each item (or batch), inline or as child executions (asl.md 1.8 and 10)."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from sfn_airflow_core.asl.model import Json, Map
from sfn_airflow_core.interpreter.amounts import optional_number, whole
from sfn_airflow_core.interpreter.children import child_run, supervise
from sfn_airflow_core.interpreter.clock import PARKED, Fibre
from sfn_airflow_core.interpreter.execution import Execution
from sfn_airflow_core.interpreter.failures import TOLERANCE, StateFailed
from sfn_airflow_core.interpreter.map_items import Item, batches, items_of, selected
from sfn_airflow_core.interpreter.map_results import MapRun, map_run_name, run_result
from sfn_airflow_core.interpreter.parallel import stop_all
from sfn_airflow_core.interpreter.run import Run, Stay
from sfn_airflow_core.interpreter.shape import Work, deliver


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How many items may fail: a count and a percentage; either being exceeded fails the Map. Neither given means
    none.
    """

    count: float | None
    percentage: float | None

    def exceeded(self, failed: int, total: int) -> bool:
        """Whether this many failures are too many."""
        if self.count is None and self.percentage is None:
            return failed > 0
        if self.count is not None and failed > self.count:
            return True
        return self.percentage is not None and failed * 100 > self.percentage * total


@dataclass(frozen=True, slots=True)
class Plan:
    """What a Map is about to do: its inputs, how many at a time, and how many may fail."""

    inputs: list[Item]
    window: int
    tolerance: Tolerance


def plan_map(stay: Stay, state: Map) -> Generator[float, None, Plan]:
    """Read and shape the items, and everything else that the state computes before its first iteration."""
    concurrency = 0 if state.max_concurrency is None else whole(stay, state.max_concurrency, "MaxConcurrency")
    tolerance = _tolerance(stay, state) if state.mode == "DISTRIBUTED" else Tolerance(None, None)
    items = yield from items_of(stay, state)
    inputs = batches(stay, state, selected(stay, state, items))
    limits = stay.run.world.limits
    cap = limits.inline_concurrency if state.mode == "INLINE" else limits.distributed_concurrency
    return Plan(inputs, min(concurrency or cap, cap), tolerance)


def run_map(stay: Stay, state: Map) -> Work:
    """Run the processor for every item and hand on the results in the order of the items."""
    plan = yield from plan_map(stay, state)
    result = yield from (_inline if state.mode == "INLINE" else _distributed)(stay, state, plan)
    return deliver(stay, result, state.next)


def _tolerance(stay: Stay, state: Map) -> Tolerance:
    count = state.tolerated_failure_count
    number = None if count is None else float(whole(stay, count, "ToleratedFailureCount"))
    percentage = optional_number(stay, state.tolerated_failure_percentage, "ToleratedFailurePercentage")
    if percentage is not None and not 0 <= percentage <= 100:
        raise stay.broken("ToleratedFailurePercentage must be between 0 and 100.")
    return Tolerance(number, percentage)


class Window:
    """Keeps a Map's iterations going, no more than ``limit`` of ``count`` at a time, in order."""

    def __init__(self, own: Fibre, count: int, limit: int):
        self._own, self._count, self._limit = own, count, limit
        self._running: dict[Fibre, int] = {}
        self._started = 0

    @property
    def is_open(self) -> bool:
        """Whether anything is running or still to be started."""
        return bool(self._running) or self._started < self._count

    def next_number(self) -> int | None:
        """The number of the iteration to start now; None if enough are running, or all have been started."""
        if self._started == self._count or len(self._running) >= self._limit:
            return None
        self._started += 1
        return self._started - 1

    def add(self, number: int, fibre: Fibre) -> None:
        """Note that an iteration has been started."""
        self._running[fibre] = number

    def ended(self) -> list[tuple[int, Fibre]]:
        """The iterations that have ended since the last time."""
        ended = [(self._running.pop(fibre), fibre) for fibre in self._own.ended]
        self._own.ended.clear()
        return ended


def _inline(stay: Stay, state: Map, plan: Plan) -> Generator[float, None, Json]:
    """Iterations in the execution itself: the first that fails stops the others, and its error is the Map's."""
    inputs, own = plan.inputs, _own(stay)
    stay.event("MapStateStarted", length=len(inputs))
    outputs: dict[int, Json] = {}
    window = Window(own, len(inputs), plan.window)
    while window.is_open:
        while (number := window.next_number()) is not None:
            stay.event("MapIterationStarted", name=state.name, index=number)
            frame = stay.frame.inner(state.name, number, {"Item": inputs[number].context})
            steps = stay.run.world.run_states(frame, state.processor, inputs[number].input)
            frame.fibre = stay.clock.start(steps, own, frame.order)
            window.add(number, frame.fibre)
        yield PARKED
        for number, ended in window.ended():
            kind = "MapIterationSucceeded" if ended.failure is None else "MapIterationFailed"
            stay.event(kind, name=state.name, index=number)
            if ended.failure is not None:
                stop_all(stay, own)
                stay.event("MapStateFailed", error=ended.failure.error, cause=ended.failure.cause)
                raise ended.failure.inside()
            outputs[number] = ended.output
    stay.event("MapStateSucceeded")
    return [outputs[number] for number in range(len(inputs))]


def _distributed(stay: Stay, state: Map, plan: Plan) -> Generator[float, None, Json]:
    """Items as child executions, which see nothing of the parent's variables and have a context object of their own."""
    inputs, own, label = plan.inputs, _own(stay), map_run_name(stay, state)
    stay.event("MapStateStarted", length=len(inputs))
    stay.event("MapRunStarted", mapRunArn=label.arn)
    finished: dict[int, tuple[Run, Execution]] = {}
    running: dict[int, Run] = {}
    window, failed, total = Window(own, len(inputs), plan.window), 0, sum(item.size for item in inputs)
    while window.is_open:
        while (number := window.next_number()) is not None:
            running[number], fibre = _start(stay, state, label, number, inputs[number])
            window.add(number, fibre)
        yield PARKED
        for number, ended in window.ended():
            execution = _execution(stay.run, ended)
            finished[number] = running.pop(number), execution
            # A batch that fails counts as all of its items (Developer Guide, tolerated failure threshold).
            failed += 0 if execution.status == "SUCCEEDED" else inputs[number].size
            if execution.status != "SUCCEEDED" and plan.tolerance.exceeded(failed, total):
                stop_all(stay, own)
                failure = StateFailed(TOLERANCE, "The specified tolerated failure threshold was exceeded")
                stay.event("MapRunFailed", error=failure.error, cause=failure.cause)
                stay.event("MapStateFailed", error=failure.error, cause=failure.cause)
                raise failure
    stay.event("MapRunSucceeded")
    stay.event("MapStateSucceeded")
    return (yield from run_result(stay, state, label, [finished[number] for number in range(len(inputs))]))


def _start(stay: Stay, state: Map, label: MapRun, number: int, item: Item) -> tuple[Run, Fibre]:
    """Start one child execution."""
    kind = state.execution_type or "STANDARD"
    child = child_run(stay.run, state.processor, item.input, f"{label.uuid}-{number}", label.machine, kind)
    child.index = number
    place, order = (*stay.frame.place, (state.name, number)), (*stay.frame.order, number)
    fibre = Fibre(order, parent=_own(stay))
    stay.clock.adopt(fibre, supervise(stay.run, child, state.processor, fibre, place, order))
    return child, fibre


def _own(stay: Stay) -> Fibre:
    fibre = stay.frame.fibre
    assert fibre is not None
    return fibre


def _execution(run: Run, ended: Fibre) -> Execution:
    assert isinstance(ended.output, dict)
    number = ended.output["execution"]
    assert isinstance(number, int)
    return run.children[number]
