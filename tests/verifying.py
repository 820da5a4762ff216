"""A small machine on both sides: in the reference interpreter, and as the DAG that it is translated to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sfn2airflow.options import Options
from sfn2airflow.translate import translate_text
from sfn_airflow_core.verify.result import Verified
from sfn_airflow_core.verify.scenario import Scenario
from sfn_airflow_core.verify.verification import Subject, verify


def both(airflow: Any, folder: Path, name: str, definition: dict[str, Any], *scenarios: Scenario) -> Verified:
    """A machine that is translated as it is, and its DAG, with scenarios, on both sides."""
    text = json.dumps(definition)
    path = folder / f"{name}.py"
    path.write_text(translate_text(text, f"{name}.asl.json", Options(dag_id=name)).text or "", encoding="utf-8")
    return verify(airflow, Subject(name, f"{name}.asl.json", text, path, scenarios))


def differences(result: Verified) -> list[tuple[str, Any, Any]]:
    """All differences of a result: where, what was expected, what there was."""
    return [(found.at, found.expected, found.actual) for outcome in result.outcomes for found in outcome.differences]
