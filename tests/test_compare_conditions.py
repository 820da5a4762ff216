"""What a Choice and a branching task decide, compared by meaning."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from choosing import CHOOSING, choice
from command import Run, put

from sfn_airflow_core.compare.conditions import atoms

COMPARE = Path(__file__).parent.parent / "fixtures" / "compare"


@pytest.mark.parametrize(
    ("machine", "text", "difference"),
    [
        (choice(5), CHOOSING, ""),
        (choice(10), CHOOSING, "count 10: goes to stop, and to load"),
        (choice(5), CHOOSING.replace("count > 5", "count >= 5"), "count 5: goes to stop, and to load"),
        (choice(5), CHOOSING.replace('return "stop"', 'return "nowhere"'), "count 5: goes to stop, and to nowhere"),
        (choice(5), CHOOSING.replace("count > 5", "rule(count)"), "not compared by meaning (rule(count))"),
        (
            choice(5),
            CHOOSING.replace('return "load"', "return pick()").replace('return "stop"', "return pick()"),
            "known",
        ),
    ],
    ids=["same", "literal", "operator", "way", "hidden", "unknown"],
)
def test_conditions_are_compared(call: Run, machine: Any, text: str, difference: str):
    put("m.json", machine)
    put("choosing.py", text)
    code, out, err = call("compare", "m.json", "choosing.py", "--format", "json")
    assert code == 0, err
    matches = {row["state"]: row for row in json.loads(out)["workflows"][0]["structure"]["matches"]}
    assert matches["Enough"]["task"] == "enough"
    told = " | ".join(matches["Enough"]["differences"])
    assert difference in told if difference else told == ""


def jsonata(condition: str) -> Any:
    """The same machine with a rule in JSONata."""
    machine = choice(5)
    rule = {"Condition": f"{{% {condition} %}}", "Next": "load"}
    machine["States"]["Enough"] = {"Type": "Choice", "Choices": [rule], "Default": "stop", "QueryLanguage": "JSONata"}
    return machine


@pytest.mark.parametrize(
    ("machine", "test", "difference"),
    [
        (choice(5), "not count <= 5", ""),
        (choice(5), "5 < data['count']", ""),
        (choice(5), "len(files) > 5", "asks about count, and about the length of files"),
        (choice(5), "len(files) > 6", "count 6: goes to load, and to stop"),  # there is no other value that it could be
        (choice(5), "ti.xcom_pull(task_ids='count') > 5", ""),
        (choice(5), "5 < count < 9", "count 9: goes to load, and to stop"),
        (choice(5), "count > 5 or limit > 5", "count 5, limit 6: goes to stop, and to load"),
        (jsonata("$states.input.count > 5 and $states.input.open"), "open and count > 5", ""),
        (jsonata("$states.input.count > 5 and $states.input.open"), "not (count <= 5 or not open)", ""),
        (jsonata("$states.input.count > 5 and $states.input.open"), "open or count > 5", "goes to stop, and to load"),
        (jsonata("$states.input.kind in ['a', 'b']"), "kind == 'b' or kind == 'a'", ""),
        (jsonata("$states.input.kind in ['a', 'b']"), "kind != 'c'", "kind another text: goes to stop, and to load"),
        (jsonata("$exists($states.input.note)"), "'note' in data", ""),
        (jsonata("$states.input.note = null"), "note is not None", "note null: goes to load, and to stop"),
        (jsonata("$count($states.input.files) > 5"), "len(files) > 5", ""),
        (jsonata("$sum($states.input.sizes) > 5"), "sum(sizes) > 5", "not compared by meaning ($sum("),
        (jsonata("$states.input.a > 1 and $states.input.b > 1"), "x > 1 and y > 1", "(x: no value"),
    ],
)
def test_conditions_are_compared_by_meaning(call: Run, machine: Any, test: str, difference: str):
    put("m.json", machine)
    put("choosing.py", CHOOSING.replace("count > 5", test).replace("def enough(count)", "def enough(count, data=None)"))
    code, out, err = call("compare", "m.json", "choosing.py", "--format", "json")
    assert code == 0, err
    matches = {row["state"]: row for row in json.loads(out)["workflows"][0]["structure"]["matches"]}
    told = " | ".join(matches["Enough"]["differences"])
    assert difference in told if difference else not told, told


def test_a_condition_that_was_changed_in_a_generated_dag_is_found(call: Run):
    machine = str(COMPARE / "hourly_etl.asl.json")
    assert call("convert", machine, "-o", "dags", "-q")[0] == 0
    code, out, _ = call("compare", machine, "dags/hourly_etl.py", "--format", "json")
    structure = json.loads(out)["workflows"][0]["structure"]
    assert [row["state"] for row in structure["matches"] if row["differences"]] == []
    text = Path("dags/hourly_etl.py").read_text(encoding="utf-8")
    assert "> 0" in text
    put("dags/hourly_etl.py", text.replace("> 0", "> 1"))
    code, out, _ = call("compare", machine, "dags/hourly_etl.py", "--format", "json")
    assert code == 0
    structure = json.loads(out)["workflows"][0]["structure"]
    changed = {row["state"]: row["differences"] for row in structure["matches"] if row["differences"]}
    assert changed == {"Any Files?": ["count 1: goes to Clean, and to done"]}


def test_atoms_are_spelt_alike_in_both_languages():
    assert atoms("$.a = 'x' and $n >= -1.5") == atoms("data['a'] == \"x\" and n >= -1.5")
    assert atoms("$.ok is true") == atoms("ok is True") == {("==", "true")}
