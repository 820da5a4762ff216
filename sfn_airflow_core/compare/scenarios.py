"""Runs of a machine in the reference interpreter, over scenarios: an input, what the services reply, and a weight."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sfn_airflow_core.asl.model import Json, PathFlow, Task
from sfn_airflow_core.compare.durations import Durations
from sfn_airflow_core.compare.steps import Plan, Run, Step
from sfn_airflow_core.interpreter import BadReplies, Execution, MissingReply, Replies, Reply, execute, read_replies
from sfn_airflow_core.interpreter.execution import Place, ServiceCall
from sfn_airflow_core.interpreter.program import prepare
from sfn_airflow_core.interpreter.resource import short_names
from sfn_airflow_core.interpreter.values import byte_size

_OF_STATE: Final = re.compile(r"(\.ItemReader|\.ResultWriter|#\d+)$")
_TIMED: Final = ("result", "payload", "error", "job_failed")


class ScenarioError(ValueError):
    """Scenarios cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of execution: its input, its replies (states without one get ``{}``), and how often it happens."""

    id: str
    input: Json
    replies: Replies
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Timed:
    """Replies that take their time: where a reply does not say ``after``, the duration of its Task."""

    replies: Replies
    tasks: Mapping[str, Task]
    durations: Durations

    def answer(self, call: ServiceCall) -> Reply:
        """The reply to a call; ``{}`` where there is none."""
        try:
            reply = self.replies.answer(call)
        except MissingReply:
            if call.purpose != "task":
                raise
            reply = Reply("result", {})
        task = self.tasks.get(call.state)
        if task is None or call.purpose != "task" or reply.after or reply.kind not in _TIMED:
            return reply
        seconds = self.durations.seconds(task)
        beats = task.heartbeat_seconds
        every = float(beats) if isinstance(beats, int | float) and beats > 0 else 0.0
        beating = tuple(every * n for n in range(1, min(int(seconds / every), 10_000) + 1)) if every else ()
        return replace(reply, after=seconds, heartbeats=beating)


def read_scenarios(value: Any, name: str) -> list[Scenario]:
    """Scenarios from a JSON value: a list of ``{id, input, replies, weight}``, or one of them. Raises ScenarioError."""
    entries = value if isinstance(value, list) else [value]
    if not entries:
        raise ScenarioError(f"{name}: holds no scenario")
    return [_scenario(entry, n, name) for n, entry in enumerate(entries)]


def _scenario(entry: Any, number: int, name: str) -> Scenario:
    at = f"{name}: scenario {number}"
    if not isinstance(entry, dict) or "input" not in entry:
        raise ScenarioError(f"{at}: must be an object with 'input', and 'replies' where services are called")
    weight = entry.get("weight", 1)
    if not isinstance(weight, int | float) or isinstance(weight, bool) or not 0 < weight < 1e12:
        raise ScenarioError(f"{at}: 'weight' must be a positive number, not {weight!r}")
    try:
        replies = read_replies(entry.get("replies", {}))
    except BadReplies as error:
        raise ScenarioError(f"{at}: {error}") from None
    return Scenario(str(entry.get("id", number)), entry["input"], replies, float(weight))


def strangers(value: Any, plan: Plan) -> list[str]:
    """Names of replies in scenarios that no state of a machine can ask for: those of a state, resource or function."""
    known = {"*"}
    for state in plan.states.values():
        known.add(state.name)
        if isinstance(state, Task):
            given = state.flow.parameters if isinstance(state.flow, PathFlow) else state.flow.arguments
            known.update(short_names(state.resource, given.value if given is not None else {}))
    entries = value if isinstance(value, list) else [value]
    asked = {name for entry in entries for name in entry.get("replies", {})}
    return sorted(name for name in asked if not {name, _OF_STATE.sub("", name)} & known)


def run_scenarios(plan: Plan, scenarios: Iterable[Scenario], durations: Durations) -> list[Run]:
    """Execute a machine once per scenario. Raises ScenarioError where an ItemReader has no reply."""
    tasks = {state.name: state for state in plan.states.values() if isinstance(state, Task)}
    program = prepare(plan.machine)
    runs = []
    for scenario in scenarios:
        answers = Timed(scenario.replies.fresh(), tasks, durations)
        try:
            execution = execute(program, scenario.input, answers)
        except MissingReply as error:
            raise ScenarioError(f"scenario {scenario.id!r}: {error}") from None
        runs.append(run_of(execution, scenario.id, scenario.weight))
    return runs


def run_of(execution: Execution, name: str, weight: float) -> Run:
    """The facts of an execution."""
    delays: dict[tuple[str, Place], list[tuple[float, float]]] = {}
    for retrial in execution.retries:
        delays.setdefault((retrial.state, retrial.place), []).append((retrial.at, retrial.seconds))
    steps = []
    payload = byte_size(execution.input)
    for visit in execution.visits:
        left = execution.duration if visit.left is None else visit.left
        waited = sum(
            seconds
            for at, seconds in delays.get((visit.state, visit.place), ())
            if visit.retries and visit.entered <= at <= left
        )
        seconds = max(0.0, left - visit.entered)
        steps.append(Step(visit.at, visit.place, visit.entered, seconds, max(0.0, seconds - waited), visit.retries + 1))
        payload = max(payload, byte_size(visit.input), byte_size(visit.output) if visit.done else 0)
    return Run(
        name,
        weight,
        tuple(steps),
        execution.duration,
        status=execution.status,
        events=len(execution.events),
        payload=payload,
        variables=byte_size(execution.variables) if execution.variables else 0,
        problem="" if execution.status == "SUCCEEDED" else str(execution.error or execution.status),
    )
