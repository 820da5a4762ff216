"""The tasks of a generated DAG that wait for jobs, or for a token, as states."""

from __future__ import annotations

import ast
from dataclasses import replace

from airflow2sfn.expressions.values import query
from airflow2sfn.generated.bodies import ARN, Body, Handed, body, given_amount, given_value
from airflow2sfn.generated.settings import settings
from airflow2sfn.generated.states import Drafted, shaped, task
from airflow2sfn.generated.values import INPUT, RESULT, Scope, Unreadable, text_of, value
from airflow2sfn.generated.world import World
from sfn_airflow_core.asl import model as asl
from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.catalogue.model import Operator
from sfn_airflow_core.catalogue.table import CLASSES


def job(draft: Drafted, world: World) -> asl.Task:
    """``job("glue:startJobRun.sync", "Clean", arguments=…)``; raises Unreadable."""
    match draft.call.args:
        case [ast.Constant(value=str(action)), *_]:
            resource = f"{ARN}{action}"
        case _:
            raise Unreadable("what a job starts", draft.call)
    said = settings(draft.call.keywords, world).only("task_id", "arguments", "role", "timeout", "output")
    found = Body(
        resource=resource,
        arguments=given_value(said["arguments"], world) if "arguments" in said else {},
        timeout=given_amount(said["timeout"], world) if "timeout" in said else None,
        role={"RoleArn": given_value(said["role"], world)} if "role" in said else None,
    )
    return task(draft, found, _output(said, world), world, *said)


def operator(draft: Drafted, world: World) -> asl.Task:
    """``as_state(GlueJobOperator, "Enrich", job_name=…)``: the call that the catalogue knows of the operator."""
    match draft.call.args:
        case [ast.Name(id=name), *_] if name in world.classes:
            action, one = _row(world.classes[name], draft.call)
        case _:
            raise Unreadable("the class of an operator", draft.call)
    said = settings(draft.call.keywords, world).rest
    steering = ("task_id", "output", "action", *dict(one.constants))
    arguments: dict[str, Json] = {}
    names = {keyword: argument for argument, keyword in one.keywords}
    for keyword, node in said.items():
        if keyword in names:
            arguments[names[keyword]] = given_value(node, world)
        elif keyword == one.rest:
            rest = given_value(node, world)
            if not isinstance(rest, dict):
                raise Unreadable(f"the argument {keyword} of an operator", node)
            arguments |= rest
        elif keyword not in steering:
            raise Unreadable(f"the argument {keyword} of an operator", node)
    whole = text_of(said["action"], Scope({})) if "action" in said else f"{action}.sync"
    found = Body(resource=f"{ARN}{whole}", arguments=arguments)
    return task(draft, found, _output(said, world), world, *said)


def _row(qualified: str, call: ast.Call) -> tuple[str, Operator]:
    """The row of an operator that stands for a ``.sync`` Task."""
    for row, one in CLASSES.get(qualified, ()):
        if isinstance(one, Operator) and one.required:
            return row.action, one
    raise Unreadable(f"the operator {qualified.rpartition('.')[2]}", call)


def _output(said: dict[str, ast.expr], world: World) -> Handed:
    return shaped(said["output"], world, INPUT, RESULT) if "output" in said else Handed(query(RESULT))


def callback(draft: Drafted, world: World) -> asl.Task:
    """``@callback("Ask", heartbeat=60)``, ``@approval`` or ``@activity("Weld", arn)``; raises Unreadable."""
    said = settings(draft.call.keywords, world).only("timeout", "heartbeat", "output")
    found = body(draft.body, world, INPUT, ends=draft.kind == "activity")
    if draft.kind == "activity":
        if found.handed is None:
            raise Unreadable("an activity without input", draft.call)
        found = Body(resource=_activity(draft, world), arguments=found.handed.output)
    elif found.resource is not None:
        found = replace(found, resource=f"{found.resource}.waitForTaskToken")
    else:
        raise Unreadable("a callback that asks nobody", draft.body)
    if "timeout" in said:
        found = replace(found, timeout=given_amount(said["timeout"], world))
    made = task(draft, found, _output(said, world), world, *said)
    return made if "heartbeat" not in said else replace(made, heartbeat_seconds=given_amount(said["heartbeat"], world))


def _activity(draft: Drafted, world: World) -> str:
    """The activity's ARN: a text, or a function without arguments that gives it when the task runs."""
    match draft.call.args:
        case [_, ast.Lambda(body=arn), *_] | [_, arn, *_]:
            found = value(arn, Scope({}, world.settings))
            if isinstance(found, str):
                return found
    raise Unreadable("the ARN of an activity", draft.call)
