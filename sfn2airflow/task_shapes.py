"""How many Airflow tasks stand for each state of a machine, and whether they hold a worker while the state lasts."""

from __future__ import annotations

from typing import Literal

from sfn2airflow.services.model import Service
from sfn2airflow.translate import translate
from sfn2airflow.translation.ledger import Ledger
from sfn2airflow.writing.dag import RESERVED
from sfn_airflow_core.asl.model import Machine, Pointer
from sfn_airflow_core.compare.steps import TaskShape
from sfn_airflow_core.dag.model import (
    CallbackTask,
    ChildDag,
    Dag,
    Flow,
    JobTask,
    MapGroup,
    Node,
    ParallelGroup,
    WaitTask,
)
from sfn_airflow_core.dag.names import Names

Main = Literal["worker", "deferred", "none"]


def shapes_of(machine: Machine, dag_id: str, source: str) -> dict[Pointer, TaskShape]:
    """The tasks of the translation of a machine, by the pointer of the state."""
    return task_shapes(translate(machine, dag_id, source, Ledger(Names((*RESERVED, dag_id)))))


def task_shapes(dag: Dag) -> dict[Pointer, TaskShape]:
    """The tasks of a DAG by the pointer of the state that they stand for."""
    found: dict[Pointer, TaskShape] = {}
    _add(dag.flow, found, False)
    return found


def _add(flow: Flow, found: dict[Pointer, TaskShape], mapped: bool) -> None:
    routers = {catch.guarded for catch in flow.catches}
    for node in flow.nodes:
        main, small = _tasks(node)
        if node.at and node.at not in found:
            found[node.at] = TaskShape(main, small + (node.task_id in routers), mapped, once=bool(_parts(node)))
        for part in _parts(node):  # a loop that polls is one task for several states
            found[part.at] = TaskShape(main, 0, mapped, part=True)
        for inner, many in _inner(node):
            _add(inner, found, mapped or many)


def _tasks(node: Node) -> tuple[Main, int]:
    """Where the work of a state waits, and how many small tasks there are around it."""
    match node:
        case JobTask(service=service):
            return ("deferred" if _gives_way(service) else "worker"), 0
        case WaitTask() | CallbackTask():
            return "deferred", 0
        case ParallelGroup():
            return "none", 1
        case MapGroup():
            return "none", 2
        case _:
            gives_way = isinstance(getattr(node, "child", None), ChildDag) or bool(_parts(node))
            return ("deferred" if gives_way else "worker"), 0


def _gives_way(service: object) -> bool:
    """Whether a job is waited for without a worker: a deferrable operator, or a sensor that is asked now and then."""
    operator = service.operator if isinstance(service, Service) else None
    return operator.deferrable if operator is not None else True


def _parts(node: Node) -> list[Node]:
    """The states that have no task because the task of another state does their work."""
    return [part for name in ("decision", "pause") if isinstance(part := getattr(node, name, None), Node)]


def _inner(node: Node) -> list[tuple[Flow, bool]]:
    """The flows inside a node, and whether their tasks are made per item, or per run of a DAG of their own."""
    match node:
        case ParallelGroup():
            return [(branch, False) for branch in node.branches]
        case MapGroup():
            return [(node.processor, True)]
        case _:
            child = getattr(node, "child", None)
            return [(child.flow, True)] if isinstance(child, ChildDag) else []
