"""Goldens: where they are, and what a scenario of one expects, in the words of both sides that run it."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sfn_airflow_core.asl.model import Machine, Map, nested, targets
from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.interpreter import Execution, Replies, Reply, ServiceCall, execute, read_replies
from sfn_airflow_core.interpreter.resource import parse_resource

FOLDER = Path(__file__).parents[1] / "fixtures" / "sfn2airflow"
CASES = sorted(path.parent for path in FOLDER.glob("*/machine.asl.*"))

# task tokens of the interpreter, and of the runtime: a JSON list that begins with a name, as base64url
_TOKEN = re.compile(r"token-[0-9a-f]{16}|\bWyJ[A-Za-z0-9_-]{40,}")

# what boto3 calls the services that Step Functions calls otherwise
_BOTO3 = {"states": "stepfunctions", "sfn": "stepfunctions", "elasticmapreduce": "emr", "eventbridge": "events"}
_TEXTS = ("Input", "Message", "MessageBody")
# what the operators of the Amazon provider write down, and Step Functions or the service would fill in itself
_ADDED = {
    "athena:startQueryExecution": {"QueryExecutionContext": {"Catalog": "AwsDataCatalog"}, "ResultConfiguration": {}},
    "batch:submitJob": {"Tags": {}},
    "ecs:runTask": {"StartedBy": "airflow"},
    "glue:startJobRun": {"Arguments": {}},
    "lambda:invoke": {"Payload": {}},
}


def machine_file(case: Path) -> Path:
    return next(iter(sorted(case.glob("machine.asl.*"))))


def machine(case: Path, variables: dict[str, Any] | None = None) -> Machine:
    """The machine of a case, with values for its open substitutions."""
    source = machine_file(case)
    reading = read_text(source.read_bytes(), source.name, substitutions=variables or {})
    assert reading.machine is not None, reading.problems
    return reading.machine


def scenarios(case: Path) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads((case / "scenarios.json").read_text(encoding="utf-8"))
    return loaded


@dataclass(frozen=True, slots=True)
class ByItem:
    """Replies of a scenario for the interpreter: ``State#2`` answers for item 2 of the Map around the state."""

    replies: Replies
    names: frozenset[str]
    maps: frozenset[str]

    def answer(self, call: ServiceCall) -> Reply:
        items = [number for state, number in call.place if state in self.maps]
        key = f"{call.state}#{items[-1]}" if items else call.state
        return self.replies.answer(replace(call, state=key if key in self.names else call.state, place=()))


def interpret(case: Path, scenario: dict[str, Any]) -> Execution:
    """The execution of a scenario by the reference interpreter; a service without a reply answers ``{}``."""
    definition = machine(case, scenario.get("variables"))
    table = {"*": {"result": {}}, **scenario.get("replies", {})}
    maps = frozenset(state.name for state in definition.walk() if isinstance(state, Map))
    return execute(definition, scenario.get("input", {}), ByItem(read_replies(table), frozenset(table), maps))


def outcome(execution: Execution) -> dict[str, Any]:
    """Status, output or error of an execution, as ``expected`` has them."""
    if execution.status == "SUCCEEDED":
        return {"status": "SUCCEEDED", "output": execution.output}
    return {"status": "FAILED", "error": execution.error}


def calls_made(execution: Execution) -> list[dict[str, Any]]:
    """The calls of an execution as boto3 sees them."""
    return [
        {"state": call.state, "action": action(call.resource), "arguments": arguments(call.resource, call.arguments)}
        for call in execution.calls
    ]


def action(resource: str) -> str:
    parsed = parse_resource(resource)
    if parsed.kind == "lambda":
        return "lambda:invoke"
    service = parsed.service.removeprefix("aws-sdk:")
    return f"{_BOTO3.get(service, service)}:{parsed.action}"


def arguments(resource: str, given: Any) -> Any:
    """What the service gets: a Task that names a function sends its input as the payload."""
    if parse_resource(resource).kind == "lambda":
        return {"FunctionName": resource, "Payload": given}
    return given


def comparable(calls: Iterable[dict[str, Any]], scenario: dict[str, Any]) -> list[str]:
    """Calls as sorted texts: branches and items have no order among them.

    Left out are the calls of states that ``calls_not_compared`` names: siblings of a failing branch, which Step
    Functions stops at some moment. What an operator adds, and the service would assume anyway, is left out too.
    """
    skipped = scenario.get("calls_not_compared", ())
    return sorted(_TOKEN.sub("<token>", strict(normal(call))) for call in calls if call["state"] not in skipped)


def normal(call: dict[str, Any]) -> dict[str, Any]:
    added = _ADDED.get(call["action"], {})
    given = call["arguments"]
    if isinstance(given, dict):
        given = {k: read_json(v) if k in _TEXTS else v for k, v in given.items() if k not in added or v != added[k]}
        if call["action"] == "events:putEvents":
            given = {**given, "Entries": [{k: read_json(v) for k, v in entry.items()} for entry in given["Entries"]]}
    return {**call, "arguments": given}


def read_json(value: Any) -> Any:
    """An object that travels as JSON text is compared as an object."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def strict(value: Any) -> str:
    """JSON text, by which ``1`` and ``true`` differ."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def retry_delays(execution: Execution) -> dict[str, list[float]]:
    delays: dict[str, list[float]] = defaultdict(list)
    for retrial in execution.retries:
        delays[retrial.state].append(retrial.seconds)
    return dict(delays)


def waits(execution: Execution) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for pause in execution.waits:
        found[pause.state].append(pause.seconds)
    return dict(found)


def reachable(definition: Machine) -> tuple[set[str], set[tuple[str, str]]]:
    """The pointers of all states that transitions lead to, nested ones included, and the edges between them."""
    places: set[str] = set()
    edges: set[tuple[str, str]] = set()
    left = [definition.states[definition.start_at]]
    while left:
        state = left.pop()
        if state.at in places:
            continue
        places.add(state.at)
        for inner in nested(state):
            inside, between = reachable(inner)
            places |= inside
            edges |= between
        for name in targets(state):
            edges.add((state.at, definition.states[name].at))
            left.append(definition.states[name])
    return places, edges
