"""From an operator's keywords to the arguments of a Task, and back: one definition, read in both directions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.catalogue.forms import Inexpressible, computed, joined, literal, to_operator, to_task
from sfn_airflow_core.catalogue.model import Operator, Row, Sensor
from sfn_airflow_core.catalogue.notation import member
from sfn_airflow_core.catalogue.spelling import as_sdk, at, own_spelling, request, spelt

_KEYWORD = re.compile(r"\{(\w+)\}")


def arguments(row: Row, given: Operator | Sensor, keywords: Mapping[str, Json]) -> Json:
    """The arguments of the Task for an operator or sensor that is called with these keywords.

    Keywords without a place are left out. Names inside of values are spelt as Step Functions does. The answer is an
    object, or where a whole dictionary is only known in the run, a text with an expression that gives it.

    Raises:
        Inexpressible: if a value has no counterpart.
    """
    shape, spell = request(action_of(row, given), row)
    result: dict[str, Json] = {}
    for place in given.places:
        if place.keyword in keywords:
            value = to_task(place.form, keywords[place.keyword])
            if place.listed and not isinstance(value, list):
                value = [value]
            put(result, place.path, spelt(value, at(shape, place.path), spell))
    for path, template in given.composed.items():
        if (text := _composed(template, keywords)) is not None:
            put(result, path, text)
    for path, fixed in given.fixed.items():
        put(result, path, fixed)
    rest = keywords.get(given.rest) if given.rest else None
    if (expression := computed(rest)) is not None:
        return f"{{% $merge([{_object(result)}, {expression}]) %}}" if result else rest
    if isinstance(rest, dict):
        for said, value in rest.items():
            name = said if at(shape, said) is not None or at(shape, member(said)) is None else member(said)
            path = spell(name)
            result.setdefault(path, spelt(value, at(shape, path), spell))
    elif rest is not None:
        raise Inexpressible(f"{given.rest} is no dictionary")
    return result


def keywords(row: Row, given: Operator | Sensor, values: Mapping[str, Json]) -> dict[str, Json]:
    """The keywords with which an operator makes a Task's call: the inverse of ``arguments``.

    Raises:
        Inexpressible: if the operator cannot say all of it.
    """
    shape, spell = request(action_of(row, given), row)
    told: dict[str, Json] = dict(values)
    result: dict[str, Json] = {}
    for path, template in given.composed.items():
        if (text := find(told, path)) is not None:
            result |= _parts(template, text)
    for place in (place for place in given.places if place.written):
        value = own_spelling(find(told, place.path), at(shape, place.path), spell)
        if value is None:
            continue
        if place.listed and isinstance(value, list) and len(value) == 1:
            value = value[0]
        result[place.keyword] = to_operator(place.form, value)
    paths = [*(place.path for place in given.places), *given.composed, *given.fixed]
    known = {path.partition(".")[0] for path in paths}
    if given.rest and (left := {name: value for name, value in values.items() if name not in known}):
        result[given.rest] = own_spelling(left, shape, spell)
    if arguments(row, given, result) != told:
        raise Inexpressible("the operator cannot say all of it")
    return result


def parts_of(template: str) -> list[str]:
    """The keywords in a text that is put together."""
    return _KEYWORD.findall(template)


def action_of(row: Row, given: Operator | Sensor) -> str:
    """The call of an operator or sensor; a sensor asks how things are."""
    if isinstance(given, Operator):
        return row.action
    return given.action or (as_sdk(row.describe.action) if row.describe else row.action)


def put(result: dict[str, Json], path: str, value: Json) -> None:
    """Writes a value at a dotted path, in which numbers are positions. Raises Inexpressible."""
    inner: Json = result
    steps = path.split(".")
    for step, following in zip(steps, [*steps[1:], ""], strict=True):
        fresh: Json = value if not following else [] if following.isdigit() else {}
        match inner:
            case dict():
                inner = inner.setdefault(step, fresh) if following else _replaced(inner, step, value)
            case list() if step.isdigit() and int(step) <= len(inner):
                if int(step) == len(inner):
                    inner.append(fresh)
                inner = inner[int(step)]
            case _:
                raise Inexpressible(f"{path} is part of something that is computed")


def _replaced(inner: dict[str, Json], step: str, value: Json) -> Json:
    inner[step] = value
    return value


def find(values: Json, path: str) -> Json:
    """What stands at a dotted path; ``None`` where nothing does."""
    for step in path.split("."):
        match values:
            case dict():
                values = values.get(step)
            case list() if step.isdigit() and int(step) < len(values):
                values = values[int(step)]
            case _:
                return None
    return values


def _composed(template: str, given: Mapping[str, Json]) -> Json:
    """A text with keywords in it; ``None`` where one of them is missing."""
    parts = _KEYWORD.split(template)
    if any(name not in given for name in parts[1::2]):
        return None
    return joined([given[part] if odd % 2 else part for odd, part in enumerate(parts)])


def _parts(template: str, text: Json) -> dict[str, Json]:
    names = parts_of(template)
    pattern = "".join(f"(?P<{p}>.+?)" if n % 2 else re.escape(p) for n, p in enumerate(_KEYWORD.split(template)))
    found = re.fullmatch(pattern, text) if isinstance(text, str) else None
    if found is None:
        raise Inexpressible(f"{text} is not what {', '.join(names)} make")
    return {name: found[name] for name in names}


def _object(value: Any) -> str:
    """JSON with expressions in it as one JSONata expression."""
    if (expression := computed(value)) is not None:
        return expression
    match value:
        case str():
            return literal(value)
        case list():
            return "[" + ", ".join(map(_object, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{literal(name)}: {_object(item)}" for name, item in value.items()) + "}"
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case _:
            return str(value)
