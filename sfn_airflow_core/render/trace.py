"""The trace of an execution for people: states as they were entered, with calls, retries, waits and outputs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from typing import TypeAlias

from sfn_airflow_core.asl.model import Json
from sfn_airflow_core.interpreter import Execution, Visit
from sfn_airflow_core.interpreter.execution import Place
from sfn_airflow_core.render.escape import visible
from sfn_airflow_core.render.text import WIDTH, _console, _styled

Line: TypeAlias = "tuple[float, int, str, str]"
"""Second, depth, text and style."""

_LONGEST = 160


def render_trace(execution: Execution, *, color: bool = False, width: int = WIDTH) -> str:
    """One line for everything that happened, in the order of the virtual clock, and the end.

    Args:
        execution: of the reference interpreter.
        color: with ANSI colours.
        width: columns of the terminal; lines are not broken.
    """
    out = StringIO()
    console = _console(out, color, width)
    for seconds, depth, text, style in _visits(execution, list(execution.visits)):
        console.print(_styled(f"{_clock(seconds):>10}  {'  ' * depth}{text}", style), soft_wrap=True)
    style = "bold green" if execution.status == "SUCCEEDED" else "bold red"
    console.print(_styled(f"{_clock(execution.duration):>10}  {_end(execution)}", style), soft_wrap=True)
    return out.getvalue()


def _visits(execution: Execution, visits: list[Visit]) -> Iterator[Line]:
    """Stays in the order of entering; what runs inside a Parallel or Map stands between its entry and its end."""
    while visits:
        visit, rest = visits[0], visits[1:]
        around = len(visit.place)
        inside = [v for v in rest if v.place[:around] == visit.place and v.place[around : around + 1]]
        inside = [v for v in inside if v.place[around][0] == visit.state and not _ended(visit, v)]
        yield visit.entered, around, f"{_where(visit.place)}{visible(visit.state)} ← {brief(visit.input)}", "bold"
        yield from sorted(_happened(execution, visit), key=lambda line: line[0])
        yield from _visits(execution, sorted(inside, key=lambda v: v.place[around][1]))
        yield from _left(visit)
        told = {id(v) for v in inside}
        visits = [v for v in rest if id(v) not in told]


def _ended(visit: Visit, later: Visit) -> bool:
    return visit.left is not None and later.entered > visit.left


def _happened(execution: Execution, visit: Visit) -> Iterator[Line]:
    depth, end = len(visit.place) + 1, float("inf") if visit.left is None else visit.left
    for call in execution.calls:
        if (call.state, call.place) == (visit.state, visit.place) and visit.entered <= call.at <= end:
            again = f" (try {call.attempt + 1})" if call.attempt else ""
            yield call.at, depth, f"calls {visible(call.resource)}{again} with {brief(call.arguments)}", "cyan"
    for retry in execution.retries:
        if (retry.state, retry.place) == (visit.state, visit.place) and visit.entered <= retry.at <= end:
            error = visible(str(retry.error))
            text = f"{error}: retry {retry.number} after {retry.seconds:g} s (Retry {retry.retrier})"
            yield retry.at, depth, text, "yellow"
    for pause in execution.waits:
        if (pause.state, pause.place, pause.at) == (visit.state, visit.place, visit.entered):
            yield pause.at, depth, f"waits {pause.seconds:g} s", "magenta"


def _left(visit: Visit) -> Iterator[Line]:
    depth = len(visit.place) + 1
    if visit.left is None:
        return
    if visit.error is not None:
        caught = f", caught, goes to {visible(visit.next or '')}" if visit.caught else ""
        yield visit.left, depth, f"fails with {visible(visit.error)}{caught}", "red"
    if visit.done:
        yield visit.left, depth, f"→ {brief(visit.output)}", "green"


def _where(place: Place) -> str:
    return "".join(f"[{visible(name)} {number}] " for name, number in place[-1:])


def _clock(seconds: float) -> str:
    return f"{seconds:.3f} s"


def _end(execution: Execution) -> str:
    count = f"{execution.transitions} transitions"
    if execution.status == "SUCCEEDED":
        return f"SUCCEEDED, {count}"
    cause = f": {visible(execution.cause[:_LONGEST])}" if execution.cause else ""
    return f"{execution.status}, {count}: {visible(execution.error or 'no error name')}{cause}"


def brief(value: Json) -> str:
    """A value on part of a line."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return visible(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")
