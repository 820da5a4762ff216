"""States under construction, and the ways between them.

A way (``Out``) knows what every task that is done has become on it. Where ways meet, variables are assigned on each of
them for what differs and is asked for later; which that is turns out while states are made, so drafts become states
only at the end.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Literal

from airflow2sfn.trigger_rules import REGION, Statuses
from airflow2sfn.work import Call
from sfn_airflow_core.asl.model import Given, Json
from sfn_airflow_core.expr.read_jsonata import FUNCTIONS

if TYPE_CHECKING:
    from airflow2sfn.emission.map import Each

FAILURE = "!"
"""Stands among the tasks of an environment for: has anything failed so far?"""
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Failure:
    """An expression for the error and cause of what failed; ``lasting`` if it still holds in later states."""

    text: str
    lasting: bool = False


@dataclass(slots=True, eq=False)
class Out:
    """One way out of a draft.

    ``fresh`` are XComs that can be had by an expression on this way only. ``fail`` is the name, error and cause of a
    Fail state that may stand at its end; ``ends`` what it makes of an item of a Map. ``error`` is what the task itself
    has failed with, ``untold`` the task whose failure its callbacks do not know of yet; ``quiet`` says that what failed
    is a callback, which changes nothing. A way without a target ends the machine or branch.
    """

    slot: Literal["next", "catch", "rule", "default"]
    env: dict[str, Statuses]
    fresh: dict[str, str] = field(default_factory=dict)
    failure: Failure | None = None
    errors: tuple[str, ...] = ()
    condition: str = ""
    assign: dict[str, Json] = field(default_factory=dict)
    output: Given | None = None
    target: str | None = None
    fail: tuple[str, str, str] | None = None
    dropped: bool = False
    start: bool = False
    ends: Literal["", "failed", "skipped"] = ""
    error: str = ""
    untold: str = ""
    quiet: bool = False

    def failed(self) -> str:
        """The failure, as an expression for this way itself, on which a region's variable is not assigned yet."""
        assert self.failure is not None, "a way on which something has failed knows what"
        return self.fresh.get(f"{REGION}{self.failure.text[1:]}", self.failure.text)


@dataclass(slots=True, eq=False)
class Draft:
    """A state: which fields count depends on ``kind``; a ``Missing`` one fails in the place of a task."""

    name: str
    kind: Literal["Task", "Missing", "Choice", "Wait", "Pass", "Parallel", "Map", "Succeed", "Fail"]
    outs: list[Out] = field(default_factory=list)
    comment: str | None = None
    call: Call | None = None
    each: Each | None = None
    region: Region | None = None
    seconds: int = 0
    until: str = ""
    error: str = ""
    cause: str = ""


@dataclass(slots=True, eq=False)
class Join:
    """Ways that meet in a state, and what is known where they meet."""

    edges: list[Out]
    env: dict[str, Statuses]
    failure: Failure | None


@dataclass(slots=True, eq=False)
class Scope:
    """The states of one machine: the whole one, or a branch of a region.

    ``around`` is what may have failed before the region, ``mixed`` where no one expression tells.
    """

    start: Draft
    region: Region | None = None
    tasks: frozenset[str] = frozenset()
    around: Failure | Literal["mixed"] | None = None
    drafts: dict[str, Draft] = field(default_factory=dict)
    joins: list[Join] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)
    exits: list[Out] = field(default_factory=list)

    def chain(self) -> Iterator[Scope]:
        """This scope and those around it, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.region.scope if scope.region else None

    def add(self, draft: Draft) -> Draft:
        """Takes a draft in."""
        self.drafts[draft.name] = draft
        return draft


@dataclass(slots=True, eq=False)
class Region:
    """A Parallel state: what its branches hand on is merged in the variable ``variable``.

    With ``mapped``, a Map with one branch; the variable is the list of what its items hand on.
    """

    name: str
    variable: str
    tasks: frozenset[str]
    scope: Scope
    branches: list[Scope] = field(default_factory=list)
    mapped: bool = False

    @property
    def ran(self) -> str:
        """Its key in environments: whether it was entered."""
        return f"{REGION}{self.variable}"


@dataclass(slots=True)
class Names:
    """Names of states and of variables, each given once."""

    states: set[str] = field(default_factory=set)
    variables: set[str] = field(default_factory=set)

    def state(self, wish: str) -> str:
        """A free name for a state, as close to the wish as possible."""
        return _free(wish[:LONGEST_NAME], self.states, " ")

    def variable(self, wish: str) -> str:
        """A free name for a variable; none of a function of JSONata, which would be found in its place."""
        slug = re.sub(r"\W+", "_", wish, flags=re.ASCII).strip("_") or "value"
        slug = f"task_{slug}" if slug[0].isdigit() else f"{slug}_value" if slug in FUNCTIONS else slug
        return _free(slug[:LONGEST_NAME], self.variables, "_")


def _free(wish: str, taken: set[str], between: str) -> str:
    name, number = wish, 1
    while name in taken:
        number += 1
        end = f"{between}{number}"
        name = wish[: LONGEST_NAME - len(end)] + end
    taken.add(name)
    return name


def region_name(
    tasks: Iterable[str], heads: list[str], groups: Iterable[tuple[str, frozenset[str]]], taken: Container[str] = ()
) -> str:
    """What a Parallel is called: like the task group that it is, by what its branches have in common, or by them."""
    inside = frozenset(tasks)
    for group, members in groups:
        if members == inside:
            return group
    short = [head.rpartition(".")[2] for head in heads]
    if len(set(short)) < len(short):  # tasks of the same name in several groups, which tell them apart
        around = [head.rpartition(".")[0].rpartition(".")[2] or head for head in heads]
        short = around if len(set(around)) == len(around) else heads
    words = zip(*(name.split("_") for name in short), strict=False)
    common = "_".join(column[0] for column in takewhile(lambda column: len(set(column)) == 1, words))
    if len(common) > 2 and common not in inside and common not in taken:
        return common
    if len(", ".join(short)) <= 60:
        return f"{', '.join(short[:-1])} and {short[-1]}"
    return f"{short[0]} and {len(short) - 1} more"
