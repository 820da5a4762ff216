"""Machine, DAG, machine: what sfn2airflow wrote is read back as a state machine that does the same, under its names.

Equal are the end of every scenario of the goldens and its output, or its error; what is wrong with data has one name in
JSONata. What is not read back is named with its reason, so that the number cannot fall unseen.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from goldens import CASES, ByItem, interpret, machine, scenarios

from airflow2sfn.cli import cli
from airflow2sfn.generated import Unreadable, is_generated, read_back
from sfn_airflow_core.asl.model import Json, Machine, Map
from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.asl.write import write
from sfn_airflow_core.interpreter import Execution, execute, read_replies
from sfn_airflow_core.shell.group import run

DATA = {
    "States.Runtime", "States.QueryEvaluationError", "States.ParameterPathFailure", "States.ResultPathMatchFailure",
    "States.IntrinsicFailure", "States.NoChoiceMatched",
}  # fmt: skip
"""Names of errors that are about data."""
MISSING = {"choice_numbers: missing", "choice_paths: the other side is missing"}
"""A missing value in a condition: A2S215."""


def dag_text(case: Path) -> str:
    return (case / "dag.py").read_text(encoding="utf-8")


def back(case: Path) -> Machine | None:
    text = dag_text(case)
    if not is_generated(text):
        return None
    try:
        return read_back(text, case.name).machine
    except Unreadable:
        return None


READ = {case: found for case in CASES if (found := back(case)) is not None}
SCENARIOS = [
    pytest.param(case, one, id=f"{case.name}: {one['id']}")
    for case in READ
    for one in scenarios(case)
    if not one.get("variables") and f"{case.name}: {one['id']}" not in MISSING
]


def end(execution: Execution) -> tuple[str, Json]:
    if execution.status == "SUCCEEDED":
        return execution.status, execution.output
    return execution.status, "data" if execution.error in DATA else execution.error


@pytest.mark.parametrize(("case", "scenario"), SCENARIOS)
def test_ends_as_the_machine_did(case: Path, scenario: dict[str, Json]) -> None:
    definition = READ[case]
    table: dict[str, Json] = {"*": {"result": {}}, **scenario.get("replies", {})}  # type: ignore[dict-item]
    maps = frozenset(state.name for state in definition.walk() if isinstance(state, Map))
    execution = execute(definition, scenario.get("input", {}), ByItem(read_replies(table), frozenset(table), maps))
    assert end(execution) == end(interpret(case, scenario)), (execution.error, execution.cause)


@pytest.mark.parametrize("case", READ, ids=lambda case: case.name)
def test_is_valid_and_keeps_the_names(case: Path) -> None:
    reading = read_text(write(READ[case]), case.name)
    assert (reading.problems, reading.unknown) == ((), ())
    names = {state.name for state in READ[case].walk()}
    lost = {state.name for state in machine(case).walk()} - names
    assert names <= {state.name for state in machine(case).walk()}
    assert len(lost) <= 1, "only a state that does nothing, or that nothing leads to, has no task"


def test_many_are_read_back() -> None:
    assert len(READ) >= 37


def test_converts_on_the_command_line(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.name == "order_compensation")
    assert run(cli, "airflow2sfn", "0", ["convert", str(case / "dag.py"), "-o", str(tmp_path)]) == 0
    (written,) = tmp_path.rglob("*.asl.json")
    assert written.read_text(encoding="utf-8") == write(READ[case])


def test_says_what_is_not_read_back() -> None:
    text = dag_text(next(case for case in CASES if case.name == "nested_map"))
    with pytest.raises(Unreadable, match="child_dag") as caught:
        read_back(text, "nested_map")
    assert "child_dag(" in text.splitlines()[caught.value.line - 1]
