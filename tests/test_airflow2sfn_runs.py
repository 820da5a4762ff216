"""Random DAGs with every trigger rule, branches, short circuits, failures, skips: machines run what Airflow runs.

Airflow's side is a model of its scheduler in a few lines: tasks in topological order, each decided by its rule on the
statuses of its direct upstream tasks.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow2sfn.read import read_text
from airflow2sfn.translate import Translated, translate
from airflow2sfn.trigger_rules import RULES
from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.asl.read import read_text as read_machine
from sfn_airflow_core.asl.write import write
from sfn_airflow_core.interpreter import Reply, ServiceCall, execute

BAD = {"failed", "upstream_failed"}


@dataclass
class Case:
    """Tasks ``t0``… with a rule and a kind, edges from smaller to larger numbers, and what each does if it runs."""

    rules: list[str]
    edges: set[tuple[int, int]]
    kinds: list[str]
    does: list[str]
    picks: list[int]
    below: dict[int, set[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for task in reversed(range(len(self.rules))):
            direct = {down for up, down in self.edges if up == task}
            self.below[task] = direct.union(*(self.below[down] for down in direct)) if direct else set()

    def up(self, task: int) -> list[int]:
        return sorted(up for up, down in self.edges if down == task)

    def down(self, task: int) -> list[int]:
        return sorted(down for up, down in self.edges if up == task)

    def text(self) -> str:
        lines = ["from airflow.sdk import DAG, task", "from airflow.sdk.exceptions import AirflowSkipException", ""]
        lines.append('with DAG("random", schedule=None) as dag:')
        for task, (rule, kind) in enumerate(zip(self.rules, self.kinds, strict=True)):
            decorator = {"branch": "task.branch", "proven": "task.branch", "short": "task.short_circuit"}.get(
                kind, "task"
            )
            lines.append(f'    @{decorator}(trigger_rule="{rule}")')
            lines.append(f"    def t{task}(): {self.body(task)}")
        lines += [f"    x{task} = t{task}()" for task in range(len(self.rules))]
        lines += [f"    x{up} >> x{down}" for up, down in sorted(self.edges)]
        return "\n".join(lines) + "\n"

    def body(self, task: int) -> str:
        if self.kinds[task] == "proven" and self.down(task):
            ids = self.down(task) * (2 if len(self.down(task)) == 1 else 1)  # a constant would need no function
            return "return " + " if open('x').read() else ".join(f"'t{n}'" for n in ids)
        return "raise AirflowSkipException()" if self.kinds[task] == "skips" else "return open('x').read()"

    def picked(self, task: int) -> int | None:
        downs = self.down(task)
        return downs[self.picks[task] % len(downs)] if downs else None


def decided(rule: str, statuses: list[str]) -> str:
    """What Airflow makes of a task whose upstream tasks have these statuses."""
    if not statuses:
        return "run"
    count = {name: statuses.count(name) for name in ("success", "failed", "skipped", "upstream_failed")}
    bad, n = count["failed"] + count["upstream_failed"], len(statuses)
    match rule:
        case "all_success":
            return "upstream_failed" if bad else "skipped" if count["skipped"] else "run"
        case "all_failed":
            return "run" if bad == n else "skipped"
        case "all_done" | "always" | "all_done_setup_success":
            return "run"
        case "all_done_min_one_success":
            return "skipped" if count["skipped"] else "run" if count["success"] else "upstream_failed"
        case "one_success":
            return "run" if count["success"] else "skipped" if count["skipped"] == n else "upstream_failed"
        case "one_failed":
            return "run" if bad else "skipped"
        case "one_done":
            return "run" if count["success"] + count["failed"] else "skipped"
        case "none_failed":
            return "upstream_failed" if bad else "run"
        case "none_failed_min_one_success":
            return "upstream_failed" if bad else "run" if count["success"] else "skipped"
        case "none_skipped":
            return "skipped" if count["skipped"] else "run"
        case "all_skipped":
            return "run" if count["skipped"] == n else "skipped"
    raise AssertionError(rule)


def skips(case: Case, task: int) -> set[int]:
    if case.kinds[task] == "short":
        return case.below[task] if case.picks[task] % 2 else set()
    if case.kinds[task] in ("branch", "proven") and (pick := case.picked(task)) is not None:
        return {down for down in case.down(task) if down != pick and down not in case.below[pick]}
    return set()


def simulate(case: Case) -> tuple[str, set[str]]:
    """The end of the run and the tasks that ran, on Airflow."""
    status: dict[int, str] = {}
    ran: set[str] = set()
    left_out: set[int] = set()
    for task, rule in enumerate(case.rules):
        found = "skipped" if task in left_out else decided(rule, [status[up] for up in case.up(task)])
        if found == "run":
            ran.add(f"t{task}")
            found = case.does[task]
            left_out |= skips(case, task) if found == "success" else set()
        status[task] = found
    leaves = [status[task] for task in status if not case.down(task)]
    return "FAILED" if any(leaf in BAD for leaf in leaves) else "SUCCEEDED", ran


@dataclass
class Targets:
    """A branch's function that gives one target, and what was called."""

    target: str
    ran: list[str]

    def answer(self, call: ServiceCall) -> Reply:
        self.ran.append(call.state)
        return Reply("result", {"StatusCode": 200, "Payload": self.target})


class Outcomes:
    """Lambda functions that do what the case says."""

    def __init__(self, case: Case):
        self.case, self.ran = case, set[str]()

    def answer(self, call: ServiceCall) -> Reply:
        task = int(call.state[1:])
        self.ran.add(call.state)
        match self.case.does[task]:
            case "failed":
                return Reply("error", error="ValueError", cause="no")
            case "skipped":
                return Reply("error", error="AirflowSkipException", cause="not today")
        value: Json = None
        if self.case.kinds[task] == "short":
            value = not self.case.picks[task] % 2
        elif self.case.kinds[task] in ("branch", "proven") and (pick := self.case.picked(task)) is not None:
            value = f"t{pick}"
        return Reply("result", {"StatusCode": 200, "Payload": value})


def translated(case: Case) -> Translated:
    reading = read_text(case.text(), "random.py")
    assert not reading.problems, reading.problems
    (dag,) = reading.dags
    assert len(dag.edges) == len(case.edges)
    return translate(dag)


@st.composite
def cases(draw: st.DrawFn, rules: tuple[str, ...], kinds: tuple[str, ...]) -> Case:
    count = draw(st.integers(1, 7))
    pairs = [(a, b) for b in range(count) for a in range(b)]
    edges = set(draw(st.lists(st.sampled_from(pairs), unique=True, max_size=10))) if pairs else set()
    chosen = [draw(st.sampled_from(kinds)) for _ in range(count)]
    does = [
        draw(st.sampled_from(("success", "success", "failed", "skipped" if k == "skips" else "success")))
        for k in chosen
    ]
    return Case(
        [draw(st.sampled_from(rules)) for _ in range(count)],
        edges,
        chosen,
        does,
        [draw(st.integers(0, 5)) for _ in range(count)],
    )


def check(case: Case) -> None:
    result = translated(case)
    text = write(result.machine)
    reading = read_machine(text, "random")
    assert (reading.problems, reading.unknown) == ((), ()), text
    assert reading.machine is not None
    outcomes = Outcomes(case)
    execution = execute(reading.machine, {}, outcomes)
    status, ran = simulate(case)
    assert outcomes.ran == ran, (case, case.text(), text)
    assert execution.status == status, (case, execution.error, execution.cause, text)
    if status == "FAILED":
        assert execution.error in ("TaskFailed", "ValueError"), (execution.error, execution.cause, text)


EVERY = tuple(rule for rule in RULES if rule not in ("always", "all_done_setup_success"))


@given(cases(("all_success",), ("work",)))
@settings(derandomize=True, max_examples=60, deadline=None)
def test_plain(case: Case) -> None:
    check(case)


@given(cases(("all_success", "all_done", "one_failed", "none_failed_min_one_success"), ("work", "skips")))
@settings(derandomize=True, max_examples=100, deadline=None)
def test_usual_rules(case: Case) -> None:
    check(case)


@given(cases(EVERY, ("work", "work", "skips")))
@settings(derandomize=True, max_examples=150, deadline=None)
def test_every_rule(case: Case) -> None:
    check(case)


@given(cases(("all_success", "all_success", "none_failed_min_one_success"), ("work", "branch", "proven", "short")))
@settings(derandomize=True, max_examples=150, deadline=None)
def test_branches_and_short_circuits(case: Case) -> None:
    check(case)


@given(cases(EVERY, ("work", "skips", "branch", "proven", "short")))
@settings(derandomize=True, max_examples=150, deadline=None)
def test_all_together(case: Case) -> None:
    check(case)


def test_the_model_knows_every_rule() -> None:
    for rule in RULES:
        assert decided(rule, ["success"]) in ("run", "skipped")
    with pytest.raises(AssertionError):
        decided("never", ["success"])


@pytest.mark.parametrize("rule", ["one_success", "all_done_min_one_success"])
def test_what_cannot_fail_leaves_nothing_upstream_failed(rule: str) -> None:
    """Both targets may be skipped, and neither can fail: the rule's second test is not met by the first one's rest."""
    text = f'''
import boto3
from airflow.sdk import DAG, task
from airflow.providers.standard.operators.empty import EmptyOperator

@task.branch
def choose():
    return boto3.client("ssm").get_parameter(Name="target")["Parameter"]["Value"]

@task(trigger_rule="{rule}")
def work():
    return 1

with DAG("x", schedule=None):
    choose() >> [EmptyOperator(task_id="up"), EmptyOperator(task_id="down")] >> work()
'''
    (dag,) = read_text(text, "x.py").dags
    reading = read_machine(write(translate(dag).machine), "x")
    assert reading.machine is not None
    for target, runs in (("up", rule == "one_success"), ("neither", False)):
        services = Targets(target, [])
        assert execute(reading.machine, {}, services).status == "SUCCEEDED"
        assert ("work" in services.ran) is runs
