"""Paths of JSONata that are names and positions only: where they start, and how they are looked up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from sfn2airflow import phrases
from sfn2airflow.expressions.jsonata.scope import Made, Query
from sfn2airflow.expressions.paths import whole_context
from sfn2airflow.phrases import Node
from sfn_airflow_core.expr.jsonata_model import Focus, Kind, Member, Name, Nth, Step, Steps, Tree

Keys: TypeAlias = "tuple[str | int, ...]"
_TEXTS = {("Execution", "Id"), ("Execution", "Name"), ("StateMachine", "Id"), ("State", "Name")}
"""Members of the context object that are strings."""


@dataclass(frozen=True, slots=True)
class Path:
    """A value in scope and the keys that lead from it.

    ``deep`` says that its arrays are ``Many``; ``missing`` that there is no such value, ``kind`` what it certainly is,
    if it is there at all (``optional``).
    """

    root: Node
    keys: Keys = ()
    deep: bool = False
    missing: bool = False
    kind: Kind = "any"
    optional: bool = False

    def made(self, query: Query) -> Made:
        """The path where nothing need be at its end."""
        if not self.keys or (self.kind != "any" and not self.optional):
            return Made(self._subscripts(query), self.kind, self.missing)
        return Made(query.call("find", self.root, *_literals(self.keys, query)), self.kind, missing=True)

    def needed(self, query: Query) -> Node:
        """The path with a value at its end: subscripts where Python's say what JSONata's do."""
        if not self.keys:
            return query.call("known", self.root) if self.missing else self.root
        if self.kind == "any" and not (self.deep and all(isinstance(key, str) for key in self.keys)):
            return query.call("need", self.root, *_literals(self.keys, query))
        return self._subscripts(query)

    def _subscripts(self, query: Query) -> Node:
        node = self.root
        for key in _literals(self.keys, query):
            node = phrases.subscript(node, key)
        return node


def split(tree: Tree, query: Query) -> tuple[Path | None, tuple[Step, ...]]:
    """The longest part of a path that is only names and positions from something in scope, and the steps behind it."""
    match tree:
        case Focus() | Name():
            return _start(tree, (), query), ()
        case Steps(Focus() | Name() as head, steps):
            count = next((n for n, step in enumerate(steps) if not isinstance(step, Member | Nth)), len(steps))
            keys = tuple(_key(step) for step in steps[:count])
            return _start(head, keys, query), steps[count:]
        case Steps(_, steps):
            return None, steps
        case _:
            return None, ()


def _key(step: Step) -> str | int:
    match step:
        case Member(name):
            return name
        case Nth(position):
            return position
        case _:
            raise AssertionError(f"{step} is not a key")


def _start(head: Focus | Name, keys: Keys, query: Query) -> Path:
    scope = query.writing.scope
    match head:
        case Focus() if query.focus is not None:
            return Path(phrases.name(query.focus), keys)
        case Name("states") if (found := _of_states(keys, query)) is not None:
            return found
        case Name(word) if word in query.names:
            return Path(phrases.name(query.names[word]), keys)
        case Name(word) if scope.has_variables and word != "states":
            return Path(phrases.name(scope.variables), (word, *keys), deep=True)
        case _:
            return Path(query.name("NOTHING"), missing=True)


def _of_states(keys: Keys, query: Query) -> Path | None:
    """``$states.input`` and so on; None for what the field has not."""
    scope = query.writing.scope
    match keys:
        case ():
            return Path(_whole(query), kind="object")
        case ("input", *rest):
            return Path(phrases.name(scope.input), tuple(rest), deep=True)
        case ("result", *rest) if scope.result is not None:
            return Path(phrases.name(scope.result), tuple(rest), deep=True)
        case ("errorOutput", *rest) if scope.error is not None:
            return Path(phrases.name(scope.error), tuple(rest), deep=True)
        case ("context", "Map", "Item", "Index") if scope.index:
            return Path(phrases.name(scope.index), kind="number")
        case ("context", "Map", "Item", "Value", *rest) if scope.item:
            return Path(phrases.name(scope.item), tuple(rest), deep=True)
        case ("context", "Map", "Item", "Key") if scope.key:
            return Path(phrases.name(scope.key), kind="string")
        case ("context", "Map", "Item", "Source") if scope.place:
            return Path(phrases.name(scope.place), kind="string")
        case ("context", "Map", "Item", *rest) if not scope.item:
            return Path(query.call("map_item"), tuple(rest))
        case ("context",) | ("context", "Map", *_):
            return Path(whole_context(query.writing), keys[1:], kind="any" if keys[1:] else "object")
        case ("context", "State") | ("context", "State", "RetryCount") if not scope.retried:
            return Path(whole_context(query.writing), keys[1:])
        case ("context", "Task", "Token"):
            return Path(query.call(scope.context), keys[1:], kind="string", optional=True)
        case ("context", *rest):
            return Path(query.call(scope.context), tuple(rest), kind="string" if tuple(rest) in _TEXTS else "any")
        case _:
            return None


def _whole(query: Query) -> Node:
    """``$states`` itself."""
    scope = query.writing.scope
    members = {"input": phrases.name(scope.input)}
    members |= {} if scope.result is None else {"result": phrases.name(scope.result)}
    members |= {} if scope.error is None else {"errorOutput": phrases.name(scope.error)}
    entries = [(query.writing.string(key), node) for key, node in members.items()]
    return phrases.mapping([*entries, (query.writing.string("context"), whole_context(query.writing))])


def looked_up(value: Made, keys: Keys, query: Query) -> Made:
    """Keys on the way from any value."""
    return Made(query.call("find", value.node, *_literals(keys, query)), missing=True) if keys else value


def _literals(keys: Keys, query: Query) -> list[Node]:
    return [query.writing.string(key) if isinstance(key, str) else phrases.literal(key) for key in keys]
