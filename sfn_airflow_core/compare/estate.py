"""Several workflows together: one account on Step Functions, one shared environment on MWAA."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sfn_airflow_core.compare.comparison import Comparison, Cost, costs
from sfn_airflow_core.compare.cost import Terms, express, standard
from sfn_airflow_core.compare.quote import Item, Quote
from sfn_airflow_core.compare.usage import Usage, merged


@dataclass(frozen=True, slots=True)
class Estate:
    """The totals of several comparisons; its cost has one way more: the cheaper type for each workflow."""

    parts: tuple[Comparison, ...]
    usage: Usage
    terms: Terms
    cost: Cost

    @property
    def mixed(self) -> Quote:
        """Step Functions with the cheaper type for each workflow."""
        return self.cost.quote("sfn-mixed")


def estate(parts: Sequence[Comparison], terms: Terms) -> Estate:
    """The totals.

    Step Functions bills by use, so its price is that of the sum, with the account's free transitions and price steps
    applied once. An environment is shared: it has to carry the sum of the load and all DAGs, and is paid once.
    """
    usage = together(parts)
    shared = replace(terms, runs=sum(part.terms.runs for part in parts), dags=len(parts))
    not_express = [part.workflow.name for part in parts if not part.cost.quote("sfn-express").fits]
    not_serverless = [part.workflow.name for part in parts if not part.cost.quote("mwaa-serverless").fits]
    no_express, no_serverless = _some(not_express, len(parts)), _some(not_serverless, len(parts))
    return Estate(tuple(parts), usage, shared, costs(usage, shared, no_express, no_serverless, _mixed(parts, terms)))


def together(parts: Sequence[Comparison]) -> Usage:
    """The usage of an average run over all workflows."""
    return merged([(part.terms.runs, part.usage) for part in parts])


def _some(names: list[str], total: int) -> tuple[str, ...]:
    return (f"{len(names)} of {total} workflows cannot",) if names else ()


def _mixed(parts: Sequence[Comparison], terms: Terms) -> Callable[[float], Quote]:
    """Express where a workflow qualifies and is cheaper that way, Standard for the others; by runs of all together."""
    quick = [part for part in parts if _better_express(part)]
    rest = [part for part in parts if not _better_express(part)]
    total = sum(part.terms.runs for part in parts)
    shares = [sum(part.terms.runs for part in some) / total for some in (rest, quick)]
    usages = [together(some) if some else None for some in (rest, quick)]
    title = f"Step Functions, {len(rest)} Standard and {len(quick)} Express"

    def quote(runs: float) -> Quote:
        items: list[Item] = []
        if usages[0] is not None:
            items += standard(usages[0], terms.with_runs(runs * shares[0])).items
        if usages[1] is not None:
            items += express(usages[1], terms.with_runs(runs * shares[1]), ()).items
        return Quote("sfn-mixed", title, tuple(items))

    return quote


def _better_express(part: Comparison) -> bool:
    """Whether a workflow may be Express and is cheaper so, without the free transitions of the account."""
    quote = part.cost.quote("sfn-express")
    paid = standard(part.usage, replace(part.terms, free_tier=False))
    return quote.fits and quote.amount < paid.amount
