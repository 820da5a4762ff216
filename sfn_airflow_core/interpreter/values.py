"""JSON values as Step Functions sees them: text, sizes, dates, and writing a value at a reference path."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from sfn_airflow_core.asl.model import Json, Placeholder

PAYLOAD_LIMIT = 262_144
"""Bytes (UTF-8) that a state, a task or an execution may take or give."""

_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)


def _open(value: object) -> str:
    if isinstance(value, Placeholder):
        return f"${{{value.name}}}"
    raise TypeError(f"not a JSON value: {type(value).__name__}")


_COMPACT = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, default=_open)


def json_text(value: Json) -> str:
    """Compact JSON, as in history events and ``States.JsonToString``."""
    return _COMPACT.encode(value)


def byte_size(value: Json) -> int:
    """How many bytes the value's JSON text has in UTF-8."""
    return len(json_text(value).encode("utf-8", "surrogatepass"))


def too_large(value: Json, limit: int = PAYLOAD_LIMIT) -> bool:
    """Whether the value's JSON text has more bytes than ``limit``."""
    text = json_text(value)
    return len(text) > limit or (len(text) * 3 > limit and len(text.encode("utf-8", "surrogatepass")) > limit)


def parse_json(text: str) -> Json:
    """The value of a JSON text; ValueError for anything else, NaN and Infinity included."""

    def refuse(name: str) -> Any:
        raise ValueError(f"{name} cannot be a JSON number")

    def finite(digits: str) -> float:
        number = float(digits)
        return number if math.isfinite(number) else refuse(digits)

    try:
        value: Json = json.loads(text, parse_constant=refuse, parse_float=finite)
    except RecursionError as deep:
        raise ValueError("nested too deeply") from deep
    return value


def kind(value: Json) -> str:
    """The JSON type of a value: null, boolean, number, string, array or object."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str() | Placeholder():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"


def is_number(value: object) -> bool:
    """Whether a value is a JSON number (a boolean is not)."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def equal(left: Json, right: Json) -> bool:
    """Deep equality of JSON values: 0 equals 0.0, true does not equal 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    return left == right


def timestamp(text: Json) -> datetime | None:
    """The instant of an RFC 3339 timestamp with upper-case T and Z, or None; digits beyond microseconds are dropped."""
    found = _TIMESTAMP.fullmatch(text) if isinstance(text, str) else None
    if not found:
        return None
    *numbers, fraction, sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes)) if sign else timedelta(0)
    try:
        zone = timezone(-offset if sign == "-" else offset)
        micro = int((fraction or "0")[:6].ljust(6, "0"))
        year, month, day, hour, minute, second = map(int, numbers)
        return datetime(year, month, day, hour, minute, second, micro, zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def date_text(moment: datetime) -> str:
    """A date as the context object writes it: ``2026-01-01T00:00:00.000Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def java_text(value: Json) -> str:
    """A value as ``States.Format`` prints it: JSON scalars bare, containers in the manner of Java's maps and lists."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case dict():
            return "{" + ", ".join(f"{key}={java_text(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(java_text, value)) + "]"
        case str():
            return value
        case _:
            return json_text(value)
