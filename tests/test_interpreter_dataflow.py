"""Input and output processing, paths, templates and intrinsic functions in JSONPath states."""

from __future__ import annotations

from typing import Any

import pytest
from running import chain, output, run, task

DOCUMENT = {
    "a": {"b": [1, 2, 3], "c": None},
    "items": [{"n": 1, "k": "x"}, {"n": 2, "k": "y"}, {"n": 3}],
    "text": "word",
}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"x": 1}),
        ({"InputPath": None}, {}),
        ({"OutputPath": None}, {}),
        ({"InputPath": "$.x"}, 1),
        ({"ResultPath": None}, {"x": 1}),
        ({"Result": [2], "ResultPath": None}, {"x": 1}),
        ({"Result": [2]}, [2]),
        ({"Result": 2, "ResultPath": "$.y"}, {"x": 1, "y": 2}),
        ({"Result": 2, "ResultPath": "$.y.z"}, {"x": 1, "y": {"z": 2}}),
        ({"Result": 2, "ResultPath": "$.x"}, {"x": 2}),
        ({"Result": 2, "ResultPath": "$.y", "OutputPath": "$.y"}, 2),
        ({"InputPath": "$.x", "ResultPath": "$.y"}, {"x": 1, "y": 1}),
        ({"Parameters": {"v.$": "$.x", "w": "$.x"}}, {"v": 1, "w": "$.x"}),
        ({"Parameters": {"l": [{"v.$": "$.x"}, "$.x"]}}, {"l": [{"v": 1}, "$.x"]}),
        ({"Parameters": {"v.$": "$.x"}, "Result": 5}, 5),
        ({"Parameters": {"v.$": "$$.State.Name"}}, {"v": "A"}),
        ({"Parameters": {"v.$": "$$.Execution.Input.x"}}, {"v": 1}),
        ({"Result": {"v.$": "$.x"}}, {"v.$": "$.x"}),
        ({"Result": None}, None),
    ],
)
def test_pass_moves_data_in_the_order_of_the_specification(fields: dict[str, Any], expected: Any) -> None:
    assert output(chain({"Type": "Pass", **fields}), {"x": 1}) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", DOCUMENT),
        ("$.a.b", [1, 2, 3]),
        ("$['a']['b'][0]", 1),
        ("$.a.b[-1]", 3),
        ("$.a.c", None),
        ("$.a.b[*]", [1, 2, 3]),
        ("$.a.b[1:]", [2, 3]),
        ("$.a.b[:-1]", [1, 2]),
        ("$.a.b[0,2]", [1, 3]),
        ("$.items[*].k", ["x", "y"]),
        ("$..n", [1, 2, 3]),
        ("$.items[?(@.n > 1)].n", [2, 3]),
        ("$.items[?(@.k == 'x')]", [{"n": 1, "k": "x"}]),
        ("$.items[?(@.k)].n", [1, 2]),
        ("$.items[?(@.n == '2')].k", ["y"]),
        ("$.missing[*]", []),
        ("$.missing[1:]", []),
        ("$.items[?(@.n > 9)]", []),
        ("$.text[0:1]", []),
        ("$['a','text']", {"a": {"b": [1, 2, 3], "c": None}, "text": "word"}),
        ("$.a.b.length()", 3),
    ],
)
def test_a_path_selects(path: str, expected: Any) -> None:
    assert output(chain({"Type": "Pass", "Parameters": {"v.$": path}}), DOCUMENT) == {"v": expected}


@pytest.mark.parametrize("path", ["$.missing", "$.a.b[3]", "$.text.x", "$.text[0]", "$.a.b.x", "$.a.c.d", "$unknown"])
def test_a_definite_path_that_finds_nothing_fails_beyond_any_catch(path: str) -> None:
    caught = {"ErrorEquals": ["States.ALL"], "Next": "B"}
    execution = run(chain(task(Parameters={"v.$": path}, Catch=[caught]), {"Type": "Succeed"}), DOCUMENT)
    assert (execution.status, execution.error) == ("FAILED", "States.Runtime")
    assert not execution.calls


@pytest.mark.parametrize("raw", ["text", 1, [1], None])
def test_a_result_path_that_does_not_fit_the_input_fails(raw: Any) -> None:
    definition = chain(
        {"Type": "Pass", "Parameters": {"v": raw}, "OutputPath": "$.v"}, {"Type": "Pass", "ResultPath": "$.x"}
    )
    assert run(definition).error == "States.ResultPathMatchFailure"


def test_result_path_merges_into_the_raw_input_and_leaves_it_unchanged() -> None:
    given = {"numbers": {"a": 1}, "title": "t"}
    state = task(InputPath="$.numbers", ResultSelector={"s.$": "$.sum"}, ResultPath="$.sum")
    assert output(chain(state), given, {"A": {"result": {"sum": 3, "more": 4}}}) == {**given, "sum": {"s": 3}}
    assert given == {"numbers": {"a": 1}, "title": "t"}


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("States.Format('{} and {}', $.a.b[0], 'x')", "1 and x"),
        (r"States.Format('\{{}\} \'{}\'', 1, true)", "{1} 'true'"),
        ("States.Format('{}', $.a)", "{b=[1, 2, 3], c=null}"),
        ("States.Format('{}', 1.5)", "1.5"),
        ("States.StringToJson('[1,{}]')", [1, {}]),
        ("States.StringToJson(' ')", None),
        ("States.JsonToString($.a)", '{"b":[1,2,3],"c":null}'),
        ("States.Array()", []),
        ("States.Array(1, 'x', $.a.c)", [1, "x", None]),
        ("States.ArrayPartition($.a.b, 2)", [[1, 2], [3]]),
        ("States.ArrayContains($.items, $.items[1])", True),
        ("States.ArrayContains($.a.b, '1')", False),
        ("States.ArrayRange(1, 9, 3)", [1, 4, 7]),
        ("States.ArrayRange(3, 1, -1)", [3, 2, 1]),
        ("States.ArrayGetItem($.a.b, 1)", 2),
        ("States.ArrayLength($.a.b)", 3),
        ("States.ArrayUnique(States.Array(1, 1.0, true, 'a', 'a'))", [1, True, "a"]),
        ("States.Base64Decode(States.Base64Encode('ü'))", "ü"),
        ("States.Hash('input data', 'SHA-1')", "aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ("States.JsonMerge($.a, $.items[0], false)", {"b": [1, 2, 3], "c": None, "n": 1, "k": "x"}),
        ("States.MathAdd(1.5, -1.5)", 1),
        ("States.MathAdd(2, -0.5)", 2),
        ("States.StringSplit('a.b+.c', '.+')", ["a", "b", "c"]),
        ("States.ArrayLength(States.StringSplit(States.UUID(), '-'))", 5),
        ("States.MathRandom(1, 2)", 1),
    ],
)
def test_an_intrinsic_function_gives(call: str, expected: Any) -> None:
    assert output(chain({"Type": "Pass", "Parameters": {"v.$": call}}), DOCUMENT) == {"v": expected}


@pytest.mark.parametrize(
    "call",
    [
        "States.ArrayGetItem($.a.b, 3)",
        "States.ArrayGetItem($.a.b, -1)",
        "States.ArrayRange(1, 5000, 1)",
        "States.ArrayRange(1, $.zero, $.zero)",
        "States.ArrayPartition($.a.b, $.zero)",
        "States.StringToJson($.text)",
        "States.JsonMerge($.a, $.text, false)",
        "States.MathAdd($.text, 1)",
        "States.Format('{} {}', $.text)",
        "States.Format('{}', $.text, $.text)",
        "States.Base64Decode($.text_with_stars)",
        "States.Hash($.text, $.text)",
        "States.ArrayLength($.text)",
        "States.MathRandom($.zero, $.zero)",
    ],
)
def test_an_intrinsic_function_fails_with_states_runtime(call: str) -> None:
    given = {**DOCUMENT, "zero": 0, "text_with_stars": "***"}
    machine = chain({"Type": "Pass", "Parameters": {"v.$": call}})
    from sfn_airflow_core.asl.model import Given, Machine, Pass, PathFlow
    from sfn_airflow_core.interpreter import execute

    state = Pass(name="A", flow=PathFlow(parameters=Given(machine["States"]["A"]["Parameters"])))
    assert execute(Machine("A", {"A": state}), given).error == "States.Runtime"


def test_variables_are_seen_from_the_next_state_on_and_swap_in_one() -> None:
    first = {"Type": "Pass", "Assign": {"x": 1, "y.$": "$.n"}}
    swap = {"Type": "Pass", "Assign": {"x.$": "$y", "y.$": "$x"}, "Parameters": {"seen.$": "$x"}}
    last = {"Type": "Pass", "Parameters": {"x.$": "$x", "y.$": "$y"}, "ResultPath": "$.after"}
    assert output(chain(first, swap, last), {"n": 2}) == {"seen": 1, "after": {"x": 2, "y": 1}}


def test_assign_sees_the_result_before_the_result_selector() -> None:
    first = task(Assign={"all.$": "$"}, ResultSelector={"v.$": "$.v"})
    last = {"Type": "Pass", "Parameters": {"all.$": "$all", "in.$": "$"}}
    result = {"v": 1, "w": 2}
    assert output(chain(first, last), {}, {"A": {"result": result}}) == {"all": result, "in": {"v": 1}}


def test_inner_scopes_read_outer_variables_and_keep_their_own() -> None:
    inner = {"Type": "Pass", "Assign": {"own.$": "$outer"}, "Next": "I2"}
    show = {"Type": "Pass", "Parameters": {"own.$": "$own", "outer.$": "$outer"}, "End": True}
    parallel = {"Type": "Parallel", "Branches": [{"StartAt": "I", "States": {"I": inner, "I2": show}}]}
    execution = run(chain({"Type": "Pass", "Assign": {"outer": 1}}, parallel))
    assert execution.output == [{"own": 1, "outer": 1}]
    assert execution.variables == {"outer": 1}
