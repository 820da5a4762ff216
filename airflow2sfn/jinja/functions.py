"""Filters, methods and tests of templates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from airflow2sfn.expressions.text import Untranslatable, quoted
from airflow2sfn.jinja.names import span
from airflow2sfn.jinja.pieces import (
    ATOM,
    CONDITION,
    ISO_DATE,
    ISO_SECONDS,
    SUM,
    Kind,
    Piece,
    added,
    call,
    chosen,
    compared,
    item,
    joined,
    member,
    negated,
    printed,
    shown,
    stripped,
    subtracted,
    text,
)
from airflow2sfn.jinja.times import pendulum, strftime

_PLAIN: Mapping[str, tuple[str, Kind]] = {
    "int": ("$number", "number"), "tojson": ("$string", "text"),
    "sum": ("$sum", "number"), "max": ("$max", "json"), "min": ("$min", "json"), "abs": ("$abs", "number"),
    "sort": ("$sort", "list"), "unique": ("$distinct", "list"), "urlencode": ("$encodeUrlComponent", "text"),
}  # fmt: skip
_DATES: Mapping[str, str] = {
    "ds": ISO_DATE, "ds_nodash": "[Y0001][M01][D01]", "ts_nodash": "[Y0001][M01][D01]T[H01][m01][s01]",
}  # fmt: skip


def filtered(name: str, base: Piece, arguments: list[Piece], given: Mapping[str, Piece]) -> Piece:
    """A filter; raises Untranslatable."""
    match name, arguments:
        case (("lower" | "upper"), []):
            return call(f"${name}case", printed(base), kind="text")
        case "trim", []:
            return stripped(base)
        case "string", []:
            return printed(base)
        case (("safe" | "list"), []):
            return base
        case (("default" | "d"), _):
            return _default(base, arguments, given)
        case "replace", [old, new]:
            return call("$replace", printed(base), old, new, kind="text")
        case (("length" | "count"), []):
            return length(base)
        case "join", _ if len(arguments) <= 1:
            return call("$join", texts(base), arguments[0] if arguments else text(""), kind="text")
        case "first", []:
            return item(base, 0)
        case "last", []:
            return item(base, -1)
        case "reverse", [] if base.kind == "list":
            return call("$reverse", base, kind="list")
        case "round", _ if not given and len(arguments) <= 1:
            return replace(call("$round", base, *arguments, kind="number"), decimal=True)
        case "float", []:
            return replace(call("$number", base, kind="number"), decimal=True)
        case "map", [] if set(given) == {"attribute"} and given["attribute"].literal:
            return Piece(f"[{member(base, given['attribute'].literal or '').code}]", "list")
        case (("selectattr" | "rejectattr"), [attribute, *test]) if attribute.literal:
            return _selected(base, attribute.literal, test, name == "selectattr")
        case "ts", [] if base.kind == "moment":
            return Piece(f"{shown(base, ISO_SECONDS).code} & '+00:00'", "text", SUM)
        case _ if base.kind == "moment" and name in _DATES and not arguments:
            return shown(base, _DATES[name])
        case "format", _ if base.literal is not None and not given:
            return percent(base.literal, arguments)
        case _ if name in _PLAIN and not arguments and not given:
            function, kind = _PLAIN[name]
            return call(function, base, kind=kind)
    raise Untranslatable(f"the template uses the filter {name}")


def _default(base: Piece, arguments: list[Piece], given: Mapping[str, Piece]) -> Piece:
    fallback = arguments[0] if arguments else given.get("default_value", text(""))
    falsy = arguments[1].code if len(arguments) > 1 else given["boolean"].code if "boolean" in given else "false"
    if falsy == "true":
        return chosen(Piece(base.code, base.kind, base.level), Piece(base.code, base.kind, base.level), fallback)
    if base.none or (not base.maybe and base.kind != "json"):
        return base
    kind: Kind = base.kind if base.kind == fallback.kind else "json"
    condition = call("$exists", base)
    return Piece(f"{condition.code} ? {base.at(CONDITION + 1)} : {fallback.at(CONDITION)}", kind, CONDITION)


def got(found: Piece, fallback: list[Piece]) -> Piece:
    """``.get`` of a member: None where it is missing, or what is given instead."""
    return _default(found, fallback, {}) if fallback else replace(found, none="nothing")


def _selected(base: Piece, attribute: str, test: list[Piece], wanted: bool) -> Piece:
    found = member(Piece("$item"), attribute)
    match test:
        case []:
            condition = found
        case [Piece(literal=("equalto" | "==" | "eq")), other]:
            condition = compared("eq", found, other)
        case [Piece(literal="ne" | "!="), other]:
            condition = compared("ne", found, other)
        case _:
            raise Untranslatable("the template selects by a test that has no counterpart")
    condition = condition if wanted else negated(condition)
    return Piece(f"[$filter({base.code}, function($item) {{ {condition.code} }})]", "list")


def texts(base: Piece) -> Piece:
    """The elements of a list as texts."""
    return Piece(f"$map({base.code}, $string)", "list")


def length(base: Piece) -> Piece:
    """How long a text or a list is."""
    match base.kind:
        case "text":
            return call("$length", base, kind="number")
        case "list":
            return call("$count", base, kind="number")
        case "dict":
            return Piece(f"$count($keys({base.code}))", "number")
    return Piece(f"($type({base.code}) = 'string' ? $length({base.code}) : $count({base.code}))", "number")


def percent(pattern: str, values: list[Piece]) -> Piece:
    """A text with ``%s`` and ``%d`` in it."""
    parts = re.split(r"%[sd]", pattern)
    if len(parts) != len(values) + 1 or "%" in "".join(parts).replace("%%", ""):
        raise Untranslatable("the template formats a text in a way that has no counterpart")
    pieces = [text(parts[0].replace("%%", "%"))]
    for value, part in zip(values, parts[1:], strict=True):
        pieces += [value, text(part.replace("%%", "%"))]
    return joined(pieces)


def braces(pattern: str, values: list[Piece], given: Mapping[str, Piece]) -> Piece:
    """A text with ``{}``, ``{0}`` and ``{name}`` in it."""
    pieces: list[Piece] = []
    number = 0
    for plain, name in re.findall(r"((?:[^{}]|\{\{|\}\})*)(?:\{(\w*)\}|$)", pattern):
        pieces.append(text(plain.replace("{{", "{").replace("}}", "}")))
        if len("".join(piece.literal or "" for piece in pieces)) > len(pattern):
            raise Untranslatable("the template formats a text in a way that has no counterpart")
        if f"{{{name}}}" not in pattern:
            continue
        position = number if not name else int(name) if name.isdigit() else -1
        number += not name
        value = given.get(name) if position < 0 else values[position] if position < len(values) else None
        if value is None and (name or position < len(values)):
            raise Untranslatable("the template formats a text in a way that has no counterpart")
        pieces += [value] if value is not None else []
    return joined(pieces)


def method(base: Piece, name: str, arguments: list[Piece], given: Mapping[str, Piece]) -> Piece:
    """A call of a method; raises Untranslatable."""
    if base.kind == "moment":
        return _of_moment(base, name, arguments, given)
    match name, arguments:
        case (("upper" | "lower"), []):
            return call(f"${name}case", printed(base), kind="text")
        case (("strip" | "lstrip" | "rstrip"), _) if not arguments or arguments[0].literal:
            side = {"strip": "both", "lstrip": "left", "rstrip": "right"}[name]
            return stripped(base, arguments[0].literal if arguments else None, side)
        case "split", [separator] if separator.literal:
            return replace(call("$split", base, separator, kind="list"), like=("",))
        case "rsplit", [separator, _] if separator.literal:
            return replace(call("$split", base, separator, kind="list"), like=("",))
        case "replace", [old, new]:
            return call("$replace", base, old, new, kind="text")
        case (("startswith" | "endswith"), [part]):
            return _edge(base, part, name == "startswith")
        case "get", [key, *rest] if key.literal is not None:
            return got(member(base, key.literal), rest[:1])
        case "format", _ if base.literal is not None:
            return braces(base.literal, arguments, given)
        case "join", [items] if base.literal is not None:
            return call("$join", texts(items), base, kind="text")
        case "keys", []:
            return call("$keys", base, kind="list")
        case "values", []:
            return Piece(f"$each({base.code}, function($value) {{ $value }})", "list")
        case "zfill", [width]:
            return call("$pad", printed(base), f"-{width.code}", "'0'", kind="text")
    raise Untranslatable(f"the template calls {name}(), which has no counterpart")


def _edge(base: Piece, part: Piece, start: bool) -> Piece:
    size = str(len(part.literal)) if part.literal is not None else f"$length({part.code})"
    cut = f"$substring({base.code}, 0, {size})" if start else f"$substring({base.code}, -{size})"
    return Piece(f"{cut} = {part.at(ATOM)}", "bool", 5)


def _of_moment(base: Piece, name: str, arguments: list[Piece], given: Mapping[str, Piece]) -> Piece:
    match name, arguments:
        case "strftime", [directives] if directives.literal is not None:
            return shown(base, strftime(directives.literal))
        case "format", [tokens] if tokens.literal is not None:
            return shown(base, pendulum(tokens.literal))
        case (("to_date_string" | "date"), []):
            return shown(base, ISO_DATE)
        case (("isoformat" | "to_iso8601_string" | "to_rfc3339_string"), []):
            return Piece(f"{shown(base, ISO_SECONDS).code} & '+00:00'", "text", SUM)
        case "to_datetime_string", []:
            return shown(base, "[Y0001]-[M01]-[D01] [H01]:[m01]:[s01]")
        case "timestamp", []:
            return Piece(f"{base.at(7)} / 1000", "number", 7, decimal=True)
        case "add", []:
            return added(base, span(given))
        case "subtract", []:
            return subtracted(base, span(given))
        case (("in_timezone" | "in_tz" | "astimezone"), [zone]) if zone.literal in ("UTC", "utc"):
            return base
        case "start_of", [unit] if unit.literal in ("day", "hour"):
            unit_ms = 86_400_000 if unit.literal == "day" else 3_600_000
            return Piece(f"$floor({base.at(7)} / {unit_ms}) * {unit_ms}", "moment", 7)
    raise Untranslatable(f"the template calls {name}() of a time, which has no counterpart")


_PARTS = {"year": "[Y0001]", "month": "[M]", "day": "[D]", "hour": "[H]", "minute": "[m]", "second": "[s]"}


def attribute(base: Piece, name: str) -> Piece:
    """An attribute of a value."""
    if base.kind == "moment":
        if name in _PARTS:
            return call("$number", shown(base, _PARTS[name]), kind="number")
        if name in ("int_timestamp", "float_timestamp"):
            return Piece(f"{base.at(7)} / 1000", "number", 7, decimal=name == "float_timestamp")
        raise Untranslatable(f"the template uses {name} of a time")
    return member(base, name)


def tested(name: str, base: Piece, arguments: list[Piece]) -> Piece:
    """A test (``is defined``); raises Untranslatable."""
    match name, arguments:
        case "defined", []:
            return call("$exists", base, kind="bool")
        case "undefined", []:
            return call("$not", call("$exists", base), kind="bool")
        case "none", []:
            return compared("eq", base, Piece("null", "none"))
        case (("true" | "false"), []):
            return Piece(f"{base.at(6)} = {name}", "bool", 5)
        case (("string" | "number" | "mapping"), []):
            kind = {"string": "string", "number": "number", "mapping": "object"}[name]
            return Piece(f"$type({base.code}) = {quoted(kind)}", "bool", 5)
        case (("equalto" | "eq" | "ne" | "lt" | "gt" | "ge" | "le" | "in"), [other]):
            operator = {"equalto": "eq", "ge": "gteq", "le": "lteq"}.get(name, name)
            return compared(operator, base, other)
        case (("even" | "odd"), []):
            return Piece(f"{base.at(7)} % 2 = {int(name == 'odd')}", "bool", 5)
    raise Untranslatable(f"the template uses the test {name}")


__all__ = ["attribute", "filtered", "joined", "length", "method", "percent", "tested"]
