"""The intrinsic functions of JSONPath states, after AWS's recorded results (States Language, Intrinsic Functions).

Every function takes evaluated arguments and raises EvaluationError for those it does not accept.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import random
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.interpreter.failures import EvaluationError
from sfn_airflow_core.interpreter.values import equal, is_number, java_text, json_text, parse_json

_TEXT_LIMIT = 10_000
_RANGE_LIMIT = 1_000
_ALGORITHMS = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


@dataclass(frozen=True, slots=True)
class Signature:
    """An intrinsic function, with how many arguments it takes; ``draws`` where it takes a source of randomness
    first.
    """

    apply: Callable[..., Json]
    least: int
    most: int
    draws: bool = False


def _text(value: Json, function: str) -> str:
    if not isinstance(value, str):
        raise EvaluationError(
            f"Invalid arguments in States.{function}: a string is expected, but was {json_text(value)}"
        )
    return value


def _short(value: Json, function: str) -> str:
    text = _text(value, function)
    if len(text) > _TEXT_LIMIT:
        raise EvaluationError(f"Invalid arguments in States.{function}: more than {_TEXT_LIMIT} characters")
    return text


def _array(value: Json, function: str) -> list[Json]:
    if not isinstance(value, list):
        raise EvaluationError(
            f"Invalid arguments in States.{function}: an array is expected, but was {json_text(value)}"
        )
    return value


def _integer(value: Json, function: str) -> int:
    """A number rounded as Java's ``Math.round``: half toward positive infinity (recorded for MathAdd)."""
    if not isinstance(value, int | float) or not is_number(value):
        raise EvaluationError(
            f"Invalid arguments in States.{function}: a number is expected, but was {json_text(value)}"
        )
    if isinstance(value, int):
        return value
    if not math.isfinite(value):
        raise EvaluationError(f"Invalid arguments in States.{function}: {value} is not a number")
    whole = math.floor(value)
    return whole + (value - whole >= 0.5)


def _format(template: Json, *arguments: Json) -> str:
    text = _text(template, "Format")
    pieces: list[str] = []
    remaining = iter(arguments)
    used = 0
    # The reader leaves \{ and \} escaped in a template, so that only {} is a place for an argument.
    for piece in re.split(r"(\{\}|\\[{}\\'])", text):
        if piece == "{}":
            if used == len(arguments):
                raise EvaluationError("Invalid arguments in States.Format: fewer arguments than {}")
            pieces.append(java_text(next(remaining)))
            used += 1
        elif len(piece) == 2 and piece[0] == "\\":
            pieces.append(piece[1])
        else:
            pieces.append(piece)
    if used != len(arguments):
        raise EvaluationError("Invalid arguments in States.Format: more arguments than {}")
    return "".join(pieces)


def _string_to_json(value: Json) -> Json:
    text = _text(value, "StringToJson")
    if not text.strip():
        return None  # recorded: '' and ' ' give null
    try:
        return parse_json(text)
    except ValueError as error:
        raise EvaluationError(f"Invalid arguments in States.StringToJson: {error}") from error


def _partition(value: Json, size: Json) -> Json:
    array, step = _array(value, "ArrayPartition"), _integer(size, "ArrayPartition")
    if step < 1:
        raise EvaluationError("Invalid arguments in States.ArrayPartition: the chunk size must be positive")
    return [array[start : start + step] for start in range(0, len(array), step)]


def _contains(value: Json, wanted: Json) -> bool:
    return any(equal(item, wanted) for item in _array(value, "ArrayContains"))


def _range(start: Json, end: Json, step: Json) -> Json:
    first, last, by = (_integer(number, "ArrayRange") for number in (start, end, step))
    if by == 0:
        raise EvaluationError("Invalid arguments in States.ArrayRange: the step must not be 0")
    numbers = range(first, last + (1 if by > 0 else -1), by)
    if len(numbers) > _RANGE_LIMIT:
        raise EvaluationError(f"Invalid arguments in States.ArrayRange: more than {_RANGE_LIMIT} elements")
    return list(numbers)


def _get_item(value: Json, index: Json) -> Json:
    array, position = _array(value, "ArrayGetItem"), _integer(index, "ArrayGetItem")
    if not 0 <= position < len(array):  # a negative index is not documented: refused
        raise EvaluationError(f"Invalid arguments in States.ArrayGetItem: no element {position}")
    return array[position]


def _unique(value: Json) -> Json:
    kept: list[Json] = []
    for item in _array(value, "ArrayUnique"):
        if not any(equal(item, other) for other in kept):
            kept.append(item)
    return kept


def _encode(value: Json) -> str:
    return base64.b64encode(_short(value, "Base64Encode").encode("utf-8", "surrogatepass")).decode()


def _decode(value: Json) -> str:
    try:
        return base64.b64decode(_short(value, "Base64Decode"), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError) as error:
        raise EvaluationError(f"Invalid arguments in States.Base64Decode: {error}") from error


def _hash(value: Json, algorithm: Json) -> str:
    name = _ALGORITHMS.get(_text(algorithm, "Hash"))
    if name is None:
        raise EvaluationError(f"Invalid arguments in States.Hash: unknown algorithm {algorithm}")
    return digest(_short(value if isinstance(value, str) else json_text(value), "Hash"), name)


def digest(text: str, algorithm: str) -> str:
    """The hexadecimal digest of a text, as AWS prints it."""
    return hashlib.new(algorithm, text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def _merge(left: Json, right: Json, deep: Json) -> Json:
    if not isinstance(left, dict) or not isinstance(right, dict) or deep is not False:
        raise EvaluationError("Invalid arguments in States.JsonMerge: two objects and false are expected")
    return {**left, **right}


def _add(left: Json, right: Json) -> int:
    total = _integer(left, "MathAdd") + _integer(right, "MathAdd")
    if not -(2**63) <= total < 2**63:  # our decision: what does not fit Java's long fails
        raise EvaluationError("Invalid arguments in States.MathAdd: the sum is too large")
    return total


def _math_random(source: random.Random, start: Json, end: Json, *seed: Json) -> int:
    low, high = _integer(start, "MathRandom"), _integer(end, "MathRandom")
    if low >= high:
        raise EvaluationError("Invalid arguments in States.MathRandom: the start must be less than the end")
    chosen = random.Random(_integer(seed[0], "MathRandom")) if seed else source
    return chosen.randrange(low, high)  # whether the end is included is not documented; Java's nextInt excludes it


def random_uuid(source: random.Random) -> str:
    """A version 4 UUID from the given source, so that an execution can be repeated."""
    return str(uuid.UUID(int=source.getrandbits(128), version=4))


def _split(value: Json, separators: Json) -> Json:
    text, characters = _text(value, "StringSplit"), _text(separators, "StringSplit")
    if not characters:
        return [text] if text else []
    return [part for part in re.split(f"[{re.escape(characters)}]", text) if part]


_ANY = 1 << 30

INTRINSICS: dict[str, Signature] = {
    "States.Format": Signature(_format, 1, _ANY),
    "States.StringToJson": Signature(_string_to_json, 1, 1),
    "States.JsonToString": Signature(json_text, 1, 1),
    "States.Array": Signature(lambda *items: list(items), 0, _ANY),
    "States.ArrayPartition": Signature(_partition, 2, 2),
    "States.ArrayContains": Signature(_contains, 2, 2),
    "States.ArrayRange": Signature(_range, 3, 3),
    "States.ArrayGetItem": Signature(_get_item, 2, 2),
    "States.ArrayLength": Signature(lambda value: len(_array(value, "ArrayLength")), 1, 1),
    "States.ArrayUnique": Signature(_unique, 1, 1),
    "States.Base64Encode": Signature(_encode, 1, 1),
    "States.Base64Decode": Signature(_decode, 1, 1),
    "States.Hash": Signature(_hash, 2, 2),
    "States.JsonMerge": Signature(_merge, 3, 3),
    "States.MathRandom": Signature(_math_random, 2, 3, draws=True),
    "States.MathAdd": Signature(_add, 2, 2),
    "States.StringSplit": Signature(_split, 2, 2),
    "States.UUID": Signature(random_uuid, 0, 0, draws=True),
}
"""The functions by name: ``INTRINSICS["States.Format"].apply(template, *arguments)``."""
