"""What a verification says: scenarios with their differences, and how much of each machine they cover."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sfn_airflow_core.text import Span
from sfn_airflow_core.verify.around import MISSING, plain
from sfn_airflow_core.verify.compare import Difference

Json = Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """One scenario: what was expected, what happened, and the differences; ``around`` is what was not compared.

    ``comparable`` is false, with a ``reason``, where nothing could be expected. ``seconds`` are those of the run.
    """

    id: str
    machine: str
    comparable: bool
    equal: bool
    reason: str = ""
    expected: Mapping[str, Json] = field(default_factory=dict)
    actual: Mapping[str, Json] = field(default_factory=dict)
    differences: tuple[Difference, ...] = ()
    around: tuple[str, ...] = ()
    seconds: float = 0.0
    tasks: int = 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a machine the scenarios reached; ``missed`` says of a state or edge, by pointer, why not."""

    states: tuple[int, int] = (0, 0)
    edges: tuple[int, int] = (0, 0)
    missed: Mapping[str, str] = field(default_factory=dict)

    def __add__(self, other: Coverage) -> Coverage:
        return Coverage(
            (self.states[0] + other.states[0], self.states[1] + other.states[1]),
            (self.edges[0] + other.edges[0], self.edges[1] + other.edges[1]),
            {**self.missed, **other.missed},
        )


@dataclass(frozen=True, slots=True)
class Verified:
    """The verification of one machine.

    ``spans`` are places in its text by pointer. ``failure`` says why it could not be verified at all.
    """

    name: str
    source: str
    outcomes: tuple[Outcome, ...] = ()
    coverage: Coverage = Coverage()
    spans: Mapping[str, Span] = field(default_factory=dict)
    dag_file: str = ""
    failure: str = ""

    @property
    def compared(self) -> int:
        """How many scenarios were compared."""
        return sum(outcome.comparable for outcome in self.outcomes)

    @property
    def different(self) -> int:
        """How many of them are different."""
        return sum(outcome.comparable and not outcome.equal for outcome in self.outcomes)

    @property
    def error(self) -> str:
        """Why this is no verification, if so: it could not be done, or it compared nothing."""
        if self.failure:
            return self.failure
        return "" if self.compared else "nothing was compared"


def as_json(results: tuple[Verified, ...], engine: Literal["airflow", "interpreter"]) -> Json:
    """The result of ``verify`` as JSON (schema version 1)."""
    total = Coverage()
    for result in results:
        total += result.coverage
    return {
        "schema_version": 1,
        "engine": engine,
        "scenarios": [_outcome(outcome) for result in results for outcome in result.outcomes],
        "coverage": {"states": list(total.states), "edges": list(total.edges)},
    }


def _outcome(outcome: Outcome) -> Json:
    reason = outcome.reason
    if outcome.comparable and outcome.around:
        reason = "compared around " + "; ".join(outcome.around)
    return {
        "id": outcome.id,
        "machine": outcome.machine,
        "comparable": outcome.comparable,
        "reason": reason,
        "equal": outcome.equal,
        "expected": {key: plain(outcome.expected.get(key)) for key in ("status", "output", "error")},
        "actual": {key: plain(outcome.actual.get(key)) for key in ("status", "output", "error")},
        "differences": [
            {"at": found.at, "expected": shown(found.expected), "actual": shown(found.actual)}
            for found in outcome.differences
        ],
    }


def shown(value: Json) -> Json:
    """One side of a difference as JSON; nothing at all is null."""
    return None if value is MISSING else plain(value)
