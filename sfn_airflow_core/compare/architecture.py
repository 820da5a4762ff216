"""The dimensions in which the two architectures differ, each with what this workflow has to do with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sfn_airflow_core.compare.cost import HOURS, Terms
from sfn_airflow_core.compare.dag_file import DagFile
from sfn_airflow_core.compare.environments import environments, smallest
from sfn_airflow_core.compare.facts import NOTHING, DagFacts, Facts, dag_facts, have, machine_facts
from sfn_airflow_core.compare.layout import plural
from sfn_airflow_core.compare.qualify import names
from sfn_airflow_core.compare.steps import Workflow
from sfn_airflow_core.compare.usage import Usage


@dataclass(frozen=True, slots=True)
class Dimension:
    """One dimension: what either side does, what this workflow has of it, and what one side needs to match the other.

    ``match`` is empty where nothing is needed; it begins with the side that needs it.
    """

    name: str
    step_functions: str
    airflow: str
    here: str
    match: str = ""

    @property
    def counts(self) -> bool:
        """Whether this workflow has something to do with it."""
        return not self.here.startswith(NOTHING)


_NO_SERVICE: Final = f"{NOTHING}no service is called"


def architecture(workflow: Workflow, usage: Usage, terms: Terms, dag: DagFile | None = None) -> list[Dimension]:
    """All dimensions, in the order of the report."""
    found, written = machine_facts(workflow), dag_facts(dag)
    return [
        *_running(workflow, usage, terms, found, written),
        *_data(workflow, usage, found, written),
        *_control(found, written),
        *_starting(terms, found, written),
        *_operation(usage, terms, found, written),
    ]


def _running(workflow: Workflow, usage: Usage, terms: Terms, found: Facts, dag: DagFacts) -> Iterator[Dimension]:
    classes = environments(usage, terms)
    chosen = smallest(classes, terms.runs) or classes["2xlarge"]
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
        f"{terms.runs:,.0f} runs a month: {_busy(terms.runs * usage.seconds / (HOURS * 3600))}",
        "Airflow: an environment that others use as well, or MWAA Serverless",
    )
    yield Dimension(
        "latency between steps",
        "tens of milliseconds",
        "seconds: the scheduler starts each task",
        f"{usage.own:,.0f} steps follow each other or run side by side",
        "Airflow: fuse small states into one task" if usage.own > 10 else "",
    )
    yield Dimension(
        "concurrency",
        "1,000,000 open executions; transitions are throttled per second",
        f"task slots: {chosen.slots} per {chosen.name} worker, {chosen.capacity} in all",
        f"{terms.runs * usage.seconds / (HOURS * 3600):,.2f} runs at once, {plural(usage.peak, 'task')} at once in one",
    )
    longest = max(run.seconds for run in workflow.runs)
    waits = have("Wait", found.waits, "sensor", dag.sensors, none="no waits")
    holding = [name for name in dag.sensors if name not in dag.deferred]
    yield Dimension(
        "longest run and waits",
        "a year; Express: 5 minutes; waiting costs nothing",
        "no limit; workers restart on updates; Serverless: an hour per task",
        f"{duration(longest)}; {waits.removeprefix(f'{NOTHING}: ')}",
        f"Airflow: deferrable sensors, so that waiting holds no worker ({names(holding or found.waits)})"
        if holding or (found.waits and not dag.tasks)
        else "",
    )


def _busy(at_once: float) -> str:
    """How much of the time something runs."""
    return f"{at_once:,.1f} of them at once, always" if at_once >= 1 else f"one of them {at_once:.1%} of the time"


def _data(workflow: Workflow, usage: Usage, found: Facts, dag: DagFacts) -> Iterator[Dimension]:
    payload = max((run.payload or 0 for run in workflow.runs), default=0)
    yield Dimension(
        "data between steps",
        "JSON documents of 262,144 bytes, variables",
        "XCom in the database: keep it small, or use object storage",
        f"largest document seen: {payload:,} bytes" if payload else "sizes are not known without scenarios",
        "Airflow: an XCom backend in object storage" if payload > 48 * 1024 else "",
    )
    events = [run.events for run in workflow.runs if run.events]
    yield Dimension(
        "history",
        "25,000 events, kept for 90 days",
        "the metadata database until it is cleaned, logs in CloudWatch",
        f"{max(events):,} events in the longest run" if events else f"{usage.own * 3:,.0f} events, roughly",
    )
    by_asset = isinstance(dag.schedule, list)
    yield Dimension(
        "data awareness",
        "events through EventBridge",
        "assets, sensors, asset partitions",
        have("event put", found.events, "task with assets", dag.assets, none="no task puts events or has assets")
        if not by_asset
        else f"the DAG starts when assets change: {names(_texts(dag.schedule))}",
        "Step Functions: an EventBridge rule per asset, and tasks that put events"
        if dag.assets or by_asset
        else "Airflow: outlets (assets) on the tasks that put events"
        if found.events
        else "",
    )
    yield Dimension(
        "language",
        "ASL in JSON, JSONPath or JSONata",
        "Python and providers",
        f"{plural(found.states, 'state')}, services: {names(found.services, 6) or 'none'}"
        + (f"; DAG: {plural(dag.tasks, 'task')}, {len(dag.python)} of them Python" if dag.tasks else ""),
        f"Step Functions: {plural(len(dag.python), 'Lambda function')} for the Python tasks" if dag.python else "",
    )


def _texts(value: Any) -> list[str]:
    return [str(item) for item in value if item is not None]


def _control(found: Facts, dag: DagFacts) -> Iterator[Dimension]:
    yield Dimension(
        "fan-out",
        "Map inline: 40 at once; distributed: 10,000 child executions",
        "dynamic task mapping, max_map_length 1,024; Serverless: none",
        have("fan-out", found.wide, "mapped task", dag.mapped, none="no Map, no Parallel"),
        "Airflow: raise max_map_length, or batch the items" if found.most > 1024 else "",
    )
    yield Dimension(
        "loops",
        "a Choice may go back",
        "a DAG cannot: sensor, retry, or a child DAG per turn",
        have("back transition", found.loops, none="no state leads back"),
        "Airflow: a sensor where the loop polls, a child DAG otherwise" if found.loops and not dag.tasks else "",
    )
    yield Dimension(
        "branches",
        "Choice",
        "branching tasks and trigger rules; skipped tasks run to skip themselves",
        have("Choice", found.choices, "branching task", dag.branches, none="one way through, no Choice"),
    )
    errors = [f"{plural(len(found.retried), 'state')} with Retry, {len(found.caught)} with Catch"]
    if dag.tasks:
        errors.append(f"DAG: {plural(len(dag.retried), 'task')} with retries")
        errors += [f"trigger rules: {names(dag.rules)}"] if dag.rules else []
    yield Dimension(
        "errors",
        "Retry and Catch by error name",
        "retries per task; by error with RetryPolicy (Airflow 3.3); routes by trigger rules",
        "; ".join(errors),
        "Step Functions: Catch, and statuses of what failed as data"
        if dag.rules
        else f"Airflow: RetryPolicy and catch routers ({names(found.caught or found.retried)})"
        if found.retried or found.caught
        else "",
    )
    yield Dimension(
        "jobs waited for",
        ".sync, without cost while waiting",
        "deferrable operators: no slot, but a triggerer",
        have("job", found.jobs, none="no job is waited for"),
        "" if dag.deferred or not found.jobs else "Airflow: deferrable=True and a running triggerer",
    )
    yield Dimension(
        "human approval and callbacks",
        ".waitForTaskToken, up to a year; activities",
        "human-in-the-loop operators (Airflow 3.1 and later), or a callback through the REST API",
        have("callback", found.callbacks, "task for a person", dag.people, none="nobody is waited for"),
        "Step Functions: .waitForTaskToken, and somebody who sends the token back"
        if dag.people and not found.callbacks
        else "Airflow: a human-in-the-loop operator, or a token kept by a task that defers"
        if found.callbacks and not dag.people
        else "",
    )
    yield Dimension(
        "exactly once",
        "Standard runs a step once, Express at least or at most once",
        "tasks run at least once",
        f"{plural(len(found.services), 'service')} called: {names(found.services, 6)}"
        if found.services
        else _NO_SERVICE,
        "Airflow: calls that may be repeated: client tokens, names, conditions" if found.services else "",
    )


def _starting(terms: Terms, found: Facts, dag: DagFacts) -> Iterator[Dimension]:
    schedule = "by assets" if isinstance(dag.schedule, list) else dag.schedule
    yield Dimension(
        "schedule",
        "EventBridge Scheduler, no logical date",
        "cron, timetables, assets, data intervals",
        f"the DAG's schedule: {schedule}" if schedule else f"not in the definition; {terms.runs:,.0f} runs a month",
        "Step Functions: EventBridge Scheduler, and the logical date handed in" if schedule else "",
    )
    yield Dimension(
        "backfill and running one step again",
        "redrive of failed runs for 14 days; no backfill",
        "backfill, clear a task, mark it successful",
        f"the DAG has catchup={dag.catchup}"
        if dag.catchup is not None
        else "the DAG does not ask for it"
        if dag.tasks
        else "nothing in the definition asks for it",
        "Step Functions: a Map over dates that starts executions" if dag.catchup else "",
    )
    limited = [f"max_active_runs={dag.max_active_runs}"] if dag.max_active_runs else []
    limited += [f"pools: {names(dag.pools)}"] if dag.pools else []
    limited += [f"max_active_tis: {names(dag.limits)}"] if dag.limits else []
    yield Dimension(
        "concurrency between runs",
        "none; a semaphore in DynamoDB",
        "max_active_runs, pools, priorities",
        f"the DAG has {'; '.join(limited)}" if limited else "nothing limits it",
        "Step Functions: a semaphore" if limited else "",
    )
    yield Dimension(
        "workflows that start others",
        "startExecution, with or without waiting",
        "TriggerDagRunOperator, StepFunctionStartExecutionOperator",
        have("machine start", found.children, "DAG start", dag.triggers, none="no other workflow is started"),
        "both: translate what is started, too" if found.children or dag.triggers else "",
    )


def _operation(usage: Usage, terms: Terms, found: Facts, dag: DagFacts) -> Iterator[Dimension]:
    instances = usage.tasks + usage.skipped
    yield Dimension(
        "isolation of code",
        "every step in a service of its own",
        "tasks share the workers' Python environment",
        have("Lambda function", found.functions, "Python task", dag.python, none="no code of its own"),
    )
    yield Dimension(
        "permissions",
        "a role per state machine",
        "one execution role per environment; a role per workflow on Serverless",
        f"{plural(len(found.services), 'service')} for one role: {names(found.services, 6)}"
        if found.services
        else _NO_SERVICE,
        "Airflow: a connection with a role of its own" if found.services else "",
    )
    yield Dimension(
        "local test",
        "TestState, mocks",
        "dag.test(), the images of MWAA",
        f"{plural(found.states, 'state')}; verify runs both sides with the same replies",
    )
    yield Dimension(
        "versions",
        "published versions and aliases, gradual deployment",
        "DAG versions follow the files; MWAA has one folder",
        f"one definition of {plural(found.states, 'state')}; runs that are going on keep theirs",
    )
    yield Dimension(
        "operation",
        "nothing to operate",
        "upgrades, sizing, database cleaning, maintenance windows",
        f"{instances:,.0f} task instances a run, {terms.runs * instances:,.0f} a month in the database",
        "Airflow: 'airflow db clean' on a schedule" if terms.runs * instances > 100_000 else "",
    )
    yield Dimension(
        "user interface",
        "graph of each execution, Workflow Studio",
        "grid, graph, Gantt chart, logs, manual actions",
        f"{plural(found.states, 'state')} drawn, {instances:,.0f} boxes in the grid",
    )
    yield Dimension(
        "events and alerts of single steps",
        "events per execution; single steps only in history and logs",
        "callbacks, listeners and logs per task",
        have("state with Catch", found.caught, "callback", dag.callbacks, none="no error is caught, no callback"),
        "Step Functions: a Catch that sends what a callback sends"
        if dag.callbacks
        else "Airflow: on_failure_callback on the DAG"
        if found.caught
        else "",
    )
    own = [name for name in found.services if name not in ("lambda", "http")]
    yield Dimension(
        "tie to AWS",
        "ASL runs on AWS only",
        "open source, runs elsewhere; calls of AWS stay calls of AWS",
        f"{plural(len(own), 'AWS service')} besides Lambda: {names(own, 6)}"
        if own
        else "nothing but functions and data",
    )
    yield Dimension(
        "service level and compliance",
        "an agreement of its own (see AWS's page); programmes by service in AWS Artifact",
        "the same for MWAA; an environment has no other agreement than that of the service",
        f"rests on {plural(len(found.services), 'service')} besides: {names(found.services, 6)}"
        if found.services
        else _NO_SERVICE,
    )


def duration(seconds: float) -> str:
    """Seconds for people.

    >>> duration(0.25), duration(90), duration(7200), duration(200000)
    ('0.25 s', '1.5 min', '2 h', '2.3 d')
    """
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{seconds:.2f}".rstrip("0").rstrip(".") + " s"
