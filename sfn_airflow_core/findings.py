"""What a translation changes, as values: a class for every kind of difference, an instance for every occurrence.

A finding's class carries its documentation (docstring), ``code``, ``fidelity``, ``source`` link, an ``example`` that
produces it and a ``near_miss`` that does not; one generic test runs them all. An instance carries the facts of one
occurrence as typed fields, and ``at``: a JSON pointer into a definition, or ``line:column`` for a DAG file.
"""

from __future__ import annotations

import enum
import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sfn_airflow_core.text import Span


class Fidelity(enum.IntEnum):
    """How much of the behaviour is kept, worst last."""

    EXACT = 0
    NOTE = 1
    MANUAL = 2
    APPROXIMATE = 3
    UNSUPPORTED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Base class; a subclass's docstring says what differs, then *Why it matters* and *Remedy*."""

    code: ClassVar[str]
    fidelity: ClassVar[Fidelity]
    source: ClassVar[str]
    example: ClassVar[Any]
    near_miss: ClassVar[Any]

    at: str = ""

    def message(self) -> str:
        """What differs here, in one sentence without a full stop."""
        raise NotImplementedError(type(self).__name__)

    def remedy(self) -> str:
        """What to do about it: the *Remedy* paragraph of the class's docstring."""
        return section(type(self), "Remedy")


def section(rule: type[Finding], title: str) -> str:
    """The paragraph of a rule's docstring that starts with ``title:``, on one line; empty if there is none."""
    for paragraph in inspect.cleandoc(rule.__doc__ or "").split("\n\n"):
        if paragraph.startswith(f"{title}:"):
            return " ".join(paragraph.removeprefix(f"{title}:").split())
    return ""


def summary(rule: type[Finding]) -> str:
    """The first paragraph of a rule's docstring, on one line."""
    return " ".join(inspect.cleandoc(rule.__doc__ or "").split("\n\n")[0].split())


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with an input: a diagnostic in the manner of ``ValidateStateMachineDefinition``.

    ``code`` is AWS's code where it has one. ``severity`` is ``ERROR`` (the input is rejected) or ``WARNING``.
    ``at`` is the JSON pointer; ``span`` the place in the text, where it is known.
    """

    code: str
    message: str
    at: str = ""
    span: Span | None = None
    severity: str = "ERROR"


class UnreadableInput(Exception):
    """The input cannot be read at all; ``problems`` says why, all of them."""

    def __init__(self, source: str, problems: Iterable[Problem]):
        self.source, self.problems = source, tuple(problems)
        super().__init__("\n".join(f"{source}:{p.span or '1:1'}: {p.code}: {p.message}" for p in self.problems))


@dataclass(frozen=True, slots=True)
class Located:
    """A finding with its place in the text."""

    finding: Finding
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What became of one input.

    ``status`` is ``translated`` or ``rejected``; ``dispositions`` maps the pointer of every state (or the id of every
    task) to its worst fidelity. ``outputs`` are file names relative to the output folder.
    """

    source: str
    name: str
    status: str
    outputs: tuple[str, ...] = ()
    dispositions: dict[str, Fidelity] = field(default_factory=dict)
    findings: tuple[Located, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def worst(self) -> Fidelity:
        """The worst fidelity of any finding; EXACT if there is none."""
        return max((located.finding.fidelity for located in self.findings), default=Fidelity.EXACT)

    def counts(self) -> dict[str, int]:
        """How many states have which disposition; a NOTE keeps a state exact."""
        values = list(self.dispositions.values())
        return {
            "states": len(values),
            "exact": sum(v <= Fidelity.NOTE for v in values),
            "approximate": values.count(Fidelity.APPROXIMATE),
            "manual": values.count(Fidelity.MANUAL),
            "unsupported": values.count(Fidelity.UNSUPPORTED),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The result of one command over its inputs; ``tool`` is ``sfn2airflow`` or ``airflow2sfn``."""

    tool: str
    sources: tuple[SourceReport, ...] = ()

    @property
    def worst(self) -> Fidelity:
        """The worst fidelity of all inputs."""
        return max((source.worst for source in self.sources), default=Fidelity.EXACT)

    def __iter__(self) -> Iterator[SourceReport]:
        return iter(self.sources)
