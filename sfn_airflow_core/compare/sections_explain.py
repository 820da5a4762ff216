"""What ``--explain`` adds: the usage of an average run, and every price as a formula with its numbers."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from typing import Final

from sfn_airflow_core.compare.architecture import duration
from sfn_airflow_core.compare.breakeven import SHORT, Crossing
from sfn_airflow_core.compare.comparison import Comparison, Cost
from sfn_airflow_core.compare.cost import HOURS
from sfn_airflow_core.compare.layout import Cell, Section, Table, plural
from sfn_airflow_core.compare.polls import Poll
from sfn_airflow_core.compare.quote import Quote, dollars, figure
from sfn_airflow_core.compare.usage import ASSUMED_PAYLOAD, by_state, memory_mb, width

_MANY: Final = 20
"""Runs that are listed one by one."""


def usage_explanation(comparison: Comparison) -> Section:
    """The usage of an average run, run by run and state by state."""
    return Section(
        "What an average run uses",
        (
            _runs(comparison),
            _express_line(comparison),
            *map(_poll_line, comparison.workflow.polls),
            _states(comparison),
            _slot_line(comparison),
        ),
    )


def _poll_line(poll: Poll) -> str:
    """How the rounds of a loop that polls were counted."""
    known = "given" if poll.given else "assumed; --durations with this name tells it"
    cut = f"; counted are {poll.rounds:,}, because a history has no room for more" if poll.cut else ""
    return (
        f"The loop around {poll.wait} polls for {figure(poll.total)} s ({known}) / {figure(poll.seconds)} s a round = "
        f"{plural(poll.wanted, 'round')}{cut}."
    )


def _runs(comparison: Comparison) -> Table:
    workflow = comparison.workflow
    rows: list[tuple[Cell, ...]] = []
    for run in workflow.runs[:_MANY]:
        part = f"{run.weight / workflow.weight:.1%}"
        states = sum(step.times * step.tries for step in run.steps)
        billed = ceil(round(run.seconds * 10, 6)) / 10 or 0.1
        memory = memory_mb(workflow.plan, run.payload or ASSUMED_PAYLOAD, width(run, workflow.plan))
        end = run.problem or run.status.lower()
        rows.append((run.id, part, f"{states:,}", duration(run.seconds), f"{figure(billed)} s × {memory} MB", end))
    if len(workflow.runs) > _MANY:
        rows.append((f"and {len(workflow.runs) - _MANY} more", "", "", "", "", ""))
    return Table(("run", "share", "transitions", "duration", "as Express", "end"), tuple(rows), (1, 2, 3, 4))


def _express_line(comparison: Comparison) -> str:
    each = figure(round(comparison.usage.express_gb_seconds, 6))
    return f"As Express {each} GB-s on average: shares × seconds × MB / 1024."


def _states(comparison: Comparison) -> Table:
    rows: list[tuple[Cell, ...]] = []
    shares = by_state(comparison.workflow, comparison.overheads)
    for share in shares:
        numbers = (share.stays, share.transitions, share.tasks, share.slot_seconds, share.serverless_seconds)
        kind = "" if share.billed == "parent" else share.billed
        rows.append((share.name, *(figure(round(number, 4)) for number in numbers), kind))
    usage = comparison.usage
    if usage.skipped:
        slots = usage.skipped * comparison.overheads.slot
        rows.append(("skipped tasks", "", "", figure(round(usage.skipped, 4)), figure(round(slots, 4)), "", ""))
    sums = (
        sum(share.stays for share in shares),
        sum(share.transitions for share in shares),
        usage.tasks + usage.skipped,
        usage.slot_seconds,
        usage.serverless_seconds,
    )
    rows.append((("sum", "strong"), *((figure(round(number, 4)), "strong") for number in sums), ""))
    heads = ("state, in an average run", "stays", "transitions", "tasks", "slot seconds", "Serverless s", "billed as")
    return Table(heads, tuple(rows), (1, 2, 3, 4, 5))


def _slot_line(comparison: Comparison) -> str:
    usage, terms = comparison.usage, comparison.terms
    busy = terms.runs * usage.slot_seconds / (HOURS * 3600)
    return (
        f"Worker slots held on average: {figure(round(terms.runs, 2))} runs × {figure(round(usage.slot_seconds, 4))} s "
        f"/ ({HOURS} h × 3600) = {figure(round(busy, 6))}."
    )


def explanation(cost: Cost) -> Section:
    """Every price with its formula and the numbers in it."""
    rows: list[tuple[Cell, ...]] = []
    for quote in cost.quotes:
        if not quote.option.endswith("-marginal"):
            rows += _quote(quote)
    note = "In an environment that exists, a workflow costs the line 'further workers' of its class, and nothing else."
    parts: list[Cell | Table] = [Table(("", "", "formula"), tuple(rows), (1,)), note]
    if turning := [crossing for crossing in cost.crossings if crossing.runs is not None]:
        parts.append(_turning(turning))
    return Section("How the prices come about", tuple(parts))


def _turning(crossings: Iterable[Crossing]) -> Table:
    """What both ways cost at the break-even, and at one run less."""
    rows: list[tuple[Cell, ...]] = []
    for crossing in crossings:
        runs = crossing.runs or 0
        for number, amounts in ((runs - 1, crossing.before), (runs, crossing.at)):
            cells = [
                f"{SHORT[name]} ${amount:,.6f}"
                for name, amount in zip((crossing.first, crossing.second), amounts, strict=True)
            ]
            rows.append((f"{number:,} runs", *cells))
    return Table(("break-even: at", "one way", "the other"), tuple(rows), (0,))


def _quote(quote: Quote) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = [((quote.title, "strong"), (dollars(quote.amount), "strong"), "")]
    return rows + [(f"  {item.label}", dollars(item.amount), item.formula()) for item in quote.items]
