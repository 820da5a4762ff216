"""Replies: the file formats, which reply answers which call, and mistakes in them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from running import FUNCTION, LAMBDA, chain, machine_of, run, task

from sfn_airflow_core.interpreter import BadReplies, MissingReply, ServiceCall, execute, load_replies, read_replies
from sfn_airflow_core.interpreter.mock_config import read_mock_config


def answers(document: Any, *calls: tuple[str, Any], resource: str = FUNCTION) -> list[Any]:
    replies = read_replies(document)
    made = [ServiceCall(state, resource, arguments, 0, (), 0.0) for state, arguments in calls]
    return [replies.answer(call).value for call in made]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"S": [{"result": 1}, {"result": 2}]}, [1, 2, 2]),
        ({"S": {"result": 1}}, [1, 1, 1]),
        ({FUNCTION: {"result": 1}}, [1, 1, 1]),
        ({"work": {"result": 1}}, [1, 1, 1]),
        ({"*": {"result": 1}}, [1, 1, 1]),
        ({"*": {"result": 1}, "S": {"result": 2}, FUNCTION: {"result": 3}}, [2, 2, 2]),
        ({"S": [{"result": 1, "when": {"n": 1}}, {"result": 2, "when": {"n": 2}}, {"result": 0}]}, [1, 0, 0]),
        ({"S": [{"result": 1, "when": {"n": 2}}], "*": {"result": 9}}, [9, 9, 9]),
    ],
)
def test_replies_are_used_in_order_and_the_last_repeats(document: Any, expected: list[Any]) -> None:
    assert answers(document, *[("S", {"n": 1, "m": 2})] * 3) == expected


@pytest.mark.parametrize("name", ["sqs:sendMessage.waitForTaskToken", "sqs:sendMessage"])
def test_a_service_may_be_named_shortly(name: str) -> None:
    arn = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
    assert answers({name: {"result": 1}}, ("S", {}), resource=arn) == [1]


@pytest.mark.parametrize("name", [FUNCTION, "work"])
def test_a_function_may_be_named(name: str) -> None:
    assert answers({name: {"result": 1}}, ("S", {"FunctionName": FUNCTION}), resource=LAMBDA) == [1]


def test_replies_may_be_given_by_iteration() -> None:
    document = {"I": {"0": {"result": "a"}, "1": [{"error": "E"}, {"result": "b"}], "*": {"result": "c"}}}
    inner = chain(task(Retry=[{"ErrorEquals": ["E"]}]), names="I")
    assert run(chain({"Type": "Map", "ItemProcessor": inner}), [1, 2, 3], document).output == ["a", "b", "c"]
    nested = chain({"Type": "Map", "ItemProcessor": inner}, names="M")
    document = {"I": {"0/1": {"result": "x"}, "1": {"result": "y"}, "*": {"result": "z"}}}
    result = run(chain({"Type": "Map", "ItemProcessor": nested}), [[0, 0], [0, 0]], document).output
    assert result == [["z", "x"], ["z", "y"]]


def test_an_item_may_be_named_with_the_state() -> None:
    branches = [chain(task(), names="I"), chain(task(), names="J")]
    inner = chain({"Type": "Parallel", "Branches": branches}, names="P")
    document = {"J": {"result": 0}, "J#1": {"result": 1}, "I": {"1": {"result": "i"}, "*": {"result": "o"}}}
    for config in ({}, {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}):
        each = {"Type": "Map", "ItemProcessor": {**inner, **config}}
        assert run(chain(each), [0, 0], document).output == [["o", 0], ["i", 1]]


def test_a_call_without_a_reply_says_where() -> None:
    with pytest.raises(MissingReply, match=r"state 'A'.*function:work.*attempt 0"):
        run(chain(task()), {"a": 1})


def test_executions_do_not_use_up_replies_of_each_other() -> None:
    machine, replies = machine_of(chain(task())), read_replies({"A": [{"result": 1}, {"result": 2}]})
    assert [execute(machine, {}, replies).output for _ in range(2)] == [1, 1]


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ([], "replies must be an object"),
        ({"S": []}, "S: at least one"),
        ({"S": [1]}, r"S\[0\]"),
        ({"S": {}}, r"S\[0\]"),
        ({"S": {"result": 1, "error": "E"}}, r"S\[0\]"),
        ({"S": {"result": 1, "afetr": 1}}, "afetr"),
        ({"S": {"result": 1, "after": -1}}, "after"),
        ({"S": {"result": 1, "after": "1"}}, "after"),
        ({"S": {"result": 1, "heartbeats": 1}}, "heartbeats"),
        ({"S": {"error": 1}}, "error"),
        ({"S": {"0": {"result": 1}, "1": 5}}, r"S\.1"),
    ],
)
def test_mistakes_are_named_with_their_place(document: Any, place: str) -> None:
    with pytest.raises(BadReplies, match=place):
        read_replies(document)


MOCKS = {
    "StateMachines": {"M": {"TestCases": {"Happy": {"A": "Flaky"}, "Sad": {"A": "Broken"}}}},
    "MockedResponses": {
        "Flaky": {"0-1": {"Throw": {"Error": "E", "Cause": "c"}}, "2": {"Return": {"StatusCode": 200}}},
        "Broken": {"0": {"Throw": {"Error": "F"}}},
    },
}


def test_the_format_of_step_functions_local_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mocks.json"
    path.write_text(json.dumps(MOCKS))
    machine = machine_of(chain(task(Retry=[{"ErrorEquals": ["E"]}])))
    happy = execute(machine, {}, load_replies(path, case="Happy"))
    assert (happy.output, [retry.seconds for retry in happy.retries]) == ({"StatusCode": 200}, [1, 2])
    assert execute(machine, {}, load_replies(path, machine="M", case="Sad")).error == "F"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"MockedResponses": {}}, "TestCases.Happy.A"),
        ({"MockedResponses": {"Flaky": {"1": {"Return": 1}}}}, "numbered from 0"),
        ({"MockedResponses": {"Flaky": {"x": {"Return": 1}}}}, "Flaky.x"),
        ({"MockedResponses": {"Flaky": {"0-99999999": {"Return": 1}}}}, "Flaky"),
        ({"MockedResponses": {"Flaky": {"0": {"Throw": {}}}}}, "Flaky.0"),
        ({"StateMachines": {}}, "StateMachines"),
    ],
)
def test_mistakes_in_mocks_are_named(change: dict[str, Any], place: str) -> None:
    with pytest.raises(BadReplies, match=place):
        read_mock_config({**MOCKS, **change}, case="Happy")


def test_a_case_must_be_chosen_where_there_are_several() -> None:
    with pytest.raises(BadReplies, match="Happy, Sad"):
        read_mock_config(MOCKS)


def test_yaml_and_files_beside_it_are_read(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("a\n1\n")
    (tmp_path / "replies.yaml").write_text("file:\n  - file: items.csv\n    after: 2\nB: {result: {file: kept}}\n")
    replies = load_replies(tmp_path / "replies.yaml")
    first = replies.answer(ServiceCall("file", FUNCTION, {}, 0, (), 0.0))
    assert (first.value, first.after) == ("a\n1\n", 2)
    assert replies.answer(ServiceCall("B", FUNCTION, {}, 0, (), 0.0)).value == {"file": "kept"}


@pytest.mark.parametrize("name", ["../secret.txt", "/etc/hostname", "missing.txt", "link.txt"])
def test_files_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.txt").write_text("s")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "r.json").write_text(json.dumps({"A": {"file": name}}))
    with pytest.raises(BadReplies):
        load_replies(folder / "r.json")


@pytest.mark.parametrize("text", ["{", "A: !!python/object/apply:os.system [x]", "A: {result: 2026-01-01}", "- 1"])
def test_unreadable_files_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.yaml").write_text(text)
    with pytest.raises(BadReplies):
        load_replies(tmp_path / "r.yaml")


def test_the_examples_of_the_documentation_are_read() -> None:
    text = (Path(__file__).parent.parent / "docs" / "replies.md").read_text(encoding="utf-8")
    examples = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(examples) >= 3
    for example in examples:
        read_replies(yaml.safe_load(example))
