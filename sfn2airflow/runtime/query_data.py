"""What operators of JSONata do with JSON values: truth, text, arithmetic, order, equality.

Pure functions over values in which ``NOTHING`` may stand. They raise LookupError, TypeError, ValueError or
ArithmeticError, which ``@jsonata`` turns into States.QueryEvaluationError. Source: JSONata 2.0.6,
https://docs.jsonata.org/2.0.0/comparison-operators and the pages beside it.
"""

from __future__ import annotations

import json
import math
import operator as operators
from collections.abc import Callable

from .query_values import NOTHING, Json, Many, all_of, known

_MOST_NUMBERS = 10_000_000
_EXACT = 2**53
_NUMBERS = frozenset((int, float))
_ORDERED = frozenset((int, str))
"""Types whose values have an order among themselves; a float may be out of range."""
_CALCULATE: dict[str, Callable[[float, float], float]] = {
    "+": operators.add,
    "-": operators.sub,
    "*": operators.mul,
    "/": lambda left, right: left / numeric(right),
    "%": lambda left, right: math.fmod(left, numeric(right)),
}
_COMPARE: dict[str, Callable[[Json, Json], bool]] = {
    "<": operators.lt,
    "<=": operators.le,
    ">": operators.gt,
    ">=": operators.ge,
}


def holds(value: Json) -> bool:
    """Whether JSONata takes a value for true: ``$boolean``; an array if one of its elements is true."""
    match value:
        case list():
            return any(map(holds, value))
        case _:
            return bool(value)


def shown(value: Json) -> str:
    """A value as ``&`` and ``$string`` write it, with 15 significant digits; nothing is an empty string."""
    if isinstance(value, str):
        return value
    return "" if value is NOTHING else _number_text(value) if is_numeric(value) else json_of(value)


def json_of(value: Json) -> str:
    """A value as JSON without white space, numbers as ``&`` writes them."""
    match value:
        case dict():
            return "{" + ",".join(f"{json_of(key)}:{json_of(part)}" for key, part in value.items()) + "}"
        case list():
            return "[" + ",".join(map(json_of, value)) + "]"
        case _ if is_numeric(value):
            return _number_text(value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def _number_text(value: float) -> str:
    """A number as ECMAScript prints it, after rounding a fraction to 15 significant digits."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"the number {number} is out of range")
    if number.is_integer() and abs(number) <= _EXACT:
        return str(int(number))
    digits, _, exponent = repr(number if number.is_integer() else float(f"{number:.15g}")).partition("e")
    whole, _, fraction = digits.lstrip("-").removesuffix(".0").partition(".")
    point = len(whole) + int(exponent or 0)
    significant = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(significant)
    sign, significant = "-" * (number < 0), significant.rstrip("0")
    if len(significant) <= point <= 21:
        return f"{sign}{significant}{'0' * (point - len(significant))}"
    if 0 < point <= 21:
        return f"{sign}{significant[:point]}.{significant[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{significant}"
    rest = f".{significant[1:]}" if len(significant) > 1 else ""
    return f"{sign}{significant[0]}{rest}e{'+' if point > 0 else '-'}{abs(point - 1)}"


def is_numeric(value: Json) -> bool:
    """Whether a value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def numeric(value: Json) -> Json:
    """A number; LookupError where nothing is, TypeError for anything else."""
    if type(value) is float:
        if value - value != 0:
            raise ValueError(f"the number {value} is out of range")
    elif not is_numeric(value):
        raise TypeError(f"a number is needed, not {json_of(known(value))[:100]}")
    return value


def calculated(left: Json, operator: str, right: Json) -> Json:
    """``left operator right`` of numbers for ``+ - * / %``; nothing if one of them is missing."""
    if left.__class__ not in _NUMBERS or right.__class__ not in _NUMBERS:
        for value in (left, right):
            if value is not NOTHING:
                numeric(value)
        if left is NOTHING or right is NOTHING:
            return NOTHING
    number = _CALCULATE[operator](left, right)
    if number.__class__ is float:
        return number if number - number == 0 else numeric(number)  # inf and nan are out of range
    return number if -_EXACT < number < _EXACT else numeric(_CALCULATE[operator](float(left), float(right)))


def negated(value: Json) -> Json:
    """``-value``; nothing of nothing."""
    return value if value is NOTHING else -numeric(value)


def compared(left: Json, operator: str, right: Json) -> Json:
    """``left operator right`` for ``< <= > >=``: two numbers or two strings; nothing if one of them is missing."""
    if left.__class__ is right.__class__ and left.__class__ in _ORDERED:
        return _COMPARE[operator](left, right)
    for value in (left, right):
        if value.__class__ is not int and not (isinstance(value, str) or value is NOTHING):
            numeric(value)
    if left is NOTHING or right is NOTHING:
        return NOTHING
    if isinstance(left, str) is not isinstance(right, str):
        raise TypeError(f"{json_of(left)[:50]} and {json_of(right)[:50]} have no order")
    return _COMPARE[operator](left, right)


def equal(left: Json, right: Json) -> bool:
    """``left = right``: by value, at any depth, 1 and true differ; nothing equals nothing else, nor itself."""
    return left is not NOTHING and right is not NOTHING and _alike(left, right)


def unequal(left: Json, right: Json) -> bool:
    """``left != right``: false if one of them is missing."""
    return left is not NOTHING and right is not NOTHING and not _alike(left, right)


def _alike(left: Json, right: Json) -> bool:
    match left, right:
        case list(), list():
            return len(left) == len(right) and all(map(_alike, left, right))
        case dict(), dict():
            return left.keys() == right.keys() and all(_alike(part, right[key]) for key, part in left.items())
        case _:
            return isinstance(left, bool) is isinstance(right, bool) and bool(left == right)


def among(value: Json, values: Json) -> bool:
    """``value in values``; false if one of them is missing."""
    return any(equal(value, other) for other in all_of(values))


def whole_numbers(first: Json, last: Json) -> Json:
    """``[first..last]``."""
    ends = [value if value is NOTHING else numeric(value) for value in (first, last)]
    if NOTHING in ends:
        return Many()
    start, end = map(int, ends)
    if ends != [start, end] or end - start >= _MOST_NUMBERS:
        raise ValueError(f"[{first}..{last}] is no range of fewer than {_MOST_NUMBERS} integers")
    return Many(range(start, end + 1))


def is_there(value: Json) -> bool:
    """``$exists``."""
    return value is not NOTHING


_TYPES: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "string": (str,),
    "number": (int, float),
    "array": (list,),
}


def typed(value: Json, wanted: str) -> Json:
    """The value of a field that takes only ``array``, ``boolean``, ``number`` or ``string``; else a TypeError."""
    if not isinstance(known(value), _TYPES[wanted]) or (wanted == "number" and isinstance(value, bool)):
        raise TypeError(f"the expression returned {json_of(value)[:100]}, which is no {wanted}")
    return value
