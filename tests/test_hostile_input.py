"""Hostile texts: every one ends soon, in a machine, in located errors, or in a located refusal."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_asl_read import EVERYTHING

from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.findings import UnreadableInput

REFUSED: dict[str, tuple[str | bytes, str, str]] = {
    "nothing": ("", "x.json", "SCHEMA_VALIDATION_FAILED"),
    "blank": (" \n", "-", "SCHEMA_VALIDATION_FAILED"),
    "no definition": ("not a definition", "-", "INVALID_JSON_DESCRIPTION"),
    "arrays without end": ("[" * 10_000, "x.json", "TOO_DEEPLY_NESTED"),
    "arrays": ("[" * 10_000 + "]" * 10_000, "x.json", "TOO_DEEPLY_NESTED"),
    "objects": ('{"a":' * 10_000 + "1" + "}" * 10_000, "x.json", "TOO_DEEPLY_NESTED"),
    "closing": ("]" * 10_000, "x.json", "INVALID_JSON_DESCRIPTION"),
    "yaml arrays": ("[" * 10_000, "x.yaml", "TOO_DEEPLY_NESTED"),
    "yaml lists": ("- " * 10_000, "x.yaml", "TOO_DEEPLY_NESTED"),
    "bomb": ("a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)), "x.yaml", "INVALID_JSON_DESCRIPTION"),
    "deep aliases": ("".join(f"a{i}: &a{i} {'[' * 100}{f'*a{i - 1}' if i else 1}{']' * 100}\n" for i in range(20)),
                     "x.yaml", "TOO_DEEPLY_NESTED"),
    "too large": ("[" + " " * 8_400_000 + "]", "x.json", "INVALID_JSON_DESCRIPTION"),
    "too large bytes": (b" " * 8_400_000, "x.json", "INVALID_JSON_DESCRIPTION"),
    "not UTF-8": (b'{"a": "\xe9"}', "x.json", "INVALID_JSON_DESCRIPTION"),
    "UTF-16": ("{}".encode("utf-16"), "x.json", "INVALID_JSON_DESCRIPTION"),
    "half a character": ('{"a": "\ud800"}', "x.json", "INVALID_JSON_DESCRIPTION"),
    "half an escape": ('{"a": "\\udc00"}', "x.json", "INVALID_JSON_DESCRIPTION"),
    "huge integer": ("1" * 5000, "x.json", "INVALID_JSON_DESCRIPTION"),
    "huge integer in yaml": ("a: " + "1" * 5000, "x.yaml", "INVALID_JSON_DESCRIPTION"),
    "huge float": ("[1e999]", "x.json", "INVALID_JSON_DESCRIPTION"),
    "code": ("!!python/object/apply:os.system ['true']", "x.yaml", "INVALID_JSON_DESCRIPTION"),
    "null byte": ('{"a": "\x00"}', "x.json", "INVALID_JSON_DESCRIPTION"),
    "null byte in yaml": ("a: \x00", "x.yaml", "INVALID_JSON_DESCRIPTION"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "source", "code"), REFUSED.values(), ids=REFUSED)
def test_a_text_is_refused_soon_and_located(data: str | bytes, source: str, code: str) -> None:
    start = time.process_time()
    with pytest.raises(UnreadableInput) as caught:
        read_text(data, source)
    assert time.process_time() - start < 2
    assert caught.value.problems[0].code == code
    assert all(problem.span is not None and problem.message for problem in caught.value.problems)
    assert len(str(caught.value)) < 20_000


def state(**fields: object) -> str:
    return json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True, **fields}}})


MANY = 30_000
LONG: dict[str, str] = {
    "parentheses": state(QueryLanguage="JSONata", Output="{%" + "(" * MANY + "1" + ")" * MANY + "%}"),
    "JSONata path": state(QueryLanguage="JSONata", Output="{% a" + ".a" * MANY + " %}"),
    "path": state(InputPath="$" + ".a" * MANY),
    "filters": state(InputPath="$" + "[?(@.a" * MANY),
    "calls": state(Parameters={"a.$": "States.Array(" * MANY}),
    "placeholders": state(Parameters={"a.$": "${" * MANY}),
    "name": json.dumps({"StartAt": "n" * MANY, "States": {"n" * MANY: {"Type": "Pass", "End": True}}}),
    "key": state(Parameters={"k" * 300_000: [{"a.$": 1}] * 10_000}),
    "unknown fields": state(**{f"Type{index}": 1 for index in range(MANY)}),
    "states": json.dumps({"StartAt": "s0", "States": {
        f"s{i}": {"Type": "Pass", "Next": f"s{i + 1}"} for i in range(8000)}}),
    "Not": json.dumps({"StartAt": "A", "States": {"A": {"Type": "Choice", "Choices": [
        {"Next": "B", **json.loads('{"Not":' * 150 + '{"Variable": "$.a", "IsNull": true}' + "}" * 150)}]},
        "B": {"Type": "Succeed"}}}),
}  # fmt: skip


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_long_definition_is_read_soon(text: str) -> None:
    start = time.process_time()
    reading = read_text(text, "x.json")
    assert time.process_time() - start < 3
    assert (reading.machine is None) == any(p.severity == "ERROR" for p in reading.problems)
    assert len(reading.problems) <= 1001


def test_warnings_never_crowd_out_the_error() -> None:
    text = state(Parameters={**{f"k{i}": "$.a" for i in range(2000)}, "bad.$": 1})
    reading = read_text(text, "x.json")
    assert reading.machine is None
    assert [p.at for p in reading.problems if p.severity == "ERROR"] == ["/States/A/Parameters/bad.$"]


def test_a_definition_above_the_limit_of_the_service_is_read_with_a_warning() -> None:
    reading = read_text(state(Comment="c" * 1_100_000), "x.json")
    assert reading.machine is not None
    assert [(p.severity, "1048576" in p.message) for p in reading.problems] == [("WARNING", True)]


TOKENS = st.sampled_from(
    [*'{}[],:"\\', "null", "NaN", "1e9", '"States"', '"StartAt"', "${X}", "\n", "&a ", "*a", "- ", "!Sub ", "é"]
)


@given(st.lists(TOKENS, max_size=25).map("".join), st.sampled_from(["x.json", "x.yaml", "-"]))
@settings(derandomize=True, max_examples=400)
def test_any_text_gives_a_reading_or_a_refusal(text: str, source: str) -> None:
    try:
        problems = read_text(text, source).problems
    except UnreadableInput as unreadable:
        problems = unreadable.problems
    assert any(problem.severity == "ERROR" for problem in problems)
    assert all(problem.span is not None for problem in problems)


JUNK = st.sampled_from(
    [None, True, -1, 1.5, "", "x", "$.a", "${X}", "{% 1 %}", [], [1], {}, {"a": 1}, [[]], {"Type": "Task"}]
)


def paths(value: object, at: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """The way to every value inside a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(way for key, inner in items for way in paths(inner, (*at, key)))]


WAYS = paths(json.loads(EVERYTHING))


@given(st.lists(st.tuples(st.sampled_from(WAYS), JUNK), min_size=1, max_size=3))
@settings(derandomize=True, max_examples=300, deadline=None)
def test_any_value_in_any_place_gives_a_machine_or_located_errors(
    changes: list[tuple[tuple[object, ...], object]],
) -> None:
    value = json.loads(EVERYTHING)
    for way, junk in changes:
        place = value
        try:
            for key in way[:-1]:
                place = place[key]
            if way:
                place[way[-1]] = junk
            else:
                value = junk
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    reading = read_text(json.dumps(value), "x.json")
    errors = [p for p in reading.problems if p.severity == "ERROR"]
    assert (reading.machine is None) == bool(errors)
    assert all(p.span is not None for p in reading.problems)
