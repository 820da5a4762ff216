"""A comparison as sections: what is compared, what it costs, and the other parts in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from sfn_airflow_core.compare.architecture import duration
from sfn_airflow_core.compare.breakeven import FACTORS, SHORT, TITLES, Crossing
from sfn_airflow_core.compare.comparison import Comparison, Cost
from sfn_airflow_core.compare.cost import Terms
from sfn_airflow_core.compare.layout import Cell, Section, Style, Table, plural
from sfn_airflow_core.compare.limits import Limit, pressing
from sfn_airflow_core.compare.prices import CLASSES
from sfn_airflow_core.compare.qualify import names
from sfn_airflow_core.compare.quote import dollars, figure
from sfn_airflow_core.compare.sections_explain import explanation, usage_explanation
from sfn_airflow_core.compare.sections_parts import (
    architecture_section,
    latency_section,
    limit_section,
    structure_section,
)
from sfn_airflow_core.compare.structure import Structure

_FACTOR: Final = {0.1: "×0.1 runs", 1.0: "a month", 10.0: "×10 runs"}


def sections(comparison: Comparison, explain: bool = False) -> Iterator[Section]:
    """The sections of the report on one workflow."""
    yield head(comparison)
    yield cost_section(comparison.cost)
    if explain:
        yield usage_explanation(comparison)
        yield explanation(comparison.cost)
    yield limit_section(comparison.limits, comparison.cost.quote("mwaa-serverless").excluded)
    yield latency_section(comparison.latency, comparison.overheads)
    yield architecture_section(comparison)
    if comparison.structure is not None:
        yield structure_section(comparison.structure)


def head(comparison: Comparison) -> Section:
    """What is compared, and where the figures come from."""
    workflow, usage, terms = comparison.workflow, comparison.usage, comparison.terms
    failed = [run for run in workflow.runs if run.problem]
    reason = "" if terms.reason == "given" else f" ({terms.reason})"
    lines: list[Cell] = [
        (comparison.cost.verdict, "strong"),
        pressed(comparison.limits),
        *(matched(comparison.structure) if comparison.structure else ()),
        "",
        f"{figure(round(terms.runs, 2))} runs a month{reason}; {priced(terms)}",
        f"A run: {figure(round(usage.transitions, 2))} transitions in {duration(usage.seconds)}; on Airflow "
        f"{figure(round(usage.tasks, 2))} tasks"
        + (f", {figure(round(usage.skipped, 2))} more that skip themselves" if usage.skipped else "")
        + f", and {duration(usage.slot_seconds)} of worker slots.",
        _sides(comparison),
        f"From {plural(len(workflow.runs), 'run')}: {workflow.origin}"
        + (
            f", of which {len(failed)} {'fails' if len(failed) == 1 else 'fail'} ({failed[0].problem})."
            if failed
            else "."
        ),
    ]
    if workflow.assumed:
        lines.append((f"Assumed: {'; '.join(workflow.assumed)}.", "warn"))
    lines += [(note, "warn") for note in workflow.notes]
    if workflow.started:
        started = ", ".join(workflow.started[:3])
        lines.append((f"Not in it: what the workflows cost that this one starts ({started}).", "warn"))
    return Section(workflow.name, tuple(lines))


def pressed(limits: Iterable[Limit]) -> Cell:
    """Which limits matter, as a sentence."""
    found = {
        status: [f"{limit.what} of {limit.side}" for limit in pressing(limits) if limit.status == status]
        for status in ("over", "near")
    }
    if found["over"]:
        return f"Over a limit: {names(found['over'])}; see Limits.", "bad"
    if found["near"]:
        return f"Near a limit: {names(found['near'])}; see Limits.", "warn"
    return "No limit of Step Functions, Airflow or MWAA is near."


def matched(structure: Structure) -> Iterator[Cell]:
    """How much of one side is on the other, and whether both behave the same, as sentences."""
    differing = sum(bool(match.differences) for match in structure.matches)
    left = len(structure.only_machine) + len(structure.only_dag)
    yield (
        f"{plural(len(structure.matches), 'state')} {'has' if len(structure.matches) == 1 else 'have'} a task in the "
        f"DAG, {differing or 'none'} with differences; {left or 'nothing'} on one side only; see Structure."
    )
    yield from structure.behaviour[:1]


def _sides(comparison: Comparison) -> str:
    workflow = comparison.workflow
    if workflow.side is None:
        return "The tasks are those of the translation."
    if workflow.translated:
        return f"The state machine is the translation of {workflow.side.name}."
    return f"The tasks are those of {workflow.side.name}."


def priced(terms: Terms) -> str:
    """Where the prices come from, and what they rest on."""
    counts = Counter[str](row.basis for row in terms.prices.values())
    doubtful = [f"{counts[basis]} {word}" for basis, word in _BASIS.items() if counts[basis]]
    note = f" ({', '.join(doubtful)}: 'prices show' says which)" if doubtful else ""
    return f"prices of {terms.region} as of {terms.as_of}{note}, in US dollars before tax."


_BASIS: Final = {
    "published": "published by others",
    "inferred": "taken over from another region",
    "estimate": "estimated",
}


def cost_section(cost: Cost) -> Section:
    """Part 1: options with sensitivity, classes, break-even; the verdict stands at the head of the report."""
    excluded: list[Cell] = [
        (f"{quote.title} is not possible: {'; '.join(quote.excluded)}.", "dim")
        for name in cost.sensitivity
        if (quote := cost.named(name)) is not None and quote.excluded
    ]
    parts = (_options(cost), *excluded, _classes(cost), *_crossings(cost.crossings))
    return Section("Cost per month", parts)


def _options(cost: Cost) -> Table:
    fitting = [n for n in cost.sensitivity if (quote := cost.named(n)) is not None and quote.fits]
    best = min(fitting, key=lambda name: cost.sensitivity[name][1], default="")
    rows: list[tuple[Cell, ...]] = []
    for name, amounts in cost.sensitivity.items():
        quote = cost.named(name)
        title = TITLES[name] if quote is None else quote.title
        if name == "mwaa" and quote is not None:
            title = f"{quote.title}, new environment"
        style: Style = "good" if name == best else "dim" if name not in fitting else ""
        why = "no class carries the load" if quote is None else "not possible" if quote.excluded else ""
        why = "; ".join((why, *quote.notes) if why else quote.notes) if quote else why
        why = "cheapest" if name == best and not why else why
        rows.append(((title, style), *((_dollars(amounts[n]), style) for n in (1, 0, 2)), (why, style)))
    return Table(("way to run it", *(_FACTOR[FACTORS[n]] for n in (1, 0, 2)), ""), tuple(rows), (1, 2, 3))


def _dollars(amount: float) -> str:
    return "-" if amount == float("inf") else dollars(amount)


def _classes(cost: Cost) -> Table:
    rows = []
    for name in CLASSES:
        full, part = cost.quote(f"mwaa-{name}"), cost.quote(f"mwaa-{name}-marginal")
        style: Style = "dim" if not full.fits else "strong" if name == cost.chosen else ""
        why = "; ".join((*full.excluded, *full.notes)) or ("taken above" if name == cost.chosen else "")
        runs = cost.by_class[name]
        cells = (name, dollars(full.amount), dollars(part.amount), f"{runs:,} runs" if runs else "-", why)
        rows.append(tuple((text, style) for text in cells))
    heads = ("MWAA class", "new", "existing", "Standard is dearer from", "")
    return Table(heads, tuple(rows), (1, 2, 3))


def _crossings(crossings: tuple[Crossing, ...]) -> Iterator[Cell | Table]:
    """Where pairs turn, as a table; pairs that never do in a sentence for each winner."""
    rows: list[tuple[Cell, ...]] = []
    always: dict[str, list[str]] = {}
    for crossing in crossings:
        first, second = SHORT[crossing.first], SHORT[crossing.second]
        if crossing.runs is not None:
            rows.append((f"{first} / {second}", f"{crossing.runs:,}", SHORT[crossing.then]))
        elif crossing.then:
            winner = SHORT[crossing.then]
            always.setdefault(winner, []).append(second if winner == first else first)
        else:
            always.setdefault("", []).append(f"{first} and {second}")
    if rows:
        yield Table(("break-even", "runs a month", "cheaper from there on"), tuple(rows), (1,))
    said = [f"{winner} is cheaper than {', '.join(others)}" for winner, others in always.items() if winner]
    yield from ((f"At any number of runs {one}.", "dim") for one in said)
    for pair in always.get("", ()):
        yield f"{pair} cost the same.", "dim"
