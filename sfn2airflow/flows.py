"""Translates machines: states in execution order, the edges between their tasks, and what closes a cycle."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sfn2airflow.labels import phrase
from sfn2airflow.ledger import Ledger
from sfn2airflow.rules.document import Cycle, UnreachableState
from sfn2airflow.shaping import assignments
from sfn_airflow_core.asl.model import CatchPath, Choice, Fail, Machine, Map, Parallel, State, Succeed, Task
from sfn_airflow_core.dag.model import AnyNode, CatchTask, ChoiceTask, Edge, Flow, Handler, StateTask, Stub
from sfn_airflow_core.dag.names import slug
from sfn_airflow_core.findings import Fidelity
from sfn_airflow_core.flow.graph import Graph, graph


@dataclass(frozen=True, slots=True)
class Place:
    """Where a machine stands: the group around it, whether a Map is around, and whether the item is its document.

    ``mapped``: the Map around is a mapped group of the same DAG.
    """

    parent: str = ""
    in_map: bool = False
    given: bool = False
    mapped: bool = False


@dataclass(frozen=True, slots=True)
class Ids:
    """The task ids of one machine's states, and of the tasks that stand for transitions back."""

    tasks: dict[str, str]
    catches: dict[str, str]
    again: dict[str, str]
    back: frozenset[tuple[str, str]]

    def to(self, source: str, target: str) -> str:
        """The task that gets the document on the way from one state to another."""
        return self.again[target] if (source, target) in self.back else self.tasks[target]


def translate_machine(machine: Machine, ledger: Ledger, place: Place = Place()) -> Flow:
    """A machine as a flow of tasks."""
    from sfn2airflow.states import translate_state  # states contain machines, machines contain states

    shape = graph(machine)
    for name in shape.unreachable:
        _leave_out(machine.states[name], ledger)
    ids = _ids(machine, shape, ledger, place)
    nodes: list[AnyNode] = []
    for name in shape.order:
        given = place.given and name == machine.start_at
        nodes.append(translate_state(machine.states[name], ids, ledger, replace(place, given=given)))
    for source, target in sorted(shape.back, key=lambda edge: (shape.order.index(edge[0]), edge[1])):
        ledger.note(Cycle(at=machine.states[source].at, target=target))
    reason = "the transition back closes a cycle"
    stubs = [
        StateTask(task_id=task_id, display_name=f"Back to {target}", work=Stub(Cycle.code, reason))
        for target, task_id in ids.again.items()
    ]
    catches = tuple(catch for name in shape.order if (catch := _catch(machine.states[name], ids)))
    ends = [_last(name, ids) for name in shape.order if _ends(machine.states[name])]
    return Flow(
        nodes=(*nodes, *stubs),
        edges=_edges(machine, shape, ids, nodes),
        catches=catches,
        start=ids.tasks[machine.start_at],
        ends=(*ends, *ids.again.values()),
    )


def _leave_out(state: State, ledger: Ledger) -> None:
    ledger.note(UnreachableState(at=state.at, name=state.name))
    ledger.dispositions[state.at] = Fidelity.NOTE


def _ids(machine: Machine, shape: Graph, ledger: Ledger, place: Place) -> Ids:
    take = ledger.names.take
    guarded = {name for name in shape.order if _catches(machine.states[name])}
    tasks = {
        name: take(slug(name), place.parent, companion="_catch" if name in guarded else "") for name in shape.order
    }
    return Ids(
        tasks=tasks,
        catches={name: f"{tasks[name]}_catch" for name in tasks if name in guarded},
        again={
            target: take(f"back_to_{tasks[target]}")
            for target in dict.fromkeys(t for name in shape.order for s, t in sorted(shape.back) if s == name)
        },
        back=shape.back,
    )


def _catches(state: State) -> bool:
    """Whether a router stands behind the state; one that cannot be expressed fails uncaught."""
    return isinstance(state, Task | Parallel | Map) and bool(state.catch)


def _last(name: str, ids: Ids) -> str:
    """The task that hands a state's document on: its router, if it has one."""
    return ids.catches.get(name, ids.tasks[name])


def _ends(state: State) -> bool:
    match state:
        case Succeed() | Fail():
            return True
        case Choice():
            return False
        case _:
            return state.next is None


def _catch(state: State, ids: Ids) -> CatchTask | None:
    if not isinstance(state, Task | Parallel | Map) or not state.catch:
        return None
    handlers = tuple(
        Handler(
            catcher.error_equals,
            ids.to(state.name, catcher.next),
            catcher.flow.result_path if isinstance(catcher.flow, CatchPath) else "$",
            assignments(catcher.assign) if isinstance(catcher.flow, CatchPath) else (),
        )
        for catcher in state.catch
    )
    onward = ids.to(state.name, state.next) if state.next else None
    both = onward if onward in {handler.target for handler in handlers} else None
    return CatchTask(ids.catches[state.name], ids.tasks[state.name], handlers, both)


def _edges(machine: Machine, shape: Graph, ids: Ids, nodes: list[AnyNode]) -> tuple[Edge, ...]:
    """Normal edges and choice edges; the edges of catchers belong to the routers."""
    edges: list[Edge] = []
    by_id = {node.task_id: node for node in nodes}
    for name in shape.order:
        state, node = machine.states[name], by_id[ids.tasks[name]]
        match state:
            case Choice():
                edges += _choice_edges(state, node, ids)
            case Succeed() | Fail():
                pass
            case _:
                if name in ids.catches:
                    edges.append(Edge(ids.tasks[name], ids.catches[name]))
                if state.next is not None and not _is_handler(state, ids):
                    edges.append(Edge(_last(name, ids), ids.to(name, state.next)))
    return tuple(edges)


def _is_handler(state: State, ids: Ids) -> bool:
    """Whether the next state is a handler, too: the router then draws both edges."""
    catch = _catch(state, ids)
    return catch is not None and catch.onward is not None


def _choice_edges(state: Choice, node: AnyNode, ids: Ids) -> list[Edge]:
    """One edge for each target, labelled with the phrases of all rules that lead there."""
    labels: dict[str, list[str]] = {}
    if isinstance(node, ChoiceTask):
        for rule in node.rules:
            labels.setdefault(rule.target, []).append(phrase(rule.condition))
        if node.default is not None:
            labels.setdefault(node.default, []).append("Default")
    else:  # a stub: all its targets stay where they are, none is reached
        for choice in (*(rule.next for rule in state.choices), *([state.default] if state.default else [])):
            labels.setdefault(ids.to(state.name, choice), [])
    return [Edge(node.task_id, target, " | ".join(texts)[:60]) for target, texts in labels.items()]
