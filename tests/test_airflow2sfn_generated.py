"""Machine, DAG, machine: what sfn2airflow wrote is read back as the state machine that it was, under its names.

Equal are the end of every scenario of the goldens with its output, or its error; the calls; the waits; the delays of
retries. What was in JSONPath is in JSONPath, and the normal form of a machine is that of the first one.
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
    machine_file,
    retry_delays,
    scenarios,
    waits,
)
from normal_form import normal

from airflow2sfn.cli import cli
from airflow2sfn.generated import Back, Unreadable, is_generated, read_back
from sfn2airflow.expressions.jsonata.calls import _ROWS
from sfn2airflow.options import Options
from sfn2airflow.translate import translate_text
from sfn_airflow_core.asl.model import CatchQuery, Json, Machine, Map, PathRef, Placeholder, QueryFlow, Task
from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.asl.write import write
from sfn_airflow_core.interpreter import Execution, execute, read_replies
from sfn_airflow_core.shell.group import run


@cache
def back(case: Path) -> Back:
    text = (case / "dag.py").read_text(encoding="utf-8")
    assert is_generated(text)
    return read_back(text, case.name)


SCENARIOS = [pytest.param(case, one, id=f"{case.name}: {one['id']}") for case in CASES for one in scenarios(case)]


def end(execution: Execution) -> tuple[str, Json]:
    return execution.status, execution.output if execution.status == "SUCCEEDED" else execution.error


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
    assert end(here) == end(there), (here.error, here.cause)
    assert comparable(calls_made(here), scenario) == comparable(calls_made(there), scenario)
    assert waits(here) == waits(there)
    assert retry_delays(here) == retry_delays(there)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_is_valid_and_keeps_the_names(case: Path) -> None:
    """A text that looks like a path is warned of in both."""
    assert not back(case).unread
    assert not back(case).translated
    reading = read_text(write(back(case).machine), case.name)
    first = read_text(machine_file(case).read_text(encoding="utf-8"), case.name)
    assert {problem.code for problem in reading.problems} <= {problem.code for problem in first.problems}
    assert {problem.severity for problem in reading.problems} <= {"WARNING"}
    assert not reading.unknown
    names = {state.name for state in back(case).machine.walk()}
    lost = {state.name for state in machine(case).walk()} - names
    assert names <= {state.name for state in machine(case).walk()}
    assert lost == ({"Old"} if case.name == "unreachable_state" else set()), "what nothing leads to has no task"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_comes_back_in_normal_form(case: Path) -> None:
    """Types, transitions, errors, retries, time limits, resources, and what is made of documents."""
    assert normal(back(case).machine) == normal(machine(case))
    assert back(case).machine.query_language == ("JSONata" if in_jsonata(machine(case)) else None)


def in_jsonata(definition: Machine) -> bool:
    return all(isinstance(state.flow, QueryFlow) for state in definition.walk())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_second_time_nothing_changes(case: Path) -> None:
    """The machine that came back, there and back again, is the same in normal form."""
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


@pytest.mark.parametrize("name", ["order_compensation", "loop_in_loop"])
def test_converts_on_the_command_line(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A machine for the DAG, none for those that it runs; the report counts its states."""
    case = next(case for case in CASES if case.name == name)
    assert run(cli, "airflow2sfn", "0", ["convert", str(case / "dag.py"), "-o", str(tmp_path)]) == 0
    (written,) = tmp_path.rglob("*.asl.json")
    assert written.read_text(encoding="utf-8") == write(back(case).machine)
    states = len(list(back(case).machine.walk()))
    told = capsys.readouterr().out
    assert f"{states} states, written by sfn2airflow" in told
    assert f"{states} of {states} tasks (100 %) behave the same; no findings." in told


def test_what_jsonpath_cannot_say_is_in_jsonata(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A state that somebody has changed; those around it, and what catches its errors, stay what they were."""
    case = next(case for case in CASES if case.name == "order_compensation")
    text = (case / "dag.py").read_text(encoding="utf-8")
    assert 'return {**data, "payment": {"charge": result["Payload"]["chargeId"]}}' in text
    changed = text.replace(
        'return {**data, "payment": {"charge": result["Payload"]["chargeId"]}}',
        'return {**data, "payment": result["Payload"]["chargeId"]}',
    )
    found = read_back(changed, case.name)
    assert not found.unread
    assert [state.name for state in found.machine.walk() if isinstance(state.flow, QueryFlow)] == [*found.translated]
    (name,) = found.translated
    state = next(state for state in found.machine.walk() if state.name == name)
    assert isinstance(state, Task)
    assert all(isinstance(catcher.flow, CatchQuery) for catcher in state.catch)
    reading = read_text(write(found.machine), case.name)
    assert not reading.problems
    assert (reading.machine, found.machine.query_language) == (found.machine, None)
    (tmp_path / "order_compensation.py").write_text(changed, encoding="utf-8")
    assert run(cli, "airflow2sfn", "0", ["check", str(tmp_path / "order_compensation.py")]) == 0
    assert "19 states, of which 1 go over to JSONata" in capsys.readouterr().out


FIELDS = [
    ("distributed_map", "ExecutionType", '"EXPRESS"', '"STANDARD"', "STANDARD"),
    ("distributed_map", "ExecutionType", '"EXPRESS"', '"FAST"', None),
    ("distributed_map", "ExecutionType", '"EXPRESS"', "EXPRESS", None),
    ("distributed_map", "ExecutionType", '"EXPRESS"', '"EXPRESS"\n    # ASL: Label "Orders"', "EXPRESS"),
    ("distributed_map", "ExecutionType", '"EXPRESS"', '"EXPRESS"\n    # ASL: HeartbeatSeconds 3', None),
    ("heartbeat", "HeartbeatSeconds", "20", "30", 30),
    ("heartbeat", "HeartbeatSeconds", "20", '"${Beat}"', Placeholder("Beat")),
    ("heartbeat", "HeartbeatSeconds", "20", "[20]", None),
    ("heartbeat", "HeartbeatSeconds 20", "", 'HeartbeatSecondsPath "$.beat"', PathRef("$.beat")),
    ("placeholders", "Resource", '"arn:${AWS::Partition}:', '"${Store}', "${Store}states:::dynamodb:putItem"),
    (
        "placeholders",
        "Resource",
        "here arn:aws:states:::dynamodb:putItem",
        "here ",
        "arn:aws:states:::dynamodb:putItem",
    ),
]


@pytest.mark.parametrize(("name", "field", "old", "new", "expected"), FIELDS)
def test_what_only_comments_say(name: str, field: str, old: str, new: str, expected: Json) -> None:
    """A comment that says what no state can have is no part of the machine, and neither is its state."""
    case = next(case for case in CASES if case.name == name)
    text = (case / "dag.py").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if f"# ASL: {field}" in line)
    assert old in line
    found = read_back(text.replace(line, line.replace(old or field, new, 1)), name)
    assert bool(found.unread) == (expected is None)
    states = [state for state in found.machine.walk() if isinstance(state, Map | Task)]
    values = [
        getattr(state, attribute, None)
        for state in states
        for attribute in ("execution_type", "heartbeat_seconds", "resource")
    ]
    assert expected is None or expected in values


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
    assert not found.translated
    assert "1 finding: 1 unsupported" in told


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


def test_a_value_that_is_missing_stops_a_state_before_its_call() -> None:
    """Also where only JSONata has words for the state."""
    body = """
        data["a"]
        result = aws("lambda:invoke", FunctionName="f", Payload=data["b"])
        return {**data, "c": len(result["Payload"])}
"""
    text = (
        'from asl_runtime import state\n\n\n@dag(dag_id="one", schedule=None)\ndef one():\n    # ASL: #/States/Do\n'
        f'    @state("Do")\n    def do(data):{body}\n    return do.output\n\n\none()\n'
    )
    found = read_back(text, "one")
    assert (found.unread, found.translated) == ({}, {"Do"})
    replies = read_replies({"Do": {"payload": [1, 2]}})
    missing = execute(found.machine, {"b": 1}, replies)
    assert (missing.status, len(missing.calls)) == ("FAILED", 0)
    assert execute(found.machine, {"a": 0, "b": 1}, replies).output == {"a": 0, "b": 1, "c": 2}


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
