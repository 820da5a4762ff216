"""Random machines, inputs and replies: the interpreter never breaks, and says the same every time."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from running import FUNCTION

from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.interpreter import Limits, Options, execute, history, read_replies

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
PATHS = st.sampled_from(
    [
        "$",
        "$.a",
        "$.a.b",
        "$.a[0]",
        "$.a[-1]",
        "$.a[*]",
        "$..b",
        "$.a[1:]",
        "$.a[?(@.b > 1)]",
        "$$",
        "$$.State.Name",
        "$v",
        "$v.a",
    ]
)
CALLS = st.sampled_from(
    [
        "States.Format('{}', $.a)",
        "States.StringToJson($.a)",
        "States.JsonToString($)",
        "States.Array($.a, 1)",
        "States.ArrayPartition($.a, $.b)",
        "States.ArrayRange($.a, $.b, 1)",
        "States.ArrayGetItem($.a, $.b)",
        "States.ArrayUnique($.a)",
        "States.MathAdd($.a, $.b)",
        "States.StringSplit($.a, $.b)",
        "States.Hash($.a, 'MD5')",
        "States.JsonMerge($.a, $.b, false)",
        "States.UUID()",
    ]
)  # fmt: skip
QUERIES = st.sampled_from(
    [
        "{% $states.input %}",
        "{% $states.input.a.b %}",
        "{% $sum($states.input.a) %}",
        "{% $x & $states.context.State.Name %}",
        "{% $map($states.input.a, function($x){$x + 1}) %}",
        "{% $partition($states.input.a, $states.input.b) %}",
        "{% $range($states.input.a, $states.input.b, 1) %}",
        "{% $states.result %}",
        "{% $number($states.input.a) / 0 %}",
        "{% $now() %}",
        "{% null %}",
        "{% 1 = 1 %}",
        "{% $parse($states.input.a) %}",
    ]
)
NUMBERS = st.integers(-2, 5) | st.just(1.5)
ERRORS = st.sampled_from(["E", "States.ALL", "States.TaskFailed", "States.Timeout", "States.QueryEvaluationError"])
TESTS = st.sampled_from(
    [
        {"Variable": "$.a", "NumericGreaterThan": 1},
        {"Variable": "$.a", "IsPresent": True},
        {"Variable": "$.a.b", "StringMatches": "*x*"},
        {"Not": {"Variable": "$.a", "IsNull": True}},
        {"And": [{"Variable": "$.a", "IsPresent": True}, {"Variable": "$.a", "StringLessThanPath": "$.b"}]},
        {"Variable": "$$.Execution.Input.a", "BooleanEquals": True},
    ]
)


@st.composite
def states(draw: Any, names: list[str], depth: int) -> dict[str, Any]:
    """The states of one scope; names are unique in the whole machine."""
    prefix = f"{draw(st.just('S'))}{len(names)}"
    own = [f"{prefix}{letter}" for letter in "abc"[: draw(st.integers(1, 3))]]
    names.extend(own)
    return {"StartAt": own[0], "States": {name: draw(state(name, own, names, depth)) for name in own}}


@st.composite
def state(draw: Any, name: str, own: list[str], names: list[str], depth: int) -> dict[str, Any]:
    last = name == own[-1]
    kinds = (
        ["Pass", "Task", "Wait", "Succeed", "Fail"]
        + ([] if last else ["Choice"])
        + (["Parallel", "Map"] if depth else [])
    )
    kind, query = draw(st.sampled_from(kinds)), draw(st.booleans())
    made: dict[str, Any] = {"Type": kind, **({"QueryLanguage": "JSONata"} if query else {})}
    if kind in ("Pass", "Task", "Wait", "Parallel", "Map"):
        made |= {"End": True} if last or draw(st.booleans()) else {"Next": draw(st.sampled_from(own))}
    if kind not in ("Succeed", "Fail") and draw(st.booleans()):
        variable = "vwx"[depth]  # a scope may not assign what an outer one assigns
        made["Assign"] = {variable: draw(QUERIES)} if query else {f"{variable}.$": draw(PATHS)}
    if query and kind != "Fail" and draw(st.booleans()):
        made["Output"] = draw(QUERIES | st.fixed_dictionaries({"a": QUERIES, "b": JSON}))
    if not query and kind in ("Pass", "Task", "Parallel"):
        made |= draw(st.fixed_dictionaries({}, optional={
            "InputPath": PATHS | st.none(), "OutputPath": PATHS | st.none(), "ResultPath": st.sampled_from(["$",
            "$.a", "$.a.b", None]), "Parameters": st.fixed_dictionaries({"a.$": PATHS | CALLS, "b": JSON}),
        }))  # fmt: skip
    made |= draw(details(kind, query, own, names, depth))
    return made


@st.composite
def details(draw: Any, kind: str, query: bool, own: list[str], names: list[str], depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if kind == "Task":
        made = {"Resource": FUNCTION, "TimeoutSeconds": draw(st.integers(1, 5))}
    elif kind == "Wait":
        made = {"Seconds": draw(st.integers(0, 5) | (QUERIES if query else st.nothing()))}
    elif kind == "Choice" and query:
        made = {"Choices": [{"Condition": draw(QUERIES), "Next": draw(st.sampled_from(own))}], "Default": own[-1]}
    elif kind == "Choice":
        made = {"Choices": [{**draw(TESTS), "Next": draw(st.sampled_from(own))}], "Default": own[-1]}
    elif kind == "Fail":
        made = {"Error": draw(st.sampled_from(["E", "F"]))}
    elif kind == "Parallel":
        made = {"Branches": [draw(states(names, depth - 1)) for _ in range(draw(st.integers(1, 2)))]}
    elif kind == "Map":
        processor = draw(states(names, depth - 1))
        if draw(st.booleans()):
            processor["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
        made = {"ItemProcessor": processor, **({"Items": draw(QUERIES | st.just([1, 2]))} if query else {})}
    if kind in ("Task", "Parallel", "Map"):
        made["Retry"] = [{"ErrorEquals": [draw(ERRORS)], "MaxAttempts": draw(st.integers(0, 2))}]
        made["Catch"] = [{"ErrorEquals": [draw(ERRORS)], "Next": draw(st.sampled_from(own))}]
    return made


@st.composite
def machines(draw: Any) -> dict[str, Any]:
    return draw(states([], 2))


REPLY = st.fixed_dictionaries({"result": JSON}, optional={"after": st.integers(0, 9)}) | st.sampled_from(
    [{"error": "E", "cause": "c"}, {"error": "States.Timeout"}, {"timeout": True}, {"never": True}, {"job_failed": {}}]
)
LIMITS = Limits(history_events=300, express_events=300)


@settings(derandomize=True, max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(machines(), JSON, st.lists(REPLY, min_size=1, max_size=4), st.sampled_from(["STANDARD", "EXPRESS"]))
def test_every_machine_ends_with_an_answer_of_the_service(definition: Any, value: Any, replies: Any, kind: Any) -> None:
    reading = read_text(json.dumps(definition), "random.json")
    assert reading.machine is not None, reading.problems
    runs = [
        execute(reading.machine, value, read_replies({"*": replies}), options=Options(type=kind), limits=LIMITS)
        for _ in range(2)
    ]
    first, second = runs
    assert first.status in ("SUCCEEDED", "FAILED", "TIMED_OUT")
    if first.status == "FAILED":
        assert first.error in (None, "E", "F") or str(first.error).startswith("States."), first.error
    assert (first.status, first.error, first.output) == (second.status, second.error, second.output)
    assert json.dumps(history(first)) == json.dumps(history(second))
