"""JSONPath is written as it was read; and what it was compiled to in Python is read back as the same."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path as File
from typing import Any

import pytest
from compiled import condition, python
from normal_form import bare
from shared import CORPUS, ROOT
from test_expr_readers_corpus import corpus

from airflow2sfn.generated.paths.conditions import condition as condition_back
from airflow2sfn.generated.paths.scope import DOCUMENT, Scope
from airflow2sfn.generated.paths.trees import tree
from airflow2sfn.generated.values import Unreadable
from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.expr.model import Array, Call, Expr, Literal, Object, Path, Root
from sfn_airflow_core.expr.read_condition import read_condition
from sfn_airflow_core.expr.read_intrinsic import read_value
from sfn_airflow_core.expr.read_template import read_template
from sfn_airflow_core.expr.write_jsonpath import rule, template, value_text

TEXTS = [
    "$", "$.a.b[0]", "$['a b'].c", r"$['it\'s'][-1]", r"$['a\\b']", "$$.Map.Item.Index", "$total.sum", "$.a[1:]",
    "$.a[:-2]", "$.a[0,2]", "$['a','b']", "$.a[*].b", "$..b", "$..[*]", "$..['a b']", "$.a.length()",
    "$.a[?(@.b == 'x' && (@.c > 1 || !(@.d)))].e", "$.a[?(@.b =~ /x.*/i)]", "$.a[?(@.b in ['x', 1])]",
    "$.a[?(@ != null)]", "$.a[?(@.b == $.c)].d", "$.a[*].b[0].c", "$.a[1:3]['x','y']", "$.a.b[?(@.c)].d.length()",
    "States.Format('{} of {}', $.a, 2)", r"States.Format('it\'s \{{}\} \\', $.a)", "States.Format($.template, $.a)",
    "States.Array()", "States.Array($.a, 'b', 3, null, States.Array(true))", "States.MathAdd($.a, -1)",
    "States.ArrayGetItem(States.StringSplit($.a, '/'), 0)", "States.ArrayContains($.a, 'x')", "States.UUID()",
    "States.ArrayContains($.a, $.b)", "States.ArrayRange(1, 9, 4)", "States.ArrayRange($.a, 1, -1)",
    "States.JsonMerge($.a, $.b, false)", "States.StringToJson('{\"a\": 1}')", "States.MathRandom(1, 6, $.seed)",
    "States.ArrayLength($.a)", "States.Hash($.a, 'MD5')", "States.ArrayGetItem($.a[*].b, 0)",
]  # fmt: skip
RULES: list[dict[str, Any]] = [
    {"Variable": "$.a", "StringEquals": "x"},
    {"Variable": "$.a", "StringLessThanPath": "$$.Execution.Input.b"},
    {"Variable": "$.a[0]", "NumericGreaterThanEquals": 1.5},
    {"Variable": "$.a", "NumericEqualsPath": "$.b"},
    {"Variable": "$.a", "BooleanEquals": False},
    {"Variable": "$.a", "BooleanEqualsPath": "$.b"},
    {"Variable": "$.a", "TimestampLessThan": "2026-01-01T00:00:00Z"},
    {"Variable": "$.a", "StringMatches": r"a*\*"},
    {"Not": {"Variable": "$.a", "StringEquals": "x"}},
    {"Not": {"Variable": "$.a", "NumericEquals": 2}},
    {"Not": {"Variable": "$.a", "IsNull": True}},
    {"Variable": "$total", "IsPresent": False},
    {"Variable": "$.a[?(@.b)]", "IsPresent": True},
    *({"Variable": "$.a", kind: True} for kind in ("IsString", "IsNumeric", "IsBoolean", "IsTimestamp", "IsNull")),
    {"And": [{"Variable": "$.a", "IsPresent": True}, {"Or": [{"Variable": "$.a", "StringEquals": "x"}] * 2}]},
]


def written_and_read(expr: Expr) -> Expr:
    return bare(read_value(value_text(expr)))


def back(expr: Expr) -> Expr:
    """What is read of the Python that an expression is compiled to."""
    return bare(tree(ast.parse(python(expr), mode="eval").body, Scope({"data": DOCUMENT})))


def rule_back(expr: Expr) -> Expr:
    return bare(condition_back(ast.parse(python(expr), mode="eval").body, Scope({"data": DOCUMENT})))


@pytest.mark.parametrize("text", TEXTS)
def test_values(text: str) -> None:
    expr = read_value(text)
    assert written_and_read(expr) == bare(expr)
    assert back(expr) == bare(expr)


@pytest.mark.parametrize("written", RULES, ids=json.dumps)
def test_rules(written: dict[str, Any]) -> None:
    expr = read_condition(condition(written))
    assert bare(read_condition(rule(expr))) == bare(expr)
    assert rule_back(expr) == bare(expr)


def goldens() -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []

    def walk(value: Any) -> None:
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            found.append((str(key), part))
            if isinstance(part, dict | list):
                walk(part)

    for file in sorted((ROOT / "fixtures" / "sfn2airflow").rglob("machine.asl.json")):
        text = file.read_text(encoding="utf-8")
        walk(json.loads(re.sub(r": \$\{\w+\}", ": null", text)))
    return found


needs_corpus = pytest.mark.skipif(not File(CORPUS).is_dir(), reason="the corpus is not here")


@pytest.mark.parametrize("where", ["goldens", pytest.param("corpus", marks=needs_corpus)])
def test_everything_written_by_others(where: str) -> None:
    """Paths and intrinsic functions, templates, and rules of Choices."""
    values = templates = rules = 0
    for key, value in goldens() if where == "goldens" else corpus(published_only=True):
        if key.endswith(".$") and isinstance(value, str) and "${" not in value:
            try:
                expr = read_value(value)
            except ExpressionError:
                continue
            assert (written_and_read(expr), back(expr)) == (bare(expr), bare(expr)), value
            values += 1
        elif key in ("Parameters", "ResultSelector", "ItemSelector") and isinstance(value, dict):
            expr = read_template(value)
            assert bare(read_template(template(expr))) == bare(expr), value
            templates += 1
        elif key == "Choices" and isinstance(value, list):
            for one in (one for one in value if "Condition" not in one and "${" not in json.dumps(one)):
                expr = read_condition(condition(one))
                assert (bare(read_condition(rule(expr))), rule_back(expr)) == (bare(expr), bare(expr)), one
                rules += 1
    least = {"goldens": (180, 80, 70), "corpus": (1_000, 900, 400)}[where]
    assert all(count >= wanted for count, wanted in zip((values, templates, rules), least, strict=True)), (
        values, templates, rules,
    )  # fmt: skip


A = Path(Root("input"))


@pytest.mark.parametrize(
    "expr",
    [
        Literal("text"),
        Call("States.JsonToString", (Object((("a", A),)),)),
        Call("States.Array", (Literal({"a": 1}),)),
        Call("States.Array", tuple(Call("States.UUID") for _ in range(10))),
    ],
)
def test_what_is_no_value(expr: Expr) -> None:
    with pytest.raises(ExpressionError):
        value_text(expr)


@pytest.mark.parametrize("expr", [Array((A,)), Literal({"a.$": "$.b"}), Literal([{"a.$": "$.b"}]), A])
def test_what_is_no_template(expr: Expr) -> None:
    with pytest.raises(ExpressionError):
        template(expr)


@pytest.mark.parametrize(
    "code",
    [
        'sorted(data["a"])', 'data[data["a"]]', 'data["a"] * 2', 'other["a"]', '{data["a"]: 1}', "split(data)[0]['a']",
        '[x["a"] for x in every(data, "l") if x["b"]]', '[x["a"] for x in every(data, "l")]', "candidates(data)",
        '[x for x in every(data, "l") for y in every(data, "m")]', 'f"{data[\'a\']!r}"',
        'part(split("a", "b"), "c", "d")',
    ],
)  # fmt: skip
def test_what_was_not_compiled_from_jsonpath(code: str) -> None:
    with pytest.raises(Unreadable):
        tree(ast.parse(code, mode="eval").body, Scope({"data": DOCUMENT}))
