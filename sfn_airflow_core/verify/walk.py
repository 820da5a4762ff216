"""Imagines executions: goes through a machine as a route says, with documents that are not known yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from sfn_airflow_core.asl.model import (
    Machine,
    State,
    Task,
)
from sfn_airflow_core.interpreter.failures import EvaluationError
from sfn_airflow_core.interpreter.program import Program
from sfn_airflow_core.verify.budget import STAY
from sfn_airflow_core.verify.ends import ends
from sfn_airflow_core.verify.routes import Atlas, Outcome, Route
from sfn_airflow_core.verify.stay import End, Place, Stay, Variables
from sfn_airflow_core.verify.symbols import (
    INPUT,
    Impossible,
    Sym,
    Value,
)
from sfn_airflow_core.verify.track import Ended, Track

_MOST_VISITS: Final = 150
_MOST_STAYS: Final = 800
_MOST_STUCK: Final = 4
_METADATA: Final = ("SdkHttpMetadata", "SdkResponseMetadata")
"""What Step Functions puts into every answer of a service."""


@dataclass(slots=True)
class Walk:
    """Goes through a machine along a route."""

    atlas: Atlas
    program: Program
    route: Route = field(default_factory=dict)
    stays: int = 0
    """How many stays were tried; there is an end to it, because loops have many ways."""
    obstacle: str = ""
    """Why the first way that had to be given up leads no further."""
    answers: dict[str, frozenset[str] | None] = field(default_factory=dict)
    """By source, the members that an answer can have, where they are known for sure."""
    stuck: list[Track] = field(default_factory=list)
    """Ways that were given up: what they need lets an execution get as far, to fail there or to go round for ever."""

    def executions(self) -> Iterator[Ended]:
        """Every execution that can be imagined for the route, the simplest first."""
        track = Track()
        track = track.wish(track.wishes.need(Sym(INPUT)))
        yield from self.scope(self.atlas.machine, Sym(INPUT), {}, Place(), track)

    def scope(self, machine: Machine, value: Value, variables: Variables, at: Place, track: Track) -> Iterator[Ended]:
        """All ends of a scope that begins with a value."""
        yield from self._from(machine, machine.start_at, value, variables, at, track)

    def _from(
        self, machine: Machine, name: str, value: Value, variables: Variables, at: Place, track: Track
    ) -> Iterator[Ended]:
        state = machine.states[name]
        self.stays += 1
        self.atlas.budget.spend(STAY)
        if sum(track.visits.values()) > _MOST_VISITS or self.stays > _MOST_STAYS:
            self._give_up(track)
            return
        for step in self._stay(machine, state, value, variables, at, track):
            if step.failed:
                yield Ended(step.track, None, step.error, True)
            elif step.next is None:
                yield Ended(step.track, step.value, variables=step.variables)
            else:
                yield from self._from(machine, step.next, step.value, step.variables, at, step.track)

    def _stay(
        self, machine: Machine, state: State, raw: Value, variables: Variables, at: Place, track: Track
    ) -> Iterator[End]:
        """All ends of one stay in a state; ways on which a value cannot be had are left out."""
        number = track.visit(state.at, at.numbers)
        track = track.enter(state.at, at.numbers)
        asked = self.route.get(state.at, ())
        wanted = [asked[number]] if number < len(asked) and at.first else []
        choices = wanted or [outcome for outcome, _ in self.atlas.ordered(machine, state) if outcome.kind != "catch"]
        stay = Stay(self, state, raw, variables, at, track)
        found, stuck = False, len(self.stuck)
        for outcome in choices or [Outcome()]:
            try:
                for end in ends(stay, outcome):
                    if lacking := self._lacking(track, end.track):
                        self.obstacle = self.obstacle or lacking
                    else:
                        found = True
                        yield end
            except (Impossible, EvaluationError) as error:
                self.obstacle = self.obstacle or f"{state.name}: {error}"
        if not found and len(self.stuck) == stuck:  # not because of what is inside
            self._give_up(stay.answer(state, track)[0] if isinstance(state, Task) else track)

    def _lacking(self, before: Track, after: Track) -> str:
        """What a stay reads of an answer that never has it, as a sentence; empty if there is no such thing."""
        for part in after.wishes.present[len(before.wishes.present) :]:
            names = self.answers.get(part.source)
            if names is not None and part.steps and not _among(str(part.steps[0]), names):
                return f"no {part.source} has a member {part.steps[0]}"
        return ""

    def _give_up(self, track: Track) -> None:
        if len(self.stuck) < _MOST_STUCK:
            self.stuck.append(track)


def _among(name: str, members: frozenset[str]) -> bool:
    """Whether an answer has a member: Step Functions writes ``DbSnapshots`` for RDS' ``DBSnapshots``, and adds some."""
    return name in _METADATA or (name[:1].isupper() and name.lower() in map(str.lower, members))
