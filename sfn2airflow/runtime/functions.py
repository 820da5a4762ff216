"""The functions of JSONata, without ``$``, in Python's spelling; a first argument that is missing gives nothing.

Pure functions; errors as in ``query_data``. Source: JSONata 2.0.6, https://docs.jsonata.org/2.0.0/string-functions and
the pages beside it.
"""

from __future__ import annotations

import base64
import functools
import math
import re
from collections.abc import Callable, Iterable, Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from urllib.parse import quote, unquote

from .aws_functions import hash_of, millis, now, parse, partition, random_number, steps, uuid
from .query_data import equal, holds, is_numeric, json_of, numeric, shown
from .query_values import NOTHING, Json, Many, all_of, find, flat_sequence, known, listed, nth, sequence

__all__ = ["hash_of", "millis", "now", "nth", "parse", "partition", "random_number", "steps", "uuid"]

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?", re.ASCII)
_RADIX = re.compile(r"0([xX][0-9A-Fa-f]+|[oO][0-7]+|[bB][01]+)", re.ASCII)
_LONGEST = 2**29 - 24
_URL, _COMPONENT = ";,/?:@&=+$-_.!~*'()#", "-_.!~*'()"


def _of_text(function: Callable[..., Json]) -> Callable[..., Json]:
    """A function of a string: nothing of nothing, TypeError for anything else."""

    @functools.wraps(function)
    def checked(value: Json, *more: Json) -> Json:
        if value.__class__ is not str:
            return value if value is NOTHING else function(words(value), *more)
        return function(value, *more)

    return checked


def _of_number(function: Callable[..., Json]) -> Callable[..., Json]:
    """A function of a number: nothing of nothing, TypeError for anything else."""

    @functools.wraps(function)
    def checked(value: Json, *more: Json) -> Json:
        return value if value is NOTHING else function(numeric(value), *more)

    return checked


def words(value: Json) -> str:
    """A string; TypeError for anything else."""
    if not isinstance(value, str):
        raise TypeError(f"a string is needed, not {json_of(known(value))[:100]}")
    return value


def text(value: Json) -> Json:
    return value if value is NOTHING else shown(value)


length = _of_text(len)
uppercase = _of_text(str.upper)
lowercase = _of_text(str.lower)
trim = _of_text(lambda value: re.sub(r"[ \t\n\r]+", " ", value).removeprefix(" ").removesuffix(" "))


@_of_text
def substring(value: str, start: Json, count: Json = NOTHING) -> str:
    first = math.trunc(numeric(start))
    first = max(first + len(value), 0) if first < 0 else first
    return value[first:] if count is NOTHING else value[first : first + max(math.trunc(numeric(count)), 0)]


@_of_text
def substring_before(value: str, characters: Json) -> Json:
    return characters if characters is NOTHING else value.partition(words(characters))[0] if characters else ""


@_of_text
def substring_after(value: str, characters: Json) -> Json:
    if characters is NOTHING or not words(characters):
        return characters if characters is NOTHING else value
    _, found, after = value.partition(characters)
    return after if found else value


@_of_text
def pad(value: str, width: Json, character: Json = " ") -> Json:
    if width is NOTHING:
        return width
    size, fill = math.trunc(numeric(width)), words(character) or " "
    if abs(size) > _LONGEST:
        raise ValueError(f"a string of {abs(size)} characters is too long")
    missing = max(abs(size) - len(value), 0)
    filling = (fill * (missing // len(fill) + 1))[:missing]
    return value + filling if size >= 0 else filling + value


@_of_text
def contains(value: str, part: Json) -> Json:
    return part if part is NOTHING else words(part) in value


@_of_text
def split(value: str, separator: Json, limit: Json = NOTHING) -> list[str]:
    pieces = value.split(words(separator)) if separator else list(value)
    if limit is not NOTHING and numeric(limit) < 0:
        raise ValueError("the limit of $split must not be negative")
    return Many(pieces if limit is NOTHING else pieces[: math.trunc(limit)])


def join(values: Json, separator: Json = "") -> Json:
    between = "" if separator is NOTHING else words(separator)
    return values if values is NOTHING else between.join(map(words, all_of(values)))


@_of_text
def replace(value: str, part: Json, by: Json, limit: Json = NOTHING) -> Json:
    if part is NOTHING or by is NOTHING:
        return NOTHING
    if not words(part):
        raise ValueError("$replace cannot replace an empty string")
    if limit is not NOTHING and numeric(limit) < 0:
        raise ValueError("the limit of $replace must not be negative")
    # A pattern of characters has one group only, the whole match; other digits behind $ are dropped.
    inserted = re.sub(r"\$(\$|\d)", lambda m: {"$": "$", "0": part}.get(m[1], ""), words(by), flags=re.ASCII)
    return value.replace(part, inserted, -1 if limit is NOTHING else math.ceil(limit))


@_of_text
def base64encode(value: str) -> str:
    units = value.encode("utf-16-le", "surrogatepass")  # of each, the language takes the lower byte
    return base64.b64encode(units[::2]).decode()


base64decode = _of_text(lambda value: base64.b64decode(value).decode("latin-1"))
encode_url = _of_text(functools.partial(quote, safe=_URL))
encode_url_component = _of_text(functools.partial(quote, safe=_COMPONENT))
decode_url = decode_url_component = _of_text(functools.partial(unquote, errors="strict"))


def number(value: Json) -> Json:
    if value is NOTHING or is_numeric(value):
        return value
    if isinstance(value, bool):
        return int(value)
    if _RADIX.fullmatch(words(value)):
        return int(value, 0)
    if not _NUMBER.fullmatch(value) or not math.isfinite(float(value)):
        raise ValueError(f"{value!r} is no number")
    return float(value) if not float(value).is_integer() else int(float(value))


absolute = _of_number(abs)
floor = _of_number(math.floor)
ceil = _of_number(math.ceil)


@_of_number
def rounded(value: float, digits: Json = 0) -> Json:
    places = math.trunc(numeric(digits))
    result = Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    return int(result) if result == result.to_integral_value() else float(result)


@_of_number
def power(value: float, exponent: Json) -> Json:
    result = value ** numeric(exponent)
    if isinstance(result, complex) or not math.isfinite(result):
        raise ValueError(f"{value} to the power of {exponent} is no number")
    return result


square_root = _of_number(math.sqrt)


def _numbers(values: Json) -> list[float]:
    return [numeric(value) for value in all_of(values)]


def total(values: Json) -> Json:
    whole = 0.0
    for value in all_of(values):
        whole += value if type(value) is int or type(value) is float else numeric(value)
    if whole - whole != 0:  # a number, or their sum, is out of range
        whole = sum(map(numeric, all_of(values)))
    return values if values is NOTHING else whole


def largest(values: Json) -> Json:
    return max(_numbers(values), default=NOTHING)


def smallest(values: Json) -> Json:
    return min(_numbers(values), default=NOTHING)


def average(values: Json) -> Json:
    numbers = _numbers(values)
    return sum(map(float, numbers)) / len(numbers) if numbers else NOTHING


def boolean(value: Json) -> Json:
    return value if value is NOTHING else holds(value)


def negation(value: Json) -> Json:
    return value if value is NOTHING else not holds(value)


def count(values: Json) -> int:
    return len(all_of(values))


def append(first: Json, second: Json) -> Json:
    return first if second is NOTHING else second if first is NOTHING else listed(first, second)


def reverse(values: Json) -> Json:
    return values if values is NOTHING else Many(reversed(all_of(values)))


def distinct(values: Json) -> Json:
    if not isinstance(values, list) or len(values) < 2:
        return values
    kept, scalars = Many(), set[tuple[type, Json]]()
    for value in values:
        if isinstance(value, dict | list):
            new = not any(equal(value, other) for other in kept if isinstance(other, dict | list))
        else:
            key = (bool if isinstance(value, bool) else float if is_numeric(value) else str, value)
            new = key not in scalars
            scalars.add(key)
        if new:
            kept.append(value)
    return kept


def sort(values: Json) -> Json:
    items = all_of(values)
    if len(items) > 1 and not (all(map(is_numeric, items)) or all(isinstance(item, str) for item in items)):
        raise TypeError("$sort needs only numbers or only strings")
    return values if values is NOTHING else Many(sorted(items))


def zipped(*arrays: Json) -> list[Json]:
    return Many(Many(items) for items in zip(*map(all_of, arrays), strict=False))


def keys(value: Json) -> Json:
    names = dict.fromkeys(key for part in all_of(value) if isinstance(part, dict) for key in part)
    return sequence(names)


def lookup(value: Json, key: Json) -> Json:
    return find(value, key) if isinstance(key, str) else NOTHING


def merge(values: Json) -> Json:
    if values is NOTHING:
        return values
    return {key: part for value in all_of(values) for key, part in _object(value).items()}


def _object(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise TypeError(f"an object is needed, not {json_of(value)[:100]}")
    return value


def spread(value: Json) -> Json:
    if not isinstance(value, dict | list):
        return value
    return flat_sequence({key: part} for item in all_of(value) for key, part in _object(item).items())


def members(value: Json) -> Iterator[tuple[str, Json]]:
    """What ``$each`` and ``$sift`` go through."""
    return iter(() if value is NOTHING else _object(value).items())


def sifted(pairs: Iterable[tuple[str, Json]]) -> Json:
    """``$sift``: the object of these members; nothing if there are none."""
    return dict(pairs) or NOTHING


def kept(value: Json) -> Json:
    """``value[]``: an array, also of one."""
    return value if value is NOTHING else Many(all_of(value))


def folded(function: Callable[[Json, Json], Json], values: Json, start: Json = NOTHING) -> Json:
    """``$reduce``"""
    if values is NOTHING:
        return values
    items = all_of(values) if start is NOTHING else [start, *all_of(values)]
    return functools.reduce(function, items) if items else NOTHING


def type_of(value: Json) -> Json:
    kinds = {str: "string", bool: "boolean", int: "number", float: "number", dict: "object", type(None): "null"}
    return value if value is NOTHING else "array" if isinstance(value, list) else kinds[type(value)]
