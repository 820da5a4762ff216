"""Parts 2 to 5 of a comparison as sections: limits, latency, architecture and structure."""

from __future__ import annotations

from typing import Final

from sfn_airflow_core.compare.architecture import duration
from sfn_airflow_core.compare.comparison import Comparison
from sfn_airflow_core.compare.latency import Latency
from sfn_airflow_core.compare.layout import Cell, Section, Style, Table, plural
from sfn_airflow_core.compare.limits import Limit
from sfn_airflow_core.compare.overheads import ORIGINS, Overheads
from sfn_airflow_core.compare.quote import figure
from sfn_airflow_core.compare.structure import Structure

_STATUS: Final[dict[str, Style]] = {"over": "bad", "near": "warn", "queues": "warn", "ok": "", "unknown": "dim"}
_STEPS: Final = 12
"""Steps of a critical path that are shown."""


def limit_section(limits: tuple[Limit, ...], serverless: tuple[str, ...]) -> Section:
    """Part 2: values, limits and margins, the nearest first; and what MWAA Serverless leaves out."""
    rows: list[tuple[Cell, ...]] = []
    for limit in limits:
        style = _STATUS[limit.status]
        value = "not known" if limit.value is None else figure(round(limit.value, 4))
        margin = "" if limit.margin is None else f"{limit.margin * 100:,.0f} %"
        what = f"{limit.side}: {limit.what}" + (f" ({limit.about})" if limit.about else "")
        cells = (what, value, f"{figure(limit.limit)} {limit.unit}", margin, limit.status)
        rows.append(tuple((text, style) for text in cells))
    parts: list[Cell | Table] = [Table(("what", "value", "limit", "left", "status"), tuple(rows), (1, 2, 3))]
    parts += [(f"MWAA Serverless: {reason}.", "warn") for reason in serverless]
    return Section("Limits", tuple(parts))


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
    parts: list[Cell | Table] = [f"Critical path of {latency.run}: {_path(latency.path)}"]
    if latency.task_path and latency.task_path != latency.path:
        parts.append(f"On Airflow: {_path(latency.task_path)}")
    parts.append(f"Work on it: {duration(latency.work)}.")
    parts.append(Table(("", "hops", "per hop", "whole run", "origin of the overhead"), tuple(rows), (1, 2, 3)))
    return Section("Latency", tuple(parts))


def _path(path: tuple[str, ...]) -> str:
    return " → ".join(path[:_STEPS]) + (f" → … {len(path) - _STEPS} more" if len(path) > _STEPS else "")


def architecture_section(comparison: Comparison) -> Section:
    """Part 4: all dimensions with this workflow's facts; those that it has nothing to do with at the end."""
    rows: list[tuple[Cell, ...]] = []
    for row in sorted(comparison.architecture, key=lambda row: not row.counts):
        style: Style = "" if row.counts else "dim"
        cells = (row.name, row.step_functions, row.airflow, row.here, row.match)
        rows.append(tuple((text, style) for text in cells))
    heads = ("dimension", "Step Functions", "Airflow on MWAA", "this workflow", "to match the other side")
    return Section("Architecture", (Table(heads, tuple(rows), even=True, records=True),))


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
