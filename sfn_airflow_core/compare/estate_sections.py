"""Several workflows as sections: a table of all of them with totals, and what the total means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sfn_airflow_core.compare.comparison import Comparison
from sfn_airflow_core.compare.estate import Estate
from sfn_airflow_core.compare.layout import Cell, Section, Style, Table, plural
from sfn_airflow_core.compare.limits import pressing
from sfn_airflow_core.compare.quote import dollars, figure
from sfn_airflow_core.compare.sections import cost_section, priced
from sfn_airflow_core.compare.sections_explain import explanation


def estate_sections(estate: Estate, explain: bool = False) -> Iterator[Section]:
    """The sections of the report on several workflows."""
    terms = estate.terms
    yield Section(
        plural(len(estate.parts), "workflow"),
        (
            (estate.cost.verdict, "strong"),
            "",
            f"{figure(round(terms.runs, 2))} runs a month together; {priced(terms)}",
            _origins(estate),
            "The free transitions of the account are in the total only."
            if terms.free_tier
            else "Without the free transitions of the account.",
            _table(estate),
        ),
    )
    section = cost_section(estate.cost)
    yield Section("All of them: one account, or one MWAA environment", section.parts)
    if explain:
        yield explanation(estate.cost)
    yield _limits(estate)


def _origins(estate: Estate) -> str:
    counts: dict[str, int] = {}
    for part in estate.parts:
        counts[part.workflow.origin] = counts.get(part.workflow.origin, 0) + 1
    reasons = Counter(_reason(part.terms.reason) for part in estate.parts)
    often = ", ".join(f"{reason} ({count})" for reason, count in sorted(reasons.items()))
    found = ", ".join(f"{origin} ({count})" for origin, count in sorted(counts.items()))
    return f"Runs a month: {often}. Figures from: {found}."


def _reason(reason: str) -> str:
    return "the DAG's schedule" if reason.startswith("the DAG's schedule") else reason


def _table(estate: Estate) -> Table:
    rows: list[tuple[Cell, ...]] = [_row(part) for part in estate.parts]
    usage, cost = estate.usage, estate.cost
    shared = cost.named("mwaa")
    total = (
        "total",
        figure(round(estate.terms.runs, 2)),
        f"{usage.transitions:,.1f}",
        f"{usage.tasks:,.1f}",
        dollars(cost.quote("sfn-standard").amount),
        dollars(estate.mixed.amount),
        dollars(shared.amount) if shared else "-",
        dollars(cost.quote("mwaa-serverless").amount),
        "",
    )
    rows.append(tuple((text, "strong") for text in total))
    heads = (
        "workflow",
        "runs",
        "transitions",
        "tasks",
        "Standard",
        "best type",
        "own MWAA",
        "Serverless",
        "nearest limit",
    )
    return Table(heads, tuple(rows), (1, 2, 3, 4, 5, 6, 7), spare=(2, 3))


def _row(part: Comparison) -> tuple[Cell, ...]:
    express, standard = part.cost.quote("sfn-express"), part.cost.quote("sfn-standard")
    best = min(standard.amount, express.amount) if express.fits else standard.amount
    environment, serverless = part.cost.named("mwaa"), part.cost.quote("mwaa-serverless")
    limit = next(iter(pressing(part.limits)), None)
    style: Style = "" if limit is None else "bad" if limit.status == "over" else "warn"
    return (
        part.workflow.name,
        figure(round(part.terms.runs, 2)),
        f"{part.usage.transitions:,.1f}",
        f"{part.usage.tasks:,.1f}",
        dollars(standard.amount),
        dollars(best),
        dollars(environment.amount) if environment else "-",
        (dollars(serverless.amount), "" if serverless.fits else "dim"),
        (f"{limit.what}: {limit.status}" if limit else "", style),
    )


def _limits(estate: Estate) -> Section:
    rows: list[tuple[Cell, ...]] = []
    for part in estate.parts:
        for limit in pressing(part.limits):
            if limit.value is not None:
                style: Style = "bad" if limit.status == "over" else "warn"
                cells = (
                    part.workflow.name,
                    limit.side,
                    limit.what,
                    figure(round(limit.value, 4)),
                    f"{figure(limit.limit)} {limit.unit}",
                    limit.about,
                )
                rows.append(tuple((text, style) for text in cells))
    if not rows:
        return Section("Limits", ("No workflow comes near a limit.",))
    return Section(
        "Limits that workflows come near",
        (Table(("workflow", "side", "what", "value", "limit", "of"), tuple(rows), (3, 4)),),
    )
