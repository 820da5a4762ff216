"""Attributes and methods of plain values: texts, lists, dictionaries, dates, paths."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import PurePath, PurePosixPath
from typing import Any

from airflow2sfn.reading.evaluate import (
    ATTRIBUTES,
    MOST_ITEMS,
    MOST_TEXT,
    Args,
    Kwargs,
    Raised,
    Run,
    Scope,
    TooMuch,
    Unknown,
    alike,
    calls,
    derive,
    plain,
    unknown,
)
from airflow2sfn.reading.expressions import call, items
from airflow2sfn.reading.files import of_path
from airflow2sfn.reading.limits import attempt, check_format, is_plain
from airflow2sfn.reading.text import concatenate, formatted


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TEXT = _names(
    "capitalize casefold center count encode endswith expandtabs find format index isalnum "
    "isalpha isascii isdecimal isdigit isidentifier islower isnumeric isspace istitle "
    "isupper join ljust lower lstrip partition removeprefix removesuffix replace rfind "
    "rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase "
    "title translate upper zfill decode hex"
)
_METHODS: dict[type, frozenset[str]] = {
    str: _TEXT,
    bytes: _names("decode hex startswith endswith strip split replace"),
    list: _names("append extend insert pop remove reverse index count copy clear sort"),
    tuple: frozenset({"index", "count"}),
    set: _names(
        "add update discard remove union intersection difference issubset issuperset copy pop "
        "clear symmetric_difference"
    ),
    dict: _names("get items keys values update pop setdefault copy clear popitem"),
    dt.datetime: _names("date time replace isoformat strftime astimezone timestamp weekday isoweekday"),
    dt.date: _names("replace isoformat strftime weekday isoweekday"),
    dt.timedelta: frozenset({"total_seconds"}),
    dt.time: frozenset({"isoformat", "strftime", "replace"}),
    PurePosixPath: _names("joinpath with_suffix with_name as_posix relative_to is_absolute with_stem"),
    int: frozenset({"bit_length"}),
    float: frozenset({"is_integer"}),
}
_METHODS[frozenset] = _METHODS[set] - {"add", "update", "discard", "remove", "pop", "clear"}
_DATA: dict[type, frozenset[str]] = {
    dt.datetime: _names("year month day hour minute second microsecond tzinfo"),
    dt.date: frozenset({"year", "month", "day"}),
    dt.timedelta: frozenset({"days", "seconds", "microseconds"}),
    PurePosixPath: _names("parent parents name stem suffix suffixes parts"),
}
_IN_PLACE = _names("append extend insert update add setdefault")
_SAME = frozenset({"resolve", "absolute"})
_OPENS = _SAME | _names("exists is_file is_dir read_text read_bytes open glob rglob iterdir stat")


@dataclass(slots=True, eq=False)
class Method:
    """A method of a plain value."""

    value: Any
    name: str


def _attribute(run: Run, value: Any, name: str, node: Any, scope: Scope) -> Any:
    kind = type(value)
    if name in _METHODS.get(kind, ()):
        return Method(value, name)
    if name in _DATA.get(kind, ()):
        found = getattr(value, name)
        return list(found) if name == "parents" else found
    if isinstance(value, PurePath) and name in _OPENS:
        return Method(value, name)
    if value is None:
        raise Raised("AttributeError", f"None has no {name}", run.span(node, scope))
    return unknown(run, node, scope)


for _type in (*_METHODS, type(None), bool, range):
    ATTRIBUTES[_type] = _attribute


def asks_files(value: Any) -> bool:
    """Whether a value is a method of a path whose answer is in the files of the project."""
    return isinstance(value, Method) and isinstance(value.value, PurePath) and value.name in _OPENS - _SAME


@calls(Method)
def _call(run: Run, method: Method, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    value, name = method.value, method.name
    if name in _SAME:
        return value
    if isinstance(value, PurePosixPath) and name in _OPENS:
        return of_path(run, value, name, args, kwargs, node, scope)
    if isinstance(value, list) and name == "sort":
        value[:] = sort(run, value, kwargs, node, scope)
        return None
    if isinstance(value, (str, bytes)):
        return _text_method(run, value, name, args, kwargs, node, scope)
    if name in ("extend", "update") and args:
        parts = plain(args[0]) if isinstance(plain(args[0]), dict) else items(run, args[0])
        if parts is None:
            return None  # what comes of an unknown collection stays out of a known one
        if len(value) + len(parts) > MOST_ITEMS:
            raise TooMuch("a collection that is too long")
        args = (parts, *args[1:])
    if name in _IN_PLACE and len(value) > MOST_ITEMS:
        raise TooMuch("a collection that is too long")
    if isinstance(value, dict) and name in ("get", "pop", "setdefault") and args and isinstance(args[0], Unknown):
        return alike(run, node, scope, args[0])
    found = attempt(getattr(value, name), *args, span=run.span(node, scope), **kwargs)
    return list(found) if name in ("items", "keys", "values") else found


def sort(run: Run, values: list[Any], kwargs: Kwargs, node: Any, scope: Scope) -> list[Any]:
    """The values in order; as they are where their order is not known."""
    key, reverse = kwargs.get("key"), kwargs.get("reverse", False)
    keys = [call(run, key, (value,), {}, node, scope) if key is not None else value for value in values]
    if not is_plain(keys) or isinstance(reverse, Unknown):
        return list(values)
    order = attempt(sorted, range(len(values)), key=lambda i: keys[i], reverse=bool(reverse))
    return [values[i] for i in order]


def _text_method(run: Run, value: Any, name: str, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    if name == "join" and args and isinstance(value, str):
        return _join(run, value, args[0], node, scope)
    if name == "format" and isinstance(value, str):
        return _format(run, value, args, kwargs, node, scope)
    for argument in (*args, *kwargs.values()):
        if isinstance(argument, int) and argument > MOST_TEXT:
            raise TooMuch("a text that is too long")
    if name == "replace" and isinstance(value, str) and [type(a) for a in args[:2]] == [str, str]:
        longer = value.count(args[0]) * len(args[1])
        if longer > MOST_TEXT:
            raise TooMuch("a text that is too long")
    span = run.span(node, scope)

    def work(*given: Any) -> Any:
        if not is_plain(given):
            return unknown(run, node, scope)
        names = list(kwargs)
        return attempt(
            getattr(value, name), *given[: len(args)], span=span, **dict(zip(names, given[len(args) :], strict=True))
        )

    return derive(run, node, scope, work, *args, *kwargs.values())


def _join(run: Run, separator: str, argument: Any, node: Any, scope: Scope) -> Any:
    parts = items(run, argument, run.span(node, scope))
    if parts is None:
        return alike(run, node, scope, argument) if isinstance(argument, Unknown) else unknown(run, node, scope)
    texts: list[Any] = []
    for number, part in enumerate(parts):
        text = part if isinstance(part, Unknown) else formatted(part)
        if text is None:
            return unknown(run, node, scope)
        texts += [separator, text] if number else [text]
    return concatenate(texts)


def _format(run: Run, text: str, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    """``text.format(…)`` for plain fields; attributes and items of values are not looked up."""
    import string

    pieces: list[Any] = []
    auto = 0
    try:
        parsed = list(string.Formatter().parse(text))
    except ValueError as error:
        raise Raised("ValueError", str(error), run.span(node, scope)) from None
    for literal, name, spec, conversion in parsed:
        pieces.append(literal)
        if name is None:
            continue
        if name == "":
            name, auto = str(auto), auto + 1
        value: Any = unknown(run, node, scope)
        if name.isdigit() and int(name) < len(args):
            value = args[int(name)]
        elif name in kwargs:
            value = kwargs[name]
        check_format(spec or "")
        if isinstance(value, Unknown):
            pieces.append(value)
            continue
        piece = formatted(value, ord(conversion) if conversion else -1, spec or "")
        pieces.append(unknown(run, node, scope) if piece is None else piece)
    return concatenate(pieces)
