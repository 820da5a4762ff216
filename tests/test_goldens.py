"""Goldens: readable pairs of a state machine and its DAG file, and the proof that both behave the same.

``fixtures/sfn2airflow/<case>/`` holds ``machine.asl.json``, ``dag.py``, ``findings.json`` and ``scenarios.json``.
Text and findings are compared exactly (``--update-goldens`` rewrites them); every scenario runs on a real Airflow in
this process and is compared with what it expects: status, output, error name and service calls. The expectation itself
is checked against the reference interpreter, which knows nothing of Airflow.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from goldens import (
    CASES,
    calls_made,
    comparable,
    interpret,
    machine,
    machine_file,
    outcome,
    reachable,
    retry_delays,
    scenarios,
    strict,
    waits,
)

from sfn2airflow.options import Options
from sfn2airflow.translate import translate_text
from sfn2airflow.writing.layout import format_sources

SCENARIOS = [
    pytest.param(case, scenario, id=f"{case.name}-{scenario['id']}") for case in CASES for scenario in scenarios(case)
]

NEVER = {"context_object": ["Strange"], "intrinsics_text": ["Odd"], "intrinsics_lists": ["Unlikely"]}
"""States that only an execution in which AWS itself is wrong would enter."""


def test_there_are_goldens() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_text_and_findings(case: Path, update_goldens: bool) -> None:
    source = machine_file(case)
    translation = translate_text(source.read_bytes(), source.name, Options(dag_id=case.name))
    assert translation.text is not None, translation.report.problems
    (text,) = format_sources([translation.text])
    found = [
        {
            "code": f.finding.code,
            "fidelity": f.finding.fidelity.name,
            "at": f.finding.at,
            "message": f.finding.message(),
        }
        for f in translation.report.findings
    ]
    findings = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    if update_goldens:
        (case / "dag.py").write_text(text, encoding="utf-8")
        (case / "findings.json").write_text(findings, encoding="utf-8")
    assert text == (case / "dag.py").read_text(encoding="utf-8")
    assert findings == (case / "findings.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(("case", "scenario"), SCENARIOS)
def test_behaviour_on_airflow(
    case: Path, scenario: dict[str, Any], airflow: Any, dags_folder: Path, monkeypatch: Any
) -> None:
    for name, value in scenario.get("variables", {}).items():
        monkeypatch.setenv(f"AIRFLOW_VAR_{name.upper()}", value if isinstance(value, str) else json.dumps(value))
    execution = airflow.run(dags_folder / f"{case.name}.py", scenario.get("input", {}), scenario.get("replies", {}))
    expected = scenario["expected"]
    assert (execution.status, execution.error) == (expected["status"], expected.get("error")), execution.task_states
    assert strict(execution.output) == strict(expected.get("output"))
    if "calls" in expected:
        made = [{"state": c.state, "action": c.action, "arguments": c.arguments} for c in execution.calls]
        assert comparable(made, scenario) == comparable(expected["calls"], scenario)
    if "retry_delays" in scenario:
        assert {state: list(delays) for state, delays in execution.retry_delays.items()} == scenario["retry_delays"]
    for state, seconds in scenario.get("waits", {}).items():
        assert list(execution.waits.get(state, ())) == pytest.approx([wait for wait in seconds if wait > 0], abs=2)


@pytest.mark.parametrize(("case", "scenario"), SCENARIOS)
def test_expectation_in_the_interpreter(case: Path, scenario: dict[str, Any]) -> None:
    if "differs_from_aws" in scenario:
        pytest.skip(scenario["differs_from_aws"])
    execution, expected = interpret(case, scenario), dict(scenario["expected"])
    calls = expected.pop("calls")
    assert strict(outcome(execution)) == strict(expected), execution.cause
    assert comparable(calls_made(execution), scenario) == comparable(calls, scenario)
    assert retry_delays(execution) == scenario.get("retry_delays", {})
    assert waits(execution) == scenario.get("waits", {})


@pytest.mark.parametrize(
    "case", [case for case in CASES if not case.name.startswith("unsupported_")], ids=lambda c: c.name
)
def test_scenarios_reach_everything(case: Path) -> None:
    """Every state and every edge, catchers included, except what no transition leads to."""
    executions = [interpret(case, scenario) for scenario in scenarios(case)]
    states, edges = reachable(machine(case))
    never = {f"/States/{name}" for name in NEVER.get(case.name, ())}
    assert states - {at for execution in executions for at in execution.states} == never
    missed = edges - {(edge.source, edge.target) for execution in executions for edge in execution.edges}
    assert {target for _, target in missed} == never
