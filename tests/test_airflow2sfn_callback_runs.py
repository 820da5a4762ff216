"""Random DAGs with callbacks on every task: each is called exactly where Airflow calls it, and changes nothing.

The model of Airflow is that of ``test_airflow2sfn_runs``. Every second call of a callback fails.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings
from test_airflow2sfn_runs import EVERY, Case, Outcomes, cases, simulate

from airflow2sfn.read import read_text
from airflow2sfn.translate import translate
from sfn_airflow_core.asl.read import read_text as read_machine
from sfn_airflow_core.asl.write import write
from sfn_airflow_core.interpreter import Reply, ServiceCall, execute

FUNCTIONS = """
def failed(context): print(context["ti"].task_id)
def more(context): print(context["ti"].task_id)
def succeeded(context): print(context["ti"].task_id)
def skipped(context): print(context["ti"].task_id)
DEFAULTS = {"on_failure_callback": failed, "on_success_callback": succeeded, "on_skipped_callback": [skipped]}
"""


def text_of(case: Case) -> str:
    """The DAG of a case; tasks with odd numbers have a second callback for failures."""
    text = case.text().replace("schedule=None", "schedule=None, default_args=DEFAULTS")
    text = text.replace("\nwith DAG", f"{FUNCTIONS}\nwith DAG", 1)
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("    def t") and int(line[9 : line.index("(")]) % 2:
            lines[number - 1] = lines[number - 1].replace(
                "trigger_rule", "on_failure_callback=[failed, more], trigger_rule"
            )
    return "\n".join(lines) + "\n"


class Told:
    """Answers tasks as the case says, and notes which callbacks are called; every second one fails."""

    def __init__(self, case: Case):
        self.outcomes, self.told, self.count = Outcomes(case), Counter[tuple[str, str]](), 0

    def answer(self, call: ServiceCall) -> Reply:
        given: Any = call.arguments
        if ": on " not in call.state:
            return self.outcomes.answer(call)
        self.count += 1
        name = given["FunctionName"].removeprefix("${").partition("Function")[0].lower()
        self.told[name, given["Payload"]["context"]["ti"]["task_id"]] += 1
        if self.count % 2:
            return Reply("error", error="KeyError", cause="a callback")
        return Reply("result", {"StatusCode": 200, "Payload": None})


def expected(case: Case, ran: set[str]) -> Counter[tuple[str, str]]:
    found = Counter[tuple[str, str]]()
    for task in ran:
        number = int(task[1:])
        end = case.does[number]
        found["succeeded" if end == "success" else end, task] += 1
        if end == "failed" and number % 2:
            found["more", task] += 1
    return found


def check(case: Case) -> None:
    (dag,) = read_text(text_of(case), "random.py").dags
    text = write(translate(dag).machine)
    reading = read_machine(text, "random")
    assert (reading.problems, reading.unknown) == ((), ()), text
    assert reading.machine is not None
    answers = Told(case)
    execution = execute(reading.machine, {}, answers)
    status, ran = simulate(case)
    assert answers.outcomes.ran == ran, (text_of(case), text)
    assert execution.status == status, (execution.error, execution.cause, text_of(case), text)
    assert answers.told == expected(case, ran), (text_of(case), text)
    assert execution.error in (None, "TaskFailed", "ValueError"), (execution.error, text_of(case), text)


@given(cases(("all_success",), ("work", "skips")))
@settings(derandomize=True, max_examples=60, deadline=None)
def test_plain(case: Case) -> None:
    check(case)


@given(cases(EVERY, ("work", "skips", "branch", "proven", "short")))
@settings(derandomize=True, max_examples=150, deadline=None)
def test_every_rule(case: Case) -> None:
    check(case)
