"""Parts 2 to 5 of a comparison as sections: limits, latency, architecture and structure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sfn_airflow_core.compare.architecture import duration
from sfn_airflow_core.compare.comparison import Comparison
from sfn_airflow_core.compare.facts import NOTHING
from sfn_airflow_core.compare.latency import Latency
from sfn_airflow_core.compare.layout import Cell, Section, Style, Table, plural
from sfn_airflow_core.compare.limits import Limit
from sfn_airflow_core.compare.overheads import ORIGINS, Overheads
from sfn_airflow_core.compare.quote import figure
from sfn_airflow_core.compare.structure import Structure

_STATUS: Final[dict[str, Style]] = {"over": "bad", "near": "warn", "queues": "warn", "ok": "", "unknown": "dim"}
_FAR: Final = 0.9
"""The share of a limit from which on what is left is only mentioned."""
_STEPS: Final = 12
"""Steps of a critical path that are shown."""


def limit_section(limits: tuple[Limit, ...], serverless: tuple[str, ...]) -> Section:
    """Part 2: values, limits and margins, the nearest first; and what MWAA Serverless leaves out.

    Limits of which less than a tenth is used, and those that no run tells, stand in a sentence.
    """
    shown = [limit for limit in limits if limit.value is not None and not _is_far(limit)]
    unknown = [f"{limit.side} {limit.what}" for limit in limits if limit.value is None]
    parts: list[Cell | Table] = []
    if shown:
        rows = tuple(_limit_row(limit) for limit in shown)
        parts.append(Table(("what", "value", "limit", "left", "status"), rows, (1, 2, 3)))
    far: dict[str, list[str]] = {}
    for limit in filter(_is_far, limits):
        value = f"{limit.what} {figure(round(limit.value or 0.0, 4))} of {figure(limit.limit)} {limit.unit}"
        far.setdefault(limit.side, []).append(value)
    parts += [(f"Far from the limits of {side}: {'; '.join(entries)}.", "dim") for side, entries in far.items()]
    if unknown:
        parts.append((f"Not known without --scenarios or --history: {', '.join(unknown)}.", "dim"))
    parts += [(f"MWAA Serverless: {reason}.", "warn") for reason in serverless]
    return Section("Limits", tuple(parts))


def _is_far(limit: Limit) -> bool:
    return limit.status == "ok" and limit.margin is not None and limit.margin > _FAR


def _limit_row(limit: Limit) -> tuple[Cell, ...]:
    style = _STATUS[limit.status]
    value, margin = figure(round(limit.value or 0.0, 4)), _percent(limit.margin or 0.0)
    what = f"{limit.side}: {limit.what}" + (f" ({limit.about})" if limit.about else "")
    cells = (what, value, f"{figure(limit.limit)} {limit.unit}", margin, limit.status)
    return tuple((text, style) for text in cells)


def _percent(share: float) -> str:
    """What is left of a limit; with a digit more where it is nearly nothing."""
    return f"{share * 100:,.0f} %" if abs(share) >= 0.01 or not share else f"{share * 100:,.1f} %"


def latency_section(latency: Latency, overheads: Overheads) -> Section:
    """Part 3: the critical path in hops and in time."""
    rows: list[tuple[Cell, ...]] = []
    names = {
        "step-functions": ("Step Functions", latency.transitions, "step_functions"),
        "airflow": ("Airflow, own server", latency.tasks, "airflow"),
        "mwaa": ("MWAA", latency.tasks, "mwaa"),
        "mwaa-serverless": ("MWAA Serverless", latency.tasks, "serverless"),
    }
    for key, (title, hops, overhead) in names.items():
        seconds = getattr(overheads, overhead)
        origin = ORIGINS[overhead] if seconds == getattr(Overheads(), overhead) else "given"
        rows.append((title, f"{hops:,.0f}", f"{seconds:g} s", duration(latency.seconds[key]), (origin, "dim")))
    parts: list[Cell | Table] = [f"Critical path of the run '{latency.run}': {_path(latency.path)}"]
    if latency.task_path and latency.task_path != latency.path:
        parts.append(f"On Airflow: {_path(latency.task_path)}")
    parts.append(f"Work on it: {duration(latency.work)}.")
    parts.append(Table(("", "hops", "per hop", "whole run", "origin of the overhead"), tuple(rows), (1, 2, 3)))
    return Section("Latency", tuple(parts))


def _path(path: tuple[str, ...]) -> str:
    parts = list(folded(path))
    return " → ".join(parts[:_STEPS]) + (f" → … {len(parts) - _STEPS} more" if len(parts) > _STEPS else "")


def folded(path: Sequence[str]) -> Iterator[str]:
    """The steps of a path, with the rounds of a loop as one.

    >>> list(folded(["Start", "Wait", "Look", "Wait", "Look", "Done"]))
    ['Start', '2 × (Wait → Look)', 'Done']
    """
    start = 0
    while start < len(path):
        for length in range(1, _STEPS + 1):
            turn, times = path[start : start + length], 1
            while len(turn) == length and path[start + times * length : start + (times + 1) * length] == turn:
                times += 1
            if times > 1:
                yield f"{times:,} × ({' → '.join(turn)})"
                start += times * length
                break
        else:
            yield path[start]
            start += 1


def architecture_section(comparison: Comparison) -> Section:
    """Part 4: all dimensions with this workflow's facts; those that it has nothing to do with in short at the end."""
    known = comparison.architecture
    rows = [(row.name, row.step_functions, row.airflow, row.here, row.match) for row in known if row.counts]
    others = [(row.name, row.here.removeprefix(NOTHING)) for row in known if not row.counts]
    heads = ("dimension", "Step Functions", "Airflow on MWAA", "this workflow", "to match the other side")
    parts = [Table(heads, tuple(rows), even=True, records=True)]
    if others:
        dim: list[tuple[Cell, ...]] = [((name, "dim"), (why, "dim")) for name, why in others]
        parts.append(Table(("no difference for this workflow", "because"), tuple(dim)))
    return Section("Architecture", tuple(parts))


_SURE: Final[dict[str, Style]] = {"certain": "good", "likely": "", "possible": "warn"}


def structure_section(structure: Structure) -> Section:
    """Part 5: states and tasks that correspond, and what has no counterpart."""
    rows: list[tuple[Cell, ...]] = []
    for match in structure.matches:
        style = _SURE[match.sure]
        differences: Cell = ("; ".join(match.differences), "warn") if match.differences else ""
        evidence = match.evidence[0] if match.sure == "certain" else "; ".join(match.evidence)
        rows.append((match.state, match.task, (match.sure, style), evidence, differences))
    counts = ", ".join(f"{count} {sure}" for sure, count in structure.sureness.items() if count)
    has = "has" if len(rows) == 1 else "have"
    parts: list[Cell | Table] = [
        f"{structure.dag.source}, DAG {structure.dag.dag_id or '?'}: {plural(len(rows), 'state')} {has} a task"
        + (f" ({counts})." if counts else "."),
    ]
    if rows:
        heads = ("state", "task", "sure", "because", "differs (state, and task)")
        parts.append(Table(heads, tuple(rows), records=True))
    if structure.around:
        parts.append((f"Part of these: {', '.join(structure.around)}", "dim"))
    for title, entries in (
        ("Only in the state machine", structure.only_machine),
        ("Only in the DAG", structure.only_dag),
        ("Order", structure.edges),
    ):
        if entries:
            parts.append((f"{title}: {'; '.join(entries)}", "warn"))
    parts += [(line, "strong") for line in structure.behaviour]
    return Section("Structure", tuple(parts))
