"""The DAGs in fixtures/airflow2sfn: their definitions and findings as text, and what their executions do.

A case is ``dag.py``, ``machine.asl.json``, ``findings.json`` and ``scenarios.json``: a list of scenarios with the
execution's input, replies (docs/replies.md), and what is expected: the status, and the states that called something
with how often they did.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from airflow2sfn.read import read_text
from airflow2sfn.translate import Translated, translate
from sfn_airflow_core.asl.read import read_text as read_machine
from sfn_airflow_core.asl.write import write
from sfn_airflow_core.interpreter import Reply, ServiceCall, execute, read_replies

FIXTURES = Path(__file__).parent.parent / "fixtures" / "airflow2sfn"
CASES = sorted(path.parent for path in FIXTURES.glob("*/dag.py"))
SCENARIOS = [
    pytest.param(case, scenario, id=f"{case.name}: {scenario['id']}")
    for case in CASES
    for scenario in json.loads((case / "scenarios.json").read_text(encoding="utf-8"))
]


def translated(case: Path) -> Translated:
    reading = read_text((case / "dag.py").read_text(encoding="utf-8"), "dag.py")
    assert not reading.problems
    assert not reading.findings
    (dag,) = reading.dags
    return translate(dag)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_text(case: Path, request: pytest.FixtureRequest) -> None:
    result = translated(case)
    found = [{"code": f.code, "at": f.at, "message": f.message()} for f in result.findings]
    texts = {"machine.asl.json": write(result.machine), "findings.json": json.dumps(found, indent=2) + "\n"}
    for name, text in texts.items():
        if request.config.getoption("--update-goldens"):
            (case / name).write_text(text, encoding="utf-8", newline="\n")
        assert (case / name).read_text(encoding="utf-8") == text


class Recorded:
    """Replies that are counted by state."""

    def __init__(self, replies: object):
        self.replies = read_replies(replies)  # type: ignore[arg-type]
        self.calls: Counter[str] = Counter()

    def answer(self, call: ServiceCall) -> Reply:
        self.calls[call.state] += 1
        return self.replies.answer(call)


@pytest.mark.parametrize(("case", "scenario"), SCENARIOS)
def test_execution(case: Path, scenario: dict[str, object]) -> None:
    machine = read_machine((case / "machine.asl.json").read_text(encoding="utf-8"), case.name).machine
    assert machine is not None
    answers = Recorded(scenario["replies"])
    execution = execute(machine, scenario.get("input", {}), answers)  # type: ignore[arg-type]
    expected = scenario["expect"]
    assert {"status": execution.status, "calls": dict(answers.calls)} == expected, (execution.error, execution.cause)


def test_there_is_a_reason_for_every_case() -> None:
    assert all((case / "dag.py").read_text(encoding="utf-8").startswith('"""') for case in CASES)
    assert len(CASES) >= 4
