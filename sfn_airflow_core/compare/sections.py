"""A comparison as sections of text and tables, which every format for people renders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from sfn_airflow_core.compare.architecture import duration
from sfn_airflow_core.compare.breakeven import FACTORS, TITLES, Crossing
from sfn_airflow_core.compare.comparison import Comparison, Cost
from sfn_airflow_core.compare.latency import Latency
from sfn_airflow_core.compare.limits import Limit
from sfn_airflow_core.compare.overheads import ORIGINS, Overheads
from sfn_airflow_core.compare.prices import CLASSES
from sfn_airflow_core.compare.quote import Quote, dollars, figure
from sfn_airflow_core.compare.structure import Structure
from sfn_airflow_core.compare.usage import by_state

Style: TypeAlias = Literal["", "good", "warn", "bad", "dim", "strong"]
Cell: TypeAlias = "str | tuple[str, Style]"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; ``right`` are the numbers of columns with figures, ``even`` columns are equally wide."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    right: tuple[int, ...] = ()
    even: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report: paragraphs and tables in order."""

    title: str
    parts: tuple[Cell | Table, ...]


_FACTOR: Final = {0.1: "×0.1", 1.0: "a month", 10.0: "×10"}


def sections(comparison: Comparison, explain: bool = False) -> Iterator[Section]:
    """The sections of the report on one workflow."""
    yield head(comparison)
    yield cost_section(comparison.cost)
    if explain:
        yield usage_explanation(comparison)
        yield explanation(comparison.cost)
    yield limit_section(comparison.limits)
    yield latency_section(comparison.latency, comparison.overheads)
    yield architecture_section(comparison)
    if comparison.structure is not None:
        yield structure_section(comparison.structure)


def head(comparison: Comparison) -> Section:
    """What is compared, and where the figures come from."""
    workflow, usage, terms = comparison.workflow, comparison.usage, comparison.terms
    failed = [run for run in workflow.runs if run.problem]
    lines: list[Cell] = [
        f"{figure(terms.runs)} runs a month; prices of {terms.region} as of {terms.as_of}, in US dollars before tax.",
        f"A run: {figure(round(usage.transitions, 2))} transitions in {duration(usage.seconds)}; on Airflow "
        f"{figure(round(usage.tasks, 2))} tasks, {figure(round(usage.skipped, 2))} more that skip themselves, and "
        f"{duration(usage.slot_seconds)} of worker slots.",
        f"From {plural(len(workflow.runs), 'run')}: {workflow.origin}"
        + (
            f", of which {len(failed)} {'fails' if len(failed) == 1 else 'fail'} ({failed[0].problem})."
            if failed
            else "."
        ),
    ]
    if workflow.assumed:
        lines.append((f"Assumed: {'; '.join(workflow.assumed)}.", "warn"))
    return Section(workflow.name, tuple(lines))


def plural(number: int, word: str) -> str:
    """A number with its noun."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def cost_section(cost: Cost, mixed: Quote | None = None) -> Section:
    """Part 1: verdict, options with sensitivity, classes, break-even."""
    verdict: Cell = (cost.verdict, "strong")
    return Section("Cost per month", (verdict, _options(cost, mixed), _classes(cost), _crossings(cost.crossings)))


def _options(cost: Cost, mixed: Quote | None) -> Table:
    fitting = [n for n in cost.sensitivity if (quote := cost.named(n)) is not None and quote.fits]
    best = min(fitting, key=lambda name: cost.sensitivity[name][1], default="")
    rows: list[tuple[Cell, ...]] = []
    for name, amounts in cost.sensitivity.items():
        quote = cost.named(name)
        title = TITLES[name] if quote is None or not name.startswith("mwaa") else quote.title
        if name == "mwaa" and quote is not None:
            title = f"{quote.title}, new environment"
        style: Style = "good" if name == best else "dim" if name not in fitting else ""
        why = "; ".join((*quote.excluded, *quote.notes)) if quote else "no class carries the load"
        if quote is not None and quote.excluded:
            why = f"not possible: {why}"
        rows.append(((title, style), *((_dollars(amounts[n]), style) for n in (1, 0, 2)), (why, style)))
        if name == "sfn-express" and mixed is not None:
            rows.append((mixed.title, dollars(mixed.amount), "", "", "the cheaper type for each workflow"))
    return Table(("", *(_FACTOR[FACTORS[n]] for n in (1, 0, 2)), ""), tuple(rows), (1, 2, 3))


def _dollars(amount: float) -> str:
    return "-" if amount == float("inf") else dollars(amount)


def _classes(cost: Cost) -> Table:
    rows = []
    for name in CLASSES:
        full, part = cost.quote(f"mwaa-{name}"), cost.quote(f"mwaa-{name}-marginal")
        style: Style = "dim" if not full.fits else "strong" if name == cost.chosen else ""
        why = "; ".join((*full.excluded, *full.notes)) or ("taken above" if name == cost.chosen else "")
        rows.append(
            (
                (f"MWAA {name}", style),
                (dollars(full.amount), style),
                (dollars(part.amount), style),
                (why, style),
            )
        )
    return Table(("by class", "new environment", "environment exists", ""), tuple(rows), (1, 2))


def _crossings(crossings: tuple[Crossing, ...]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for crossing in crossings:
        pair = f"{TITLES[crossing.first]} / {TITLES[crossing.second]}"
        if crossing.runs is not None:
            rows.append((pair, f"{crossing.runs:,}", f"from there on {TITLES[crossing.then]} is cheaper"))
        elif crossing.then:
            rows.append(((pair, "dim"), ("-", "dim"), (f"{TITLES[crossing.then]} is always cheaper", "dim")))
        else:
            rows.append(((pair, "dim"), ("-", "dim"), ("the same at any number of runs", "dim")))
    return Table(("break-even", "runs a month", ""), tuple(rows), (1,))


def usage_explanation(comparison: Comparison) -> Section:
    """The usage of an average run, run by run and state by state."""
    workflow = comparison.workflow
    runs: list[tuple[Cell, ...]] = []
    for run in workflow.runs[:_MANY]:
        part = f"{run.weight / workflow.weight:.1%}"
        states = sum(step.times * step.tries for step in run.steps)
        runs.append((run.id, part, f"{states:,}", duration(run.seconds), run.problem or run.status.lower()))
    if len(workflow.runs) > _MANY:
        runs.append((f"and {len(workflow.runs) - _MANY} more", "", "", "", ""))
    rows: list[tuple[Cell, ...]] = []
    shares = by_state(workflow, comparison.overheads)
    for share in shares:
        numbers = (share.stays, share.transitions, share.tasks, share.slot_seconds, share.serverless_seconds)
        kind = "" if share.billed == "parent" else share.billed
        rows.append((share.name, *(figure(round(number, 4)) for number in numbers), kind))
    usage = comparison.usage
    rows.append(
        ("skipped tasks", "", "", figure(round(usage.skipped, 4)), figure(round(_skipping(comparison), 4)), "", "")
    )
    sums = (
        sum(share.stays for share in shares),
        sum(share.transitions for share in shares),
        usage.tasks + usage.skipped,
        usage.slot_seconds,
        usage.serverless_seconds,
    )
    rows.append((("sum", "strong"), *((figure(round(number, 4)), "strong") for number in sums), ""))
    memory = f"As Express: up to {usage.memory_mb} MB, {figure(round(usage.express_gb_seconds, 6))} GB-s on average."
    heads = ("state, in an average run", "stays", "transitions", "tasks", "slot seconds", "serverless s", "billed as")
    return Section(
        "What an average run uses",
        (
            Table(("run", "share", "transitions", "duration", "end"), tuple(runs), (1, 2, 3)),
            Table(heads, tuple(rows), (1, 2, 3, 4, 5)),
            memory,
        ),
    )


def _skipping(comparison: Comparison) -> float:
    return comparison.usage.skipped * comparison.overheads.slot


def explanation(cost: Cost) -> Section:
    """Every price with its formula and the numbers in it."""
    parts: list[Cell | Table] = []
    for quote in cost.quotes:
        rows = tuple((item.label, f"= {dollars(item.amount)}", item.formula()) for item in quote.items)
        total: tuple[Cell, ...] = (("total", "strong"), (f"= {dollars(quote.amount)}", "strong"), "")
        parts.append(Table((quote.title, "", "formula"), (*rows, total), (1,)))
    return Section("How the prices come about", tuple(parts))


_MANY: Final = 20
"""Runs that are listed one by one."""

_STATUS: Final[dict[str, Style]] = {"over": "bad", "near": "warn", "queues": "warn", "ok": "", "unknown": "dim"}


def limit_section(limits: tuple[Limit, ...]) -> Section:
    """Part 2: values, limits and margins, the nearest first."""
    rows: list[tuple[Cell, ...]] = []
    for limit in limits:
        style = _STATUS[limit.status]
        value = "not known" if limit.value is None else figure(round(limit.value, 4))
        margin = "" if limit.margin is None else f"{limit.margin * 100:.0f} %"
        cells = (
            limit.side,
            limit.what,
            value,
            f"{figure(limit.limit)} {limit.unit}",
            margin,
            limit.status,
            limit.about,
        )
        rows.append(tuple((text, style) for text in cells))
    return Section(
        "Limits", (Table(("side", "what", "value", "limit", "left", "status", "of"), tuple(rows), (2, 3, 4)),)
    )


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
    path = " → ".join(latency.path[:12]) + (f" → … {len(latency.path) - 12} more" if len(latency.path) > 12 else "")
    return Section(
        "Latency",
        (
            f"Critical path of {latency.run}: {path}",
            f"Work on it: {duration(latency.work)}.",
            Table(("", "hops", "per hop", "whole run", "origin of the overhead"), tuple(rows), (1, 2, 3)),
        ),
    )


def architecture_section(comparison: Comparison) -> Section:
    """Part 4: all dimensions with this workflow's facts."""
    rows: list[tuple[Cell, ...]] = []
    for row in comparison.architecture:
        style: Style = "" if row.counts else "dim"
        cells = (row.name, row.step_functions, row.airflow, row.here, row.match)
        rows.append(tuple((text, style) for text in cells))
    heads = ("dimension", "Step Functions", "Airflow on MWAA", "this workflow", "to match the other side")
    return Section("Architecture", (Table(heads, tuple(rows), even=True),))


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
    parts: list[Cell | Table] = [
        f"{structure.dag.source}, DAG {structure.dag.dag_id or '?'}: {len(rows)} states have a task"
        + (f" ({counts})." if counts else "."),
        Table(("state", "task", "sure", "because", "differs (state, and task)"), tuple(rows)),
    ]
    for title, entries in (
        ("Only in the state machine", structure.only_machine),
        ("Only in the DAG", structure.only_dag),
        ("Order", structure.edges),
    ):
        if entries:
            parts.append((f"{title}: {'; '.join(entries)}", "warn"))
    parts += [(line, "strong") for line in structure.behaviour]
    return Section("Structure", tuple(parts))
