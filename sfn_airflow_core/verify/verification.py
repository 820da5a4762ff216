"""Runs scenarios in the reference interpreter and as a DAG on Airflow, and compares."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sfn_airflow_core.asl.model import Machine
from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.text import Span
from sfn_airflow_core.verify.airflow_runner import AirflowSession, DagExecution, DagImportError, main_dag
from sfn_airflow_core.verify.around import differences, plain
from sfn_airflow_core.verify.compare import Comparison, Difference
from sfn_airflow_core.verify.dag_replies import DagReplies
from sfn_airflow_core.verify.expectation import Expectation, expect
from sfn_airflow_core.verify.places import Home, homes, ways
from sfn_airflow_core.verify.result import Coverage, Outcome, Verified
from sfn_airflow_core.verify.scenario import Scenario
from sfn_airflow_core.verify.variables import airflow_variables

Json = Any


@dataclass(frozen=True, slots=True)
class Subject:
    """A machine and the DAG file that is to behave like it.

    ``text`` is the definition as it was read, ``known`` are values of substitutions that the DAG file was made with.
    ``dag_id`` chooses among the DAGs of the file; ``missed`` says why a state or edge (by pointer) is not reached.
    """

    name: str
    source: str
    text: bytes | str
    dag_file: Path
    scenarios: tuple[Scenario, ...]
    known: Mapping[str, Json] = field(default_factory=dict)
    dag_id: str | None = None
    spans: Mapping[str, Span] = field(default_factory=dict)
    missed: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 60.0


def verify(
    session: AirflowSession,
    subject: Subject,
    seen: Callable[[Outcome], None] = lambda _: None,
    *,
    stop_early: bool = False,
) -> Verified:
    """Run every scenario of a machine on both sides.

    ``seen`` is told of each as it is done; with ``stop_early``, the first difference ends it.
    """
    told = Verified(subject.name, subject.source, spans=subject.spans, dag_file=subject.dag_file.name)
    try:
        dags = session.dags(subject.dag_file)
    except DagImportError as error:
        return replace(told, failure=f"Airflow cannot import the DAG: {error}")
    dag_id = subject.dag_id or main_dag(dags)
    if dag_id not in dags:
        return replace(told, failure=f"{subject.dag_file.name} has no DAG {dag_id!r}")
    names = {id: {task.task_id: task.task_display_name for task in dag.tasks} for id, dag in dags.items()}
    others = {id: tasks for id, tasks in names.items() if id != dag_id}
    bench = _Bench(session, subject, dag_id, names[dag_id], others)
    outcomes = []
    for scenario in subject.scenarios:
        outcomes.append(bench.compare(scenario))
        seen(outcomes[-1])
        if stop_early and outcomes[-1].differences:
            break
    return replace(told, outcomes=tuple(outcomes), coverage=bench.coverage())


@dataclass(slots=True)
class _Bench:
    """Where the scenarios of one machine are run; remembers what they reached."""

    session: AirflowSession
    subject: Subject
    dag_id: str
    tasks: Mapping[str, str]
    elsewhere: Mapping[str, Mapping[str, str]]
    reached: set[str] = field(default_factory=set)
    edges: set[str] = field(default_factory=set)
    machines: dict[str, Machine] = field(default_factory=dict)

    def machine(self, scenario: Scenario) -> Machine:
        """The machine with the values that a scenario gives to open substitutions."""
        key = json.dumps([scenario.type, dict(scenario.variables)], sort_keys=True)
        if key not in self.machines:
            values = {**self.subject.known, **scenario.variables}
            text, source = self.subject.text, self.subject.source
            reading = read_text(text, source, substitutions=values, machine_type=scenario.type)
            if reading.machine is None:
                raise ValueError(f"with {key} it is no state machine: {reading.problems[0].message}")
            self.machines[key] = reading.machine
        return self.machines[key]

    def compare(self, scenario: Scenario) -> Outcome:
        """Run one scenario on both sides."""
        try:
            machine = self.machine(scenario)
        except ValueError as error:
            return Outcome(scenario.id, self.subject.name, False, False, str(error))
        expected = expect(machine, scenario, ways(machine)[1])
        self.reached |= expected.reached
        self.edges |= expected.edges
        reason = scenario.not_comparable or expected.unsure
        want = {"status": expected.status, "output": expected.output, "error": expected.error}
        if reason:
            return Outcome(scenario.id, self.subject.name, False, False, reason, want)
        inside = homes(machine)
        replies = DagReplies(answers=scenario.answers(inside), homes=inside)
        try:
            actual = self._run(scenario, replies)
        except Exception as error:  # whatever a DAG, Airflow or an operator raises is a difference to be shown
            found = Difference("status", expected.status, f"the DAG did not run: {type(error).__name__}: {error}")
            ran = {"status": "NOT_RUN", "output": None, "error": type(error).__name__}
            return Outcome(scenario.id, self.subject.name, True, False, "", want, ran, (found,))
        return self._outcome(scenario, expected, actual, replies, inside)

    def _run(self, scenario: Scenario, replies: DagReplies) -> DagExecution:
        with airflow_variables(_texts(scenario.variables)):
            return self.session.run(
                self.subject.dag_file,
                scenario.input,
                replies,
                dag_id=self.dag_id,
                timeout=self.subject.timeout,
            )

    def _outcome(
        self,
        scenario: Scenario,
        expected: Expectation,
        actual: DagExecution,
        replies: DagReplies,
        inside: dict[str, Home],
    ) -> Outcome:
        comparison = Comparison(expected, actual, replies.made, inside, self.tasks, self.elsewhere)
        found = [*_promised(scenario, expected), *comparison.differences()]
        want = {"status": expected.status, "output": expected.output, "error": expected.error}
        have = {"status": actual.status, "output": actual.output, "error": actual.error}
        return Outcome(
            id=scenario.id,
            machine=self.subject.name,
            comparable=True,
            equal=not found,
            expected=want,
            actual=have,
            differences=tuple(found),
            around=tuple(comparison.around),
            seconds=actual.seconds,
            tasks=sum(state not in ("skipped", "upstream_failed") for state in actual.task_states.values()),
        )

    def coverage(self) -> Coverage:
        """How much of the machine the scenarios reached."""
        machine = next(iter(self.machines.values()), None)
        if machine is None:
            return Coverage()
        states, edges = ways(machine)
        missed = [at for at in states if at not in self.reached] + [e.at for e in edges if e.at not in self.edges]
        return Coverage(
            (sum(at in self.reached for at in states), len(states)),
            (sum(edge.at in self.edges for edge in edges), len(edges)),
            {at: self.subject.missed.get(at, "no scenario reaches it") for at in missed},
        )


def _promised(scenario: Scenario, expected: Expectation) -> Iterator[Difference]:
    """Where the interpreter itself does not do what the scenario says must come out."""
    have = {"status": expected.status, "output": expected.output, "error": expected.error}
    for name, want in (scenario.expected or {}).items():
        if name not in have or (name == "output" and expected.status != "SUCCEEDED"):
            continue
        for pointer, one, other in differences(want, plain(have[name])):
            yield Difference(f"expected {name}{pointer}", one, other)


def _texts(values: Mapping[str, Json]) -> dict[str, str]:
    """Values of substitutions as texts of Airflow Variables."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}
