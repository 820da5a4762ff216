"""What a compiled expression may refer to, and what is noted while one is compiled."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import libcst as cst

from sfn2airflow import phrases
from sfn2airflow.phrases import Node, Quote
from sfn_airflow_core.asl.model import Json, Placeholder
from sfn_airflow_core.expr.model import Expr

DATA_NAMES = frozenset(
    [
        "alike",
        "array",
        "base64_decode",
        "base64_encode",
        "boolean",
        "candidates",
        "chosen",
        "compared",
        "contains",
        "elements",
        "every",
        "everything",
        "everywhere",
        "format_text",
        "hash_text",
        "is_number",
        "is_timestamp",
        "item_at",
        "json_merge",
        "json_text",
        "json_value",
        "like",
        "math_random",
        "members",
        "new_uuid",
        "number",
        "number_range",
        "part",
        "partition",
        "path_function",
        "peek",
        "pluck",
        "present",
        "put",
        "rounded",
        "split",
        "string",
        "text",
        "timestamp",
        "unique",
    ]
)
"""The functions of ``runtime.data`` and ``runtime.intrinsics`` that compiled expressions call."""

_QUERY_NAMES = (
    "NOTHING all_of among calculated compared equal find flat_sequence functions holds is_there jsonata known listed "
    "mapped need negated numeric query queryable record sequence shown typed unequal unreadable whole_numbers"
)
QUERY_NAMES = frozenset(_QUERY_NAMES.split())
"""The names of the runtime that compiled JSONata uses."""

_OPEN = re.compile(r"\$\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Scope:
    """How the roots of expressions are called in the Python around them.

    ``input`` is the variable with the document (``$``), ``context`` the function that gives the context object
    (``$$``), ``variables`` the dictionary of variables. ``item`` and ``index`` are the names of a Map's current item
    and its number (``$$.Map.Item.Value``, ``$$.Map.Item.Index``) where there are such names, ``key`` and ``place``
    those of ``$$.Map.Item.Key`` and ``$$.Map.Item.Source``. ``result`` and ``error`` are
    the variables with ``$states.result`` and ``$states.errorOutput``, where there are any;
    ``retried`` says that the state may have a Retry, ``lists`` that the document is certainly a list, ``has_variables``
    whether there is a dictionary of variables. ``constants`` maps open
    placeholders ``${Name}`` to the names of constants of the generated file; one that is not in it stays text.
    """

    input: str = "data"
    context: str = "context_object"
    item: str | None = None
    index: str | None = None
    key: str | None = None
    place: str | None = None
    variables: str = "variables"
    result: str | None = None
    error: str | None = None
    has_variables: bool = True
    retried: bool = True
    lists: bool = False
    constants: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Code:
    """A Python expression, and the names that it needs from the runtime."""

    node: cst.BaseExpression
    needs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Writing:
    """One compilation: the scope, the runtime names used so far, and the element that a filter looks at.

    ``quote`` is the quote that string literals must use (inside f-strings), ``None`` where they may choose; ``write``
    compiles a part of the expression.
    """

    scope: Scope
    write: Callable[[Expr, Writing], Node]
    needs: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    current: str = ""
    quote: Quote | None = None

    def expr(self, expr: Expr) -> Node:
        """A part of the expression."""
        return self.write(expr, self)

    def call(self, function: str, *arguments: Node) -> cst.Call:
        """A call of a function of the runtime."""
        self.needs.add(function)
        return phrases.call(function, *arguments)

    def within(self, current: str) -> Writing:
        """The same, inside a filter whose element has the name ``current``."""
        return replace(self, current=current)

    def quoted(self, quote: Quote) -> Writing:
        """The same, with string literals in these quotes."""
        return replace(self, quote=quote)

    def string(self, value: str) -> Node:
        """A string with its placeholders as the values of their constants."""
        if "${" not in value or not self.scope.constants:
            return phrases.string(value, self.quote)
        parts = [*self.parts(value)]
        match parts:
            case [cst.Name() as constant]:
                return phrases.call(phrases.attribute(constant, "get"))
            case [] | [str()]:
                return phrases.string(value, self.quote)
            case _:
                return phrases.formatted(parts, self.quote or '"')

    def parts(self, value: str) -> Iterator[str | Node]:
        """The texts of a string and the constants between them."""
        end = 0
        for found in _OPEN.finditer(value):
            if constant := self.scope.constants.get(found.group(1)):
                if found.start() > end:
                    yield value[end : found.start()]
                yield phrases.name(constant)
                end = found.end()
        if end < len(value):
            yield value[end:]

    def literal(self, value: Json) -> Node:
        """A JSON value with the placeholders in it, at any depth, as the values of their constants."""
        match value:
            case str():
                return self.string(value)
            case Placeholder(name):
                constant = self.scope.constants.get(name)
                if constant is None:
                    return phrases.string(f"${{{name}}}", self.quote)
                return phrases.call(phrases.attribute(phrases.name(constant), "json"))
            case list():
                return phrases.sequence(map(self.literal, value))
            case dict():
                return phrases.mapping((self.string(key), self.literal(part)) for key, part in value.items())
            case _:
                return phrases.literal(value)

    def name_for(self, word: str) -> str:
        """A name for an element of what is called ``word``, ``line`` for ``lines``, that nothing else has."""
        snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word[:60])
        plain = re.sub(r"\W+", "_", snake, flags=re.ASCII).strip("_").lower()[:30]
        singular = re.sub(r"(?<=ch|sh|ss)es$|(?<=x)es$|s$", "", re.sub(r"ies$", "ys", plain))
        if len(singular) < 2 or singular[0].isdigit():
            singular = "element"
        taken = {self.scope.input, self.scope.context, self.scope.item, self.scope.index, self.scope.variables}
        taken |= {self.scope.result, self.scope.error, self.scope.key, self.scope.place, "map_item", "whole_context"}
        taken |= self.names | set(self.scope.constants.values()) | DATA_NAMES | QUERY_NAMES
        wanted, number = singular, 2
        if keyword.iskeyword(wanted) or keyword.issoftkeyword(wanted) or hasattr(builtins, wanted) or wanted == "data":
            wanted = f"{wanted}_element"
        chosen = wanted
        while chosen in taken:
            chosen, number = f"{wanted}_{number}", number + 1
        self.names.add(chosen)
        return chosen
