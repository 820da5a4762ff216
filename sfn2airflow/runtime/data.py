"""What the languages of Step Functions do with JSON values and Python has no short word for.

Pure functions, without Airflow. They raise KeyError, IndexError, TypeError or ValueError only, which is what plain
subscripts raise too: a state that fails in one of them failed with ``States.Runtime``. Sources: States Language
specification ("Paths", "Choice State") and answers of the real service where they were recorded.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

Json = Any


class _Missing:
    """What ``peek`` gives where there is nothing: equal to nothing, not even to itself."""

    __hash__ = None  # type: ignore[assignment]

    def _never(self, _: object) -> bool:
        return False

    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = _never

    def __ne__(self, _: object) -> bool:
        return True


MISSING: Json = _Missing()
"""A value that is not there, or is not of the type that a comparison asks for."""


def json_text(value: Json) -> str:
    """``States.JsonToString``: JSON without white space."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def array(value: Json) -> list[Json]:
    """A value that has to be an array; a string, which Python would index too, is none."""
    if not isinstance(value, list):
        raise TypeError(f"an array is needed, not {json_text(value)[:100]}")
    return value


def peek(value: Json, *path: str | int) -> Json:
    """The value at the end of a path, MISSING if there is none (operands of JSONPath filters)."""
    return _end(value, path)


def _end(value: Json, path: tuple[str | int, ...]) -> Json:
    for step in path:
        if isinstance(value, dict):
            if step not in value:  # a number is no name of a member
                return MISSING
            value = value[step]
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return MISSING
    return value


def present(value: Json, *path: str | int) -> bool:
    """``IsPresent``: whether a path leads to something, be it null."""
    if len(path) == 1 and isinstance(value, dict):
        return path[0] in value
    return _end(value, path) is not MISSING


def _inside(value: Json, path: tuple[str | int, ...]) -> Json:
    """An array or object at the end of a path; what is none of both if there is none, be it a character of a string."""
    try:
        for step in path:
            value = value[step]
    except (LookupError, TypeError):
        return MISSING
    return value


def elements(value: Json, *path: str | int) -> list[Json]:
    """The elements of the array at the end of a path; none if it is missing or no array."""
    found = _inside(value, path)
    return found if isinstance(found, list) else []


def every(value: Json, *path: str | int) -> list[Json]:
    """``[*]``: the elements of an array, the values of an object; none of anything else."""
    found = _inside(value, path)
    return found if isinstance(found, list) else list(found.values()) if isinstance(found, dict) else []


def candidates(value: Json, *path: str | int) -> list[Json]:
    """What a filter ``[?(…)]`` looks at: the elements of an array, or an object itself."""
    found = _inside(value, path)
    return found if isinstance(found, list) else [found] if isinstance(found, dict) else []


_SCALARS = frozenset((str, int, float, bool, type(None)))


def everything(value: Json, *path: str | int) -> list[Json]:
    """``..``: the array or object at the end of a path and all those inside it, in document order."""
    found, waiting = list[Json](), [_inside(value, path)]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, dict | list):
            found.append(inner)
            for child in reversed(inner.values() if isinstance(inner, dict) else inner):
                if type(child) not in _SCALARS:
                    waiting.append(child)  # noqa: PERF401 - half as fast with a list for each
    return found


def everywhere(value: Json, name: str) -> list[Json]:
    """``..name``: the values of this name in an object and in all that are inside the value, in document order."""
    found, waiting = list[Json](), [value]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, dict):
            if name in inner:
                found.append(inner[name])
            inner = inner.values()
        elif not isinstance(inner, list):
            continue
        for child in reversed(inner):
            if type(child) not in _SCALARS:
                waiting.append(child)  # noqa: PERF401 - half as fast with a list for each
    return found


def pluck(values: list[Json], name: str) -> list[Json]:
    """A name at the end of a path that selects several values: its value in each object that has it."""
    try:
        return [value[name] for value in values]
    except (KeyError, TypeError):  # not in all, or not all are objects
        return [value[name] for value in values if isinstance(value, dict) and name in value]


def chosen(values: list[Json], *positions: int) -> list[Json]:
    """``[0,2]``: the elements at these positions, as far as there are any."""
    return [values[position] for position in positions if -len(values) <= position < len(values)]


def members(value: Json, *names: str) -> list[Json]:
    """``['a','b']`` in the middle of a path: the values of these members, as far as there are any."""
    return [value[name] for name in names if name in value] if isinstance(value, dict) else []


def part(value: Json, *names: str) -> Json:
    """``['a','b']``: the object of these members, as far as there are any."""
    if value is MISSING:
        return MISSING
    if not isinstance(value, dict):
        raise TypeError(f"an object is needed, not {json_text(value)[:100]}")
    return {name: value[name] for name in names if name in value}


def path_function(name: str, value: Json) -> Json:
    """``.length()``, ``.min()`` and the like at the end of a path, after Jayway's JSONPath."""
    if value is MISSING:
        return MISSING
    if name in ("length", "size"):
        return len(value) if isinstance(value, dict | list) else None
    if name == "keys":
        return list(value) if isinstance(value, dict) else None
    if name in ("first", "last"):
        return array(value)[0 if name == "first" else -1]
    numbers = [float(item) for item in array(value) if is_number(item)]
    if not numbers:
        raise ValueError(f"{name}() of no numbers")
    return _AGGREGATES[name](numbers)


def _deviation(numbers: list[float]) -> float:
    mean = sum(numbers) / len(numbers)
    return math.sqrt(sum((number - mean) ** 2 for number in numbers) / len(numbers))


_AGGREGATES: dict[str, Callable[[list[float]], float]] = {
    "min": min,
    "max": max,
    "sum": sum,
    "avg": lambda numbers: sum(numbers) / len(numbers),
    "stddev": _deviation,
}


class NoPlace(TypeError):
    """A ResultPath that leads through something that is no object."""


def put(document: Json, value: Json, *path: str | int) -> Json:
    """``ResultPath``: a copy of the document with the value at the end of the path, objects made on the way."""
    if not path:
        return value
    step, *rest = path
    if isinstance(step, int):
        copy: Json = list(array(document))
        copy[step] = put(copy[step], value, *rest)
        return copy
    if not isinstance(document, dict):
        raise NoPlace(f"a member cannot be put into {json_text(document)[:100]}")
    inner = document.get(step)
    if rest and isinstance(rest[0], str) and inner is None:
        inner = {}
    return {**document, step: put(inner, value, *rest)}


def is_number(value: Json) -> bool:
    """``IsNumeric``: true and false are no numbers."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def number(value: Json, name: str | None = None) -> Any:
    """A number (or the number ``value[name]``) as it is, anything else as NaN, which no comparison holds for."""
    if name is not None:
        try:
            value = value[name]
        except (KeyError, TypeError):
            return math.nan
    return value if type(value) is int or is_number(value) else math.nan


def boolean(value: Json) -> Any:
    """True or false as they are, anything else as a value that equals nothing (``BooleanEquals``)."""
    return value if isinstance(value, bool) else MISSING


def string(value: Json) -> Any:
    """A string as its UTF-16 code units, by which AWS orders strings; anything else equals and precedes nothing."""
    return value.encode("utf-16-be", "surrogatepass") if isinstance(value, str) else MISSING


_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII)


def timestamp(value: Json) -> Any:
    """The instant of an RFC 3339 timestamp with capital T and Z; anything else equals and precedes nothing."""
    found = _TIMESTAMP.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return MISSING
    day_and_time, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(f"{day_and_time}{zone.replace('Z', '+00:00')}")
    except ValueError:
        return MISSING
    elapsed = moment.replace(tzinfo=None) - datetime.min - (moment.utcoffset() or timedelta())
    return elapsed, (fraction or "").ljust(9, "0")


def is_timestamp(value: Json) -> bool:
    """``IsTimestamp``."""
    return timestamp(value) is not MISSING


def like(value: Json, pattern: str) -> bool:
    r"""``StringMatches``: ``*`` is any run of characters, ``\*`` a star, ``\\`` a backslash."""
    first, *rest = _between_stars(pattern)
    if not isinstance(value, str) or not rest:
        return bool(value == first)
    *middle, last = rest
    at = len(first) if value.startswith(first) else len(value) + 1
    for text in middle:
        found = value.find(text, at)
        at = found + len(text) if found >= 0 else len(value) + 1
    return at + len(last) <= len(value) and value.endswith(last)


def _between_stars(pattern: str) -> list[str]:
    """The texts between the stars of a pattern, its escapes resolved."""
    pieces = re.findall(r"\*|\\[*\\]|[^*\\]+", pattern)
    if "".join(pieces) != pattern:
        raise ValueError(f"the pattern {pattern} has a backslash that escapes nothing")
    texts = [""]
    for piece in pieces:
        if piece == "*":
            texts.append("")
        else:
            texts[-1] += piece[piece[0] == "\\" :]
    return texts


def same(left: Json, right: Json) -> bool:
    """Whether two JSON values are equal: 0 equals 0.0, true does not equal 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def alike(left: Json, right: Json) -> bool:
    """``==`` in a JSONPath filter: as ``same``, and a number equals the string that says it."""
    if isinstance(left, str) and is_number(right):
        left, right = right, left
    if is_number(left) and isinstance(right, str):
        return bool(re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", right, re.ASCII)) and float(right) == left
    return same(left, right)


def compared(left: Json, operator: str, right: Json) -> bool:
    """The other operators of JSONPath filters, after Jayway: ordering, ``in``, ``contains``, ``=~`` and so on."""
    if left is MISSING or right is MISSING:
        return operator == "nin"
    return _FILTERS[operator](left, right)


def _ordered(left: Json, right: Json, holds: Callable[[Json, Json], bool]) -> bool:
    texts = isinstance(left, str) and isinstance(right, str)
    return holds(left, right) if texts or (is_number(left) and is_number(right)) else False


def _within(value: Json, values: Json) -> bool:
    return isinstance(values, list) and any(alike(value, other) for other in values)


def _some(left: Json, right: Json) -> bool:
    return isinstance(left, list) and any(_within(value, right) for value in left)


def _matches(value: Json, pattern: Json) -> bool:
    """``=~ /…/i``; a pattern that repeats a repetition, which could take for ever, is refused."""
    _, source, letters = re.split(r"^/|/(?=[a-zA-Z]*$)", pattern) if isinstance(pattern, str) else ("", "", "")
    if re.search(r"[*+}]\s*\)\s*[*+{]", source):
        raise ValueError(f"a repetition of a repetition is refused: {pattern}")
    flags = {"i": re.IGNORECASE, "s": re.DOTALL, "m": re.MULTILINE, "x": re.VERBOSE}
    try:
        return isinstance(value, str) and bool(re.fullmatch(source, value, sum(flags.get(c, 0) for c in {*letters})))
    except re.error as error:
        raise ValueError(f"{pattern} is no regular expression: {error}") from error


_FILTERS: dict[str, Callable[[Json, Json], bool]] = {
    "<": lambda left, right: _ordered(left, right, lambda a, b: bool(a < b)),
    "<=": lambda left, right: _ordered(left, right, lambda a, b: bool(a <= b)),
    ">": lambda left, right: _ordered(left, right, lambda a, b: bool(a > b)),
    ">=": lambda left, right: _ordered(left, right, lambda a, b: bool(a >= b)),
    "=~": _matches,
    "in": _within,
    "nin": lambda left, right: not _within(left, right),
    "subsetof": lambda left, right: isinstance(left, list) and all(_within(value, right) for value in left),
    "anyof": _some,
    "noneof": lambda left, right: isinstance(left, list) and not _some(left, right),
    "contains": lambda left, right: (
        isinstance(right, str) and right in left if isinstance(left, str) else _within(right, left)
    ),
    "size": lambda left, right: isinstance(left, str | list) and same(len(left), right),
    "empty": lambda left, right: isinstance(left, str | list) and (not left) is right,
}
