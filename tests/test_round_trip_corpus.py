"""State machines of others, as DAGs and back again: the same normal form, and the same end of every scenario.

The scenarios are those that ``verify`` generates: every rule, catcher, retry and number of items that it reaches.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from goldens import calls_made, retry_delays, waits
from normal_form import normal
from recordings import lines, replies_of
from shared import CORPUS

from airflow2sfn.generated import Back, read_back
from sfn2airflow.options import Options
from sfn2airflow.services.assumed import assumed_values
from sfn2airflow.services.endings import endings
from sfn2airflow.translate import translate_text
from sfn_airflow_core.asl.model import Machine
from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.asl.write import write
from sfn_airflow_core.findings import Fidelity
from sfn_airflow_core.interpreter import execute, read_replies
from sfn_airflow_core.verify.places import homes
from sfn_airflow_core.verify.scenario import Scenario
from sfn_airflow_core.verify.scenarios import generate_text

MACHINES = CORPUS / "state-machines"
COLLECTION = "step-functions-workflows-collection"
OTHERS = sorted(folder.name for folder in MACHINES.glob("*") if folder.is_dir() and folder.name != COLLECTION)
ENDS = endings()


def definitions(folder: str) -> list[Path]:
    return sorted(path for path in (MACHINES / folder).rglob("*") if path.suffix in (".json", ".yaml", ".yml"))


def there_and_back(path: Path) -> Back | None:
    """The machine that comes back; nothing of one that is wrong, or has a state that cannot be translated."""
    translation = translate_text(path.read_bytes(), path.name, Options(dag_id="there"))
    problems = read_text(path.read_bytes(), path.name).problems
    wrong = any(problem.severity == "ERROR" or problem.code == "SCHEMA_VALIDATION_FAILED" for problem in problems)
    partly = any(found.finding.fidelity is Fidelity.UNSUPPORTED for found in translation.report.findings)
    return None if translation.text is None or wrong or partly else read_back(translation.text, "there")


def scenarios(path: Path) -> tuple[Scenario, ...]:
    try:
        return generate_text(path.read_bytes(), path.name, {}, ENDS, assumed_values).scenarios
    except ValueError:  # no values for its substitutions make it a state machine
        return ()


def ran(text: bytes | str, name: str, scenario: Scenario) -> tuple[Any, ...]:
    reading = read_text(text, name, substitutions=scenario.variables, machine_type=scenario.type)
    assert reading.machine is not None
    machine: Machine = reading.machine
    end = execute(machine, scenario.input, scenario.answers(homes(machine)))
    return end.status, end.output, end.error, [*map(repr, calls_made(end))], waits(end), retry_delays(end)


def differing(path: Path, found: Back) -> Iterator[tuple[str, bool]]:
    """Each scenario of a machine, and whether the machine that came back does otherwise."""
    text = write(found.machine)
    for scenario in scenarios(path):
        first, second = (ran(one, path.name, scenario) for one in (path.read_bytes(), text))
        yield f"{path.name}: {scenario.id}", first != second


def test_the_collection_comes_back(corpus: Path) -> None:
    paths = definitions(COLLECTION)
    back = {path: found for path in paths if (found := there_and_back(path)) is not None}
    assert (len(paths) >= 157, len(back) >= len(paths) - 2) == (True, True), (len(paths), len(back))
    assert [path.name for path, found in back.items() if found.unread or found.translated] == []
    first = {path: read_text(path.read_bytes(), path.name).machine for path in back}
    assert [path.name for path, found in back.items() if normal(found.machine) != normal(first[path])] == []  # type: ignore[arg-type]
    compared = [one for path, found in back.items() for one in differing(path, found)]
    assert [name for name, different in compared if different] == []
    assert len(compared) >= 880


@pytest.mark.parametrize("folder", OTHERS)
def test_other_collections_do_the_same(corpus: Path, folder: str) -> None:
    """Which are written to be wrong in one way, or to be translated by something else."""
    back = {path: found for path in definitions(folder) if (found := there_and_back(path)) is not None}
    assert [path.name for path, found in back.items() if found.unread or found.translated] == []
    compared = [one for path, found in back.items() for one in differing(path, found)]
    assert [name for name, different in compared if different] == []
    assert compared


def test_recorded_machines_do_the_same(corpus: Path) -> None:
    """With the input and the task results of the recorded execution: what the service has done is done by both."""
    records = lines("aws-recordings.jsonl")
    unequal: list[str] = []
    for record in records:
        text = json.dumps(record["definition"])
        dag = translate_text(text, "recorded", Options(dag_id="there")).text
        assert dag is not None
        found = read_back(dag, "there")
        ends = []
        for one in (text, write(found.machine)):
            machine = read_text(one, "recorded").machine
            assert machine is not None
            replies = read_replies({"*": {"result": {}}, **replies_of(record)})
            end = execute(machine, record["input"], replies)
            calls = [*map(repr, calls_made(end))]
            ends.append((end.status, end.output, end.error, calls, waits(end), retry_delays(end)))
        if found.unread or ends[0] != ends[1]:
            unequal.append(record["id"])
    assert (unequal, len(records) >= 689) == ([], True)
