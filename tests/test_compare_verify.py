"""``compare --verify``: whether a machine and a DAG file behave the same, found by running both."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import Run

pytest.importorskip("airflow", reason="both sides are run")

COMPARE = Path(__file__).parent.parent / "fixtures" / "compare"
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


def test_a_pair_written_independently_is_run_by_what_was_matched(call: Run):
    pair = [str(COMPARE / "sales_pair.asl.json"), str(COMPARE / "sales_pair.py")]
    code, out, err = call("compare", *pair, "--scenarios", str(COMPARE / "sales_pair.scenarios.json"), "--verify")
    assert code == 0, err
    told = " ".join(out.rpartition("Run with the same replies:")[2].split())
    assert told.startswith("0 of 2 scenarios end the same, run the same tasks and make the same calls.")
    # the DAG does not hand the day to the function, and tries it again for every error
    assert "ordinary day: ExtractSales (call Payload): expected {'day': '2026-01-01'}, got nothing" in told
    assert "extract fails: ExtractSales (call): expected nothing, got {'state': 'ExtractSales'" in told
    assert "status" not in told
