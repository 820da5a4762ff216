"""The dimensions in which the two architectures differ, each with what this workflow has to do with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sfn_airflow_core.asl.model import Choice, Machine, Map, Parallel, Retrier, State, Task, Wait, nested
from sfn_airflow_core.compare.cost import HOURS, SLOTS, Terms, capacity
from sfn_airflow_core.compare.cost import smallest as smallest_class
from sfn_airflow_core.compare.dag_file import DagFile
from sfn_airflow_core.compare.limits import items
from sfn_airflow_core.compare.qualify import names
from sfn_airflow_core.compare.steps import Workflow
from sfn_airflow_core.compare.usage import Usage
from sfn_airflow_core.flow.graph import graph
from sfn_airflow_core.interpreter.resource import Resource, parse_resource


@dataclass(frozen=True, slots=True)
class Dimension:
    """One dimension: what either side does, what this workflow has of it, and what one side needs to match the other.

    ``match`` is empty where nothing is needed; ``counts`` says whether the dimension matters to this workflow.
    """

    name: str
    step_functions: str
    airflow: str
    here: str
    match: str = ""

    @property
    def counts(self) -> bool:
        """Whether this workflow has something to do with it."""
        return not self.here.startswith("nothing")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a workflow has, as names of states."""

    waits: list[str]
    jobs: list[str]
    callbacks: list[str]
    activities: list[str]
    loops: list[str]
    maps: list[Map]
    parallels: list[Parallel]
    choices: list[str]
    caught: list[str]
    retried: list[str]
    jitter: list[str]
    functions: list[str]
    children: list[str]
    events: list[str]
    services: list[str]
    states: int
    dag: DagFile | None


def facts(workflow: Workflow, dag: DagFile | None) -> Facts:
    """Sort the states of a workflow by what they have."""
    states = list(workflow.plan.states.values())
    tasks = [(state, parse_resource(state.resource)) for state in states if isinstance(state, Task)]
    return Facts(
        waits=[state.name for state in states if isinstance(state, Wait)],
        jobs=[task.name for task, r in tasks if r.pattern in ("sync", "sync:2")],
        callbacks=[task.name for task, r in tasks if r.pattern == "waitForTaskToken"],
        activities=[task.name for task, r in tasks if r.kind == "activity"],
        loops=list(_loops(workflow.plan.machine)),
        maps=[state for state in states if isinstance(state, Map)],
        parallels=[state for state in states if isinstance(state, Parallel)],
        choices=[state.name for state in states if isinstance(state, Choice)],
        caught=[state.name for state in states if getattr(state, "catch", ())],
        retried=[state.name for state in states if _retriers(state)],
        jitter=[state.name for state in states if any(r.jitter_strategy == "FULL" for r in _retriers(state))],
        functions=[task.name for task, r in tasks if r.service == "lambda"],
        children=[task.name for task, r in tasks if r.action == "startExecution"],
        events=[task.name for task, r in tasks if r.action == "putEvents"],
        services=sorted({_service(r) for _, r in tasks}),
        states=len(states),
        dag=dag,
    )


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


def architecture(workflow: Workflow, usage: Usage, terms: Terms, dag: DagFile | None = None) -> list[Dimension]:
    """All dimensions, in the order of the report."""
    found = facts(workflow, dag)
    return [
        *_running(workflow, usage, terms, found),
        *_data(workflow, usage, found),
        *_control(workflow, found),
        *_operation(usage, terms, found),
    ]


def _have(found: list[str], what: str) -> str:
    """How many of something, and which; ``what`` is the plural."""
    word = what.removesuffix("s") if len(found) == 1 else what
    return f"{len(found)} {word}: {names(found)}" if found else "nothing here"


def _running(workflow: Workflow, usage: Usage, terms: Terms, found: Facts) -> Iterator[Dimension]:
    chosen = smallest_class(usage, terms) or "2xlarge"
    yield Dimension(
        "unit of billing",
        "state transition; Express: request and GB-second",
        "environment-hour, further workers; Serverless: task-hour",
        f"{usage.transitions:,.1f} transitions and {usage.tasks:,.1f} tasks per run",
    )
    yield Dimension(
        "cost while idle",
        "none",
        "the environment's price",
        f"{terms.runs:,.0f} runs a month keep {terms.runs * usage.seconds / HOURS / 36:,.1f} % of the time busy",
        "a shared environment, or MWAA Serverless",
    )
    yield Dimension(
        "latency between steps",
        "tens of milliseconds",
        "seconds: the scheduler starts each task",
        f"{usage.own:,.0f} steps follow each other or run side by side",
        "fuse small states into one task" if usage.own > 10 else "",
    )
    yield Dimension(
        "concurrency",
        "1,000,000 open executions; transitions are throttled per second",
        f"task slots: {SLOTS[chosen]} per {chosen} worker, {capacity(terms, chosen)} in all",
        f"{terms.runs * usage.seconds / (HOURS * 3600):,.2f} runs at once, {usage.peak:,} tasks at once in a run",
    )
    longest = max(run.seconds for run in workflow.runs)
    yield Dimension(
        "longest run",
        "a year; Express: 5 minutes",
        "no limit; workers restart on updates; Serverless: an hour per task",
        f"{duration(longest)}, {len(found.waits)} Wait states",
        "deferrable sensors for waits" if found.waits else "",
    )


def _data(workflow: Workflow, usage: Usage, found: Facts) -> Iterator[Dimension]:
    payload = max((run.payload or 0 for run in workflow.runs), default=0)
    yield Dimension(
        "data between steps",
        "JSON documents of 262,144 bytes, variables",
        "XCom in the database: keep it small, or use object storage",
        f"largest document seen: {payload:,} bytes" if payload else "sizes are not known without scenarios",
        "object-storage XCom backend" if payload > 48 * 1024 else "",
    )
    yield Dimension(
        "history",
        "25,000 events, kept for 90 days",
        "the metadata database until it is cleaned, logs in CloudWatch",
        f"{max((run.events or 0) for run in workflow.runs):,} events in the longest run"
        if workflow.runs[0].events
        else f"{usage.own * 3:,.0f} events, roughly",
    )
    yield Dimension(
        "data awareness",
        "events through EventBridge",
        "assets, sensors, asset partitions",
        _have(found.events, "event puts"),
        "outlets (assets) on the tasks that put events" if found.events else "",
    )
    yield Dimension(
        "language",
        "ASL in JSON, JSONPath or JSONata",
        "Python and providers",
        f"{found.states} states, services: {names(found.services, 6) or 'none'}",
    )


def _control(workflow: Workflow, found: Facts) -> Iterator[Dimension]:
    wide = [f"{m.name} ({_count(items(workflow, m.at))} items)" for m in found.maps] + [
        f"{p.name} ({len(p.branches)} branches)" for p in found.parallels
    ]
    most = max((items(workflow, m.at) or 0 for m in found.maps), default=0)
    yield Dimension(
        "fan-out",
        "Map inline: 40 at once; distributed: 10,000 child executions",
        "dynamic task mapping, max_map_length 1,024; Serverless: none",
        _have(wide, "fan-outs"),
        "raise max_map_length, or batch the items" if most > 1024 else "",
    )
    yield Dimension(
        "loops",
        "a Choice may go back",
        "a DAG cannot: sensor, retry, or a child DAG per turn",
        _have(found.loops, "back transitions"),
        "a sensor where the loop polls, a child DAG otherwise" if found.loops else "",
    )
    yield Dimension(
        "branches",
        "Choice",
        "branching tasks and trigger rules; skipped tasks run to skip themselves",
        _have(found.choices, "Choices"),
    )
    yield Dimension(
        "errors",
        "Retry and Catch by error name",
        "retries per task; by error with RetryPolicy (Airflow 3.3); routes by trigger rules",
        f"{len(found.retried)} states retry, {len(found.caught)} catch"
        + (f": {names(found.caught)}" if found.caught else ""),
        "RetryPolicy and catch routers" if found.retried or found.caught else "",
    )
    yield Dimension(
        "jobs waited for",
        ".sync, without cost while waiting",
        "deferrable operators: no slot, but a triggerer",
        _have(found.jobs, "jobs"),
        "deferrable=True and a running triggerer" if found.jobs else "",
    )
    yield Dimension(
        "human approval and callbacks",
        ".waitForTaskToken, up to a year; activities",
        "human-in-the-loop operators (Airflow 3.1 and later), or a callback through the REST API",
        _have([*found.callbacks, *found.activities], "callbacks"),
        "a human-in-the-loop operator, or a token kept by a task that defers"
        if found.callbacks or found.activities
        else "",
    )
    yield Dimension(
        "exactly once",
        "Standard runs a step once, Express at least or at most once",
        "tasks run at least once",
        f"{len(found.services)} services are called; calls have to be repeatable",
        "idempotent calls: client tokens, names, conditions" if found.services else "",
    )


def _operation(usage: Usage, terms: Terms, found: Facts) -> Iterator[Dimension]:
    settings = found.dag.settings if found.dag else {}
    schedule = settings.get("schedule")
    yield Dimension(
        "schedule",
        "EventBridge Scheduler, no logical date",
        "cron, timetables, assets, data intervals",
        f"the DAG says {schedule}" if schedule else f"not in the definition; {terms.runs:,.0f} runs a month",
        "a schedule, and the logical date handed in" if schedule else "set schedule= in the DAG",
    )
    catchup = settings.get("catchup")
    yield Dimension(
        "backfill and running one step again",
        "redrive of failed runs for 14 days; no backfill",
        "backfill, clear a task, mark it successful",
        f"the DAG has catchup={catchup}" if catchup is not None else "nothing in the definition asks for it",
        "a Map over dates that starts executions" if catchup else "",
    )
    limit = settings.get("max_active_runs")
    yield Dimension(
        "concurrency between runs",
        "none; a semaphore in DynamoDB",
        "max_active_runs, pools, priorities",
        f"the DAG has max_active_runs={limit}" if limit else "nothing in the definition limits it",
        "a semaphore on the Step Functions side" if limit else "",
    )
    yield Dimension(
        "workflows that start others",
        "startExecution, with or without waiting",
        "TriggerDagRunOperator, StepFunctionStartExecutionOperator",
        _have(found.children, "machine starts"),
        "translate the machines that are started, too" if found.children else "",
    )
    yield Dimension(
        "code",
        "every step in a service of its own",
        "tasks share the workers' Python environment",
        _have(found.functions, "Lambda functions"),
    )
    yield Dimension(
        "permissions",
        "a role per state machine",
        "one execution role per environment",
        f"{len(found.services)} services for one role: {names(found.services, 6)}"
        if found.services
        else "nothing here",
        "a connection with a role of its own" if found.services else "",
    )
    yield Dimension(
        "local test",
        "TestState, mocks",
        "dag.test(), the images of MWAA",
        f"{found.states} states; sfn2airflow verify runs both sides with the same replies",
    )
    yield Dimension(
        "versions",
        "published versions and aliases, gradual deployment",
        "DAG versions follow the files; MWAA has one folder",
        f"one definition of {found.states} states; runs that are going on keep theirs",
    )
    instances = usage.tasks + usage.skipped
    yield Dimension(
        "operation",
        "nothing to operate",
        "upgrades, sizing, database cleaning, maintenance windows",
        f"{instances:,.0f} task instances a run, {terms.runs * instances:,.0f} a month in the database",
        "'airflow db clean' on a schedule" if terms.runs * instances > 100_000 else "",
    )
    yield Dimension(
        "user interface",
        "graph of each execution, Workflow Studio",
        "grid, graph, Gantt chart, logs, manual actions",
        f"{found.states} states drawn, {instances:,.0f} boxes in the grid",
    )
    yield Dimension(
        "events and alerts of single steps",
        "events per execution; single steps only in history and logs",
        "callbacks, listeners and logs per task",
        f"{len(found.caught)} states handle their own errors",
        "on_failure_callback on the DAG" if found.caught else "",
    )
    own = [name for name in found.services if name not in ("lambda", "http")]
    yield Dimension(
        "tie to AWS",
        "ASL runs on AWS only",
        "open source, runs elsewhere; calls of AWS stay calls of AWS",
        f"{len(own)} AWS services besides Lambda: {names(own, 6)}" if own else "nothing but functions and data",
    )


def _count(number: float | None) -> str:
    return "?" if number is None else f"{number:,.0f}"


def duration(seconds: float) -> str:
    """Seconds for people.

    >>> duration(0.25), duration(90), duration(7200), duration(200000)
    ('0.25 s', '1.5 min', '2 h', '2.3 d')
    """
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{seconds:.2f}".rstrip("0").rstrip(".") + " s"
