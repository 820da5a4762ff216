"""JSONata in Python: values that may be missing, arrays on which paths map, sequences of one that are their element.

Pure functions, without Airflow but for the error in which ``@jsonata`` ends. A data function under it gets its
arguments with arrays as ``Many``, so ``data["orders"]["id"]`` finds the id of every order; what it cannot compute is
``States.QueryEvaluationError``. Source: JSONata 2.0.6, https://docs.jsonata.org/2.0.0/processing and
``/path-operators``.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

Json = Any
_BAD_DATA = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError)
_Function = TypeVar("_Function", bound=Callable[..., Any])


class _Nothing:
    """The type of ``NOTHING``; it is false, and equal only to itself."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Json = _Nothing()
"""What an expression is worth that has no value (JSONata's undefined); null is a value."""


class Many(list[Json]):
    """An array of a document: a name as subscript is looked up in all its elements, as a JSONata path does."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        if type(key) is not str:
            return list.__getitem__(self, key)
        if (found := _members(self, key)) is NOTHING:
            raise KeyError(key)
        return found


_NOT_AS_THEY_ARE = frozenset((list, Many, _Nothing))
"""The types of what a sequence does not take as an element: arrays, whose elements it takes, and nothing."""


def queryable(value: Json) -> Json:
    """A JSON value whose arrays are ``Many``."""
    match value:
        case dict():
            return {key: queryable(part) for key, part in value.items()}
        case list():
            return Many(map(queryable, value))
        case _:
            return value


def plain(value: Json) -> Json:
    """A value as JSON has it: no ``Many``, whole numbers without fraction, nothing that is not there."""
    match value:
        case dict():
            return {key: plain(part) for key, part in value.items() if part is not NOTHING}
        case list():
            return [plain(part) for part in value if part is not NOTHING]
        case float():
            if not math.isfinite(value):
                raise ValueError(f"the number {value} is out of range")
            return int(value) if value.is_integer() and abs(value) < 1e21 else value
        case tuple():
            return tuple(map(plain, value))
        case None | bool() | int() | str():
            return value
        case _:
            return known(value)


def jsonata(function: _Function) -> _Function:
    """Marks a data function of a JSONata state: it sees arrays as ``Many``, and its failures are catchable.

    Errors over data become States.QueryEvaluationError; errors with a name of their own keep it.
    """

    @functools.wraps(function)
    def evaluated(*arguments: Json) -> Any:
        with _evaluating(function.__name__):
            value = function(*map(queryable, arguments))
            if hasattr(value, "variables"):  # what ``assigned`` makes
                return type(value)(plain(value.document), plain(value.variables))
            if hasattr(value, "concurrency"):  # a Map Run, whose items are made later
                return replace(value, items=_evaluated(value.items, function.__name__))
            return plain(value) if isinstance(value, dict | list | tuple | float | _Nothing) else value

    return evaluated  # type: ignore[return-value]


@contextmanager
def _evaluating(name: str) -> Iterator[None]:
    """Errors over data as the error of an evaluation."""
    try:
        yield
    except KeyError as error:
        raise failed(f"{name}: there is no {error}") from error
    except _BAD_DATA as error:
        raise failed(f"{name}: {error}") from error


def _evaluated(values: Iterable[Json], name: str) -> Iterator[Json]:
    """Values that are made one after the other, each as JSON has it."""
    with _evaluating(name):
        yield from map(plain, values)


def unreadable(expression: str, problem: str) -> Json:
    """The value of an expression that cannot be read: an error when it is evaluated, as on AWS."""
    raise failed(f"The JSONata expression '{expression}' threw an error during evaluation. {problem}")


def failed(cause: str) -> Exception:
    """The error of an evaluation, which Retry and Catch may name."""
    from .errors import StateError  # which needs Airflow

    return StateError("States.QueryEvaluationError", cause)


def known(value: Json) -> Json:
    """The value itself; a LookupError where it is missing."""
    if value is NOTHING:
        raise LookupError("the expression returned nothing (undefined)")
    return value


def need(value: Json, *keys: str | int) -> Json:
    """What ``find`` finds; a KeyError where it finds nothing."""
    found = find(value, *keys)
    if found is NOTHING:
        raise KeyError(".".join(map(str, keys)))
    return found


def find(value: Json, key: str | int, *more: str | int) -> Json:
    """The value of a path, NOTHING if it leads nowhere: names of members, and numbers for ``[n]`` behind a name."""
    if type(value) is dict and type(key) is str:
        value = value.get(key, NOTHING)
    elif isinstance(key, int):
        value = nth(value, key)
    elif isinstance(value, list):
        return _mapped(value, (key, *more))
    else:
        return NOTHING
    if not more:
        return value
    if len(more) == 1 and type(value) is dict and type(more[0]) is str:  # most paths have two names
        return value.get(more[0], NOTHING)
    return find(value, *more)


def _mapped(values: list[Json], keys: tuple[str | int, ...]) -> Json:
    """A path over each element: ``[n]`` takes its element out of what the name before it finds in each of them."""
    end, count = 1, len(keys)
    if count == 1 or keys[1].__class__ is str:
        found = _members(values, keys[0])
        return found if count == 1 else find(found, *keys[1:])
    while end < count and isinstance(keys[end], int):
        end += 1
    found = flat_sequence(find(value, *keys[:end]) for value in values)
    return find(found, *keys[end:]) if end < count else found


def _members(values: list[Json], key: str | int) -> Json:
    """What a name finds in the elements of an array: ``flat_sequence`` of it, with few calls as it is needed often."""
    found = []
    try:
        for value in values:
            part = value[key]
            if type(part) is Many or type(part) is list:
                break
            found.append(part)
        else:
            return Many(found) if len(found) > 1 else found[0] if found else NOTHING
    except (LookupError, TypeError):  # an element that has no such member, or is no object
        pass
    return flat_sequence([find(value, key) for value in values])


def nth(value: Json, position: float) -> Json:
    """``value[position]``: an element of an array, from the end if negative; what is no array is its own first."""
    if value is NOTHING:
        return value
    values, place = all_of(value), math.trunc(position)
    return list.__getitem__(values, place) if -len(values) <= place < len(values) else NOTHING


def all_of(value: Json) -> list[Json]:
    """The elements to go through: of an array its own, otherwise the value alone, or none."""
    return value if isinstance(value, list) else [] if value is NOTHING else [value]


def mapped(value: Json, function: Callable[[Json], Json]) -> Json:
    """``value.(expression)``: of an array, what the function gives for its elements; otherwise what it gives for it."""
    if isinstance(value, list):
        return flat_sequence(map(function, value))
    return value if value is NOTHING else function(value)


def sequence(values: Iterable[Json]) -> Json:
    """The values that are there: nothing if none, the value itself if one, otherwise a list."""
    found = values if type(values) is list else [*values]
    for value in found:
        if value is NOTHING:
            found = [value for value in found if value is not NOTHING]
            break
    return found[0] if len(found) == 1 else Many(found) if found else NOTHING


def flat_sequence(values: Iterable[Json]) -> Json:
    """A sequence in which the elements of arrays stand in their place."""
    given = values if type(values) is list else [*values]
    if len(given) > 1 and _NOT_AS_THEY_ARE.isdisjoint(map(type, given)):
        return Many(given)
    found = list[Json]()
    for value in given:
        if isinstance(value, list):
            found += value
        elif value is not NOTHING:
            found.append(value)
    return found[0] if len(found) == 1 else Many(found) if found else NOTHING


def listed(*values: Json) -> list[Json]:
    """``[…]``: the values that are there, with the elements of arrays in their place."""
    found = Many()
    for value in values:
        found += all_of(value)
    return found


def record(members: dict[str, Json]) -> dict[str, Json]:
    """``{…}``: the members that have a value."""
    for value in members.values():
        if value is NOTHING:
            break
    else:
        return members
    return {key: value for key, value in members.items() if value is not NOTHING}
