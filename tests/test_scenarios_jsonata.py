"""Generated scenarios of machines in JSONata, as people write them: every state and edge is reached that can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.interpreter import execute
from sfn_airflow_core.verify.places import homes
from sfn_airflow_core.verify.scenarios import generate_text

MACHINES = sorted((Path(__file__).parents[1] / "fixtures" / "scenarios").glob("*.asl.json"))
_NOTHING = "All?: no value meets the conditions on the way"
OUT_OF_REACH = {
    # Of two items one is lost: that is not fewer than are not.
    "chunked_children": {"/States/Partly": _NOTHING, "/States/All?/Choices/1": _NOTHING},
    # Reserve leaves "reserve" in $done, or fails, and then says why.
    "order_saga": {"/States/Undo?/Default": "Undo?: no value meets the conditions on the way"},
}


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.name.removesuffix(".asl.json"))
def test_everything_is_reached(path: Path) -> None:
    generated = generate_text(path.read_bytes(), path.name, {})
    assert dict(generated.missed) == OUT_OF_REACH.get(path.name.removesuffix(".asl.json"), {})


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.name.removesuffix(".asl.json"))
def test_no_execution_ends_in_an_expression(path: Path) -> None:
    """What expressions read is there, and of the kind that they take."""
    machine = read_text(path.read_bytes(), path.name).machine
    assert machine is not None
    for scenario in generate_text(path.read_bytes(), path.name, {}).scenarios:
        run = execute(machine, scenario.input, scenario.answers(homes(machine)))
        assert run.error not in ("States.QueryEvaluationError", "States.Runtime"), (scenario.id, run.cause)


def test_there_are_machines() -> None:
    assert len(MACHINES) >= 10
