"""Compiled expressions give what AWS Step Functions answered, in recorded executions and recorded TestState calls."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from compiled import DATA_ERRORS, FUNCTIONS, condition, run, source
from shared import CORPUS

from sfn2airflow.expressions.compile import Scope, write_result_path
from sfn2airflow.phrases import name
from sfn_airflow_core.expr.read_condition import read_condition
from sfn_airflow_core.expr.read_jsonpath import read_path
from sfn_airflow_core.expr.read_template import read_template

if not CORPUS.exists():
    pytest.skip("the recordings of AWS are not here", allow_module_level=True)


REDACTED = re.compile(r"<[^<>]+>")


def rows(name: str) -> list[dict[str, Any]]:
    """The recordings of a file."""
    return [json.loads(line) for line in (CORPUS / name).read_text("utf-8").splitlines()]


def parsed(value: Any) -> Any:
    """As the recorder does: a string that begins with ``{`` as the JSON that it is."""
    match value:
        case dict():
            return {key: parsed(part) for key, part in value.items()}
        case list():
            return [*map(parsed, value)]
        case str() if value.startswith("{"):
            try:
                return parsed(json.loads(value))
            except ValueError:
                return value
    return value


def equal(expected: Any, actual: Any) -> bool:
    """Equality of JSON by type, around what the recorder redacted, ``<…>``."""
    if any(isinstance(value, str) and REDACTED.search(value) for value in (expected, actual)):
        return True
    match expected, actual:
        case dict(), dict():
            return expected.keys() == actual.keys() and all(equal(expected[key], actual[key]) for key in expected)
        case list(), list():
            return len(expected) == len(actual) and all(map(equal, expected, actual))
        case bool(), _:
            return expected is actual
        case ((int() | float()), (int() | float())):
            return not isinstance(actual, bool) and expected == actual
    return type(expected) is type(actual) and expected == actual


class State:
    """The data flow of one JSONPath state, each step by compiled expressions."""

    def __init__(self, definition: dict[str, Any], context: Any, variables: dict[str, Any]):
        self.definition, self.context, self.variables = definition, context, dict(variables)

    def value(self, expr: Any, data: Any) -> Any:
        return run(expr, data, self.context, self.variables)

    def path(self, field: str, data: Any) -> Any:
        path = self.definition.get(field, "$")
        return {} if path is None else self.value(read_path(path), data)

    def output(self, raw: Any, result: Callable[[Any], Any]) -> Any:
        """The output; ``result`` makes the result of the effective input."""
        effective = self.path("InputPath", raw)
        if "Parameters" in self.definition:
            effective = self.value(read_template(self.definition["Parameters"]), effective)
        found = result(effective)
        if "ResultSelector" in self.definition:
            found = self.value(read_template(self.definition["ResultSelector"]), found)
        where = self.definition.get("ResultPath", "$")
        if where is None:
            return self.path("OutputPath", raw)
        code = source(write_result_path(read_path(where), name("data"), name("result"), Scope()))
        combined = eval(compile(code, "compiled", "eval"), {**FUNCTIONS, "data": raw, "result": found})
        return self.path("OutputPath", combined)

    def assigned(self, assign: Any, data: Any) -> dict[str, Any]:
        """The variables after ``Assign``."""
        return {**self.variables, **self.value(read_template(assign), data)} if assign else self.variables

    def chosen(self, raw: Any) -> tuple[str | None, Any]:
        """Where a Choice goes, and its ``Assign``."""
        effective = self.path("InputPath", raw)
        for rule in self.definition["Choices"]:
            if self.value(read_condition(condition(rule)), effective) is True:
                return rule["Next"], rule.get("Assign")
        return self.definition.get("Default"), self.definition.get("Assign")


def steps(row: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """What, expected and actual for each step of an execution that compiled expressions alone decide."""
    machine, data, variables = row["definition"], row["input"], dict[str, Any]()
    outputs = {name: iter(values) for name, values in row["state_outputs"].items()}
    results = iter(row["task_results"])
    path, at = row["state_path"], machine["StartAt"]
    for place in range(len(path) or 100):
        if at is None:
            yield "output", parsed(row["output"]), parsed(data)
            return
        if path and path[place] != at:
            return
        name_, definition = at, machine["States"][at]
        context = context_of(row, name_)
        state = State(definition, context, variables)
        expected = parsed(next(outputs.get(name_, iter(())), None))
        match definition["Type"]:
            case "Pass":
                kept: list[Any] = []

                def result(effective: Any, definition: Any = definition, kept: list[Any] = kept) -> Any:
                    kept.append(definition.get("Result", effective))
                    return kept[0]

                data = state.output(data, result)
                if path:
                    yield f"{name_} output", expected, parsed(data)
                variables = state.assigned(definition.get("Assign"), kept[0])
                at = definition.get("Next")
            case "Choice":
                at, assign = state.chosen(data)
                if path:
                    yield f"{name_} goes to", path[place + 1] if place + 1 < len(path) else None, at
                variables = state.assigned(assign, data)
                data = state.path("OutputPath", state.path("InputPath", data))
            case "Task":
                answer = next(results, None)
                if answer is None or not answer["ok"] or answer["state"] != name_ or "Assign" in definition:
                    return
                data = state.output(data, lambda _, answer=answer: answer["output"])
                yield f"{name_} output", expected, parsed(data)
                at = definition.get("Next")
            case _:
                return


def context_of(row: dict[str, Any], state: str) -> Any:
    """The context object, as far as a recording tells it; what was redacted is redacted here too."""
    return {
        "Execution": {"Input": row["input"], "Id": "<redacted>", "Name": "<redacted>", "StartTime": "<redacted>"},
        "State": {"Name": state, "EnteredTime": "<redacted>"},
        "StateMachine": {"Id": "<redacted>", "Name": "<redacted>"},
        "Task": {"Token": "<redacted>"},
    }


def comparable(row: dict[str, Any]) -> bool:
    """Whether compiled expressions alone decide at least the first step."""
    if row["query_language"] != "JSONPath" or "JSONata" in json.dumps(row["definition"]) or row["needs_external_data"]:
        return False
    first = row["definition"]["States"][row["definition"]["StartAt"]]
    results = row["task_results"]
    return first["Type"] in ("Pass", "Choice") or (first["Type"] == "Task" and bool(results) and results[0]["ok"])


NOT_TOLD = (
    "test_uuid|",  # a random value
    "test_output_path[$$]",  # the whole context object
    "test_sqs_wait_for_task_token_call_chain",  # a redacted value that does not look like one
)
"""Executions whose recordings do not tell what came out, or what went in."""

EXECUTIONS = [
    row for row in rows("aws-recordings.jsonl") if comparable(row) and not any(part in row["id"] for part in NOT_TOLD)
]


@pytest.mark.parametrize("row", EXECUTIONS, ids=lambda row: row["id"].split("::", 1)[1])
def test_execution(row: dict[str, Any]) -> None:
    compared = 0
    try:
        for what, expected, actual in steps(row):
            if expected is None and row["status"] != "SUCCEEDED":
                assert row["error"] != "States.Runtime", f"{what}: AWS failed, compiled code gave {actual!r}"
                break
            compared += 1
            assert equal(expected, actual), f"{what}: AWS {expected!r}, compiled {actual!r}"
    except DATA_ERRORS as error:
        if row["status"] == "SUCCEEDED":
            raise AssertionError(f"AWS succeeded, compiled code raised {error!r}") from error
        assert row["error"] == "States.Runtime"
        compared += 1
    if not compared:
        pytest.skip("nothing of it is decided by expressions alone")


def test_enough_executions() -> None:
    assert len(EXECUTIONS) > 400


def tried() -> Iterator[tuple[str, dict[str, Any], Any, dict[str, Any]]]:
    """The TestState calls for Pass and Choice states in JSONPath: id, definition, input, response."""
    for row in rows("aws-teststate.jsonl"):
        definition = json.loads(row["request"]["definition"])
        if definition.get("Type") in ("Pass", "Choice") and definition.get("QueryLanguage") != "JSONata":
            yield row["id"].split("::", 1)[1], definition, json.loads(row["request"]["input"]), row["response"]


@pytest.mark.parametrize(("definition", "data", "response"), [pytest.param(*rest, id=id_) for id_, *rest in tried()])
def test_tried_state(definition: dict[str, Any], data: Any, response: dict[str, Any]) -> None:
    state = State(definition, {"Execution": {"Input": data}}, {})
    if definition["Type"] == "Choice":
        assert state.chosen(data)[0] == response["nextState"]
    else:
        output = state.output(data, lambda effective: definition.get("Result", effective))
        assert equal(response["output"], parsed(output))
