"""Values that are different in every execution (ids, dates, random numbers): found by executing twice.

Two executions that differ only in what no machine can rely on (name, account, region, start, random seed) give equal
outputs except where such a value went; those leaves are compared by their type alone, and named.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

Json = Any


class Varying:
    """Stands for a leaf that differs from execution to execution; ``example`` is its value in one of them."""

    __slots__ = ("example",)

    def __init__(self, example: Json):
        self.example = example

    def __repr__(self) -> str:
        return f"<varies, such as {json.dumps(self.example, default=str)[:80]}>"


MISSING: Final = object()
"""In a difference: there is nothing on that side."""


def merged(left: Json, right: Json) -> Json:
    """A value with ``Varying`` in the place of every leaf in which two executions differ."""
    match left, right:
        case dict(), dict() if left.keys() == right.keys():
            return {key: merged(value, right[key]) for key, value in left.items()}
        case list(), list() if len(left) == len(right):
            return [merged(one, other) for one, other in zip(left, right, strict=True)]
        case str(), str() if left != right and (texts := _texts(left, right)) is not None:
            return texts
        case _:
            return left if same(left, right) else Varying(left)


def _texts(left: str, right: str) -> Json:
    """Two JSON texts of objects or lists, merged as values."""
    first, second = as_value(left), as_value(right)
    return merged(first, second) if isinstance(first, dict | list) and isinstance(second, dict | list) else None


def as_value(text: Json) -> Json:
    """An object or list that travels as JSON text; anything else as it is."""
    if isinstance(text, str) and text[:1] in ("{", "["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text


def same(left: Json, right: Json) -> bool:
    """Deep equality of JSON values; true is not 1, and 1 is 1.0."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def differences(expected: Json, actual: Json, at: str = "") -> Iterator[tuple[str, Json, Json]]:
    """Where two values differ: pointer, what was expected and what there is (``MISSING`` for nothing)."""
    match expected, actual:
        case Varying(), _:
            if not _alike(expected.example, actual):
                yield at, expected, actual
        case dict(), dict():
            for key in [*expected, *(key for key in actual if key not in expected)]:
                inner = f"{at}/{key.replace('~', '~0').replace('/', '~1')}"
                if key not in actual or key not in expected:
                    yield inner, expected.get(key, MISSING), actual.get(key, MISSING)
                else:
                    yield from differences(expected[key], actual[key], inner)
        case list(), list():
            for number in range(max(len(expected), len(actual))):
                one = expected[number] if number < len(expected) else MISSING
                other = actual[number] if number < len(actual) else MISSING
                if one is MISSING or other is MISSING:
                    yield f"{at}/{number}", one, other
                else:
                    yield from differences(one, other, f"{at}/{number}")
        case (dict() | list(), str()) if isinstance(value := as_value(actual), dict | list) and varies(expected):
            yield from differences(expected, value, at)
        case _:
            if not same(expected, actual):
                yield at, expected, actual


def _alike(example: Json, actual: Json) -> bool:
    numbers = isinstance(example, int | float) and not isinstance(example, bool)
    if numbers:
        return isinstance(actual, int | float) and not isinstance(actual, bool)
    return isinstance(actual, type(example)) or example is None or actual is None


def varies(value: Json) -> bool:
    """Whether a value has a varying leaf."""
    match value:
        case Varying():
            return True
        case dict():
            return any(map(varies, value.values()))
        case list():
            return any(map(varies, value))
        case _:
            return False


def plain(value: Json) -> Json:
    """A value with examples in the place of what varies, for a report; ``MISSING`` becomes nothing."""
    match value:
        case Varying():
            return plain(value.example)
        case dict():
            return {key: plain(part) for key, part in value.items()}
        case list():
            return [plain(part) for part in value]
        case _:
            return None if value is MISSING else value
