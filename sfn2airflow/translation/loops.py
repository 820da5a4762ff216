"""Translates loops: a polling loop is one task, every other loop a child DAG that is run once for each round."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sfn2airflow.rules.children import LoopAsChild, LoopAsPoll
from sfn2airflow.services import Unsupported, resolve
from sfn2airflow.translation.flows import Ids, Place, choice_edges, region_catches, region_ids, region_tasks
from sfn2airflow.translation.ledger import Ledger
from sfn2airflow.translation.shaping import reads_own
from sfn_airflow_core.asl.model import Choice, Fail, Machine, PathFlow, QueryFlow, State, Succeed, Task, Wait, targets
from sfn_airflow_core.dag.model import (
    AnyNode,
    ChildDag,
    ChoiceTask,
    Edge,
    EnterTask,
    Flow,
    LeaveTask,
    LoopTask,
    PassWork,
    PollTask,
    StateTask,
    WaitTask,
)
from sfn_airflow_core.flow.loops import Region

Made = tuple[list[AnyNode], list[Edge]]


@dataclass(frozen=True, slots=True)
class Poll:
    """The states of a loop that only asks, decides and waits; ``first`` is where it is entered."""

    call: str
    decision: str
    pause: str
    first: str
    exits: tuple[str, ...]

    @property
    def states(self) -> tuple[str, str, str]:
        """Their names."""
        return self.call, self.decision, self.pause


def poll_of(machine: Machine, loop: Region) -> Poll | None:
    """A loop as a poll: call, Choice, Wait and back, and nothing else happens to the document or leads in or out."""
    if len(loop.parts) != 3 or len(loop.starts) != 1:
        return None
    by_type = {type(state): state for name in loop.states() for state in [machine.states[name]]}
    call, decision, pause = by_type.get(Task), by_type.get(Choice), by_type.get(Wait)
    if not isinstance(call, Task) or not isinstance(decision, Choice) or not isinstance(pause, Wait):
        return None
    inside = {call.name, decision.name, pause.name}
    caught = {catcher.next for catcher in call.catch}
    exits = tuple(target for target in targets(decision) if target not in inside)
    fits = (
        call.next == decision.name
        and pause.next == call.name
        and pause.name in targets(decision)
        and call.name not in targets(decision)
        and loop.starts[0] != decision.name
        and not caught & inside
        and len(exits) >= 1
        and (not caught or len(exits) == 1)
        and _hands_on(decision)
        and _hands_on(pause)
        and _asks(call)
    )
    return Poll(call.name, decision.name, pause.name, loop.starts[0], exits) if fits else None


def _hands_on(state: Choice | Wait) -> bool:
    """Whether a state hands its document on as it is, and does not ask which state it is."""
    if any(rule.assign or getattr(rule, "output", None) for rule in getattr(state, "choices", ())):
        return False
    return state.flow in (PathFlow(), QueryFlow()) and not any(
        text in repr(state) for text in ("$$.State", "$states.context")
    )


def _asks(call: Task) -> bool:
    """Whether a Task is a plain request that is answered at once."""
    service = resolve(call.resource, None, state_name=call.name)
    return not isinstance(service, Unsupported) and service.encoding in ("function", "call") and not call.flow.assign


def translate_loop(machine: Machine, loop: Region, ids: Ids, ledger: Ledger, place: Place) -> Made:
    """The tasks of a loop, and the edges from them."""
    if poll := poll_of(machine, loop):
        return _poll(machine, poll, ids, ledger, place)
    first = machine.states[loop.starts[0]]
    ledger.note(LoopAsChild(at=first.at, states=len([*loop.states()])))
    task_id = ids.loops[loop]
    name, inner = ledger.child(task_id)
    flow = _round(machine, loop, ids, inner, Place(execution=place.execution))
    child = ChildDag(dag_id=inner.dag_id, name=name, title=_title(loop, ledger), flow=flow)
    several = len(loop.starts) > 1
    exits = tuple(dict.fromkeys(ids.ways[name] for name in _exits(machine, loop)))
    task = LoopTask(
        task_id=task_id,
        display_name=f"Loop: {first.name}",
        at=first.at,
        given=place.given and not several,
        child=child,
        exits=exits,
        ends=_ends_inside(machine, loop),
        reads_item=not place.execution and any(map(reads_own, (machine.states[name] for name in loop.states()))),
        entries=_entries(loop, ids, flow),
    )
    doors = [_door(machine.states[start], ids, place, machine) for start in loop.starts] if several else []
    edges = [*(Edge(door.task_id, task_id) for door in doors), *(Edge(task_id, target) for target in exits)]
    if task.ends and ids.end:
        edges.append(Edge(task_id, ids.end))
    return [*doors, task], edges


def _entries(loop: Region, ids: Ids, flow: Flow) -> tuple[tuple[str, str], ...]:
    """For a loop with several starts: the tasks in front of it, and the starts in its round."""
    enter = flow.nodes[0]
    doors = [ids.ways[start] for start in loop.starts]
    return tuple(zip(doors, enter.starts, strict=True)) if isinstance(enter, EnterTask) else ()


def _title(loop: Region, ledger: Ledger) -> str:
    return f"One round of the loop that begins at {' or '.join(loop.starts)}; ``{ledger.dag_id}`` runs it."


def _door(state: State, ids: Ids, place: Place, machine: Machine) -> StateTask:
    """The task in front of a loop by which is known at which of its states it is entered."""
    given = place.given and state.name == machine.start_at
    return StateTask(task_id=ids.ways[state.name], display_name=f"Enter at {state.name}", given=given, work=PassWork())


def _round(machine: Machine, loop: Region, outer: Ids, ledger: Ledger, place: Place) -> Flow:
    """One round of a loop: from a start to a transition to a start, out of the loop, or to the machine's end."""
    ids = region_ids(machine, loop, ledger, place)
    several = len(loop.starts) > 1
    leaves = [
        LeaveTask(
            task_id=ledger.names.take(f"again_{ids.tasks[start]}" if several else "again"),
            display_name=f"Again: {start}",
            again=ids.tasks[start],
        )
        for start in _again(machine, loop)
    ]
    ways = {start: leave.task_id for start, leave in zip(_again(machine, loop), leaves, strict=True)}
    for name in _exits(machine, loop):
        task_id = ledger.names.take(f"to_{outer.ways[name]}")
        leaves.append(LeaveTask(task_id=task_id, display_name=f"On to {name}", to=outer.ways[name]))
        ways[name] = task_id
    end = ledger.names.take("to_end") if _ends_inside(machine, loop) else None
    if end:
        leaves.append(LeaveTask(task_id=end, display_name="End"))
    inner = replace(ids, ways={**ids.ways, **ways}, end=end)
    nodes, edges = region_tasks(machine, loop, inner, ledger, place)
    start = ids.tasks[loop.starts[0]]
    if several:
        starts = tuple(ids.tasks[name] for name in loop.starts)
        enter = EnterTask(task_id=ledger.names.take("entrance"), display_name="Enter", starts=starts)
        start, nodes = enter.task_id, [enter, *nodes]
        edges = [*(Edge(start, target) for target in starts), *edges]
    catches = region_catches(machine, loop, inner)
    return Flow(nodes=(*nodes, *leaves), edges=tuple(edges), catches=catches, start=start, ends=())


def _ways_of(machine: Machine, loop: Region) -> Iterator[str]:
    """The targets of all transitions of a loop's states."""
    for name in loop.states():
        yield from targets(machine.states[name])


def _again(machine: Machine, loop: Region) -> tuple[str, ...]:
    """The starts to which a transition leads back."""
    return tuple(dict.fromkeys(name for name in _ways_of(machine, loop) if name in loop.starts))


def _exits(machine: Machine, loop: Region) -> tuple[str, ...]:
    """The states outside to which a transition leads."""
    inside = {*loop.states()}
    return tuple(dict.fromkeys(name for name in _ways_of(machine, loop) if name not in inside))


def _ends_inside(machine: Machine, loop: Region) -> bool:
    """Whether the machine may end in a loop: at a state that ends it, and whose catcher leads back."""
    states = [machine.states[name] for name in loop.states()]
    return any(not isinstance(s, Choice | Fail | Succeed) and s.next is None for s in states)


def _poll(machine: Machine, poll: Poll, ids: Ids, ledger: Ledger, place: Place) -> Made:
    """A poll as one task, with the edges of its Choice that leave it."""
    from sfn2airflow.translation.states import translate_state

    call, decision, pause = (machine.states[name] for name in poll.states)
    assert isinstance(decision, Choice)
    inside = replace(ids, ways={**ids.ways, poll.pause: ids.tasks[poll.pause]})
    made = translate_state(call, inside, ledger, place)
    inner = replace(place, given=False)
    decides, waits = (translate_state(state, inside, ledger, inner) for state in (decision, pause))
    assert isinstance(made, StateTask)
    assert isinstance(decides, ChoiceTask)
    assert isinstance(waits, WaitTask)
    ledger.note(LoopAsPoll(at=call.at, decision=poll.decision, pause=poll.pause))
    last = ids.catches.get(poll.call, made.task_id)
    drawn = [edge for edge in choice_edges(decision, decides, inside) if edge.target != waits.task_id]
    exits = tuple(edge.target for edge in drawn)
    task = PollTask(
        task_id=made.task_id,
        display_name=made.display_name,
        at=made.at,
        given=place.given,
        call=made,
        decision=decides,
        pause=waits,
        exits=exits,
        waits_first=poll.first == poll.pause,
    )
    router = ids.catches.get(poll.call)
    guard = [Edge(made.task_id, router)] if router else []
    routed = {ids.ways[catcher.next] for catcher in getattr(call, "catch", ())}  # the router draws these edges itself
    labelled = [Edge(last, e.target, e.label if len(drawn) > 1 else "") for e in drawn if e.target not in routed]
    return [task], [*guard, *labelled]
