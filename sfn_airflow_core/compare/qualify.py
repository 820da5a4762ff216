"""Whether a workflow can run as Express, and whether MWAA Serverless could run it."""

from __future__ import annotations

from collections.abc import Iterable

from sfn_airflow_core.asl.model import Choice, Map, Retrier, Task
from sfn_airflow_core.compare.dag_file import DagFile, DagTask
from sfn_airflow_core.compare.operators import BRANCHING
from sfn_airflow_core.compare.steps import Workflow
from sfn_airflow_core.interpreter.resource import parse_resource

EXPRESS_SECONDS = 300
SERVERLESS_SECONDS = 3600
SERVERLESS_RETRIES = 3
SERVERLESS_DELAY = 300
SERVERLESS_XCOM = 100_000


def express_exclusions(workflow: Workflow) -> tuple[str, ...]:
    """Why a workflow cannot be an Express workflow (Developer Guide: Standard and Express workflows)."""
    states = workflow.plan.states.values()
    reasons = []
    if waiting := [s.name for s in states if isinstance(s, Task) and _waits(s)]:
        reasons.append(f"waits for jobs, callbacks or activities: {names(waiting)}")
    if maps := [s.name for s in states if isinstance(s, Map) and s.mode == "DISTRIBUTED"]:
        reasons.append(f"has a distributed Map: {names(maps)}")
    longest = max((run.seconds for run in workflow.runs), default=0.0)
    if longest > EXPRESS_SECONDS:
        reasons.append(f"takes up to {longest:,.0f} s, and Express ends after {EXPRESS_SECONDS} s")
    return tuple(reasons)


def _waits(state: Task) -> bool:
    resource = parse_resource(state.resource)
    return resource.kind == "activity" or resource.pattern != "request"


def serverless_exclusions(workflow: Workflow) -> tuple[str, ...]:
    """Why MWAA Serverless could not run a workflow (its user guide: no mapping, trigger rules ignored, an hour)."""
    plan = workflow.plan
    states = plan.states.values()
    reasons = []
    if maps := [s.name for s in states if isinstance(s, Map)]:
        reasons.append(f"no dynamic task mapping: {names(maps)}")
    if choices := [s.name for s in states if isinstance(s, Choice)]:
        reasons.append(f"no branches, trigger rules are ignored: {names(choices)}")
    if catching := [s.name for s in states if getattr(s, "catch", ())]:
        reasons.append(f"no routes for errors, trigger rules are ignored: {names(catching)}")
    if long := _long(workflow):
        reasons.append(f"a task runs {SERVERLESS_SECONDS} s at most: {names(long)}")
    if retried := [s.name for s in states if any(_too_much(r) for r in getattr(s, "retry", ()))]:
        reasons.append(f"at most {SERVERLESS_RETRIES} retries, {SERVERLESS_DELAY} s apart: {names(retried)}")
    payload = max((run.payload or 0 for run in workflow.runs), default=0)
    if payload > SERVERLESS_XCOM:
        reasons.append(f"XCom holds 100 KB, and {payload:,} bytes were seen")
    return tuple(reasons)


def dag_exclusions(dag: DagFile, workflow: Workflow) -> tuple[str, ...]:
    """Why MWAA Serverless could not run a DAG as it is written (its user guide and its schema of operators)."""
    tasks = [task for task in dag.tasks.values() if task.operator != "group"]
    reasons = []
    if mapped := [task.id for task in dag.tasks.values() if task.mapped]:
        reasons.append(f"no dynamic task mapping: {names(mapped)}")
    if rules := [task.id for task in tasks if task.trigger_rule != "all_success"]:
        reasons.append(f"trigger rules are ignored: {names(rules)}")
    if branching := [task.id for task in tasks if task.operator in BRANCHING]:
        reasons.append(f"no branches: {names(branching)}")
    if long := _long(workflow):
        reasons.append(f"a task runs {SERVERLESS_SECONDS} s at most: {names(long)}")
    if retried := [task.id for task in tasks if _retried_too_much(task)]:
        reasons.append(f"at most {SERVERLESS_RETRIES} retries, {SERVERLESS_DELAY} s apart: {names(retried)}")
    if pooled := [task.id for task in tasks if task.arguments.get("pool") not in (None, "default_pool")]:
        reasons.append(f"pools are ignored: {names(pooled)}")
    return tuple(reasons)


def _retried_too_much(task: DagTask) -> bool:
    return (task.retries or 0) > SERVERLESS_RETRIES or (
        bool(task.retries) and (task.retry_delay or 0) > SERVERLESS_DELAY
    )


def _long(workflow: Workflow) -> list[str]:
    plan = workflow.plan
    found = [
        plan.state(step.at).name
        for run in workflow.runs
        for step in run.steps
        if step.busy > SERVERLESS_SECONDS and not isinstance(plan.state(step.at), Map) and _leaf(plan.state(step.at))
    ]
    return list(dict.fromkeys(found))


def _leaf(state: object) -> bool:
    return not hasattr(state, "branches") and not hasattr(state, "processor")


def _too_much(retrier: Retrier) -> bool:
    attempts, interval = retrier.max_attempts, retrier.interval_seconds
    return (isinstance(attempts, int) and attempts > SERVERLESS_RETRIES) or (
        isinstance(interval, int | float) and interval > SERVERLESS_DELAY
    )


def names(found: Iterable[str], most: int = 3) -> str:
    """Names for a sentence, the first few of them.

    >>> names(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    listed = list(found)
    if len(listed) <= most:
        return ", ".join(listed)
    return f"{', '.join(listed[:most])} and {len(listed) - most} more"
