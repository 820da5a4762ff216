"""Random machines, most of them valid: a DAG file that parses and imports, or an error with its place; no crash."""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from ruff import find_ruff_bin

from sfn2airflow.options import Options
from sfn2airflow.translate import Translation, translate_text
from sfn2airflow.writing.layout import format_sources

NAMES = [
    "A",
    "a",
    "Check Stock",
    "check-stock",
    "class",
    "data",
    "output",
    "Items",
    "1st",
    "Ü→",
    "state",
    "{{ x }}",
    "dag",
    "x" * 80,
]
PATHS = [
    "$",
    "$.a",
    "$.a.b[0]",
    "$['a b']",
    "$.list[*].x",
    "$..id",
    "$.l[?(@.x > 1)].y",
    "$$.Execution.Input.a",
    "$.l[-1:]",
    "$v.x",
]
VARIABLES = ["$", "$.a", "$.a.b[0]", "$['a b']", "$$.Execution.Input.a", "$.n", "$.s"]
REFERENCES = ["$", "$.a", "$.deep.er.path", "$['a b']", "$.l[0]", None]
ODD = st.sampled_from(["", "$.", "$[", "x", 1, True, None, [], {}, -1, 1.5, "States.Format('", "{% $x %}", "${Open}"])
CALLS = [
    "States.Format('{} of {}', $.a, 'b')",
    "States.Array($.a, 1, null)",
    "States.MathAdd($.n, 1)",
    "States.JsonToString($)",
    "States.UUID()",
    "States.StringSplit($.s, ',')",
    "States.ArrayGetItem($.l, States.MathAdd($.n, -1))",
    "States.JsonMerge($.a, $.b, false)",
]
RESOURCES = [
    "arn:aws:states:::lambda:invoke",
    "arn:aws:lambda:eu-west-1:111122223333:function:f",
    "arn:aws:states:::sns:publish",
    "arn:aws:states:::dynamodb:putItem",
    "arn:aws:states:::glue:startJobRun.sync",
    "arn:aws:states:::athena:startQueryExecution.sync",
    "arn:aws:states:::states:startExecution.sync:2",
    "arn:aws:states:::ecs:runTask.sync",
    "arn:aws:states:::aws-sdk:s3:listBuckets",
    "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "arn:aws:states:eu-west-1:111122223333:activity:a",
    "arn:aws:states:${AWS::Region}:111122223333:activity:a",
    "arn:${AWS::Partition}:states:::batch:submitJob.sync",
    "arn:aws:states:::http:invoke",
    "${Function}",
    "arn:aws:states:::nothing:here",
]
OPERATORS = [
    ("StringEquals", "x"),
    ("StringMatches", "a*b"),
    ("NumericGreaterThan", 1.5),
    ("NumericEqualsPath", "$.b"),
    ("BooleanEquals", True),
    ("TimestampLessThan", "2024-01-01T00:00:00Z"),
    ("IsPresent", True),
    ("IsNull", False),
    ("IsTimestamp", True),
]
ERRORS = ["States.ALL", "States.TaskFailed", "States.Timeout", "Custom", "it's", "Lambda.Unknown"]
NUMBERS = st.sampled_from([1, 2, 30, 0])

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def templates(draw: DrawFn) -> dict[str, Any]:
    """A payload template: literals, paths and calls, at two depths."""
    template: dict[str, Any] = {}
    for number in range(draw(st.integers(0, 3))):
        match draw(st.integers(0, 3)):
            case 0:
                template[f"k{number}"] = draw(json_values | st.sampled_from(["${Open}", "a ${Open} b"]))
            case 1:
                template[f"k {number}.$"] = draw(st.sampled_from(PATHS))
            case 2:
                template[f"k{number}.$"] = draw(st.sampled_from(CALLS))
            case _:
                template[f"k{number}"] = {"in.$": draw(st.sampled_from(PATHS)), "list": [{"x.$": "$.a"}]}
    return template


def some(draw: DrawFn, state: dict[str, Any], fields: dict[str, SearchStrategy[Any]]) -> None:
    """Adds a few of the fields, now and then with a value that makes no sense."""
    for name, values in fields.items():
        if draw(st.integers(0, 3)) == 0:
            state[name] = draw(ODD) if draw(st.integers(0, 40)) == 0 else draw(values)


@st.composite
def conditions(draw: DrawFn, depth: int = 0) -> dict[str, Any]:
    match draw(st.integers(0, 5)) if depth < 2 else 5:
        case 0:
            return {"And": draw(st.lists(conditions(depth + 1), min_size=1, max_size=3))}
        case 1:
            return {"Or": draw(st.lists(conditions(depth + 1), min_size=1, max_size=3))}
        case 2:
            return {"Not": draw(conditions(depth + 1))}
        case _:
            operator, operand = draw(st.sampled_from(OPERATORS))
            return {"Variable": draw(st.sampled_from(VARIABLES)), operator: operand}


@st.composite
def machines(draw: DrawFn, depth: int = 0, prefix: str = "") -> dict[str, Any]:
    """A machine of one to five states; transitions go forward, seldom back, seldom nowhere."""
    count = draw(st.integers(1, 5 if depth == 0 else 2))
    chosen = draw(st.permutations(NAMES))[:count]
    names = [f"{prefix}{name}"[:80] for name in chosen]
    states = {name: draw(single_states(names, place, depth)) for place, name in enumerate(names)}
    return {"StartAt": names[0], "States": states}


@st.composite
def single_states(draw: DrawFn, names: list[str], place: int, depth: int) -> dict[str, Any]:
    later = names[place + 1 :]

    def target() -> str:
        strange = draw(st.integers(0, 30))
        if strange == 0:
            return draw(st.sampled_from([*names, "Nowhere"]))
        return draw(st.sampled_from(later)) if later else names[-1]

    kinds = ["Task", "Pass", "Wait", "Succeed", "Fail"]
    kinds += ["Choice"] * 2 if later else []
    kinds += ["Parallel", "Map"] if depth < 2 else []
    kind = draw(st.sampled_from(kinds))
    state: dict[str, Any] = {"Type": kind}
    some(draw, state, {"Comment": st.text(max_size=20)})
    paths, references = st.sampled_from([*PATHS, None]), st.sampled_from(REFERENCES)
    if kind != "Fail":
        some(draw, state, {"InputPath": paths, "OutputPath": paths})
    if kind in ("Task", "Parallel", "Map", "Pass"):
        some(draw, state, {"ResultPath": references})
    if kind in ("Task", "Parallel", "Map"):
        some(draw, state, {"ResultSelector": templates(), "Retry": retriers, "Catch": catchers(later)})
    if kind in ("Task", "Parallel", "Pass"):
        some(draw, state, {"Parameters": templates()})
    if kind in ("Task", "Pass", "Wait", "Parallel", "Map"):
        state |= {"Next": target()} if later and draw(st.integers(0, 4)) else {"End": True}
    body(draw, state, kind, depth, place, target)
    return state


def body(draw: DrawFn, state: dict[str, Any], kind: str, depth: int, place: int, target: Any) -> None:
    """What only one type of state has."""
    inner = f"{depth}{place}"
    match kind:
        case "Task":
            state["Resource"] = draw(st.sampled_from(RESOURCES))
            some(
                draw,
                state,
                {
                    "TimeoutSeconds": NUMBERS,
                    "HeartbeatSeconds": NUMBERS,
                },
            )
        case "Pass":
            some(draw, state, {"Result": json_values})
        case "Wait":
            name, values = draw(
                st.sampled_from(
                    [
                        ("Seconds", [1, 0]),
                        ("SecondsPath", ["$.s"]),
                        ("Timestamp", ["2024-01-01T00:00:00Z"]),
                        ("TimestampPath", ["$.t"]),
                    ]
                )
            )
            state[name] = draw(st.sampled_from(values))
        case "Fail":
            some(draw, state, {"Error": st.text(max_size=8), "CausePath": st.sampled_from(["$.c", CALLS[0]])})
        case "Choice":
            rules = draw(st.lists(conditions(), min_size=1, max_size=3))
            state["Choices"] = [{**rule, "Next": target()} for rule in rules]
            some(draw, state, {"Default": st.just(target())})
        case "Parallel":
            state["Branches"] = [draw(machines(depth + 1, f"{inner}{n} ")) for n in range(draw(st.integers(1, 2)))]
        case "Map":
            state["ItemProcessor"] = draw(machines(depth + 1, f"{inner} "))
            some(
                draw,
                state,
                {
                    "ItemsPath": st.sampled_from(["$.list", "$['a b']"]),
                    "ItemSelector": templates(),
                    "MaxConcurrency": NUMBERS,
                },
            )


retriers = st.lists(
    st.fixed_dictionaries(
        {"ErrorEquals": st.lists(st.sampled_from(ERRORS), min_size=1, max_size=2)},
        optional={
            "MaxAttempts": NUMBERS,
            "IntervalSeconds": st.just(2),
            "BackoffRate": st.just(1.5),
            "JitterStrategy": st.just("FULL"),
        },
    ),
    max_size=2,
)


def catchers(later: list[str]) -> SearchStrategy[list[dict[str, Any]]]:
    if not later:
        return st.just([])
    return st.lists(
        st.fixed_dictionaries(
            {"ErrorEquals": st.lists(st.sampled_from(ERRORS), min_size=1, max_size=1), "Next": st.sampled_from(later)},
            optional={"ResultPath": st.sampled_from(REFERENCES)},
        ),
        max_size=2,
    )


def checked(definition: Any) -> Translation:
    """The translation, or the assertion that every problem has its place."""
    translation = translate_text(json.dumps(definition), "machine.asl.json", Options(dag_id="machine"))
    if translation.text is None:
        assert any(problem.severity == "ERROR" for problem in translation.report.problems)
        assert all(problem.span is not None for problem in translation.report.problems)
        return translation
    ast.parse(translation.text)
    assert set(translation.report.dispositions)
    assert all(located.span is not None for located in translation.report.findings)
    return translation


BOUNDED = settings(
    derandomize=True,
    deadline=None,
    max_examples=400,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def test_every_machine_is_translated_or_rejected_with_a_place(airflow: Any, with_runtime: Path) -> None:
    kept: list[Any] = []
    tried: list[bool] = []

    @BOUNDED
    @given(machines())
    def translate_one(definition: dict[str, Any]) -> None:
        translation = checked(definition)
        tried.append(translation.text is not None)
        if translation.text is not None and len(tried) % 4 == 0:
            kept.append(definition)

    translate_one()
    assert sum(tried) > len(tried) / 3, "most of these machines should be valid"
    sources = [
        translate_text(json.dumps(definition), "m.asl.json", Options(dag_id=f"machine_{number}")).text or ""
        for number, definition in enumerate(kept)
    ]
    for number, source in enumerate(format_sources(sources)):
        (with_runtime / f"random_{number}.py").write_text(source, encoding="utf-8")
    check = ["check", "--isolated", "--no-cache", "--quiet", "--output-format", "concise", "--select", "AIR,F,E9"]
    files = map(str, with_runtime.glob("random_*.py"))
    done = subprocess.run([find_ruff_bin(), *check, *files], capture_output=True, text=True, check=False)
    # a loop without any way out hands on to nobody, which leaves its variable unused
    assert [line for line in done.stdout.splitlines() if "_loop` is assigned to but never used" not in line] == []
    errors = airflow.import_errors(with_runtime)
    assert {path: error for path, error in errors.items() if "random_" in path} == {}


@settings(BOUNDED, max_examples=150)
@given(
    st.dictionaries(
        st.sampled_from(["StartAt", "States", "Comment", "TimeoutSeconds", "QueryLanguage", "Version"]), json_values
    )
)
def test_other_values_are_rejected_with_a_place(definition: dict[str, Any]) -> None:
    checked(definition)


@settings(BOUNDED, max_examples=150)
@given(st.text(alphabet=st.characters(), max_size=60) | st.binary(max_size=60))
def test_any_text_is_rejected_with_a_place(text: str | bytes) -> None:
    translation = translate_text(text, "machine.asl.json")
    if translation.text is None:
        assert translation.report.problems


@pytest.mark.parametrize("name", ["", "${Name}", "${Name}-x", "Nowhere", "a"])
@pytest.mark.parametrize("place", ["start", "next", "default", "rule", "catcher"])
def test_transitions_that_lead_nowhere_have_a_place(name: str, place: str) -> None:
    """Found by the machines above: an empty name, and an open one, which the reader lets pass."""
    rule = {"Variable": "$", "IsNull": True, "Next": name if place == "rule" else "B"}
    catcher = {"ErrorEquals": ["States.ALL"], "Next": name if place == "catcher" else "B"}
    definition = {
        "StartAt": name if place == "start" else "A",
        "States": {
            "A": {
                "Type": "Task",
                "Resource": RESOURCES[0],
                "Catch": [catcher],
                "Next": name if place == "next" else "C",
            },
            "C": {"Type": "Choice", "Choices": [rule], "Default": name if place == "default" else "B"},
            "B": {"Type": "Succeed"},
        },
    }
    assert checked(definition).text is None


@pytest.mark.parametrize(
    "fields",
    [
        {"OutputPath": "${Open}"},
        {"InputPath": "$.${Open}.a"},
        {"ResultPath": "$.${Open}"},
        {"Parameters": {"x": {"y.$": "${Open}"}}},
        {"Parameters": {"y.$": "States.${Open}($.a)"}},
        {"OutputPath": "$['${Open}']"},
    ],
    ids=str,
)
def test_an_open_path_is_rejected_with_its_place(fields: dict[str, Any]) -> None:
    """Found by the machines above: nobody knows yet what such a path reads."""
    translation = checked({"StartAt": "A", "States": {"A": {"Type": "Pass", **fields, "End": True}}})
    assert translation.text is None
    assert translation.report.problems[0].at.startswith("/States/A/")


def test_a_template_may_stay_open() -> None:
    state = {"Type": "Pass", "Parameters": {"y.$": "States.Format('it\\'s ${Fine} {}', $.${Open})"}, "End": True}
    assert checked({"StartAt": "A", "States": {"A": state}}).text is not None
