"""Writes the tasks that wait for their token to come back, as decorated functions."""

from __future__ import annotations

from typing import assert_never

import libcst as cst

from sfn2airflow.expressions.amounts import query_amount
from sfn2airflow.phrases import call, mapping, name, string
from sfn2airflow.statements import does, function, returns, within
from sfn2airflow.writing.bodies import Statements, effective, request
from sfn2airflow.writing.jobs import output
from sfn2airflow.writing.sheet import Sheet
from sfn_airflow_core.asl.model import Amount, PathRef, Placeholder, Query
from sfn_airflow_core.dag.model import CallbackTask, Shaping
from sfn_airflow_core.expr.model import Literal
from sfn_airflow_core.expr.read_jsonpath import read_path

Arguments = dict[str, "cst.BaseExpression | cst.Arg"]


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
    role = [] if node.role is None else [call(sheet.use("assumed_role"), sheet.code(node.role, source))]
    return [*before, within(role, [asks]) if role else asks]


def _limit(keyword: str, limit: Amount | None, node: CallbackTask, sheet: Sheet) -> dict[str, cst.BaseExpression]:
    """``heartbeat=60``; a limit that the document decides is a function, an open one its constant."""
    field = "HeartbeatSeconds" if keyword == "heartbeat" else "TimeoutSeconds"
    before: Statements = []
    match limit:
        case None:
            return {}
        case PathRef(path):
            before, source = effective(Shaping(input_path=node.shaping.input_path), sheet)
            found, field = sheet.code(read_path(path), source), f"{field}Path"
        case Query():
            found = sheet.code(query_amount(limit, "number"))
        case Placeholder():
            return {keyword: name(sheet.constants[limit.name])}
        case int() | float():
            return {keyword: sheet.code(Literal(limit))}
        case _:
            assert_never(limit)
    doc, key = f"{node.display_name}, {field}", (node.task_id, keyword)
    return {keyword: sheet.helper(f"{node.task_id}_{keyword}", key, ["data"], [*before, returns(found)], doc)}
