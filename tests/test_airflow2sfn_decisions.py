"""Branch callables as conditions: the state machine goes where the function says, on many inputs."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import Any

import pytest

from airflow2sfn.read import read_text
from airflow2sfn.translate import translate
from sfn_airflow_core.asl.model import Choice, QueryRule, Task
from sfn_airflow_core.interpreter import Reply, ServiceCall, execute

TARGETS = ("a", "b", "c")
INPUTS: list[dict[str, Any]] = [
    {"n": n, "mode": mode, "tags": tags}
    for n in (0, 3, 4, 10)
    for mode in ("full", "delta", "")
    for tags in ([], ["x"], ["x", "y"])
]
BODIES = {
    "comparison": "if params['n'] > 3:\n    return 'a'\nreturn 'b'",
    "elif": "if params['mode'] == 'full':\n    return 'a'\nelif params['n'] >= 4:\n    return 'b'\n"
    "else:\n    return 'c'",
    "nested": "if params['n']:\n    if params['mode'] == 'full':\n        return 'a'\n    return 'b'\nreturn 'c'",
    "ternary": "return 'a' if params['mode'] in ('full', 'all') else 'b'",
    "nested ternary": "return 'a' if params['n'] > 5 else 'b' if params['n'] > 2 else 'c'",
    "and, or, not": "if params['n'] > 3 and not params['tags'] or params['mode'] == '':\n    return 'a'\nreturn 'b'",
    "assignment": "big = params['n'] * 2 + 1 > 8\nname = params['mode'].upper()\nif big and name == 'FULL':\n"
    "    return 'a'\nreturn 'b'",
    "several": "if 'x' in params['tags']:\n    return ['a', 'b']\nreturn ['c']",
    "none": "if len(params['tags']) == 2:\n    return None\nif params['mode'].startswith('de'):\n    return 'b'",
    "get": "return 'a' if params.get('missing', 'no') == 'no' and params.get('n', 0) != 3 else 'b'",
    "chained": "return 'a' if 2 < params['n'] <= 4 else 'c'",
    "text": "if f\"{params['mode']}-{params['n']}\" == 'full-3':\n    return 'a'\nreturn 'b'",
    "is none": "return 'a' if params.get('missing') is None else 'b'",
    "kind": "return 'a' if params['tags'] else 'b'",
    "first": "if params['tags'] and params['tags'][0] == 'x' and params['tags'][-1] == 'y':\n    return 'a'\n"
    "return 'b'",
}


def text(body: str, decorator: str = "task.branch") -> str:
    tasks = "".join(f"    @task\n    def {name}(): pass\n" for name in TARGETS)
    given = "{'n': 1, 'mode': 'x', 'tags': ['z']}"
    return (
        f'from airflow.sdk import DAG, task\nwith DAG("x", schedule=None, params={given}):\n{tasks}'
        f"    @{decorator}\n    def choose(params):\n{indent(dedent(body), ' ' * 8)}\n    choose() >> [a(), b(), c()]\n"
    )


class Calls:
    def __init__(self) -> None:
        self.made: set[str] = set()

    def answer(self, call: ServiceCall) -> Reply:
        self.made.add(call.state)
        return Reply("result", {"Payload": None})


def function(body: str) -> Any:
    found: dict[str, Any] = {}
    exec(f"def choose(params):\n{indent(dedent(body), '    ')}\n", found)
    return found["choose"]


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_goes_where_the_function_says(body: str) -> None:
    (dag,) = read_text(text(body), "x.py").dags
    result = translate(dag)
    assert [type(state) for state in result.machine.walk() if state.name == "choose"] == [Choice]
    assert [finding.code for finding in result.findings] == ["A2S212"]
    for given in INPUTS:
        chosen = function(body)(given)
        calls = Calls()
        execution = execute(result.machine, {"conf": given}, calls)
        assert execution.status == "SUCCEEDED", (execution.error, execution.cause)
        assert calls.made == set([chosen] if isinstance(chosen, str) else chosen or []), given


@pytest.mark.parametrize("body", ["return params['n'] > 3", "return params['n'] > 3 and params['mode'] == 'full'"])
def test_short_circuits(body: str) -> None:
    (dag,) = read_text(text(body, "task.short_circuit"), "x.py").dags
    machine = translate(dag).machine
    for given in INPUTS:
        calls = Calls()
        assert execute(machine, {"conf": given}, calls).status == "SUCCEEDED"
        assert calls.made == (set(TARGETS) if function(body)(given) else set())


@pytest.mark.parametrize(
    "body",
    [
        "return open('x').read()", "import random\nreturn random.choice(['a', 'b'])", "print(params)\nraise ValueError",
        "for t in params['tags']:\n    return t\nreturn 'a'", "return 'unknown'", "return params['mode']",
        "with open('x') as f:\n    pass\nreturn 'a'", "params['n'] = 1\nreturn 'a'", "x = print\nreturn 'a'",
        "try:\n    return 'a'\nexcept KeyError:\n    return 'b'", "return 'a' if params['x'].y else 'b'",
    ],
)  # fmt: skip
def test_stays_a_function_otherwise(body: str) -> None:
    (dag,) = read_text(text(body), "x.py").dags
    machine = translate(dag).machine
    assert [type(state) for state in machine.walk() if state.name == "choose"] == [Task]


class Chosen(Calls):
    """A branch function that returns a value."""

    def __init__(self, value: Any):
        super().__init__()
        self.value = value

    def answer(self, call: ServiceCall) -> Reply:
        self.made.add(call.state)
        return Reply("result", {"Payload": self.value if call.state == "choose" else None})


@pytest.mark.parametrize(
    ("body", "values"),
    [
        ("return ['a', 'b'] if open('x').read() else 'c'", (["a", "b"], "c")),
        ("return ['a'] if open('x').read() else ['b', 'c']", (["a"], ["b", "c"])),
        ("return ['a'] if open('x').read() else 'b'", (["a"], "b")),
        ("return [] if open('x').read() else 'b'", ([], "b")),
        ("return open('x').read()", ("a", ["b", "c"], [], None)),
    ],
)
def test_follows_what_a_function_returns(body: str, values: tuple[Any, ...]) -> None:
    (dag,) = read_text(text(body), "x.py").dags
    machine = translate(dag).machine
    for value in values:
        calls = Chosen(value)
        execution = execute(machine, {}, calls)
        assert execution.status == "SUCCEEDED", (execution.error, execution.cause)
        assert calls.made - {"choose"} == set([value] if isinstance(value, str) else value or []), value


def test_conditions_have_no_more_parentheses_than_they_need() -> None:
    made = translate(read_text(GIVEN, "dag.py").dags[0])
    choice = made.machine.states["choose"]
    assert isinstance(choice, Choice)
    (rule,) = choice.choices
    assert isinstance(rule, QueryRule)
    assert rule.condition.text.strip() == "$params.mode = 'full' and $ds > '2026-01-01'"


GIVEN = """
from airflow.sdk import DAG, task
with DAG("x", schedule=None, params={"mode": "full"}):
    @task
    def a(): pass
    @task
    def b(): pass
    @task.branch
    def choose(mode, day): return "a" if mode == "full" and day > "2026-01-01" else "b"
    choose("{{ params.mode }}", "{{ ds }}") >> [a(), b()]
"""
