"""Writes child DAGs: a decorated function for each above the DAG that runs it, and the task that does."""

from __future__ import annotations

import libcst as cst

from sfn2airflow.bodies import Statements
from sfn2airflow.phrases import call, name, string
from sfn2airflow.sheet import Sheet
from sfn2airflow.statements import assign, blank, comment, function, returns
from sfn2airflow.write_tasks import heading, task_arguments, write_flow
from sfn_airflow_core.dag.model import ChildDag, ChildTask, Dag, MapGroup, ParallelGroup


def write_child_task(node: ChildTask, sheet: Sheet) -> Statements:
    """``both = child_dag("Both", machine__both_dag, task_id="both", **retry(…))``; the DAG goes to the sheet."""
    write_child(node.child, sheet)
    keywords = task_arguments(node, sheet)
    stars = [value for value in keywords.values() if isinstance(value, cst.Arg)]
    named = {key: value for key, value in keywords.items() if not isinstance(value, cst.Arg)}
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
    decorator = call(sheet.airflow("dag"), keyword("dag_id", string(child.dag_id)), star)
    definition = function(child.name, [], body, [decorator], doc=child.title)
    made = assign(f"{child.name}_dag", call(name(child.name)), [blank(), blank()])
    sheet.children += [definition, made]


def result(dag: Dag | ChildDag, sheet: Sheet) -> cst.BaseExpression:
    """The DAG's result: the document of the only end, or of whichever end is reached."""
    groups = {node.task_id for node in dag.flow.nodes if isinstance(node, ParallelGroup | MapGroup)}
    if len(dag.result) == 1 and dag.result[0] not in groups:
        return cst.Attribute(value=name(dag.result[0]), attr=name("output"))
    return call(sheet.use("outcome"), *(name(end) for end in dag.result))
