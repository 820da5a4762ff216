"""Compares the run of a DAG with what the interpreter expects: end, states, service calls, retries, waits."""

from __future__ import annotations

import json
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
_ANY: Final[Place] = (("", -1),)
"""In the place of a scope: no order is known."""
_HTTP: Final = frozenset(("SdkHttpMetadata", "SdkResponseMetadata"))


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
    elsewhere: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The same for the further DAGs of the file, by DAG id."""
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
            if not _HTTP.isdisjoint(pointer.split("/")):
                self._note("the HTTP metadata of a service's answer")
            elif pointer.endswith("/Cause") and as_value(one) == as_value(other) is not MISSING:
                continue
            elif isinstance(other, str) and other == json.dumps(one, ensure_ascii=False, default=repr):
                continue  # the text of a blob, which Step Functions writes as JSON
            else:
                yield Difference(f"{at}{pointer}", one, other, task)

    def _loose(self, place: Place) -> bool:
        """Whether something ran inside a Parallel or Map that failed: there, siblings run on in Airflow."""
        return any(
            stay.state == name and stay.place == place[:depth] and stay.broke
            for depth, (name, _) in enumerate(place)
            for stay in self.expected.stays
        )

    def _stopped(self, place: Place) -> bool:
        """Whether an item of a distributed Map may end because of another one, before it is at the same point."""
        distributed = any(self._inline(name) for name, _ in place)
        return distributed and not any(
            stay.place[: len(place)] == place and stay.error is not None and not stay.done
            for stay in self.expected.stays
        )

    def _states(self) -> Iterator[Difference]:
        """What each state that the interpreter visited handed on."""
        last: dict[tuple[str, Place], Stay] = {}
        for stay in self.expected.stays:
            last[stay.state, stay.place] = stay
        for (name, place), stay in last.items():
            title = _title(stay)
            ids = [task for task, shown in self.tasks.items() if shown == title]
            ids.sort(key=lambda id: not id.endswith(".output"))  # a group's result, rather than what begins it
            if not stay.done or self._child(title):
                continue
            if not ids:
                self._note(f"the output of {title!r}: no task of the DAG has that display name")
                continue
            yield from self._state(stay, self._instance(ids[0], name, place))
        yield from self._children()

    def _child(self, title: str) -> bool:
        """Whether tasks of that name are in other DAGs of the file only."""
        return self._elsewhere(title) and title not in self.tasks.values()

    def _elsewhere(self, title: str) -> bool:
        return any(title in tasks.values() for tasks in self.elsewhere.values())

    def _children(self) -> Iterator[Difference]:
        """States in DAGs of their own (loops, Maps inside Maps): their outputs, in any order."""
        wanted = self._in_children()
        made: dict[str, list[Json]] = defaultdict(list)
        runs = [(self.tasks, self.actual.task_states, self.actual.documents)]
        runs += [(self.elsewhere.get(r.dag_id, {}), r.task_states, r.documents) for r in self.actual.children]
        for names, states, documents in runs:
            for instance, state in states.items():
                title = names.get(_task(instance), "")
                if state == "success" and self._child(title):
                    made[title].append(documents.get(instance))
        for title, stays in wanted.items():
            if not made[title] and any(self._inline(name) for name, _ in stays[0].place):
                self._note(f"the outputs of {title!r}, which runs inside the task that runs the items")
                continue
            yield from self._unordered(stays, made[title], any(self._loose(stay.place) for stay in stays))

    def _in_children(self) -> dict[str, list[Stay]]:
        """Stays in states that have tasks in other DAGs; of the rounds of a poll, which is one task, the last."""
        wanted: dict[str, list[Stay]] = defaultdict(list)
        before: dict[Place, str] = {}
        for stay in self.expected.stays:
            title = _title(stay)
            if title not in self.tasks.values() and not self._elsewhere(title):
                continue
            depth = len(stay.place)  # whatever happens around a Map or Parallel ends the rounds inside of it
            before = {at: name for at, name in before.items() if len(at) <= depth or at[:depth] != stay.place}
            if stay.done and self._child(title):
                if before.get(stay.place) == title and wanted[title]:
                    wanted[title].pop()
                wanted[title].append(stay)
            before[stay.place] = title
        return wanted

    def _inline(self, name: str) -> bool:
        home = self.homes.get(name)
        return home is not None and isinstance(home.state, Map) and home.state.mode == "DISTRIBUTED"

    def _unordered(self, stays: list[Stay], made: list[Json], loose: bool) -> Iterator[Difference]:
        left = list(made)
        for stay in stays:
            found = next((n for n, have in enumerate(left) if not list(self._values("", stay.output, have))), None)
            if found is None and loose and self._stopped(stay.place):
                self._note("what siblings of a failed branch or item have not come to (S2A201)")
                continue
            if found is None:
                yield Difference(f"{stay.at}#output", stay.output, left[0] if left else MISSING, _title(stay))
                return
            del left[found]
        home = self.homes.get(stays[0].state)  # a group's name is also that of the first task of its own DAG
        router = bool(stays) and stays[0].caught  # it hands on what was not caught, too
        if left and not loose and not router and home is not None and not isinstance(home.state, Parallel | Map):
            yield Difference(f"{stays[0].at}#output", MISSING, left[0], _title(stays[0]))

    def _instance(self, task: str, name: str, place: Place) -> str:
        home = self.homes.get(name)
        indexes = [
            number for (_, number), (_, fixed) in zip(place, home.scope if home else (), strict=False) if fixed is None
        ]
        return f"{task}[{indexes[-1]}]" if indexes else task

    def _state(self, stay: Stay, instance: str) -> Iterator[Difference]:
        state = self.actual.task_states.get(instance, "not there")
        if instance in self.actual.stopped and self._loose(stay.place):
            self._note("what siblings of a failed branch or item have not come to (S2A201)")
        elif state == "failed" and self._decided_in(stay):
            self._note(f"the output of {_title(stay)!r}, in whose task a Choice fails")
        elif state != "success":
            yield Difference(f"{stay.at}#visited", True, state, instance)
        else:
            yield from self._values(f"{stay.at}#output", stay.output, self.actual.documents.get(instance), instance)

    def _decided_in(self, stay: Stay) -> bool:
        """Whether what fails comes after a state and is done in its task: the Choice of a poll."""
        stays = [one for one in self.expected.stays if one.place == stay.place]
        after = next(iter(stays[stays.index(stay) + 1 :]), None)
        return after is not None and not after.done and _title(after) not in self.tasks.values()

    def _extra(self) -> Iterator[Difference]:
        """Tasks that ran although their states were not visited."""
        visited = {(stay.state, stay.place) for stay in self.expected.stays}
        for instance, state in self.actual.task_states.items():
            name = self.tasks.get(_task(instance), "")
            home = self.homes.get(name)
            if state != "success" or home is None or self._child(name):
                continue
            index = instance[:-1].rpartition("[")[2] if instance.endswith("]") else None
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
            wanted[self._ordered(call.state, call.place)].append(call)
        for one in self.made:
            home = self.homes.get(one.state)
            if home is not None and isinstance(home.state, Map):
                self._note(f"the files that {one.state!r} reads or writes")
                continue
            place = home.place(one.index, one.around) if home else ()
            called = Called(one.state, place, one.action, normal(one.action, one.arguments))
            made[self._ordered(one.state, place)].append(called)
        for place in [*wanted, *(place for place in made if place not in wanted)]:
            loose = self._loose(place) or (place == _ANY and any(self._loose(c.place) for c in wanted[place]))
            if loose or place == _ANY:
                yield from self._any_order(wanted[place], made[place], loose)
            else:
                yield from self._scope(wanted[place], made[place])

    def _ordered(self, state: str, place: Place) -> Place:
        """The scope in which a call has its order; calls from DAGs of their own have none."""
        return _ANY if self._elsewhere(state) else place

    def _any_order(self, wanted: list[Called], made: list[Called], loose: bool) -> Iterator[Difference]:
        left, other = list(made), list[Called]()
        for want in wanted:
            own = [n for n, have in enumerate(left) if have.place == want.place]
            if (found := self._match(want, left, own)) is None:
                other.append(want)
            else:
                del left[found]
        for want in other:
            same = [n for n, have in enumerate(left) if (have.state, have.action) == (want.state, want.action)]
            found = self._match(want, left, same)
            if found is None and loose and self._stopped(want.place):
                self._note("what siblings of a failed branch or item have not come to (S2A201)")
            elif found is None:
                yield self._call_difference(want, "", _shown(want), _shown(left[same[0]]) if same else MISSING)
                return
            else:
                del left[found]
        if left and loose:
            self._note("what siblings of a failed branch or item still do (S2A201)")
        elif left:
            yield self._call_difference(left[0], "", MISSING, _shown(left[0]))

    def _match(self, want: Called, made: list[Called], among: list[int]) -> int | None:
        """The position of the first of some calls that is like one that is wanted."""
        return next(
            (
                n
                for n in among
                if (made[n].state, made[n].action) == (want.state, want.action)
                and not list(self._values("", want.arguments, made[n].arguments))
            ),
            None,
        )

    def _scope(self, wanted: list[Called], made: list[Called]) -> Iterator[Difference]:
        for number in range(max(len(wanted), len(made))):
            if number >= len(wanted):
                yield self._call_difference(made[number], "", MISSING, _shown(made[number]))
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
            if home is None:
                self._note(f"the {what} of {name!r}, which is no state of the machine")
                continue
            want, have = wanted.get(name, []), list(made.get(name, ()))
            if any(number is None for _, number in home.scope) and not varies(want):
                want, have = sorted(want), sorted(have)
            if any(self._loose(home.place(index)) for index in range(2)) and have[: len(want)] == want:
                continue
            slack = _SECONDS if what == "waits" else 0.01
            near = len(want) == len(have) and all(
                varies(one) or abs(one - other) <= min(slack, max(one / 2, 0.01))
                for one, other in zip(want, have, strict=True)
            )
            if not near:
                task = next((id for id, shown in self.tasks.items() if shown == name), "")
                yield Difference(f"{home.state.at}#{what}", want, have, task)


def _title(stay: Stay) -> str:
    """The display name of the task that hands on what a stay gave."""
    return f"{stay.state}: Catch" if stay.caught else stay.state


def _task(instance: str) -> str:
    """The task id of a task instance: ``ship.each.pack[2]`` is of ``ship.each.pack``."""
    return instance.rpartition("[")[0] if instance.endswith("]") else instance


def _shown(call: Called) -> Json:
    return {"state": call.state, "action": call.action, "arguments": call.arguments}
