"""How long a run takes by its critical path: steps that wait for each other, each with the overhead of its side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from math import ceil

from sfn_airflow_core.asl.model import Map, Parallel, Pointer
from sfn_airflow_core.compare.overheads import Overheads
from sfn_airflow_core.compare.steps import Plan, Run, Side, Step, Workflow
from sfn_airflow_core.compare.walk import concurrency
from sfn_airflow_core.interpreter.execution import Place


@dataclass(frozen=True, slots=True)
class Chain:
    """Steps one after the other: how many hops, and seconds of work among them."""

    hops: float = 0.0
    work: float = 0.0

    def then(self, other: Chain) -> Chain:
        """Both, one after the other."""
        return Chain(self.hops + other.hops, self.work + other.work)

    def seconds(self, overhead: float) -> float:
        """How long it takes when each hop costs ``overhead`` seconds."""
        return self.work + self.hops * overhead


@dataclass(frozen=True, slots=True)
class Latency:
    """The critical path of one run on each side, in hops, and the time that follows for each way of running it.

    ``task_path`` are the tasks of a given DAG on the path on Airflow.
    """

    run: str
    transitions: float
    tasks: float
    work: float
    seconds: dict[str, float]
    path: tuple[str, ...]
    task_path: tuple[str, ...] = ()


def latency(workflow: Workflow, overheads: Overheads) -> Latency:
    """The slowest run's critical path; works with runs of any origin."""
    found = [(_machine_side(workflow, run, overheads), run) for run in workflow.runs]
    (chain, path), run = max(found, key=lambda entry: entry[0][0].seconds(overheads.step_functions))
    airflow, tasks = _airflow_side(workflow, run, overheads.mwaa)
    ours = _airflow_side(workflow, run, overheads.airflow)[0]
    return Latency(
        run=run.id,
        transitions=chain.hops,
        tasks=airflow.hops,
        work=chain.work,
        seconds={
            "step-functions": chain.seconds(overheads.step_functions),
            "airflow": ours.seconds(overheads.airflow),
            "mwaa": airflow.seconds(overheads.mwaa),
            "mwaa-serverless": _airflow_side(workflow, run, overheads.serverless)[0].seconds(overheads.serverless),
        },
        path=tuple(path),
        task_path=tuple(tasks) if workflow.side else (),
    )


def _machine_side(workflow: Workflow, run: Run, overheads: Overheads) -> tuple[Chain, list[str]]:
    return critical(workflow.plan, run, lambda step: float(step.tries), overheads.step_functions)


def _airflow_side(workflow: Workflow, run: Run, overhead: float) -> tuple[Chain, list[str]]:
    if workflow.side is not None and workflow.side.edges:
        return along_dag(workflow.plan, workflow.side, run, overhead)

    looking: set[tuple[Pointer, Place]] = set()

    def hops(step: Step) -> float:
        shape = workflow.shape(step.at)
        if shape.part or (shape.once and (step.at, step.place) in looking):
            return 0
        if shape.once:
            looking.add((step.at, step.place))
        return (0 if shape.main == "none" else step.tries) + shape.small

    return critical(workflow.plan, run, hops, overhead)


def critical(plan: Plan, run: Run, hops: Callable[[Step], float], overhead: float) -> tuple[Chain, list[str]]:
    """The longest chain of steps of a run, and the names of its states."""
    levels: dict[Place, list[Step]] = {}
    for step in run.steps:
        levels.setdefault(step.place, []).append(step)
    below: dict[tuple[Place, str], dict[Place, None]] = {}
    for place in levels:
        for depth in range(len(place)):
            below.setdefault((place[:depth], place[depth][0]), {})[place[: depth + 1]] = None

    def chain(steps: Sequence[Step]) -> tuple[Chain, list[str]]:
        total, path = Chain(), list[str]()
        for step in steps:
            own, names = single(step)
            total, path = total.then(own), [*path, *names]
        return total, path

    def single(step: Step) -> tuple[Chain, list[str]]:
        state = plan.state(step.at)
        if not isinstance(state, Parallel | Map):
            return Chain(hops(step), step.seconds), [state.name]
        inner = [
            [s for s in levels[place] if step.entered <= s.entered <= step.entered + step.seconds]
            for place in below.get((step.place, state.name), ())
            if place in levels
        ]
        ways = [chain(steps) for steps in inner if steps]
        if not ways:
            return Chain(hops(step), 0.0), [state.name]
        longest, names = max(ways, key=lambda way: way[0].seconds(overhead))
        waves = 1
        if isinstance(state, Map):
            times = sum(max(s.times for s in steps) for steps in inner if steps) / max(1, step.times)
            waves = max(1, ceil(times / concurrency(state)))
        own = Chain(hops(step), 0.0)
        return own.then(Chain(longest.hops * waves, longest.work * waves)), [state.name, *names]

    return chain(levels.get((), []))


def along_dag(plan: Plan, side: Side, run: Run, overhead: float) -> tuple[Chain, list[str]]:
    """The longest chain of a DAG's own tasks in a run; a task takes the time of its states, and is skipped without."""
    own = {task: _task_chain(plan, run, states) for task, states in side.states.items()}
    own |= {extra.task: Chain(1, extra.seconds) for extra in side.extras}
    before: dict[str, list[str]] = {task: [] for task in own}
    for up, down in side.edges:
        before.setdefault(down, []).append(up)
    known: dict[str, tuple[Chain, list[str]]] = {}
    for task in TopologicalSorter(before).static_order():
        ways = [known[up] for up in before.get(task, ())]
        chain, path = max(ways, key=lambda way: way[0].seconds(overhead), default=(Chain(), []))
        mine = own.get(task, Chain())
        known[task] = (chain.then(mine), [*path, task] if mine.hops else path)
    return max(known.values(), key=lambda way: way[0].seconds(overhead), default=(Chain(), []))


def _task_chain(plan: Plan, run: Run, states: Sequence[str]) -> Chain:
    """One hop and the time of a task; a mapped one takes as long as the Map around it."""
    around = [at for at, state in plan.states.items() if isinstance(state, Map) and states[0].startswith(f"{at}/")]
    wanted = around[:1] or list(states)
    seconds: dict[Place, float] = {}
    for step in run.steps:
        if step.at in wanted:
            seconds[step.place] = seconds.get(step.place, 0.0) + step.seconds
    entered = any(step.at == states[0] for step in run.steps)
    return Chain(1, max(seconds.values(), default=0.0)) if entered else Chain()
