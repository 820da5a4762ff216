"""Known values as Python text."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

from airflow2sfn.packaging.parts import Import

_WIDTH = 100


class Unwritable(Exception):
    """A value without a literal; the message says what it is."""


def literal(value: Any) -> tuple[str, set[Import]]:
    """A value as an expression, and the imports it needs; raises Unwritable.

    >>> literal({"a": (1, "it's")})[0]
    '{"a": (1, "it\\'s")}'
    """
    imports: set[Import] = set()
    return _text(value, imports, 0), imports


def _text(value: Any, imports: set[Import], depth: int) -> str:
    match value:
        case str():
            text = json.dumps(value, ensure_ascii=False)
            # JSON and Python read the same escapes, but for line separators and surrogates.
            return text if text.isprintable() else repr(value)
        case bool() | int() | float() | None | bytes():
            return repr(value)
        case list():
            return _block("[", [_text(item, imports, depth + 1) for item in value], "]", depth)
        case tuple():
            items = [_text(item, imports, depth + 1) for item in value]
            return "(" + ", ".join(items) + ("," if len(items) == 1 else "") + ")"
        case set() | frozenset():
            items = sorted(_text(item, imports, depth + 1) for item in value)
            return _block("{", items, "}", depth) if items else "set()"
        case dict():
            pairs = [f"{_text(k, imports, depth + 1)}: {_text(v, imports, depth + 1)}" for k, v in value.items()]
            return _block("{", pairs, "}", depth)
        case timedelta():
            imports.add(Import("timedelta", "datetime", "timedelta"))
            return f"timedelta(seconds={value.total_seconds():g})"
        case datetime() if value.tzinfo is None:
            imports.add(Import("datetime", "datetime", "datetime"))
            return f'datetime.fromisoformat("{value.isoformat()}")'
        case date() if not isinstance(value, datetime):
            imports.add(Import("date", "datetime", "date"))
            return f'date.fromisoformat("{value.isoformat()}")'
        case _:
            raise Unwritable(f"a {type(value).__name__}")


def _block(start: str, items: list[str], end: str, depth: int) -> str:
    """On one line where it fits, otherwise an item a line."""
    short = start + ", ".join(items) + end
    if len(short) + 4 * depth <= _WIDTH and "\n" not in short:
        return short
    indent = "    " * (depth + 1)
    return f"{start}\n" + "".join(f"{indent}{item},\n" for item in items) + "    " * depth + end
