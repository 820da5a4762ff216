"""Machine, DAG, machine: what sfn2airflow wrote is read back as a state machine that does the same, under its names.

Equal are the end of every scenario of the goldens with its output, or its error; the calls; the waits; the delays of
retries. What is wrong with data has one name in JSONata. What differs is named with its reason: exactly that.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from goldens import (
    CASES,
    ByItem,
    calls_made,
    comparable,
    interpret,
    machine,
    retry_delays,
    scenarios,
    waits,
)
from normal_form import normal, skeleton

from airflow2sfn.cli import cli
from airflow2sfn.generated import Back, Unreadable, is_generated, read_back
from sfn2airflow.expressions.jsonata.calls import _ROWS
from sfn2airflow.options import Options
from sfn2airflow.translate import translate_text
from sfn_airflow_core.asl.model import Json, Machine, Map, QueryFlow
from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.asl.write import write
from sfn_airflow_core.interpreter import Execution, execute, read_replies
from sfn_airflow_core.shell.group import run

DATA = {
    "States.Runtime", "States.QueryEvaluationError", "States.ParameterPathFailure", "States.ResultPathMatchFailure",
    "States.IntrinsicFailure", "States.NoChoiceMatched",
}  # fmt: skip
"""Names of errors that are about data."""
MISSING = "a value that is missing counts as false in a condition"
PRINTED = "lists and objects in a text are JSON"
DIFFERENT = {
    "choice_numbers: missing": MISSING,
    "choice_paths: the other side is missing": MISSING,
    "intrinsics_text: all of them": PRINTED,
    "intrinsics_text: empty strings": PRINTED,
    "retry_on_map: no items at all": "an error over data is one that Catch may name in JSONata",
}
"""Scenarios that end otherwise, as the finding A2S215 says."""
NOT_IN_THE_DAG = {
    "distributed_map": "ExecutionType",
    "heartbeat": "HeartbeatSeconds of a Task that has no token",
    "placeholders": "the partition in the ARN of a service integration",
}
"""What does not come back because the DAG file does not say it: all else of every machine's structure does."""


@cache
def back(case: Path) -> Back:
    text = (case / "dag.py").read_text(encoding="utf-8")
    assert is_generated(text)
    return read_back(text, case.name)


SCENARIOS = [pytest.param(case, one, id=f"{case.name}: {one['id']}") for case in CASES for one in scenarios(case)]


def end(execution: Execution) -> tuple[str, Json]:
    if execution.status == "SUCCEEDED":
        return execution.status, execution.output
    return execution.status, "data" if execution.error in DATA else execution.error


def executed(definition: Machine, scenario: dict[str, Any]) -> Execution:
    table: dict[str, Json] = {"*": {"result": {}}, **scenario.get("replies", {})}
    maps = frozenset(state.name for state in definition.walk() if isinstance(state, Map))
    return execute(definition, scenario.get("input", {}), ByItem(read_replies(table), frozenset(table), maps))


@pytest.mark.parametrize(("case", "scenario"), SCENARIOS)
def test_does_as_the_machine_did(case: Path, scenario: dict[str, Any]) -> None:
    text = write(back(case).machine)
    read = read_text(text, case.name, substitutions=scenario.get("variables", {})).machine
    assert read is not None
    here, there = executed(read, scenario), interpret(case, scenario)
    same = end(here) == end(there)
    assert same == (f"{case.name}: {scenario['id']}" not in DIFFERENT), (here.error, here.cause)
    assert comparable(calls_made(here), scenario) == comparable(calls_made(there), scenario)
    assert waits(here) == waits(there)
    assert retry_delays(here) == retry_delays(there)


def test_what_differs_is_a_scenario_and_is_said() -> None:
    assert DIFFERENT.keys() <= {str(one.id) for one in SCENARIOS}
    differing = {name.partition(": ")[0] for name in DIFFERENT}
    assert all(any(back(case).translated.values()) for case in CASES if case.name in differing)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_is_valid_and_keeps_the_names(case: Path) -> None:
    assert not back(case).unread
    reading = read_text(write(back(case).machine), case.name)
    assert (reading.problems, reading.unknown) == ((), ())
    names = {state.name for state in back(case).machine.walk()}
    lost = {state.name for state in machine(case).walk()} - names
    assert names <= {state.name for state in machine(case).walk()}
    assert lost == ({"Old"} if case.name == "unreachable_state" else set()), "what nothing leads to has no task"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_structure_comes_back(case: Path) -> None:
    """Types, transitions, errors, retries, time limits, resources: all that is not made of documents."""
    assert (skeleton(back(case).machine) == skeleton(machine(case))) == (case.name not in NOT_IN_THE_DAG)


def in_jsonata(definition: Machine) -> bool:
    return all(isinstance(state.flow, QueryFlow) for state in definition.walk())


@pytest.mark.parametrize("case", [case for case in CASES if in_jsonata(machine(case))], ids=lambda case: case.name)
def test_a_machine_in_jsonata_comes_back_in_normal_form(case: Path) -> None:
    assert normal(back(case).machine) == normal(machine(case))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_second_time_nothing_changes(case: Path) -> None:
    """The machine that came back is in JSONata: there and back again, it is the same in normal form."""
    first = back(case).machine
    text = translate_text(write(first).encode(), case.name, Options(dag_id=case.name)).text
    assert text is not None
    second = read_back(text, case.name)
    assert not second.unread
    assert normal(second.machine) == normal(first)


def test_the_normal_form_sees_what_matters() -> None:
    case = next(case for case in CASES if case.name == "jsonata_order")
    definition = machine(case)
    for old, new in {"> 1]": "> 2]", "TooMuch": "Much", '"Busy"': '"States.ALL"', '"Done"': '"Pay"'}.items():
        text = write(definition)
        assert old in text
        other = read_text(text.replace(old, new, 1), case.name).machine
        assert other is not None
        assert normal(other) != normal(definition)
    pay = replace(definition.states["Pay"], comment="other")
    assert normal(replace(definition, states={**definition.states, "Pay": pay})) == normal(definition)


def test_functions_have_the_names_of_the_translation() -> None:
    from airflow2sfn.generated.queries import function
    from airflow2sfn.generated.values import Scope, expression

    for name, row in _ROWS.items():
        assert function(row.function, [], Scope({}), expression) == f"${name}()"


@pytest.mark.parametrize(("name", "differ"), [("order_compensation", 11), ("loop_in_loop", 3)])
def test_converts_on_the_command_line(
    name: str, differ: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A machine for the DAG, none for those that it runs; the report counts its states."""
    case = next(case for case in CASES if case.name == name)
    assert run(cli, "airflow2sfn", "0", ["convert", str(case / "dag.py"), "-o", str(tmp_path)]) == 0
    (written,) = tmp_path.rglob("*.asl.json")
    assert written.read_text(encoding="utf-8") == write(back(case).machine)
    states = len(list(back(case).machine.walk()))
    told = capsys.readouterr().out
    assert f"{states} states, written by sfn2airflow" in told
    assert f"{states - differ} of {states} tasks" in told
    assert "1 finding: 1 approximate." in told


def test_says_what_is_not_read_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = next(case for case in CASES if case.name == "nested_map")
    text = (
        (case / "dag.py")
        .read_text(encoding="utf-8")
        .replace('return data["painted"]', 'return sorted(data["painted"])')
    )
    found = read_back(text, "nested_map")
    assert found.unread.keys() == {"Done"}
    assert "sorted(" in text.splitlines()[found.unread["Done"].line - 1]
    (tmp_path / "nested_map.py").write_text(text, encoding="utf-8")
    assert run(cli, "airflow2sfn", "0", ["check", str(tmp_path / "nested_map.py")]) == 1
    told = capsys.readouterr().out
    assert "A2S216 [unsupported] written by sfn2airflow, not read back: a call of sorted" in told
    assert {"Cells", "Empty?", "Paint", "Floors"} >= {name for name, differs in found.translated.items() if differs}
    assert "1 unsupported, 1 approximate" in told


def test_nothing_is_said_of_what_was_in_jsonata(capsys: pytest.CaptureFixture[str]) -> None:
    case = next(case for case in CASES if case.name == "jsonata_order")
    assert not back(case).translated
    assert run(cli, "airflow2sfn", "0", ["check", str(case / "dag.py")]) == 0
    assert "6 of 6 tasks (100 %) behave the same; no findings." in capsys.readouterr().out


@pytest.mark.parametrize("argument", ["execution_timeout=timedelta(seconds=5)", '**retry(Retrier("A"))', "pool='p'"])
def test_settings_that_a_state_does_not_have(argument: str) -> None:
    case = next(case for case in CASES if case.name == "loop_counter")
    text = (case / "dag.py").read_text(encoding="utf-8")
    text = text.replace('@state("Begin")', f'@state("Begin", {argument})')
    text = text.replace('@choice("More?")', f'@choice("More?", {argument})')
    assert read_back(text, "loop_counter").unread.keys() == {"Begin", "More?"}


BODIES = {
    "return f\"{text(data['a'])}\"": ({"a": 1}, "1"),
    'return json_text(data["a"])': ({"a": 'say "[ü]'}, r'"say \"[ü]"'),
    'return [json_text(data["a"]), json_text(data["b"])]': ({"a": [1], "b": None}, ["[1]", "null"]),
    'return {**data, "b": split(data["a"], ":")[2]}': ({"a": "1:2"}, None),
    'return {**data, "b": item_at(data["a"], 1)}': ({"a": [1]}, None),
    'return {**data, "b": {"c": data["a"][1]}}': ({"a": [1, 2]}, {"a": [1, 2], "b": {"c": 2}}),
    'return {**data, "b": {"c": data["x"]}}': ({"a": 1}, None),
    'return {"a": data["a"], "b": [data["a"], data["a"]]}': ({"a": [1]}, {"a": [1], "b": [[1], [1]]}),
    'return contains([data["a"], 3], data["a"])': ({"a": [1]}, True),
    'return put(data, 5, "a", 1, "b")': ({"a": [{}, {"c": 1}]}, {"a": [{}, {"c": 1, "b": 5}]}),
    'return put(data, 5, "a", 3)': ({"a": [1]}, None),
    'return pluck(every(data, "a"), "b")': ({"a": [{"b": 1}, {"c": 2}]}, [1]),
    'return everywhere(data["a"], "b")': ({"a": [{"b": 1}, {"c": {"b": 2}}], "b": 3}, [1, 2]),
    'return everywhere(data, "b")': ({"a": 1}, []),
    'return whole_context()["Execution"]["Input"]["a"]': ({"a": 1}, 1),
    'data["x"]\n        return {"a": 1}': ({"a": 1}, None),
    'data["a"]\n        return {"a": 2}': ({"a": 1}, {"a": 2}),
}
"""What a function does with an input, ``None`` for failing."""


@pytest.mark.parametrize("body", BODIES)
def test_bodies(body: str) -> None:
    given, wanted = BODIES[body]
    text = (
        'from asl_runtime import state\n\n\n@dag(dag_id="one", schedule=None)\ndef one():\n    # ASL: #/States/Do\n'
        f'    @state("Do")\n    def do(data):\n        {body}\n\n    return do.output\n\n\none()\n'
    )
    assert is_generated(text)
    found = read_back(text, "one")
    assert not found.unread
    execution = execute(found.machine, given, read_replies({}))
    assert execution.output == wanted, (execution.cause, write(found.machine))
    assert (execution.status == "SUCCEEDED") == (wanted is not None)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("    other = BashOperator(task_id='other')\n", "a task made by BashOperator"),
        ("    for _ in range(3):\n        pass\n", "a statement (For)"),
        ("    chain(begin, [begin])\n", "a step of a chain"),
        ("    chain(begin, other)\n", "the task other"),
        ("    @task\n    def other():\n        pass\n", "a task of another kind"),
        (
            '    @state("Other")\n    def other(data):\n        return data\n',
            "the state other, above which no comment says where it stands",
        ),
    ],
)
def test_what_somebody_added_is_said(line: str, what: str) -> None:
    case = next(case for case in CASES if case.name == "loop_counter")
    text = (case / "dag.py").read_text(encoding="utf-8").replace("    chain(begin,", f"{line}    chain(begin,")
    with pytest.raises(Unreadable) as caught:
        read_back(text, "loop_counter")
    assert str(caught.value) == what


@pytest.mark.parametrize(
    "name", ["distributed_queries", "jsonata_groups", "loop_entries", "map_item_inside", "media_fan_out", "token_sqs"]
)
def test_a_file_without_any_one_of_its_lines_is_answered(name: str) -> None:
    case = next(case for case in CASES if case.name == name)
    lines = (case / "dag.py").read_text(encoding="utf-8").splitlines()
    answers, places = set(), set()
    for number in range(len(lines)):
        text = "\n".join([*lines[:number], *lines[number + 1 :]])
        try:
            ast.parse(text)
        except SyntaxError:
            continue
        try:
            write(read_back(text, name).machine)
            answers.add("machine")
        except Unreadable as reason:
            answers.add("reason")
            places.add(reason.line)
    assert answers == {"machine", "reason"}
    assert all(1 <= line <= len(lines) for line in places)
