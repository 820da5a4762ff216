"""Readers of paths, intrinsic functions, templates and Choice rules."""

from __future__ import annotations

import re
from typing import Any

import pytest
from compiled import condition

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
