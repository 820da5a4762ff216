"""``compare --verify``: whether a machine and a DAG file behave the same, found by running both."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import Run

pytest.importorskip("airflow", reason="both sides are run")

DEMO = Path(__file__).parent.parent / "fixtures" / "demo"


def test_a_changed_dag_behaves_differently_and_the_first_difference_is_shown(call: Run):
    machine, scenario = str(DEMO / "order_fulfilment.asl.json"), str(DEMO / "scenario.json")
    assert call("convert", machine, "-o", "dags", "-q")[0] == 0
    dag = Path("dags/order_fulfilment.py")
    code, out, err = call("compare", machine, str(dag), "--scenarios", scenario, "--verify")
    assert code == 0, err
    assert "Run with the same replies: 1 of 1 scenarios behave the same." in out
    text = dag.read_text(encoding="utf-8")
    assert "parcels" in text
    dag.write_text(text.replace("parcels", "boxes"), encoding="utf-8")
    code, out, err = call("compare", machine, str(dag), "--scenarios", scenario, "--verify")
    assert code == 0, err
    assert "Run with the same replies: 0 of 1 scenarios behave the same." in out
    assert "output" in out.rpartition("behave the same.")[2]
