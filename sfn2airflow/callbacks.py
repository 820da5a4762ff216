"""Tasks that wait for their token to come back: translated from callback and activity Tasks, written as decorators."""

from __future__ import annotations

import re
from typing import assert_never

import libcst as cst

from sfn2airflow.bodies import Statements, effective, request
from sfn2airflow.jobs import output
from sfn2airflow.ledger import Ledger
from sfn2airflow.phrases import call, mapping, name, string
from sfn2airflow.queries import query_amount
from sfn2airflow.rules.callbacks import Activity, AskedInAirflow, CouldBeAsked, ForeignToken, HttpTask, TaskToken
from sfn2airflow.services import Service
from sfn2airflow.sheet import Sheet
from sfn2airflow.statements import does, function, returns, within
from sfn_airflow_core.asl.model import Amount, Json, PathRef, Placeholder, Query, Task
from sfn_airflow_core.dag.model import CallbackTask, Shaping
from sfn_airflow_core.expr.model import Literal
from sfn_airflow_core.expr.read_jsonpath import read_path
from sfn_airflow_core.text import join

Arguments = dict[str, "cst.BaseExpression | cst.Arg"]


def note_callback(service: Service, state: Task, ledger: Ledger) -> None:
    """The findings of a Task that waits for an answer."""
    at = join(state.at, "Resource")
    if service.encoding == "activity":
        ledger.note(Activity(at=at, activity=_short(service.function_arn or "")))
        return
    outcomes = ledger.approvals.get(state.at, {})
    if outcomes and ledger.human_approval:
        ledger.note(AskedInAirflow(at=at, options=" and ".join(outcomes)))
        return
    ledger.note(TaskToken(at=at))
    if outcomes:
        ledger.note(CouldBeAsked(at=at))


_FOREIGN = tuple(
    f"aws-sdk:sfn:{verb}" for verb in ("sendTaskSuccess", "sendTaskFailure", "sendTaskHeartbeat", "getActivityTask")
)


def note_foreign(service: Service, state: Task, ledger: Ledger) -> None:
    """The finding of a Task that speaks to states that wait in Step Functions."""
    if service.action in _FOREIGN:
        ledger.note(ForeignToken(at=join(state.at, "Resource"), action=service.action.rpartition(":")[2]))


def note_http(parameters: Json, state: Task, ledger: Ledger) -> None:
    """The finding of an HTTP Task, with the Airflow connection that it needs."""
    given = parameters if isinstance(parameters, dict) else {}
    place = given.get("Authentication") or given.get("InvocationConfig")
    arn = place.get("ConnectionArn") if isinstance(place, dict) else None
    found = re.search(r"connection/([^/]+)", arn) if isinstance(arn, str) else None
    name = repr(found[1]) if found else "named like the EventBridge connection"
    ledger.note(HttpTask(at=join(state.at, "Resource"), connection=name))


def _short(arn: str) -> str:
    """The name of an activity: the end of its ARN."""
    return re.split(r":(?![^{]*\})", arn)[-1]


def write_callback(
    node: CallbackTask, sheet: Sheet, heading: list[cst.EmptyLine], task_arguments: Arguments
) -> cst.FunctionDef:
    """``@callback("Ask", heartbeat=60)`` over the function that hands the token out, or ``@activity("Work", arn)``."""
    positional: list[cst.BaseExpression | cst.Arg] = [string(node.display_name)]
    if node.activity is not None:
        arn = sheet.code(node.activity)
        fixed = isinstance(arn, cst.SimpleString)  # settings are read when a task runs, never while the file is parsed
        positional.append(arn if fixed else cst.Lambda(params=cst.Parameters(), body=arn))
    if node.outcomes:
        positional.append(mapping((string(option), sheet.code(result)) for option, result in node.outcomes))
    if node.given:
        positional.append(name("item"))
    positional += [value for value in task_arguments.values() if isinstance(value, cst.Arg)]
    keywords = {key: value for key, value in task_arguments.items() if not isinstance(value, cst.Arg)}
    keywords |= _limit("timeout", node.timeout, node, sheet) if not isinstance(node.timeout, int) else {}
    if not node.outcomes:  # a person has no heartbeat
        keywords |= _limit("heartbeat", node.heartbeat, node, sheet)
    keywords |= output(node, sheet)
    kind = "approval" if node.outcomes else "callback" if node.activity is None else "activity"
    decorator = call(sheet.use(kind), *positional, **keywords)
    body = _body(node, sheet)
    return function(node.task_id, sheet.parameters("data"), body, [decorator, *sheet.marks()], heading, node.comment)


def _body(node: CallbackTask, sheet: Sheet) -> Statements:
    """The call that hands the token out, or the input of the worker."""
    before, source = effective(Shaping(input_path=node.shaping.input_path), sheet)
    if node.work is None:
        parameters = node.shaping.parameters
        return [*before, returns(name(source) if parameters is None else sheet.code(parameters, source))]
    asks = does(request(node.work.action, node.shaping, source, sheet))
    role = [] if node.role is None else [call(sheet.use("assumed_role"), sheet.code(node.role))]
    return [*before, within(role, [asks]) if role else asks]


def _limit(keyword: str, limit: Amount | None, node: CallbackTask, sheet: Sheet) -> dict[str, cst.BaseExpression]:
    """``heartbeat=60``; a limit that the document decides is a function, an open one its constant."""
    field = "HeartbeatSeconds" if keyword == "heartbeat" else "TimeoutSeconds"
    match limit:
        case None:
            return {}
        case PathRef(path):
            found, field = sheet.code(read_path(path)), f"{field}Path"
        case Query():
            found = sheet.code(query_amount(limit, "number"))
        case Placeholder():
            return {keyword: name(sheet.constants[limit.name])}
        case int() | float():
            return {keyword: sheet.code(Literal(limit))}
        case _:
            assert_never(limit)
    doc, key = f"{node.display_name}, {field}", (node.task_id, keyword)
    return {keyword: sheet.helper(f"{node.task_id}_{keyword}", key, ["data"], [returns(found)], doc)}
