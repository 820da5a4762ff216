"""One expression tree for what both languages compute with data.

Readers make it (``read_jsonpath``, ``read_intrinsic``, ``read_template``, ``read_condition``), the reference
interpreter evaluates it, and the DAG writer compiles it to Python. Nodes record *what is meant*; how a missing value or
a wrong type behaves belongs to the language that the node was read from: here, JSONPath as AWS Step Functions evaluates
it (Jayway's dialect, in which an indefinite path gives a list, empty where nothing matches; a definite path that finds
nothing is an error). A JSONata expression is one node, ``Jsonata``, with a tree of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal as OneOf
from typing import TypeAlias

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.expr.jsonata_model import Jsonata

Expr: TypeAlias = "Literal | Path | Call | Object | Array | Compare | Test | Logic | Negation | Jsonata"
"""Everything that has a value."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A JSON value that was written down; its strings may hold ``${Name}`` placeholders, parts be ``Placeholder``."""

    value: Json


@dataclass(frozen=True, slots=True)
class Root:
    """Where a path starts.

    ``input`` is ``$`` (what that is depends on the field), ``context`` is ``$$``, ``variable`` is ``$name``, and
    ``current`` is ``@`` inside a filter.
    """

    kind: OneOf["input", "context", "variable", "current"] = "input"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """``.name`` or ``['name']``: a member of an object."""

    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """``[n]``: an element of an array; a negative ``n`` counts from the end."""

    position: int


@dataclass(frozen=True, slots=True)
class Slice:
    """``[start:end]`` of an array; Jayway's dialect ignores a step."""

    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Wildcard:
    """``[*]`` or ``.*``: every element, or every member's value."""


@dataclass(frozen=True, slots=True)
class Names:
    """``['a','b']``: the sub-object of these members."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Indexes:
    """``[0,2]``: these elements."""

    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Descend:
    """``..``: what follows applies to the value and to everything inside it, in document order."""


@dataclass(frozen=True, slots=True)
class Filter:
    """``[?(…)]``: the elements for which the predicate holds; ``current`` is the element."""

    predicate: Expr


@dataclass(frozen=True, slots=True)
class PathFunction:
    """``.length()``, ``.min()`` and the like at the end of a path."""

    name: str


Step: TypeAlias = "Field | Index | Slice | Wildcard | Names | Indexes | Descend | Filter | PathFunction"


@dataclass(frozen=True, slots=True)
class Path:
    """A JSONPath: a root and the steps from it; ``text`` is how it was written."""

    root: Root
    steps: tuple[Step, ...] = ()
    text: str = ""

    @property
    def definite(self) -> bool:
        """Whether the path selects one value (otherwise a list of matches); ``Names`` before the end select several."""
        if any(isinstance(step, Slice | Wildcard | Indexes | Descend | Filter) for step in self.steps):
            return False
        return not any(
            isinstance(step, Names) and not isinstance(after, PathFunction) for step, after in pairwise(self.steps)
        )


@dataclass(frozen=True, slots=True)
class Call:
    """A call of an intrinsic function by its full name, ``States.Format``."""

    function: str
    arguments: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class Object:
    """An object whose members are computed, in order."""

    entries: tuple[tuple[str, Expr], ...]


@dataclass(frozen=True, slots=True)
class Array:
    """An array whose elements are computed."""

    elements: tuple[Expr, ...]


FilterOperator: TypeAlias = OneOf[
    "==", "!=", "<", "<=", ">", ">=", "=~", "in", "nin", "subsetof", "anyof", "noneof", "contains", "size", "empty"
]


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison.

    ``family`` says by whose rules: ``jsonpath`` inside a filter (Jayway: ``2 == '2'``), or one of the Choice families
    ``string``, ``numeric``, ``boolean``, ``timestamp`` and ``matches`` (``StringMatches``, with the operator ``==``),
    in which another type on either side makes the comparison false.
    """

    family: OneOf["jsonpath", "string", "numeric", "boolean", "timestamp", "matches"]
    operator: FilterOperator
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Test:
    """``IsPresent``, ``IsNull``, ``IsNumeric``, ``IsString``, ``IsBoolean``, ``IsTimestamp``; ``Exists`` (filters)."""

    kind: OneOf["IsPresent", "IsNull", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp", "Exists"]
    operand: Path


@dataclass(frozen=True, slots=True)
class Logic:
    """``And`` / ``Or`` over operands, evaluated in order until decided."""

    operator: OneOf["and", "or"]
    operands: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """``Not``."""

    operand: Expr
