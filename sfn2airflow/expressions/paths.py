"""Paths as Python: subscripts for definite ones, comprehensions for those that select several values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, assert_never

from sfn2airflow import phrases
from sfn2airflow.expressions.scope import Writing
from sfn2airflow.phrases import Node
from sfn_airflow_core.expr.model import (
    Descend,
    Field,
    Filter,
    Index,
    Indexes,
    Names,
    Path,
    PathFunction,
    Root,
    Slice,
    Step,
    Wildcard,
)

Key: TypeAlias = "Field | Index"
Loop: TypeAlias = "tuple[str, Node, list[Node]]"


def write_path(path: Path, writing: Writing) -> Node:
    """What the path selects: a value that is there, or an error; for an indefinite path, the list of what is there."""
    root, steps = _start(path, writing)
    if not path.definite:
        return _several(root, steps, writing)
    node = root
    for step in steps:
        match step:
            case Field(name):
                node = phrases.subscript(node, writing.string(name))
            case Index(position):
                listed = node if node is root and path.root.kind == "input" and writing.scope.lists else None
                node = phrases.subscript(listed or writing.call("array", node), phrases.literal(position))
            case _:
                node = _at_end(step, node, writing)
    return node


def peeked(path: Path, writing: Writing, function: str = "peek") -> Node:
    """The path as an operand that may be missing (``peek``), or whether it is there (``present``)."""
    root, steps = _start(path, writing)
    if path.root.kind == "variable":  # it may not be assigned
        root, steps = _variables(writing), (Field(path.root.name), *path.steps)
    if not path.definite:
        found = _several(root, steps, writing)
        return phrases.compare(found, "!=", phrases.sequence([])) if function == "present" else found
    *keys, last = steps or (None,)
    if isinstance(last, Names | PathFunction):
        value = _looked_up("peek", root, keys, writing)
        if function == "present" and isinstance(last, Names):
            return phrases.call("isinstance", value, phrases.name("dict"))
        if function == "present":
            return _looked_up("present", root, keys, writing)
        return _at_end(last, value, writing)
    if not steps and function == "peek":
        return root
    return _looked_up(function, root, steps, writing)


def is_list(path: Path) -> bool:
    """Whether what the path selects is certainly a list."""
    return not path.definite


def _variables(writing: Writing) -> Node:
    """The dictionary of variables; an empty one where no state assigns any, so that reading fails as it should."""
    return phrases.name(writing.scope.variables) if writing.scope.has_variables else phrases.mapping(())


def _start(path: Path, writing: Writing) -> tuple[Node, tuple[Step, ...]]:
    """The root in Python and the steps that remain; the context object's Map item may have a name of its own."""
    scope = writing.scope
    match path.root:
        case Root(kind="input"):
            return phrases.name(scope.input), path.steps
        case Root(kind="current"):
            return phrases.name(writing.current), path.steps
        case Root(kind="variable", name=word):
            return phrases.subscript(_variables(writing), phrases.string(word, writing.quote)), path.steps
        case _:
            match path.steps:
                case (Field("Map"), Field("Item"), Field("Index"), *rest) if scope.index:
                    return phrases.name(scope.index), tuple(rest)
                case (Field("Map"), Field("Item"), Field("Value"), *rest) if scope.item:
                    return phrases.name(scope.item), tuple(rest)
                case (Field("Map"), Field("Item"), Field("Key"), *rest) if scope.key:
                    return phrases.name(scope.key), tuple(rest)
                case (Field("Map"), Field("Item"), Field("Source"), *rest) if scope.place:
                    return phrases.name(scope.place), tuple(rest)
                case (Field("Map"), Field("Item"), *rest) if not scope.item:
                    return writing.call("map_item"), tuple(rest)
                case (Field("Map"), Field("Item")):
                    return map_item(writing), ()
                case (Field("Task"), Field("Token")):
                    return writing.call("task_token"), ()
                case (Field("State"),) | (Field("State"), Field("RetryCount"), *_) if not scope.retried:
                    return whole_context(writing), path.steps
                case (Field("Execution" | "State" | "StateMachine" | "Task"), *_):
                    return writing.call(scope.context), path.steps
            return whole_context(writing), path.steps


def map_item(writing: Writing) -> Node:
    """The whole of ``$$.Map.Item``, in an ItemSelector."""
    scope = writing.scope
    members = {"Index": scope.index, "Value": scope.item, "Source": scope.place}
    return phrases.mapping((writing.string(key), phrases.name(word)) for key, word in members.items() if word)


def whole_context(writing: Writing) -> Node:
    """The context object with the ``Map`` that it has inside of an iteration, and in an ItemSelector."""
    item = [map_item(writing)] if writing.scope.item else []
    writing.needs.add("whole_context")
    retried: dict[str, Node] = {} if writing.scope.retried else {"retried": phrases.name("False")}
    return phrases.call("whole_context", *item, **retried)


def _at_end(step: Step | None, node: Node, writing: Writing) -> Node:
    match step:
        case Names(names):
            return writing.call("part", node, *map(writing.string, names))
        case PathFunction(name):
            return writing.call("path_function", phrases.string(name, writing.quote), node)
        case _:
            raise AssertionError(f"{step} is not at the end of a definite path")


def _looked_up(function: str, value: Node, keys: Sequence[Step | None], writing: Writing) -> Node:
    """``function(value, "key", 0)``, a function that takes a path."""
    return writing.call(function, value, *(_key(key, writing) for key in keys))


def _key(key: Step | None, writing: Writing) -> Node:
    match key:
        case Field(name):
            return writing.string(name)
        case Index(position):
            return phrases.literal(position)
        case _:
            raise AssertionError(f"{key} is not a key")


def _several(root: Node, steps: Sequence[Step], writing: Writing) -> Node:
    """A comprehension with one loop for each step that selects several values; its names end with it."""
    outside = frozenset(writing.names)
    node = _comprehension(root, steps, writing)
    writing.names.intersection_update(outside)
    return node


def _comprehension(root: Node, steps: Sequence[Step], writing: Writing) -> Node:
    match [*steps]:
        case [*before, Descend(), Field(name)] if all(isinstance(step, Field | Index) for step in before):
            value = _looked_up("peek", root, before, writing) if before else root
            return writing.call("everywhere", value, writing.string(name))
    loops, value, keys, word = list[Loop](), root, list[Key](), ""
    for number, step in enumerate(steps):
        match step:
            case Field() | Index():
                keys.append(step)
                word = step.name if isinstance(step, Field) else word
                continue
            case Names() | PathFunction() if number == len(steps) - 1:
                return _ended(step, value, keys, loops, writing)
        variable = writing.name_for(word)
        loops.append((variable, *_loop(step, value, keys, variable, writing)))
        value, keys = phrases.name(variable), []
    if not keys:
        if len(loops) == 1 and not loops[0][2]:
            return loops[0][1]
        return phrases.comprehension(value, loops)
    match loops, keys:
        case [(_, values, [])], [Field(name)]:
            return writing.call("pluck", values, writing.string(name))
    loops[-1][2].append(_looked_up("present", value, keys, writing))
    return phrases.comprehension(_subscripts(value, keys, writing), loops)


def _subscripts(node: Node, keys: Sequence[Key], writing: Writing) -> Node:
    """The keys as subscripts; that they are there is known."""
    for key in keys:
        node = phrases.subscript(node, _key(key, writing))
    return node


def _ended(step: Step, value: Node, keys: Sequence[Key], loops: list[Loop], writing: Writing) -> Node:
    """Names or a function at the end of an indefinite path apply to each value."""
    conditions = loops[-1][2]
    if keys:
        conditions.append(_looked_up("present", value, keys, writing))
    found = _subscripts(value, keys, writing)
    if isinstance(step, Names):
        conditions.append(phrases.call("isinstance", found, phrases.name("dict")))
    return phrases.comprehension(_at_end(step, found, writing), loops)


def _loop(step: Step, value: Node, keys: Sequence[Key], variable: str, writing: Writing) -> tuple[Node, list[Node]]:
    """What a step loops over, and the conditions it sets."""
    match step:
        case Wildcard():
            return _looked_up("every", value, keys, writing), []
        case Slice(start, end):
            return phrases.sliced(_looked_up("elements", value, keys, writing), start, end), []
        case Indexes(positions):
            found = _looked_up("elements", value, keys, writing)
            return writing.call("chosen", found, *map(phrases.literal, positions)), []
        case Descend():
            return _looked_up("everything", value, keys, writing), []
        case Filter(predicate):
            return _looked_up("candidates", value, keys, writing), [writing.within(variable).expr(predicate)]
        case Names(names):
            object_ = _looked_up("peek", value, keys, writing) if keys else value
            return writing.call("members", object_, *map(writing.string, names)), []
        case Field() | Index() | PathFunction():
            raise AssertionError(f"{step} selects one value")
        case _:
            assert_never(step)
