"""Values with a rule of their own: paths, payload templates, amounts, time stamps, variables."""

from __future__ import annotations

import datetime
import re
from functools import lru_cache

from sfn_airflow_core.asl.model import Amount, Given, Json, PathRef, Placeholder, Pointer, Query
from sfn_airflow_core.asl.read_fields import Fields, Notes, as_text, is_open, query_of
from sfn_airflow_core.expr.errors import ExpressionError
from sfn_airflow_core.expr.read_intrinsic import read_value
from sfn_airflow_core.expr.read_jsonpath import is_reference_path, read_path

_LOOKS_LIKE_PATH = re.compile(r"\$\$?[.\[]")
_LOOKS_DYNAMIC = re.compile(r"\$\$?[.\[]|States\.[A-Z][A-Za-z0-9]+\(")
_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?(?:Z|[+-]([01]\d|2[0-3]):[0-5]\d)\Z")
ONE_NAME = re.compile(r"\$\{([^{}\"\r\n]+)\}\Z")
_ELSEWHERE = re.compile(r"\$[$A-Za-z_]")
LONGEST_VARIABLE = 80
MOST_STEPS = 400
LONGEST_QUERY = 20_000
LARGEST_SECONDS = 99_999_999


@lru_cache(maxsize=4096)
def _path_fault(text: str, reference: bool) -> str:
    """What is wrong with a JSONPath; empty if nothing is."""
    try:
        path = read_path(text)
    except ExpressionError as error:
        return str(error) or "it cannot be read"
    if reference and not is_reference_path(path):
        return "it must be a Reference Path, made of members and positions only"
    return ""


@lru_cache(maxsize=4096)
def _value_fault(text: str) -> str:
    try:
        read_value(text)
    except ExpressionError as error:
        return str(error) or "it cannot be read"
    return ""


@lru_cache(maxsize=4096)
def _query_fault(text: str) -> str:
    if text.count(".") > MOST_STEPS or len(text) > LONGEST_QUERY:
        return ""  # the engine's time grows too fast with the length of a path to judge it while reading
    # imported late: most machines have no JSONata, and its engine takes time to load
    from sfn_airflow_core.expr.jsonata import read_query

    try:
        read_query(text)
    except ExpressionError as error:
        return str(error) or "it cannot be read"
    except RecursionError:
        return "it is nested too deeply"
    return ""


def query(fields: Fields, name: str, text: str) -> Query | None:
    """The JSONata expression of a member that is a ``{% … %}`` string; its syntax is checked."""
    found = query_of(text)
    if found is not None and not is_open(text) and (fault := _query_fault(found.text)):
        fields.error(name, f"The JSONata expression of the field '{name}' cannot be read: {fault}")
    return found


def path(fields: Fields, name: str, *, reference: bool = False, intrinsic: bool = False) -> PathRef | None:
    """A member that is a JSONPath (a Reference Path, or an intrinsic call, where that is the rule)."""
    text = fields.text(name)
    if text is None:
        return None
    if not is_open(text):
        call = intrinsic and not text.startswith("$")
        fault = _value_fault(text) if call else _path_fault(text, reference)
        if fault:
            wanted = "a valid JSONPath or a valid intrinsic function call" if intrinsic else "a valid JSONPath"
            fields.error(name, f"The value for the field '{name}' must be {wanted}: {fault}")
    return PathRef(text)


def flow_path(fields: Fields, name: str, *, result: bool = False) -> str | None:
    """``InputPath``, ``OutputPath`` or (``result``) ``ResultPath``: ``$`` if absent, ``None`` for null."""
    if name not in fields:
        return "$"
    if fields.value[name] is None:
        fields.take(name)
        return None
    found = path(fields, name, reference=result)
    if found is None:
        return "$"
    if result and _ELSEWHERE.match(found.path):
        fields.error(name, f"The field '{name}' must start at '$', not at the Context Object or a variable")
    return found.path


def template(fields: Fields, name: str) -> Given | None:
    """A payload template (JSONPath) or a value with ``{% %}`` strings (JSONata)."""
    found = fields.given(name)
    if found is not None:
        check_values(found.value, fields.where(name), fields)
    return found


def check_values(value: Json, at: Pointer, fields: Fields) -> None:
    """Check the values of a template by the rules of the query language in force."""
    if fields.language == "JSONPath":
        check_template(value, at, fields.notes)
    elif isinstance(value, str | dict | list):
        _check_queries(value, at, [], fields.notes)


def _check_queries(value: Json, at: Pointer, trail: list[str | int], notes: Notes) -> None:
    """Check JSONata expressions; warn of strings that have only one of the marks, or white space around both."""
    if isinstance(value, str):
        bare = value.strip()
        found = query_of(value)
        if found is not None:
            fault = "" if is_open(value) else _query_fault(found.text)
            if fault:
                notes.error(at, f"The JSONata expression cannot be read: {fault}", trail=trail)
        elif bare.startswith("{%") != bare.endswith("%}") or query_of(bare):
            message = (
                "The value looks like a JSONata expression, but is none; it must start with '{%' and end with '%}'"
            )
            notes.warn(at, message, trail=trail)
        return
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        if isinstance(inner, str | dict | list):
            trail.append(key)
            _check_queries(inner, at, trail, notes)
            trail.pop()


def check_template(value: Json, at: Pointer, notes: Notes) -> None:
    """Report members ``x.$`` that are neither a path nor a call, and paths that lack the ``.$`` (payload templates)."""
    _walk(value, at, [], notes)


def _walk(value: Json, at: Pointer, trail: list[str | int], notes: Notes) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            trail.append(key)
            if key.endswith(".$"):
                _dynamic(inner, value, at, trail, notes)
            elif isinstance(inner, str):
                if _LOOKS_DYNAMIC.match(inner):
                    message = f"The value looks like a path or a call, but stays a string; use the key '{key[:80]}.$'"
                    notes.warn(at, message, "NO_DOLLAR", trail=trail)
            elif isinstance(inner, (dict, list)):
                _walk(inner, at, trail, notes)
            trail.pop()
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            if isinstance(inner, (dict, list)):
                trail.append(index)
                _walk(inner, at, trail, notes)
                trail.pop()


def _dynamic(value: Json, members: dict[str, Json], at: Pointer, trail: list[str | int], notes: Notes) -> None:
    key = str(trail[-1])
    if key[:-2] in members:
        notes.error(at, f"'{key[:-2]}' and '{key}' cannot stand in one object", on_key=True, trail=trail)
    value = as_text(value)
    rule = f"The value for the field '{key[:100]}' must be a valid JSONPath or a valid intrinsic function call"
    if not isinstance(value, str):
        notes.error(at, rule, trail=trail)
    elif not is_open(value):
        fault = _path_fault(value, False) if value.startswith("$") else _value_fault(value)
        if fault:
            notes.error(at, f"{rule}: {fault}", trail=trail)


def assign(fields: Fields) -> dict[str, Json] | None:
    """``Assign``: variables by name; the names are checked, the values are a payload template."""
    inside = fields.members("Assign")
    if inside is None:
        return None
    for key in inside.value:
        name = key.removesuffix(".$") if fields.language == "JSONPath" else key
        if not is_open(name) and (not name.isidentifier() or len(name) > LONGEST_VARIABLE or name == "states"):
            message = f"{name[:100]!r} is not a name of a variable: letters, digits and '_', at most 80, not 'states'"
            inside.notes.error(inside.where(key), message, on_key=True)
    check_values(inside.value, inside.at, inside)
    return inside.value


def number(
    fields: Fields, name: str, low: float, high: float = LARGEST_SECONDS, *, fraction: bool = False
) -> int | float | Placeholder | None:
    """A number between two bounds; an open ``${Name}``, bare or as a whole string, stands for one."""
    value = fields.take(name)
    if isinstance(value, str) and (whole := ONE_NAME.match(value)):
        return Placeholder(whole[1])
    if (value is None and name not in fields) or isinstance(value, Placeholder):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not (fraction or value == int(value)):
        fields.error(name, f"The field '{name}' must be {'a number' if fraction else 'an integer'}")
        return None
    if not low <= value <= high:
        fields.error(name, f"The field '{name}' must be between {low} and {high}")
        return None
    return value if fraction else int(value)


def amount(
    fields: Fields, name: str, low: float, high: float = LARGEST_SECONDS, *, fraction: bool = False
) -> Amount | None:
    """A number that may also be a path (``…Path``, JSONPath) or a query (JSONata)."""
    if fields.language == "JSONata":
        if isinstance(text := fields.value.get(name), str) and (found := query(fields, name, text)):
            fields.take(name)
            return found
        return number(fields, name, low, high, fraction=fraction)
    fields.taken |= {name, f"{name}Path"}
    dynamic = path(fields, f"{name}Path", reference=True) if f"{name}Path" in fields else None
    fields.only_one(name, f"{name}Path")
    fixed = number(fields, name, low, high, fraction=fraction) if name in fields else None
    return dynamic if dynamic is not None else fixed


def is_timestamp(text: str) -> bool:
    """Whether a string is an RFC 3339 time stamp as the service takes it (upper-case T and Z)."""
    match = _TIMESTAMP.match(text)
    if match is None:
        return False
    try:
        datetime.datetime.fromisoformat(match[1])
    except ValueError:
        return False
    return True


def dynamic_text(fields: Fields, name: str) -> str | PathRef | Query | None:
    """A string, a query (JSONata), or a path or call under ``…Path`` (JSONPath): ``Error`` and ``Cause`` of Fail."""
    if fields.language == "JSONata":
        text = fields.text(name)
        return text if text is None else query(fields, name, text) or text
    found = path(fields, f"{name}Path", reference=True, intrinsic=True) if f"{name}Path" in fields else None
    fields.only_one(name, f"{name}Path")
    text = fields.text(name)
    if text is not None and _LOOKS_LIKE_PATH.match(text):
        warn_no_path(fields, name)
    return found if found is not None else text


def warn_no_path(fields: Fields, name: str) -> None:
    """The warning for a path under a field that takes it literally."""
    message = f"The value looks like a path, but the field is not '{name}Path'; it stays a plain string"
    fields.notes.warn(fields.where(name), message, "NO_PATH")


def looks_like_path(value: Json) -> bool:
    """Whether a value is a string that starts like a JSONPath."""
    return isinstance(value, str) and _LOOKS_LIKE_PATH.match(value) is not None


def holds_path(value: Json) -> bool:
    """Whether a path or a ``.$`` key stands anywhere in a value."""
    match value:
        case dict():
            return any(key.endswith(".$") or holds_path(inner) for key, inner in value.items())
        case list():
            return any(holds_path(inner) for inner in value)
        case _:
            return looks_like_path(value)
