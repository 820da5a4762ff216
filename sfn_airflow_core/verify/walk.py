"""Imagines executions: goes through a machine as a route says, with documents that are not known yet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from sfn_airflow_core.asl.model import (
    CatchQuery,
    Choice,
    Fail,
    Given,
    Machine,
    Map,
    Parallel,
    Pass,
    PathFlow,
    PathRef,
    PathRule,
    Query,
    QueryFlow,
    State,
    Succeed,
    Task,
    Wait,
)
from sfn_airflow_core.expr.model import Expr, Field, Index, Slice, Step, Wildcard
from sfn_airflow_core.interpreter.failures import EvaluationError, StateFailed, answers_to
from sfn_airflow_core.interpreter.program import Program
from sfn_airflow_core.interpreter.resource import parse_resource
from sfn_airflow_core.verify import walk_queries as queries
from sfn_airflow_core.verify.routes import Atlas, Outcome, Route, attempts
from sfn_airflow_core.verify.shapes import argument_hints
from sfn_airflow_core.verify.symbolic import Scene, value_of, ways_to
from sfn_airflow_core.verify.symbols import (
    AS_JSON,
    INPUT,
    App,
    Const,
    Impossible,
    Lst,
    Obj,
    Sym,
    Unknown,
    Value,
    member,
    placed,
)
from sfn_airflow_core.verify.track import Ended, Numbers, Track, cause_of
from sfn_airflow_core.verify.wishes import concrete

Json = Any
Variables: TypeAlias = "Mapping[str, Value]"

_MOST_VISITS: Final = 150
_MOST_STAYS: Final = 800
_MOST_TRIED: Final = 24
_ITEMS: Final = 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scope runs: numbers of branches and items, how many Maps are around, and the item, if any."""

    numbers: Numbers = ()
    maps: int = 0
    item: Value | None = None

    @property
    def key(self) -> str:
        """The key of replies for this item; empty outside Maps, and in Maps inside Maps, where order decides."""
        return "/".join(map(str, self.numbers)) if self.maps == 1 else ""


@dataclass(frozen=True, slots=True)
class End:
    """The end of one stay: what is handed on to which state, or the error it failed with."""

    track: Track
    value: Value
    variables: Variables
    next: str | None = None
    error: str | None = None
    failed: bool = False


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
        if sum(track.visits.values()) > _MOST_VISITS or self.stays > _MOST_STAYS:
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
        wanted = [asked[number]] if number < len(asked) and not any(n > 0 for n in at.numbers[-1:] if at.maps) else []
        choices = wanted or [outcome for outcome, _ in self.atlas.ordered(machine, state) if outcome.kind != "catch"]
        stay = Stay(self, state, raw, variables, at, track)
        for outcome in choices or [Outcome()]:
            try:
                yield from stay.end(outcome)
            except (Impossible, EvaluationError) as error:
                self.obstacle = self.obstacle or f"{state.name}: {error}"


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay in a state: what it starts from."""

    walk: Walk
    state: State
    raw: Value
    variables: Variables
    at: Place
    track: Track

    def end(self, outcome: Outcome) -> Iterator[End]:
        """The ways in which the stay ends so. Raises Impossible."""
        state = self.state
        match state:
            case Choice():
                yield from self._choice(state, outcome)
            case Fail():
                yield End(self.track, self.raw, self.variables, None, self._error(state), True)
            case Task():
                yield from self._task(state, outcome)
            case Parallel():
                yield from self._parallel(state, outcome)
            case Map():
                yield from self._map(state, outcome)
            case Wait():
                yield from self._wait(state)
            case Pass() if isinstance(state.flow, QueryFlow):
                yield self.deliver(self.track, self.raw, state.next)
            case Pass():
                effective, track = self.effective(self.track)
                result = effective if state.result is None else Const(state.result.value)
                yield self.deliver(track, result, state.next)
            case Succeed() if isinstance(state.flow, QueryFlow):
                yield self.deliver(self.track, self.raw, None)
            case Succeed():
                value, track = self.path(self.flow.input_path, self.raw, self.track)
                value, track = self.path(self.flow.output_path, value, track)
                yield End(track, value, self.variables)

    @property
    def flow(self) -> PathFlow:
        """The data flow of the state."""
        assert isinstance(self.state.flow, PathFlow)
        return self.state.flow

    def scene(self, value: Value, item: Value | None = None) -> Scene:
        """What expressions see with ``value`` as ``$``."""
        return Scene(value, lambda steps: self._context(steps, item or self.at.item), self.variables)

    def _context(self, steps: tuple[Step, ...], item: Value | None) -> Value:
        names = [
            step.name if isinstance(step, Field) else step.position for step in steps if isinstance(step, Field | Index)
        ]
        value: Value
        match names[:3]:
            case ["Execution", "Input", *_]:
                value, rest = Sym(INPUT), names[2:]
            case ["Map", "Item", *_] if item is not None:
                value, rest = item, names[2:]
            case ["State", "Name"]:
                return Const(self.state.name)
            case _:
                return Unknown()
        for name in rest:
            value = member(value, name)
        return value

    def value(self, expr: Expr, base: Value, track: Track, item: Value | None = None) -> tuple[Value, Track]:
        """What an expression makes of ``base``."""
        value, wishes = value_of(expr, self.scene(base, item), track.wishes)
        return value, track.wish(wishes)

    def path(self, text: str | None, base: Value, track: Track) -> tuple[Value, Track]:
        """What a path selects; ``None`` is the empty object."""
        if text is None:
            return Const({}), track
        return (base, track) if text == "$" else self.value(self.walk.program.path(text), base, track)

    def template(self, template: Json, base: Value, track: Track, item: Value | None = None) -> tuple[Value, Track]:
        """What a payload template makes."""
        return self.value(self.walk.program.template(template), base, track, item)

    def effective(self, track: Track) -> tuple[Value, Track]:
        """The effective input: InputPath, then Parameters; or Arguments."""
        if isinstance(self.state.flow, QueryFlow):
            return queries.arguments(self, track)
        value, track = self.path(self.flow.input_path, self.raw, track)
        if self.flow.parameters is not None:
            value, track = self.template(self.flow.parameters.value, value, track)
        return value, track

    def deliver(self, track: Track, result: Value, following: str | None) -> End:
        """ResultSelector, Assign, ResultPath, OutputPath; or Assign and Output."""
        if isinstance(self.state.flow, QueryFlow):
            known: dict[str, Value] = {"result": result} if isinstance(self.state, Task | Parallel | Map) else {}
            value, track = queries.output(self, self.state.flow.output, result, track, **known)
            variables, track = queries.assigned(self, self.state.flow.assign, track, **known)
            return End(track, value, variables, following)
        flow, selected = self.flow, result
        if flow.result_selector is not None:
            selected, track = self.template(flow.result_selector.value, result, track)
        variables, track = self.assigned(flow.assign, result, track)
        value = self.raw if flow.result_path is None else self.put(flow.result_path, selected)
        value, track = self.path(flow.output_path, value, track)
        return End(track, value, variables, following)

    def assigned(self, assign: Json, base: Value, track: Track) -> tuple[Variables, Track]:
        """The variables after an Assign."""
        if not assign:
            return self.variables, track
        made, track = self.template(assign, base, track)
        members = made.members if isinstance(made, Obj) else {}
        if isinstance(made, Const) and isinstance(made.value, dict):
            members = {name: Const(value) for name, value in made.value.items()}
        return {**self.variables, **members}, track

    def put(self, path: str, value: Value) -> Value:
        """``value`` at a reference path in the raw input."""
        steps = self.walk.program.path(path).steps
        keys = [
            step.name if isinstance(step, Field) else step.position for step in steps if isinstance(step, Field | Index)
        ]
        if len(keys) != len(steps):
            raise Impossible(f"{path} is no reference path")
        return placed(self.raw, tuple(keys), value)

    def _error(self, state: Fail) -> str | None:
        return state.error if isinstance(state.error, str) else None if state.error is None else "any"

    def _query_choice(self, state: Choice, outcome: Outcome, flow: QueryFlow) -> Iterator[End]:
        for tried, done in enumerate(queries.chosen(self, state, outcome)):
            if tried > _MOST_TRIED:
                return
            try:
                done.wishes.documents()
            except Impossible:
                continue
            rule = state.choices[outcome.number] if outcome.kind == "rule" else None
            given = getattr(rule, "output", None) if rule else flow.output
            variables, after = queries.assigned(self, rule.assign if rule else flow.assign, done)
            output, after = queries.output(self, given, self.raw, after)
            yield End(after, output, variables, rule.next if rule else state.default)

    def _choice(self, state: Choice, outcome: Outcome) -> Iterator[End]:
        if isinstance(state.flow, QueryFlow):
            yield from self._query_choice(state, outcome, state.flow)
            return
        value, track = self.path(self.flow.input_path, self.raw, self.track)
        scene = self.scene(value)
        last = outcome.number if outcome.kind == "rule" else len(state.choices)
        rules = [rule for rule in state.choices[: last + 1] if isinstance(rule, PathRule)]
        conditions = [self.walk.program.condition(rule.condition) for rule in rules]

        def met(number: int, track: Track) -> Iterator[Track]:
            if number == len(conditions):
                yield track
                return
            for wishes in ways_to(conditions[number], number == last, scene, track.wishes):
                yield from met(number + 1, track.wish(wishes))

        for tried, done in enumerate(met(0, track)):
            if tried > _MOST_TRIED:
                return
            try:
                done.wishes.documents()
            except Impossible as error:
                self.walk.obstacle = self.walk.obstacle or f"{state.name}: {error}"
                continue
            rule = rules[last] if outcome.kind == "rule" else None
            variables, after = self.assigned(rule.assign if rule else self.flow.assign, value, done)
            output, after = self.path(self.flow.output_path, value, after)
            yield End(after, output, variables, rule.next if rule else state.default)

    def _wait(self, state: Wait) -> Iterator[End]:
        if isinstance(state.flow, QueryFlow):
            track = self.track
            for given, kind in ((state.seconds, "integer"), (state.timestamp, "timestamp")):
                if isinstance(given, Query):
                    track = queries.computed(self, given, kind, track)
            yield self.deliver(track, self.raw, state.next)
            return
        value, track = self.path(self.flow.input_path, self.raw, self.track)
        for amount, kind in ((state.seconds, "integer"), (state.timestamp, "timestamp")):
            if isinstance(amount, PathRef):
                found, track = self.value(self.walk.program.path(amount.path), value, track)
                track = track.wish(track.wishes.be(found, kind))
        variables, track = self.assigned(self.flow.assign, value, track)
        output, track = self.path(self.flow.output_path, value, track)
        yield End(track, output, variables, state.next)

    def _task(self, state: Task, outcome: Outcome) -> Iterator[End]:
        arguments, track = self.effective(self.track)
        for amount in (state.timeout_seconds, state.heartbeat_seconds):
            if isinstance(amount, PathRef):
                found, track = self.value(self.walk.program.path(amount.path), self.raw, track)
                track = track.wish(track.wishes.be(found, "integer"))
        for part, kind in argument_hints(state.resource, arguments):
            track = track.wish(track.wishes.be(part, kind, hint=True))
        if outcome.kind in ("catch", "fail"):
            times = 1 + self.retried(state, outcome.error)
            yield from self.caught(
                track.fails(state.name, self.at.key, outcome.error, times, _function(state)), outcome.error, outcome
            )
            return
        if outcome.kind == "retry":
            track = track.fails(state.name, self.at.key, outcome.error, outcome.times, _function(state))
        track, result = self.answer(state, track)
        yield self.deliver(track, result, state.next)

    def answer(self, state: Task, track: Track) -> tuple[Track, Value]:
        """A good answer of the service, as the state gets it."""
        resource = parse_resource(state.resource)
        function = resource.service == "lambda" and resource.pattern == "request"
        track, source = track.answers(state.name, self.at.key, "payload" if function else "result")
        if function and resource.kind == "service":
            members: dict[str, Value] = {
                "ExecutedVersion": Const("$LATEST"),
                "Payload": Sym(source),
                "StatusCode": Const(200),
            }
            return track, Obj(members, Unknown())
        if resource.kind == "service" and resource.pattern != "waitForTaskToken":
            track = track.wish(track.wishes.be(Sym(source), "object"))
        return track, Sym(source)

    def retried(self, state: Task | Parallel | Map, error: str) -> int:
        """How often an error is retried before it goes to a catcher."""
        failure = StateFailed(error, "")
        found = next((r for r in state.retry if answers_to(failure, r.error_equals)), None)
        return 0 if found is None else attempts(found) or 0

    def caught(self, track: Track, error: str | None, outcome: Outcome) -> Iterator[End]:
        """Where an error goes; nothing where it does not end the stay as wanted."""
        state = self.state
        assert isinstance(state, Task | Parallel | Map)
        failure = StateFailed(error, "")
        found = next((n for n, c in enumerate(state.catch) if answers_to(failure, c.error_equals)), None)
        if found is None:
            if outcome.kind != "catch":
                yield End(track, self.raw, self.variables, None, error, True)
            return
        if outcome.kind == "catch" and found != outcome.number:
            return
        catcher = state.catch[found]
        cause = "" if error == "States.Timeout" else cause_of(state.name, error or "", _function(state))
        told = Obj({"Error": Const(error), "Cause": Const(cause)})
        if isinstance(catcher.flow, CatchQuery):
            value, track = queries.output(self, catcher.flow.output, told, track, errorOutput=told)
            variables, track = queries.assigned(self, catcher.assign, track, errorOutput=told)
            yield End(track, value, variables, catcher.next)
            return
        path = getattr(catcher.flow, "result_path", "$")
        value = self.raw if path is None else self.put(path, told)
        variables, track = self.assigned(catcher.assign, told, track)
        yield End(track, value, variables, catcher.next)

    def _parallel(self, state: Parallel, outcome: Outcome) -> Iterator[End]:
        effective, track = self.effective(self.track)

        def beside(number: int, track: Track) -> Track:
            """What the branches after a failed one need: on Airflow they run on."""
            for later in range(number, len(state.branches)):
                place = replace(self.at, numbers=(*self.at.numbers, later))
                ends = self.walk.scope(state.branches[later], effective, self.variables, place, track)
                track = next((end.track for end in ends if not end.failed), track)
            return track

        def run(number: int, track: Track, ends: tuple[Value, ...]) -> Iterator[End]:
            if number == len(state.branches):
                if outcome.kind != "catch":
                    yield self.deliver(track, Lst(ends), state.next)
                return
            place = replace(self.at, numbers=(*self.at.numbers, number))
            for end in self.walk.scope(state.branches[number], effective, self.variables, place, track):
                if end.failed:
                    yield from self.caught(beside(number + 1, end.track), end.error, outcome)
                elif end.value is not None:
                    yield from run(number + 1, end.track, (*ends, end.value))

        yield from run(0, track, ())

    def _map(self, state: Map, outcome: Outcome) -> Iterator[End]:
        if state.item_reader is not None or state.item_batcher is not None:
            raise Impossible("items that are read from files are not imagined")
        value, track = self.raw, self.track
        if isinstance(state.flow, PathFlow):
            value, track = self.path(state.flow.input_path, self.raw, track)
        items, track = self._items(state, value, track, outcome)

        def each(number: int, track: Track) -> Iterator[Ended]:
            item = Obj({"Index": Const(number), "Value": items[number]})
            given = items[number]
            if state.item_selector is not None and isinstance(state.flow, QueryFlow):
                given, track = queries.filled(self, state.item_selector.value, track, item)
            elif state.item_selector is not None:
                given, track = self.template(state.item_selector.value, value, track, item)
            place = Place((*self.at.numbers, number), self.at.maps + 1, item)
            yield from self.walk.scope(state.processor, given, self.variables, place, track)

        def beside(number: int, track: Track) -> Track:
            """What the items after a failed one need: on Airflow they run on."""
            for later in range(number, len(items)):
                track = next((end.track for end in each(later, track) if not end.failed), track)
            return track

        def run(number: int, track: Track, ends: tuple[Value, ...]) -> Iterator[End]:
            if number == len(items):
                if outcome.kind != "catch":
                    yield self.deliver(track, Lst(ends), state.next)
                return
            for end in each(number, track):
                if end.failed:
                    yield from self.caught(beside(number + 1, end.track), end.error, outcome)
                elif end.value is not None:
                    yield from run(number + 1, end.track, (*ends, end.value))

        yield from run(0, track, ())

    def _items(self, state: Map, value: Value, track: Track, outcome: Outcome) -> tuple[list[Value], Track]:
        """The items of a Map: as many as wanted, where that can be chosen."""
        found = value
        if isinstance(state.flow, QueryFlow):
            found, track = queries.items_of(self, state.items if isinstance(state.items, Given) else None, track)
        elif isinstance(state.items, PathRef):
            found, track = self.value(self.walk.program.value(state.items.path), value, track)
        count = outcome.items if outcome.items is not None else 1 if outcome.kind == "catch" else _ITEMS
        match found:
            case Sym():
                items: list[Value] = [Sym(found.source, (*found.steps, number)) for number in range(count)]
                wishes = track.wishes.be(found, "array").long(found, count)
                for item in items:
                    wishes = wishes.need(item)
                return items, track.wish(wishes)
            case Lst():
                return list(found.items), track
            case App(path=(Slice() | Wildcard() as first, *names), arguments=(Sym() as base,)) if all(
                isinstance(step, Field) for step in names
            ):
                start = max(getattr(first, "start", None) or 0, 0)
                keys = _keys(tuple(names))
                items = [Sym(base.source, (*base.steps, start + number, *keys)) for number in range(count)]
                wishes = track.wishes.be(base, "array").long(base, start + count)
                for item in items:
                    wishes = wishes.need(item)
                return items, track.wish(wishes)
            case _:
                return self._known_items(found, track), track

    def _known_items(self, found: Value, track: Track) -> list[Value]:
        """The items as they are with what is known so far, where they are computed."""
        documents = track.wishes.documents()

        def look(part: Sym) -> Json:
            value: Json = documents[part.source]
            for step in part.steps:
                value = json.loads(value) if step == AS_JSON else value[step]
            return value

        try:
            value = concrete(found, look)
        except (LookupError, TypeError, ValueError) as error:
            raise Impossible("the items of the Map cannot be chosen") from error
        if not isinstance(value, list):
            raise Impossible("the items of the Map are no list")
        return [Const(item) for item in value]


def _keys(steps: tuple[Step, ...]) -> list[str | int]:
    """The keys and positions of the steps that have one."""
    return [
        step.name if isinstance(step, Field) else step.position for step in steps if isinstance(step, Field | Index)
    ]


def _function(state: State) -> bool:
    """Whether a state calls a Lambda function."""
    return isinstance(state, Task) and parse_resource(state.resource).service == "lambda"
