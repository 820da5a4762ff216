"""The bodies of generated functions: what a state does with the document that reaches it, statement by statement."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Sequence

import libcst as cst

from sfn2airflow.expressions.amounts import query_amount
from sfn2airflow.expressions.compile import write_result_path
from sfn2airflow.phrases import call, mapping, name, string
from sfn2airflow.statements import assign, comment, does, raises, returns, within
from sfn2airflow.writing.sheet import Sheet
from sfn_airflow_core.asl.model import Amount, PathRef, Placeholder, Query
from sfn_airflow_core.dag.model import Assign, CallWork, FailWork, FunctionWork, PassWork, Shaping, StateTask, Stub
from sfn_airflow_core.expr.model import Expr, Field, Literal, Object, Path, Root
from sfn_airflow_core.expr.read_jsonpath import read_path

Statements = list[cst.BaseStatement]
_EMPTY = cst.Module(body=())
Asks = Callable[[str], cst.BaseExpression]
"""Makes the expression that does a state's work, given the variable with its effective input."""


def state_body(node: StateTask, sheet: Sheet) -> Statements:
    """The body of a state's function, from ``data`` to what it hands on."""
    shaping = node.shaping
    match node.work:
        case Stub(code, reason):
            return [raises(call(sheet.use("Unsupported"), string(code), string(reason)))]
        case FailWork():
            return _fail(node.work, sheet)
        case PassWork(result):
            return _pass(result, shaping, sheet)
        case CallWork(action):
            return work(shaping, sheet, lambda source: request(action, shaping, source, sheet), managers(node, sheet))
        case FunctionWork(function):
            return work(shaping, sheet, lambda source: _invoke(function, shaping, source, sheet), managers(node, sheet))


def _fail(fail: FailWork, sheet: Sheet) -> Statements:
    arguments = [Literal(None) if part is None else part for part in (fail.error, fail.cause)]
    while arguments and arguments[-1] == Literal(None):
        arguments.pop()
    return [raises(call(sheet.use("StateError"), *(sheet.code(part) for part in arguments)))]


def _pass(result: Expr | None, shaping: Shaping, sheet: Sheet) -> Statements:
    if result is None and shaping.parameters is None and shaping.input_path is not None and not shaping.assign:
        fixed = isinstance(shaping.input_path, Literal)
        return hand_on(shaping, sheet.code(shaping.input_path), sheet, simple=fixed)
    before, source = effective(shaping, sheet)
    made = result if result is not None else shaping.parameters
    if shaping.assign and made is not None:
        before.append(assign("result", sheet.code(made, source)))
        return [*before, *hand_on(shaping, name("result"), sheet, simple=True)]
    if (member := only_member(made, shaping)) is not None:
        return [*before, returns(sheet.code(member, source))]
    value = name(source) if made is None else sheet.code(made, source)
    return [*before, *hand_on(shaping, value, sheet, simple=made is None)]


def query_work(
    shaping: Shaping, request: cst.BaseExpression, sheet: Sheet, around: Sequence[cst.BaseExpression]
) -> Statements:
    """Asks a service, then makes Output and Assign of a JSONata state of its answer."""
    if shaping.output is None and not shaping.assign:
        asked: Statements = [returns(request)]
        return [within(around, asked)] if around else asked
    after = answer(shaping, name("result"), sheet, result="result")
    if any("result[" in _EMPTY.code_for_node(statement) for statement in after):
        request = call(sheet.use("queryable"), request)
    asked = [assign("result", request)]
    return [*([within(around, asked)] if around else asked), *after]


def answer(
    shaping: Shaping,
    handed: cst.BaseExpression,
    sheet: Sheet,
    *,
    result: str | None = None,
    error: str | None = None,
) -> Statements:
    """Hands on Output, or ``handed`` where there is none, and assigns variables: the end of a JSONata state's body.

    ``result`` and ``error`` are the variables with ``$states.result`` and ``$states.errorOutput``.
    """
    if shaping.output is not None:
        handed = sheet.code(shaping.output, result=result, error=error)
    values = {key: sheet.code(expr, result=result, error=error) for key, expr in shaping.assign}
    return [returns(call_assigned(handed, values, sheet) if values else handed)]


def effective(shaping: Shaping, sheet: Sheet) -> tuple[Statements, str]:
    """Applies InputPath: statements, and the variable that then has the filtered input."""
    if shaping.input_path is None:
        return [], "data"
    variable = source_of(shaping)
    return [assign(variable, sheet.code(shaping.input_path))], variable


def source_of(shaping: Shaping) -> str:
    """The variable with the effective input; another one than the document's where ResultPath needs both."""
    return "data" if shaping.input_path is None or shaping.result_path == "$" else "effective"


def managers(node: StateTask, sheet: Sheet) -> list[cst.BaseExpression]:
    """The context managers around a request: a role that is assumed, a time limit read from the effective input."""
    source = source_of(node.shaping)
    found = [] if node.role is None else [call(sheet.use("assumed_role"), sheet.code(node.role, source))]
    limit = time_limit(node.timeout, sheet, source)
    return [*found, *([] if limit is None else [limit])]


def work(shaping: Shaping, sheet: Sheet, asks: Asks, around: Sequence[cst.BaseExpression] = ()) -> Statements:
    """Asks a service, then shapes the result and puts it into the document; ``around`` are context managers."""
    before, source = effective(shaping, sheet)
    request = asks(source)
    if shaping.query:
        return query_work(shaping, request, sheet, around)
    untouched = shaping.selector is None and not shaping.assign
    plain = untouched and shaping.result_path == "$" and shaping.output_path is None
    if shaping.result_path is None and untouched:
        asked: Statements = [does(request)]
        after = hand_on(shaping, name("data"), sheet, simple=True)
    elif plain:
        asked, after = [returns(request)], []
    else:
        asked = [assign("result", request)]
        after = select(shaping, sheet)
    return [*before, *([within(around, asked)] if around else asked), *after]


def select(shaping: Shaping, sheet: Sheet, result: str = "result") -> Statements:
    """Applies ResultSelector to the variable ``result`` and hands on; for a JSONata state, Output and Assign."""
    if shaping.query:
        return answer(shaping, name(result), sheet, result=result)
    if shaping.selector is None:
        return hand_on(shaping, name(result), sheet, simple=True)
    if (member := only_member(shaping.selector, shaping)) is not None:
        return [returns(sheet.code(member, result))]
    return hand_on(shaping, sheet.code(shaping.selector, result), sheet, result=result)


def only_member(template: Expr | None, shaping: Shaping) -> Expr | None:
    """What OutputPath takes out of a template that has just this one member: the template need not be written then."""
    if shaping.result_path != "$" or shaping.assign:
        return None
    match template, shaping.output_path:
        case Object(((key, part),)), Path(Root("input"), (Field(wanted),)) if key == wanted:
            return part
        case _:
            return None


def hand_on(
    shaping: Shaping, value: cst.BaseExpression, sheet: Sheet, *, simple: bool = False, result: str | None = None
) -> Statements:
    """Applies ResultPath, OutputPath and Assign: the end of every body.

    ``value`` is what ResultPath places, a variable or literal if ``simple``; ``result`` the variable with the result as
    it was before ResultSelector, where that differs.
    """
    if shaping.query:
        return answer(shaping, value, sheet, error=result)
    before: Statements = []
    if result is None and isinstance(value, cst.Name):
        result = value.value
    if shaping.result_path is None:
        if not simple:  # AWS evaluates the selection, and fails if it finds nothing, before it drops the result
            before.append(does(value, [comment("ResultPath null: evaluated, then dropped")]))
        combined: cst.BaseExpression = name("data")
        simple = True
    elif shaping.result_path == "$":
        combined = value
    else:
        path = read_path(shaping.result_path)
        combined, simple = sheet.node(write_result_path(path, name("data"), value)), False
    more, handed = _output(shaping, combined, sheet, simple=simple)
    return [*before, *more, returns(with_assigned(handed, shaping.assign, result or "data", sheet))]


def _output(
    shaping: Shaping, combined: cst.BaseExpression, sheet: Sheet, *, simple: bool
) -> tuple[Statements, cst.BaseExpression]:
    """Applies OutputPath to the combined document: statements, and the expression that is handed on."""
    if shaping.output_path is None:
        return [], combined
    if isinstance(shaping.output_path, Literal):
        return [] if simple else [does(combined)], sheet.code(shaping.output_path)
    if isinstance(combined, cst.Name):
        return [], sheet.code(shaping.output_path, combined.value)
    return [assign("output", combined)], sheet.code(shaping.output_path, "output")


def with_assigned(handed: cst.BaseExpression, variables: Assign, source: str, sheet: Sheet) -> cst.BaseExpression:
    """``assigned(document, total=…)`` where the state assigns variables; ``source`` is what ``$`` is in Assign."""
    if not variables:
        return handed
    return call_assigned(handed, {key: sheet.code(expr, source) for key, expr in variables}, sheet)


def call_assigned(
    handed: cst.BaseExpression, values: dict[str, cst.BaseExpression], sheet: Sheet
) -> cst.BaseExpression:
    """``assigned(document, total=…)``"""
    if all(map(_is_keyword, values)):
        return call(sheet.use("assigned"), handed, **values)
    pairs = mapping((string(key), value) for key, value in values.items())
    return call(sheet.use("assigned"), handed, cst.Arg(value=pairs, star="**"))


def request(action: str, shaping: Shaping, source: str, sheet: Sheet) -> cst.BaseExpression:
    """``aws("dynamodb:getItem", TableName=…)``; names that are no Python names go in as a dict."""
    positional, keywords = arguments(shaping.parameters, source, sheet)
    if action == "http:invoke":  # no service of AWS
        return call(sheet.use("http_invoke"), *positional, **keywords)
    return call(sheet.use("aws"), string(action), *positional, **keywords)


def arguments(
    parameters: Expr | None, source: str, sheet: Sheet
) -> tuple[list[cst.BaseExpression | cst.Arg], dict[str, cst.BaseExpression]]:
    """Parameters as arguments of a call: keywords where every name allows it, ``**`` of an expression otherwise."""
    match parameters:
        case Literal(dict() as value):
            entries: list[tuple[str, Expr]] = [(key, Literal(part)) for key, part in value.items()]
        case Object(pairs):
            entries = list(pairs)
        case _:
            entries = []
    named = (parameters is not None and not isinstance(parameters, Literal)) or isinstance(
        getattr(parameters, "value", None), dict
    )
    if named and isinstance(parameters, Object | Literal) and all(_is_keyword(key) for key, _ in entries):
        return [], {key: sheet.code(part, source) for key, part in entries}
    whole = name(source) if parameters is None else sheet.code(parameters, source)
    return [cst.Arg(value=whole, star="**")], {}


def _is_keyword(key: str) -> bool:
    return key.isidentifier() and key.isascii() and not keyword.iskeyword(key)


def _invoke(function: Expr, shaping: Shaping, source: str, sheet: Sheet) -> cst.BaseExpression:
    """``invoke(function_arn, payload)``"""
    payload = name(source) if shaping.parameters is None else sheet.code(shaping.parameters, source)
    return call(sheet.use("invoke"), sheet.code(function), payload)


def time_limit(timeout: Amount | None, sheet: Sheet, source: str) -> cst.BaseExpression | None:
    """``time_limit(…)`` for a TimeoutSeconds that is only known when the task runs."""
    match timeout:
        case PathRef(path):
            return call(sheet.use("time_limit"), sheet.code(read_path(path), source))
        case Placeholder():
            return call(sheet.use("time_limit"), sheet.code(Literal(timeout)))
        case Query():
            return call(sheet.use("time_limit"), sheet.code(query_amount(timeout, "number")))
        case _:
            return None
