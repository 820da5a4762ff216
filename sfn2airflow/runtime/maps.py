"""The distributed Map: its items in pieces, a bounded number of tasks that run them, and what becomes of the results.

Three tasks stand for the state. *items* reads the items and keeps them in pieces, so that nobody holds them all. *runs*
is a mapped task of at most ``LANES`` instances; each takes every so-many-th piece and runs the items in it one after
the other, so the number of instances is the number of items under way. *output* puts the results together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from airflow.sdk import BaseOperator

from .documents import as_document, called, from_xcom, reaching, task_of
from .errors import Json, data_errors
from .map_results import Export, described, exported
from .map_runs import LANES, size_of, threshold, too_many
from .settings import Setting

_AHEAD = 1000
_PIECES = ((10_000, 25), (1_000_000, 250), (None, 2500))
"""The size of a piece, by how many items came before: about 400 pieces for each line."""


@dataclass(frozen=True, slots=True)
class MapRun:
    """What a distributed Map is about to do: its items, how many at a time, how many may fail, and where it writes."""

    items: Iterable[Json]
    concurrency: int = 0
    batched: bool = False
    tolerated_count: int | None = None
    tolerated_percentage: float | None = None
    export: Export | None = None


def map_run(
    items: Iterable[Json],
    *,
    concurrency: Json = 0,
    batched: bool = False,
    tolerated_count: Json = None,
    tolerated_percentage: Json = None,
    export: Export | None = None,
) -> MapRun:
    """A Map Run, its numbers checked; 0 for ``concurrency`` is as many as possible. Raises ValueError."""
    count = None if tolerated_count is None else _whole(tolerated_count, "ToleratedFailureCount")
    percentage = _open(tolerated_percentage)
    if percentage is not None and (
        isinstance(percentage, bool) or not isinstance(percentage, int | float) or not 0 <= percentage <= 100
    ):
        raise ValueError(f"ToleratedFailurePercentage is {percentage!r}, which is not between 0 and 100")
    return MapRun(items, _whole(concurrency, "MaxConcurrency"), batched, count, percentage, export)


def _open(value: Json) -> Json:
    value = value.json() if isinstance(value, Setting) else value
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _whole(value: Json, field: str) -> int:
    number = _open(value)
    if isinstance(number, bool) or not isinstance(number, int | float) or number != int(number) or number < 0:
        raise ValueError(f"{field} is {value!r}, which is not a valid integer")
    return int(number)


def item_source(name: str) -> Callable[[Callable[[Json], MapRun]], BaseOperator]:
    """The first task of a distributed Map: the function makes the Map Run of the document that reaches the state."""

    def decorate(function: Callable[[Json], MapRun]) -> BaseOperator:
        def cut(context: Any) -> Json:
            ti = context["ti"]
            run = called(context, function, reaching(context, context["task"]))
            pieces = total = first = 0
            with data_errors():
                for piece in in_pieces(run.items, min(run.concurrency or LANES, LANES)):
                    ti.xcom_push(key=f"items_{pieces}", value=as_document({"first": first, "inputs": piece}))
                    first += len(piece)
                    pieces, total = pieces + 1, total + sum(size_of(item, run.batched) for item in piece)
            lanes = min(run.concurrency or LANES, LANES, pieces)
            plan = {
                "pieces": pieces,
                "lanes": lanes,
                "total": total,
                "batched": run.batched,
                "count": run.tolerated_count,
                "percentage": run.tolerated_percentage,
                "export": run.export.told() if run.export else None,
            }
            ti.xcom_push(key="plan", value=as_document(plan))
            return [{**plan, "export": None, "lane": number} for number in range(lanes)]

        return task_of(cut, function, task_display_name=name)  # type: ignore[no-any-return]

    return decorate


def in_pieces(items: Iterable[Json], lanes: int) -> Iterator[list[Json]]:
    """Items in pieces: few of them in as many as there are lanes, many in pieces of a size that grows slowly."""
    left = iter(items)
    ahead = [*islice(left, _AHEAD + 1)]
    if len(ahead) <= _AHEAD:
        size = max(-(-len(ahead) // max(lanes, 1)), 1)
        yield from (ahead[start : start + size] for start in range(0, len(ahead), size))
        return
    done, waiting = 0, ahead
    while True:
        size = next(size for below, size in _PIECES if below is None or done < below)
        waiting += islice(left, max(size - len(waiting), 0))
        if not waiting:
            return
        yield waiting[:size]
        done, waiting = done + size, waiting[size:]


def run_results(
    name: str, runs: BaseOperator, *, items: BaseOperator, **how: str
) -> Callable[[Callable[[Json, Json], Json]], BaseOperator]:
    """The end of a distributed Map: the function gets the document that reached the state, and its result.

    That is the list of outputs in the order of the items, or where a ResultWriter has put them. ``how``:
    ``transformation`` (NONE, COMPACT, FLATTEN) and ``output_type`` (JSON, JSONL) of the ResultWriter.
    """

    def decorate(function: Callable[[Json, Json], Json]) -> BaseOperator:
        def collect(context: Any) -> Json:
            ti = context["ti"]
            plan = from_xcom(ti.xcom_pull(task_ids=items.task_id, key="plan"))
            found = _results(ti, items, runs, plan)
            failed = [(item, result) for item, result in found() if result["Status"] != "SUCCEEDED"]
            if too_many(sum(size_of(item, plan["batched"]) for item, _ in failed), plan):
                raise threshold()
            if plan["export"]:
                result: Json = exported(context, found, plan["export"], **how)
            else:
                result = described(found(), how.get("transformation", "COMPACT"))
            first = context["task"].task_group.roots[0]
            value = called(context, function, reaching(context, first), result, node=first)
            with data_errors():
                return as_document(value)

        operator: BaseOperator = task_of(collect, function, task_display_name=name)
        operator.set_upstream([items, runs])
        return operator

    return decorate


def _results(ti: Any, items: BaseOperator, runs: BaseOperator, plan: Json) -> Callable[[], Iterator[tuple[Json, Json]]]:
    """All inputs with their results, in the order of the items, a piece at a time."""

    def pairs() -> Iterator[tuple[Json, Json]]:
        for number in range(plan["pieces"]):
            inputs = from_xcom(ti.xcom_pull(task_ids=items.task_id, key=f"items_{number}"))["inputs"]
            lane = number % plan["lanes"]
            results = from_xcom(ti.xcom_pull(task_ids=runs.task_id, key=f"results_{number}", map_indexes=lane))
            yield from zip(inputs, results, strict=True)

    return pairs
