"""JSON text to a value at C speed; what it cannot take is explained by the positioned scanner."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator

from sfn_airflow_core.asl.model import Json, Placeholder
from sfn_airflow_core.findings import Problem
from sfn_airflow_core.jsonmap.limits import DEPTH, INTEGER_DIGITS, INVALID
from sfn_airflow_core.jsonmap.positions import Lines
from sfn_airflow_core.jsonmap.scan import BARE, STRING, Scan, scan

_MAY_BE_BARE = re.compile(r"(?:[:,\[]|\A)\s*+\$\{")
_WORDS = re.compile(rf"(?P<string>{STRING})|(?P<bare>{BARE})|(?P<constant>NaN|-?Infinity)", re.DOTALL)


class Refused(ValueError):
    """The fast reader met something that only the scanner can explain."""


class Unparsable(Exception):
    """The text is no JSON document that can be read; ``problems`` says why."""

    def __init__(self, problems: list[Problem]):
        super().__init__()
        self.problems = problems


def parse(text: str) -> Json:
    """Read a JSON text; a bare ``${Name}`` becomes a ``Placeholder``.

    Args:
        text: the text, without a byte order mark.

    Raises:
        Unparsable: with every problem, located.
    """
    try:
        return _load(text)
    except (ValueError, RecursionError) as error:
        problems = scan(text).problems
        if not problems:
            place = error.pos if isinstance(error, json.JSONDecodeError) else 0
            problems = [Problem(INVALID, f"The text is not valid JSON: {error}.", "", Lines(text).span(place, place))]
        raise Unparsable(problems) from None


def places(text: str) -> Scan:
    """The positions of a text that ``parse`` took."""
    return scan(text)


def _load(text: str) -> Json:
    names: Iterator[str] = iter(())
    if "${" in text and _MAY_BE_BARE.search(text):
        text, found = _cover(text)
        names = iter(found)

    def constant(word: str) -> Placeholder:
        name = next(names, None)
        if name is None:
            raise Refused(word)
        return Placeholder(name)

    value: Json = json.loads(
        text, object_pairs_hook=_members, parse_int=_integer, parse_float=_number, parse_constant=constant
    )
    check_depth(value)
    if "\\u" in text:
        _refuse_surrogates(text)
    return value


def _cover(text: str) -> tuple[str, list[str]]:
    """Put a constant in the place of each bare placeholder; the constants come back in the order of the text.

    No string can imitate a constant, so nothing that is written in a string can become a placeholder.
    """
    names: list[str] = []

    def replace(match: re.Match[str]) -> str:
        if match.lastgroup == "constant":
            raise Refused(match[0])
        if match.lastgroup == "string":
            return match[0]
        names.append(match[0][2:-1])
        return "NaN"

    return _WORDS.sub(replace, text), names


def _members(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise Refused("duplicate key")
    return value


def _integer(digits: str) -> int:
    if len(digits) > INTEGER_DIGITS:
        raise Refused("integer")
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise Refused("number")
    return value


def check_depth(value: Json) -> None:
    """Refuse a value that is nested deeper than ``DEPTH``, level by level, so that this cannot overflow either."""
    level: list[Json] = [value]
    for _ in range(DEPTH + 1):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return
    raise Refused("depth")


_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def _refuse_surrogates(text: str) -> None:
    """Refuse a text that holds a half surrogate escape; the scanner decides which escapes really are halves."""
    if _HALF.search(text) and scan(text).problems:
        raise Refused("surrogate")
