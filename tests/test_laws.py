"""What holds for every translation: the same bytes each time, nothing ignored, files that Airflow and ruff accept."""

from __future__ import annotations

import ast
import dataclasses
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from goldens import CASES, machine
from ruff import find_ruff_bin

from sfn2airflow.options import Options
from sfn2airflow.translate import translate
from sfn2airflow.translation.ledger import Ledger
from sfn2airflow.writing.dag import RESERVED, write
from sfn2airflow.writing.layout import LINE_LENGTH
from sfn_airflow_core.asl import model
from sfn_airflow_core.asl.model import Machine
from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.asl.write import write as write_definition
from sfn_airflow_core.dag.names import Names
from sfn_airflow_core.expr.errors import ExpressionError

TRANSLATED_TWICE = """
import hashlib, json, sys
sys.path.insert(0, sys.argv[1])
from goldens import CASES, machine_file
from sfn2airflow.translate import translate_text
from sfn_airflow_core.findings import Report
from sfn_airflow_core.render.json_format import render_json
for case in CASES:
    translation = translate_text(machine_file(case).read_bytes(), machine_file(case).name)
    report = render_json(Report("sfn2airflow", (translation.report,)))
    print(case.name, hashlib.sha256((translation.text + report).encode()).hexdigest())
"""
SERIALISED_TWICE = """
import hashlib, json, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from sfn_airflow_core.verify.airflow_process import open_airflow
with open_airflow():
    from airflow.dag_processing.dagbag import DagBag
    from airflow.serialization.serialized_objects import DagSerialization
    folder = Path(sys.argv[2])
    sys.path.insert(0, str(folder))
    for path in sorted(folder.glob("*.py")):
        bag = DagBag(dag_folder=str(path), bundle_path=folder, bundle_name="dags-folder", safe_mode=False)
        assert not bag.import_errors, bag.import_errors
        for _, dag in sorted(bag.dags.items()):
            told = DagSerialization.serialize_dag(dag)
            del told["_processor_dags_folder"]  # of this process
            told = json.dumps(told, sort_keys=True, default=str)  # Airflow's members come from sets
            print(path.name, dag.dag_id, len(dag.tasks), hashlib.sha256(told.encode()).hexdigest())
"""


def in_two_processes(program: str, *arguments: str) -> tuple[str, str]:
    """What a program prints with two different hash seeds."""

    def printed(seed: str) -> str:
        command = [sys.executable, "-c", program, str(Path(__file__).parent), *arguments]
        done = subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    return printed("1"), printed("2024")


def test_the_same_input_gives_the_same_bytes() -> None:
    first, second = in_two_processes(TRANSLATED_TWICE)
    assert first == second
    assert len(first.splitlines()) == len(CASES)


def test_the_dag_that_airflow_keeps_is_the_same_in_every_process(dags_folder: Path) -> None:
    pytest.importorskip("airflow")
    first, second = in_two_processes(SERIALISED_TWICE, str(dags_folder))
    assert first == second
    assert len(first.splitlines()) >= len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_reading_what_was_written(case: Path) -> None:
    definition = machine(case)
    again = read_text(write_definition(definition), "again.asl.json")
    assert again.machine == definition
    assert write_definition(again.machine) == write_definition(definition)


def test_generated_files_are_clean() -> None:
    files = [str(case / "dag.py") for case in CASES]
    for path in files:
        ast.parse(Path(path).read_text(encoding="utf-8"), path)
    options = ["--isolated", "--no-cache", "--line-length", str(LINE_LENGTH), "--target-version", "py311"]
    rules = ["--preview", "--select", "AIR,F,E9,E501,B,UP"]
    for command in (["check", *options, *rules], ["format", "--check", *options]):
        done = subprocess.run([find_ruff_bin(), *command, *files], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


# Fields without any influence on the translation, and why that is no loss.
WITHOUT_INFLUENCE = {
    ("Machine", "version"): "there is only one version, 1.0",
    ("Machine", "query_language"): "the states carry it: PathFlow or QueryFlow",
    ("Retrier", "comment"): "words for readers of the definition",
    ("Catcher", "comment"): "words for readers of the definition",
    ("PathRule", "comment"): "words for readers of the definition",
    ("QueryRule", "comment"): "words for readers of the definition",
    ("Map", "label"): "names the child executions in ARNs, which Airflow has not",
}
EVERY_FIELD = """
Comment: every field that the goldens do not have
StartAt: Work
States:
  Work:
    Type: Task
    Resource: arn:aws:states:::dynamodb:getItem
    Comment: a comment
    Parameters: {TableName: t}
    Credentials: {RoleArn: "arn:aws:iam::111122223333:role/other"}
    Retry: [{ErrorEquals: [A], JitterStrategy: FULL, Comment: why}]
    Catch: [{ErrorEquals: [B], Next: Pick, Comment: why, Assign: {x: 1}}]
    Next: Both
  Both:
    Type: Parallel
    Comment: a comment
    Branches: [{StartAt: One, Comment: a comment, States: {One: {Type: Pass, Comment: a comment, End: true}}}]
    Retry: [{ErrorEquals: [A]}]
    Next: Each
  Each:
    Type: Map
    Comment: a comment
    ItemsPath: $.items
    ItemProcessor:
      StartAt: Two
      States: {Two: {Type: Wait, Comment: a comment, Seconds: 1, OutputPath: $.a, End: true}}
    Retry: [{ErrorEquals: [A]}]
    Next: Far
  Far:
    Type: Map
    MaxConcurrency: 3
    ToleratedFailureCount: 2
    ToleratedFailurePercentage: 10
    ItemReader:
      Resource: arn:aws:states:::s3:getObject
      ReaderConfig:
        {InputType: CSV, CSVHeaderLocation: GIVEN, CSVHeaders: [a], CSVDelimiter: PIPE, MaxItems: 5}
      Parameters: {Bucket: b, Key: k}
    ItemBatcher: {MaxItemsPerBatch: 2, MaxInputBytesPerBatch: 100, BatchInput: {x: 1}}
    ResultWriter:
      Resource: arn:aws:states:::s3:putObject
      Parameters: {Bucket: b, Prefix: p}
      WriterConfig: {OutputType: JSONL, Transformation: COMPACT}
    ItemProcessor:
      ProcessorConfig: {Mode: DISTRIBUTED, ExecutionType: EXPRESS}
      StartAt: Three
      States: {Three: {Type: Pass, End: true}}
    Next: Flat
  Flat:
    Type: Map
    ItemReader:
      Resource: arn:aws:states:::s3:listObjectsV2
      ReaderConfig: {Transformation: LOAD_AND_FLATTEN, InputType: JSON, ItemsPointer: /a}
      Parameters: {Bucket: b}
    ItemProcessor:
      ProcessorConfig: {Mode: DISTRIBUTED, ExecutionType: STANDARD}
      StartAt: Four
      States: {Four: {Type: Pass, End: true}}
    Next: Manifest
  Manifest:
    Type: Map
    ItemReader:
      Resource: arn:aws:states:::s3:getObject
      ReaderConfig: {ManifestType: ATHENA_DATA, InputType: JSONL}
      Parameters: {Bucket: b, Key: k}
    ItemProcessor:
      ProcessorConfig: {Mode: DISTRIBUTED, ExecutionType: STANDARD}
      StartAt: Five
      States: {Five: {Type: Pass, End: true}}
    Next: Rest
  Rest: {Type: Wait, Comment: a comment, Seconds: 1, OutputPath: $.a, Next: Pick}
  Pick:
    Type: Choice
    Comment: a comment
    InputPath: $.a
    Choices: [{Variable: $.a, IsPresent: true, Next: Done, Comment: why, Assign: {y: 1}}]
    Default: Lost
  Done: {Type: Succeed, Comment: a comment}
  Lost: {Type: Fail, Comment: a comment, Error: E}
"""


def model_fields() -> set[tuple[str, str]]:
    classes = [value for value in vars(model).values() if dataclasses.is_dataclass(value) and isinstance(value, type)]
    abstract = {"Common", "Flowing"}
    return {
        (cls.__name__, field.name)
        for cls in classes
        if cls.__module__ == model.__name__ and cls.__name__ not in abstract
        for field in dataclasses.fields(cls)
        if field.name != "at"
    }


def mutations(value: Any) -> Iterator[tuple[tuple[str, str], Any]]:
    """The model with one field changed: every field of every node, one at a time."""
    if isinstance(value, tuple):
        for index, element in enumerate(value):
            for place, changed in mutations(element):
                yield place, (*value[:index], changed, *value[index + 1 :])
    elif isinstance(value, dict):
        for key, element in value.items():
            for place, changed in mutations(element):
                yield place, {**value, key: changed}
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            held = getattr(value, field.name)
            for place, changed in mutations(held):
                yield place, dataclasses.replace(value, **{field.name: changed})
            if field.name != "at":
                for other in different(held, field):
                    yield (type(value).__name__, field.name), dataclasses.replace(value, **{field.name: other})


def different(held: Any, field: dataclasses.Field[Any]) -> Iterator[Any]:
    """Other values that a field can have: another of the same kind, and that of an absent field."""
    if field.name in STRUCTURE:
        return
    if field.default is not dataclasses.MISSING and held != field.default:
        yield field.default
    match field.name, held:
        case _, bool():
            yield not held
        case _, int() | float():
            yield held + 7
        case "jitter_strategy", _:
            yield "FULL" if held == "NONE" else "NONE"
        case "mode", _:
            yield "DISTRIBUTED" if held == "INLINE" else "INLINE"
        case "operator", _:
            yield "IsPresent" if held != "IsPresent" else "IsNull"
        case (("input_path" | "result_path" | "output_path" | "variable" | "path"), str()):
            yield "$.other"
        case _, str():
            yield f"{held} other"
        case _, tuple() if held and isinstance(held[0], str):
            yield (*held, "Other")
        case _, tuple() if held:
            yield held[:-1]
        case _, model.Given():
            yield model.Given("other")
        case _, model.PathRef():
            yield model.PathRef("$.other")
        case _, dict():
            yield {}
        case _:
            pass


# Fields that hold the structure: what follows from a change of these is what every golden shows.
STRUCTURE = {
    "start_at",
    "next",
    "default",
    "name",
    "states",
    "processor",
    "branches",
    "flow",
    "choices",
    "rules",
    "rule",
    "condition",
}


def outcome(definition: Machine) -> tuple[str, tuple[str, ...]]:
    ledger = Ledger(Names((*RESERVED, "case")))
    try:
        dag = translate(definition, "case", "case.asl.json", ledger)
        text = write(dag, Options(dag_id="case"), ledger.constants)
    except (ExpressionError, AssertionError) as error:  # no reader gives such a model: the field is not ignored
        return f"{type(error).__name__}: {error}", ()
    return text, tuple(map(repr, ledger.findings))


def test_every_field_has_influence_or_a_reason() -> None:
    """A field that can be changed without any change of the file or of the findings would be lost in silence."""
    reading = read_text(EVERY_FIELD, "every.asl.yaml")
    assert reading.machine is not None, reading.problems
    seen: dict[tuple[str, str], int] = defaultdict(int)
    influence: set[tuple[str, str]] = set()
    for definition in [reading.machine, *(machine(case) for case in CASES)]:
        before = outcome(definition)
        for place, changed in mutations(definition):
            if place in influence or seen[place] > 4:
                continue
            seen[place] += 1
            if outcome(changed) != before:
                influence.add(place)
    excused = {
        (cls, name)
        for cls, name in model_fields()
        if (cls, name) in WITHOUT_INFLUENCE or (cls, "*") in WITHOUT_INFLUENCE
    }
    structure = {(cls, name) for cls, name in model_fields() if name in STRUCTURE}
    assert model_fields() - influence - excused - structure == set(), dict(seen)
    assert {place for place in WITHOUT_INFLUENCE if place in influence} == set(), "these excuses are not needed"
