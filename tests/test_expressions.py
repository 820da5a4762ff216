"""Compiled expressions: how they read, that they agree with a second evaluator, that literals stay what they are."""

from __future__ import annotations

import ast
import keyword
from typing import Any

import libcst as cst
import pytest
from compiled import DATA_ERRORS, FUNCTIONS, condition, python, run, source
from evaluator import Failure, evaluate, key
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sfn2airflow import phrases
from sfn2airflow.expressions.compile import DATA_NAMES, Scope, write_python, write_result_path
from sfn_airflow_core.asl.model import Placeholder
from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.expr.model import Call, Compare, Expr, Field, Literal, Logic, Negation, Path, Root
from sfn_airflow_core.expr.model import Test as TypeTest
from sfn_airflow_core.expr.phrases import phrase
from sfn_airflow_core.expr.read_condition import read_condition
from sfn_airflow_core.expr.read_intrinsic import read_value
from sfn_airflow_core.expr.read_jsonpath import read_path
from sfn_airflow_core.expr.read_template import read_template

READS = {
    "$": "data",
    "$.order.id": 'data["order"]["id"]',
    "$.lines[0].sku": 'array(data["lines"])[0]["sku"]',
    "$.lines[-1]": 'array(data["lines"])[-1]',
    "$.lines[*]": 'every(data, "lines")',
    "$.lines[*].sku": 'pluck(every(data, "lines"), "sku")',
    "$.lines[*].stock.place": (
        '[line["stock"]["place"] for line in every(data, "lines") if present(line, "stock", "place")]'
    ),
    "$.lines[1:]": 'elements(data, "lines")[1:]',
    "$.lines[0,2]": 'chosen(elements(data, "lines"), 0, 2)',
    "$['a','b']": 'part(data, "a", "b")',
    "$.LineItems[?(@.qty > 1)]": (
        '[line_item for line_item in candidates(data, "LineItems") if number(line_item, "qty") > 1]'
    ),
    "$.LineItems[?(@.of.qty > 1)]": (
        '[line_item for line_item in candidates(data, "LineItems") if number(peek(line_item, "of", "qty")) > 1]'
    ),
    "$.l[?(@.kind == 'a' && !@.b)].c": (
        '[element["c"] for element in candidates(data, "l")'
        ' if peek(element, "kind") == "a" and not present(element, "b") if present(element, "c")]'
    ),
    "$..id": 'everywhere(data, "id")',
    "$.orders[0]..id": 'everywhere(peek(data, "orders", 0), "id")',
    "$.orders[*]..id": (
        '[order_2["id"] for order in every(data, "orders") for order_2 in everything(order) if present(order_2, "id")]'
    ),
    "$.a.length()": 'path_function("length", data["a"])',
    "$$.Execution.Id": 'context_object()["Execution"]["Id"]',
    "$$.Map.Item.Index": "index",
    "$$.Map.Item.Value.sku": 'item["sku"]',
    "$name.a": 'variables["name"]["a"]',
    "$.${Key}": "data[KEY.get()]",
    "$.items[*].${Key}": 'pluck(every(data, "items"), KEY.get())',
    "States.Format('{}/{}', $.order.id, $$.Map.Item.Index)": "f\"{text(data['order']['id'])}/{index}\"",
    "States.Format('{}', $.a)": 'text(data["a"])',
    "States.Format('plain')": '"plain"',
    "States.Format('{} and {}', 1, 'b')": '"1 and b"',
    "States.Format('arn:${Key}:{}', $.a)": "f\"arn:{KEY}:{text(data['a'])}\"",
    r"States.Format('\{{}\}', $.a)": "f\"{{{text(data['a'])}}}\"",
    "States.Format('{}', States.UUID())": 'f"{new_uuid()}"',
    "States.Format('{}{}', $['a\"b'], $.c)": 'format_text("{}{}", data[\'a"b\'], data["c"])',
    "States.Format('${Key}{}{}', $['a\"b'], $.c)": 'format_text("{}{}{}", KEY.get(), data[\'a"b\'], data["c"])',
    "States.Format($.t, $.a)": 'format_text(data["t"], data["a"])',
    "States.Array($.a, 1, null)": '[data["a"], 1, None]',
    "States.ArrayLength($.a)": 'len(array(data["a"]))',
    "States.ArrayLength($.a[*])": 'len(every(data, "a"))',
    "States.ArrayContains($.a, 'x')": '"x" in array(data["a"])',
    "States.ArrayContains($.a, 1)": 'contains(data["a"], 1)',
    "States.ArrayGetItem(States.StringSplit($.a, ':'), 5)": 'split(data["a"], ":")[5]',
    "States.ArrayGetItem($.a, $.i)": 'item_at(data["a"], data["i"])',
    "States.ArrayRange(1, 9, 2)": "list(range(1, 10, 2))",
    "States.ArrayRange($.a, 9, 2)": 'number_range(data["a"], 9, 2)',
    "States.JsonMerge($.a, $.b, false)": '{**data["a"], **data["b"]}',
    "States.MathAdd($.a, -1)": 'rounded(data["a"]) - 1',
    "States.MathAdd(1, States.MathAdd($.a, $.b))": '1 + (rounded(data["a"]) + rounded(data["b"]))',
    "States.StringToJson('{\"a\": 1}')": "json_value('{\"a\": 1}')",
}
SCOPE = Scope(item="item", index="index", constants={"Key": "KEY"})


@pytest.mark.parametrize(("text", "expected"), READS.items(), ids=READS)
def test_reads(text: str, expected: str) -> None:
    assert python(read_value(text), SCOPE) == expected


CONDITIONS: list[tuple[dict[str, Any], str, str]] = [
    ({"Variable": "$.o.e", "IsPresent": True}, 'present(data, "o", "e")', "$.o.e is present"),
    ({"Variable": "$.o", "IsPresent": False}, 'not present(data, "o")', "$.o is not present"),
    ({"Variable": "$v.o", "IsPresent": True}, 'present(variables, "v", "o")', "$v.o is present"),
    ({"Variable": "$.a[0]", "IsPresent": True}, 'present(data, "a", 0)', "$.a[0] is present"),
    ({"Variable": "$.x", "IsNull": True}, 'data["x"] is None', "$.x is null"),
    ({"Variable": "$.x", "IsNull": False}, 'data["x"] is not None', "$.x is not null"),
    ({"Variable": "$.x", "IsString": True}, 'isinstance(data["x"], str)', "$.x is a string"),
    ({"Variable": "$.x", "IsNumeric": True}, 'is_number(data["x"])', "$.x is a number"),
    ({"Variable": "$.x", "NumericGreaterThan": 500}, 'number(data["x"]) > 500', "$.x > 500"),
    ({"Variable": "$.x", "NumericEqualsPath": "$.y"}, 'number(data["x"]) == number(data["y"])', "$.x = $.y"),
    ({"Variable": "$.x", "BooleanEquals": True}, 'data["x"] is True', "$.x is true"),
    ({"Not": {"Variable": "$.x", "BooleanEquals": True}}, 'data["x"] is not True', "not $.x is true"),
    ({"Variable": "$.x", "StringEquals": "a"}, 'data["x"] == "a"', '$.x = "a"'),
    ({"Not": {"Variable": "$.x", "StringEquals": "a"}}, 'data["x"] != "a"', 'not $.x = "a"'),
    ({"Variable": "$.x", "StringLessThan": "a"}, 'string(data["x"]) < string("a")', '$.x < "a"'),
    ({"Variable": "$.x", "StringMatches": "a*"}, 'like(data["x"], "a*")', '$.x like "a*"'),
    (
        {"Variable": "$.x", "TimestampEquals": "2020-01-01T00:00:00Z"},
        'timestamp(data["x"]) == timestamp("2020-01-01T00:00:00Z")',
        '$.x = "2020-01-01T00:00:00Z"',
    ),
    (
        {
            "And": [
                {"Variable": "$.a", "IsPresent": True},
                {"Or": [{"Variable": "$.a", "NumericEquals": 1}, {"Variable": "$.a", "NumericEquals": 2}]},
            ]
        },
        'present(data, "a") and (number(data["a"]) == 1 or number(data["a"]) == 2)',
        "$.a is present and ($.a = 1 or $.a = 2)",
    ),
    (
        {"Not": {"And": [{"Variable": "$.a", "IsNull": True}, {"Variable": "$.b", "IsNull": True}]}},
        'not (data["a"] is None and data["b"] is None)',
        "not ($.a is null and $.b is null)",
    ),
]


@pytest.mark.parametrize(("rule", "code", "words"), CONDITIONS, ids=[words for _, _, words in CONDITIONS])
def test_condition(rule: dict[str, Any], code: str, words: str) -> None:
    expr = read_condition(condition(rule))
    assert python(expr) == code
    assert phrase(expr) == words


def test_long_phrases_are_shortened() -> None:
    said = phrase(read_condition(condition({"Variable": "$.a", "StringEquals": "x\n" * 50})))
    assert said.startswith('$.a = "x x ')
    assert (len(said) <= 60, said[-1], said.isprintable()) == (True, "…", True)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("$", "result"),
        ("$.x", '{**data, "x": result}'),
        ("$['a b']", '{**data, "a b": result}'),
        ("$.a.b", 'put(data, result, "a", "b")'),
        ("$.a[0]", 'put(data, result, "a", 0)'),
    ],
)
def test_result_path(where: str, expected: str) -> None:
    assert source(write_result_path(read_path(where), phrases.name("data"), phrases.name("result"))) == expected


def test_needs_are_what_the_runtime_has() -> None:
    assert write_python(read_value("States.Format('{}', $$.Execution.Id)"), Scope()).needs == {"text", "context_object"}
    assert set(FUNCTIONS) >= DATA_NAMES


def test_long_rules_and_paths_can_be_written() -> None:
    paths = ["$" + "[0]" * 90, "$" + "[*]" * 15, "$" + ".a" * 90]
    rule = Logic("or", tuple(Compare("numeric", "==", read_path("$.a"), Literal(n)) for n in range(3000)))
    for expr in (rule, Negation(rule), Logic("and", (rule, rule)), *map(read_path, paths)):
        ast.parse(python(expr))
    assert run(rule, {"a": 2999}) is True
    assert python(rule).startswith('number(data["a"]) == 0 or number(data["a"]) == 1 or number(data["a"]) == 2 or ')


def test_names_are_free_again_behind_a_comprehension() -> None:
    call = read_value("States.Array($.lines[*].x.a, $.lines[*].x.b)")
    assert python(call) == (
        '[[line["x"]["a"] for line in every(data, "lines") if present(line, "x", "a")],'
        ' [line["x"]["b"] for line in every(data, "lines") if present(line, "x", "b")]]'
    )


def test_open_values() -> None:
    template = {"t": "${Key}", "u": "x${Key}y${Other}", "n": Placeholder("Key"), "${Key}": [Placeholder("Other")]}
    assert python(read_template(template), SCOPE) == (
        '{"t": KEY.get(), "u": f"x{KEY}y${{Other}}", "n": KEY.json(), KEY.get(): ["${Other}"]}'
    )


HOSTILE = [
    '"', "'", "\"'", "\\", "\\\"", "\n", "\r\n", "\0", "\x1b[0m", "\u202e", "\u2028", "\ud800", "\ufeff", "\u3164",
    "{x}",
    "{{", "}}", "{", '"""', "'''", "\\N{BULLET}", "\\u0041", "#", "%s", "{{ ds }}", "é", "名", "\U0001f600", "${Key}",
    '")); __import__("os").system("x") #', "' + x + '", "f\"{1}\"", "",
]  # fmt: skip
TEXTS = st.sampled_from(HOSTILE) | st.text(max_size=6)


@settings(derandomize=True, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=8,
    )
)
@example(10**5000)
@example(-(10**400))
@example([-0.0, 1e22, 5e-324, 1.7976931348623157e308, float("inf"), -float("inf"), 1e16, -1])
def test_literals_are_exact(value: Any) -> None:
    code = python(Literal(value))
    assert code.isprintable()
    found = eval(code, {"__builtins__": {"float": float}})
    assert repr_of(found) == repr_of(value)


def repr_of(value: Any) -> Any:
    """A value with its types, told apart as Python does not: True and 1, 0.0 and -0.0."""
    match value:
        case list():
            return [*map(repr_of, value)]
        case dict():
            return [(name, repr_of(part)) for name, part in value.items()]
        case int() if not isinstance(value, bool):
            return "int", hex(value)
        case _:
            return type(value).__name__, repr(value)


@settings(derandomize=True, deadline=None)
@given(TEXTS, TEXTS, TEXTS)
def test_names_and_templates_are_data(name: str, before: str, after: str) -> None:
    path = Path(Root("input"), (Field(name),), "")
    document = {name: before}
    assert run(path, document) == before
    template = "".join(f"\\{c}" if c in "{}\\" else c for c in before) + "{}" + after.replace("\\", "/")
    for value in (path, Literal(name), Call("States.Format", (Literal("{}"), path))):
        if "{}" not in after:
            call = Call("States.Format", (Literal(template), value))
            shown = name if isinstance(value, Literal) else before
            assert run(call, document) == before + shown + after.replace("\\", "/")
    indefinite = Path(Root("input"), (Field(name), *read_path("$[*].a").steps), "")
    assert run(indefinite, {name: [{"a": 1}]}) == [1]
    assert run(Compare("string", "==", path, Literal(after)), document) is (before == after)


@settings(derandomize=True, deadline=None)
@given(st.text(max_size=20))
@example("class")
@example("lists")
@example("data")
@example("texts")
@example("match")
def test_loop_names_hide_nothing(word: str) -> None:
    path = Path(Root("input"), (Field(word), *read_path("$[*][*].a").steps), "")
    tree = ast.parse(python(path))
    names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    assert len(set(names)) == len(names) == 2
    assert not {*names} & {"data", "list", "context_object", *DATA_NAMES}
    assert not any(map(keyword.iskeyword, names))


SCALARS = st.sampled_from(
    [None, True, False, 0, 1, 2, -1, 1.0, 1.5, "", "a", "b", "1", "1.0", "true", "ab", "\U0001f600"]
)
TIMES = st.sampled_from(
    [
        "2020-01-01T00:00:00Z",
        "2020-01-01T01:00:00+01:00",
        "2020-01-01T00:00:00.5Z",
        "2020-01-01",
        "2020-02-30T00:00:00Z",
    ]
)
DOCUMENTS = st.recursive(
    SCALARS | TIMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
).map(lambda value: value if isinstance(value, dict) else {"a": value})
STEPS = st.sampled_from(
    [".a", ".b", ".c", "[0]", "[1]", "[-1]", "[*]", "[1:]", "[:-1]", "[0,1]", "..", "['a','b']"]
    + [f"[?({test})]" for test in ("@.a == 1", "@ == 'a'", "@.a == $.b", "@.a != 'a'", "@.b", "!@.a && @.b > 0")]
    + [f"[?({test})]" for test in ("@.a in ['a', 1] || @.b < 'b'", "@.a == true", "@.a nin [1]", "@.a[*] size 1")]
)


def path_of(steps: list[str]) -> Path | None:
    """The path with these steps, if there is such a path."""
    try:
        return read_path("$" + "".join(steps).replace("....", "..").replace("...", ".."))
    except ExpressionError:
        return None


PATHS = st.lists(STEPS, max_size=4).map(path_of).filter(lambda path: path is not None)
SIMPLE = st.lists(st.sampled_from([".a", ".b", "[0]"]), max_size=2).map(path_of)


def agree(expr: Expr, document: Any) -> None:
    """Compiled code gives the value that the evaluator gives, or both fail."""
    try:
        expected = evaluate(expr, document)
    except Failure:
        with pytest.raises(DATA_ERRORS):
            run(expr, document)
    else:
        assert key(run(expr, document)) == key(expected), python(expr)


@settings(derandomize=True, max_examples=600, deadline=None)
@given(PATHS, DOCUMENTS)
def test_paths_agree(path: Path, document: Any) -> None:
    agree(path, document)
    agree(TypeTest("IsPresent", path), document)


PATTERNS = st.sampled_from(["a*", "*", "a", "*b*", "\\*", ""])
COMPARISONS = st.one_of(
    st.builds(
        Compare,
        st.sampled_from(["string", "numeric", "timestamp"]),
        st.sampled_from(["==", "<", "<=", ">", ">="]),
        SIMPLE,
        SIMPLE | st.sampled_from(["a", 1, 1.5, "2020-01-01T00:00:00Z"]).map(Literal),
    ).filter(lambda compare: typed(compare)),
    st.builds(Compare, st.just("boolean"), st.just("=="), SIMPLE, SIMPLE | st.booleans().map(Literal)),
    st.builds(
        Compare,
        st.just("matches"),
        st.just("=="),
        SIMPLE,
        st.sampled_from(["a*", "*", "a", "*b*", "\\*", ""]).map(Literal),
    ),
    st.builds(
        TypeTest,
        st.sampled_from(["IsPresent", "IsNull", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp"]),
        SIMPLE,
    ),
)


def typed(compare: Compare) -> bool:
    """Whether a literal operand has the type of the family, as the reader demands."""
    if not isinstance(compare.right, Literal):
        return True
    return isinstance(compare.right.value, str) == (compare.family != "numeric")


RULES = st.recursive(
    COMPARISONS,
    lambda inner: (
        st.builds(Negation, inner)
        | st.builds(Logic, st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=3).map(tuple))
    ),
    max_leaves=5,
)


@settings(derandomize=True, max_examples=600, deadline=None)
@given(RULES, DOCUMENTS)
def test_rules_agree(rule: Expr, document: Any) -> None:
    agree(rule, document)


ARGUMENTS = SIMPLE | SCALARS.map(Literal)
CALLS = st.one_of(
    st.builds(Call, st.just("States.Array"), st.lists(ARGUMENTS, max_size=3).map(tuple)),
    st.builds(lambda a, b: Call("States.Format", (Literal("<{}> \"{}'"), a, b)), ARGUMENTS, ARGUMENTS),
    st.builds(lambda a: Call("States.ArrayLength", (a,)), SIMPLE),
    st.builds(lambda a: Call("States.ArrayUnique", (a,)), SIMPLE),
    st.builds(lambda a: Call("States.JsonToString", (a,)), SIMPLE),
    st.builds(lambda a, b: Call("States.ArrayContains", (a, b)), SIMPLE, ARGUMENTS),
    st.builds(lambda a, b: Call("States.ArrayGetItem", (a, b)), SIMPLE, SIMPLE | st.sampled_from([0, 1]).map(Literal)),
    st.builds(lambda a, b: Call("States.MathAdd", (a, b)), SIMPLE, SIMPLE | st.sampled_from([0, -1, 2]).map(Literal)),
    st.builds(lambda a, b: Call("States.JsonMerge", (a, b, Literal(False))), SIMPLE, SIMPLE),
    st.builds(lambda a, b: Call("States.StringSplit", (a, b)), SIMPLE, st.sampled_from(["a", "b1", ""]).map(Literal)),
)


@settings(derandomize=True, max_examples=600, deadline=None)
@given(CALLS, DOCUMENTS)
def test_calls_agree(call: Expr, document: Any) -> None:
    agree(call, document)


def test_nodes_are_whole() -> None:
    """What is compiled survives a round trip through LibCST's own parser."""
    for text in READS:
        code = python(read_value(text), SCOPE)
        assert cst.Module(body=()).code_for_node(cst.parse_expression(code)) == code
