"""A phrase book for Python expressions as LibCST nodes.

Nodes are made directly, never by parsing text: that is fast, and no text of the input can become anything but a
literal.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal as OneOf

import libcst as cst

from sfn_airflow_core.asl.model import Json, Placeholder

Node = cst.BaseExpression
Quote = OneOf['"', "'"]

_OPEN, _CLOSE = cst.LeftParen(), cst.RightParen()
_COLON = cst.Colon(whitespace_after=cst.SimpleWhitespace(" "))
_NO_SPACE = cst.SimpleWhitespace("")
_KEYWORD_EQUAL = cst.AssignEqual(whitespace_before=_NO_SPACE, whitespace_after=_NO_SPACE)
_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
_INVISIBLE = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_LONGEST_INTEGER = 1000
"""Bits; longer integers are written in hexadecimal, which Python reads at any length."""


def name(word: str) -> cst.Name:
    """A name that this program chose, or that ``dag.names`` made."""
    return cst.Name(word)


def escaped(value: str, quote: str) -> str:
    """The characters of a string between quotes, so that the source shows what it is.

    Everything that does not print, or prints as nothing, is an escape: control characters, marks that change the
    direction of text, surrogates.
    """
    if value.isascii() and value.isprintable() and "\\" not in value and quote not in value:
        return value
    return "".join(map(_escape, value)).replace(quote, f"\\{quote}")


def _escape(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character.isprintable() and character not in _INVISIBLE:
        return character
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    code = ord(character)
    return short or (f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


def string(value: str, quote: Quote | None = None) -> cst.SimpleString:
    """A string literal; in double quotes, unless those would need escapes and single ones would not, or as asked."""
    if not quote:
        quote = "'" if '"' in value and "'" not in value else '"'
    return cst.SimpleString(f"{quote}{escaped(value, quote)}{quote}")


def formatted(parts: Iterable[str | Node], quote: Quote = '"') -> cst.FormattedString:
    """An f-string of texts and expressions; the expressions must hold neither its quote nor a backslash."""
    pieces: list[cst.BaseFormattedStringContent] = []
    for part in parts:
        if isinstance(part, str):
            if part:
                pieces.append(cst.FormattedStringText(escaped(part, quote).replace("{", "{{").replace("}", "}}")))
        else:
            pieces.append(cst.FormattedStringExpression(expression=part))
    return cst.FormattedString(parts=tuple(pieces), start=f"f{quote}", end=quote)


def call(function: Node | str, *arguments: Node | cst.Arg, **keywords: Node) -> cst.Call:
    """``function(argument, keyword=…)``; what is unpacked with ``**`` comes last, as people write it."""
    given = [argument if isinstance(argument, cst.Arg) else cst.Arg(argument) for argument in arguments]
    given += [cst.Arg(value, cst.Name(keyword), equal=_KEYWORD_EQUAL) for keyword, value in keywords.items()]
    match given:
        case [cst.Arg(value=cst.GeneratorExp() as only, keyword=None)]:  # the call's parentheses are enough
            given = [cst.Arg(only.with_changes(lpar=(), rpar=()))]
    given.sort(key=lambda argument: argument.star == "**")
    for place, argument in enumerate(given[:-1]):
        given[place] = cst.Arg(argument.value, argument.keyword, argument.equal, _COMMA, argument.star)
    return cst.Call(func=cst.Name(function) if isinstance(function, str) else function, args=tuple(given))


def attribute(value: Node, word: str) -> cst.Attribute:
    """``value.word``"""
    return cst.Attribute(value=value, attr=cst.Name(word))


def subscript(value: Node, key: Node) -> cst.Subscript:
    """``value[key]``"""
    return cst.Subscript(value=value, slice=(cst.SubscriptElement(slice=cst.Index(value=key)),))


def sliced(value: Node, start: int | None, end: int | None) -> cst.Subscript:
    """``value[start:end]``"""
    bounds = cst.Slice(lower=None if start is None else literal(start), upper=None if end is None else literal(end))
    return cst.Subscript(value=value, slice=(cst.SubscriptElement(slice=bounds),))


def mapping(entries: Iterable[tuple[Node | None, Node]]) -> cst.Dict:
    """``{key: value}``; an entry without key is ``**value``."""
    elements: list[cst.BaseDictElement] = [
        cst.StarredDictElement(value=value, comma=_COMMA)
        if key is None
        else cst.DictElement(key=key, value=value, comma=_COMMA)
        for key, value in entries
    ]
    return cst.Dict(
        elements=(*elements[:-1], *(last.with_changes(comma=cst.MaybeSentinel.DEFAULT) for last in elements[-1:]))
    )


def sequence(values: Iterable[Node]) -> cst.List:
    """``[value, …]``"""
    elements = [cst.Element(value=value, comma=_COMMA) for value in values]
    return cst.List(elements=(*elements[:-1], *(cst.Element(last.value) for last in elements[-1:])))


def comprehension(element: Node, loops: Sequence[tuple[str, Node, Sequence[Node]]]) -> cst.ListComp:
    """``[element for name in iterable if condition …]``; the loops from the outermost to the innermost."""
    inner: cst.CompFor | None = None
    for target, iterable, conditions in reversed(loops):
        inner = cst.CompFor(
            target=cst.Name(target),
            iter=iterable,
            ifs=tuple(cst.CompIf(test=condition) for condition in conditions),
            inner_for_in=inner,
        )
    assert inner is not None
    return cst.ListComp(elt=element, for_in=inner)


def compare(left: Node, operator: str, right: Node) -> cst.Comparison:
    """``left operator right``; both sides must bind closer than a comparison."""
    return cst.Comparison(left=left, comparisons=(cst.ComparisonTarget(_COMPARISONS[operator](), right),))


_COMPARISONS: dict[str, type[cst.BaseCompOp]] = {
    "==": cst.Equal,
    "!=": cst.NotEqual,
    "<": cst.LessThan,
    "<=": cst.LessThanEqual,
    ">": cst.GreaterThan,
    ">=": cst.GreaterThanEqual,
    "is": cst.Is,
    "is not": cst.IsNot,
    "in": cst.In,
    "not in": cst.NotIn,
}


def logic(operator: str, operands: Sequence[Node]) -> Node:
    """``a and b and c``; operands that bind less closely get parentheses.

    The tree is balanced, which reads the same and lets LibCST write a rule of any length.
    """
    operation: type[cst.And | cst.Or] = cst.And if operator == "and" else cst.Or
    nodes = [in_parentheses(node) if _is_looser(node, operator) else node for node in operands]
    while len(nodes) > 1:
        pairs = zip(nodes[::2], nodes[1::2], strict=False)
        odd = nodes[-1:] if len(nodes) % 2 else []
        nodes = [*(cst.BooleanOperation(left=left, operator=operation(), right=right) for left, right in pairs), *odd]
    return nodes[0]


def _is_looser(node: Node, operator: str) -> bool:
    loose = isinstance(node, cst.BooleanOperation) and not node.lpar
    return loose and (operator == "and" or isinstance(node.operator, cst.Or))  # type: ignore[attr-defined]


def negation(node: Node) -> Node:
    """``not node``"""
    operand = in_parentheses(node) if isinstance(node, cst.BooleanOperation) and not node.lpar else node
    return cst.UnaryOperation(operator=cst.Not(), expression=operand)


def in_parentheses(node: Node) -> Node:
    """``(node)``"""
    return node.with_changes(lpar=(_OPEN, *node.lpar), rpar=(*node.rpar, _CLOSE))


def opposite(node: Node) -> Node | None:
    """``left != right`` of ``left == right``, ``left is not right`` of ``left is right``; None of anything else."""
    match node:
        case cst.Comparison(left=left, comparisons=[cst.ComparisonTarget(operator=cst.Equal(), comparator=right)]):
            return compare(left, "!=", right)
        case cst.Comparison(left=left, comparisons=[cst.ComparisonTarget(operator=cst.Is(), comparator=right)]):
            return compare(left, "is not", right)
    return None


def plus(left: Node, right: Node) -> Node:
    """``left + right``, or ``left - n`` for a negative literal."""
    if isinstance(right, cst.UnaryOperation) and isinstance(right.operator, cst.Minus):
        return cst.BinaryOperation(left=left, operator=cst.Subtract(), right=right.expression)
    grouped = in_parentheses(right) if isinstance(right, cst.BinaryOperation) else right
    return cst.BinaryOperation(left=left, operator=cst.Add(), right=grouped)


def literal(value: Json, quote: Quote | None = None) -> Node:
    """A JSON value as Python source of the same value; it may hold no ``Placeholder``."""
    match value:
        case None | True | False:
            return cst.Name(repr(value))
        case str():
            return string(value, quote)
        case int():
            size = abs(value)
            digits = cst.Integer(hex(size) if size.bit_length() > _LONGEST_INTEGER else str(size))
            return cst.UnaryOperation(operator=cst.Minus(), expression=digits) if value < 0 else digits
        case float():
            return _float(value)
        case list():
            return sequence(literal(item, quote) for item in value)
        case dict():
            return mapping((string(key, quote), literal(item, quote)) for key, item in value.items())
        case Placeholder():
            raise TypeError(f"${{{value.name}}} is not a literal")


def _float(value: float) -> Node:
    size = abs(value)
    if not math.isfinite(value):
        return call("float", string(repr(value)))
    number = cst.Float(repr(size))
    return cst.UnaryOperation(operator=cst.Minus(), expression=number) if math.copysign(1, value) < 0 else number
