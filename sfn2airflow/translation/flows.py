"""Translates machines: states in execution order, loops in their place, and the edges between their tasks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sfn2airflow.rules.document import UnreachableState
from sfn2airflow.translation.ledger import Ledger
from sfn2airflow.translation.queries import query_handler
from sfn2airflow.translation.shaping import assignments
from sfn_airflow_core.asl.model import CatchPath, Choice, Fail, Machine, Map, Parallel, State, Succeed, Task
from sfn_airflow_core.dag.model import (
    AnyNode,
    CatchTask,
    ChoiceTask,
    Edge,
    Flow,
    Handler,
    LoopTask,
)
from sfn_airflow_core.dag.names import slug
from sfn_airflow_core.expr.phrases import phrase
from sfn_airflow_core.findings import Fidelity
from sfn_airflow_core.flow.graph import graph
from sfn_airflow_core.flow.loops import Region, regions


@dataclass(frozen=True, slots=True)
class Place:
    """Where a machine stands: the group around it, and whether the item of the Map around is its document.

    ``mapped``: the Map around is a mapped group of the same DAG. ``execution``: the machine is a child execution of a
    distributed Map, which has no item to read.
    """

    parent: str = ""
    execution: bool = False
    given: bool = False
    mapped: bool = False


@dataclass(frozen=True, slots=True)
class Ids:
    """The task ids of the states of a machine, or of a round of a loop, and the tasks that get documents there.

    ``ways``: by state, the task that gets the document on the way to it: its own, that of the loop in which it is, or
    one that ends the round. ``loops`` are the tasks of loops, ``polls`` the states behind polls. ``end``: the task that
    gets the document where the machine ends inside a loop.
    """

    tasks: dict[str, str]
    catches: dict[str, str]
    ways: dict[str, str]
    loops: dict[Region, str] = field(default_factory=dict)
    polls: dict[str, str] = field(default_factory=dict)
    end: str | None = None

    def to(self, source: str, target: str) -> str:
        """The task that gets the document on the way from one state to another."""
        return self.ways[target]


def translate_machine(machine: Machine, ledger: Ledger, place: Place = Place()) -> Flow:
    """A machine as a flow of tasks."""
    for name in graph(machine).unreachable:
        _leave_out(machine.states[name], ledger)
    region = regions(machine)
    ids = region_ids(machine, region, ledger, place)
    nodes, edges = region_tasks(machine, region, ids, ledger, place)
    ends = [_last(state.name, ids) for state in _plain(machine, region) if _ends(state)]
    return Flow(
        nodes=tuple(nodes),
        edges=tuple(edges),
        catches=region_catches(machine, region, ids),
        start=ids.ways[machine.start_at],
        ends=(*ends, *(node.task_id for node in nodes if isinstance(node, LoopTask) and node.ends)),
    )


def region_tasks(
    machine: Machine, region: Region, ids: Ids, ledger: Ledger, place: Place
) -> tuple[list[AnyNode], list[Edge]]:
    """The tasks of a region's states and loops, and the edges between them but those of catchers."""
    from sfn2airflow.translation.loops import translate_loop  # loops contain states
    from sfn2airflow.translation.states import translate_state  # states contain machines, machines contain states

    nodes: list[AnyNode] = []
    edges: list[Edge] = []
    for part in region.parts:
        if isinstance(part, Region):
            given = place.given and machine.start_at in part.starts
            made, drawn = translate_loop(machine, part, ids, ledger, replace(place, given=given))
            nodes += made
            edges += drawn
        else:
            state = machine.states[part]
            given = place.given and part == machine.start_at
            nodes.append(translate_state(state, ids, ledger, replace(place, given=given)))
            edges += _edges(state, nodes[-1], ids)
    return nodes, edges


def region_ids(machine: Machine, region: Region, ledger: Ledger, place: Place) -> Ids:
    """Names for the tasks of a region; a loop has the name of its first state."""
    from sfn2airflow.translation.loops import poll_of

    take = ledger.names.take
    tasks: dict[str, str] = {}
    catches: dict[str, str] = {}
    ways: dict[str, str] = {}
    loops: dict[Region, str] = {}
    polls: dict[str, str] = {}
    for part in region.parts:
        poll = poll_of(machine, part) if isinstance(part, Region) else None
        for name in [part] if isinstance(part, str) else poll.states if poll else ():
            guarded = _catches(machine.states[name])
            ways[name] = tasks[name] = take(slug(name), place.parent, companion="_catch" if guarded else "")
            if guarded:
                catches[name] = f"{tasks[name]}_catch"
        if poll:
            ways |= dict.fromkeys(poll.states, tasks[poll.call])
            polls[poll.call] = poll.exits[0]
        elif isinstance(part, Region):
            loop = take(f"{slug(part.starts[0])}_loop", place.parent)
            more = len(part.starts) > 1
            ways |= {start: take(f"enter_{slug(start)}", place.parent) if more else loop for start in part.starts}
            loops[part] = loop
    return Ids(tasks=tasks, catches=catches, ways=ways, loops=loops, polls=polls)


def region_catches(machine: Machine, region: Region, ids: Ids) -> tuple[CatchTask, ...]:
    """The routers behind the states of a region."""
    return tuple(catch for name in ids.catches if (catch := _catch(machine.states[name], ids)))


def _plain(machine: Machine, region: Region) -> list[State]:
    """The states of a region that are in no loop."""
    return [machine.states[part] for part in region.parts if isinstance(part, str)]


def _leave_out(state: State, ledger: Ledger) -> None:
    ledger.note(UnreachableState(at=state.at, name=state.name))
    ledger.dispositions[state.at] = Fidelity.NOTE


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
            catcher.flow.result_path,
            assignments(catcher.assign),
        )
        if isinstance(catcher.flow, CatchPath)
        else query_handler(catcher, ids.to(state.name, catcher.next))
        for catcher in state.catch
    )
    following = ids.polls.get(state.name, state.next)
    onward = ids.to(state.name, following) if following else None
    both = onward if onward in {handler.target for handler in handlers} else None
    return CatchTask(ids.catches[state.name], ids.tasks[state.name], handlers, both)


def _edges(state: State, node: AnyNode, ids: Ids) -> list[Edge]:
    """Normal edges and choice edges; the edges of catchers belong to the routers."""
    match state:
        case Choice():
            return choice_edges(state, node, ids)
        case Fail():
            return []
        case Succeed():
            return [Edge(node.task_id, ids.end)] if ids.end else []
    edges: list[Edge] = []
    if state.name in ids.catches:
        edges.append(Edge(node.task_id, ids.catches[state.name]))
    onward = ids.to(state.name, state.next) if state.next is not None else ids.end
    if onward is not None and not _is_handler(state, ids):
        edges.append(Edge(_last(state.name, ids), onward))
    return edges


def _is_handler(state: State, ids: Ids) -> bool:
    """Whether the next state is a handler, too: the router then draws both edges."""
    catch = _catch(state, ids)
    return catch is not None and catch.onward is not None


def choice_edges(state: Choice, node: AnyNode, ids: Ids) -> list[Edge]:
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
