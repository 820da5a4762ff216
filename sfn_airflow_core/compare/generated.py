"""Runs over generated scenarios: the ordinary ones, in which nothing is retried, caught or fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from sfn_airflow_core.asl.model import Fail, Json, Machine, Map, Parallel, Task, Wait, nested, targets
from sfn_airflow_core.compare.durations import Durations
from sfn_airflow_core.compare.order import closure
from sfn_airflow_core.compare.scenarios import Timed, run_of
from sfn_airflow_core.compare.steps import Plan, Run
from sfn_airflow_core.interpreter import Execution, Replies, execute, read_replies
from sfn_airflow_core.interpreter.program import prepare

if TYPE_CHECKING:
    from sfn_airflow_core.verify.routes import Goal

MOST_STEPS: Final = 200_000
"""Steps that the search for scenarios of one machine may take (``verify.budget``): a second or two, and more than four
times what any public machine takes. Steps and not seconds, so that the figures are the same everywhere."""


@dataclass(frozen=True, slots=True)
class GeneratedRuns:
    """Runs over generated scenarios; ``exhausted`` says that the search for them ended at its bound."""

    runs: tuple[Run, ...] = ()
    exhausted: bool = False


def generated_runs(plan: Plan, durations: Durations, most: int = MOST_STEPS) -> GeneratedRuns:
    """Runs of equal weight, one per generated scenario that succeeds; ending in a Fail state, where none does.

    None for a machine with a Map, or with a loop that waits: how many items and turns there are decides what a run
    costs, and a generated scenario has as few as reach every state, or as many as it takes to give up. ``most`` is how
    many steps the search may take.
    """
    from sfn_airflow_core.verify.scenarios import generate

    if any(isinstance(state, Map) for state in plan.states.values()) or any(map(_polls, _machines(plan))):
        return GeneratedRuns()
    tasks = {state.name: state for state in plan.states.values() if isinstance(state, Task)}
    program = prepare(plan.machine)
    runs: list[Run] = []
    found = generate(plan.machine, steps=most, wanted=_without_errors)
    for scenario in found.scenarios:
        table: dict[str, Json] = {"*": {"result": {}}, **scenario.replies}
        replies: Replies = read_replies(table)
        execution = execute(program, scenario.input, Timed(replies, tasks, durations))
        if _ordinary(plan, execution):
            runs.append(replace(run_of(execution, scenario.id, 1.0), payload=None, variables=None))
    succeeding = [run for run in runs if run.status == "SUCCEEDED"]
    return GeneratedRuns(tuple(succeeding or runs), found.exhausted)


def _without_errors(goal: Goal) -> bool:
    """Whether a scenario for a goal can be an ordinary run."""
    return goal.inner is None and goal.outcome.kind in ("next", "rule", "default")


def _machines(plan: Plan) -> Iterator[Machine]:
    yield plan.machine
    for state in plan.states.values():
        yield from nested(state)


def _polls(machine: Machine) -> bool:
    """Whether a Wait can be come to again."""
    follows = {name: set(targets(state)) for name, state in machine.states.items()}
    return any(isinstance(state, Wait) and name in closure(follows, name) for name, state in machine.states.items())


def _ordinary(plan: Plan, execution: Execution) -> bool:
    """Whether an execution went as it should: no error but that of a Fail state at its end."""
    failing = [visit for visit in execution.visits if visit.error is not None]
    foreseen = all(isinstance(plan.state(visit.at), Fail | Parallel) for visit in failing)
    return foreseen and not execution.retries and not any(visit.caught for visit in execution.visits)
