"""Which limits a workflow comes near on each side: the value, the limit, and how much is left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from sfn_airflow_core.asl.model import Map, nested
from sfn_airflow_core.compare.cost import HOURS, Terms
from sfn_airflow_core.compare.environments import DAGS, SCHEDULERS, TRIGGERS, environments
from sfn_airflow_core.compare.steps import Step, Workflow
from sfn_airflow_core.compare.usage import Usage
from sfn_airflow_core.interpreter.execution import Limits, Place

Status = Literal["ok", "near", "over", "queues", "unknown"]
"""``queues``: over the limit, which costs time and nothing else."""
NEAR: Final = 0.8
"""The share of a limit from which on a value is near it."""

QUOTAS: Final = "Developer Guide, quotas"
MWAA_GUIDE: Final = "MWAA user guide"
AIRFLOW: Final = "Airflow's configuration reference"


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: ``value`` is ``None`` where no run tells it; ``about`` says which state or what it is measured by."""

    side: Literal["Step Functions", "Express", "Airflow", "MWAA", "MWAA Serverless"]
    what: str
    value: float | None
    limit: float
    unit: str
    source: str
    about: str = ""
    queues: bool = False

    @property
    def margin(self) -> float | None:
        """The share of the limit that is left, negative when it is exceeded."""
        return None if self.value is None else 1 - self.value / self.limit

    @property
    def status(self) -> Status:
        """How near it is."""
        if self.value is None:
            return "unknown"
        share = self.value / self.limit
        if self.queues:
            return "queues" if share > 1 else "ok"
        return "over" if share > 1 else "near" if share >= NEAR else "ok"


def limits(workflow: Workflow, usage: Usage, terms: Terms, name: str | None) -> list[Limit]:
    """Every limit that matters to a workflow; ``name`` is the MWAA class it would run on."""
    found = [*_step_functions(workflow, usage, terms), *_airflow(workflow, usage), *_mwaa(workflow, usage, terms, name)]
    order = {"over": 0, "near": 1, "queues": 2, "ok": 3, "unknown": 4}
    return sorted(found, key=lambda limit: (order[limit.status], -(limit.value or 0) / limit.limit))


def pressing(found: Iterable[Limit]) -> list[Limit]:
    """The limits that a workflow exceeds or comes near, on the two ways that any workflow can run."""
    return [limit for limit in found if limit.status in ("over", "near") and limit.side in _ANY]


_ANY: Final = ("Step Functions", "Airflow", "MWAA")


def _step_functions(workflow: Workflow, usage: Usage, terms: Terms) -> Iterator[Limit]:
    plan, quotas = workflow.plan, Limits()
    longest = max(plan.states.values(), key=lambda state: len(state.name))
    yield Limit("Step Functions", "definition", plan.size, 1024**2, "bytes", QUOTAS)
    yield Limit("Step Functions", "state name", len(longest.name), 80, "characters", "States Language", longest.name)
    payloads = [run.payload for run in workflow.runs if run.payload is not None]
    yield Limit(
        "Step Functions", "payload", max(payloads, default=None), quotas.payload_bytes, "bytes", QUOTAS, "largest seen"
    )
    variables = [run.variables for run in workflow.runs if run.variables is not None]
    yield Limit(
        "Step Functions", "variables", max(variables, default=None), quotas.variable_bytes, "bytes", QUOTAS, "all"
    )
    events = [run.events if run.events is not None else _events(run.steps, workflow) for run in workflow.runs]
    about = "of a run" if all(run.events is not None for run in workflow.runs) else "of a run, estimated"
    yield Limit("Step Functions", "history", max(events), quotas.history_events, "events", QUOTAS, about)
    seconds = max(run.seconds for run in workflow.runs)
    yield Limit("Step Functions", "duration", seconds, quotas.standard_seconds, "s", QUOTAS)
    yield Limit("Express", "duration", seconds, quotas.express_seconds, "s", QUOTAS)
    rate = terms.runs * usage.own / (HOURS * 3600)
    yield Limit("Step Functions", "transitions", rate, 500, "per second", f"{QUOTAS} (2022)", "on average")
    opened = terms.runs * usage.seconds / (HOURS * 3600)
    yield Limit("Step Functions", "open executions", opened, 1_000_000, "executions", QUOTAS, "on average")
    yield from _maps(workflow)


def _maps(workflow: Workflow) -> Iterator[Limit]:
    quotas = Limits()
    for at, state in workflow.plan.states.items():
        if not isinstance(state, Map):
            continue
        inline = state.mode == "INLINE"
        cap = quotas.inline_concurrency if inline else quotas.distributed_concurrency
        most = items(workflow, at)
        given = state.max_concurrency
        wanted = most if not isinstance(given, int) or not given else min(given, most or given)
        yield Limit("Step Functions", "iterations at once", wanted, cap, "iterations", QUOTAS, state.name, True)
        if not inline:
            yield Limit("Step Functions", "items of a Map Run", most, 100_000_000, "items", QUOTAS, state.name)
        yield Limit("Airflow", "items of a mapped task, max_map_length", most, 1024, "items", AIRFLOW, state.name)


def items(workflow: Workflow, at: str) -> float | None:
    """The most iterations that one stay in a Map had; ``None`` where no run entered it."""
    found: list[float] = []
    for run in workflow.runs:
        stays = [step for step in run.steps if step.at == at]
        if not stays:
            continue
        depth = len(stays[0].place)
        inside: dict[Place, int] = {}
        for step in run.steps:
            if len(step.place) > depth and step.at.startswith(f"{at}/"):
                key = step.place[: depth + 1]
                inside[key] = max(inside.get(key, 0), step.times)
        entered: dict[Place, float] = {}
        for key, times in inside.items():
            entered[key[:depth]] = entered.get(key[:depth], 0) + times / max(1, stays[0].times)
        found.append(max(entered.values(), default=0))
    return max(found, default=None)


def _events(steps: tuple[Step, ...], workflow: Workflow) -> float:
    """History events of a run whose history is not known: entering, leaving, and what each try writes."""
    plan = workflow.plan
    own = [step for step in steps if plan.billing[step.at] == "parent"]
    per_try = {"Task": 3, "Parallel": 2, "Map": 2}
    total = 2.0
    for step in own:
        state = plan.state(step.at)
        total += step.times * (2 + step.tries * per_try.get(type(state).__name__, 0))
    return total


def _airflow(workflow: Workflow, usage: Usage) -> Iterator[Limit]:
    payloads = [run.payload for run in workflow.runs if run.payload is not None]
    yield Limit(
        "Airflow", "XCom", max(payloads, default=None), 48 * 1024, "bytes", "custom; kept in the database", "largest"
    )
    tasks = sum(workflow.shape(at).tasks for at in workflow.plan.states) + len(workflow.extras)
    yield Limit(
        "Airflow", "DAG parse time", parse_seconds(tasks), 30, "s", "dagbag_import_timeout", f"{tasks} tasks, estimated"
    )
    names = [state.name for state in workflow.plan.states.values()]
    if workflow.side is not None:
        names = [*workflow.side.states, *(extra.task for extra in workflow.extras)] or names
    longest = max(names, key=len)
    yield Limit("Airflow", "task id", len(longest), 250, "characters", "Airflow's task ids", longest)
    yield Limit("Airflow", "task instances of a run", usage.tasks + usage.skipped, 10_000, "tasks", "experience")


def parse_seconds(tasks: float) -> float:
    """How long a DAG file takes to import: a constant for Airflow's own imports, and what was measured per task."""
    return 0.5 + 0.0008 * tasks


def _mwaa(workflow: Workflow, usage: Usage, terms: Terms, name: str | None) -> Iterator[Limit]:
    rate = terms.runs * (usage.tasks + usage.skipped) / (HOURS * 3600)
    yield Limit("MWAA", "tasks started", rate, 4, "per second", "measured, one scheduler", "on average")
    chosen = name or "2xlarge"
    environment = environments(usage, terms)[chosen]
    slots, busy = environment.capacity, environment.busy(terms.runs)
    yield Limit("MWAA", f"task slots, {chosen}", busy, slots, "slots", MWAA_GUIDE, "on average")
    yield Limit("MWAA", f"tasks at once, {chosen}", usage.peak, slots, "slots", MWAA_GUIDE, "peak of one run", True)
    if usage.deferred_seconds:
        known = chosen if chosen in TRIGGERS else "small"
        about = "on average" if known == chosen else f"on average; {chosen} is not published"
        waiting, held = terms.runs * usage.deferred_seconds / (HOURS * 3600), TRIGGERS[known] * SCHEDULERS
        yield Limit("MWAA", f"deferred tasks, {known}", waiting, held, "tasks", MWAA_GUIDE, about, True)
    yield Limit("MWAA", f"DAGs, {chosen}", terms.dags, DAGS[chosen], "DAGs", MWAA_GUIDE)
    longest = max(
        (step.busy for run in workflow.runs for step in run.steps if not nested(workflow.plan.state(step.at))),
        default=0.0,
    )
    yield Limit("MWAA Serverless", "task duration", longest, 3600, "s", "MWAA Serverless user guide", "longest task")
    at_once = terms.runs * usage.seconds / (HOURS * 3600)
    yield Limit(
        "MWAA Serverless", "runs at once", at_once, 20, "runs", "MWAA Serverless user guide", "on average", True
    )
    payloads = [run.payload for run in workflow.runs if run.payload is not None]
    yield Limit("MWAA Serverless", "XCom", max(payloads, default=None), 100_000, "bytes", "MWAA Serverless user guide")
