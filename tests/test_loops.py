"""Where machines loop: regions that can run without going back, whatever the transitions are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from running import machine_of

from sfn2airflow.translate import translate_text
from sfn_airflow_core.asl.model import Machine, targets
from sfn_airflow_core.flow.graph import graph
from sfn_airflow_core.flow.loops import DEEPEST, Region, components, regions

LAMBDA = "arn:aws:states:::lambda:invoke"


def machine(edges: list[list[int]]) -> Machine:
    """States 0, 1, …, each a Choice with these targets, or the end."""
    states: dict[str, Any] = {}
    for number, below in enumerate(edges):
        rules = [{"Variable": "$.x", "NumericEquals": to, "Next": str(to)} for to in below]
        states[str(number)] = {"Type": "Choice", "Choices": rules} if rules else {"Type": "Succeed"}
    states["0"] = {**states["0"], "Default": "End"} if edges[0] else states["0"]
    return machine_of({"StartAt": "0", "States": {**states, "End": {"Type": "Succeed"}}})


def all_regions(region: Region) -> list[Region]:
    return [region, *(inner for loop in region.loops for inner in all_regions(loop))]


@st.composite
def graphs(draw: Any) -> list[list[int]]:
    count = draw(st.integers(1, 9))
    number = st.integers(0, count - 1)
    return [draw(st.lists(number, max_size=3, unique=True)) for _ in range(count)]


@settings(derandomize=True, max_examples=300)
@given(graphs())
def test_every_transition_leads_forward_or_out(edges: list[list[int]]) -> None:
    definition = machine(edges)
    whole = regions(definition)
    assert sorted(whole.states()) == sorted(graph(definition).order)
    for region in all_regions(whole):
        place = {
            name: number
            for number, part in enumerate(region.parts)
            for name in ([part] if isinstance(part, str) else part.states())
        }
        in_loop = {name: part for part in region.loops for name in part.states()}
        for name, number in place.items():
            for target in targets(definition.states[name]):
                inner = target in in_loop and in_loop[target] is in_loop.get(name)
                cut = target in region.starts and region is not whole
                assert target not in place or cut or inner or number < place[target]
        for loop in region.loops:
            outside = {name for name in place if in_loop.get(name) is not loop}
            entered = {t for name in outside for t in targets(definition.states[name]) if t in {*loop.states()}}
            assert entered - {*region.starts} <= {*loop.starts}


def test_a_chain_may_be_long() -> None:
    edges = {str(n): [str(n + 1)] for n in range(50_000)} | {"50000": ["0"]}
    (group,) = components(["0"], edges.__getitem__)
    assert len(group) == 50_001


def test_loops_within_loops_end_somewhere() -> None:
    whole = regions(machine([[n + 1, *range(max(n - 1, 0), n + 1)] for n in range(30)] + [[]]))
    depth, level = 0, [whole]
    while level := [loop for region in level for loop in region.loops]:
        depth += 1
    assert depth <= DEEPEST + 1


POLL: dict[str, Any] = {
    "StartAt": "Ask",
    "States": {
        "Ask": {"Type": "Task", "Resource": LAMBDA, "Parameters": {"FunctionName": "f"}, "Next": "Ready?"},
        "Ready?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.ready", "BooleanEquals": True, "Next": "Done"}],
            "Default": "Pause",
        },
        "Pause": {"Type": "Wait", "Seconds": 5, "Next": "Ask"},
        "Done": {"Type": "Succeed"},
        "Other": {"Type": "Pass", "Next": "Ask"},
    },
}


def changed(name: str, **fields: Any) -> dict[str, Any]:
    return {**POLL, "States": {**POLL["States"], name: {**POLL["States"][name], **fields}}}


@pytest.mark.parametrize(
    ("definition", "finding"),
    [
        (POLL, "S2A223"),
        ({**POLL, "StartAt": "Pause"}, "S2A223"),
        ({**POLL, "StartAt": "Ready?"}, "S2A222"),
        (changed("Ask", Catch=[{"ErrorEquals": ["E"], "Next": "Done"}]), "S2A223"),
        (changed("Ask", Catch=[{"ErrorEquals": ["E"], "Next": "Pause"}]), "S2A222"),
        (changed("Pause", InputPath="$.x"), "S2A222"),
        (changed("Ready?", OutputPath="$.x"), "S2A222"),
        (changed("Ask", Resource="arn:aws:states:::glue:startJobRun.sync", Parameters={"JobName": "j"}), "S2A222"),
        (changed("Pause", Next="Other"), "S2A222"),
    ],
)
def test_what_is_a_poll(definition: dict[str, Any], finding: str) -> None:
    translation = translate_text(json.dumps(definition), "poll.asl.json")
    codes = {located.finding.code for located in translation.report.findings}
    assert codes & {"S2A222", "S2A223"} == {finding}
