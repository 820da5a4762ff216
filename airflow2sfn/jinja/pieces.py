"""Expressions of JSONata under construction: what kind of value each gives, and how tightly it binds.

Kinds are Jinja's (Python's): what it prints of a value, and what its operators do, depends on them. ``json`` is a value
whose kind is only known in a run. A ``moment`` is a date and time, as an expression for its milliseconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

from airflow2sfn.expressions.text import Untranslatable, field, quoted

Kind: TypeAlias = Literal["text", "number", "bool", "none", "list", "dict", "json", "moment", "span"]

ATOM, PRODUCT, SUM, COMPARISON, AND, OR, CONDITION = 9, 7, 6, 5, 4, 3, 1
"""How tightly JSONata's operators bind; ``&`` is a sum, ``in`` a comparison."""
DAY = 86_400_000
ISO_DATE, ISO_SECONDS = "[Y0001]-[M01]-[D01]", "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01]"


UNKNOWN: Final = object()


@dataclass(frozen=True, slots=True)
class Piece:
    """An expression; ``maybe`` says that it may give nothing, ``literal`` is the value of a constant text.

    ``none`` says how it gives what is None in Airflow, where it may be that: as null, or (also) as nothing. ``like`` is
    a value of the same kind, of which the members and elements tell the kinds of those of this one; ``keys`` are
    members that it surely has. A ``decimal`` number surely is one of Python's floats.
    """

    code: str
    kind: Kind = "json"
    level: int = ATOM
    maybe: bool = False
    literal: str | None = None
    none: Literal["", "null", "nothing"] = ""
    like: Any = UNKNOWN
    keys: frozenset[str] = frozenset()
    decimal: bool = False

    def at(self, level: int) -> str:
        """The code where something binds as tightly as ``level``."""
        return self.code if self.level >= level else f"({self.code})"


_ATOM = re.compile(r"\$?\w[\w.]*(?:\.`[^`]*`|\.\w+)*|'[^']*'|\"[^\"\\]*\"")


def level_of(code: str) -> int:
    """How tightly an expression binds: a name, a path, a text and a call are atoms, anything else binds loosely.

    >>> level_of("$params.mode"), level_of("$string($a.b)"), level_of("$a(1) & $b(2)")
    (9, 9, 1)
    """
    if _ATOM.fullmatch(code):
        return ATOM
    name, mark, rest = code.partition("(")
    inner = re.sub(r"'[^']*'|\"[^\"\\]*\"|/[^/ ]+/", "", rest)
    depth, whole = 1, bool(mark) and bool(re.fullmatch(r"\$\w+", name))
    for number, letter in enumerate(inner):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            whole = whole and number == len(inner) - 1
            break
    return ATOM if whole else CONDITION


def text(value: str) -> Piece:
    """A constant text."""
    return Piece(quoted(value), "text", literal=value)


def call(function: str, *arguments: Piece | str, kind: Kind = "json") -> Piece:
    """A call of a function."""
    codes = [argument if isinstance(argument, str) else argument.code for argument in arguments]
    return Piece(f"{function}({', '.join(codes)})", kind)


def printed(piece: Piece) -> Piece:
    """A value as the text that Jinja prints of it, as far as its kind is known."""
    if piece.none:
        given = f"{piece.at(COMPARISON + 1)} = null ? 'None' : " if piece.none == "null" else _given(piece) + " ? "
        value = printed(replace(piece, none="", maybe=False)).at(CONDITION + 1)
        return Piece(given + value + (" : 'None'" if piece.none == "nothing" else ""), "text", CONDITION)
    match piece.kind:
        case "text":
            return piece if not piece.maybe else Piece(f"{piece.at(SUM)} & ''", "text", SUM)
        case "number" if piece.decimal:
            return _with_point(piece)
        case "bool":
            return Piece(f"{piece.at(CONDITION + 1)} ? 'True' : 'False'", "text", CONDITION)
        case "none":
            return text("None")
        case "moment":
            return Piece(f"{shown(piece, '[Y0001]-[M01]-[D01] [H01]:[m01]:[s01]').code} & '+00:00'", "text", SUM)
        case "span":
            raise Untranslatable("the template prints a time span")
        case _ if piece.maybe:
            return Piece(f"{piece.at(SUM)} & ''", "text", SUM)
        case _:
            return call("$string", piece, kind="text")


def _given(piece: Piece) -> str:
    """The condition that a value is there and is not null."""
    return f"$exists({piece.code}) and {piece.at(COMPARISON + 1)} != null"


def _with_point(piece: Piece) -> Piece:
    """One of Python's floats as it is printed, also if it is whole."""
    if re.fullmatch(r"[\d.e+-]+", piece.code):
        return text(repr(float(piece.code)))
    whole = f"$floor({piece.code}) = {piece.at(COMPARISON + 1)} ? '.0' : ''"
    return Piece(f"$string({piece.code}) & ({whole})", "text", SUM)


def sure(piece: Piece, name: str) -> Piece:
    """A value where a missing one is an error, as for Airflow's templates; what may be None is null.

    Args:
        piece: the value.
        name: what the error calls it.
    """
    if piece.none == "nothing":
        return replace(
            piece, code=f"($exists({piece.code}) ? {piece.code} : null)", level=ATOM, maybe=False, none="null"
        )
    if not piece.maybe:
        return piece
    error = f"$error({quoted(f'{name} is missing')})"
    code = f"$exists({piece.code}) ? {piece.at(CONDITION + 1)} : {error}"
    return replace(piece, code=code, level=CONDITION, maybe=False)


def joined(pieces: list[Piece]) -> Piece:
    """Texts one after the other."""
    pieces = _merged(pieces)
    if not pieces:
        return text("")
    if len(pieces) == 1:
        return printed(pieces[0])
    other = ("bool", "none", "moment", "span")
    plain = [printed(piece) if piece.kind in other or piece.none or piece.decimal else piece for piece in pieces]
    return Piece(" & ".join(piece.at(SUM + 1) for piece in plain), "text", SUM)


def _merged(pieces: list[Piece]) -> list[Piece]:
    found: list[Piece] = []
    for piece in pieces:
        if found and piece.literal is not None and found[-1].literal is not None:
            found[-1] = text(found[-1].literal + piece.literal)
        elif piece.literal != "":
            found.append(piece)
    return found


def member(base: Piece, name: str) -> Piece:
    """A member of an object."""
    like = base.like.get(name, UNKNOWN) if isinstance(base.like, dict) else UNKNOWN
    return Piece(field(base.at(ATOM), name), kind_of(like), maybe=name not in base.keys, like=like)


def item(base: Piece, index: int) -> Piece:
    """An element of a list, or a character of a text."""
    if base.kind == "text":
        return call("$substring", base, str(index), "1", kind="text")
    like = element(base)
    there = base.code.startswith("$split(") and index in (0, -1)
    return Piece(f"{base.at(ATOM)}[{index}]", kind_of(like), maybe=not there, like=like)


def element(base: Piece) -> Any:
    """A value like the elements of a list, if they are all of one kind."""
    if not isinstance(base.like, list | tuple) or len({kind_of(one) for one in base.like}) != 1:
        return UNKNOWN
    return base.like[0]


def kind_of(value: object) -> Kind:
    """The kind of a known value."""
    match value:
        case str():
            return "text"
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case list() | tuple():
            return "list"
        case dict():
            return "dict"
        case None:
            return "none"
        case _:
            return "json"


def truth(piece: Piece) -> str:
    """The condition that a value is true."""
    return piece.code


def negated(piece: Piece) -> Piece:
    """``not``; nothing is false as well."""
    if piece.maybe or piece.kind == "json":
        return Piece(f"{piece.at(CONDITION + 1)} ? false : true", "bool", CONDITION)
    return call("$not", piece, kind="bool")


def chosen(condition: Piece, yes: Piece, no: Piece) -> Piece:
    """``yes if condition else no``."""
    kinds = {yes.kind, no.kind} - {"none"}
    kind: Kind = kinds.pop() if len(kinds) == 1 else "json"
    if kind == "json" and kinds & {"bool", "moment", "span"}:
        raise Untranslatable("a conditional expression gives values of different kinds")
    none = max(yes.none, no.none, key=("", "null", "nothing").index)
    none = none or ("null" if "none" in (yes.kind, no.kind) else "")
    code = f"{condition.at(CONDITION + 1)} ? {yes.at(CONDITION + 1)} : {no.at(CONDITION)}"
    return Piece(code, kind, CONDITION, yes.maybe or no.maybe, none=none, decimal=yes.decimal and no.decimal)


def either(left: Piece, right: Piece) -> Piece:
    """``left or right``: the first one if it is true."""
    if left.kind == right.kind == "bool":
        return Piece(f"{left.at(OR)} or {right.at(OR)}", "bool", OR)
    return chosen(left, replace(left, maybe=False, none=""), right)


def both(left: Piece, right: Piece) -> Piece:
    """``left and right``: the second one if the first is true."""
    if left.kind == right.kind == "bool":
        return Piece(f"{left.at(AND)} and {right.at(AND)}", "bool", AND)
    return chosen(left, right, left)


COMPARISONS = {"eq": "=", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">="}


def compared(operator: str, left: Piece, right: Piece) -> Piece:
    """A comparison by jinja2's name of it."""
    if operator in ("in", "notin"):
        found = contains(right, left)
        return found if operator == "in" else negated(found)
    if left.none == "nothing" and right.kind == "none" and operator in ("eq", "ne"):
        given = Piece(_given(left), "bool", AND)
        return given if operator == "ne" else negated(given)
    if "moment" in (left.kind, right.kind):
        if left.kind != right.kind:
            raise Untranslatable("a time is compared with something else")
    elif operator == "ne" and (left.maybe or right.maybe):
        return call("$not", compared("eq", left, right), kind="bool")
    code = f"{left.at(COMPARISON + 1)} {COMPARISONS[operator]} {right.at(COMPARISON + 1)}"
    return Piece(code, "bool", COMPARISON)


def contains(whole: Piece, part: Piece) -> Piece:
    """``part in whole``."""
    match whole.kind:
        case "text":
            return call("$contains", whole, printed(part), kind="bool")
        case "list":
            return Piece(f"{part.at(COMPARISON + 1)} in {whole.at(COMPARISON + 1)}", "bool", COMPARISON)
        case "dict":
            return Piece(f"{part.at(COMPARISON + 1)} in $keys({whole.code})", "bool", COMPARISON)
    texts = f"$contains({whole.code}, {printed(part).code})"
    other = f"{part.at(COMPARISON + 1)} in {whole.at(COMPARISON + 1)}"
    return Piece(f"($type({whole.code}) = 'string' ? {texts} : {other})", "bool")


def added(left: Piece, right: Piece) -> Piece:
    """``left + right``."""
    kinds = {left.kind, right.kind}
    if "text" in kinds:
        return Piece(f"{left.at(SUM)} & {right.at(SUM + 1)}", "text", SUM)
    if "list" in kinds:
        return call("$append", left, right, kind="list")
    if kinds <= {"moment", "span"} or kinds == {"span"}:
        return _sum("+", left, right, "moment" if "moment" in kinds else "span")
    if "number" in kinds:
        return _sum("+", left, right, "number")
    raise Untranslatable("it adds values of which the kinds are not known")


def subtracted(left: Piece, right: Piece) -> Piece:
    """``left - right``."""
    if left.kind == "moment":
        return _sum("-", left, right, "span" if right.kind == "moment" else "moment")
    return _sum("-", left, right, "span" if left.kind == "span" else "number")


def _sum(operator: str, left: Piece, right: Piece, kind: Kind) -> Piece:
    code = f"{left.at(SUM)} {operator} {right.at(SUM + 1)}"
    return Piece(code, kind, SUM, decimal=kind == "number" and (left.decimal or right.decimal))


def product(operator: str, left: Piece, right: Piece) -> Piece:
    """A product, quotient, remainder, floor quotient or power."""
    if "text" in (left.kind, right.kind):
        raise Untranslatable("it calculates with a text")
    if operator == "//":
        whole = product("/", left, right)
        return replace(call("$floor", whole, kind="number"), decimal=left.decimal or right.decimal)
    if operator == "**":
        return call("$power", left, right, kind="number")
    kind: Kind = "span" if "span" in (left.kind, right.kind) else "number"
    decimal = kind == "number" and (operator == "/" or left.decimal or right.decimal)
    return Piece(f"{left.at(PRODUCT)} {operator} {right.at(PRODUCT + 1)}", kind, PRODUCT, decimal=decimal)


def shown(piece: Piece, picture: str) -> Piece:
    """A moment in a picture of XPath."""
    return call("$fromMillis", piece, quoted(picture), kind="text")


def stripped(piece: Piece, characters: str | None = None, side: str = "both") -> Piece:
    """A text without white space, or characters, at its ends; ``$trim`` also changes what is inside."""
    inner = "".join(f"\\{c}" if c in r"\]^-/[" else c for c in characters or "")
    inner = f"[{inner}]" if inner else r"\s"
    pattern = {"both": f"/^{inner}+|{inner}+$/", "left": f"/^{inner}+/", "right": f"/{inner}+$/"}[side]
    return call("$replace", printed(piece), pattern, "''", kind="text")
