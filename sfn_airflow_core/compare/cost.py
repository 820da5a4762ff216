"""Costs per month: Step Functions Standard and Express, MWAA Serverless; environments are in ``environments``.

Formulas are those of the public price pages. Work itself (Lambda, Glue, Batch, …) costs the same on either side and is
left out, as are logs, data transfer and taxes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from sfn_airflow_core.compare.prices import Price
from sfn_airflow_core.compare.quote import Item, Quote
from sfn_airflow_core.compare.usage import Usage

HOURS: Final = 730
"""Hours of a month."""
FREE_TRANSITIONS: Final = 4000
"""State transitions per account and month that cost nothing (AWS pricing page)."""
TIERS: Final = (("sfn.express.gb-second.1", 1000.0), ("sfn.express.gb-second.2", 4000.0))
"""GB-hours of Express at the first two prices; the rest is at ``sfn.express.gb-second.3``."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What prices depend on besides the workflow.

    ``free_tier`` grants the account's free transitions to this workflow. ``workers`` is the most an environment may
    scale to, ``database_gb`` its metadata, ``dags`` how many DAGs it holds.
    ``reason`` says where the number of runs comes from.
    """

    prices: Mapping[str, Price]
    runs: float
    free_tier: bool = True
    workers: int = 10
    database_gb: float = 10.0
    dags: int = 1
    reason: str = "given"

    @property
    def region(self) -> str:
        """The region of the prices."""
        return next(iter(self.prices.values())).region

    @property
    def as_of(self) -> str:
        """The dates of the prices, oldest and newest where they differ."""
        days = sorted({row.as_of.isoformat() for row in self.prices.values()})
        return days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"

    def at(self, item: str) -> float:
        """The price of an item in dollars."""
        return float(self.prices[item].price)

    def with_runs(self, runs: float) -> Terms:
        """The same terms for another number of runs."""
        return replace(self, runs=runs)


def standard(usage: Usage, terms: Terms) -> Quote:
    """Step Functions Standard: transitions beyond the free ones; Express children are billed as Express."""
    billed = terms.runs * usage.transitions
    free = FREE_TRANSITIONS if terms.free_tier else 0
    price = terms.at("sfn.transition")
    item = Item(
        "state transitions",
        max(0.0, billed - free) * price,
        "max(0, {runs} runs × {each} transitions − {free} free) × ${price}",
        {"runs": terms.runs, "each": usage.transitions, "free": free, "price": price},
    )
    items = [item]
    if usage.requests:
        items += _express_items(usage.requests, usage.request_gb_seconds, terms, "child executions: ")
    return Quote("sfn-standard", "Step Functions Standard", tuple(items))


def express(usage: Usage, terms: Terms, excluded: tuple[str, ...]) -> Quote:
    """Step Functions Express: requests and GB-seconds."""
    items = _express_items(1.0, usage.express_gb_seconds, terms, "")
    return Quote("sfn-express", "Step Functions Express", tuple(items), excluded)


def _express_items(requests: float, gb_seconds: float, terms: Terms, prefix: str) -> list[Item]:
    price = terms.at("sfn.express.request")
    items = [
        Item(
            f"{prefix}requests",
            terms.runs * requests * price,
            "{runs} runs × {each} × ${price}" if requests != 1 else "{runs} runs × ${price}",
            {"runs": terms.runs, "each": requests, "price": price},
        )
    ]
    rest = terms.runs * gb_seconds
    for name, hours in (*TIERS, ("sfn.express.gb-second.3", float("inf"))):
        part = min(rest, hours * 3600)
        rate = terms.at(name)
        template = "{part} GB-s × ${rate}"
        if name.endswith(".1"):
            template = "min({runs} runs × {each} GB-s, {tier} GB-s) × ${rate}"
        if part or name.endswith(".1"):
            numbers = {"runs": terms.runs, "each": gb_seconds, "part": part, "rate": rate}
            numbers |= {"tier": hours * 3600} if name.endswith(".1") else {}
            items.append(Item(f"{prefix}duration, price {name[-1]}", part * rate, template, numbers))
        rest -= part
    return items


def serverless(usage: Usage, terms: Terms, excluded: tuple[str, ...]) -> Quote:
    """MWAA Serverless: hours of task instances, a minute at least for each."""
    price = terms.at("mwaa.serverless.task-hour")
    hours = usage.serverless_seconds / 3600
    item = Item(
        "task hours",
        terms.runs * hours * price,
        "{runs} runs × {seconds} s billed for {tasks} tasks / 3600 × ${price}",
        {"runs": terms.runs, "tasks": usage.serverless_tasks, "seconds": usage.serverless_seconds, "price": price},
    )
    return Quote("mwaa-serverless", "MWAA Serverless", (item,), excluded)
