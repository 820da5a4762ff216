"""The intrinsic functions of JSONPath states for which Python has no short word.

Pure functions, without Airflow; errors as in ``data``. Source: States Language specification, "Intrinsic Functions".
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import random
import re
import uuid

from .data import Json, array, is_number, json_text, same


def text(value: Json) -> str:
    """A value as ``States.Format`` prints it: objects and arrays in Java's manner, ``{a=1, b=[]}`` (recorded)."""
    match value:
        case str():
            return value
        case dict():
            return "{" + ", ".join(f"{key}={text(inner)}" for key, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(text, value)) + "]"
        case _:
            return json_text(value)


def format_text(template: Json, *values: Json) -> str:
    r"""``States.Format``: ``{}`` takes the next value; ``\{``, ``\}``, ``\'`` and ``\\`` lose their backslash."""
    pieces = re.split(r"(\{\}|\\[{}'\\])", words(template))
    if pieces.count("{}") != len(values):
        raise ValueError(f"the template has {pieces.count('{}')} {{}} for {len(values)} values")
    rest = iter(values)
    return "".join(
        text(next(rest)) if piece == "{}" else piece[at % 2 :] for at, piece in enumerate(pieces)
    )  # every second piece is what the split found: {} or an escape


def words(value: Json) -> str:
    """A value that has to be a string."""
    if not isinstance(value, str):
        raise TypeError(f"a string is needed, not {json_text(value)[:100]}")
    return value


def _short(value: str) -> str:
    """A string within the limit of the functions that encode."""
    if len(words(value)) > 10_000:
        raise ValueError("more than 10,000 characters")
    return value


def rounded(value: Json) -> int:
    """A number as the mathematical functions take it: rounded, halves upwards (recorded for ``States.MathAdd``)."""
    if not is_number(value) or not math.isfinite(value):
        raise TypeError(f"a number is needed, not {json_text(value)[:100]}")
    whole = math.floor(value)
    return int(whole + (value - whole >= 0.5))


def json_value(value: Json) -> Json:
    """``States.StringToJson``: the value of a JSON text; null if there is only white space (recorded)."""

    def refuse(name: str) -> Json:
        raise ValueError(f"{name} is no JSON")

    try:
        return json.loads(value, parse_constant=refuse) if words(value).strip() else None
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def partition(values: Json, size: Json) -> list[Json]:
    """``States.ArrayPartition``: parts of this size; the last may be shorter."""
    if (step := rounded(size)) < 1:
        raise ValueError("a part has at least one element")
    return [array(values)[start : start + step] for start in range(0, len(array(values)), step)]


def contains(values: Json, value: Json) -> bool:
    """``States.ArrayContains``, by value."""
    return any(same(value, other) for other in array(values))


def number_range(first: Json, last: Json, step: Json) -> list[int]:
    """``States.ArrayRange``: the last number is included; at most 1,000."""
    by = rounded(step)
    numbers = range(rounded(first), rounded(last) + (1 if by > 0 else -1), by)
    if len(numbers[:1001]) > 1000:
        raise ValueError("more than 1,000 numbers")
    return list(numbers)


def item_at(values: Json, position: Json) -> Json:
    """``States.ArrayGetItem``: counts from 0; AWS does not document negative positions, so there is nothing."""
    if (at := rounded(position)) < 0:
        raise IndexError(f"no element {at}")
    return array(values)[at]


def unique(values: Json) -> list[Json]:
    """``States.ArrayUnique``: each value where it first occurs."""
    found = list[Json]()
    for value in array(values):
        if not contains(found, value):
            found.append(value)
    return found


def base64_encode(value: Json) -> str:
    """``States.Base64Encode``."""
    return base64.b64encode(_short(value).encode("utf-8", "surrogatepass")).decode()


def base64_decode(value: Json) -> str:
    """``States.Base64Decode``."""
    return base64.b64decode(_short(value), validate=True).decode("utf-8", "replace")


def hash_text(value: Json, algorithm: Json) -> str:
    """``States.Hash``: the digest, in hexadecimal, of a string or of the JSON of anything else."""
    if algorithm not in ("MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512"):
        raise ValueError(f"no hash algorithm {json_text(algorithm)}")
    digested = _short(value if isinstance(value, str) else json_text(value)).encode("utf-8", "surrogatepass")
    return hashlib.new(algorithm.replace("-", ""), digested, usedforsecurity=False).hexdigest()


def json_merge(left: Json, right: Json, deep: Json) -> dict[str, Json]:
    """``States.JsonMerge`` with a third argument from the data: AWS only knows false."""
    if deep is not False:
        raise ValueError("States.JsonMerge only merges shallowly")
    return {**left, **right}


def math_random(start: Json, end: Json, seed: Json = None) -> int:
    """``States.MathRandom``: from start up to, not including, end; a seed repeats, with other numbers than on AWS."""
    source = random if seed is None else random.Random(rounded(seed))
    return source.randrange(rounded(start), rounded(end))


def split(value: Json, separators: Json) -> list[str]:
    """``States.StringSplit``: each character of the second string separates; empty parts are dropped."""
    pattern = f"[{re.escape(words(separators))}]" if separators else "(?!)"
    return [piece for piece in re.split(pattern, words(value)) if piece]


def new_uuid() -> str:
    """``States.UUID``."""
    return str(uuid.uuid4())
