"""Writes the tasks and groups of a flow: decorated functions, catch routers, and the chains that wire them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

import libcst as cst

from sfn2airflow.expressions.amounts import query_amount
from sfn2airflow.phrases import call, name, string
from sfn2airflow.statements import assign, blank, comment, does, function, raises, returns, when
from sfn2airflow.writing.bodies import Statements, effective, hand_on, select, state_body, with_assigned
from sfn2airflow.writing.callbacks import write_callback
from sfn2airflow.writing.jobs import write_job
from sfn2airflow.writing.retriers import write_retrier
from sfn2airflow.writing.sheet import Sheet
from sfn2airflow.writing.wiring import chains
from sfn_airflow_core.asl.model import PathRef, Query
from sfn_airflow_core.dag.model import (
    AnyNode,
    CallbackTask,
    CatchTask,
    ChildTask,
    ChoiceTask,
    DistributedMap,
    EnterTask,
    FailWork,
    Flow,
    Handler,
    JobTask,
    LeaveTask,
    LoopTask,
    MapGroup,
    Node,
    ParallelGroup,
    PassWork,
    PollTask,
    Shaping,
    StateTask,
    WaitTask,
)
from sfn_airflow_core.dag.names import slug
from sfn_airflow_core.expr.jsonata_model import Jsonata
from sfn_airflow_core.expr.model import Array, Expr, Field, Literal
from sfn_airflow_core.expr.read_jsonpath import read_path
from sfn_airflow_core.text import escape, parts


def write_flow(flow: Flow, sheet: Sheet, first: str | None = None) -> Statements:
    """The tasks of a flow in execution order, then its routers, then its wiring; ``first`` stands before the start."""
    statements: Statements = []
    for node in flow.nodes:
        made = write_node(node, sheet)
        statements += spaced(made) if statements and isinstance(node, JobTask | ChildTask | LoopTask) else made
    statements += apart([write_catch(catch, sheet) for catch in flow.catches])
    return [*statements, *apart([_chain(path, sheet) for path in chains(flow, first=first)])]


def spaced(statements: Statements) -> Statements:
    """The statements with an empty line before the first, as functions get it from the formatter."""
    first, *rest = statements
    assert isinstance(first, cst.SimpleStatementLine)
    return [first.with_changes(leading_lines=(blank(), *first.leading_lines)), *rest]


def apart(statements: list[cst.SimpleStatementLine]) -> list[cst.SimpleStatementLine]:
    """The statements as a paragraph of their own."""
    return [
        s.with_changes(leading_lines=(blank(), *s.leading_lines)) if n == 0 else s for n, s in enumerate(statements)
    ]


def _chain(path: tuple[str, ...], sheet: Sheet) -> cst.SimpleStatementLine:
    parts_ = [_label(part, sheet) if part.startswith("#") else name(part) for part in path]
    return does(call(sheet.airflow("chain"), *parts_))


def _label(part: str, sheet: Sheet) -> cst.BaseExpression:
    return call(sheet.airflow("Label"), string(part[1:]))


def write_node(node: AnyNode, sheet: Sheet) -> Statements:
    """The statements that make one task or group; the variable is the task id."""
    around, sheet.retried = sheet.retried, not _never_retried(node)
    made = _written(node, sheet)
    sheet.retried = around
    return made


def _never_retried(node: AnyNode) -> bool:
    """Whether a state has no Retry by its type."""
    passes = isinstance(node, StateTask) and isinstance(node.work, PassWork | FailWork)
    return passes or isinstance(node, ChoiceTask | WaitTask)


def _written(node: AnyNode, sheet: Sheet) -> Statements:
    match node:
        case StateTask():
            return [_state(node, sheet)]
        case ChoiceTask():
            return [_choice(node, sheet)]
        case WaitTask():
            return [_wait(node, sheet)]
        case JobTask():
            return write_job(node, sheet, heading(node), task_arguments(node, sheet))
        case CallbackTask():
            return [write_callback(node, sheet, heading(node), task_arguments(node, sheet))]
        case ParallelGroup():
            return [_parallel(node, sheet)]
        case MapGroup():
            return [_map(node, sheet)]
        case ChildTask() | LoopTask() | EnterTask() | LeaveTask() | PollTask():
            from sfn2airflow.writing.children import write_child_node  # a child DAG is made of tasks

            return write_child_node(node, sheet)
        case DistributedMap():
            from sfn2airflow.writing.distributed import write_distributed

            return [write_distributed(node, sheet)]
        case _:
            assert_never(node)


def heading(node: Node) -> list[cst.EmptyLine]:
    """The comment lines above a task: where it comes from, what it does not say, and what differs."""
    pointer = "/".join(["#", *(escape(part) for part in parts(node.at))])
    lines = [comment(f"ASL: {pointer}")] if node.at else []
    return [*lines, *(comment(f"ASL: {said}") for said in node.fields), *(comment(note) for note in node.notes)]


def task_arguments(node: Node, sheet: Sheet) -> dict[str, cst.BaseExpression | cst.Arg]:
    """Keyword arguments that every kind of task takes: timeouts and retries."""
    found: dict[str, cst.BaseExpression | cst.Arg] = {}
    if isinstance(node.timeout, int | float):
        seconds = sheet.code(Literal(node.timeout))
        found["execution_timeout"] = call(sheet.take("datetime", "timedelta"), seconds=seconds)
    if node.retry:
        retriers = [write_retrier(retrier, sheet) for retrier in node.retry]
        found["**"] = cst.Arg(value=call(sheet.use("retry"), *retriers), star="**")
    return found


def decorate(kind: str, node: Node, sheet: Sheet, **more: cst.BaseExpression) -> cst.BaseExpression:
    """``@state("Name", item, execution_timeout=…, **retry(…))``"""
    keywords: dict[str, cst.BaseExpression | cst.Arg] = {**more, **task_arguments(node, sheet)}
    stars = [value for value in keywords.values() if isinstance(value, cst.Arg)]
    named = {key: value for key, value in keywords.items() if not isinstance(value, cst.Arg)}
    given = [name("item")] if node.given else []
    return call(sheet.use(kind), string(node.display_name), *given, *stars, **named)


def _state(node: StateTask, sheet: Sheet) -> cst.FunctionDef:
    body = state_body(node, sheet)
    decorators = [decorate("state", node, sheet), *sheet.marks()]
    return function(node.task_id, sheet.parameters("data"), body, decorators, heading(node), node.comment)


def _choice(node: ChoiceTask, sheet: Sheet) -> cst.FunctionDef:
    decorator = decorate("choice", node, sheet, **_document(node, sheet))
    return decision(node, sheet, [decorator])


def decision(node: ChoiceTask, sheet: Sheet, decorators: list[cst.BaseExpression]) -> cst.FunctionDef:
    """The function of a Choice, which returns where the document goes."""
    before, source = effective(Shaping(input_path=node.shaping.input_path), sheet)
    body: Statements = [*before]
    for rule in node.rules:
        target = with_assigned(_chosen(rule.target, rule.output, sheet), rule.assign, source, sheet)
        body.append(when(sheet.code(rule.condition, source), [returns(target)]))
    if node.default is not None:
        chosen = _chosen(node.default, node.shaping.output, sheet)
        body.append(returns(with_assigned(chosen, node.shaping.assign, source, sheet)))
    else:
        body.append(raises(call(sheet.use("no_match"), string(node.display_name))))
    parameters, marked = sheet.parameters("data"), [*decorators, *sheet.marks()]
    return function(node.task_id, parameters, body, marked, heading(node), node.comment)


def _chosen(target: str, output: Expr | None, sheet: Sheet) -> cst.BaseExpression:
    """The target of a Choice, with the document that is handed on where that is not its own."""
    if output is None:
        return string(target)
    return cst.Tuple(elements=(cst.Element(value=string(target)), cst.Element(value=sheet.code(output))))


def _wait(node: WaitTask, sheet: Sheet) -> cst.FunctionDef:
    sheet.waits = True
    return pause(node, sheet, [decorate("wait", node, sheet, **_document(node, sheet))])


def pause(node: WaitTask, sheet: Sheet, decorators: list[cst.BaseExpression]) -> cst.FunctionDef:
    """The function of a Wait, which returns how long, or until when."""
    before, source = effective(Shaping(input_path=node.shaping.input_path), sheet)
    if node.seconds is not None:
        value = call(sheet.use("seconds"), sheet.code(node.seconds, source))
    else:
        assert node.timestamp is not None
        value = call(sheet.use("until"), sheet.code(node.timestamp, source))
    parameters, body = sheet.parameters("data"), [*before, returns(value)]
    return function(node.task_id, parameters, body, [*decorators, *sheet.marks()], heading(node), node.comment)


def _document(node: ChoiceTask | WaitTask, sheet: Sheet) -> dict[str, cst.BaseExpression]:
    """``document=…``, where InputPath or OutputPath make the document that is handed on."""
    shaping = node.shaping
    forwards = bool(shaping.assign) and isinstance(node, WaitTask)
    if shaping.query and isinstance(node, ChoiceTask):
        return {}
    if shaping.input_path is None and shaping.output_path is None and shaping.output is None and not forwards:
        return {}
    before, source = effective(Shaping(input_path=shaping.input_path), sheet)
    assigns = shaping.assign if isinstance(node, WaitTask) else ()
    onward = Shaping(output_path=shaping.output_path, assign=assigns, output=shaping.output, query=shaping.query)
    body = [*before, *hand_on(onward, name(source), sheet, simple=True)]
    doc = f"{node.display_name}, the document that is handed on"
    return {"document": sheet.helper(f"{node.task_id}_document", (node.task_id,), ["data"], body, doc)}


def _parallel(node: ParallelGroup, sheet: Sheet) -> cst.FunctionDef:
    shaping = node.shaping
    statements: Statements = []
    first = None
    if shaping.input_path is not None or shaping.parameters is not None:
        first = "entry"
        before, source = effective(Shaping(shaping.input_path), sheet)
        made = name(source) if shaping.parameters is None else sheet.code(shaping.parameters, source)
        statements.append(_inner("entry", "Input", node, [*before, returns(made)], sheet))
    for branch in node.branches:
        written = write_flow(branch, sheet, first)
        starts_plain = isinstance(written[0], cst.SimpleStatementLine)
        statements += spaced(written) if statements and starts_plain else written
    ends = [_list(branch.ends) for branch in node.branches]
    statements.append(_results(node, sheet, ends, {}))
    return function(node.task_id, [], statements, [_group(node, sheet)], heading(node), node.comment)


def _inner(task_id: str, title: str, node: Node, body: Statements, sheet: Sheet) -> cst.FunctionDef:
    """A task inside a group that makes what its states work on; it gets the document of the group."""
    given = [name("item")] if node.given else []
    decorator = call(sheet.use("state"), string(f"{node.display_name}: {title}"), *given)
    return function(task_id, sheet.parameters("data"), body, [decorator, *sheet.marks()])


def _list(ids: Iterable[str]) -> cst.BaseExpression:
    return cst.List(elements=tuple(cst.Element(value=name(task_id)) for task_id in ids))


def _group(node: Node, sheet: Sheet) -> cst.BaseExpression:
    return call(sheet.use("group"), string(node.display_name))


def _results(
    node: ParallelGroup | MapGroup, sheet: Sheet, ends: list[cst.BaseExpression], more: dict[str, cst.BaseExpression]
) -> cst.FunctionDef:
    """The task ``output`` of a group: the state's result, shaped into its document."""
    body = select(node.shaping, sheet, "outputs")
    decorator = call(sheet.use("results"), string(node.display_name), *ends, **more)
    return function("output", sheet.parameters("data", "outputs"), body, [decorator, *sheet.marks()])


def _map(node: MapGroup, sheet: Sheet) -> cst.FunctionDef:
    shaping = node.shaping
    before, source = effective(Shaping(shaping.input_path), sheet)
    items = sheet.code(node.items, source)
    if not (shaping.query and isinstance(node.items, Jsonata | Array)):
        items = call(sheet.use("array"), items)
    if isinstance(node.limit, PathRef):
        before.append(does(call(sheet.use("concurrency"), sheet.code(read_path(node.limit.path), source))))
    elif isinstance(node.limit, Query):
        before.append(does(call(sheet.use("concurrency"), sheet.code(query_amount(node.limit, "number"), source))))
    made = [*before, returns(_items(node, items, source, sheet))]
    statements: Statements = [_inner("items", "Items", node, made, sheet)]
    inner = [*write_flow(node.processor, sheet), *apart([returns(_list(node.processor.ends))])]
    each: cst.BaseExpression = sheet.airflow("task_group")
    if isinstance(node.limit, int):
        limit = cst.Dict(
            elements=(cst.DictElement(key=string("max_active_tis_per_dagrun"), value=sheet.code(Literal(node.limit))),)
        )
        each = call(each, default_args=limit)
    statements.append(function("each", ["item"], inner, [each]))
    expanded = call(cst.Attribute(value=name("each"), attr=name("expand")), item=_output("items"))
    statements += apart([assign("ends", expanded)])
    statements.append(_results(node, sheet, [name("ends")], {"items": name("items")}))
    return function(node.task_id, [], statements, [_group(node, sheet)], heading(node), node.comment)


def _items(node: MapGroup, items: cst.BaseExpression, source: str, sheet: Sheet) -> cst.BaseExpression:
    """The list of inputs of the iterations: the items, or what ItemSelector makes of each."""
    if node.selector is None:
        return items
    if node.keeps:
        items = call(sheet.use("keep_items"), items)
    element = sheet.code(node.selector, source, item="item", index="index")
    used = names_in(element)
    target: cst.BaseAssignTargetExpression = name("item" if "item" in used else "_")
    if "index" in used:
        pair = (cst.Element(value=name("index")), cst.Element(value=target))
        target, items = cst.Tuple(elements=pair, lpar=(), rpar=()), call(name("enumerate"), items)
    return cst.ListComp(elt=element, for_in=cst.CompFor(target=target, iter=items))


def names_in(node: cst.CSTNode) -> set[str]:
    """Every plain name in an expression."""
    found = {node.value} if isinstance(node, cst.Name) else set()
    for child in node.children:
        found |= names_in(child)
    return found


def _output(task_id: str) -> cst.BaseExpression:
    return cst.Attribute(value=name(task_id), attr=name("output"))


def write_catch(catch: CatchTask, sheet: Sheet) -> cst.SimpleStatementLine:
    """``work_catch = catch(work, Catcher(…, to=handler))``"""
    catchers = [_catcher(handler, sheet) for handler in catch.handlers]
    onward = {"onward": name(catch.onward)} if catch.onward else {}
    return assign(catch.task_id, call(sheet.use("catch"), name(catch.guarded), *catchers, **onward))


def _catcher(handler: Handler, sheet: Sheet) -> cst.BaseExpression:
    keywords: dict[str, cst.BaseExpression] = {"to": name(handler.target)}
    if handler.result_path != "$" or handler.output is not None or sheet.variables:
        keywords["document"] = _keep(handler, sheet)
    return call(sheet.use("Catcher"), *(string(error) for error in handler.errors), **keywords)


def _keep(handler: Handler, sheet: Sheet) -> cst.BaseExpression:
    """The function that puts the Error Output into the document of the state; one for each ResultPath."""
    path = handler.result_path
    if handler.query:
        shaped = Shaping(output=handler.output, assign=handler.assign, query=True)
        body = hand_on(shaped, name("error"), sheet, result="error")
        caught = ("caught", repr(handler.output), repr(handler.assign))
        wanted = f"caught_for_{handler.target}" if handler.output or handler.assign else "only_error"
        return sheet.helper(wanted, caught, ["data", "error"], body, "Catch, Output" if handler.output else "Catch")
    key = ("keep", path, handler.target if handler.assign else "", repr(handler.assign))
    body = hand_on(Shaping(result_path=path, assign=handler.assign), name("error"), sheet, simple=True, result="error")
    if path is None:
        return sheet.helper("drop_error", key, ["data", "error"], body, "Catch, ResultPath null")
    words = [step.name for step in read_path(path).steps if isinstance(step, Field)]
    wanted = "keep_" + slug("_".join(words), "error") if words else "only_error"
    return sheet.helper(wanted, key, ["data", "error"], body, f"Catch, ResultPath {path}")
