"""Goldens: readable pairs of a state machine and its DAG file, and the proof that both behave the same.

``fixtures/sfn2airflow/<case>/`` holds ``machine.asl.json``, ``dag.py``, ``findings.json`` and ``scenarios.json``. Text and findings
are compared exactly (``--update-goldens`` rewrites them); every scenario runs on a real Airflow in this process and is compared
with what it expects: status, output, error name and service calls. The expectation itself is checked against the reference
interpreter, which knows nothing of Airflow.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sfn2airflow import runtime
from sfn2airflow.layout import format_sources
from sfn2airflow.options import Options
from sfn2airflow.translate import translate_text

CASES = sorted(path.parent for path in (Path(__file__).parents[1] / "fixtures" / "sfn2airflow").glob("*/machine.asl.*"))


def machine_file(case: Path) -> Path:
    return next(iter(sorted(case.glob("machine.asl.*"))))


def scenarios(case: Path) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads((case / "scenarios.json").read_text(encoding="utf-8"))
    return loaded


SCENARIOS = [pytest.param(case, scenario, id=f"{case.name}-{scenario['id']}") for case in CASES for scenario in scenarios(case)]


@pytest.fixture(scope="module")
def airflow() -> Iterator[Any]:
    pytest.importorskip("airflow", reason="scenarios run on a real Airflow")
    from sfn_airflow_core.verify.airflow_runner import AirflowSession

    with AirflowSession() as session:
        yield session


@pytest.fixture(scope="module")
def dags_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dags")
    shutil.copytree(Path(next(iter(runtime.__path__))), folder / "asl_runtime", ignore=shutil.ignore_patterns("__pycache__"))
    for case in CASES:
        shutil.copy(case / "dag.py", folder / f"{case.name}.py")
    return folder


def test_there_are_goldens() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_text_and_findings(case: Path, update_goldens: bool) -> None:
    source = machine_file(case)
    translation = translate_text(source.read_bytes(), source.name, Options(dag_id=case.name))
    assert translation.text is not None, translation.report.problems
    (text,) = format_sources([translation.text])
    found = [
        {"code": f.finding.code, "fidelity": f.finding.fidelity.name, "at": f.finding.at, "message": f.finding.message()}
        for f in translation.report.findings
    ]
    findings = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    if update_goldens:
        (case / "dag.py").write_text(text, encoding="utf-8")
        (case / "findings.json").write_text(findings, encoding="utf-8")
    assert text == (case / "dag.py").read_text(encoding="utf-8")
    assert findings == (case / "findings.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(("case", "scenario"), SCENARIOS)
def test_behaviour_on_airflow(case: Path, scenario: dict[str, Any], airflow: Any, dags_folder: Path) -> None:
    execution = airflow.run(dags_folder / f"{case.name}.py", scenario.get("input", {}), scenario.get("replies", {}))
    expected = scenario["expected"]
    assert (execution.status, execution.error) == (expected["status"], expected.get("error")), execution.task_states
    assert execution.output == expected.get("output")
    if "calls" in expected:
        skipped = set(scenario.get("calls_not_compared", ()))
        made = [[call.state, call.action, call.arguments] for call in execution.calls if call.state not in skipped]
        assert in_any_order(made) == in_any_order(expected["calls"])
    if "retry_delays" in expected:
        assert {state: list(delays) for state, delays in execution.retry_delays.items()} == expected["retry_delays"]


def in_any_order(calls: list[Any]) -> list[str]:
    """Calls of branches and items have no order among them, so all are compared as a multiset."""
    return sorted(json.dumps(call, sort_keys=True) for call in calls)
