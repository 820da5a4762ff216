"""``${Name}`` in values: where placeholders are, what they are replaced with, and CloudFormation's ways to write them.

Replacement works on values, never on text, so that a substitution cannot end the string it stands in. Rules:
CloudFormation's ``DefinitionSubstitutions`` and ``Fn::Sub``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from sfn_airflow_core.asl.model import Json, Placeholder
from sfn_airflow_core.text import join

PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_.:\-]*)\}")
"""An open placeholder inside a string; names such as ``Table``, ``AWS::Partition``, ``Function.Arn``."""

_SUB = re.compile(r"\$\{(!?)([^{}]+)\}")


class _Final(str):
    """Text that was put together by a CloudFormation function: substitutions are done, what looks open stays."""

    __slots__ = ()


class Plain(str):
    """A ``${Name}`` that stands alone and unquoted in YAML, so that a substitution decides its type."""

    __slots__ = ()


def text_of(value: Json) -> str:
    """A substitution's value as the text that stands inside a string: strings as they are, the rest as JSON."""
    match value:
        case str():
            return value
        case Placeholder(name):
            return f"${{{name}}}"
        case _:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=lambda p: f"${{{p.name}}}")


def in_string(text: str, substitutions: Mapping[str, Json]) -> str:
    """Replace the placeholders of a string that have a value; one pass, so values are never searched again."""
    if isinstance(text, _Final):
        return str(text)
    if "${" not in text:
        return text
    return PLACEHOLDER.sub(lambda m: text_of(substitutions[m[1]]) if m[1] in substitutions else m[0], text)


def substitute(value: Json, substitutions: Mapping[str, Json]) -> Json:
    """Replace placeholders in the strings of a value (keys too) and the bare ones.

    Args:
        value: a JSON value; nesting must be bounded (``limits.DEPTH``).
        substitutions: value by name.
    """
    match value:
        case Plain():
            return substitutions.get(value[2:-1], str(value))
        case str():
            return in_string(value, substitutions)
        case Placeholder(name):
            return substitutions.get(name, value)
        case dict():
            return {in_string(key, substitutions): substitute(inner, substitutions) for key, inner in value.items()}
        case list():
            return [substitute(inner, substitutions) for inner in value]
        case _:
            return value


def placeholders(value: Json) -> dict[str, list[str]]:
    """The open placeholders of a value and the pointers of the values that hold them.

    >>> placeholders({"Resource": "${Fn.Arn}", "TimeoutSeconds": Placeholder("Limit")})
    {'Fn.Arn': ['/Resource'], 'Limit': ['/TimeoutSeconds']}
    """
    found: dict[str, list[str]] = {}
    _collect(value, "", found)
    return found


def _collect(value: Json, at: str, found: dict[str, list[str]]) -> None:
    names: list[str] = []
    match value:
        case str() if "${" in value:
            names = PLACEHOLDER.findall(value)
        case Placeholder(name):
            names = [name]
        case dict():
            for key, inner in value.items():
                below = join(at, key)
                names_of_key = PLACEHOLDER.findall(key) if "${" in key else []
                for name in dict.fromkeys(names_of_key):
                    found.setdefault(name, []).append(below)
                _collect(inner, below, found)
        case list():
            for index, inner in enumerate(value):
                _collect(inner, join(at, index), found)
    for name in dict.fromkeys(names):
        pointers = found.setdefault(name, [])
        if at not in pointers[-1:]:
            pointers.append(at)


def sub(template: str, variables: Mapping[str, Json]) -> str:
    """The text of a ``Fn::Sub``: variables are replaced, ``${!X}`` becomes a literal ``${X}``, the rest stays open."""

    def replace(match: re.Match[str]) -> str:
        if match[1]:
            return f"${{{match[2]}}}"
        return text_of(variables[match[2]]) if match[2] in variables else match[0]

    return _SUB.sub(replace, template)


def _fn_sub(argument: Json, known: Mapping[str, Json]) -> str | None:
    match argument:
        case str():
            return sub(argument, known)
        case [str() as template, dict() as variables]:
            return sub(template, {**known, **variables})
    return None


def _fn_join(argument: Json, known: Mapping[str, Json]) -> str | None:
    match argument:
        case [str() as delimiter, list() as pieces] if all(isinstance(piece, str | int | float) for piece in pieces):
            return delimiter.join(text_of(substitute(piece, known)) for piece in pieces)
    return None


def _get_att(argument: Json, known: Mapping[str, Json]) -> str | None:
    match argument:
        case str():
            return _ref(argument, known)
        case [str() as resource, str() as attribute]:
            return _ref(f"{resource}.{attribute}", known)
    return None


def _ref(argument: Json, known: Mapping[str, Json]) -> str | None:
    if not isinstance(argument, str):
        return None
    return text_of(known[argument]) if argument in known else f"${{{argument}}}"


_Function: TypeAlias = Callable[[Json, Mapping[str, Json]], "str | None"]
INTRINSICS: Mapping[str, _Function] = {"Fn::Sub": _fn_sub, "Fn::Join": _fn_join, "Fn::GetAtt": _get_att, "Ref": _ref}
"""CloudFormation functions that stand for a text, by their long names; ``None`` means: not a use that can be a text."""

MAY_HOLD_INTRINSICS = re.compile(r'"(?:Fn::(?:Sub|Join|GetAtt)|Ref)"')


def resolve(value: Json, substitutions: Mapping[str, Json]) -> Json:
    """Turn objects that are CloudFormation functions into their ``${…}`` text, innermost first, then substitute.

    Args:
        value: a JSON value; nesting must be bounded (``limits.DEPTH``).
        substitutions: value by name.
    """
    return substitute(_flatten(value, substitutions), substitutions)


def _flatten(value: Json, known: Mapping[str, Json]) -> Json:
    match value:
        case dict():
            members: dict[str, Json] = {key: _flatten(inner, known) for key, inner in value.items()}
            if len(members) == 1:
                ((name, argument),) = members.items()
                function = INTRINSICS.get(name)
                text = function(argument, known) if function is not None else None
                return members if text is None else _Final(text)
            return members
        case list():
            return [_flatten(inner, known) for inner in value]
        case _:
            return value
