"""At how many runs a month two ways of running a workflow cost the same, and whether cost decides at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import isinf
from typing import Final

from sfn_airflow_core.compare.cost import Terms, express, serverless, standard
from sfn_airflow_core.compare.environments import Environment, smallest
from sfn_airflow_core.compare.quote import dollars
from sfn_airflow_core.compare.usage import Usage

Curve = Callable[[float], float]
"""Dollars a month by runs a month."""

FACTORS: Final = (0.1, 1.0, 10.0)
MOST_RUNS: Final = 10**10
WORTH: Final = 100.0
"""Dollars a month below which a difference decides nothing: less than an hour of an engineer."""

TITLES: Final[Mapping[str, str]] = {
    "sfn-standard": "Step Functions Standard",
    "sfn-express": "Step Functions Express",
    "sfn-mixed": "Step Functions with the cheaper type for each workflow",
    "mwaa": "MWAA, new environment",
    "mwaa-marginal": "MWAA, environment exists",
    "mwaa-serverless": "MWAA Serverless",
}
SHORT: Final[Mapping[str, str]] = {
    "sfn-standard": "Standard",
    "sfn-express": "Express",
    "sfn-mixed": "cheaper type each",
    "mwaa": "new MWAA",
    "mwaa-marginal": "existing MWAA",
    "mwaa-serverless": "MWAA Serverless",
}
"""Titles in a table."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """Two options, and the runs a month from which on ``then`` is cheaper; ``None``: it always is, if it is named.

    ``before`` and ``at`` are what both cost at one run less, and at these runs.
    """

    first: str
    second: str
    runs: int | None
    then: str
    before: tuple[float, float] = (0.0, 0.0)
    at: tuple[float, float] = (0.0, 0.0)


def curves(usage: Usage, terms: Terms, classes: Mapping[str, Environment]) -> dict[str, Curve]:
    """What each option costs by runs a month; MWAA is the cheapest class that carries the load (infinite: none)."""

    def environment(runs: float, marginal: bool) -> float:
        found = smallest(classes, runs)
        return float("inf") if found is None else found.amount(runs, marginal)

    return {
        "sfn-standard": lambda runs: standard(usage, terms.with_runs(runs)).amount,
        "sfn-express": lambda runs: express(usage, terms.with_runs(runs), ()).amount,
        "mwaa": lambda runs: environment(runs, False),
        "mwaa-marginal": lambda runs: environment(runs, True),
        "mwaa-serverless": lambda runs: serverless(usage, terms.with_runs(runs), ()).amount,
    }


def crossings(options: Mapping[str, Curve], classes: Mapping[str, Environment]) -> list[Crossing]:
    """Where each pair of options costs the same; the first such number of runs, if there are several.

    Looked for between round numbers of runs, and between the most that each of ``classes`` carries.
    """
    round_ = {10**exponent * factor for exponent in range(10) for factor in (1, 2, 5)}
    most = {environment.most_runs for environment in classes.values()}
    grid = sorted(n for n in round_ | most | {n + 1 for n in most} | {MOST_RUNS} if 1 <= n <= MOST_RUNS)
    known = {name: [curve(runs) for runs in grid] for name, curve in options.items()}
    return [_cross(pair, options, grid, known) for pair in combinations(options, 2)]


def as_standard(standard: Curve, classes: Mapping[str, Environment]) -> dict[str, int | None]:
    """From how many runs a month on Standard costs more than a new environment of each class.

    ``None`` where that is never so, as far as the class carries the runs.
    """

    def curve(environment: Environment) -> Curve:
        return lambda runs: environment.amount(runs) if environment.carries(runs) else float("inf")

    found: dict[str, int | None] = {}
    for name, environment in classes.items():
        (crossing,) = crossings({"sfn-standard": standard, "mwaa": curve(environment)}, {name: environment})
        found[name] = crossing.runs if crossing.then == "mwaa" else None
    return found


def _cross(
    pair: tuple[str, str], options: Mapping[str, Curve], grid: list[int], known: Mapping[str, list[float]]
) -> Crossing:
    first, second = pair
    cheaper = [_sign(a, b) for a, b in zip(known[first], known[second], strict=True)]
    start = next((sign for sign in cheaper if sign), 0)
    turn = next((n for n, sign in enumerate(cheaper) if sign == -start), None)
    if not start or turn is None:
        return Crossing(first, second, None, first if start < 0 else second if start > 0 else "")
    low, high = (grid[turn - 1] if turn else 0), grid[turn]
    while high - low > 1:
        middle = (low + high) // 2
        if _sign(options[first](middle), options[second](middle)) == -start:
            high = middle
        else:
            low = middle
    then, ways = second if start < 0 else first, (options[first], options[second])
    return Crossing(first, second, high, then, (ways[0](low), ways[1](low)), (ways[0](high), ways[1](high)))


def _sign(a: float, b: float) -> int:
    """-1 where the first is cheaper, 1 where the second is; 0 where they are equal or one cannot be."""
    if isinf(a) or isinf(b):
        return 0
    return 0 if abs(a - b) < 1e-9 else -1 if a < b else 1


def sensitivity(options: Mapping[str, Curve], runs: float) -> dict[str, tuple[float, ...]]:
    """The cost of each option at a tenth of the runs, the runs, and ten times the runs."""
    return {name: tuple(curve(runs * factor) for factor in FACTORS) for name, curve in options.items()}


def verdict(amounts: Mapping[str, tuple[float, ...]], possible: Mapping[str, bool]) -> str:
    """One sentence on whether cost decides; ``amounts`` as ``sensitivity`` gives them."""
    new = [_winner(amounts, possible, n, "mwaa") for n in range(len(FACTORS))]
    existing = [_winner(amounts, possible, n, "mwaa-marginal") for n in range(len(FACTORS))]
    side, gap, names = new[1]
    if isinf(gap):
        return f"No MWAA environment carries so many runs; {TITLES[names[0]]} does."
    if gap < WORTH and existing[1][1] < WORTH:
        return f"Cost does not decide: the cheapest way on either side differs by {dollars(gap)} a month."
    cheap, dear = names
    what = f"{TITLES[cheap]} costs {dollars(gap)} a month less than {TITLES[dear]}"
    if existing[1][1] < WORTH or existing[1][0] != side:
        return (
            f"Cost decides only if a new environment has to be paid for: {what}; in an environment that exists the "
            f"difference is {dollars(existing[1][1])}."
        )
    if any(winner[0] != side and winner[1] >= WORTH for winner in new):
        return f"Cost decides, but which way depends on volume: {what}; at a tenth or ten times the runs it turns."
    return f"Cost decides: {what}, and the order stays the same at a tenth and at ten times the runs."


def _winner(
    amounts: Mapping[str, tuple[float, ...]], possible: Mapping[str, bool], n: int, environment: str
) -> tuple[str, float, tuple[str, str]]:
    """The cheaper side, by how much, and the two options compared."""
    here = [name for name in ("sfn-standard", "sfn-express", "sfn-mixed") if possible.get(name)]
    there = [environment, *(["mwaa-serverless"] if possible["mwaa-serverless"] else [])]
    ours = min(here, key=lambda name: amounts[name][n])
    theirs = min(there, key=lambda name: amounts[name][n])
    gap = amounts[theirs][n] - amounts[ours][n]
    if gap >= 0:
        return "sfn", gap, (ours, theirs)
    return "airflow", -gap, (theirs, ours)
