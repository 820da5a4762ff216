"""What the comments of a generated DAG say of states that Airflow has no place for: ``# ASL: Label "Orders"``."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from airflow2sfn.generated.values import Unreadable
from sfn_airflow_core.asl import model as asl
from sfn_airflow_core.asl.model import Amount, Json, PathFlow, PathRef, Placeholder, Query

_FIELD = re.compile(r"^\s*# ASL: ([A-Z][A-Za-z]+) (.+)$")
_OPEN = re.compile(r"\$\{([^{}]+)\}")


def fields_above(node: ast.stmt, lines: Sequence[str]) -> dict[str, str]:
    """The fields that the comments above a task name, with the texts of their values."""
    return {found[1]: found[2] for line in comments_above(node, lines) if (found := _FIELD.match(line))}


def comments_above(node: ast.stmt, lines: Sequence[str]) -> Iterator[str]:
    """The lines of comments directly above a statement, or its decorators; the last one first."""
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
    line = min([node.lineno, *(decorator.lineno for decorator in decorators)]) - 2
    while line >= 0 and lines[line].lstrip().startswith("#"):
        yield lines[line]
        line -= 1


def with_fields(state: asl.State, fields: dict[str, str], node: ast.AST) -> asl.State:
    """A state with what comments say of it; raises Unreadable for what it cannot have."""
    for name, text in fields.items():
        try:
            value, end = json.JSONDecoder().raw_decode(text)
            state = _with(state, name, value, text[end:])
        except ValueError:
            raise Unreadable(f"the comment on {name}", node) from None
    return state


def _with(state: asl.State, name: str, value: Json, rest: str) -> asl.State:
    match state, name, value:
        case asl.Map(mode="DISTRIBUTED"), "ExecutionType", "STANDARD" | "EXPRESS" as kind:
            return replace(state, execution_type=kind)
        case asl.Map(mode="DISTRIBUTED"), "Label", str():
            return replace(state, label=value)
        case asl.Task(), "HeartbeatSeconds", str() | int() | float():
            return replace(state, heartbeat_seconds=_amount(state, value))
        case asl.Task(flow=PathFlow()), "HeartbeatSecondsPath", str():
            return replace(state, heartbeat_seconds=PathRef(value))
        case asl.Task(), "Resource", str():  # of another call, where somebody has changed that
            return replace(state, resource=value) if rest == f", here {state.resource}" else state
        case _:
            raise ValueError(name)


def _amount(state: asl.Task, value: str | int | float) -> Amount:
    if not isinstance(value, str):
        return value
    if found := _OPEN.fullmatch(value):
        return Placeholder(found[1])
    if value.startswith("{%") and value.endswith("%}") and not isinstance(state.flow, PathFlow):
        return Query(value[2:-2])
    raise ValueError(value)
