"""JSONata expressions that have no plain Python: evaluated by the engine when the task runs.

Needs the package ``jsonata2py`` in the environment. Step Functions has JSONata 2.0.6 with other functions of time and
chance than the engine, whose own cannot be replaced: they are called by other names.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from . import aws_functions
from .query_values import NOTHING, Json, plain, queryable

_TIME_LIMIT_MS = 10_000
_ADDED: dict[str, Callable[..., Json]] = {
    "partition": aws_functions.partition,
    "range": aws_functions.steps,
    "hash": aws_functions.hash_of,
    "parse": aws_functions.parse,
    "uuid": aws_functions.uuid,
    "random": aws_functions.random_number,
    "millis": aws_functions.millis,
    "now": lambda *form: _date(*form),  # which evaluates itself
}
_REPLACED = frozenset(("random", "millis", "now"))
"""Functions that the engine has, too."""


def query(expression: str, states: dict[str, Json], variables: dict[str, Json] | None = None) -> Json:
    """The value of a JSONata expression, NOTHING where it has none; ``states`` is ``$states``.

    Raises ValueError where it cannot be evaluated, TypeError where its value is not JSON.
    """
    import jsonata2py
    from jsonata2py.errors import JsonataError

    bindings = jsonata2py.JsonataBindings().bind_functions(_functions())
    for name, value in {**(variables or {}), "states": states}.items():
        bindings.bind_value(_own_name(name), plain(value))
    try:
        value = _compiled(expression).evaluate(jsonata2py.MISSING, bindings)
    except JsonataError as error:
        raise ValueError(f"{expression!r}: {error.error_code or ''} {error.message}") from error
    return NOTHING if value is jsonata2py.MISSING else queryable(_json(value, expression))


def _json(value: Any, expression: str) -> Json:
    """An engine's value as JSON; TypeError for a function or a pattern."""
    import jsonata2py

    match value:
        case dict():
            return {key: _json(part, expression) for key, part in value.items() if part is not jsonata2py.MISSING}
        case list() | tuple():
            return [_json(part, expression) for part in value if part is not jsonata2py.MISSING]
        case None | bool() | int() | float() | str():
            return value
        case _:
            raise TypeError(f"{expression!r} returned an unsupported result type")


def _own_name(name: str) -> str:
    return f"aws_{name}" if name in _REPLACED else name


def _date(*form: Json) -> Json:
    """``$now`` with a picture and a time zone: as the language defines it, ``$fromMillis`` of the moment."""
    if not form:
        return aws_functions.now()
    given = {name: value for name, value in zip(("picture", "zone"), form, strict=False) if value is not NOTHING}
    return query("$fromMillis($moment, $picture, $zone)", {}, {"moment": aws_functions.millis(), **given})


@functools.cache
def _functions() -> dict[str, Any]:
    import jsonata2py

    def bound(function: Callable[..., Json]) -> Any:
        def call(*arguments: Any) -> Any:
            given = [NOTHING if value is jsonata2py.MISSING else value for value in arguments]
            found = function(*given)
            return jsonata2py.MISSING if found is NOTHING else plain(found)

        return jsonata2py.bound_function()(call)

    return {_own_name(name): bound(function) for name, function in _ADDED.items()}


@functools.lru_cache(maxsize=256)
def _compiled(expression: str) -> Any:
    import jsonata2py
    from jsonata2py.parser.lexer import Lexer

    pieces, end = list[str](), 0
    for token in Lexer.tokenize(expression):
        name = str(token.value).removeprefix("$")
        if token.type.name == "VARIABLE" and name in _REPLACED:
            pieces += [expression[end : token.position], f"${_own_name(name)}"]
            end = token.position + 1 + len(name)
    compiled = jsonata2py.compile("".join([*pieces, expression[end:]]))
    compiled.set_timeout(_TIME_LIMIT_MS)
    return compiled
