"""One workflow compared: all parts of the report as one value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sfn_airflow_core.compare.architecture import Dimension, architecture
from sfn_airflow_core.compare.breakeven import Crossing, as_standard, crossings, curves, sensitivity, verdict
from sfn_airflow_core.compare.cost import Terms, express, serverless, standard
from sfn_airflow_core.compare.dag_file import DagFile
from sfn_airflow_core.compare.environments import environments, mwaa, smallest
from sfn_airflow_core.compare.latency import Latency, latency
from sfn_airflow_core.compare.limits import Limit, limits
from sfn_airflow_core.compare.overheads import Overheads
from sfn_airflow_core.compare.qualify import dag_exclusions, express_exclusions, serverless_exclusions
from sfn_airflow_core.compare.quote import Quote
from sfn_airflow_core.compare.steps import Workflow
from sfn_airflow_core.compare.structure import Structure
from sfn_airflow_core.compare.usage import Usage, measure


@dataclass(frozen=True, slots=True)
class Cost:
    """Part 1: what a month costs.

    ``quotes`` are all options, ``chosen`` the MWAA class taken where one is needed, ``by_class`` the runs a month from
    which on Standard costs more than a new environment of a class.
    """

    quotes: tuple[Quote, ...]
    chosen: str | None
    crossings: tuple[Crossing, ...]
    by_class: dict[str, int | None]
    sensitivity: dict[str, tuple[float, ...]]
    verdict: str

    def quote(self, option: str) -> Quote:
        """The quote of an option by its name."""
        return next(quote for quote in self.quotes if quote.option == option)

    def named(self, option: str) -> Quote | None:
        """The quote of one of the five ways that are compared; ``None`` where no MWAA class carries the load."""
        if option in ("mwaa", "mwaa-marginal"):
            if self.chosen is None:
                return None
            option = f"mwaa-{self.chosen}{option.removeprefix('mwaa')}"
        return self.quote(option)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A workflow on both sides."""

    workflow: Workflow
    usage: Usage
    terms: Terms
    overheads: Overheads
    cost: Cost
    limits: tuple[Limit, ...]
    latency: Latency
    architecture: tuple[Dimension, ...]
    structure: Structure | None = None


def compare(
    workflow: Workflow,
    terms: Terms,
    overheads: Overheads,
    structure: Structure | None = None,
    dag: DagFile | None = None,
) -> Comparison:
    """Compare a workflow; ``structure`` is the correspondence with a DAG, ``dag`` the DAG, where there is one."""
    usage = measure(workflow, overheads)
    written = dag is not None and not dag.generated
    excluded = dag_exclusions(dag, workflow) if dag and written else serverless_exclusions(workflow)
    cost = costs(usage, terms, express_exclusions(workflow), excluded)
    return Comparison(
        workflow=workflow,
        usage=usage,
        terms=terms,
        overheads=overheads,
        cost=cost,
        limits=tuple(limits(workflow, usage, terms, cost.chosen)),
        latency=latency(workflow, overheads),
        architecture=tuple(architecture(workflow, usage, terms, dag)),
        structure=structure,
    )


def costs(
    usage: Usage,
    terms: Terms,
    not_express: tuple[str, ...],
    not_serverless: tuple[str, ...],
    mixed: Callable[[float], Quote] | None = None,
) -> Cost:
    """Part 1 of a comparison.

    Args:
        usage: of an average run.
        terms: with the runs a month.
        not_express: why Express is out of the question.
        not_serverless: why MWAA Serverless is.
        mixed: for several workflows, Step Functions with the cheaper type for each, by runs a month.
    """
    quotes = [standard(usage, terms), express(usage, terms, not_express)]
    classes = environments(usage, terms)
    quotes += [mwaa(each, terms, marginal) for marginal in (False, True) for each in classes.values()]
    quotes.append(serverless(usage, terms, not_serverless))
    options = curves(usage, terms, classes)
    if mixed is not None:
        quotes.append(mixed(terms.runs))
        options["sfn-mixed"] = lambda runs: mixed(runs).amount
    amounts = sensitivity(options, terms.runs)
    possible = dict.fromkeys(options, True) | {
        "sfn-express": not not_express,
        "mwaa-serverless": not not_serverless,
    }
    chosen = smallest(classes, terms.runs)
    return Cost(
        tuple(quotes),
        chosen.name if chosen else None,
        tuple(crossings(options, classes)),
        as_standard(options["sfn-standard"], classes),
        amounts,
        verdict(amounts, possible),
    )
