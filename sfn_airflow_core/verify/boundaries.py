"""Values worth trying: those at and beside the constants that something is compared with."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any, Final, TypeAlias

from sfn_airflow_core.expr.model import Compare, Filter, Literal, Path, Test
from sfn_airflow_core.interpreter.values import date_text, is_number, json_text, timestamp
from sfn_airflow_core.verify.symbols import AS_JSON, App, Asked, Const, Sym, Value, inside

Json = Any
Question: TypeAlias = "tuple[Compare | Test, Value, Value]"

_MOMENT: Final = "2026-01-01T00:00:00Z"

DEFAULTS: dict[str, Callable[[str], Json]] = {
    "string": lambda name: name,
    "number": lambda name: 1 + zlib.crc32(name.encode()) % 9,
    "integer": lambda name: 1 + zlib.crc32(name.encode()) % 9,
    "boolean": lambda name: True,
    "array": lambda name: [],
    "object": lambda name: {},
    "timestamp": lambda name: _MOMENT,
    "null": lambda name: None,
}
"""A value of each kind for a part with this name."""


def of_kind(value: Json, kind: str) -> bool:
    """Whether a value is of a kind.

    >>> of_kind(1, "integer"), of_kind(True, "number"), of_kind("2026-01-01T00:00:00Z", "timestamp")
    (True, False, True)
    """
    match kind:
        case "string":
            return isinstance(value, str)
        case "number":
            return is_number(value)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool) and value >= 0
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case "timestamp":
            return timestamp(value) is not None
        case _:
            return True


def candidates(part: Sym, questions: Iterable[Question], kind: str) -> Iterator[Json]:
    """Values for a part of a source that make a difference to comparisons and type tests, the likely ones first."""
    name = ".".join(str(step) for step in part.steps if step != AS_JSON) or part.source
    asked = list(questions)
    for test, left, right in asked:
        if isinstance(test, Test):
            yield from _of_every_kind(name)
            continue
        for one, other in ((left, right), (right, left)):
            yield from _inverted(part, one, list(_near(test, other)))
    constants = [side.value for _, *sides in asked for side in sides if isinstance(side, Const)]
    if kind:
        yield DEFAULTS[kind](name)
    yield from constants
    yield from (constant + step for constant in constants if is_number(constant) for step in (1, -1))
    yield name
    yield 1
    yield f"{name}-other"
    yield 0
    yield False


def _near(test: Compare, other: Value) -> Iterator[Json]:
    """Values at and around what is compared with; some of the family where that is not known."""
    known = other.value if isinstance(other, Const) else None
    match test.family:
        case "numeric":
            value = known if isinstance(known, int | float) and is_number(known) else 1
            yield from (value, value + 1, value - 1)
        case "boolean":
            yield from (known, not known) if isinstance(known, bool) else (True, False)
        case "timestamp":
            moment = timestamp(known) or timestamp(_MOMENT)
            assert moment is not None
            yield from (date_text(moment + timedelta(seconds=step)) for step in (0, 1, -1))
        case "matches" if isinstance(known, str):
            yield from (known.replace("\\*", "\0").replace("*", fill).replace("\0", "*") for fill in ("x", "", "xy"))
            yield f"not {known}".replace("*", "")
        case _:
            text = known if isinstance(known, str) else "text"
            yield from (text, f"{text}~", text[:-1], f"other than {text}", "")


def _of_every_kind(name: str) -> Iterator[Json]:
    yield from (name, 1, True, None, _MOMENT, {}, [])


def _inverted(part: Sym, value: Value, wanted: list[Json]) -> Iterator[Json]:
    """What a part must be for a value that is made of it to be one of those wanted."""
    match value:
        case Sym() if value == part:
            yield from wanted
        case Asked():
            if part in set(value.reads()):
                yield from _guessed(value, wanted)
        case App(function="States.ArrayLength", arguments=(inner,)):
            yield from _inverted(part, inner, [[f"item-{n}" for n in range(w)] for w in wanted if _count(w)])
        case App(function="States.MathAdd", arguments=(one, other)):
            for inner, known in ((one, other), (other, one)):
                step = known.value if isinstance(known, Const) and isinstance(known.value, int) else 0
                yield from _inverted(part, inner, [w - step for w in wanted if is_number(w)])
        case App(function="States.ArrayContains", arguments=(inner, known)):
            item = known.value if isinstance(known, Const) else "item"
            yield from _inverted(part, inner, [[item], []])
        case App(function="States.StringToJson", arguments=(inner,)):
            yield from _inverted(part, inner, [json_text(w) for w in wanted])
        case App(function="States.JsonToString" | "States.Format", arguments=arguments) if arguments:
            yield from _inverted(part, arguments[-1], wanted)
        case App(function="States.ArrayGetItem", arguments=(inner, Const(int() as position))):
            yield from _inverted(part, inner, [[w] * (position + 1) for w in wanted])
        case App(path=path, arguments=(base,)) if path:
            yield from _through(part, base, path, wanted)


def _guessed(value: Asked, wanted: list[Json]) -> Iterator[Json]:
    """Values for what an expression reads: its constants, those beside them, and what it should be worth."""
    yield from wanted
    for constant in (*wanted, *value.known()):
        if is_number(constant):
            yield from (constant, constant + 1, constant - 1)
            yield from (json_text(constant), json_text(constant + 1))
            yield from ([f"item-{n}" for n in range(length)] for length in (constant, constant + 1) if _count(length))
        elif isinstance(constant, str):
            yield from (constant, f"{constant}~", f"~{constant}~", "")
    yield from ([], ["item"], ["item-1", "item-2"], {}, {"member": "value"}, 0, 1, 2, 100, -1, True, False, None)


def _count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 50


def _through(part: Sym, base: Value, path: Any, wanted: list[Json]) -> Iterator[Json]:
    """An indefinite path gives a list, or a function of it; the first element is what can be chosen."""
    if part in set(inside(App("", (base,), path))) - set(inside(base)):
        yield from wanted
        for step in path:
            if isinstance(step, Filter):
                yield from _literals(step.predicate)


def _literals(expr: Any) -> Iterator[Json]:
    match expr:
        case Literal():
            yield expr.value
        case Compare():
            yield from _literals(expr.left)
            yield from _literals(expr.right)
        case Path():
            return
        case _:
            for inner in getattr(expr, "operands", ()):
                yield from _literals(inner)
