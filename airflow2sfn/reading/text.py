"""Texts put together from values, known or not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from airflow2sfn.reading.evaluate import MISSING, MOST_TEXT, External, TooMuch, Unknown
from airflow2sfn.reading.graph import GroupMade, TaskMade, XComMade
from airflow2sfn.reading.limits import attempt, check_format, is_plain, small
from airflow2sfn.source import Concat, Known, Symbolic, Value

_CONVERSIONS: dict[int, Callable[[Any], str]] = {ord("s"): str, ord("r"): repr, ord("a"): ascii}


def jinja(xcom: XComMade) -> str | None:
    """The template that an XComArg becomes inside a text, as Airflow writes it."""
    if xcom.form or not isinstance(xcom.sources[0], TaskMade):
        return None
    task = xcom.sources[0]
    dag_id = task.dag.dag_id if task.dag else ""
    return f"{{{{ task_instance.xcom_pull(task_ids='{task.task_id}', dag_id='{dag_id}', key='{xcom.key}') }}}}"


def formatted(value: Any, conversion: int = -1, spec: str = "") -> str | None:
    """``format(value, spec)`` of a known value; ``None`` for what has no text that can be told."""
    if isinstance(value, XComMade):
        return jinja(value)
    if isinstance(value, TaskMade):
        return f"<Task({value.kind.rpartition('.')[2]}): {value.task_id}>"
    if isinstance(value, GroupMade | External) or not is_plain(value) or isinstance(value, dt.tzinfo):
        return None
    if conversion >= 0:
        value = _CONVERSIONS[conversion](value)
    check_format(spec)
    return str(attempt(format, value, spec))


def settled(value: Unknown) -> Value:
    """The value of an unknown with what it is assumed to be as its default."""
    found = value.value
    if isinstance(found, Symbolic) and found.default is None and isinstance(value.assumed, str | int | float | bool):
        return Symbolic(found.text, found.reason, found.span, found.key, Known(value.assumed))
    return found


def concatenate(parts: list[Any]) -> Any:
    """The text that pieces make: a text where all are known, otherwise an unknown value made of pieces.

    Args:
        parts: texts and unknown values.
    """
    if sum(len(part) for part in parts if isinstance(part, str)) > MOST_TEXT:
        raise TooMuch(f"a text of more than {MOST_TEXT} characters")
    if all(isinstance(part, str) for part in parts):
        return "".join(parts)
    pieces: list[Value] = []
    for part in parts:
        found = settled(part) if isinstance(part, Unknown) else Known(part)
        for piece in found.parts if isinstance(found, Concat) else (found,):
            if isinstance(piece, Known) and pieces and isinstance(pieces[-1], Known):
                pieces[-1] = Known(f"{pieces[-1].value}{piece.value}")
            elif piece != Known(""):
                pieces.append(piece)
    assumed: Any = MISSING
    if not any(isinstance(part, Unknown) and part.assumed is MISSING for part in parts):
        assumed = small("".join(str(part.assumed) if isinstance(part, Unknown) else part for part in parts))
    return Unknown(pieces[0] if len(pieces) == 1 else Concat(tuple(pieces)), assumed)
