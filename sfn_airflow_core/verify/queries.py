"""JSONata over values that are not known yet: what it reads, what that must be, and how a condition can come out."""

from __future__ import annotations

import json
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
_NUMBERS: Final = ("sum", "max", "min", "average")
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
        return _value(expr.tree, Names(names), wishes)
    for found in _READ.finditer(expr.text):
        value = member(names["states"], found[1])
        for step in re.findall(r"\w+", found[2]):
            value = member(value, int(step) if step.isdigit() else step)
        wishes = wishes.need(value)
    return Asked(expr.text, dict(names)), wishes


def _value(tree: Tree, names: Names, wishes: Wishes) -> tuple[Value, Wishes]:
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
                members[key], wishes = _value(part, names, wishes)
            return Obj(members), wishes
        case Listed(elements) if not any(isinstance(e, Operation) and e.operator == ".." for e in elements):
            items: list[Value] = []
            for element in elements:
                value, wishes = _value(element, names, wishes)
                items.append(value)
            return Lst(tuple(items)), wishes
        case Apply("parse", (argument,)):
            value, wishes = _value(argument, names, wishes)
            if isinstance(value, Sym):
                inner = Sym(value.source, (*value.steps, AS_JSON))
                return inner, wishes.need(inner)
            return _opaque(tree, names), wishes
        case _:
            return _opaque(tree, names), _needs(tree, names, wishes)


def _opaque(tree: Tree, names: Names) -> Value:
    """An expression that is left to the engine."""
    return Asked(written(tree), {**names.names, **({"": names.focus} if names.focus else {})}, tuple(_constants(tree)))


def _constants(tree: Tree) -> Iterator[Json]:
    if isinstance(tree, Written):
        yield tree.value
    for part in parts(tree):
        yield from _constants(part)


def _steps(path: Steps, names: Names, wishes: Wishes) -> tuple[Value, Wishes]:
    """A path; from the first predicate or computed step on it is left to the engine, with an example of an element."""
    value, wishes = _value(path.head, names, wishes)
    match path.head, path.steps:
        case Apply("split", (text, Written() as separator)), (Nth(position), *_) if position >= 0:
            part, wishes = _value(text, names, wishes)
            wishes = wishes.divided(part, Const(separator.value), position + 1)
    whole = True
    for step in path.steps:
        match step:
            case Member(name):
                value = member(value, name) if not isinstance(value, Lst) else _first(value, name)
            case Nth(position):
                value = member(value, max(position, 0))
            case Where(predicate):
                wishes = wishes.be(value, "array")
                value, whole = member(value, 0), False
                wishes = next(conditions(predicate, True, Names(names.names, value), wishes), wishes)
            case Each(inner):
                value, whole = member(value, 0), False
                _, wishes = _value(inner, Names(names.names, value), wishes)
                break
    wishes = wishes.need(value)
    return (value if whole else _opaque(path, names)), wishes


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
                value, wishes = _value(side, names, wishes)
                wishes = wishes.be(value, kind)
            return wishes
        case Minus(operand):
            value, wishes = _value(operand, names, wishes)
            return wishes.be(value, "number")
        case If(condition, then, otherwise):
            for part in (condition, then, *(() if otherwise is None else (otherwise,))):
                _, wishes = _value(part, names, wishes)
            return wishes
        case Apply(function, arguments):
            return _called(function, arguments, names, wishes)
        case Function():
            return wishes
        case _:
            for part in parts(tree):
                _, wishes = _value(part, names, wishes)
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
        value, wishes = _value(argument, names, wishes)
        first = first or value
        if number < len(kinds):
            wishes = wishes.be(value, kinds[number])
        if function in _NUMBERS and isinstance(value, Sym):
            wishes = wishes.be(member(value, 0), "number")
    return wishes


def conditions(tree: Tree, wanted: bool, names: Names, wishes: Wishes) -> Iterator[Wishes]:
    """Every way in which a condition can come out as wanted, in the order of evaluation."""
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
            yield from _compared(tree, wanted, names, wishes)


def _existing(operand: Tree, wanted: bool, names: Names, wishes: Wishes) -> Iterator[Wishes]:
    try:
        value, needed = _value(operand, names, wishes)
    except Impossible:
        if not wanted:
            yield wishes
        return
    if wanted:
        yield needed
    elif isinstance(value, Sym) and value.steps:
        yield wishes.lack(value)


def _compared(tree: Tree, wanted: bool, names: Names, wishes: Wishes) -> Iterator[Wishes]:
    try:
        if isinstance(tree, Operation) and tree.operator in _FAMILIES:
            left, wishes = _value(tree.left, names, wishes)
            right, wishes = _value(tree.right, names, wishes)
            operator = _FAMILIES[tree.operator]
        else:
            left, wishes = _value(tree, names, wishes)
            right, operator = Const(True), "=="
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


def written(tree: Tree) -> str:
    """A tree as JSONata text.

    >>> written(Operation("+", Name("a"), Steps(Focus(), (Member("b"), Nth(0)))))
    '($a + $.`b`[0])'
    """
    match tree:
        case Written(value):
            return json.dumps(value)
        case Name(name):
            return f"${name}"
        case Focus():
            return "$"
        case Steps(head, steps):
            return written(head) + "".join(map(_step, steps))
        case Listed(elements):
            return f"[{', '.join(map(written, elements))}]"
        case Record(entries):
            return "{" + ", ".join(f"{json.dumps(key)}: {written(part)}" for key, part in entries) + "}"
        case Operation("..", left, right):
            return f"[{written(left)}..{written(right)}]"
        case Operation(operator, left, right):
            return f"({written(left)} {operator} {written(right)})"
        case Minus(operand):
            return f"(-{written(operand)})"
        case If(condition, then, otherwise):
            other = "" if otherwise is None else f" : {written(otherwise)}"
            return f"({written(condition)} ? {written(then)}{other})"
        case Apply("[]", (argument,)):
            return f"{written(argument)}[]"
        case Apply(function, arguments):
            return f"${function}({', '.join(map(written, arguments))})"
        case Function(parameters, body):
            return f"function({', '.join(f'${name}' for name in parameters)}) {{ {written(body)} }}"


def _step(step: Any) -> str:
    match step:
        case Member(name):
            return f".`{name}`"
        case Nth(position):
            return f"[{position}]"
        case Where(predicate):
            return f"[{written(predicate)}]"
        case _:
            return f".({written(step.tree)})"
