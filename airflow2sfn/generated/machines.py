"""From the tasks of a generated DAG and what it wires them with to a state machine."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise

from airflow2sfn.generated.drafts import Drafts, drafts, pointers
from airflow2sfn.generated.groups import Inside, group
from airflow2sfn.generated.in_jsonata import Jsonata
from airflow2sfn.generated.jobs import callback, job, operator
from airflow2sfn.generated.languages import speaks_jsonata
from airflow2sfn.generated.paths.language import JsonPath
from airflow2sfn.generated.settings import catcher
from airflow2sfn.generated.states import Drafted, choice, function_state, targets, wait
from airflow2sfn.generated.unsaid import with_fields
from airflow2sfn.generated.values import Unreadable
from airflow2sfn.generated.world import World, keyword
from sfn_airflow_core.asl import model as asl
from sfn_airflow_core.asl.model import PathFlow, QueryFlow
from sfn_airflow_core.asl.model import targets as next_states
from sfn_airflow_core.expr.errors import ExpressionError

Names = Mapping[str, "str | None"]
_STEERING = ("until", "pause", "pause_name", "chooses", "waits_first")


@dataclass(frozen=True, slots=True)
class Machines:
    """Reads machines out of the bodies of DAGs and groups.

    ``jsonata`` says in which language a state is that makes nothing of documents. ``unread`` collects by name the
    states that are not read, ``translated`` those that were in JSONPath and are not.
    """

    lines: Sequence[str]
    world: World
    jsonata: bool
    unread: dict[str, Unreadable] = field(default_factory=dict)
    translated: set[str] = field(default_factory=set)

    def machine(self, body: Sequence[ast.stmt], inside: str) -> asl.Machine:
        """The states of a body that stand in the machine at the pointer ``inside``; raises Unreadable."""
        found = drafts(body, self.lines, self.world).within(inside)
        names = self._names(found, {})
        starts = self._starts(body, found, names)
        states = {state.name: state for state in self._states(body, found, names, inside)}
        if len(starts) != 1:
            raise Unreadable("where the machine starts", body[0] if body else None)
        return _reached(asl.Machine(starts.pop(), states))

    def _names(self, found: Drafts, around: Names) -> dict[str, str | None]:
        """The states that the variables of a body stand for."""
        names: dict[str, str | None] = {name: draft.name for name, draft in found.states.items()}
        for name, draft in found.states.items():
            if draft.kind == "polling" and keyword(draft.call.keywords, "waits_first") is not None:
                names[name] = names[_parts(draft)[1]]
        for name, loop in found.loops.items():
            inner = drafts(loop.body, self.lines, self.world)
            own = self._names(inner, {})
            begins = [n for n, draft in inner.states.items() if draft.pointer == loop.pointer]
            begins += [n for n, nested in inner.loops.items() if nested.pointer == loop.pointer]
            if not begins:
                raise Unreadable("where a loop begins", loop.body[0])
            names[name] = own[begins[0]]
            names |= {door: _known(start, own, loop.body[0]) for door, start in loop.doors.items()}
        for name, (way, where) in found.leaves.items():
            match way:
                case "again":
                    names[name] = _known(where, names, None)
                case "to" if where in around:
                    names[name] = around[where]
                case "end":
                    names[name] = None
        return names

    def _starts(self, body: Sequence[ast.stmt], found: Drafts, names: Names) -> set[str]:
        """The states of a body that nothing in it leads to."""
        pairs = ((before, after) for steps in _chains(body) for before, after in pairwise(steps))
        doors = {door for loop in found.loops.values() for door in loop.doors}
        entered = {after for before, after in pairs if before not in found.fronts - doors}
        for draft in found.states.values():
            entered |= targets(draft.body) if draft.kind == "choice" else set()
        for _, catchers, _ in _catches(body):
            entered |= {node.id for one in catchers for node in ast.walk(one) if isinstance(node, ast.Name)}
        inner = {name for draft in found.states.values() if draft.kind == "polling" for name in _parts(draft)}
        own = (found.states.keys() | found.loops.keys() | doors) - inner
        return {name for variable in own - entered if (name := names[variable]) is not None}

    def _states(self, body: Sequence[ast.stmt], found: Drafts, names: Names, inside: str) -> list[asl.State]:
        """The states of a body, with those of the loops in it."""
        world = self.world.named(names)
        self._wire(body, found, world)
        states = [self._state(draft, world) for draft in found.states.values()]
        for loop in found.loops.values():
            inner = drafts(loop.body, self.lines, self.world).within(inside)
            states += self._states(loop.body, inner, self._names(inner, names), inside)
        return states

    def _wire(self, body: Sequence[ast.stmt], found: Drafts, world: World) -> None:
        """Sets what follows each state."""
        for guarded, catchers, onward in _catches(body):
            if (draft := found.states.get(guarded)) is not None:
                draft.catchers = (*catchers,)
                draft.next = _known(onward, world.names, draft.call) if onward else draft.next
        for steps in _chains(body):
            if strange := [step for step in steps if step not in found.known]:
                raise Unreadable(f"the task {strange[0]}", body[0])
            known = [step for step in steps if step in world.names]
            for before, after in pairwise(known):
                draft = found.states.get(before)
                if draft is None or draft.kind in ("choice", "polling"):
                    continue
                if draft.next not in (None, world.names[after]):
                    raise Unreadable(f"two states after {draft.name}", draft.call)
                draft.next = world.names[after]
        for draft in found.states.values():
            if draft.kind == "polling":
                decides, pauses = _parts(draft)
                draft.next, found.states[pauses].next = world.names[decides], draft.name

    def _state(self, draft: Drafted, world: World) -> asl.State:
        """The state of a draft; one that fails where it is not read back."""
        try:
            return with_fields(self._read(draft, world), draft.fields, draft.call)
        except Unreadable as reason:
            self.unread[draft.name] = reason
            flow = QueryFlow() if self.jsonata else PathFlow()
            return asl.Fail(name=draft.name, flow=flow, error=asl.NOT_TRANSLATED, cause=str(reason))

    def _read(self, draft: Drafted, world: World) -> asl.State:
        """The state of a draft in its language; in JSONata, if only that has words for it. Raises Unreadable."""
        in_jsonata = speaks_jsonata(draft, world)
        if not (self.jsonata if in_jsonata is None else in_jsonata):
            with suppress(Unreadable, ExpressionError):
                return self._spoken(draft, world.speaking(JsonPath()))
        made = self._spoken(draft, world.speaking(Jsonata()))
        if in_jsonata is False:
            self.translated.add(draft.name)
        return made

    def _spoken(self, draft: Drafted, world: World) -> asl.State:
        """The state of a draft in the language of the world; raises Unreadable."""
        draft.catch = tuple(catcher(one, world) for one in draft.catchers)
        match draft.kind:
            case "group":
                return group(draft, world, Inside(self.machine, lambda body: list(pointers(body, self.lines))))
            case "polling":
                return function_state(draft, world, *_STEERING)
            case kind:
                return _KINDS[kind](draft, world)


_KINDS: Mapping[str, Callable[[Drafted, World], asl.State]] = {
    "state": function_state,
    "choice": choice,
    "wait": wait,
    "as_state": operator,
    "job": job,
    "callback": callback,
    "approval": callback,
    "activity": callback,
}
"""By the word of the runtime: what reads the state of such a task."""


def _known(variable: str, names: Names, node: ast.AST | None) -> str | None:
    """The state that a variable stands for, ``None`` for the end; raises Unreadable."""
    if variable not in names:
        raise Unreadable(f"the target {variable}", node)
    return names[variable]


def _parts(draft: Drafted) -> tuple[str, str]:
    """The functions that decide and pause in a loop that is one task."""
    found = {one.arg: one.value for one in draft.call.keywords}
    decides, pauses = (node.id for node in (found["until"], found["pause"]) if isinstance(node, ast.Name))
    return decides, pauses


def _chains(body: Sequence[ast.stmt]) -> list[list[str]]:
    """The variables in calls of ``chain``, without labels; raises Unreadable."""
    found = []
    for node in body:
        match node:
            case ast.Expr(value=ast.Call(func=ast.Name(id="chain"), args=steps)):
                names: list[str] = []
                for step in steps:
                    match step:
                        case ast.Name(id=name):
                            names.append(name)
                        case ast.Call(func=ast.Name(id="Label")):
                            continue
                        case _:
                            raise Unreadable("a step of a chain", step)
                found.append(names)
            case ast.Expr(value=ast.Constant()):
                continue
            case ast.Expr():
                raise Unreadable("a statement that wires tasks", node)
    return found


def _catches(body: Sequence[ast.stmt]) -> list[tuple[str, list[ast.expr], str]]:
    """What each call of ``catch`` guards, its catchers, and where it leads otherwise; raises Unreadable."""
    found: list[tuple[str, list[ast.expr], str]] = []
    for node in body:
        match node:
            case ast.Assign(value=ast.Call(func=ast.Name(id="catch"), args=[ast.Name(id=guarded), *catchers]) as call):
                match call.keywords:
                    case []:
                        found.append((guarded, catchers, ""))
                    case [ast.keyword(arg="onward", value=ast.Name(id=name))]:
                        found.append((guarded, catchers, name))
                    case _:
                        raise Unreadable("a catch", node)
    return found


def _reached(machine: asl.Machine) -> asl.Machine:
    """The machine without states that nothing leads to, as behind one that is not read back."""
    reached, ahead = {machine.start_at}, [machine.start_at]
    while ahead:
        state = machine.states.get(ahead.pop())
        new = [name for name in next_states(state) if name not in reached] if state is not None else []
        reached.update(new)
        ahead += new
    return asl.Machine(machine.start_at, {name: state for name, state in machine.states.items() if name in reached})
