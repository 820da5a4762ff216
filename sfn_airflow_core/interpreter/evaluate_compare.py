"""Comparisons: the Choice families, in which another type is simply not equal, and those of path filters."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, assert_never

import regex  # type: ignore[import-untyped]  # it publishes no types

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.expr.model import Compare
from sfn_airflow_core.interpreter.evaluate_path import Evaluate
from sfn_airflow_core.interpreter.failures import EvaluationError, MissingValue
from sfn_airflow_core.interpreter.values import equal, is_number, timestamp

if TYPE_CHECKING:
    from sfn_airflow_core.interpreter.evaluate import Data

_DELIMITED = re.compile(r"/(.*)/([a-zA-Z]*)", re.DOTALL)
_REGEX_SECONDS = 1.0

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def holds(compare: Compare, data: Data, evaluate: Evaluate) -> bool:
    """Whether the comparison holds; a missing Choice operand raises MissingValue."""
    if compare.family == "jsonpath":
        return _filter(compare, data, evaluate)
    left, right = evaluate(compare.left, data), evaluate(compare.right, data)
    order = _ORDER[compare.operator]
    match compare.family:
        case "string":
            if isinstance(left, str) and isinstance(right, str):
                return order(_utf16(left), _utf16(right))
        case "numeric":
            if is_number(left) and is_number(right):
                return order(left, right)
        case "boolean":
            if isinstance(left, bool) and isinstance(right, bool):
                return order(left, right)
        case "timestamp":
            # Instants, not texts, are compared (not recorded; the specification says timestamps).
            earlier, later = timestamp(left), timestamp(right)
            if earlier is not None and later is not None:
                return order(earlier, later)
        case "matches":
            if isinstance(left, str) and isinstance(right, str):
                return wildcard_match(right, left)
    return False


def _utf16(text: str) -> bytes:
    """Java orders strings by UTF-16 code units; big-endian bytes order the same way."""
    return text.encode("utf-16-be", "surrogatepass")


def wildcard_match(pattern: str, text: str) -> bool:
    r"""``StringMatches``: ``*`` is any run of characters, ``\*`` a star, ``\\`` a backslash; linear time.

    Raises EvaluationError for any other use of a backslash.
    """
    pieces: list[str] = [""]
    characters = iter(pattern)
    for character in characters:
        if character == "*":
            pieces.append("")
        elif character == "\\":
            escaped = next(characters, "")
            if escaped not in ("*", "\\") or not escaped:
                raise EvaluationError(f"Invalid escape in the pattern '{pattern}'")
            pieces[-1] += escaped
        else:
            pieces[-1] += character
    if len(pieces) == 1:
        return text == pieces[0]
    first, *middle, last = pieces
    if not text.startswith(first):
        return False
    position = len(first)
    for piece in middle:
        found = text.find(piece, position)
        if found < 0:
            return False
        position = found + len(piece)
    return len(text) - position >= len(last) and text.endswith(last)


def _filter(compare: Compare, data: Data, evaluate: Evaluate) -> bool:
    """Jayway: numbers and texts are equal if they read the same, but have no order; a missing value equals nothing."""
    try:
        left = evaluate(compare.left, data)
    except MissingValue:
        return compare.operator in ("!=", "nin")
    try:
        right = evaluate(compare.right, data)
    except MissingValue:
        return compare.operator in ("!=", "nin")
    match compare.operator:
        case "==":
            return _alike(left, right)
        case "!=":
            return not _alike(left, right)
        case "<" | "<=" | ">" | ">=":
            same = (is_number(left) and is_number(right)) or (isinstance(left, str) and isinstance(right, str))
            return same and _ORDER[compare.operator](left, right)
        case "=~":
            return _regex(left, right)
        case "in":
            return isinstance(right, list) and _contains(right, left)
        case "nin":
            return isinstance(right, list) and not _contains(right, left)
        case "subsetof":
            return isinstance(left, list) and isinstance(right, list) and all(_contains(right, item) for item in left)
        case "anyof":
            return isinstance(left, list) and isinstance(right, list) and any(_contains(right, item) for item in left)
        case "noneof":
            return isinstance(left, list) and isinstance(right, list) and not any(_contains(right, i) for i in left)
        case "contains":
            if isinstance(left, str):
                return isinstance(right, str) and right in left
            return isinstance(left, list) and _contains(left, right)
        case "size":
            return isinstance(left, str | list) and equal(len(left), right)
        case "empty":
            return isinstance(left, str | list) and (not left) is right
        case _:
            assert_never(compare.operator)


def _alike(left: Json, right: Json) -> bool:
    if isinstance(left, str) != isinstance(right, str):
        text, other = (left, right) if isinstance(left, str) else (right, left)
        try:
            return is_number(other) and float(str(text)) == other
        except ValueError:
            return False
    return equal(left, right)


def _contains(items: list[Json], wanted: Json) -> bool:
    return any(_alike(item, wanted) for item in items)


def _regex(value: Json, pattern: Json) -> bool:
    """``=~ /…/i``: the whole text must match; patterns are somebody else's, so matching has a time limit."""
    if not isinstance(value, str) or not isinstance(pattern, str):
        return False
    found = _DELIMITED.fullmatch(pattern)
    source, letters = found.groups() if found else (pattern, "")
    flags = sum({"i": regex.IGNORECASE, "s": regex.DOTALL, "m": regex.MULTILINE}.get(c, 0) for c in set(letters))
    try:
        return regex.fullmatch(source, value, flags, timeout=_REGEX_SECONDS) is not None
    except (regex.error, TimeoutError) as error:
        raise EvaluationError(f"Invalid pattern {pattern}: {error}") from error
