"""Readers of paths, intrinsic functions, templates and Choice rules."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml
from compiled import CORPUS, condition, python
from hypothesis import given, settings
from hypothesis import strategies as st

from sfn_airflow_core.asl.model import Comparison, Given, Placeholder
from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.expr.functions import FUNCTIONS, template_parts
from sfn_airflow_core.expr.model import (
    Array,
    Call,
    Compare,
    Descend,
    Expr,
    Field,
    Filter,
    Index,
    Indexes,
    Literal,
    Logic,
    Names,
    Negation,
    Object,
    Path,
    PathFunction,
    Root,
    Slice,
    Step,
    Wildcard,
)
from sfn_airflow_core.expr.model import Test as TypeTest
from sfn_airflow_core.expr.read_condition import read_condition
from sfn_airflow_core.expr.read_intrinsic import read_intrinsic, read_value
from sfn_airflow_core.expr.read_jsonpath import is_reference_path, read_path
from sfn_airflow_core.expr.read_template import read_template

PATHS: dict[str, tuple[Step, ...]] = {
    "$": (),
    "$.a.b-c.d_1": (Field("a"), Field("b-c"), Field("d_1")),
    "$['a b']['it\\'s']": (Field("a b"), Field("it's")),
    '$["a"]': (Field("a"),),
    r"$.store\.book": (Field("store.book"),),
    '$[\'Test\\""Name"\']': (Field('Test\\""Name"'),),
    "$.a[0][-1]": (Field("a"), Index(0), Index(-1)),
    "$.[0]": (Index(0),),
    "$.a.[0].b": (Field("a"), Index(0), Field("b")),
    "$[1:]": (Slice(1, None),),
    "$.a[:-1]": (Field("a"), Slice(None, -1)),
    "$.a[0:4:2]": (Field("a"), Slice(0, 4)),
    "$.a[ 0 , 2 ]": (Field("a"), Indexes((0, 2))),
    "$['a', 'b']": (Names(("a", "b")),),
    "$.[*].['bucket', 'key']": (Wildcard(), Names(("bucket", "key"))),
    "$.a.*[*]": (Field("a"), Wildcard(), Wildcard()),
    "$..a": (Descend(), Field("a")),
    "$..[0]": (Descend(), Index(0)),
    "$..*": (Descend(), Wildcard()),
    "$.a.length()": (Field("a"), PathFunction("length")),
    "$.${Key}.${AWS::Region}.x": (Field("${Key}"), Field("${AWS::Region}"), Field("x")),
    "$.größe.名前": (Field("größe"), Field("名前")),
}


@pytest.mark.parametrize(("text", "steps"), PATHS.items(), ids=PATHS)
def test_path(text: str, steps: tuple[Step, ...]) -> None:
    assert read_path(text) == Path(Root("input"), steps, text)


@pytest.mark.parametrize(
    ("text", "root", "count"),
    [
        ("$$", Root("context"), 0),
        ("$$.Map.Item.Value", Root("context"), 3),
        ("$x", Root("variable", "x"), 0),
        ("$my_1.a[0]", Root("variable", "my_1"), 2),
        ("$.x", Root("input"), 1),
    ],
    ids=lambda value: str(value),
)
def test_root(text: str, root: Root, count: int) -> None:
    path = read_path(text)
    assert (path.root, len(path.steps)) == (root, count)


def at(name: str, *rest: str) -> Path:
    return Path(Root("current"), (Field(name), *map(Field, rest)), ".".join(["@", name, *rest]))


FILTERS: dict[str, Expr] = {
    "@.a": TypeTest("Exists", at("a")),
    "!@.a": Negation(TypeTest("Exists", at("a"))),
    "@.a == 'x'": Compare("jsonpath", "==", at("a"), Literal("x")),
    '@.a=="x"': Compare("jsonpath", "==", at("a"), Literal("x")),
    "@.a==Failure": Compare("jsonpath", "==", at("a"), Literal("Failure")),
    "@.Type.Text==AMOUNT_PAID": Compare("jsonpath", "==", at("Type", "Text"), Literal("AMOUNT_PAID")),
    "@.a >= -1.5e3": Compare("jsonpath", ">=", at("a"), Literal(-1500.0)),
    "@.a != null": Compare("jsonpath", "!=", at("a"), Literal(None)),
    "@.a in ['x', 1]": Compare("jsonpath", "in", at("a"), Literal(["x", 1])),
    "@.a subsetof [1]": Compare("jsonpath", "subsetof", at("a"), Literal([1])),
    "@.a size 2": Compare("jsonpath", "size", at("a"), Literal(2)),
    "@.a empty true": Compare("jsonpath", "empty", at("a"), Literal(True)),
    "@.a =~ /x.*\\/y/i": Compare("jsonpath", "=~", at("a"), Literal("/x.*\\/y/i")),
    "@.a < $.b": Compare("jsonpath", "<", at("a"), Path(Root("input"), (Field("b"),), "$.b")),
    "@.a && @.b || @.c": Logic(
        "or", (Logic("and", (TypeTest("Exists", at("a")), TypeTest("Exists", at("b")))), TypeTest("Exists", at("c")))
    ),
    "@.a && (@.b || !(@.c))": Logic(
        "and",
        (
            TypeTest("Exists", at("a")),
            Logic("or", (TypeTest("Exists", at("b")), Negation(TypeTest("Exists", at("c"))))),
        ),
    ),
}


@pytest.mark.parametrize(("text", "predicate"), FILTERS.items(), ids=FILTERS)
def test_filter(text: str, predicate: Expr) -> None:
    assert read_path(f"$.l[?({text})].x").steps == (Field("l"), Filter(predicate), Field("x"))


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("a.b", 0),
        ("$...", 3),
        ("$.a.", 4),
        ("$.a b", 3),
        ("$.a[", 4),
        ("$.a['b", 4),
        ("$.a['b'", 7),
        ("$[(@.length-1)]", 2),
        ("$.a[x]", 4),
        ("$.a.nothing()", 4),
        ("$.a.length().b", 12),
        ("$.a.concat('x')", 10),
        ("$$a", 2),
        ("$.l[?(@.a ==)]", 12),
        ("$.l[?(@.a == 'x')", 17),
        ("$.l[?@.a]", 5),
        ("$.l[?('x')]", 9),
        ("$.l[?(@.a == [1)]", 13),
        ("$.l[?(" + "(" * 5000 + "@.a", None),
        ("$" + ".a" * 5000, 181),
        ("$" + "[0]" * 5000, 271),
        ("$.l[?(@[?(" * 500 + "@.a", None),
    ],
    ids=lambda value: str(value)[:20],
)
def test_path_that_cannot_be_read(text: str, position: int | None) -> None:
    with pytest.raises(ExpressionError) as caught:
        read_path(text)
    assert position is None or caught.value.position == position
    assert caught.value.text == text


@pytest.mark.parametrize("text", ["$.a[0]['b']", "$", "$x.y"])
def test_reference_path(text: str) -> None:
    assert is_reference_path(read_path(text))


@pytest.mark.parametrize("text", ["$.a[*]", "$..a", "$.a[1:]", "$.a[0,1]", "$['a','b']", "$.a.length()", "$[?(@.a)]"])
def test_no_reference_path(text: str) -> None:
    assert not is_reference_path(read_path(text))


def test_names_before_the_end_are_indefinite() -> None:
    assert read_path("$['a','b']").definite
    assert not read_path("$['a','b'].c").definite


def path(text: str) -> Path:
    return read_path(text)


INTRINSICS = {
    "States.UUID()": Call("States.UUID"),
    " States.Array( 'a' , -1,2.5, true,null , $.x,$$.Execution.Id, $v )": Call(
        "States.Array",
        (
            Literal("a"),
            Literal(-1),
            Literal(2.5),
            Literal(True),
            Literal(None),
            *map(path, ("$.x", "$$.Execution.Id", "$v")),
        ),
    ),
    "States.Array()": Call("States.Array"),
    r"States.Array('it\'s \{\} \\ {x}')": Call("States.Array", (Literal("it's {} \\ {x}"),)),
    r"States.Format('\'{}\' \{\} \\', $.a)": Call("States.Format", (Literal(r"'{}' \{\} \\"), path("$.a"))),
    "States.Array($.a[?(@.b == ')')], $['x, y'])": Call(
        "States.Array", (path("$.a[?(@.b == ')')]"), path("$['x, y']"))
    ),
    'States.StringToJson(\'{"a": "b"}\')': Call("States.StringToJson", (Literal('{"a": "b"}'),)),
    "States.MathAdd(States.ArrayLength($.a),-1)": Call(
        "States.MathAdd", (Call("States.ArrayLength", (path("$.a"),)), Literal(-1))
    ),
    "States.Format('\n{}', $.a)": Call("States.Format", (Literal("\n{}"), path("$.a"))),
}


@pytest.mark.parametrize(("text", "call"), INTRINSICS.items(), ids=INTRINSICS)
def test_intrinsic(text: str, call: Call) -> None:
    assert read_intrinsic(text) == call


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("hello", 0, "neither a path nor an intrinsic"),
        ("States.Xyz($.a)", 0, "no intrinsic function"),
        ("States.Array($.a", 16, "missing"),
        ("States.Array('a)", 13, "not closed"),
        ("States.Array($.a) x", 17, "behind"),
        ("States.Array($.a,)", 17, "missing"),
        ("States.UUID(1)", 12, "takes 0 arguments"),
        ("States.ArrayLength()", 0, "takes 1 argument,"),
        ("States.MathAdd(1,'-1')", 17, "kind number"),
        ("States.ArrayLength('a')", 19, "kind array"),
        ("States.Format('{} {}', $.a)", 14, "2 {}"),
        (r"States.Array('\n')", 14, "no escape"),
        ("States.JsonMerge($.a, $.b, true)", 27, "shallowly"),
        ("States.ArrayRange(1, 2, 0)", 24, "step"),
        ("States.ArrayPartition($.a, 0)", 27, "at least one"),
        ("States.Hash($.a, 'SHA-3')", 17, "algorithm"),
        ("States.Array(" * 11 + ")" * 11, 0, "at most 10"),
        ("States.Array(" + "9" * 5000 + ")", 13, "too many digits"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_intrinsic_that_cannot_be_read(text: str, position: int, says: str) -> None:
    with pytest.raises(ExpressionError, match=re.escape(says)) as caught:
        read_value(text)
    assert caught.value.position == position


def test_ten_calls_are_not_too_many() -> None:
    text = "States.Array(" * 10 + "'States.UUID() States.UUID()'" + ")" * 10
    assert read_intrinsic(text).function == "States.Array"


def test_table_has_the_eighteen_functions() -> None:
    assert len(FUNCTIONS) == 18
    assert {row.name for row in FUNCTIONS.values() if not row.deterministic} == {"States.UUID", "States.MathRandom"}


def test_template_parts() -> None:
    assert template_parts(r"{}a\{\}{}\\{}\'{x} {") == ("", "a{}", "\\", "'{x} {")


def test_template() -> None:
    static = {"k": "$.not.a.path", "l": [1, {"m": None}]}
    template = {"a.$": "$.x", "b": {"c.$": "$$.Execution.Id"}, "d": static, "e": [1, {"f.$": "States.UUID()"}], "g": 1}
    assert read_template(template) == Object(
        (
            ("a", path("$.x")),
            ("b", Object((("c", path("$$.Execution.Id")),))),
            ("d", Literal(static)),
            ("e", Array((Literal(1), Object((("f", Call("States.UUID")),))))),
            ("g", Literal(1)),
        )
    )
    assert read_template(static) == Literal(static)
    assert read_template({"x": Placeholder("Name")}) == Literal({"x": Placeholder("Name")})


@pytest.mark.parametrize(
    "template",
    [{"a.$": 1}, {"a.$": "text"}, {"a": 1, "a.$": "$.b"}, {"l": [{"a.$": "$.b["}]}, {"a.$": Placeholder("X")}],
)
def test_template_that_cannot_be_read(template: Any) -> None:
    with pytest.raises(ExpressionError):
        read_template(template)


RULES = {
    "StringEquals": ({"Variable": "$.a", "StringEquals": "x"}, Compare("string", "==", path("$.a"), Literal("x"))),
    "NumericLessThanEqualsPath": (
        {"Variable": "$.a", "NumericLessThanEqualsPath": "$.b"},
        Compare("numeric", "<=", path("$.a"), path("$.b")),
    ),
    "BooleanEquals": (
        {"Variable": "$.a", "BooleanEquals": False},
        Compare("boolean", "==", path("$.a"), Literal(False)),
    ),
    "TimestampGreaterThan": (
        {"Variable": "$v", "TimestampGreaterThan": "2020-01-01T00:00:00Z"},
        Compare("timestamp", ">", path("$v"), Literal("2020-01-01T00:00:00Z")),
    ),
    "StringMatches": ({"Variable": "$.a", "StringMatches": "a*"}, Compare("matches", "==", path("$.a"), Literal("a*"))),
    "IsPresent false": ({"Variable": "$.a", "IsPresent": False}, Negation(TypeTest("IsPresent", path("$.a")))),
    "And Not": (
        {"And": [{"Variable": "$.a", "IsNull": True}, {"Not": {"Variable": "$.b", "IsString": True}}]},
        Logic("and", (TypeTest("IsNull", path("$.a")), Negation(TypeTest("IsString", path("$.b"))))),
    ),
}


@pytest.mark.parametrize(("rule", "expr"), RULES.values(), ids=RULES)
def test_condition(rule: dict[str, Any], expr: Expr) -> None:
    assert read_condition(condition(rule)) == expr


@pytest.mark.parametrize(
    ("operator", "operand"),
    [
        ("StringEquals", 1),
        ("NumericEquals", True),
        ("NumericEquals", "1"),
        ("BooleanEquals", 0),
        ("IsNull", "yes"),
        ("StringLike", "x"),
        ("BooleanLessThan", True),
    ],
)
def test_condition_that_cannot_be_read(operator: str, operand: Any) -> None:
    with pytest.raises(ExpressionError):
        read_condition(Comparison("$.a", operator, Given(operand)))


def refusal(text: str) -> ExpressionError | None:
    """Why a text cannot be read; if it can, it compiles."""
    try:
        expr = read_value(text)
    except ExpressionError as error:
        return error
    ast.parse(python(expr), feature_version=(3, 11))
    return None


@settings(derandomize=True, max_examples=600, deadline=None)
@given(
    st.sampled_from(["$", "$.l[?(", "States.Format("]),
    st.text(alphabet="$@.[]()'\"\\?*:,&|!=<>~/ {}ab01-\n\u202e", max_size=40),
)
def test_any_text_is_read_or_refused(start: str, text: str) -> None:
    error = refusal(start + text)
    assert error is None or 0 <= error.position <= len(start + text)


class _Tags(yaml.SafeLoader):
    """YAML whose tags (``!Sub``) do not matter."""


def _untagged(loader: yaml.SafeLoader, _: str, node: yaml.Node) -> Any:
    match node:
        case yaml.MappingNode():
            return loader.construct_mapping(node, deep=True)
        case yaml.SequenceNode():
            return loader.construct_sequence(node, deep=True)
        case _:
            return str(node.value)


_Tags.add_multi_constructor("", _untagged)


@cache
def corpus(published_only: bool) -> tuple[tuple[str, Any], ...]:
    """Key and value of every object member of the corpus."""
    found: list[tuple[str, Any]] = []

    def walk(value: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(value, dict):
            for key, part in value.items():
                yield str(key), part
                yield from walk(part)
        elif isinstance(value, list):
            for part in value:
                yield from walk(part)

    folder = CORPUS / "state-machines"
    for file in sorted((folder / "step-functions-workflows-collection" if published_only else folder).rglob("*")):
        try:
            text = file.read_text("utf-8") if file.is_file() else ""
            found += walk(yaml.load(text, _Tags) if file.suffix in (".yaml", ".yml") else json.loads(text))
        except (ValueError, yaml.YAMLError):
            continue  # invalid on purpose, or no document
    for line in (CORPUS / "aws-recordings.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["query_language"] == "JSONPath":
            found += walk(row["definition"])
    return tuple(found)


def texts(published_only: bool) -> set[str]:
    """Every text of the corpus that is meant as a path or intrinsic function."""
    return {
        value
        for key, value in corpus(published_only)
        if isinstance(value, str)
        and (key.endswith(".$") or key == "Variable" or (key.endswith("Path") and value.startswith("$")))
        and value.lstrip().startswith(("$", "States."))
    }


needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")


@needs_corpus
def test_published_expressions_compile() -> None:
    found = texts(published_only=True)
    refused = {text for text in found if refusal(text)}
    # A result that a recorded Pass state hands on unread: Result is no template.
    assert refused == {'States.StringToJson(\'{"text":"An \\"escaped double quote\\" here"}\')'}
    assert len(found) > 700


@needs_corpus
def test_published_templates_and_rules_compile() -> None:
    templates = rules = 0
    for key, value in corpus(published_only=True):
        if key in ("Parameters", "ResultSelector", "ItemSelector") and isinstance(value, dict):
            ast.parse(python(read_template(value)), feature_version=(3, 11))
            templates += 1
        if key == "Choices" and isinstance(value, list):
            for rule in (rule for rule in value if "Condition" not in rule):
                if "${" not in json.dumps(rule):
                    ast.parse(python(read_condition(condition(rule))), feature_version=(3, 11))
                    rules += 1
    assert (templates > 900, rules > 400) == (True, True), (templates, rules)


@needs_corpus
def test_invalid_expressions_are_refused_with_a_position() -> None:
    refused = [error for text in texts(published_only=False) if (error := refusal(text))]
    assert refused
    assert all(0 <= error.position <= len(error.text) for error in refused)


@needs_corpus
def test_paths_as_jsonpath_ng_reads_them() -> None:
    """An independent reader agrees on every path that it reads; filters and backslashes are read in AWS's own ways."""
    from jsonpath_ng.exceptions import JSONPathError
    from jsonpath_ng.ext import parse

    refused, compared = set(), 0
    for text in sorted(text for text in texts(published_only=True) if re.match(r"\$([.\[]|$)(?!.*[?\\])", text)):
        try:
            tree = parse(text)
        except JSONPathError:
            refused.add(text)
            continue
        assert _steps(tree) == read_path(text).steps, text
        compared += 1
    assert compared > 500
    assert all("${" in text for text in refused)


def _steps(tree: Any) -> tuple[Step, ...]:
    """The steps of a tree of jsonpath-ng."""
    match type(tree).__name__:
        case "Root":
            return ()
        case "Child":
            return (*_steps(tree.left), *_steps(tree.right))
        case "Descendants":
            return (*_steps(tree.left), Descend(), *_steps(tree.right))
        case "Fields":
            names = tuple(tree.fields)
            return (Wildcard(),) if names == ("*",) else (Field(names[0]) if len(names) == 1 else Names(names),)
        case "Index":
            return (Index(tree.indices[0] if hasattr(tree, "indices") else tree.index),)
        case "Wildcard":
            return (Wildcard(),)
        case "Slice" if tree.start is None and tree.end is None:
            return (Wildcard(),)
        case "Slice":
            return (Slice(tree.start, tree.end),)
        case other:
            raise AssertionError(other)
