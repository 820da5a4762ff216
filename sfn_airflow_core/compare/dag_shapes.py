"""What a DAG's own tasks do to workers: which state each stands for, and what runs besides.

Where a DAG is given, its tasks count, not those of a translation. A task takes as long as the state that it stands
for, because the work is the same; a task without a state takes a time of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Final

from sfn_airflow_core.asl.model import Choice, Machine, Map, Pointer, Task, Wait, nested
from sfn_airflow_core.compare.dag_file import DagFile, DagTask
from sfn_airflow_core.compare.durations import SENSOR, Durations, kind_of
from sfn_airflow_core.compare.operators import EMPTY, calls
from sfn_airflow_core.compare.steps import Extra, Main, Plan, Side, TaskShape
from sfn_airflow_core.compare.structure import Structure, waiting_sensors

_ALWAYS_DEFERRED: Final = ("HITL", "ApprovalOperator", "Async")
_SENSOR: Final = "Sensor"


def side(plan: Plan, structure: Structure, durations: Durations) -> tuple[dict[Pointer, TaskShape], Side]:
    """The tasks of a DAG by the state that they stand for, and the DAG as the Airflow side of a workflow.

    Not for generated DAGs: those are counted as they are translated.
    """
    dag = structure.dag
    tasks = {at: dag.tasks[name] for at, name in structure.tasks.items()}
    waiting = waiting_sensors(dag, tasks.values())
    shapes = {at: TaskShape("none") for at in plan.states}
    states: dict[str, tuple[Pointer, ...]] = {}
    for at, task in tasks.items():
        state, mapped = plan.state(at), _mapped(task, dag)
        if task.operator == "group" or task.operator in EMPTY:
            continue
        states[task.id] = (at,)
        pauses = tuple(_pauses(plan, at)) if _SENSOR in task.operator else ()
        if isinstance(state, Task) and kind_of(state) == "request" and _kind(task) == "job":
            durations.kinds[state.name] = SENSOR if pauses else "job"  # the machine asks again and again
        if isinstance(state, Map) and task.mapped:
            inner = state.processor.states[state.processor.start_at].at
            shapes[inner] = TaskShape(where(task), 0, True)
            continue
        sensor = waiting.get(task.id)
        main, small = (where(sensor), 1) if sensor else (where(task), 0)
        shapes[at] = TaskShape(main, small, mapped)
        if pauses:  # a sensor looks, waits and looks again, as one task
            shapes[at] = TaskShape(main, small, mapped, once=True)
            shapes |= {pause: TaskShape(main, 0, mapped, part=True) for pause in pauses}
            states[task.id] = (at, *pauses)
    used = {task.id for task in tasks.values()} | {task.id for task in waiting.values()}
    extras = tuple(_extras(dag, used, durations))
    return shapes, Side(f"{dag.source}, DAG {dag.dag_id or '?'}", extras, states, tuple(_order(dag)))


def _order(dag: DagFile) -> list[tuple[str, str]]:
    """What waits for what, task by task; nothing where tasks wait for themselves, which Airflow refuses."""
    groups = {name for name, task in dag.tasks.items() if task.operator == "group"}
    edges = [edge for edge in dag.edges if not groups & {*edge}]
    before: dict[str, list[str]] = {}
    for up, down in edges:
        before.setdefault(down, []).append(up)
    try:
        TopologicalSorter(before).prepare()
    except CycleError:
        return []
    return edges


def where(task: DagTask) -> Main:
    """Whether a task holds a worker while it waits."""
    arguments = task.arguments
    if any(word in task.operator for word in _ALWAYS_DEFERRED):
        return "deferred"
    if arguments.get("deferrable") is True or arguments.get("mode") == "reschedule":
        return "deferred"
    return "none" if task.operator in EMPTY else "worker"


def _mapped(task: DagTask, dag: DagFile) -> bool:
    """Whether a task, or a group around it, is mapped."""
    if task.mapped:
        return True
    group = dag.tasks.get(task.group)
    return group is not None and _mapped(group, dag)


def _pauses(plan: Plan, at: Pointer) -> Iterator[Pointer]:
    """The Wait states on the way from a state back to itself through a Choice."""
    states = next((m.states for m in _machines(plan) if any(s.at == at for s in m.states.values())), {})
    state = plan.state(at)
    decision = states.get(getattr(state, "next", None) or "") if isinstance(state, Task) else None
    if isinstance(decision, Choice):
        for name in [rule.next for rule in decision.choices] + [decision.default]:
            pause = states.get(name or "")
            if isinstance(pause, Wait) and pause.next == state.name:
                yield pause.at


def _machines(plan: Plan) -> Iterator[Machine]:
    yield plan.machine
    for state in plan.states.values():
        yield from nested(state)


def _extras(dag: DagFile, used: set[str], durations: Durations) -> Iterator[Extra]:
    for task in dag.tasks.values():
        if task.id in used or task.operator == "group" or task.operator in EMPTY or task.origin:
            continue
        yield Extra(task.id, durations.named(task.id, task.task_id, _kind(task)), where(task))


def _kind(task: DagTask) -> str:
    """Which assumed time a task has; an operator of a job waits for it unless it says otherwise."""
    if _SENSOR in task.operator or any(word in task.operator for word in _ALWAYS_DEFERRED):
        return "job"
    if task.operator.startswith("task") or task.operator.startswith(("Python", "Branch", "ShortCircuit")):
        return "function"
    waits = task.arguments.get("wait_for_completion", True)
    job = any(call.job for call in calls().get(task.operator, ()))
    return "job" if job and waits else "request" if task.operator in calls() else "function"
