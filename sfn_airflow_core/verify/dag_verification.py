"""Runs scenarios as a DAG on Airflow and as its state machine in the reference interpreter, and compares."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sfn_airflow_core.asl.model import Machine
from sfn_airflow_core.interpreter import Options
from sfn_airflow_core.interpreter.values import date_text, json_text, timestamp
from sfn_airflow_core.verify.compare import Difference
from sfn_airflow_core.verify.dag_answers import Says, answers
from sfn_airflow_core.verify.dag_compare import DagComparison, Facts, joined
from sfn_airflow_core.verify.dag_history import History
from sfn_airflow_core.verify.dag_looks import Looks, good_looks
from sfn_airflow_core.verify.dag_machine import Done, Function, States, run_machine
from sfn_airflow_core.verify.dag_services import Aws
from sfn_airflow_core.verify.dag_side import interval_end, run_dag
from sfn_airflow_core.verify.places import taken, ways
from sfn_airflow_core.verify.result import Coverage, Outcome, Verified
from sfn_airflow_core.verify.scenario import Scenario
from sfn_airflow_core.verify.variables import airflow_variables

Json = Any
MOMENT: Final = datetime(2026, 3, 5, 4, 30, tzinfo=UTC)
"""The logical date of a scenario that names none."""
_LATER: Final = timedelta(days=7, hours=1, minutes=1, seconds=1)
"""How much later an execution starts that shows which values depend on the time: on the same day of the week."""
_OTHER: Final = Options(name="another-execution", machine_name="another-machine", region="eu-central-1", seed=4711)


@dataclass(frozen=True, slots=True)
class DagSubject:
    """A DAG and the state machine that is to behave like it.

    ``dag`` is what Airflow has imported, ``functions`` are the Lambda functions by name. ``world`` makes what answers
    one side of a scenario, instead of the scenario's replies: the states, and the clients of botocore.
    """

    name: str
    source: str
    dag: Any
    machine: Machine
    states: States
    facts: Facts
    functions: Mapping[str, Function]
    timeout: float = 60.0
    world: Callable[[Scenario], tuple[Says, Aws]] | None = None


@dataclass(slots=True)
class DagBench:
    """Where the scenarios of one DAG are run; remembers which edges of the machine they took."""

    subject: DagSubject
    visited: set[str] = field(default_factory=set)
    passed: set[tuple[str, str]] = field(default_factory=set)
    runs: dict[str, History] = field(default_factory=dict)
    looks: Looks | None = None

    def dag(self, scenario: Scenario) -> History:
        """One run of the DAG; the same scenario is not run again. Raises whatever Airflow does."""
        key = json_text({"in": scenario.input, "replies": dict(scenario.replies), "as": dict(scenario.variables)})
        if key not in self.runs:
            self.runs[key] = self._dag(scenario)
        return self.runs[key]

    def _dag(self, scenario: Scenario) -> History:
        subject = self.subject
        says, aws = self._world(scenario)
        with airflow_variables(_texts(scenario.variables)):
            return run_dag(
                subject.dag,
                says,
                moment_of(scenario),
                _conf(scenario),
                absorbed=subject.facts.absorbed,
                stubs=frozenset(subject.states.stubs.values()),
                pushing=frozenset(task for task, gives in subject.facts.gives.items() if gives == "pushed"),
                aws=aws,
                looks=self._looks(),
                timeout=subject.timeout,
            )

    def machine(self, scenario: Scenario, options: Options, later: timedelta = timedelta()) -> Done:
        """One execution of the machine, which starts when the run of the DAG does, or some time later."""
        subject = self.subject
        says, aws = self._world(scenario)
        with airflow_variables(_texts(scenario.variables)):
            return run_machine(
                subject.machine,
                subject.states,
                says,
                _given(scenario),
                subject.functions,
                replace(options, start=interval_end(subject.dag, moment_of(scenario)) + later),
                aws=aws,
                said=scenario.replies.keys(),
            )

    def _world(self, scenario: Scenario) -> tuple[Says, Aws | None]:
        if self.subject.world is not None:
            return self.subject.world(scenario)
        tasks = [task.task_id for task in self.subject.dag.tasks]
        states = self.subject.states
        return answers(scenario.replies, tasks, states.resources, scenario.variables, self._looks()), None

    def _looks(self) -> Looks:
        if self.looks is None:
            self.looks = good_looks(self.subject.machine, self.subject.states.tasks)
        return self.looks

    def compare(self, scenario: Scenario) -> Outcome:
        """Run one scenario on both sides."""
        done = self.machine(scenario, Options())
        self.visited |= done.visited
        self.passed |= done.passed
        have = _end(done.history)
        if reason := scenario.not_comparable or _incomparable(done, self.subject.facts.mapped):
            return Outcome(scenario.id, self.subject.name, False, False, reason, {}, have)
        try:
            wanted = self.dag(scenario)
        except Exception as error:  # whatever Airflow raises is a difference to be shown
            found = Difference("status", f"the DAG did not run: {type(error).__name__}: {error}", have["status"])
            return Outcome(scenario.id, self.subject.name, True, False, "", {}, have, (found,))
        facts = replace(self.subject.facts, completed=frozenset(done.completed))
        comparison = DagComparison(wanted, done.history, facts)
        differences = comparison.differences()
        if differences:  # are they only what no two executions have in common?
            other = self.machine(scenario, _OTHER, _LATER).history
            comparison = DagComparison(wanted, joined(done.history, other), facts)
            differences = comparison.differences()
        promised = [] if scenario.expected is None else list(_promised(scenario.expected, wanted))
        return Outcome(
            id=scenario.id,
            machine=self.subject.name,
            comparable=True,
            equal=not differences and not promised,
            expected=_end(wanted),
            actual=have,
            differences=(*promised, *differences),
            around=tuple(comparison.around),
            tasks=len(wanted.did),
        )

    def coverage(self, missed: Mapping[str, str]) -> Coverage:
        """How much of the machine the scenarios reached; ``missed`` says of pointers why not."""
        states, edges = ways(self.subject.machine)
        took = taken(edges, self.visited, self.passed)
        left = [at for at in states if at not in self.visited] + [edge.at for edge in edges if edge.at not in took]
        return Coverage(
            (sum(at in self.visited for at in states), len(states)),
            (sum(edge.at in took for edge in edges), len(edges)),
            {at: missed.get(at, "no scenario reaches it") for at in left},
        )


def verify_dag(
    bench: DagBench,
    scenarios: tuple[Scenario, ...],
    seen: Callable[[Outcome], None] = lambda _: None,
    *,
    stop_early: bool = False,
) -> Verified:
    """Run every scenario on both sides; with ``stop_early``, the first difference ends it."""
    outcomes: list[Outcome] = []
    for scenario in scenarios:
        outcomes.append(bench.compare(scenario))
        seen(outcomes[-1])
        if stop_early and outcomes[-1].differences:
            break
    return Verified(bench.subject.name, bench.subject.source, tuple(outcomes), bench.coverage({}))


def moment_of(scenario: Scenario) -> datetime:
    """The logical date of a scenario."""
    given = scenario.input.get("logical_date") if isinstance(scenario.input, dict) else None
    return timestamp(given) or MOMENT


def _given(scenario: Scenario) -> Json:
    """The input of the execution, with the logical date that the run of the DAG has."""
    given = scenario.input if isinstance(scenario.input, dict) else {}
    return {"logical_date": date_text(MOMENT), **given}


def _conf(scenario: Scenario) -> dict[str, Json]:
    given = scenario.input.get("conf") if isinstance(scenario.input, dict) else None
    return given if isinstance(given, dict) else {}


def _incomparable(done: Done, mapped: Container[str]) -> str:
    if done.stubs:
        return f"no counterpart, so that the state fails: {', '.join(done.stubs)}"
    if whole := [task for task in done.completed if task in mapped and (task, None) in done.history.did]:
        return f"no counterpart, and one state for all items: {', '.join(whole)}"
    return "the machine's own time limit ended it" if done.execution.status == "TIMED_OUT" else ""


def _end(history: History) -> dict[str, Json]:
    return {"status": history.status, "output": None, "error": history.error}


def _promised(expected: Mapping[str, Json], wanted: History) -> Iterator[Difference]:
    """Where the DAG itself does not do what the scenario says must come out."""
    if "status" in expected and expected["status"] != wanted.status:
        yield Difference("expected status", expected["status"], wanted.status)


def _texts(values: Mapping[str, Json]) -> dict[str, str]:
    """Values as texts of Airflow Variables."""
    return {name: value if isinstance(value, str) else json_text(value) for name, value in values.items()}
