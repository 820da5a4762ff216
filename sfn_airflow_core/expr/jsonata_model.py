"""The part of JSONata that is compiled to Python, as a tree.

What the language has beyond these nodes (parents, grouping, patterns, transforms, …) has no tree: such an expression is
evaluated by the engine. In a tree, nothing is decided about missing values or arrays: that is for its writer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf
from typing import TypeAlias

from sfn_airflow_core.asl.model import Json

Tree: TypeAlias = "Value | Name | Focus | Steps | Listed | Record | Operation | Minus | If | Apply | Function"
"""Everything that has a value."""

Kind: TypeAlias = OneOf["any", "string", "number", "boolean", "array", "object", "null"]
"""What a value certainly is."""

Operator: TypeAlias = OneOf["+", "-", "*", "/", "%", "&", "=", "!=", "<", "<=", ">", ">=", "and", "or", "in", ".."]


@dataclass(frozen=True, slots=True)
class Value:
    """A literal."""

    value: Json


@dataclass(frozen=True, slots=True)
class Name:
    """``$name``: ``$states``, a workflow variable, or a parameter of a function around."""

    name: str


@dataclass(frozen=True, slots=True)
class Focus:
    """``$``: what a predicate or a step looks at."""


@dataclass(frozen=True, slots=True)
class Member:
    """``.name``"""

    name: str


@dataclass(frozen=True, slots=True)
class Nth:
    """``[n]``: behind a name, an element of what the name finds in each context."""

    position: int


@dataclass(frozen=True, slots=True)
class Where:
    """``[predicate]``"""

    predicate: Tree


@dataclass(frozen=True, slots=True)
class Each:
    """``.(expression)``: worked out for each context; arrays among the results are flattened."""

    tree: Tree


Step: TypeAlias = "Member | Nth | Where | Each"


@dataclass(frozen=True, slots=True)
class Steps:
    """A path: ``head`` and the steps from it."""

    head: Tree
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """``[a, b]``"""

    elements: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """``{"a": b}`` with keys that are written down, each once."""

    entries: tuple[tuple[str, Tree], ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator between two operands."""

    operator: Operator
    left: Tree
    right: Tree


@dataclass(frozen=True, slots=True)
class Minus:
    """``-operand``"""

    operand: Tree


@dataclass(frozen=True, slots=True)
class If:
    """``condition ? then : otherwise``; without ``otherwise`` there may be no value."""

    condition: Tree
    then: Tree
    otherwise: Tree | None


@dataclass(frozen=True, slots=True)
class Apply:
    """``$function(arguments)``; the function ``[]`` keeps an array of one."""

    function: str
    arguments: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """``function($a, $b) { body }``"""

    parameters: tuple[str, ...]
    body: Tree


@dataclass(frozen=True, slots=True)
class Jsonata:
    """A JSONata expression, without the ``{% %}`` around it.

    ``tree`` is None where only the engine can evaluate it; then ``states`` are the members of ``$states`` that it reads
    (all that there are, if it is None). ``problem`` says why the expression cannot be read. ``wanted`` is the only
    kind of value that the place of the expression takes.
    """

    text: str
    tree: Tree | None = None
    states: tuple[str, ...] | None = None
    problem: str = ""
    wanted: Kind = "any"


def parts(tree: Tree) -> tuple[Tree, ...]:
    """The trees directly in a tree."""
    match tree:
        case Value() | Name() | Focus():
            return ()
        case Steps(head, steps):
            inner = [step.predicate if isinstance(step, Where) else step.tree for step in steps if _has_tree(step)]  # type: ignore[union-attr]
            return (head, *inner)
        case Listed(elements):
            return elements
        case Record(entries):
            return tuple(part for _, part in entries)
        case Operation(_, left, right):
            return (left, right)
        case Minus(operand):
            return (operand,)
        case If(condition, then, otherwise):
            return (condition, then) if otherwise is None else (condition, then, otherwise)
        case Apply(_, arguments):
            return arguments
        case Function(_, body):
            return (body,)


def _has_tree(step: Step) -> bool:
    return isinstance(step, Where | Each)


def depth(tree: Tree) -> int:
    """How many trees are in each other; a single one is 1."""
    return 1 + max(map(depth, parts(tree)), default=0)


def has_query(expr: object) -> bool:
    """Whether a JSONata expression is in an expression."""
    match expr:
        case Jsonata():
            return True
        case _:
            inner = getattr(expr, "elements", ()) or [part for _, part in getattr(expr, "entries", ())]
            return any(map(has_query, inner))
