"""The data functions that compiled code calls."""

from __future__ import annotations

import ast
import copy
import inspect
import operator
import subprocess
import sys
from typing import Any

import pytest
from compiled import DATA_ERRORS, FUNCTIONS, RUNTIME

from sfn2airflow.expressions.compile import DATA_NAMES


def call(name: str, *arguments: Any) -> Any:
    return FUNCTIONS[name](*arguments)


@pytest.mark.parametrize("name", sorted(DATA_NAMES))
def test_each_is_short_and_documented(name: str) -> None:
    function = FUNCTIONS[name]
    assert inspect.getdoc(function)
    assert len(inspect.getsource(function).splitlines()) <= 15


def test_neither_module_needs_airflow() -> None:
    for module in ("data", "intrinsics"):
        tree = ast.parse((RUNTIME / f"{module}.py").read_text("utf-8"))
        imported = {(node.module or ".").split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        assert {name for name in imported if name not in sys.stdlib_module_names} <= {"data"}


def test_data_runs_alone() -> None:
    code = "import runpy, sys; runpy.run_path(sys.argv[1]); print(*(m for m in sys.modules if 'airflow' in m))"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code, RUNTIME / "data.py"], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_pluck_leaves_out_what_has_no_such_member() -> None:
    assert call("pluck", [{"a": 1}, {"a": None}], "a") == [1, None]
    assert call("pluck", [{"a": 1}, {"b": 2}, "a", ["a"], 3, None, {"a": 4}], "a") == [1, 4]
    assert call("pluck", [], "a") == []


@pytest.mark.parametrize("value", [{}, {"n": True}, {"n": "1"}, {"n": None}, {"n": [1]}, "n", ["n"], 1, None])
def test_number_of_a_member_that_is_none_compares_with_nothing(value: Any) -> None:
    found = call("number", value, "n")
    assert [found < 1, found >= 1] == [False, False]


def test_number_of_a_member() -> None:
    assert call("number", {"n": 2}, "n") == 2
    assert call("number", {"n": 2.5}, "n") == 2.5


PUT: dict[str, tuple[Any, tuple[str | int, ...], Any]] = {
    "new member": ({"a": 1}, ("b",), {"a": 1, "b": "x"}),
    "new objects on the way": ({}, ("a", "b", "c"), {"a": {"b": {"c": "x"}}}),
    "keeps what is beside": ({"a": {"b": 1}}, ("a", "c"), {"a": {"b": 1, "c": "x"}}),
    "overwrites": ({"a": {"b": {"c": 1}}}, ("a", "b"), {"a": {"b": "x"}}),
    "null on the way": ({"a": None}, ("a", "b"), {"a": {"b": "x"}}),
    "element": ({"a": [1, 2]}, ("a", 1), {"a": [1, "x"]}),
    "member of an element": ({"a": [{}, 2]}, ("a", 0, "b"), {"a": [{"b": "x"}, 2]}),
    "the whole": ({"a": 1}, (), "x"),
}


@pytest.mark.parametrize(("document", "path", "expected"), PUT.values(), ids=PUT)
def test_put(document: Any, path: tuple[str | int, ...], expected: Any) -> None:
    before = copy.deepcopy(document)
    assert call("put", document, "x", *path) == expected
    assert document == before


RAISES: dict[str, tuple[str, tuple[Any, ...]]] = {
    "put into a string": ("put", ("text", "x", "a")),
    "put into null": ("put", (None, "x", "a")),
    "put into a number on the way": ("put", ({"a": 1}, "x", "a", "b")),
    "put beside an array": ("put", ({"a": []}, "x", "a", 0)),
    "put at a position of an object": ("put", ({"a": {}}, "x", "a", 0)),
    "array of a string": ("array", ("abc",)),
    "array of an object": ("array", ({},)),
    "part of a list": ("part", ([], "a")),
    "first of nothing": ("path_function", ("first", [])),
    "min of texts": ("path_function", ("min", ["a"])),
    "dangling backslash": ("like", ("a", "a\\")),
    "unknown escape": ("like", ("a", "\\a")),
    "regular expression": ("compared", ("a", "=~", "/(/")),
    "repeated repetition": ("compared", ("a" * 30, "=~", "/(a+)+b/")),
    "too few values": ("format_text", ("{} {}", 1)),
    "too many values": ("format_text", ("{}", 1, 2)),
    "template that is no text": ("format_text", (1,)),
    "no JSON": ("json_value", ("{",)),
    "NaN is no JSON": ("json_value", ("NaN",)),
    "deep JSON": ("json_value", ("[" * 100_000,)),
    "JSON of a number": ("json_value", (1,)),
    "part of no elements": ("partition", ([1], 0)),
    "partition of a string": ("partition", ("ab", 1)),
    "contains in a string": ("contains", ("ab", "a")),
    "range without step": ("number_range", (1, 2, 0)),
    "long range": ("number_range", (1, 1001, 1)),
    "huge range": ("number_range", (0, 10**30, 1)),
    "item behind the end": ("item_at", ([1], 1)),
    "item before the start": ("item_at", ([1], -1)),
    "item at true": ("item_at", ([1, 2], True)),
    "long text": ("base64_encode", ("x" * 10_001,)),
    "no Base64": ("base64_decode", ("?",)),
    "unknown algorithm": ("hash_text", ("x", "SHA-3")),
    "algorithm that is no text": ("hash_text", ("x", [])),
    "deep merge": ("json_merge", ({}, {}, True)),
    "merge of arrays": ("json_merge", ([], {}, False)),
    "sum of texts": ("rounded", ("1",)),
    "sum of true": ("rounded", (True,)),
    "sum of infinity": ("rounded", (float("inf"),)),
    "empty random range": ("math_random", (1, 1)),
    "split of a number": ("split", (1, ",")),
    "split at a number": ("split", ("a", 1)),
}


@pytest.mark.parametrize(("name", "arguments"), RAISES.values(), ids=RAISES)
def test_data_errors(name: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(DATA_ERRORS):
        call(name, *arguments)


GIVES: list[tuple[str, tuple[Any, ...], Any]] = [
    ("present", ({"a": None}, "a"), True),
    ("present", ({"a": "text"}, "a", 0), False),
    ("present", ({"a": [1]}, "a", -1), True),
    ("present", ({"a": [1]}, "a", "b"), False),
    ("present", (None, "a"), False),
    ("every", ({"a": {"x": 1, "y": 2}}, "a"), [1, 2]),
    ("every", ({"a": "text"}, "a"), []),
    ("elements", ({"a": {"x": 1}}, "a"), []),
    ("candidates", ({"a": {"x": 1}}, "a"), [{"x": 1}]),
    ("everything", ({"a": [{"b": 1}]},), [{"a": [{"b": 1}]}, [{"b": 1}], {"b": 1}]),
    ("everything", ({"a": [{"b": 1}]}, "a", 0), [{"b": 1}]),
    ("everything", ("abc", 0), []),
    ("everywhere", ([{"n": 1, "in": {"n": [{"n": 2}, "n"]}}, {"n": None}], "n"), [1, [{"n": 2}, "n"], 2, None]),
    ("everywhere", ("n", "n"), []),
    ("elements", ({"a": ["xy", [1]]}, "a", 0), []),
    ("elements", ({"a": ["xy", [1]]}, "a", 0, 1), []),
    ("elements", ({"a": ["xy", [1]]}, "a", 1), [1]),
    ("elements", ({"a": ["xy", [1]]}, "a", "b"), []),
    ("every", ({"a": "xy"}, "a", 0), []),
    ("candidates", ({"a": {"b": "xy"}}, "a", "b", 1), []),
    ("candidates", ({"a": {"b": 1}}, "a"), [{"b": 1}]),
    ("chosen", ([1, 2, 3], 0, 5, -1), [1, 3]),
    ("members", ({"a": 1}, "b", "a"), [1]),
    ("part", ({"a": 1, "b": 2}, "b", "c"), {"b": 2}),
    ("path_function", ("length", "text"), None),
    ("path_function", ("length", {"a": 1}), 1),
    ("path_function", ("avg", [1, 2, "x"]), 1.5),
    ("path_function", ("stddev", [1, 3]), 1.0),
    ("path_function", ("keys", {"a": 1}), ["a"]),
    ("path_function", ("last", [1, 2]), 2),
    ("same", ([1, {"a": True}], [1.0, {"a": True}]), True),
    ("same", (True, 1), False),
    ("same", ([0], [False]), False),
    ("alike", (2, "2"), True),
    ("alike", ("2.0", 2), True),
    ("alike", (True, "true"), False),
    ("alike", ("nan", 1), False),
    ("compared", ("b", ">", "a"), True),
    ("compared", (2, ">", "1"), False),
    ("compared", ("AB", "=~", "/a./i"), True),
    ("compared", ("abc", "=~", "/ab/"), False),
    ("compared", ([1, "a"], "contains", "1"), True),
    ("compared", ("abc", "contains", "b"), True),
    ("compared", ([1], "subsetof", [1, 2]), True),
    ("compared", ([1, 3], "anyof", [3]), True),
    ("compared", ([1], "noneof", [3]), True),
    ("compared", ([], "empty", True), True),
    ("compared", ("ab", "size", 2), True),
    ("like", ("a*b", "a\\*b"), True),
    ("like", ("axb", "a\\*b"), False),
    ("like", ("a\\b", "a\\\\b"), True),
    ("like", ("a\n[x]?", "a*[x]?"), True),
    ("like", ("ab", "ab*b"), False),
    ("like", ("aXbXc", "a*b*c"), True),
    ("like", ("a\0b", "a\0b"), True),
    ("like", ("a\0b", "a*"), True),
    ("like", (1, "*"), False),
    ("like", ("", "*"), True),
    ("like", ("a" * 5000 + "b", "*a" * 50 + "*c"), False),
    ("is_timestamp", ("2016-08-18T17:33:00Z",), True),
    ("is_timestamp", ("2016-08-18T17:33:00.123456789-05:00",), True),
    ("is_timestamp", ("2016-08-18t17:33:00z",), False),
    ("is_timestamp", ("2016-08-18T17:33:00",), False),
    ("is_timestamp", ("2016-02-30T17:33:00Z",), False),
    ("is_timestamp", ("0001-01-01T00:00:00+23:59",), True),
    ("is_timestamp", (None,), False),
    ("text", ({"Arg1": 1, "Arg2": [], "x": {"y": None}},), "{Arg1=1, Arg2=[], x={y=null}}"),
    ("text", (True,), "true"),
    ("text", (1.5,), "1.5"),
    ("format_text", (r"\{{}\} \\ {x}", 1), r"{1} \ {x}"),
    ("format_text", ("{}", "{} {0.__class__}"), "{} {0.__class__}"),
    ("json_text", ({"a": [1, None, "é"]},), '{"a":[1,null,"é"]}'),
    ("json_value", (" ",), None),
    ("json_value", ('{"a": 1}',), {"a": 1}),
    ("partition", ([1, 2, 3], 2), [[1, 2], [3]]),
    ("partition", ([], 2), []),
    ("contains", ([1, True], 1.0), True),
    ("contains", ([1], True), False),
    ("number_range", (0, 9, 3), [0, 3, 6, 9]),
    ("number_range", (1, 9, 9), [1]),
    ("number_range", (3, 1, -1), [3, 2, 1]),
    ("number_range", (1, 1000, 1), [*range(1, 1001)]),
    ("item_at", ([1, 2], 0.5), 2),
    ("unique", ([1, True, 1.0, "1", [1], [1]],), [1, True, "1", [1]]),
    ("base64_encode", ("héllo",), "aMOpbGxv"),
    ("base64_decode", ("aMOpbGxv",), "héllo"),
    ("hash_text", ("input data", "SHA-1"), "aaff4a450a104cd177d28d18d74485e8cae074b7"),
    ("hash_text", ({"a": 1}, "MD5"), "bb6cb5c68df4652941caf652a366f2d8"),
    ("json_merge", ({"a": {"x": 1}}, {"a": {"y": 2}}, False), {"a": {"y": 2}}),
    ("rounded", (1.5,), 2),
    ("rounded", (-1.5,), -1),
    ("rounded", (-0.5,), 0),
    ("rounded", (0.49999999999999994,), 0),
    ("rounded", (10**30,), 10**30),
    ("split", ("This.is+a,test=string", ".+,="), ["This", "is", "a", "test", "string"]),
    ("split", (",,,,", ","), []),
    ("split", (" , ", ","), [" ", " "]),
    ("split", ("a^b]c-d", "^-]"), ["a", "b", "c", "d"]),
    ("split", ("ab", ""), ["ab"]),
]


@pytest.mark.parametrize(
    ("name", "arguments", "expected"), GIVES, ids=[f"{name}{str(arguments)[:40]}" for name, arguments, _ in GIVES]
)
def test_gives(name: str, arguments: tuple[Any, ...], expected: Any) -> None:
    found = call(name, *arguments)
    assert (type(found), found) == (type(expected), expected)


@pytest.mark.parametrize("maker", ["string", "number", "boolean", "timestamp"])
@pytest.mark.parametrize("wrong", [None, [], {}, "no timestamp", 1, True])
def test_another_type_compares_false(maker: str, wrong: Any) -> None:
    right = {"string": "a", "number": 1, "boolean": True, "timestamp": "2020-01-01T00:00:00Z"}[maker]
    if type(wrong) is type(right) and maker != "timestamp":
        return
    left, right = call(maker, wrong), call(maker, right)
    for holds in (operator.eq, operator.lt, operator.le, operator.gt, operator.ge):
        assert not holds(left, right)
        assert not holds(right, left)
    assert left != right


def test_strings_are_ordered_by_code_units() -> None:
    assert call("string", "\U0001f600") < call("string", "\uffff")
    assert call("string", "a") < call("string", "ab")
    assert call("string", "\ud800") == call("string", "\ud800")


def test_timestamps_are_instants() -> None:
    first = call("timestamp", "2020-01-01T00:00:00Z")
    assert first == call("timestamp", "2020-01-01T01:00:00.000+01:00")
    assert first < call("timestamp", "2020-01-01T00:00:00.000000001Z")


def test_random_numbers() -> None:
    assert {call("math_random", 1, 3) for _ in range(200)} == {1, 2}
    assert call("math_random", 1, 10**9, 5) == call("math_random", 1, 10**9, 5)
    assert call("new_uuid") != call("new_uuid")
