"""What a workflow has: the facts of its state machine and of its DAG that architectures are compared by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sfn_airflow_core.asl.model import Choice, Machine, Map, Parallel, Retrier, State, Task, Wait, nested
from sfn_airflow_core.compare.dag_file import DagFile, DagTask
from sfn_airflow_core.compare.dag_shapes import where
from sfn_airflow_core.compare.layout import plural
from sfn_airflow_core.compare.limits import items
from sfn_airflow_core.compare.operators import APPROVING, BRANCHING, WAITING
from sfn_airflow_core.compare.qualify import names
from sfn_airflow_core.compare.steps import Workflow
from sfn_airflow_core.flow.graph import graph
from sfn_airflow_core.interpreter.resource import Resource, parse_resource

NOTHING = "nothing here: "
"""How the fact of a dimension begins with which a workflow has nothing to do."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a state machine has, as names of states; ``wide`` are fan-outs with their width, ``most`` the widest Map."""

    waits: list[str]
    jobs: list[str]
    callbacks: list[str]
    loops: list[str]
    wide: list[str]
    most: float
    choices: list[str]
    caught: list[str]
    retried: list[str]
    functions: list[str]
    children: list[str]
    events: list[str]
    services: list[str]
    states: int


@dataclass(frozen=True, slots=True)
class DagFacts:
    """What a DAG that somebody wrote has, as ids of tasks, and its settings; all empty without one."""

    sensors: list[str]
    people: list[str]
    mapped: list[str]
    branches: list[str]
    rules: list[str]
    retried: list[str]
    python: list[str]
    triggers: list[str]
    pools: list[str]
    limits: list[str]
    assets: list[str]
    callbacks: list[str]
    deferred: list[str]
    schedule: object = None
    catchup: object = None
    max_active_runs: object = None
    tasks: int = 0


def machine_facts(workflow: Workflow) -> Facts:
    """Sort the states of a workflow by what they have."""
    states = list(workflow.plan.states.values())
    tasks = [(state, parse_resource(state.resource)) for state in states if isinstance(state, Task)]
    maps = [state for state in states if isinstance(state, Map)]
    widths = {state.name: items(workflow, state.at) for state in maps}
    return Facts(
        waits=[state.name for state in states if isinstance(state, Wait)],
        jobs=[task.name for task, r in tasks if r.pattern in ("sync", "sync:2")],
        callbacks=[task.name for task, r in tasks if r.pattern == "waitForTaskToken" or r.kind == "activity"],
        loops=list(_loops(workflow.plan.machine)),
        wide=[f"{name} ({'?' if width is None else f'{width:,.0f}'} items)" for name, width in widths.items()]
        + [f"{p.name} ({plural(len(p.branches), 'branch')})" for p in states if isinstance(p, Parallel)],
        most=max((width or 0 for width in widths.values()), default=0),
        choices=[state.name for state in states if isinstance(state, Choice)],
        caught=[state.name for state in states if getattr(state, "catch", ())],
        retried=[state.name for state in states if _retriers(state)],
        functions=[task.name for task, r in tasks if r.service == "lambda"],
        children=[task.name for task, r in tasks if r.action == "startExecution"],
        events=[task.name for task, r in tasks if r.action == "putEvents"],
        services=sorted({_service(r) for _, r in tasks}),
        states=len(states),
    )


def dag_facts(dag: DagFile | None) -> DagFacts:
    """Sort the tasks of a DAG by what they have; a generated one has what its state machine has."""
    tasks = list(dag.tasks.values()) if dag is not None and not dag.generated else []
    work = [task for task in tasks if task.operator != "group"]
    settings = dag.settings if dag is not None else {}
    return DagFacts(
        sensors=_ids(work, lambda t: "Sensor" in t.operator or t.operator in WAITING),
        people=_ids(work, lambda t: t.operator in APPROVING),
        mapped=_ids(tasks, lambda t: t.mapped),
        branches=_ids(work, lambda t: t.operator in BRANCHING),
        rules=[f"{t.id} ({t.trigger_rule})" for t in work if t.trigger_rule != "all_success"],
        retried=_ids(work, lambda t: bool(t.retries)),
        python=_ids(work, lambda t: t.operator.startswith(("task", "Python", "BranchPython", "ShortCircuit"))),
        triggers=_ids(work, lambda t: t.operator in ("TriggerDagRunOperator", "StepFunctionStartExecutionOperator")),
        pools=[f"{t.id} ({t.arguments['pool']})" for t in work if t.arguments.get("pool", _POOL) != _POOL],
        limits=_ids(work, lambda t: any(name.startswith("max_active_tis") for name in t.arguments)),
        assets=_ids(work, lambda t: bool(t.arguments.get("outlets") or t.arguments.get("inlets"))),
        callbacks=list(settings.get("callbacks", ())),
        deferred=_ids(work, lambda t: where(t) == "deferred"),
        schedule=settings.get("schedule"),
        catchup=settings.get("catchup"),
        max_active_runs=settings.get("max_active_runs"),
        tasks=len(work),
    )


_POOL = "default_pool"


def _ids(tasks: Iterable[DagTask], wanted: Callable[[DagTask], bool]) -> list[str]:
    return [task.id for task in tasks if wanted(task)]


def _retriers(state: State) -> tuple[Retrier, ...]:
    return state.retry if isinstance(state, Task | Parallel | Map) else ()


def _service(resource: Resource) -> str:
    return resource.service.removeprefix("aws-sdk:")


def _loops(machine: Machine) -> Iterator[str]:
    for source, target in sorted(graph(machine).back):
        yield f"{source} → {target}"
    for state in machine.states.values():
        for inner in nested(state):
            yield from _loops(inner)


def have(word: str, machine: list[str], other: str = "", dag: list[str] | None = None, *, none: str) -> str:
    """How many of something there are in the state machine and in the DAG, and which.

    ``word`` is the singular, ``other`` that of the DAG; ``none`` says what there is where there is nothing.
    """
    parts = [f"{plural(len(machine), word)}: {names(machine)}"] if machine else []
    if dag:
        parts.append(f"DAG: {plural(len(dag), other or word)}: {names(dag)}")
    return "; ".join(parts) or f"{NOTHING}{none}"
