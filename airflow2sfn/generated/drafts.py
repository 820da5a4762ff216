"""The tasks in a body of a generated DAG: which state each is, by the comment above it and the word that makes it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from airflow2sfn.generated.states import Drafted
from airflow2sfn.generated.unsaid import comments_above, fields_above
from airflow2sfn.generated.values import Unreadable, key_of
from airflow2sfn.generated.world import Function, World, decorated, keyword, name_of
from sfn_airflow_core.text import parts

_AT = re.compile(r"^\s*# ASL: #(/.*)$")
_FUNCTIONS = frozenset(("state", "choice", "wait", "group", "callback", "approval", "activity", "polling"))
_CALLS = frozenset(("as_state", "job"))
_AROUND = frozenset(("results", "run_results", "item_source", "task_group"))
_WIRING = frozenset(("catch", "outcome", "enter", "child_runs"))


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop: the child DAG that is a round of it, the state where it begins, and other doors with their starts."""

    body: Sequence[ast.stmt]
    pointer: str
    doors: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Drafts:
    """What a body holds: states, loops, and ways out of the loop that it is a round of, each by its variable.

    ``leaves`` lead to a state of this body (``again``), of the one around (``to``), or to the end. ``fronts`` are tasks
    that are no states and stand before the first one; ``known`` are the variables of all tasks.
    """

    states: dict[str, Drafted] = field(default_factory=dict)
    loops: dict[str, Loop] = field(default_factory=dict)
    leaves: dict[str, tuple[str, str]] = field(default_factory=dict)
    fronts: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)

    def within(self, inside: str) -> Drafts:
        """Those whose states stand in the machine at a pointer."""
        start = f"{inside}/States/"
        return Drafts(
            {name: draft for name, draft in self.states.items() if draft.pointer.startswith(start)},
            {name: loop for name, loop in self.loops.items() if loop.pointer.startswith(start)},
            self.leaves,
            self.fronts,
            self.known,
        )


def drafts(body: Sequence[ast.stmt], lines: Sequence[str], world: World) -> Drafts:
    """The drafts of a body; raises Unreadable."""
    found = Drafts()
    plain: dict[str, Function] = {}
    doors: set[str] = {"entry", "items"}
    for node in body:
        match node:
            case ast.FunctionDef():
                _function(node, lines, found, plain)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id=word)) as call):
                _assigned(name, word, call, node, lines, found, world)
            case ast.Assign(value=ast.Call(func=ast.Attribute(attr="expand"))) | ast.Expr() | ast.Return():
                continue
            case _:
                raise Unreadable(f"a statement ({type(node).__name__})", node)
    doors.update(door for loop in found.loops.values() for door in loop.doors)
    for node in decorated(body):
        if node.name in found.fronts - doors and name_of(node.decorator_list[0]) == "state":
            raise Unreadable(f"the state {node.name}, above which no comment says where it stands", node)
    found.known.update(found.states, found.loops, found.leaves, found.fronts)
    return found


def _function(node: Function, lines: Sequence[str], found: Drafts, plain: dict[str, Function]) -> None:
    pointer = pointer_above(node, lines)
    match node.decorator_list:
        case [ast.Call(func=ast.Name(id=word)) as call, *_] if word in _FUNCTIONS and pointer:
            draft = Drafted(node.name, _name(call, pointer), pointer, word, call, node)
            draft.fields = fields_above(node, lines)
            found.states[node.name] = draft
            if word == "polling":
                _polling(call, found, plain, lines)
        case [ast.Call(func=ast.Name(id=word)) | ast.Name(id=word), *_] if word in _AROUND or (
            word == "state" and not pointer
        ):
            found.fronts.add(node.name)
        case [] | [ast.Name(id="jsonata")] if pointer:
            plain[node.name] = node
        case _:
            raise Unreadable("a task of another kind", node)


def _polling(call: ast.Call, found: Drafts, plain: Mapping[str, Function], lines: Sequence[str]) -> None:
    """The Choice and the Wait of a loop that is one task."""
    for word, kind in (("until", "choice"), ("pause", "wait")):
        given = keyword(call.keywords, word)
        function = plain.get(given.id) if isinstance(given, ast.Name) else None
        if function is None:
            raise Unreadable("a loop that asks", call)
        pointer = pointer_above(function, lines)
        name = keyword(call.keywords, "pause_name") if kind == "wait" else None
        said = name.value if isinstance(name, ast.Constant) else parts(pointer)[-1]
        nothing = ast.Call(ast.Name(kind), [], [])
        found.states[function.name] = Drafted(function.name, str(said), pointer, kind, nothing, function)


def _assigned(
    name: str, word: str, call: ast.Call, node: ast.Assign, lines: Sequence[str], found: Drafts, world: World
) -> None:
    pointer = pointer_above(node, lines)
    match word, call.args:
        case "child_dag", [_, ast.Name(id=dag), *_] if dag in world.dags:
            function = _group_of(world.dags[dag], pointer, lines)
            found.states[name] = Drafted(name, _name(call, pointer), pointer, "group", call, function)
            found.states[name].fields = fields_above(function, lines)
        case "loop", [_, ast.Name(id=dag), *_] if dag in world.dags:
            found.loops[name] = Loop(world.dags[dag].body, pointer, _doors(call))
        case "leave", _:
            for way in ("again", "to"):
                if isinstance(given := keyword(call.keywords, way), ast.Constant):
                    found.leaves[name] = way, str(given.value)
                    return
            found.leaves[name] = "end", ""
        case _ if word in _CALLS and pointer:
            title = call.args[1:2]
            said = title[0].value if title and isinstance(title[0], ast.Constant) else parts(pointer)[-1]
            found.states[name] = Drafted(name, str(said), pointer, word, call)
            found.states[name].fields = fields_above(node, lines)
        case _ if word in _WIRING:
            found.known.add(name)
            found.fronts.update([name] if word == "enter" else [])
        case _:
            raise Unreadable(f"a task made by {word}", node)


def _group_of(dag: Function, pointer: str, lines: Sequence[str]) -> Function:
    """The group that a child DAG is."""
    for node in decorated(dag.body):
        if name_of(node.decorator_list[0]) == "group" and pointer_above(node, lines) == pointer:
            return node
    raise Unreadable("a child DAG that is no group", dag)


def _doors(call: ast.Call) -> dict[str, str]:
    match keyword(call.keywords, "entries"):
        case None:
            return {}
        case ast.Dict(keys=keys, values=values):
            return {key_of(key): key_of(value) for key, value in zip(keys, values, strict=True)}
        case other:
            raise Unreadable("the entries of a loop", other)


def _name(call: ast.Call, pointer: str) -> str:
    """The name of a state as its task has it; names in comments are without line breaks and the like."""
    first = call.args[0] if call.args else None
    return str(first.value) if isinstance(first, ast.Constant) else parts(pointer)[-1]


def pointer_above(node: ast.stmt, lines: Sequence[str]) -> str:
    """What the comment above a task says of where its state stands."""
    found = (_AT.match(line) for line in comments_above(node, lines))
    return next((one[1] for one in found if one), "")


def pointers(body: Sequence[ast.stmt], lines: Sequence[str]) -> Iterator[str]:
    """Where the states of a body stand."""
    for node in body:
        if pointer := pointer_above(node, lines):
            yield pointer
