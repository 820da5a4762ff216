"""What an average run of a workflow uses: transitions, requests, task instances and the time they hold a slot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, prod
from typing import Final

from sfn_airflow_core.asl.model import Map, Pointer, nested
from sfn_airflow_core.compare.overheads import Overheads
from sfn_airflow_core.compare.steps import (
    Billing,
    Children,
    Extra,
    Plan,
    Run,
    Step,
    TaskShape,
    Workflow,
    express_children,
)
from sfn_airflow_core.compare.walk import concurrency
from sfn_airflow_core.interpreter.execution import Place

BASE_MEMORY_MB: Final = 50
"""Memory of an Express execution before its definition and data (AWS pricing page)."""
CHUNK_MB: Final = 64
ASSUMED_PAYLOAD: Final = 1024
"""Bytes of a payload where no run says more."""
SERVERLESS_MINIMUM: Final = 60.0
"""Seconds that MWAA Serverless bills for a task at least."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Per run, weighted over the runs of a workflow; numbers are averages, ``peak`` and ``memory_mb`` the largest.

    ``transitions`` are all state transitions on Step Functions Standard: of the run itself (``own``) and of the
    Standard child executions of distributed Maps. ``requests`` and ``request_gb_seconds`` are those of Express
    children. ``express_*`` are the same if the workflow itself ran as Express. ``slot_seconds`` is how long Airflow
    tasks hold worker slots, ``deferred_seconds`` how long they wait in a triggerer, ``serverless_seconds`` what MWAA
    Serverless bills. ``bursts`` are stretches of a run by the number of slots held at once, ``(slots, seconds)``;
    ``peaks`` the most of each run, ``(slots, share of runs)``.
    """

    runs: int
    own: float
    child_transitions: float
    requests: float
    request_gb_seconds: float
    seconds: float
    express_gb_seconds: float
    memory_mb: int
    tasks: float
    skipped: float
    slot_seconds: float
    deferred_seconds: float
    serverless_tasks: float
    serverless_seconds: float
    peak: int
    bursts: tuple[tuple[float, float], ...]
    peaks: tuple[tuple[float, float], ...]
    retries: float

    @property
    def transitions(self) -> float:
        """State transitions that Standard bills."""
        return self.own + self.child_transitions


def measure(workflow: Workflow, overheads: Overheads) -> Usage:
    """The usage of a workflow. Needs at least one run."""
    return merged([(run.weight, _one(workflow, run, overheads)) for run in workflow.runs])


def merged(rows: Sequence[tuple[float, Usage]]) -> Usage:
    """The usage of an average run among some kinds of runs with their weights."""
    total = sum(weight for weight, _ in rows)
    shares = [(weight / total, row) for weight, row in rows]
    bursts: dict[float, float] = {}
    peaks: dict[float, float] = {}
    for share, row in shares:
        for slots, seconds in row.bursts:
            bursts[slots] = bursts.get(slots, 0.0) + share * seconds
        for slots, part in row.peaks:
            peaks[slots] = peaks.get(slots, 0.0) + share * part
    return Usage(
        runs=sum(row.runs for _, row in rows),
        memory_mb=max(row.memory_mb for _, row in rows),
        peak=max(row.peak for _, row in rows),
        bursts=tuple(sorted(bursts.items())),
        peaks=tuple(sorted(peaks.items())),
        **{name: sum(share * float(getattr(row, name)) for share, row in shares) for name in _AVERAGED},
    )


_AVERAGED: Final = (
    "own",
    "child_transitions",
    "requests",
    "request_gb_seconds",
    "seconds",
    "express_gb_seconds",
    "tasks",
    "skipped",
    "slot_seconds",
    "deferred_seconds",
    "serverless_tasks",
    "serverless_seconds",
    "retries",
)


def _one(workflow: Workflow, run: Run, overheads: Overheads) -> Usage:
    plan = workflow.plan
    kinds = dict.fromkeys(("parent", "standard child", "express child"), 0)
    for step in run.steps:
        kinds[plan.billing[step.at]] += step.times * step.tries
    children = express_children(plan, run)
    payload = run.payload or ASSUMED_PAYLOAD
    memory = memory_mb(plan, payload, 1)
    tasks = _Tasks(plan, workflow, overheads)
    for step in run.steps:
        tasks.add(step)
    for extra in workflow.extras:
        tasks.extra(extra)
    skipped, bursts = _skipped(workflow, run), _bursts(tasks.stretches())
    return Usage(
        runs=1,
        own=kinds["parent"],
        child_transitions=kinds["standard child"],
        requests=sum(child.count for child in children),
        request_gb_seconds=sum(gb_seconds(child, memory) for child in children),
        seconds=run.seconds,
        express_gb_seconds=gb_seconds(Children(1, run.seconds), memory_mb(plan, payload, width(run, plan))),
        memory_mb=memory_mb(plan, payload, width(run, plan)),
        tasks=tasks.count,
        skipped=skipped,
        slot_seconds=tasks.slots + skipped * overheads.slot,
        deferred_seconds=tasks.deferred,
        serverless_tasks=tasks.count,
        serverless_seconds=tasks.serverless,
        peak=(peak := max((slots for slots, _ in bursts), default=0)),
        peaks=((float(peak), 1.0),),
        bursts=tuple((float(slots), seconds) for slots, seconds in bursts),
        retries=sum((step.tries - 1) * step.times for step in run.steps),
    )


class _Tasks:
    """The Airflow tasks of one run."""

    def __init__(self, plan: Plan, workflow: Workflow, overheads: Overheads):
        self.plan, self.workflow, self.overheads = plan, workflow, overheads
        self.count, self.slots, self.deferred, self.serverless = 0.0, 0.0, 0.0, 0.0
        self.held: dict[Place, list[tuple[float, float, int]]] = {}
        self.looking: set[tuple[Pointer, Place]] = set()
        self.spare: dict[Place, float] = {}  # billed already, of the minute that a task that looks again is billed for

    def add(self, step: Step) -> None:
        shape = self.workflow.shape(step.at)
        state = self.plan.state(step.at)
        again = shape.once and (step.at, step.place) in self.looking
        own = 0.0 if shape.part or (again and shape.main == "worker") else self.overheads.slot
        holds = not nested(state) and shape.main == "worker"
        work = step.busy if not nested(state) else 0.0
        self.count += 0 if again else shape.tasks * step.times
        self.deferred += work * step.times if shape.main == "deferred" else 0.0
        starts = 2 if shape.main == "deferred" and not nested(state) and not shape.once else 1
        main = 0.0 if shape.main == "none" else own * starts * step.tries + (work if holds else 0.0)
        self.slots += (main + own * shape.small) * step.times
        self.serverless += self.billed(step, shape, work, again) * step.times
        if shape.once:
            self.looking.add((step.at, step.place))
        if holds:
            waves = ceil(step.times / self.cap(step.at, step.times))
            held = (step.entered, work * waves, ceil(step.times / waves))
            self.held.setdefault(step.place, []).append(held)

    def billed(self, step: Step, shape: TaskShape, work: float, again: bool) -> float:
        """What MWAA Serverless bills for a stay: a minute at least for each task, its whole time for a long one."""
        if shape.part or again:
            spare = self.spare.get(step.place, 0.0)
            self.spare[step.place] = max(0.0, spare - work)
            return max(0.0, work - spare)
        if shape.once:
            self.spare[step.place] = max(0.0, SERVERLESS_MINIMUM - work)
        main = max(SERVERLESS_MINIMUM, work) if shape.main != "none" else 0.0
        return main + SERVERLESS_MINIMUM * shape.small

    def cap(self, at: Pointer, times: int) -> int:
        """How many of a state run at once at most, by the Maps around it; a walk does not go through their waves."""
        around = [s for a, s in self.plan.states.items() if isinstance(s, Map) and at.startswith(f"{a}/")]
        return prod(map(concurrency, around)) if around and times > 1 else times

    def extra(self, extra: Extra) -> None:
        """Adds a task that stands for no state."""
        self.count += 1
        self.slots += self.overheads.slot + (extra.seconds if extra.main == "worker" else 0.0)
        self.deferred += extra.seconds if extra.main == "deferred" else 0.0
        self.serverless += max(SERVERLESS_MINIMUM, extra.seconds)

    def stretches(self) -> Iterator[tuple[float, float, int]]:
        """When slots are held by work; branches and iterations without any hold one for a moment.

        Starting a task is left out: on the clock of the run it takes no time, so it would seem to overlap.
        """
        for held in self.held.values():
            working = [(start, start + work, times) for start, work, times in held if work]
            start, _, times = max(held, key=lambda entry: entry[2])
            yield from working or [(start, start + self.overheads.slot, times)]


@dataclass(frozen=True, slots=True)
class Share:
    """What one state contributes to an average run."""

    name: str
    stays: float
    transitions: float
    tasks: float
    slot_seconds: float
    serverless_seconds: float
    billed: Billing


def by_state(workflow: Workflow, overheads: Overheads) -> list[Share]:
    """The usage of an average run, state by state."""
    sums = {at: [0.0] * 5 for at in workflow.plan.states}
    for run in workflow.runs:
        part, tasks = run.weight / workflow.weight, _Tasks(workflow.plan, workflow, overheads)
        for step in run.steps:
            before = (tasks.count, tasks.slots, tasks.serverless)
            tasks.add(step)
            after = (tasks.count, tasks.slots, tasks.serverless)
            added = (step.times, step.times * step.tries, *(a - b for a, b in zip(after, before, strict=True)))
            sums[step.at] = [known + part * more for known, more in zip(sums[step.at], added, strict=True)]
    plan = workflow.plan
    shares = [
        Share(plan.state(at).name, stays, transitions, count, slots, serverless, plan.billing[at])
        for at, (stays, transitions, count, slots, serverless) in sums.items()
    ]
    return [*shares, *(_extra_share(workflow, overheads, extra) for extra in workflow.extras)]


def _extra_share(workflow: Workflow, overheads: Overheads, extra: Extra) -> Share:
    tasks = _Tasks(workflow.plan, workflow, overheads)
    tasks.extra(extra)
    return Share(f"task {extra.task}", 0.0, 0.0, tasks.count, tasks.slots, tasks.serverless, "parent")


def _skipped(workflow: Workflow, run: Run) -> int:
    """Tasks of states that a run does not enter: outside Maps they run all the same, to skip themselves.

    That is so in generated DAGs; in others the scheduler marks a task as skipped, and nothing runs.
    """
    if workflow.side is not None:
        return 0
    entered = {step.at for step in run.steps}
    left_out = [workflow.shape(at) for at in workflow.plan.states if at not in entered]
    return sum(shape.tasks for shape in left_out if not shape.mapped)


def _bursts(held: Iterable[tuple[float, float, int]]) -> list[tuple[int, float]]:
    """Stretches of time by the number of slots held."""
    changes: dict[float, int] = {}
    for start, end, times in held:
        changes[start] = changes.get(start, 0) + times
        changes[end] = changes.get(end, 0) - times
    moments = sorted(changes)
    found: dict[int, float] = {}
    busy = 0
    for now, after in pairwise(moments):
        busy += changes[now]
        if busy:
            found[busy] = found.get(busy, 0.0) + after - now
    return sorted(found.items())


def width(run: Run, plan: Plan) -> int:
    """How many branches and iterations hold data at once, for the memory of an Express execution."""
    held = [(s.entered, s.entered + max(s.seconds, 1e-9), s.times) for s in run.steps if not nested(plan.state(s.at))]
    return max((slots for slots, _ in _bursts(held)), default=1)


def memory_mb(plan: Plan, payload: int, width: int) -> int:
    """Memory that an Express execution is billed for, in MB: rounded up to chunks of 64."""
    used = BASE_MEMORY_MB + (plan.size + payload * width) / 1024**2
    return ceil(used / CHUNK_MB) * CHUNK_MB


def gb_seconds(children: Children, memory: int) -> float:
    """GB-seconds that Express bills for equal executions: time rounded up to 100 ms each."""
    tenths = max(1, ceil(round(children.seconds * 10, 6)))
    return children.count * tenths / 10 * memory / 1024
