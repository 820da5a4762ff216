"""Results as JSON that can be read back, for those that come from another process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sfn_airflow_core.text import Span
from sfn_airflow_core.verify.around import MISSING, plain
from sfn_airflow_core.verify.compare import Difference
from sfn_airflow_core.verify.result import Coverage, Outcome, Verified

Json = Any


def to_document(result: Verified) -> Json:
    """A result as JSON."""
    coverage = result.coverage
    return {
        "name": result.name,
        "source": result.source,
        "failure": result.failure,
        "outcomes": [outcome_document(outcome) for outcome in result.outcomes],
        "coverage": [list(coverage.states), list(coverage.edges), dict(coverage.missed)],
        "spans": {at: [s.line, s.column, s.end_line, s.end_column] for at, s in result.spans.items()},
    }


def outcome_document(outcome: Outcome) -> Json:
    """An outcome as JSON."""
    return {
        "id": outcome.id,
        "machine": outcome.machine,
        "comparable": outcome.comparable,
        "equal": outcome.equal,
        "reason": outcome.reason,
        "expected": plain(dict(outcome.expected)),
        "actual": plain(dict(outcome.actual)),
        "differences": [_difference(found) for found in outcome.differences],
        "around": list(outcome.around),
        "seconds": outcome.seconds,
        "tasks": outcome.tasks,
    }


def _difference(found: Difference) -> Json:
    sides = {"expected": found.expected, "actual": found.actual}
    return {"at": found.at, "task": found.task, **{k: plain(v) for k, v in sides.items() if v is not MISSING}}


def from_document(document: Json, source: str) -> Verified:
    """A result that ``to_document`` gave, of the file ``source``."""
    states, edges, missed = document["coverage"]
    return Verified(
        name=str(document["name"]),
        source=source,
        outcomes=tuple(outcome_from(entry) for entry in document["outcomes"]),
        coverage=Coverage((states[0], states[1]), (edges[0], edges[1]), dict(missed)),
        spans={at: Span(*numbers) for at, numbers in document["spans"].items()},
        failure=str(document["failure"]),
    )


def outcome_from(document: Mapping[str, Json]) -> Outcome:
    """An outcome that ``outcome_document`` gave."""
    bare = Outcome(document["id"], document["machine"], bool(document["comparable"]), bool(document["equal"]))
    return replace(
        bare,
        reason=document["reason"],
        expected=document["expected"],
        actual=document["actual"],
        differences=tuple(
            Difference(found["at"], found.get("expected", MISSING), found.get("actual", MISSING), found["task"])
            for found in document["differences"]
        ),
        around=tuple(document["around"]),
        seconds=document["seconds"],
        tasks=document["tasks"],
    )
