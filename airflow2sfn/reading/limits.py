"""Which values are plain data, and how large they may get while a file is evaluated."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import PurePath
from typing import Any
from zoneinfo import ZoneInfo

from airflow2sfn.reading.evaluate import MOST_ITEMS, MOST_TEXT, Raised, TooMuch
from sfn_airflow_core.text import Span

SCALARS = (
    *(type(None), bool, int, float, complex, str, bytes, range, PurePath, ZoneInfo),
    *(dt.date, dt.time, dt.timedelta, dt.tzinfo),
)
CONTAINERS = (list, tuple, set, frozenset, dict)
_MOST_BITS = 4096

_EXPECTED = (
    *(TypeError, ValueError, LookupError, AttributeError, ArithmeticError, UnicodeError, StopIteration),
    re.error,
)


def is_plain(value: Any) -> bool:
    """Whether a value is data through and through. Raises TooMuch for what is larger than a DAG needs."""
    todo, seen = [value], 0
    while todo:
        item = todo.pop()
        seen += 1
        if seen > MOST_ITEMS:
            raise TooMuch(f"a value with more than {MOST_ITEMS} parts")
        if isinstance(item, dict):
            todo += item.keys()
            todo += item.values()
        elif isinstance(item, (list, tuple, set, frozenset)):
            todo += item
        elif not isinstance(item, SCALARS):
            return False
    return True


def small(value: Any) -> Any:
    """The value itself. Raises TooMuch where it is too large to go on with."""
    if isinstance(value, (str, bytes)) and len(value) > MOST_TEXT:
        raise TooMuch(f"a text of more than {MOST_TEXT} characters")
    if isinstance(value, (*CONTAINERS, range)) and len(value) > MOST_ITEMS:
        raise TooMuch(f"a collection of more than {MOST_ITEMS} items")
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        raise TooMuch(f"a number of more than {_MOST_BITS} bits")
    return value


def attempt(work: Callable[..., Any], *args: Any, span: Span | None = None, **kwargs: Any) -> Any:
    """Does something with known values. Raises Raised where Python raises an ordinary exception."""
    try:
        return small(work(*args, **kwargs))
    except OverflowError as error:
        raise TooMuch(str(error)) from None
    except _EXPECTED as error:
        raise Raised(type(error).__name__, str(error)[:200], span) from None


def check_format(spec: str) -> None:
    """Refuses widths and precisions that would make a huge text. Raises TooMuch."""
    if re.search(r"\d{5}|\*", spec):
        raise TooMuch("a format with a width of five digits or a computed one")


def add(left: Any, right: Any) -> Any:
    """``left + right`` of known values, within limits."""
    if isinstance(left, (str, bytes, list, tuple)) and isinstance(right, (str, bytes, list, tuple)):
        limit = MOST_TEXT if isinstance(left, (str, bytes)) else MOST_ITEMS
        if len(left) + len(right) > limit:
            raise TooMuch("a concatenation that is too long")
    return left + right


def multiply(left: Any, right: Any) -> Any:
    """``left * right`` of known values, within limits."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, (str, bytes, list, tuple)) and isinstance(other, int):
            limit = MOST_TEXT if isinstance(one, (str, bytes)) else MOST_ITEMS
            if len(one) * max(other, 0) > limit:
                raise TooMuch("a repetition that is too long")
    return left * right


def power(left: Any, right: Any) -> Any:
    """``left ** right`` of known numbers, within limits."""
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() * abs(right) > _MOST_BITS:
        raise TooMuch("a power that is too large")
    return left**right


def shift(left: Any, right: Any) -> Any:
    """``left << right`` of known numbers, within limits."""
    if isinstance(right, int) and right > _MOST_BITS:
        raise TooMuch("a shift that is too large")
    return left << right


def remainder(left: Any, right: Any) -> Any:
    """``left % right`` of known values; formatting within limits."""
    if isinstance(left, (str, bytes)):
        check_format(left if isinstance(left, str) else left.decode("latin-1"))
    return left % right
