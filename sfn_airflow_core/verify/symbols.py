"""Values that are not known yet: what a document is made of, in terms of the execution's input and of replies.

``Sym`` is a part of a source: of the input, or of what one call answers. The rest says how values are put together, so
that a path through a document can be followed back to the source that it reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from sfn_airflow_core.expr.model import Descend, Field, Filter, Index, Path, PathFunction, Slice, Step, Wildcard

Json = Any

AS_JSON: Final = "\x00json"
"""A step into a string: what its JSON text says."""
INPUT: Final = "input"


class Impossible(Exception):
    """On this way the value cannot be had."""


@dataclass(frozen=True, slots=True)
class Const:
    """A value that is known."""

    value: Json = field(hash=False, default=None)

    def __hash__(self) -> int:
        return 0


@dataclass(frozen=True, slots=True)
class Sym:
    """Part of a source: ``source`` is ``input`` or names one call; ``steps`` are keys and positions."""

    source: str
    steps: tuple[str | int, ...] = ()

    def within(self, other: Sym) -> bool:
        """Whether it is the other part, or inside of it."""
        return self.source == other.source and self.steps[: len(other.steps)] == other.steps


@dataclass(frozen=True, slots=True)
class Obj:
    """An object: known members, and the others of ``base``, if any."""

    members: Mapping[str, Value] = field(hash=False)
    base: Value | None = None


@dataclass(frozen=True, slots=True)
class Lst:
    """A list with known length."""

    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class App:
    """An intrinsic function of values, or, with ``path``, an indefinite path over the one argument."""

    function: str
    arguments: tuple[Value, ...] = ()
    path: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that no scenario decides: of the context object, a date, a random number."""

    example: Json = field(hash=False, default="unknown")


@dataclass(frozen=True, slots=True)
class Asked:
    """A JSONata expression over values by name (``""`` is ``$``), left to the engine.

    ``constants`` stand in it; ``optional`` parts are asked whether they exist, and need not.
    """

    text: str
    names: Mapping[str, Value] = field(hash=False)
    constants: tuple[Json, ...] = field(hash=False, default=())
    optional: tuple[Sym, ...] = ()

    def reads(self) -> Iterator[Sym]:
        """The parts of sources that it reads by a plain path (``$states.input.a.b``) and that have to be there."""
        for value in self.operands():
            for part in (value,) if isinstance(value, Sym) else inside(value):
                if not self.spares(part):
                    yield part

    def spares(self, part: Sym) -> bool:
        """Whether a part is, or is in, something that need not be there."""
        return any(map(part.within, self.optional))

    def operands(self) -> Iterator[Sym | Asked | App]:
        """What its plain paths lead to: parts of sources, and values that are computed themselves."""
        for found in _PLAIN.finditer(self.text.replace("`", "")):
            if found[1] in self.names:
                steps = [int(step) if step.isdigit() else step for step in re.findall(r"\w+", found[2])]
                for value in _mapped(self.names[found[1]], steps):
                    if isinstance(value, Sym | Asked | App):
                        yield value

    def known(self) -> Iterator[Json]:
        """The constants that stand in it, and in what it is computed from."""
        yield from self.constants
        for operand in self.operands():
            if isinstance(operand, Asked):
                yield from operand.known()


def _mapped(value: Value, steps: Sequence[str | int]) -> Iterator[Value]:
    """What a plain path of JSONata leads to: a name of a list is that of each of its elements."""
    for number, step in enumerate(steps):
        if isinstance(value, Lst) and isinstance(step, str):
            for item in value.items:
                yield from _mapped(item, steps[number:])
            return
        try:
            value = member(value, step)
        except Impossible:
            return
    yield from _flat(value)


def _flat(value: Value) -> Iterator[Value]:
    """What a value that is put together consists of."""
    match value:
        case Lst(items):
            for item in items:
                yield from _flat(item)
        case Obj(members):
            for part in members.values():
                yield from _flat(part)
        case _:
            yield value


_PLAIN: Final = re.compile(r"\$(\w*)((?:\.[A-Za-z_]\w*|\[\d+\])*)")

Value: TypeAlias = "Const | Sym | Obj | Lst | App | Asked | Unknown"


def member(value: Value, key: str | int) -> Value:
    """The value under a key or position. Raises Impossible where it is known that there is none."""
    match value:
        case Sym():
            return Sym(value.source, (*value.steps, key))
        case Obj():
            if key in value.members:
                return value.members[str(key)]
            if value.base is None:
                raise Impossible(f"there is no {key}")
            return member(value.base, key)
        case Lst() if isinstance(key, int) and -len(value.items) <= key < len(value.items):
            return value.items[key]
        case App(path=(*_, Slice(start=first))) if isinstance(key, int) and key >= 0 and (first or 0) >= 0:
            before = value.path[:-1]
            return member(App("", value.arguments, before) if before else value.arguments[0], (first or 0) + key)
        case Const():
            try:
                return Const(value.value[key])
            except (LookupError, TypeError):
                raise Impossible(f"there is no {key}") from None
        case App() | Asked():
            step = Field(key) if isinstance(key, str) else Index(key)
            if isinstance(value, App) and value.path and all(isinstance(s, Field | Index) for s in value.path):
                return App("", value.arguments, (*value.path, step))
            return App("", (value,), (step,))
        case Unknown():
            return value
        case _:
            raise Impossible(f"there is no {key}")


def selected(value: Value, path: Path) -> Value:
    """What a path selects: definite steps are followed, from the first indefinite one on it is left to be evaluated."""
    for number, step in enumerate(path.steps):
        match step:
            case Field(name):
                value = member(value, name)
            case Index(position) if position >= 0 or isinstance(value, Lst | Const):
                value = member(value, position)
            case _:
                return App("", (value,), path.steps[number:])
    return value


def inside(value: Value) -> Iterator[Sym]:
    """All parts of sources that a value is made of."""
    match value:
        case Sym():
            yield value
        case Obj():
            for part in value.members.values():
                yield from inside(part)
            if value.base is not None and not optional(value.base):
                yield from inside(value.base)
        case Lst():
            for part in value.items:
                yield from inside(part)
        case Asked():
            yield from value.reads()
        case App():
            for part in value.arguments:
                yield from inside(part)
            if value.path and (example := _example(value)) is not None:
                yield example


def lackable(value: Value) -> Iterator[Sym]:
    """The parts of sources that a computed value asks for without needing them."""
    match value:
        case Asked():
            yield from value.optional
            for operand in value.operands():
                if isinstance(operand, Sym):
                    yield from (operand,) if value.spares(operand) else ()
                else:
                    yield from lackable(operand)
        case App():
            for part in value.arguments:
                yield from lackable(part)


def optional(base: Value) -> bool:
    """Whether an object that others were put into need not be there: then it is made of them alone."""
    return isinstance(base, Sym) and bool(base.steps)


def _example(value: Value) -> Sym | None:
    """An example of what a path selects: the first element of every list on the way."""
    match value:
        case Sym():
            return value
        case App(path=(first, *_) as steps, arguments=(inner,)):
            base = _example(inner)
            if isinstance(inner, App):  # a list of matches, of which the example is one
                if not isinstance(first, Index | Slice | Filter | Wildcard):
                    return None
                steps = steps[1:]
            return None if base is None else _below(base, steps)
        case _:
            return None


def _below(base: Sym, steps: tuple[Step, ...]) -> Sym | None:
    way = base.steps
    for step in steps:
        match step:
            case Field(name):
                way = (*way, name)
            case Index(position):
                way = (*way, max(position, 0))
            case Slice(start):
                way = (*way, max(start or 0, 0))
            case Descend() | PathFunction():
                return None
            case _:
                way = (*way, 0)
    return Sym(base.source, way)


def placed(target: Value, keys: tuple[str | int, ...], value: Value) -> Value:
    """``target`` with ``value`` at a reference path, as ResultPath does it. Raises Impossible."""
    if not keys:
        return value
    key, rest = keys[0], keys[1:]
    if isinstance(key, int):
        raise Impossible("positions in a ResultPath are not followed")
    try:
        below = member(target, key) if rest else Const(None)
    except Impossible:
        below = Obj({})
    if rest and isinstance(below, Sym):
        below = Obj({}, below)  # may be absent in the source: then it is made
    new = placed(below, rest, value)
    match target:
        case Obj():
            return Obj({**target.members, key: new}, target.base)
        case Const() if isinstance(target.value, dict):
            return Obj({**{name: Const(part) for name, part in target.value.items()}, key: new})
        case Sym() | App() | Asked() | Unknown():
            return Obj({key: new}, target)
        case _:
            raise Impossible("a result cannot be put into what is no object")
