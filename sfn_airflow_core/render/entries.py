"""What all formats say about one finding or problem, in the same order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sfn_airflow_core.findings import Fidelity, Finding, SourceReport
from sfn_airflow_core.text import Span

START = Span(1, 1, 1, 1)
"""Where something is said to be whose place is not known."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a report; ``rule`` is ``None`` for a problem of a rejected input, whose ``code`` is then AWS's."""

    code: str
    fidelity: Fidelity
    at: str
    span: Span
    message: str
    remedy: str
    rule: type[Finding] | None


def entries(source: SourceReport) -> Iterator[Entry]:
    """The problems and findings of one input; a problem that rejects it counts as UNSUPPORTED, a warning as NOTE."""
    for problem in source.problems:
        fidelity = Fidelity.UNSUPPORTED if problem.severity == "ERROR" else Fidelity.NOTE
        yield Entry(problem.code, fidelity, problem.at, problem.span or START, problem.message, "", None)
    for located in source.findings:
        finding, span = located.finding, located.span or START
        kind = type(finding)
        remedy = finding.remedy().replace("``", "`")  # docstrings mark code as reStructuredText does
        yield Entry(finding.code, finding.fidelity, finding.at, span, finding.message(), remedy, kind)


def label(fidelity: Fidelity) -> str:
    """The word for a fidelity: ``approximate``."""
    return fidelity.name.lower()


def score(counts: dict[str, int]) -> float:
    """The share of states that behave the same, 0 to 1; an input without a single state keeps everything."""
    total = counts.get("states", counts.get("tasks", 0))
    return counts["exact"] / total if total else 1.0


def percent(share: float) -> str:
    """A share for people, rounded down, so that only everything is 100 %.

    >>> percent(0.999), percent(1.0)
    ('99 %', '100 %')
    """
    return f"{int(share * 100)} %"


COUNTED = ("exact", "approximate", "manual", "unsupported")
"""The counts that add up to the number of states."""


def totals(sources: tuple[SourceReport, ...]) -> dict[str, int]:
    """The counts of all inputs together."""
    counted = [source.counts() for source in sources]
    return {key: sum(counts[key] for counts in counted) for key in ("states", *COUNTED)}


def plural(number: int, word: str) -> str:
    """A number with its noun.

    >>> plural(1, "finding"), plural(2, "finding")
    ('1 finding', '2 findings')
    """
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
