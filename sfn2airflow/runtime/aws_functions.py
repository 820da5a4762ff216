"""The functions that Step Functions adds to JSONata, and those that depend on time and chance.

Source: Step Functions guide, https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

import hashlib
import json
import math
import random
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from . import clock
from .query_data import json_of, numeric
from .query_values import NOTHING, Json, Many, all_of, plain

_MOST = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ALGORITHMS = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


def _whole(value: Json) -> int:
    number: float = numeric(value)
    return math.floor(number + 0.5)


def partition(values: Json, size: Json) -> Json:
    """``$partition``: the array in arrays of ``size`` elements, the last of which may be shorter."""
    if values is NOTHING:
        return values
    items, step = all_of(values), _whole(size)
    if step < 1:
        raise ValueError("the size of $partition must be positive")
    return Many(Many(items[start : start + step]) for start in range(0, len(items), step))


def steps(first: Json, last: Json, step: Json) -> Json:
    """``$range``: numbers from ``first`` to ``last``, both included; a single number stands for itself (recorded)."""
    start, end, by = map(_whole, (first, last, step))
    if by == 0:
        raise ValueError("the step of $range must not be 0")
    numbers = range(start, end + (1 if by > 0 else -1), by)
    if len(numbers) > _MOST:
        raise ValueError(f"$range makes more than {_MOST} numbers")
    return numbers[0] if len(numbers) == 1 else Many(numbers) if numbers else NOTHING


def hash_of(value: Json, algorithm: Json) -> Json:
    """``$hash``: the hash of a string, or of the JSON text of a value, in hexadecimal."""
    if value is NOTHING:
        return value
    if not isinstance(algorithm, str) or algorithm not in _ALGORITHMS:
        raise ValueError(f"$hash knows {', '.join(_ALGORITHMS)}, not {json_of(algorithm)[:50]}")
    written = value if isinstance(value, str) else json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"))
    data = written.encode("utf-8", "surrogatepass")
    return hashlib.new(_ALGORITHMS[algorithm], data, usedforsecurity=False).hexdigest()


def parse(text: Json) -> Json:
    """``$parse``: the value of a JSON text."""
    if text is NOTHING:
        return text
    if not isinstance(text, str):
        raise TypeError(f"$parse needs a string, not {json_of(text)[:100]}")
    return json.loads(text)


def random_number(seed: Json = NOTHING) -> float:
    """``$random``: a number from 0 to below 1, the same for the same seed (but not AWS's)."""
    return random.random() if seed is NOTHING else random.Random(numeric(seed)).random()


def uuid() -> str:
    """``$uuid``"""
    return str(uuid4())


def millis() -> int:
    """``$millis``: the time of the evaluation."""
    return (clock.now() - _EPOCH) // timedelta(milliseconds=1)


def now() -> str:
    """``$now``: the time of the evaluation, in UTC with milliseconds."""
    return clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
