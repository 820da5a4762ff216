"""A second evaluator of expressions, written without the runtime's functions, to compare compiled code with."""

from __future__ import annotations

import json
import operator as operators
import re
from fractions import Fraction
from typing import Any

from sfn_airflow_core.expr.model import (
    Array,
    Call,
    Compare,
    Descend,
    Expr,
    Field,
    Filter,
    Index,
    Indexes,
    Literal,
    Logic,
    Names,
    Negation,
    Object,
    Path,
    Slice,
    Wildcard,
)
from sfn_airflow_core.expr.model import Test as TypeTest

ORDER = {
    "==": operators.eq,
    "!=": operators.ne,
    "<": operators.lt,
    "<=": operators.le,
    ">": operators.gt,
    ">=": operators.ge,
}


class Failure(Exception):
    """What AWS reports as States.Runtime."""


def evaluate(expr: Expr, data: Any, current: Any = None) -> Any:
    """The value of an expression over a document."""
    match expr:
        case Literal(value):
            return value
        case Object(entries):
            return {key: evaluate(part, data, current) for key, part in entries}
        case Array(parts):
            return [evaluate(part, data, current) for part in parts]
        case Path():
            found = matches(expr, data, current)
            if not expr.definite:
                return found
            if not found:
                raise Failure(expr.text)
            return found[0]
        case Logic(word, parts):
            stop = word == "or"
            return stop if any(evaluate(part, data, current) is stop for part in parts) else not stop
        case Negation(part):
            return not evaluate(part, data, current)
        case TypeTest():
            return tested(expr, data, current)
        case Compare(family="jsonpath"):
            return filtered(expr, data, current)
        case Compare():
            return compared(expr, evaluate(expr.left, data, current), evaluate(expr.right, data, current))
        case Call(function, arguments):
            return called(function.removeprefix("States."), [evaluate(part, data, current) for part in arguments])
    raise AssertionError(expr)


def matches(path: Path, data: Any, current: Any) -> list[Any]:
    """Everything that a path leads to."""
    values = [{"input": data, "current": current}[path.root.kind]]
    for place, step in enumerate(path.steps):
        values = [found for value in values for found in stepped(step, value, place == len(path.steps) - 1, data)]
    return values


def stepped(step: Any, value: Any, is_last: bool, data: Any) -> list[Any]:
    """What one step finds in one value."""
    is_list, is_dict = isinstance(value, list), isinstance(value, dict)
    match step:
        case Field(name):
            return [value[name]] if is_dict and name in value else []
        case Index(position):
            return value[position : position + 1 or None][:1] if is_list and -len(value) <= position else []
        case Indexes(positions):
            return [found for position in positions for found in stepped(Index(position), value, False, data)]
        case Slice(start, end):
            return value[start:end] if is_list else []
        case Wildcard():
            return value if is_list else [*value.values()] if is_dict else []
        case Names(names) if is_last:
            return [{name: value[name] for name in names if name in value}] if is_dict else []
        case Names(names):
            return [value[name] for name in names if name in value] if is_dict else []
        case Descend():
            inner = stepped(Wildcard(), value, False, data)
            below = [found for part in inner for found in stepped(step, part, False, data)]
            return [value, *below] if is_list or is_dict else []
        case Filter(predicate):
            looked_at = value if is_list else [value] if is_dict else []
            return [part for part in looked_at if evaluate(predicate, data, part)]
    raise AssertionError(step)


def key(value: Any) -> Any:
    """Something that is equal for equal JSON values only."""
    match value:
        case bool() | None | str():
            return type(value).__name__, value
        case int() | float():
            return "number", Fraction(value)
        case list():
            return "list", tuple(map(key, value))
        case _:
            return "dict", frozenset((name, key(part)) for name, part in value.items())


def is_number(value: Any) -> bool:
    return type(value) in (int, float)


def tested(test: TypeTest, data: Any, current: Any) -> bool:
    found = matches(test.operand, data, current)
    if test.kind in ("IsPresent", "Exists"):
        return bool(found)
    value = evaluate(test.operand, data, current)
    return {
        "IsNull": value is None,
        "IsNumeric": is_number(value),
        "IsString": type(value) is str,
        "IsBoolean": type(value) is bool,
        "IsTimestamp": type(value) is str and moment(value) is not None,
    }[test.kind]


def moment(value: str) -> Fraction | None:
    """Seconds of a timestamp, by arithmetic on the calendar."""
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,9})?(Z|([+-])(\d\d):(\d\d))", value)
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    months = [31, 28 + leap, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    hours, minutes = int(found[10] or 0), int(found[11] or 0)
    if not (year and 1 <= month <= 12 and 1 <= day <= months[month - 1] and hour < 24 and minute < 60 and second < 60):
        return None
    if hours > 23 or minutes > 59:
        return None
    years = year - 1
    days = years * 365 + years // 4 - years // 100 + years // 400 + sum(months[: month - 1]) + day - 1
    shift = (hours * 60 + minutes) * 60 * (-1 if found[9] == "-" else 1)
    return days * 86400 + hour * 3600 + minute * 60 + second - shift + Fraction(f"0{found[7]}" if found[7] else 0)


def utf16(text: str) -> list[int]:
    """The UTF-16 code units of a text."""
    units: list[int] = []
    for code in map(ord, text):
        units += [code] if code < 0x10000 else [0xD800 + (code - 0x10000 >> 10), 0xDC00 + (code - 0x10000 & 0x3FF)]
    return units


def compared(compare: Compare, left: Any, right: Any) -> bool:
    """A comparison of a Choice."""
    both = (left, right)
    order = ORDER[compare.operator]
    match compare.family:
        case "numeric":
            return all(map(is_number, both)) and order(left, right)
        case "boolean":
            return all(type(value) is bool for value in both) and left is right
        case "string":
            return all(type(value) is str for value in both) and order(utf16(left), utf16(right))
        case "timestamp":
            if not all(type(value) is str and moment(value) is not None for value in both):
                return False
            return order(moment(left), moment(right))
        case "matches":
            escaped = re.findall(r"\\.|[^\\]", right, re.DOTALL)
            pattern = "".join(".*" if piece == "*" else re.escape(piece[-1]) for piece in escaped)
            return type(left) is str and re.fullmatch(pattern, left, re.DOTALL) is not None
    raise AssertionError(compare)


def alike(left: Any, right: Any) -> bool:
    if type(left) is str and is_number(right):
        left, right = right, left
    if is_number(left) and type(right) is str:
        return bool(re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", right)) and left == float(right)
    return key(left) == key(right)


def filtered(compare: Compare, data: Any, current: Any) -> bool:
    """A comparison in a filter."""
    values = []
    for side in (compare.left, compare.right):
        if isinstance(side, Path) and side.definite and not matches(side, data, current):
            return compare.operator in ("!=", "nin")
        values.append(evaluate(side, data, current))
    left, right = values
    match compare.operator:
        case "==":
            return alike(left, right)
        case "!=":
            return not alike(left, right)
        case "in":
            return isinstance(right, list) and any(alike(left, value) for value in right)
        case "nin":
            return not (isinstance(right, list) and any(alike(left, value) for value in right))
        case "size":
            return isinstance(left, list | str) and len(left) == right
        case operator:
            same = all(map(is_number, values)) or all(type(value) is str for value in values)
            return same and ORDER[operator](left, right)


def called(word: str, values: list[Any]) -> Any:
    """An intrinsic function, for those that have a short definition."""
    match word, values:
        case "Array", _:
            return values
        case "Format", [str(template), *rest]:
            return template.replace("{}", "%s") % tuple(map(printed, rest))
        case "JsonToString", [value]:
            return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        case "ArrayLength", [list(items)]:
            return len(items)
        case "ArrayContains", [list(items), value]:
            return key(value) in map(key, items)
        case "ArrayUnique", [list(items)]:
            return [item for place, item in enumerate(items) if key(item) not in map(key, items[:place])]
        case "ArrayGetItem", [list(items), position] if is_number(position) and 0 <= nearest(position) < len(items):
            return items[nearest(position)]
        case "MathAdd", [left, right] if is_number(left) and is_number(right):
            return nearest(left) + nearest(right)
        case "JsonMerge", [dict(left), dict(right), False]:
            return left | right
        case "StringSplit", [str(text), str(separators)]:
            for separator in separators[1:]:
                text = text.replace(separator, separators[0])
            return [piece for piece in (text.split(separators[0]) if separators else [text]) if piece]
    raise Failure(word)


def nearest(value: Any) -> int:
    """Rounded, halves upwards, without floating point."""
    return int((Fraction(value) + Fraction(1, 2)).__floor__())


def printed(value: Any) -> str:
    """As Java prints it."""
    match value:
        case str():
            return value
        case list():
            return f"[{', '.join(map(printed, value))}]"
        case dict():
            return "{" + ", ".join(f"{name}={printed(part)}" for name, part in value.items()) + "}"
    return json.dumps(value)
