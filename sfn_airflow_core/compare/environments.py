"""What MWAA costs by environment class, in full and in an environment that is there, and what a class carries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

from sfn_airflow_core.compare.cost import HOURS, Terms
from sfn_airflow_core.compare.prices import CLASSES
from sfn_airflow_core.compare.quote import Item, Quote
from sfn_airflow_core.compare.usage import Usage

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
TRIGGERS: Final[Mapping[str, int]] = {"small": 60, "medium": 125, "large": 250, "xlarge": 500, "2xlarge": 1000}
"""Deferred tasks that a triggerer holds, by class (MWAA's defaults); an environment has one per scheduler."""
SCHEDULERS: Final = 2
SCALE_IN: Final = 120.0
"""Seconds that a further worker stays after its last task (MWAA's autoscaling)."""


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment of one class for a workflow: everything about it but the runs a month.

    ``workers`` is the most that it scales to. ``slot_seconds`` are held by a run, ``burst`` are the seconds of further
    workers that a run needs for a moment. ``fixed`` is what the environment and its database cost, ``worker`` a
    worker's hour. ``full`` says that it does not hold the DAGs.
    """

    name: str
    slots: int
    workers: int
    slot_seconds: float
    burst: float
    fixed: float
    worker: float
    full: bool

    @property
    def capacity(self) -> int:
        """Task slots with all workers."""
        return self.slots * self.workers

    @property
    def cap(self) -> float:
        """The most hours of further workers in a month."""
        return float((self.workers - 1) * HOURS)

    def busy(self, runs: float) -> float:
        """Task slots held on average."""
        return runs * self.slot_seconds / (HOURS * 3600)

    def steady(self, runs: float) -> int:
        """Workers beyond the first that the average load needs."""
        return _further(self.busy(runs) - 1e-9, self.slots, self.workers - 1)

    def hours(self, runs: float) -> float:
        """Hours of further workers a month: for the average load, or for bursts where those take more."""
        return max(float(HOURS * self.steady(runs)), min(self.cap, runs * self.burst / 3600))

    def carries(self, runs: float) -> bool:
        """Whether it holds the DAGs, and the average load with all its workers."""
        return not self.full and self.busy(runs) <= self.capacity

    @property
    def most_runs(self) -> int:
        """The most runs a month that it carries; 0 where there is no such number."""
        return int(self.capacity * HOURS * 3600 / self.slot_seconds) if self.slot_seconds else 0

    def amount(self, runs: float, marginal: bool = False) -> float:
        """Dollars a month; ``marginal``: of what a workflow adds to an environment that is there."""
        return self.hours(runs) * self.worker + (0.0 if marginal else self.fixed)


def environments(usage: Usage, terms: Terms) -> dict[str, Environment]:
    """An environment of each class, smallest first; a micro environment has one worker."""
    found = {}
    for name in CLASSES:
        workers = 1 if name == "micro" else terms.workers
        fixed = HOURS * terms.at(f"mwaa.environment.{name}") + terms.database_gb * terms.at("mwaa.database.gb-month")
        found[name] = Environment(
            name,
            SLOTS[name],
            workers,
            usage.slot_seconds,
            _burst(usage, SLOTS[name], workers),
            fixed,
            0.0 if workers == 1 else terms.at(f"mwaa.worker.{name}"),
            terms.dags > DAGS[name],
        )
    return found


def _burst(usage: Usage, slots: int, workers: int) -> float:
    """Seconds of further workers in a run.

    Bursts are stretches of a run that hold more slots than one worker has (longer, where they hold more than all
    workers have), and the time until the further workers are gone.
    """
    seconds = 0.0
    for held, length in usage.bursts:
        seconds += _further(held, slots, workers - 1) * length * max(1.0, held / (slots * workers))
    for held, share in usage.peaks:
        seconds += _further(held, slots, workers - 1) * share * SCALE_IN
    return seconds


def _further(held: float, slots: int, most: int) -> int:
    """Workers beyond the first that so many slots need."""
    return min(most, max(0, ceil(held / slots) - 1))


def smallest(found: Mapping[str, Environment], runs: float) -> Environment | None:
    """The cheapest environment that carries the load; ``None`` where none does."""
    fitting = [environment for environment in found.values() if environment.carries(runs)]
    return min(fitting, key=lambda environment: environment.amount(runs), default=None)


def mwaa(environment: Environment, terms: Terms, marginal: bool) -> Quote:
    """MWAA with an environment of a class: in full, or what a workflow adds to an environment that is there."""
    name, workers = environment.name, _workers(environment, terms)
    items = [workers] if marginal else [_hours(name, terms), workers, _storage(terms)]
    option = f"mwaa-{name}{'-marginal' if marginal else ''}"
    title = f"MWAA {name}{', environment exists' if marginal else ''}"
    used = ([] if marginal else [f"mwaa.environment.{name}"]) + ([f"mwaa.worker.{name}"] if workers.amount else [])
    excluded = tuple(_too_small(environment, terms))
    return Quote(option, title, tuple(items), excluded, tuple(_doubts(terms, used)))


def _hours(name: str, terms: Terms) -> Item:
    price = terms.at(f"mwaa.environment.{name}")
    return Item("environment", HOURS * price, "{hours} h × ${price}", {"hours": HOURS, "price": price})


def _storage(terms: Terms) -> Item:
    price, gb = terms.at("mwaa.database.gb-month"), terms.database_gb
    return Item("metadata database", gb * price, "{gb} GB × ${price}", {"gb": gb, "price": price})


def _workers(environment: Environment, terms: Terms) -> Item:
    runs = terms.runs
    if environment.workers == 1:
        return Item("further workers", 0.0, "none: the environment has one", {})
    template = "max({hours} h × {steady} for the average load, {runs} runs × {burst} s of bursts / 3600) × ${price}"
    if runs * environment.burst / 3600 > environment.cap:
        template = "max({hours} h × {steady} for the average load, {cap} h at most for bursts) × ${price}"
    numbers = {
        "hours": HOURS,
        "steady": environment.steady(runs),
        "cap": environment.cap,
        "runs": runs,
        "burst": environment.burst,
        "price": environment.worker,
    }
    return Item("further workers", environment.amount(runs, marginal=True), template, numbers)


_BASIS: Final = {"published": "published by others", "inferred": "of another region", "estimate": "estimated"}


def _doubts(terms: Terms, used: list[str]) -> Iterator[str]:
    """What a reader should know of prices that were not read in a price list for the region."""
    for item in used:
        if (row := terms.prices[item]).basis != "listed":
            what = "worker price" if "worker" in item else "price"
            yield f"{what} {_BASIS[row.basis]}"


def _too_small(environment: Environment, terms: Terms) -> Iterator[str]:
    """Why a class does not carry the load."""
    if (busy := environment.busy(terms.runs)) > environment.capacity:
        yield f"holds {environment.capacity:,} tasks at once, and {busy:,.0f} run"
    if environment.full:
        yield f"holds {DAGS[environment.name]:,} DAGs, and there are {terms.dags:,}"
