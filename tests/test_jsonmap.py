"""Located values: what JSON and YAML texts say, where, and what placeholders become."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfn_airflow_core.asl.model import Json, Placeholder
from sfn_airflow_core.findings import UnreadableInput
from sfn_airflow_core.jsonmap import placeholders, read_document
from sfn_airflow_core.text import Span

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


def cut(text: str, span: Span) -> str:
    """The text of a span."""
    lines = text.splitlines(keepends=True)
    start = sum(map(len, lines[: span.line - 1])) + span.column - 1
    return text[start : sum(map(len, lines[: span.end_line - 1])) + span.end_column - 1]


@given(VALUES)
@settings(derandomize=True, max_examples=150)
def test_json_gives_what_the_standard_library_gives(value: Json) -> None:
    text = json.dumps(value)
    if "${" not in text and '"Ref"' not in text:
        assert read_document(text, "a.json").value == value


JSON = '{"a": {"b/c": [1, "zwei", {"~": null}]},\r\n "é😀": ${Open}\n}'
YAML = "a:\n  b/c: [1, zwei, {'~': null}]\né😀: ${Open}\n"


@pytest.mark.parametrize(
    ("text", "name", "pointer", "value", "key"),
    [
        (JSON, "x.json", "/a/b~1c/1", '"zwei"', '"zwei"'),
        (JSON, "x.json", "/a/b~1c", '[1, "zwei", {"~": null}]', '"b/c"'),
        (JSON, "x.json", "/a/b~1c/2/~0", "null", '"~"'),
        (JSON, "x.json", "/é😀", "${Open}", '"é😀"'),
        (JSON, "x.json", "", JSON, JSON),
        (JSON, "x.json", "/a/b~1c/2/missing", '{"~": null}', '{"~": null}'),
        (JSON, "x.json", "/a/b~1c/99", '[1, "zwei", {"~": null}]', '[1, "zwei", {"~": null}]'),
        (YAML, "x.yaml", "/a/b~1c/1", "zwei", "zwei"),
        (YAML, "x.yaml", "/a/b~1c", "[1, zwei, {'~': null}]", "b/c"),
        (YAML, "x.yml", "/é😀", "${Open}", "é😀"),
    ],
)
def test_a_pointer_names_a_place(text: str, name: str, pointer: str, value: str, key: str) -> None:
    places = read_document(text, name).source_map
    assert cut(text, places.value(pointer)) == value
    assert cut(text, places.key(pointer)) == key


def test_places_are_those_of_the_text_before_substitution() -> None:
    text = '{"a": "${Long} ${Long}", "b": ${N}, "c": 1}'
    document = read_document(text, "x.json", substitutions={"Long": "x" * 100, "N": [1, 2]})
    assert document.value == {"a": f"{'x' * 100} {'x' * 100}", "b": [1, 2], "c": 1}
    assert str(document.source_map.value("/c")) == "1:42"


@pytest.mark.parametrize(
    ("text", "substitutions", "value"),
    [
        ('"${X}"', {}, "${X}"),
        ("${X}", {}, Placeholder("X")),
        ('{"a": [${A::B}, ${C.d}]}', {}, {"a": [Placeholder("A::B"), Placeholder("C.d")]}),
        ('"${X}"', {"X": 5}, "5"),
        ("${X}", {"X": 5}, 5),
        ("${X}", {"X": {"y": None}}, {"y": None}),
        ('"a${X}b"', {"X": {"y": None}}, 'a{"y":null}b'),
        ('"a${X}b"', {"X": True}, "atrueb"),
        ('"${X}"', {"X": '", "b": "'}, '", "b": "'),
        ('"${X}"', {"X": "${Y}", "Y": "never"}, "${Y}"),
        ('"${!X}"', {"X": "v"}, "${!X}"),
        ('"NaN ${X} ${Y}"', {"X": "\\n"}, "NaN \\n ${Y}"),
        ('{"${K}": 1}', {"K": "key"}, {"key": 1}),
    ],
)
def test_placeholders_in_json(text: str, substitutions: dict[str, Json], value: Json) -> None:
    assert read_document(text, "x.json", substitutions=substitutions).value == value


@given(st.text(st.characters(exclude_categories=["Cs"])))
@settings(derandomize=True)
def test_a_substitution_cannot_leave_its_string(value: str) -> None:
    read = read_document('{"a": "<${X}>", "b": ${X}}', "x.json", substitutions={"X": value}).value
    assert read == {"a": f"<{value}>", "b": value}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ({"Ref": "AWS::Region"}, "${AWS::Region}"),
        ({"Fn::GetAtt": ["Fn", "Arn"]}, "${Fn.Arn}"),
        ({"Fn::Sub": "arn:${AWS::Partition}:${!Literal}"}, "arn:${AWS::Partition}:${Literal}"),
        ({"Fn::Sub": ["${A} ${B}", {"A": {"Ref": "R"}}]}, "${R} ${B}"),
        ({"Fn::Join": ["", ["a", {"Ref": "R"}, 1]]}, "a${R}1"),
        ({"Fn::If": ["C", 1, 2]}, {"Fn::If": ["C", 1, 2]}),
        ({"Ref": "A", "other": 1}, {"Ref": "A", "other": 1}),
        ({"Ref": ["A"]}, {"Ref": ["A"]}),
    ],
)
def test_cloudformation_functions_in_json(text: Json, value: Json) -> None:
    assert read_document(json.dumps({"x": text}), "x.json").value == {"x": value}


def test_literals_of_sub_are_not_substituted() -> None:
    text = json.dumps({"Fn::Sub": "${A} ${!A}"})
    assert read_document(text, "x.json", substitutions={"A": "1"}).value == "1 ${A}"


def test_yaml_has_the_types_of_json_only() -> None:
    text = """
        truth: [true, yes, on, "true", !!str true]
        day: 2020-01-01
        account: 012345678901
        number: [12, -1.5e3, 0x10]
        nothing: [~, null, '']
        sub: !Sub "${A} ${!B}"
        tags: [!Ref X, !GetAtt A.B.C, !Join [",", [a, !Ref Q]]]
        open:
        - ${N}
        - "${N}"
        again: &anchor {a: 1}
        same: *anchor
    """
    assert read_document(text, "-", substitutions={"N": 5}).value == {
        "truth": [True, "yes", "on", "true", "true"],
        "day": "2020-01-01",
        "account": "012345678901",
        "number": [12, -1500.0, "0x10"],
        "nothing": [None, None, ""],
        "sub": "${A} ${B}",
        "tags": ["${X}", "${A.B.C}", "a,${Q}"],
        "open": [5, "5"],
        "again": {"a": 1},
        "same": {"a": 1},
    }


@pytest.mark.parametrize(
    ("source", "text", "notation"),
    [
        ("-", " {}", "json"),
        ("-", "a: 1", "yaml"),
        ("machine.asl", "a: 1", "yaml"),
        ("X.JSON", "[]", "json"),
        ("x.YML", "{}", "yaml"),
    ],
)
def test_the_notation(source: str, text: str, notation: str) -> None:
    assert read_document(text, source).notation == notation


def test_a_byte_order_mark_is_dropped() -> None:
    assert read_document(b"\xef\xbb\xbf[1]", "x.json").value == [1]


def test_placeholders_are_found() -> None:
    value = read_document('{"a": ["${X} ${X}", ${Y}], "${X}": 1, "c/d": "$${Z} ${} ${a b}"}', "x.json").value
    assert placeholders(value) == {"X": ["/a/0", "/${X}"], "Y": ["/a/1"], "Z": ["/c~1d"]}


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ('{"a":1,"a":2,"b":{"c":1,"c":2}}', ["1:8", "1:25"]),
        ('{"a": NaN,\n "b": Infinity}', ["1:7", "2:7"]),
        ('{"a": [1,]}', ["1:10"]),
        ('{"a": 1,}', ["1:9"]),
        ("{'a': 1}", ["1:2"]),
        ('{"a" 1}', ["1:6"]),
        ('{"a": }', ["1:7"]),
        ('{"a": 1} 2', ["1:10"]),
        ('{"a": "x\ty\\q"}', ["1:9", "1:11"]),
        ('["\\ud800", "\\ud83d\\ude00"]', ["1:2"]),
        ("[1e999, -1e999]", ["1:2", "1:9"]),
        ("[01]", ["1:2"]),
        ('["a]', ["1:2"]),
        ("[1", ["1:3"]),
        ("[${X}", ["1:6"]),
        ("[${X}, NaN]", ["1:8"]),
        ("]", ["1:1"]),
        ("// c\n{}", ["1:1"]),
    ],
)
def test_every_problem_of_a_json_text_is_located(text: str, places: list[str]) -> None:
    with pytest.raises(UnreadableInput) as caught:
        read_document(text, "x.json")
    assert [str(problem.span) for problem in caught.value.problems] == places
    assert all(p.code == "INVALID_JSON_DESCRIPTION" and p.severity == "ERROR" for p in caught.value.problems)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("a: &x 1\n1: b\n? [y]\n: c", ["2:1", "3:3"]),
        ("a: !!python/object/apply:os.system [x]", ["1:4"]),
        ("a: !If [x]", ["1:4"]),
        ("a: *b", ["1:4"]),
        ("a: &b [*b]", ["1:8"]),
        ("a: .nan\nb: 1e999\na: 1", ["1:4", "2:4", "3:1"]),
        ("a: 1\n---\nb: 2", ["2:1"]),
        ("<<: {a: 1}", ["1:1"]),
        ("a: [", ["1:5"]),
        ("a: \x07", ["1:4"]),
    ],
)
def test_every_problem_of_a_yaml_text_is_located(text: str, places: list[str]) -> None:
    with pytest.raises(UnreadableInput) as caught:
        read_document(text, "x.yaml")
    assert [str(problem.span) for problem in caught.value.problems] == places
