"""Small machines for tests of the interpreter."""

from __future__ import annotations

import json
from typing import Any

from sfn_airflow_core.asl.model import Machine
from sfn_airflow_core.asl.read import read_text
from sfn_airflow_core.interpreter import Execution, Limits, Options, execute, read_replies

LAMBDA = "arn:aws:states:::lambda:invoke"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:work"


def machine_of(definition: dict[str, Any], kind: Any = "STANDARD") -> Machine:
    reading = read_text(json.dumps(definition), "test.json", machine_type=kind)
    assert reading.machine is not None, reading.problems
    return reading.machine


def chain(*states: dict[str, Any], names: str = "ABCDEFGH", **more: Any) -> dict[str, Any]:
    """A machine of states A, B, C… one after the other."""
    named = {names[number]: dict(state) for number, state in enumerate(states)}
    order = list(named)
    for name, following in zip(order, [*order[1:], None], strict=True):
        if named[name]["Type"] not in ("Succeed", "Fail", "Choice"):
            named[name].update({"Next": following} if following else {"End": True})
    return {"StartAt": names[0], "States": named, **more}


def run(
    definition: dict[str, Any],
    input: Any = None,
    replies: Any = None,
    *,
    options: Options | None = None,
    limits: Limits | None = None,
) -> Execution:
    options = options or Options()
    machine = machine_of(definition, options.type)
    value = {} if input is None else input
    return execute(machine, value, read_replies(replies or {}), options=options, limits=limits or Limits())


def output(definition: dict[str, Any], input: Any = None, replies: Any = None, **more: Any) -> Any:
    execution = run(definition, input, replies, **more)
    assert execution.status == "SUCCEEDED", (execution.status, execution.error, execution.cause)
    return execution.output


def task(**more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": FUNCTION, **more}


def jsonata(kind: str, **more: Any) -> dict[str, Any]:
    return {"Type": kind, "QueryLanguage": "JSONata", **more}
