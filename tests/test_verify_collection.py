"""A few public machines through the command: one Airflow for all, every scenario equal, every edge that can be reached.

``make verification`` does the same with all of them.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import Run
from conftest import CORPUS

from benchmarks import verification
from sfn_airflow_core.verify.airflow_runner import AirflowSession

pytest.importorskip("airflow")

COLLECTION = CORPUS / "state-machines" / "step-functions-workflows-collection"
FEW = ("103.asl.json", "115.asl.json", "138.asl.json", "72.asl.json", "98.asl.json")
"""Lambda and services with Catch and Retry, Parallel, a distributed Map, an error of the machine's own."""


def test_a_few_public_machines_are_equal(corpus: Path, call: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[AirflowSession] = []
    enter = AirflowSession.__enter__
    monkeypatch.setattr(AirflowSession, "__enter__", lambda self: opened.append(self) or enter(self))
    code, out, err = call("verify", *(str(COLLECTION / name) for name in FEW), "--format", "json")
    value = json.loads(out)
    assert (code, err) == (0, "")
    assert len(opened) == 1
    assert {scenario["machine"] for scenario in value["scenarios"]} == {f"machine_{n.partition('.')[0]}" for n in FEW}
    assert all(scenario["equal"] for scenario in value["scenarios"])
    assert value["coverage"]["states"][0] == value["coverage"]["states"][1]
    assert value["coverage"]["edges"][0] == value["coverage"]["edges"][1]


def test_known_differences_are_of_machines_that_exist(corpus: Path) -> None:
    assert verification.KNOWN.keys() <= {path.name for path in COLLECTION.iterdir()}
    assert all(verification.KNOWN.values())
