"""Costs per month: Step Functions Standard and Express, MWAA by environment class, MWAA Serverless.

Formulas are those of the public price pages. Work itself (Lambda, Glue, Batch, …) costs the same on either side and is
left out, as are logs, data transfer and taxes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Final

from sfn_airflow_core.compare.prices import CLASSES, Price
from sfn_airflow_core.compare.quote import Item, Quote
from sfn_airflow_core.compare.usage import Usage

HOURS: Final = 730
"""Hours of a month."""
FREE_TRANSITIONS: Final = 4000
"""State transitions per account and month that cost nothing (AWS pricing page)."""
TIERS: Final = (("sfn.express.gb-second.1", 1000.0), ("sfn.express.gb-second.2", 4000.0))
"""GB-hours of Express at the first two prices; the rest is at ``sfn.express.gb-second.3``."""
SLOTS: Final[Mapping[str, int]] = {"micro": 3, "small": 5, "medium": 10, "large": 20, "xlarge": 40, "2xlarge": 80}
"""Tasks that one worker runs at once, by environment class (MWAA's defaults)."""
DAGS: Final[Mapping[str, int]] = {
    "micro": 25,
    "small": 50,
    "medium": 250,
    "large": 1000,
    "xlarge": 2000,
    "2xlarge": 4000,
}
"""DAGs that an environment holds, by class (AWS's page on environment classes)."""
SCALE_IN: Final = 120.0
"""Seconds that a further worker stays after its last task (MWAA's autoscaling)."""


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
            numbers = {"runs": terms.runs, "each": gb_seconds, "part": part, "rate": rate, "tier": hours * 3600}
            items.append(Item(f"{prefix}duration, price {name[-1]}", part * rate, template, numbers))
        rest -= part
    return items


@dataclass(frozen=True, slots=True)
class Workers:
    """Workers beyond the first: ``steady`` ones for the average load, and ``burst_seconds`` of them in a run.

    ``cap`` is the most worker-hours a month that the environment may have.
    """

    steady: int
    burst_seconds: float
    cap: float

    def hours(self, runs: float) -> float:
        """Worker-hours a month."""
        return max(float(HOURS * self.steady), min(self.cap, runs * self.burst_seconds / 3600))


def worker_hours(usage: Usage, terms: Terms, slots: int) -> Workers:
    """The workers beyond the first that an environment with ``slots`` per worker needs.

    The steady load is the average number of slots held. Bursts are stretches of a run that hold more slots than one
    worker has (longer, where they hold more than all workers have), and the time until the further workers are gone.
    """
    most = terms.workers - 1
    burst = 0.0
    for held, seconds in usage.bursts:
        burst += _further(held, slots, most) * seconds * max(1.0, held / (slots * terms.workers))
    for held, share in usage.peaks:
        burst += _further(held, slots, most) * share * SCALE_IN
    return Workers(_further(busy_slots(usage, terms) - 1e-9, slots, most), burst, float(most * HOURS))


def _further(held: float, slots: int, most: int) -> int:
    """Workers beyond the first that so many slots need."""
    return min(most, max(0, ceil(held / slots) - 1))


def carries(usage: Usage, terms: Terms, name: str) -> bool:
    """Whether an environment of a class can hold the DAGs, and the average load with all its workers."""
    return terms.dags <= DAGS[name] and busy_slots(usage, terms) <= capacity(terms, name)


def busy_slots(usage: Usage, terms: Terms) -> float:
    """Task slots held on average."""
    return terms.runs * usage.slot_seconds / (HOURS * 3600)


def capacity(terms: Terms, name: str) -> int:
    """Task slots of an environment with all its workers; a micro environment has one."""
    return SLOTS[name] * (1 if name == "micro" else terms.workers)


def mwaa(usage: Usage, terms: Terms, name: str, marginal: bool) -> Quote:
    """MWAA with an environment of a class: in full, or what a workflow adds to an environment that is there."""
    items = _workers(usage, terms, name)
    if not marginal:
        price, storage = terms.at(f"mwaa.environment.{name}"), terms.at("mwaa.database.gb-month")
        items = [
            Item("environment", HOURS * price, "{hours} h × ${price}", {"hours": HOURS, "price": price}),
            *items,
            Item(
                "metadata database",
                terms.database_gb * storage,
                "{gb} GB × ${price}",
                {"gb": terms.database_gb, "price": storage},
            ),
        ]
    excluded = _too_small(usage, terms, name)
    option = f"mwaa-{name}{'-marginal' if marginal else ''}"
    title = f"MWAA {name}{', environment exists' if marginal else ''}"
    used = [f"mwaa.worker.{name}"] if any(item.amount for item in items if item.label == "further workers") else []
    used += [] if marginal else [f"mwaa.environment.{name}"]
    return Quote(option, title, tuple(items), excluded, tuple(_doubts(terms, used)))


def _doubts(terms: Terms, used: list[str]) -> Iterator[str]:
    """What a reader should know of prices that were not read in a price list for the region."""
    for item in used:
        if (row := terms.prices[item]).basis != "listed":
            what = "worker" if "worker" in item else "environment"
            yield f"{what} price {'estimated' if row.basis == 'estimate' else row.basis}"


def _too_small(usage: Usage, terms: Terms, name: str) -> tuple[str, ...]:
    """Why a class does not carry the load."""
    reasons = []
    if busy_slots(usage, terms) > capacity(terms, name):
        reasons.append(f"holds {capacity(terms, name):,} tasks at once, and {busy_slots(usage, terms):,.0f} run")
    if terms.dags > DAGS[name]:
        reasons.append(f"holds {DAGS[name]:,} DAGs, and there are {terms.dags:,}")
    return tuple(reasons)


def _workers(usage: Usage, terms: Terms, name: str) -> list[Item]:
    if name == "micro":
        return [Item("further workers", 0.0, "none: a micro environment has one", {})]
    slots, price = SLOTS[name], terms.at(f"mwaa.worker.{name}")
    load = worker_hours(usage, terms, slots)
    template = "max({hours} h × {steady} for the average load, {runs} runs × {burst} s of bursts / 3600) × ${price}"
    if terms.runs * load.burst_seconds / 3600 > load.cap:
        template = "max({hours} h × {steady} for the average load, {cap} h at most for bursts) × ${price}"
    numbers = {
        "hours": HOURS,
        "steady": load.steady,
        "cap": load.cap,
        "runs": terms.runs,
        "burst": load.burst_seconds,
        "price": price,
    }
    return [Item("further workers", load.hours(terms.runs) * price, template, numbers)]


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


def smallest(usage: Usage, terms: Terms) -> str | None:
    """The cheapest class that carries the load; ``None`` where none does."""
    fitting = [name for name in CLASSES if carries(usage, terms, name)]
    return min(fitting, key=lambda name: mwaa(usage, terms, name, False).amount) if fitting else None
