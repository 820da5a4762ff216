"""What is known while a JSONata expression is compiled: its names, its focus, and the kinds of values."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import libcst as cst

from sfn2airflow import phrases
from sfn2airflow.expressions.scope import DATA_NAMES, QUERY_NAMES, Writing
from sfn2airflow.phrases import Node, Quote
from sfn_airflow_core.expr.jsonata_model import Kind

_NAMES = "data result error variables context_object whole_context map_item item index key source aws invoke"
_AROUND = frozenset(_NAMES.split())
_EMPTY = cst.Module(body=())
_ARITHMETIC: dict[str, type[cst.Add | cst.Subtract | cst.Multiply]] = {
    "+": cst.Add,
    "-": cst.Subtract,
    "*": cst.Multiply,
}
_LONGEST = 76  # characters of a string on one line
_MOST_LINES = 50
_SOME = re.compile(r"\S{0,72}\s*", re.DOTALL)
_ATOMS = (cst.Name, cst.Call, cst.Subscript, cst.Attribute, cst.List, cst.Dict, cst.SimpleString, cst.FormattedString)


class EngineNeeded(Exception):
    """The expression has something that only the engine can evaluate."""


@dataclass(frozen=True, slots=True)
class Made:
    """A compiled value: its kind as far as it is certain, and whether it may be missing (then it is NOTHING)."""

    node: Node
    kind: Kind = "any"
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """One compilation: ``names`` are parameters of functions around with their Python names; ``focus`` is ``$``."""

    writing: Writing
    names: Mapping[str, str] = field(default_factory=dict)
    focus: str | None = None

    def call(self, function: str, *arguments: Node) -> cst.Call:
        """A call of a function of the runtime."""
        return self.writing.call(function, *arguments)

    def function(self, word: str, *arguments: Node) -> cst.Call:
        """A call of one of the language's own functions: ``functions.count(…)``."""
        return phrases.call(phrases.attribute(self.name("functions"), word), *arguments)

    def name(self, word: str) -> Node:
        """A name of the runtime."""
        self.writing.needs.add(word)
        return phrases.name(word)

    def quoted(self, quote: Quote) -> Query:
        """The same, with string literals in these quotes."""
        return replace(self, writing=self.writing.quoted(quote))

    def focused(self, word: str) -> tuple[str, Query]:
        """A name for an element of ``word``, and the same with it as the focus."""
        element = self.writing.name_for("" if word in ("data", "result", "error", "input") else word)
        return element, replace(self, focus=element)

    def within(self, *parameters: str) -> tuple[list[str], Query]:
        """Python names for the parameters of a function, and the same inside it."""
        chosen = [self._named(parameter) for parameter in parameters]
        return chosen, replace(self, names={**self.names, **dict(zip(parameters, chosen, strict=True))})

    def _named(self, parameter: str) -> str:
        """The parameter's own name, where Python and the file around leave it free."""
        taken = self.writing.names | QUERY_NAMES | DATA_NAMES | _AROUND | set(dir(builtins)) | set(keyword.kwlist)
        if not re.fullmatch("[a-z][a-z0-9_]*", parameter) or parameter in taken:
            return self.writing.name_for(parameter)
        self.writing.names.add(parameter)
        return parameter

    def leave(self, inner: Query) -> None:
        """Gives the names free that ``inner`` has beyond this one."""
        self.writing.names.difference_update({inner.focus} - {self.focus})
        self.writing.names.difference_update(set(inner.names.values()) - set(self.names.values()))


def atom(node: Node) -> Node:
    """The node as an operand: in parentheses unless it binds at least as close as any operator."""
    if isinstance(node, (*_ATOMS, cst.Integer, cst.Float)) or getattr(node, "lpar", None):
        return node
    return phrases.in_parentheses(node)


def calculation(left: Node, operator: str, right: Node) -> Node:
    """``left + right`` with as few parentheses as it takes."""
    return cst.BinaryOperation(
        left=left if _binds(left, operator) else atom(left),
        operator=_ARITHMETIC[operator](),
        right=right if operator == "+" and _binds(right, "product") else atom(right),
    )


def _binds(node: Node, operator: str) -> bool:
    """Whether a calculation may stand without parentheses before an operator."""
    if not isinstance(node, cst.BinaryOperation) or node.lpar:
        return False
    return isinstance(node.operator, cst.Multiply) or operator in ("+", "-")


def fits_f_string(node: Node) -> bool:
    """Whether Python 3.11 can read the expression inside an f-string in double quotes."""
    code = _EMPTY.code_for_node(node)
    return not any(character in code for character in '"\\#{}\n!:')


def in_lines(parts: Sequence[str | Node]) -> Node:
    """An f-string (a string, if there are only texts) of the parts; several that follow each other where it is long."""
    pieces = [piece for part in parts for piece in (_SOME.findall(part) if isinstance(part, str) else [part])]
    lines: list[list[str | Node]] = [[]]
    room = _LONGEST
    for piece in pieces:
        room -= len(piece if isinstance(piece, str) else _EMPTY.code_for_node(piece)) + 2
        if room < 0 and lines[-1]:
            lines.append([])
            room = _LONGEST - len(str(piece) if isinstance(piece, str) else _EMPTY.code_for_node(piece))
        lines[-1].append(piece)
    if len(lines) > _MOST_LINES:
        lines = [[*parts]]
    texts = [_line(line) for line in lines]
    whole: cst.SimpleString | cst.FormattedString | cst.ConcatenatedString = texts[-1]
    for text in reversed(texts[:-1]):
        whole = cst.ConcatenatedString(left=text, right=whole)
    return whole if len(texts) == 1 else phrases.in_parentheses(whole)


def _line(parts: list[str | Node]) -> cst.SimpleString | cst.FormattedString:
    if all(isinstance(part, str) for part in parts):
        return phrases.string("".join(map(str, parts)))
    return phrases.formatted(parts)


def comprehension(value: Node, element: str, items: Node, condition: Node | None = None) -> cst.ListComp:
    """``[value for element in items if condition]``; ``element`` may be two names."""
    if isinstance(condition, cst.IfExp):  # the grammar of a comprehension ends a condition at its "if"
        condition = phrases.in_parentheses(condition)
    ifs = () if condition is None else (cst.CompIf(test=condition),)
    names = [cst.Name(word) for word in element.split(", ")]
    target = names[0] if len(names) == 1 else cst.Tuple([cst.Element(word) for word in names], lpar=(), rpar=())
    loop = cst.CompFor(target=target, iter=items, ifs=ifs)
    return cst.ListComp(elt=value, for_in=loop)
