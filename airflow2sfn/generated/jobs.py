"""The tasks of a generated DAG that wait for jobs, or for a token, as states."""

from __future__ import annotations

import ast
from dataclasses import replace

from airflow2sfn.generated.language import Body
from airflow2sfn.generated.requests import ARN
from airflow2sfn.generated.settings import settings
from airflow2sfn.generated.states import Drafted, task
from airflow2sfn.generated.values import Scope, Unreadable, text_of, value
from airflow2sfn.generated.world import World, function_of
from sfn_airflow_core.asl import model as asl
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
    language = world.language
    flow = _with_output(language.argued(said.get("arguments"), world), said, world)
    found = Body(
        flow,
        resource,
        timeout=language.limit(said["timeout"], world, flow) if "timeout" in said else None,
        role=language.role(said["role"], world, flow) if "role" in said else None,
    )
    return task(draft, found, world, *said)


def operator(draft: Drafted, world: World) -> asl.Task:
    """``as_state(GlueJobOperator, "Enrich", job_name=…)``: the call that the catalogue knows of the operator."""
    match draft.call.args:
        case [ast.Name(id=name), *_] if name in world.classes:
            action, one = _row(world.classes[name], draft.call)
        case _:
            raise Unreadable("the class of an operator", draft.call)
    said = settings(draft.call.keywords, world).rest
    steering = ("task_id", "output", "action", *dict(one.constants))
    arguments: dict[str, ast.expr] = {}
    names = {keyword: argument for argument, keyword in one.keywords}
    for keyword, node in said.items():
        if keyword in names:
            arguments[names[keyword]] = node
        elif keyword != one.rest and keyword not in steering:
            raise Unreadable(f"the argument {keyword} of an operator", node)
    whole = text_of(said["action"], Scope({})) if "action" in said else f"{action}.sync"
    asked = world.language.arguments(arguments, said.get(one.rest or ""), world)
    return task(draft, Body(_with_output(asked, said, world), f"{ARN}{whole}"), world, *said)


def _row(qualified: str, call: ast.Call) -> tuple[str, Operator]:
    """The row of an operator that stands for a ``.sync`` Task."""
    for row, one in CLASSES.get(qualified, ()):
        if isinstance(one, Operator) and one.required:
            return row.action, one
    raise Unreadable(f"the operator {qualified.rpartition('.')[2]}", call)


def _with_output(asked: asl.Flow, said: dict[str, ast.expr], world: World) -> asl.Flow:
    """The data flow of a state that asks so, with what it hands on."""
    shape = function_of(said["output"], world) if "output" in said else None
    return world.language.together(asked, world.language.handed(shape, world))


def callback(draft: Drafted, world: World) -> asl.Task:
    """``@callback("Ask", heartbeat=60)``, ``@approval`` or ``@activity("Weld", arn)``; raises Unreadable."""
    said = settings(draft.call.keywords, world).only("timeout", "heartbeat", "output")
    if draft.kind == "activity":
        found = Body(world.language.asked(draft.body, world), _activity(draft, world))
    else:
        found = world.language.body(draft.body, world, ends=False)
        if found.resource is None:
            raise Unreadable("a callback that asks nobody", draft.body)
        found = replace(found, resource=f"{found.resource}.waitForTaskToken")
    found = replace(found, flow=_with_output(found.flow, said, world))
    if "timeout" in said:
        found = replace(found, timeout=world.language.limit(said["timeout"], world, found.flow))
    made = task(draft, found, world, *said)
    return (
        made
        if "heartbeat" not in said
        else replace(made, heartbeat_seconds=world.language.limit(said["heartbeat"], world, found.flow))
    )


def _activity(draft: Drafted, world: World) -> str:
    """The activity's ARN: a text, or a function without arguments that gives it when the task runs."""
    match draft.call.args:
        case [_, ast.Lambda(body=arn), *_] | [_, arn, *_]:
            found = value(arn, Scope({}, world.settings))
            if isinstance(found, str):
                return found
    raise Unreadable("the ARN of an activity", draft.call)
