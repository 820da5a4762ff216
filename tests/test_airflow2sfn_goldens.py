"""The DAGs in fixtures/airflow2sfn: their definitions and findings as text, and what their executions do.

A case is ``dag.py``, ``machine.asl.json``, ``findings.json`` and ``scenarios.json``: replies (docs/replies.md) that all
its scenarios share, and for each scenario the execution's input, replies of its own, and what is expected: the status,
the states that called something with how often they did, and, where it says so, the arguments of their last calls.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from dag_cases import CASES, translated

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.asl.read import read_text as read_machine
from sfn_airflow_core.asl.write import write
from sfn_airflow_core.interpreter import Reply, ServiceCall, execute, read_replies


def scenarios(case: Path) -> list[dict[str, Any]]:
    found = json.loads((case / "scenarios.json").read_text(encoding="utf-8"))
    return [one | {"replies": found["replies"] | one.get("replies", {})} for one in found["scenarios"]]


SCENARIOS = [pytest.param(case, one, id=f"{case.name}: {one['id']}") for case in CASES for one in scenarios(case)]


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
        self.sent: dict[str, Json] = {}

    def answer(self, call: ServiceCall) -> Reply:
        self.calls[call.state] += 1
        self.sent[call.state] = call.arguments
        return self.replies.answer(call)


@pytest.mark.parametrize(("case", "scenario"), SCENARIOS)
def test_execution(case: Path, scenario: dict[str, Any]) -> None:
    machine = read_machine((case / "machine.asl.json").read_text(encoding="utf-8"), case.name).machine
    assert machine is not None
    answers = Recorded(scenario["replies"])
    execution = execute(machine, scenario.get("input", {}), answers)
    expected = scenario["expect"]
    happened = {"status": execution.status, "calls": dict(answers.calls)}
    assert happened == {name: expected[name] for name in happened}, (execution.error, execution.cause)
    sent = expected.get("sent", {})
    assert {state: answers.sent[state] for state in sent} == sent


def test_there_is_a_reason_for_every_case() -> None:
    assert all((case / "dag.py").read_text(encoding="utf-8").startswith('"""') for case in CASES)
    assert len(CASES) >= 30
    assert all(scenarios(case) for case in CASES)
