"""Reading and writing what others wrote: recorded answers of AWS, public state machines, fixtures of other linters."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sfn_airflow_core.asl.read import Reading, read_text
from sfn_airflow_core.asl.write import write
from sfn_airflow_core.findings import Problem, UnreadableInput

PUBLIC = "step-functions-workflows-collection"

DISAGREE = {
    # rules of a linter that the service does not have, or has as a warning
    "invalid-exercise-ajv-additional-properties.asl.json": "unknown fields are listed apart",
    "invalid-json-surround-syntax-extra-spaces.json": "white space inside the marks is free",
    "invalid-jsonata-surround-syntax-no-close.json": "a warning: the service takes it as a plain string",
    "invalid-jsonata-surround-syntax-no-open.json": "a warning: the service takes it as a plain string",
    "invalid-jsonata-surround-syntax-no-spaces.json": "white space inside the marks is free",
    "invalid-state-name-too-long.json": "a warning up to 128 characters",
    "invalid-task-alias-function.json": "the name of a function inside an ARN is not judged",
    "invalid-unreachable-state.json": "a warning",
    # accepted by a linter, rejected by the service
    "valid-assign.asl.json": "a variable's name has no hyphen",
    "valid-map-with-item-batcher-jsonata.json": "AWS rejects JSONPath in a JSONata machine (recorded)",
    "valid-path-array-context.json": "script expressions are no part of the dialect",
    "valid-task-credentials.json": "AWS requires RoleArn (recorded)",
}


def lines(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def attempt(text: str, machine_type: Any = "STANDARD") -> tuple[Reading | None, tuple[Problem, ...]]:
    try:
        reading = read_text(text, "definition.json", machine_type=machine_type)
    except UnreadableInput as unreadable:
        return None, unreadable.problems
    return reading, reading.problems


def test_the_recorded_answers_of_validate_state_machine_definition(corpus: Path) -> None:
    for case in lines(corpus / "aws-validation.jsonl"):
        _, problems = attempt(case["request"]["definition"], case["request"]["type"])
        found = [p for p in problems if p.severity == "ERROR"]
        wanted = case["response"]
        assert ("FAIL" if found else "OK") == wanted["result"], case["id"]
        assert [p.code for p in found] == [d["code"] for d in wanted["diagnostics"]], case["id"]
        for problem, diagnostic in zip(found, wanted["diagnostics"], strict=True):
            if diagnostic.get("location", "").startswith("/"):
                assert (problem.at or "/", problem.message) == (diagnostic["location"], diagnostic["message"])


def test_every_recorded_definition_is_read_and_written(corpus: Path) -> None:
    definitions = {json.dumps(case["definition"]) for case in lines(corpus / "aws-recordings.jsonl")}
    assert len(definitions) > 200
    for text in sorted(definitions):
        reading, problems = attempt(text)
        assert [p for p in problems if p.severity == "ERROR"] == [], text
        assert reading is not None
        assert reading.unknown == (), text
        round_trip(reading)


def round_trip(reading: Reading) -> None:
    assert reading.machine is not None
    text = write(reading.machine)
    again = read_text(text, "again.json").machine
    assert again == reading.machine, text
    assert again is not None
    assert write(again) == text


def test_every_public_state_machine_is_read_and_written(corpus: Path) -> None:
    files = sorted((corpus / "state-machines" / PUBLIC).glob("*.json"))
    assert len(files) >= 100
    for file in files:
        reading, problems = attempt(file.read_text(encoding="utf-8"))
        assert [p for p in problems if p.severity == "ERROR"] == [], file.name
        assert reading is not None
        round_trip(reading)


def test_public_state_machines_are_read_fast(corpus: Path) -> None:
    texts = [file.read_bytes() for file in sorted((corpus / "state-machines" / PUBLIC).glob("*.json"))]
    start = time.process_time()
    for text in texts:
        read_text(text, "x.json")
    assert time.process_time() - start < 0.5


def others(corpus: Path) -> Iterator[tuple[str, str]]:
    """Origin and text of the fixtures of linters and emulators."""
    folder = corpus / "state-machines"
    for line in (folder / "sources.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        name, origin = line.split("\t")
        if not name.startswith(PUBLIC):
            yield origin.rsplit("/", 1)[1], (folder / name).read_text(encoding="utf-8")


def test_fixtures_of_other_tools_give_a_machine_or_located_errors(corpus: Path) -> None:
    for origin, text in others(corpus):
        reading, problems = attempt(text)
        errors = [p for p in problems if p.severity == "ERROR"]
        assert (reading is not None and reading.machine is not None) != bool(errors), origin
        assert all(p.span is not None and p.message for p in problems), origin
        if reading is not None and reading.machine is not None:
            round_trip(reading)


def test_the_verdict_is_that_of_the_fixture_except_where_the_service_decides_otherwise(corpus: Path) -> None:
    differing = set()
    for origin, text in others(corpus):
        _, problems = attempt(text)
        rejected = any(p.severity == "ERROR" for p in problems)
        # keys that were there twice are lost in the corpus, which was written out again
        if "duplicate-fields" in origin or "dupe-fields" in origin:
            continue
        if (origin.startswith("invalid-") and not rejected) or (origin.startswith("valid-") and rejected):
            differing.add(origin)
    assert differing == set(DISAGREE)
