"""Compares the run of a DAG with what the interpreter expects: end, states, service calls, retries, waits."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from sfn_airflow_core.asl.model import Map, Parallel
from sfn_airflow_core.verify.airflow_runner import DagExecution
from sfn_airflow_core.verify.around import MISSING, as_value, differences, varies
from sfn_airflow_core.verify.calls import normal
from sfn_airflow_core.verify.dag_replies import DagCall
from sfn_airflow_core.verify.expectation import Called, Expectation, Place, Stay
from sfn_airflow_core.verify.places import Home

Json = Any
Tasks: TypeAlias = "Mapping[str, str]"

_SECONDS: Final = 2.0
"""How far a wait until a moment may be off: the DAG starts a little later than the interpreter thinks."""
_INSTANCE: Final = re.compile(r"(?P<task>.+?)(?:\[(?P<index>\d+)\])?")
_HTTP: Final = ("SdkHttpMetadata", "SdkResponseMetadata")


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference.

    ``at`` is ``status``, ``error``, ``output`` and the pointer inside it, or the pointer of a state, ``#``, and what
    differs there (``/States/Ship#output/total``). ``task`` is the task of the DAG, where there is one.
    """

    at: str
    expected: Json
    actual: Json
    task: str = ""

    @property
    def pointer(self) -> str:
        """The pointer of the state, empty for the execution as a whole."""
        return self.at.partition("#")[0] if self.at.startswith("/") else ""


@dataclass(slots=True)
class Comparison:
    """Compares one execution; ``around`` collects what was not compared, and why."""

    expected: Expectation
    actual: DagExecution
    made: Iterable[DagCall]
    homes: Mapping[str, Home]
    tasks: Tasks
    """The display name of every task by its id, of the DAG that was run."""
    elsewhere: frozenset[str] = frozenset()
    """Display names of tasks in further DAGs of the file."""
    skipped: frozenset[str] = frozenset()
    around: list[str] = field(default_factory=list)

    def differences(self) -> list[Difference]:
        """All differences, those of the end first, then in the order in which the interpreter got there."""
        found = [*self._end(), *self._states(), *self._extra(), *self._calls()]
        found += self._seconds("retries", self.expected.retries, self.actual.retry_delays)
        waits = {state: [s for s in seconds if s > 0] for state, seconds in self.expected.waits.items()}
        found += self._seconds("waits", waits, self.actual.waits)
        self.around[:] = dict.fromkeys(self.around)
        return found

    def _note(self, text: str) -> None:
        self.around.append(text)

    def _end(self) -> Iterator[Difference]:
        want, have = self.expected, self.actual
        if want.status != have.status:
            error = have.error if want.status == "SUCCEEDED" else None
            yield Difference("status", want.status, f"{have.status} ({error})" if error else have.status)
        elif want.error != have.error:
            yield Difference("error", want.error, have.error)
        elif want.status == "SUCCEEDED":
            yield from self._values("output", want.output, have.output)

    def _values(self, at: str, want: Json, have: Json, task: str = "") -> Iterator[Difference]:
        if varies(want):
            self._note("values that differ in every execution (ids, dates, random numbers): their types only")
        for pointer, one, other in differences(want, have):
            if pointer.rpartition("/")[2] in _HTTP:
                self._note("the HTTP metadata of a service's answer")
            elif pointer.endswith("/Cause") and as_value(one) == as_value(other) is not MISSING:
                continue
            else:
                yield Difference(f"{at}{pointer}", one, other, task)

    def _loose(self, place: Place) -> bool:
        """Whether something ran inside a Parallel or Map that failed: there, siblings run on in Airflow."""
        return any(
            stay.state == name and stay.place == place[:depth] and (stay.error is not None or not stay.done)
            for depth, (name, _) in enumerate(place)
            for stay in self.expected.stays
        )

    def _states(self) -> Iterator[Difference]:
        """What each state that the interpreter visited handed on."""
        last: dict[tuple[str, Place], Stay] = {}
        for stay in self.expected.stays:
            last[stay.state, stay.place] = stay
        for (name, place), stay in last.items():
            if not stay.done:
                continue
            title = f"{name}: Catch" if stay.caught else name
            ids = [task for task, shown in self.tasks.items() if shown == title]
            if not ids:
                self._unknown(title)
                continue
            yield from self._state(stay, self._instance(ids[0], name, place))

    def _unknown(self, title: str) -> None:
        where = "runs in a DAG of its own" if title in self.elsewhere else "has no task of that name"
        self._note(f"the output of {title!r}, which {where}")

    def _instance(self, task: str, name: str, place: Place) -> str:
        home = self.homes.get(name)
        indexes = [
            number for (_, number), (_, fixed) in zip(place, home.scope if home else (), strict=False) if fixed is None
        ]
        return f"{task}[{indexes[-1]}]" if indexes else task

    def _state(self, stay: Stay, instance: str) -> Iterator[Difference]:
        state = self.actual.task_states.get(instance, "not there")
        if state != "success":
            yield Difference(f"{stay.at}#visited", True, state, instance)
        else:
            yield from self._values(f"{stay.at}#output", stay.output, self.actual.documents.get(instance), instance)

    def _extra(self) -> Iterator[Difference]:
        """Tasks that ran although their states were not visited."""
        visited = {(stay.state, stay.place) for stay in self.expected.stays}
        for instance, state in self.actual.task_states.items():
            found = _INSTANCE.fullmatch(instance)
            if state != "success" or found is None:
                continue
            home = self.homes.get(self.tasks.get(found["task"], ""))
            if home is None:
                continue
            index = found["index"]
            place = home.place(None if index is None else int(index))
            if (home.state.name, place) in visited:
                continue
            if self._loose(place):
                self._note("what siblings of a failed branch or item still do (S2A201)")
            elif not isinstance(home.state, Parallel | Map) or not place:
                yield Difference(f"{home.state.at}#visited", False, state, instance)

    def _calls(self) -> Iterator[Difference]:
        """Calls in their order inside a scope: the machine itself, one branch, one item."""
        wanted: dict[Place, list[Called]] = defaultdict(list)
        made: dict[Place, list[Called]] = defaultdict(list)
        for call in self.expected.calls:
            wanted[call.place].append(call)
        for one in self.made:
            home = self.homes.get(one.state)
            place = home.place(one.index) if home else ()
            made[place].append(Called(one.state, place, one.action, normal(one.action, one.arguments)))
        for place in [*wanted, *(place for place in made if place not in wanted)]:
            yield from self._scope(wanted[place], made[place], self._loose(place))

    def _scope(self, wanted: list[Called], made: list[Called], loose: bool) -> Iterator[Difference]:
        wanted, made = ([call for call in calls if call.state not in self.skipped] for calls in (wanted, made))
        for number in range(max(len(wanted), len(made))):
            if number >= len(wanted):
                if not loose:
                    yield self._call_difference(made[number], "", MISSING, _shown(made[number]))
                else:
                    self._note("what siblings of a failed branch or item still do (S2A201)")
                return
            want = wanted[number]
            if number >= len(made):
                yield self._call_difference(want, "", _shown(want), MISSING)
                return
            have = made[number]
            if (want.state, want.action) != (have.state, have.action):
                yield self._call_difference(want, "", f"{want.state}: {want.action}", f"{have.state}: {have.action}")
                return
            for found in self._values("", want.arguments, have.arguments):
                yield self._call_difference(want, found.at, found.expected, found.actual)

    def _call_difference(self, call: Called, inside: str, expected: Json, actual: Json) -> Difference:
        home = self.homes.get(call.state)
        task = next((id for id, name in self.tasks.items() if name == call.state), "")
        return Difference(f"{home.state.at if home else ''}#call{inside}", expected, actual, task)

    def _seconds(
        self, what: str, wanted: Mapping[str, list[Json]], made: Mapping[str, tuple[float, ...]]
    ) -> Iterator[Difference]:
        """Retry delays or waits by state; inside a Map in any order."""
        for name in [*wanted, *(name for name in made if name not in wanted)]:
            home = self.homes.get(name)
            if home is None or (what == "waits" and name in self.elsewhere):
                self._note(f"the {what} of {name!r}, which is no state of the machine")
                continue
            want, have = wanted.get(name, []), list(made.get(name, ()))
            if any(number is None for _, number in home.scope) and not varies(want):
                want, have = sorted(want), sorted(have)
            if any(self._loose(home.place(index)) for index in range(2)) and have[: len(want)] == want:
                continue
            near = len(want) == len(have) and all(map(_near, want, have))
            if not near:
                task = next((id for id, shown in self.tasks.items() if shown == name), "")
                yield Difference(f"{home.state.at}#{what}", want, have, task)


def _near(want: Json, have: float) -> bool:
    return varies(want) or abs(want - have) <= (_SECONDS if want > _SECONDS else 0.01)


def _shown(call: Called) -> Json:
    return {"state": call.state, "action": call.action, "arguments": call.arguments}
