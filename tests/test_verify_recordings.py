"""Recorded executions and histories: replayed, compared around what was redacted, and different where they differ."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from command import Run
from running import chain, machine_of, task

from benchmarks.recordings import NOT_EQUAL
from sfn_airflow_core.interpreter import execute, history, read_replies
from sfn_airflow_core.verify.history import from_history
from sfn_airflow_core.verify.recordings import compare, fits, in_interpreter
from sfn_airflow_core.verify.scenario import BadScenarios

ONE = chain(task(ResultPath="$.found"), {"Type": "Pass"})
RECORD: dict[str, Any] = {
    "id": "one",
    "definition": ONE,
    "input": {"n": 1},
    "type": "STANDARD",
    "status": "SUCCEEDED",
    "output": {"n": 1, "found": {"x": 2}},
    "error": None,
    "task_results": [{"state": "A", "ok": True, "output": {"x": 2}}],
    "state_outputs": {"B": [{"n": 1, "found": {"x": 2}}]},
    "needs_external_data": False,
    "has_placeholders": False,
}


def put(*records: dict[str, Any]) -> None:
    Path("r.jsonl").write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")


@pytest.mark.parametrize("engine", ["interpreter", "airflow"])
def test_a_recording_is_replayed(call: Run, airflow: Any, engine: str) -> None:
    put(RECORD, {**RECORD, "id": "two", "output": {"n": 2}})
    code, out, _ = call("verify", "--recordings", "r.jsonl", "--engine", engine, "--format", "json")
    value = json.loads(out)
    assert code == 1
    assert value["engine"] == engine
    assert [(s["id"], s["equal"]) for s in value["scenarios"]] == [("one", True), ("two", False)]
    assert value["scenarios"][1]["differences"][0]["at"] == "output"
    assert call("verify", "--recordings", "r.jsonl", "--engine", engine, "--only", "one")[0] == 0


def test_what_was_not_recorded_is_not_comparable_and_alone_it_is_an_error(call: Run) -> None:
    put({**RECORD, "task_results": []})
    code, out, err = call("verify", "--recordings", "r.jsonl", "--engine", "interpreter")
    assert code == 2
    assert "not comparable: the recording has no result for A" in out
    assert "nothing was compared" in err


def test_a_line_that_is_no_record_is_named(call: Run) -> None:
    Path("r.jsonl").write_text('{"id": "x"}\n', encoding="utf-8")
    code, _, err = call("verify", "--recordings", "r.jsonl", "--engine", "interpreter")
    assert code == 2
    assert "r.jsonl:1: id, definition, input and status are needed" in err


def test_redacted_parts_are_compared_around() -> None:
    redacted = {**RECORD, "output": {"n": 1, "found": {"x": "<id:1>"}}, "state_outputs": {}}
    outcome = compare(redacted, in_interpreter)
    assert (outcome.equal, outcome.around) == (True, ("what the recorder redacted",))
    assert not compare({**redacted, "output": {"n": 2, "found": {"x": "<id:1>"}}}, in_interpreter).equal


@pytest.mark.parametrize(
    ("want", "have", "same"),
    [
        ("<arn>", "arn:aws:x", True),
        ("id <n> of it", "id 7 of it", True),
        ("id <n> of it", "id 7 of that", False),
        ({"a": "date"}, {"a": "2026-01-01"}, True),
        ([1], [True], False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
    ],
)
def test_fits(want: Any, have: Any, same: bool) -> None:
    assert fits(want, have) is same


def test_every_recording_of_the_service_is_equal_in_the_interpreter(call: Run, corpus: Path) -> None:
    source = corpus / "aws-recordings.jsonl"
    code, out, _ = call("verify", "--recordings", str(source), "--engine", "interpreter", "--format", "json")
    scenarios = json.loads(out)["scenarios"]
    assert code == 0
    assert sum(scenario["equal"] for scenario in scenarios) >= 660
    assert all(scenario["reason"] for scenario in scenarios if not scenario["comparable"])


def test_the_document_names_exactly_what_the_dags_do_not_repeat() -> None:
    """``python -m benchmarks.recordings`` fails where the table of the benchmark is not exact."""
    text = (Path(__file__).parents[1] / "docs" / "recordings.md").read_text(encoding="utf-8")
    written = re.findall(r"^\| `(test_[^`]+)` \| (.+) \|$", text, re.MULTILINE)
    known = [(id.rpartition("|")[0].rpartition("::")[2], why) for id, why in NOT_EQUAL.items()]
    assert sorted(written) == sorted(known)


def history_of(definition: dict[str, Any], replies: Any, value: Any) -> tuple[Any, list[dict[str, Any]]]:
    machine = machine_of(definition)
    execution = execute(machine, value, read_replies(replies))
    return machine, history(execution)


def test_a_history_becomes_a_scenario() -> None:
    replies = {"A": [{"error": "Busy", "cause": "later"}, {"result": {"x": 2}}]}
    retry = [{"ErrorEquals": ["Busy"], "MaxAttempts": 1}]
    machine, events = history_of(chain(task(ResultPath="$.found", Retry=retry)), replies, {"n": 1})
    scenario = from_history(events, machine)
    assert scenario.input == {"n": 1}
    assert scenario.replies == replies
    assert scenario.expected == {"status": "SUCCEEDED", "error": None, "output": {"n": 1, "found": {"x": 2}}}


def test_items_of_a_map_keep_their_replies() -> None:
    inner = {"StartAt": "I", "States": {"I": task(End=True)}}
    definition = chain({"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": inner})
    replies = {"I": {"0": [{"result": "zero"}], "1": [{"error": "Bad", "cause": "no"}]}}
    machine, events = history_of(definition, replies, {"items": [5, 6]})
    scenario = from_history(events, machine)
    assert scenario.replies == replies
    assert scenario.expected == {"status": "FAILED", "error": "Bad"}


def test_half_a_history_is_refused() -> None:
    machine, events = history_of(chain({"Type": "Pass"}), {}, {})
    with pytest.raises(BadScenarios, match="the whole execution"):
        from_history(events[:-1], machine)


def test_a_history_verifies_a_dag(call: Run, airflow: Any) -> None:
    _, events = history_of(ONE, {"A": [{"result": {"x": 2}}]}, {"n": 1})
    Path("m.asl.json").write_text(json.dumps(ONE), encoding="utf-8")
    Path("h.json").write_text(json.dumps({"events": events}), encoding="utf-8")
    code, out, err = call("verify", "m.asl.json", "--from-history", "h.json")
    assert (code, err) == (0, ""), out
