"""Takes the bindings out of a JSONata block: ``($x := a; $x + 1)`` is ``a + 1`` where nobody can tell."""

from __future__ import annotations

from collections.abc import Iterator

from sfn_airflow_core.expr.jsonata_model import (
    Apply,
    Each,
    Function,
    If,
    Listed,
    Member,
    Minus,
    Name,
    Operation,
    Record,
    Step,
    Steps,
    Tree,
    Value,
    Where,
    parts,
)

_CHANGING = frozenset({"random", "uuid", "now", "millis", "error", "assert", "shuffle"})


def without_bindings(bindings: list[tuple[str, Tree]], last: Tree) -> Tree | None:
    """The last expression with the values of the names in their places; None where a value would be repeated.

    A path or literal may stand in several places; anything else only where its name is used once, and not within a
    function, a predicate or a condition, which may not evaluate it, or evaluate it often.
    """
    names = [name for name, _ in bindings]
    if len(set(names)) != len(names) or "states" in names:
        return None
    for place in range(len(bindings) - 1, -1, -1):
        name, value = bindings[place]
        if any(isinstance(part, Function) and name in part.parameters for part in _walk(last)):
            return None
        if not _is_simple(value) and not (_uses(last, name) == 1 and _certain(last, name) and not _changes(value)):
            return None
        last = _replaced(last, name, value)
    free = {part.name for part in _walk(last) if isinstance(part, Name)}
    bound = {name for part in _walk(last) if isinstance(part, Function) for name in part.parameters}
    return None if bound & (free - bound) or bound & set(names) else last


def _walk(tree: Tree) -> Iterator[Tree]:
    yield tree
    for part in parts(tree):
        yield from _walk(part)


def _is_simple(value: Tree) -> bool:
    match value:
        case Value() | Name():
            return True
        case Steps(Name(), steps):
            return all(isinstance(step, Member) for step in steps)
        case _:
            return False


def _changes(value: Tree) -> bool:
    return any(isinstance(part, Apply) and part.function in _CHANGING for part in _walk(value))


def _uses(tree: Tree, name: str) -> int:
    return sum(part == Name(name) for part in _walk(tree))


def _certain(tree: Tree, name: str) -> bool:
    """Whether the name is evaluated exactly when the tree is."""
    match tree:
        case Name(other):
            return other == name
        case Function():
            return False
        case If(condition):
            return _certain(condition, name)
        case Operation("and" | "or", left):
            return _certain(left, name)
        case Steps(head):
            return _certain(head, name)
        case _:
            return any(_certain(part, name) for part in parts(tree))


def _replaced(tree: Tree, name: str, by: Tree) -> Tree:
    def inner(part: Tree) -> Tree:
        return _replaced(part, name, by)

    match tree:
        case Name(other):
            return by if other == name else tree
        case Steps(head, steps):
            return Steps(inner(head), tuple(_step(step, name, by) for step in steps))
        case Listed(elements):
            return Listed(tuple(map(inner, elements)))
        case Record(entries):
            return Record(tuple((key, inner(part)) for key, part in entries))
        case Operation(operator, left, right):
            return Operation(operator, inner(left), inner(right))
        case Minus(operand):
            return Minus(inner(operand))
        case If(condition, then, otherwise):
            return If(inner(condition), inner(then), None if otherwise is None else inner(otherwise))
        case Apply(function, arguments):
            return Apply(function, tuple(map(inner, arguments)))
        case Function(parameters, body):
            return Function(parameters, inner(body))
        case _:
            return tree


def _step(step: Step, name: str, by: Tree) -> Step:
    match step:
        case Where(predicate):
            return Where(_replaced(predicate, name, by))
        case Each(tree):
            return Each(_replaced(tree, name, by))
        case _:
            return step
