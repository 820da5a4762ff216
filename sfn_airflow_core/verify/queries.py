"""JSONata over values that are not known yet: what it reads, what that must be, and how a condition can come out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sfn_airflow_core.expr.jsonata_model import (
    Apply,
    Each,
    Focus,
    Function,
    If,
    Jsonata,
    Listed,
    Member,
    Minus,
    Name,
    Nth,
    Operation,
    Record,
    Steps,
    Tree,
    Where,
    parts,
)
from sfn_airflow_core.expr.jsonata_model import (
    Value as Written,
)
from sfn_airflow_core.expr.model import Compare, Literal
from sfn_airflow_core.verify.query_text import written
from sfn_airflow_core.verify.symbols import (
    AS_JSON,
    Asked,
    Const,
    Impossible,
    Lst,
    Obj,
    Sym,
    Unknown,
    Value,
    member,
)
from sfn_airflow_core.verify.wishes import Check, Wishes

Json = Any
_READ: Final = re.compile(r"\$states\.(input|result|errorOutput)((?:\.[A-Za-z_]\w*|\[\d+\])*)")
_KINDS: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("count", "append", "reverse", "distinct", "shuffle", "zip", "partition", "merge"), ("array",)),
    **dict.fromkeys(("map", "filter", "reduce", "single", "sort", "sum", "max", "min", "average", "join"), ("array",)),
    **dict.fromkeys(("floor", "ceil", "abs", "round", "sqrt", "power", "formatNumber", "number"), ("number", "number")),
    **dict.fromkeys(("length", "uppercase", "lowercase", "trim", "parse", "base64encode"), ("string",)),
    **dict.fromkeys(
        ("split", "contains", "substringBefore", "substringAfter", "match", "replace"), ("string", "string")
    ),
    "substring": ("string", "integer", "integer"),
    "pad": ("string", "integer"),
    "range": ("integer", "integer", "integer"),
    "keys": ("object",),
    "lookup": ("object", "string"),
    "each": ("object",),
    "sift": ("object",),
    "toMillis": ("timestamp",),
    "fromMillis": ("integer",),
}
"""What functions take, where that is not anything."""
_ELEMENTS: Final = {**dict.fromkeys(("sum", "max", "min", "average"), "number"), "join": "string"}
"""What the elements of the list are that a function takes."""
_FAMILIES: Final = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


@dataclass(frozen=True, slots=True)
class Names:
    """What ``$name`` and ``$`` stand for."""

    names: Mapping[str, Value]
    focus: Value | None = None

    def bound(self, **more: Value) -> Names:
        """With further names."""
        return replace(self, names={**self.names, **more})


def asked(expr: Jsonata, names: Mapping[str, Value], wishes: Wishes) -> tuple[Value, Wishes]:
    """The value of an expression and the wishes with those of evaluating it. Raises Impossible."""
    if expr.problem:
        raise Impossible(expr.problem)
    if expr.tree is not None:
        return value_in(expr.tree, Names(names), wishes)
    for found in _READ.finditer(expr.text):
        value = member(names["states"], found[1])
        for step in re.findall(r"\w+", found[2]):
            value = member(value, int(step) if step.isdigit() else step)
        wishes = wishes.need(value)
    return Asked(expr.text, dict(names)), wishes


def value_in(tree: Tree, names: Names, wishes: Wishes) -> tuple[Value, Wishes]:
    """What a part of an expression is worth, and the wishes with those of evaluating it. Raises Impossible."""
    match tree:
        case Written():
            return Const(tree.value), wishes
        case Name():
            if tree.name not in names.names:
                raise Impossible(f"there is no variable {tree.name}")
            return names.names[tree.name], wishes.need(names.names[tree.name])
        case Focus():
            return names.focus or Unknown(), wishes
        case Steps():
            return _steps(tree, names, wishes)
        case Record(entries):
            members: dict[str, Value] = {}
            for key, part in entries:
                members[key], wishes = value_in(part, names, wishes)
            return Obj(members), wishes
        case Listed(elements) if not any(isinstance(e, Operation) and e.operator == ".." for e in elements):
            items: list[Value] = []
            for element in elements:
                value, wishes = value_in(element, names, wishes)
                items.append(value)
            return Lst(tuple(items)), wishes
        case Apply("merge", (Listed(elements),)):
            merged, wishes = _merged(elements, names, wishes)
            return merged or _opaque(tree, names), wishes
        case Apply("parse", (argument,)):
            value, wishes = value_in(argument, names, wishes)
            if isinstance(value, Sym):
                inner = Sym(value.source, (*value.steps, AS_JSON))
                return inner, wishes.need(inner)
            return _opaque(tree, names), wishes
        case _:
            return _opaque(tree, names), _needs(tree, names, wishes)


def _merged(elements: tuple[Tree, ...], names: Names, wishes: Wishes) -> tuple[Value | None, Wishes]:
    """``$merge([$states.input, {…}])``: an object with further members, where only the first one is not known."""
    members: dict[str, Value] = {}
    base: Value | None = None
    for number, element in enumerate(elements):
        value, wishes = value_in(element, names, wishes)
        match value:
            case Obj(base=None):
                members |= value.members
            case Const(dict() as known):
                members |= {name: Const(part) for name, part in known.items()}
            case Obj() if number == 0:
                members, base = {**value.members}, value.base
            case Sym() if number == 0:
                base = value
            case _:
                return None, wishes
    return Obj(members, base), wishes


def _opaque(tree: Tree, names: Names) -> Value:
    """An expression that is left to the engine."""
    seen = {**names.names, **({"": names.focus} if names.focus else {})}
    return Asked(written(tree), seen, tuple(_constants(tree)), tuple(_optional(tree, names)))


def _optional(tree: Tree, names: Names) -> Iterator[Sym]:
    """What is asked whether it exists."""
    for part in parts(tree):
        yield from _optional(part, names)
    if isinstance(tree, Apply) and tree.function == "exists":
        try:
            value, _ = value_in(tree.arguments[0], names, Wishes())
        except Impossible:
            return
        if isinstance(value, Sym) and value.steps:
            yield value


def _constants(tree: Tree) -> Iterator[Json]:
    if isinstance(tree, Written):
        yield tree.value
    for part in parts(tree):
        yield from _constants(part)


def _steps(path: Steps, names: Names, wishes: Wishes) -> tuple[Value, Wishes]:
    """A path; from the first predicate or computed step on it is left to the engine, with an example of an element."""
    value, wishes = value_in(path.head, names, wishes)
    match path.head, path.steps:
        case Apply("split", (text, Written() as separator)), (Nth(position), *_) if position >= 0:
            part, wishes = value_in(text, names, wishes)
            wishes = wishes.divided(part, Const(separator.value), position + 1)
    whole, element = True, False
    for step in path.steps:
        match step:
            case Member(name):
                value = member(value, name) if not isinstance(value, Lst) else _first(value, name)
                element = False
            case Nth(position):
                value, element = value if element else member(value, max(position, 0)), True
            case Where(predicate):
                if not element and not isinstance(value, Sym):
                    return _opaque(path, names), wishes  # whether any element passes is decided elsewhere
                value, wishes = (value, wishes) if element else _element(value, wishes)
                whole, element = False, True
                found = next(conditions(predicate, True, Names(names.names, value), wishes), wishes)
                wishes = found.softened(wishes)
            case Each(inner):
                if not element and not isinstance(value, Sym):
                    return _opaque(path, names), wishes
                value, wishes = (value, wishes) if element else _element(value, wishes)
                whole, element = False, True
                value, wishes = value_in(inner, Names(names.names, value), wishes)
    wishes = wishes.need(value)
    return (value if whole else _opaque(path, names)), wishes


def _element(value: Value, wishes: Wishes) -> tuple[Value, Wishes]:
    """The first element of what is taken for a list. Raises Impossible where it has none."""
    return member(value, 0), wishes.be(value, "array")


def _first(value: Lst, name: str) -> Value:
    if not value.items:
        raise Impossible(f"there is no {name}")
    return member(value.items[0], name)


def _needs(tree: Tree, names: Names, wishes: Wishes) -> Wishes:
    """What evaluating a computed expression needs of the documents."""
    match tree:
        case Apply("exists"):
            return wishes
        case Operation(operator, left, right):
            kind = "number" if operator in ("+", "-", "*", "/", "%") else "integer" if operator == ".." else "any"
            for side in (left, right):
                value, wishes = value_in(side, names, wishes)
                wishes = wishes.be(value, kind)
            return wishes
        case Minus(operand):
            value, wishes = value_in(operand, names, wishes)
            return wishes.be(value, "number")
        case If(condition, then, otherwise):
            before = wishes
            for part in (condition, then, *(() if otherwise is None else (otherwise,))):
                _, wishes = value_in(part, names, wishes)
            return wishes.sparing(before, tuple(_optional(condition, names)))
        case Apply(function, arguments):
            return _called(function, arguments, names, wishes)
        case Function():
            return wishes
        case _:
            for part in parts(tree):
                _, wishes = value_in(part, names, wishes)
            return wishes


def _called(function: str, arguments: tuple[Tree, ...], names: Names, wishes: Wishes) -> Wishes:
    kinds = _KINDS.get(function, ())
    first: Value | None = None
    for number, argument in enumerate(arguments):
        if isinstance(argument, Function):
            element = member(first, 0) if isinstance(first, Sym | Lst) else Unknown()
            if function == "reduce":
                element = Unknown()
            bound = dict(zip(argument.parameters, (element, Const(0), first or Unknown()), strict=False))
            wishes = _needs(argument.body, names.bound(**bound), wishes) if bound else wishes
            continue
        value, wishes = value_in(argument, names, wishes)
        first = first or value
        if number == 0 and function in _ELEMENTS and isinstance(value, Sym):
            wishes = _list_of(_ELEMENTS[function], value, wishes)
        elif number < len(kinds):
            wishes = wishes.be(value, kinds[number])
    return wishes


def _list_of(kind: str, value: Sym, wishes: Wishes) -> Wishes:
    """The argument is a list of such elements; ``lines.price`` is one where ``lines`` is a list or has one line."""
    if len(value.steps) > 1 and all(isinstance(step, str) for step in value.steps[-2:]):
        return wishes.be(value, kind)
    return wishes.be(value, "array").be(member(value, 0), kind)


def met(condition: Jsonata, wanted: bool, names: Names, wishes: Wishes) -> Iterator[Wishes]:
    """Every way in which the condition of a Choice can come out as wanted: as true or false. Raises Impossible."""
    if condition.tree is not None:
        yield from conditions(condition.tree, wanted, names, wishes, strict=True)
        return
    value, wishes = asked(condition, names.names, wishes)
    test = Compare("boolean", "==", Literal(None), Literal(None))
    yield wishes.check(Check(test, value, Const(wanted), True))


def conditions(tree: Tree, wanted: bool, names: Names, wishes: Wishes, *, strict: bool = False) -> Iterator[Wishes]:
    """Every way in which a condition can come out as wanted, in the order of evaluation.

    Args:
        tree: the condition.
        wanted: what it should be.
        names: what its names stand for.
        wishes: what is asked of the documents so far.
        strict: whether it must be true or false itself, as a Choice asks for; else any value counts as one of both.
    """
    match tree:
        case Written(value):
            if bool(value) is wanted:
                yield wishes
        case Operation("and" | "or" as operator, left, right):
            going = operator == "and"
            if wanted is going:
                for so_far in conditions(left, going, names, wishes):
                    yield from conditions(right, going, names, so_far)
                return
            yield from conditions(left, wanted, names, wishes)
            for so_far in conditions(left, going, names, wishes):
                yield from conditions(right, wanted, names, so_far)
        case Apply("not", (operand,)):
            yield from conditions(operand, not wanted, names, wishes)
        case Apply("boolean", (operand,)):
            yield from conditions(operand, wanted, names, wishes)
        case Apply("exists", (operand,)):
            yield from _existing(operand, wanted, names, wishes)
        case _:
            yield from _compared(tree, wanted, names, wishes, strict)


def _existing(operand: Tree, wanted: bool, names: Names, wishes: Wishes) -> Iterator[Wishes]:
    try:
        value, needed = value_in(operand, names, wishes)
    except Impossible:
        if not wanted:
            yield wishes
        return
    if wanted:
        yield needed
    elif isinstance(value, Sym) and value.steps:
        yield wishes.lack(value)


def _compared(tree: Tree, wanted: bool, names: Names, wishes: Wishes, strict: bool) -> Iterator[Wishes]:
    try:
        if isinstance(tree, Operation) and tree.operator in _FAMILIES:
            left, wishes = value_in(tree.left, names, wishes)
            right, wishes = value_in(tree.right, names, wishes)
            operator = _FAMILIES[tree.operator]
        else:
            left, wishes = value_in(tree, names, wishes)
            right, operator = Const(True), "=="
            if not strict and not isinstance(left, Const):
                left = Asked("$boolean($)", {"": left}, tuple(_constants(tree)))
    except Impossible:
        return
    if operator == "!=":
        operator, wanted = "==", not wanted
    test = Compare(_family(left, right, operator), operator, Literal(None), Literal(None))  # type: ignore[arg-type]
    yield wishes.check(Check(test, left, right, wanted))


def _family(left: Value, right: Value, operator: str) -> Any:
    for side in (left, right):
        match side:
            case Const(bool()):
                return "boolean"
            case Const(int() | float()):
                return "numeric"
            case Const(str()):
                return "string"
    return "jsonpath" if operator == "==" else "numeric"
