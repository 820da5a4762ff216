"""Writes the tasks of service jobs: a provider's operator as a state, or a job that is started and described."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from sfn2airflow.expressions.amounts import query_amount
from sfn2airflow.phrases import call, name, string
from sfn2airflow.services import Operator, Service
from sfn2airflow.statements import assign, comment, returns
from sfn2airflow.writing.bodies import Statements, effective, select
from sfn2airflow.writing.sheet import Sheet
from sfn_airflow_core.asl.model import Json, PathRef, Placeholder, Query
from sfn_airflow_core.dag.model import CallbackTask, JobTask, Shaping
from sfn_airflow_core.dag.names import slug
from sfn_airflow_core.expr.model import Expr, Literal, Object
from sfn_airflow_core.expr.read_jsonpath import read_path
from sfn_airflow_core.jsonmap.substitute import PLACEHOLDER


def write_job(
    node: JobTask, sheet: Sheet, heading: list[cst.EmptyLine], task_arguments: dict[str, cst.BaseExpression | cst.Arg]
) -> Statements:
    """``enrich = as_state(GlueJobOperator, "Enrich", task_id="enrich", …)`` or ``job("emr…:addStep.sync", …)``."""
    service = node.service
    assert isinstance(service, Service)
    if node.comment:
        heading = [comment(node.comment), *heading]
    arguments = _entries(node.shaping.parameters)
    operator = service.operator
    if (
        service.encoding == "operator"
        and operator
        and arguments is not None
        and _fits(operator, arguments, node.shaping)
        and not (node.shaping.input_path is not None and all(map(static, arguments.values())))
        and node.role is None
        and isinstance(node.timeout, int | float | None)
    ):
        sheet.waits = sheet.waits or operator.deferrable
        made = _operator(operator, arguments, node, service, sheet)
    else:
        made = _job(node, service, sheet)
    stars = [value for value in task_arguments.values() if isinstance(value, cst.Arg)]
    named = {key: value for key, value in task_arguments.items() if not isinstance(value, cst.Arg)}
    function, positional, keywords = made
    if node.given:
        positional.append(name("item"))
    keywords = {"task_id": string(node.task_id), **keywords, **output(node, sheet), **named}
    return [assign(node.task_id, call(function, *positional, *stars, **keywords), heading)]


Made = tuple[cst.Name, list[cst.BaseExpression], dict[str, cst.BaseExpression]]


def _entries(parameters: Expr | None) -> dict[str, Expr] | None:
    """The arguments by name, if their names are known."""
    match parameters:
        case Literal(dict() as value):
            return {key: Literal(part) for key, part in value.items()}
        case Object(entries):
            return dict(entries)
        case _:
            return None


def _fits(operator: Operator, arguments: dict[str, Expr], shaping: Shaping) -> bool:
    """Whether everything that the document decides goes into keywords that are resolved when the task runs."""
    binding = operator.bind(arguments)
    moving = [keyword for keyword, value in binding.keywords.items() if not static(value)]
    if binding.rest and not all(static(value) for value in binding.rest.values()):
        moving.append(operator.rest or "")
    return operator.takes(arguments) and set(moving) <= set(operator.template_fields)


def static(expr: Expr) -> bool:
    """Whether an expression is a literal without open placeholders."""
    return isinstance(expr, Literal) and not _open(expr.value)


def _open(value: Json) -> bool:
    match value:
        case Placeholder():
            return True
        case str():
            return PLACEHOLDER.search(value) is not None
        case list():
            return any(map(_open, value))
        case dict():
            return any(map(_open, value.values()))
        case _:
            return False


def _operator(operator: Operator, arguments: dict[str, Expr], node: JobTask, service: Service, sheet: Sheet) -> Made:
    binding = operator.bind(arguments)
    keywords: dict[str, cst.BaseExpression] = {}
    for keyword, value in binding.keywords.items():
        keywords[keyword] = _value(keyword, value, node, sheet)
    if binding.rest and operator.rest:
        rest = Object(tuple(binding.rest.items()))
        whole: Expr = rest
        if all(static(part) for _, part in rest.entries):
            whole = Literal({key: part.value for key, part in rest.entries if isinstance(part, Literal)})
        keywords[operator.rest] = _value(operator.rest, whole, node, sheet)
    keywords |= {keyword: sheet.code(Literal(value)) for keyword, value in operator.constants}
    if service.pattern == "sync:2":
        keywords["action"] = string(service.action)
    return sheet.use("as_state"), [sheet.take(operator.module, operator.name), string(node.display_name)], keywords


def _job(node: JobTask, service: Service, sheet: Sheet) -> Made:
    parameters = node.shaping.parameters
    keywords = {}
    if parameters is not None or node.shaping.input_path is not None:
        keywords["arguments"] = _value("arguments", parameters, node, sheet)
    if node.role is not None:
        keywords["role"] = _value("role", node.role, node, sheet)
    match node.timeout:
        case PathRef(path):
            keywords["timeout"] = _value("timeout", read_path(path), node, sheet)
        case Placeholder():
            keywords["timeout"] = name(sheet.constants[node.timeout.name])
        case Query():
            keywords["timeout"] = _value("timeout", query_amount(node.timeout, "number"), node, sheet)
        case _:
            pass
    return sheet.use("job"), [string(service.action), string(node.display_name)], keywords


def _value(keyword: str, expr: Expr | None, node: JobTask, sheet: Sheet) -> cst.BaseExpression:
    """A literal as it is; what depends on the document as ``DOCUMENT >> function``."""
    if expr is not None and static(expr) and (keyword != "arguments" or node.shaping.input_path is None):
        return sheet.code(expr)
    if isinstance(expr, Literal) and isinstance(expr.value, str) and (whole := PLACEHOLDER.fullmatch(expr.value)):
        return name(sheet.constants[whole[1]])  # resolved when the task runs
    before, source = effective(Shaping(input_path=node.shaping.input_path), sheet)
    made = name(source) if expr is None else sheet.code(expr, source)
    if isinstance(made, cst.Name) and made.value == "data" and not before and not sheet.queries:
        return sheet.use("DOCUMENT")
    given = {"role": "Credentials", "timeout": f"TimeoutSeconds{'Path' if isinstance(node.timeout, PathRef) else ''}"}
    field = given.get(keyword, "Arguments" if node.shaping.query else "Parameters")
    doc = f"{node.display_name}, {field}" if expr is not None else f"{node.display_name}, InputPath"
    wanted = f"{node.task_id}_{slug(keyword)}"
    helper = sheet.helper(wanted, (node.task_id, keyword), ["data"], [*before, returns(made)], doc)
    return cst.BinaryOperation(left=sheet.use("DOCUMENT"), operator=cst.RightShift(), right=helper)


def output(node: JobTask | CallbackTask, sheet: Sheet) -> dict[str, cst.BaseExpression]:
    """``output=…``, where the state hands on anything but the result itself."""
    shaping = node.shaping
    untouched = shaping.selector is None and shaping.result_path == "$" and shaping.output_path is None
    if untouched and shaping.output is None and not shaping.assign:
        return {}
    if shaping == Shaping(shaping.input_path, shaping.parameters, result_path=None) and not sheet.variables:
        drop = [returns(name("data"))]
        return {"output": sheet.helper("drop_result", ("drop_result",), ["data", "result"], drop, "ResultPath null")}
    fields = {"ResultSelector": shaping.selector, "OutputPath": shaping.output_path, "Output": shaping.output}
    named = [field for field, value in fields.items() if value is not None]
    named += ["ResultPath"] if shaping.result_path != "$" else []
    named += ["Assign"] if shaping.assign else []
    doc = f"{node.display_name}, {' and '.join(named) or 'the document that is handed on'}"
    wanted = f"{node.task_id}_output"
    body = select(replace(shaping, input_path=None, parameters=None), sheet)
    return {"output": sheet.helper(wanted, (node.task_id, "output"), ["data", "result"], body, doc)}
