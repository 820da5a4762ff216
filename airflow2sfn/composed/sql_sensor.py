"""SqlSensor of common.sql: a query, asked again until its first row is what it waits for."""

from __future__ import annotations

import ast

from airflow2sfn.composed.sql import KNOWN, connection, steps
from airflow2sfn.expressions.python import Expressions
from airflow2sfn.expressions.text import Untranslatable
from airflow2sfn.jinja.pieces import CONDITION, Piece
from airflow2sfn.source import Known, Made, PythonCallable, Value
from airflow2sfn.tasks.callables import definition
from airflow2sfn.tasks.calls import SENSOR_LATE, Chain, Look, Missing, Step, Work
from airflow2sfn.tasks.retries import seconds
from airflow2sfn.tasks.site import Site

_WEEK = 7 * 86_400
_ASKS = ("success", "failure", "selector", "fail_on_empty")


def sensor(site: Site, given: dict[str, Value]) -> Work | None:
    """Waits until the first value of the first row is neither false, zero nor empty, or is what a function says."""
    site.dropped(given, *KNOWN, *_ASKS)
    found = connection(site, given)
    if isinstance(found, Missing):
        return found
    *before, last = steps(site, found, given, "first")
    assert isinstance(last, Step), "rows are the result of a call"
    output, done, failed = _questions(site, given, last.call.result)
    look = Look(
        last.call,
        output,
        done,
        failed,
        interval=max(1, round(seconds(site.task.known("poke_interval")) or 60)),
        timeout=max(1, round(seconds(site.task.known("timeout")) or _WEEK)),
        name=last.name,
        soft_fail=bool(site.task.known("soft_fail", False)),
        late=SENSOR_LATE,
        before=tuple(before),
    )
    return Chain((look,))


def _questions(site: Site, given: dict[str, Value], rows: str) -> tuple[str, str, str]:
    """What is kept of the rows, and the conditions that what it waits for is there, and that it never will be."""
    number = _selected(given.get("selector"))
    if not any(
        name in given and given[name] not in (Known(None), Known(False)) for name in _ASKS if name != "selector"
    ):
        value = f"$states.input[{number}]"
        return f"[({rows})[0]]", f"$exists({value}) and $boolean({value})", ""
    success, failure = (_asked(site, given.get(name)) for name in ("success", "failure"))
    empty = "true" if site.task.known("fail_on_empty", False) else "false"
    found = success or "$boolean($value)"
    bad = failure or "false"
    output = (
        f"($row := ({rows})[0]; $value := $row[{number}]; $failed := $exists($row) ? {bad} : {empty};"
        f" {{'value': $value, 'failed': $failed, 'found': $exists($row) and $not($failed) ? {found} : false}})"
    )
    return output, "$states.input.found", "$states.input.failed"


def _selected(value: Value | None) -> int:
    """Which value of a row counts; raises Untranslatable."""
    match value:
        case None | Known(None):
            return 0
        case Made(name="operator.itemgetter", args=(Known(int() as number),)) if number >= 0:
            return number
        case _:
            raise Untranslatable("its selector has no counterpart")


def _asked(site: Site, value: Value | None) -> str:
    """What a function says of the value, as an expression; empty without one. Raises Untranslatable."""
    if value is None or value == Known(None):
        return ""
    tree = definition(value) if isinstance(value, PythonCallable) else None
    match tree:
        case ast.Lambda(args=ast.arguments(args=[parameter]), body=body):
            pass
        case ast.FunctionDef(args=ast.arguments(args=[parameter]), body=[ast.Return(value=ast.expr() as body)]):
            pass
        case _:
            raise Untranslatable("what its function asks of the row has no counterpart")
    piece = Expressions(site.values).condition(body, {parameter.arg: Piece("$value")})
    return piece.at(CONDITION + 1) if piece.kind == "bool" else f"$boolean({piece.code})"
