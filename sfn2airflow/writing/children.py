"""Writes child DAGs: a decorated function for each above the DAG that runs it, and the task that does."""

from __future__ import annotations

import libcst as cst

from sfn2airflow.phrases import call, mapping, name, string
from sfn2airflow.statements import assign, blank, comment, function, returns
from sfn2airflow.writing.bodies import Statements, state_body
from sfn2airflow.writing.sheet import Sheet
from sfn2airflow.writing.tasks import decision, decorate, heading, pause, task_arguments, write_flow
from sfn_airflow_core.dag.model import (
    ChildDag,
    ChildTask,
    Dag,
    DistributedMap,
    EnterTask,
    LeaveTask,
    LoopTask,
    MapGroup,
    ParallelGroup,
    PollTask,
)


def write_child_node(node: ChildTask | LoopTask | EnterTask | LeaveTask | PollTask, sheet: Sheet) -> Statements:
    """The statements that make one of the tasks that belong to child DAGs and loops."""
    match node:
        case ChildTask():
            return _child_task(node, sheet)
        case LoopTask():
            return _loop(node, sheet)
        case EnterTask(task_id=task_id, starts=starts):
            made = call(sheet.use("enter"), *map(string, starts), task_id=string(task_id))
            return [assign(task_id, made)]
        case LeaveTask():
            return [_leave(node, sheet)]
        case PollTask():
            return _poll(node, sheet)


def _loop(node: LoopTask, sheet: Sheet) -> Statements:
    """``work_loop = loop("Loop: Work", machine__work_loop_dag, task_id="work_loop")``"""
    write_child(node.child, sheet)
    given = [name("item")] if node.given else []
    positional = [string(node.display_name), name(f"{node.child.name}_dag"), *given]
    keywords: dict[str, cst.BaseExpression] = {"task_id": string(node.task_id)}
    if node.reads_item:
        keywords["reads_item"] = name("True")
    if node.entries:
        keywords["entries"] = mapping((string(door), string(start)) for door, start in node.entries)
    return [assign(node.task_id, call(sheet.use("loop"), *positional, **keywords), heading(node))]


def _leave(node: LeaveTask, sheet: Sheet) -> cst.SimpleStatementLine:
    """``again = leave("Again: Work", again="work", task_id="again")`` or ``leave("On to Done", to="done", …)``"""
    where = {"again": node.again, "to": node.to}
    keywords = {key: string(value) for key, value in where.items() if value is not None}
    made = call(sheet.use("leave"), string(node.display_name), **keywords, task_id=string(node.task_id))
    return assign(node.task_id, made)


def _poll(node: PollTask, sheet: Sheet) -> Statements:
    """The functions that decide and say how long to wait, and then the one that asks."""
    decides, waits = decision(node.decision, sheet, []), pause(node.pause, sheet, [])
    keywords: dict[str, cst.BaseExpression] = {
        "until": name(node.decision.task_id),
        "pause": name(node.pause.task_id),
        "pause_name": string(node.pause.display_name),
    }
    if node.waits_first:
        keywords["waits_first"] = name("True")
    if len(node.exits) > 1:
        keywords["chooses"] = name("True")
    decorator = decorate("polling", node.call, sheet, **keywords)
    parameters, body = sheet.parameters("data"), state_body(node.call, sheet)
    asks = function(node.task_id, parameters, body, [decorator, *sheet.marks()], heading(node.call), node.call.comment)
    return [decides, waits, asks]


def _child_task(node: ChildTask, sheet: Sheet) -> Statements:
    """``both = child_dag("Both", machine__both_dag, task_id="both", **retry(…))``; the DAG goes to the sheet."""
    write_child(node.child, sheet)
    keywords = task_arguments(node, sheet)
    stars = [value for value in keywords.values() if isinstance(value, cst.Arg)]
    named = {key: value for key, value in keywords.items() if not isinstance(value, cst.Arg)}
    if node.reads_item:
        named["reads_item"] = name("True")
    given = [name("item")] if node.given else []
    keys = [keyword(key, value) for key, value in {"task_id": string(node.task_id), **named}.items()]
    positional = [string(node.display_name), name(f"{node.child.name}_dag"), *given]
    made = call(sheet.use("child_dag"), *positional, *keys, *stars)
    return [assign(node.task_id, made, [*heading(node), *([comment(node.comment)] if node.comment else [])])]


def keyword(key: str, value: cst.BaseExpression) -> cst.Arg:
    """``key=value``, in front of what is passed with ``**``."""
    return call("f", **{key: value}).args[0]


def write_child(child: ChildDag, sheet: Sheet) -> None:
    """The function of a child DAG and the DAG that it makes, behind those of its own children."""
    sheet.waits = True
    body = write_flow(child.flow, sheet)
    if child.result:
        body.append(returns(result(child, sheet)))
    star = cst.Arg(value=sheet.use("CHILD"), star="**")
    keys = [keyword("dag_id", string(child.dag_id)), keyword("schedule", name("None"))]
    decorator = call(sheet.airflow("dag"), *keys, star)
    definition = function(child.name, [], body, [decorator], doc=child.title)
    made = assign(f"{child.name}_dag", call(name(child.name)), [blank(), blank()])
    sheet.children += [definition, made]


def result(dag: Dag | ChildDag, sheet: Sheet) -> cst.BaseExpression:
    """The DAG's result: the document of the only end, or of whichever end is reached."""
    groups = {node.task_id for node in dag.flow.nodes if isinstance(node, ParallelGroup | MapGroup | DistributedMap)}
    if len(dag.result) == 1 and dag.result[0] not in groups:
        return cst.Attribute(value=name(dag.result[0]), attr=name("output"))
    return call(sheet.use("outcome"), *(name(end) for end in dag.result))
