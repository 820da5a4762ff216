"""How imagined stays end: what each kind of state asks of documents, and what it hands on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from sfn_airflow_core.asl.model import (
    Choice,
    Fail,
    Given,
    Map,
    Parallel,
    Pass,
    PathFlow,
    PathRef,
    PathRule,
    Query,
    QueryFlow,
    Succeed,
    Task,
    Wait,
)
from sfn_airflow_core.expr.model import Field, Slice, Wildcard
from sfn_airflow_core.verify import walk_queries as queries
from sfn_airflow_core.verify.routes import Outcome
from sfn_airflow_core.verify.shapes import argument_hints
from sfn_airflow_core.verify.stay import End, Place, Stay, calls_function, keys
from sfn_airflow_core.verify.symbolic import ways_to
from sfn_airflow_core.verify.symbols import (
    AS_JSON,
    App,
    Const,
    Impossible,
    Lst,
    Obj,
    Sym,
    Value,
)
from sfn_airflow_core.verify.track import Ended, Track
from sfn_airflow_core.verify.wishes import concrete

Json = Any
_MOST_TRIED: Final = 24
_ITEMS: Final = 2


def ends(stay: Stay, outcome: Outcome) -> Iterator[End]:
    """The ways in which the stay ends so. Raises Impossible."""
    state = stay.state
    match state:
        case Choice():
            yield from choice(stay, state, outcome)
        case Fail():
            yield End(stay.track, stay.raw, stay.variables, None, stay._error(state), True)
        case Task():
            yield from task(stay, state, outcome)
        case Parallel():
            yield from parallel(stay, state, outcome)
        case Map():
            yield from map_of(stay, state, outcome)
        case Wait():
            yield from wait(stay, state)
        case Pass() if isinstance(state.flow, QueryFlow):
            yield stay.deliver(stay.track, stay.raw, state.next)
        case Pass():
            effective, track = stay.effective(stay.track)
            result = effective if state.result is None else Const(state.result.value)
            yield stay.deliver(track, result, state.next)
        case Succeed() if isinstance(state.flow, QueryFlow):
            yield stay.deliver(stay.track, stay.raw, None)
        case Succeed():
            value, track = stay.path(stay.flow.input_path, stay.raw, stay.track)
            value, track = stay.path(stay.flow.output_path, value, track)
            yield End(track, value, stay.variables)


def query_choice(stay: Stay, state: Choice, outcome: Outcome, flow: QueryFlow) -> Iterator[End]:
    for tried, done in enumerate(queries.chosen(stay, state, outcome)):
        if tried > _MOST_TRIED:
            return
        try:
            done.wishes.documents()
        except Impossible as error:
            stay.walk.obstacle = stay.walk.obstacle or f"{state.name}: {error}"
            continue
        rule = state.choices[outcome.number] if outcome.kind == "rule" else None
        given = getattr(rule, "output", None) if rule else flow.output
        variables, after = queries.assigned(stay, rule.assign if rule else flow.assign, done)
        output, after = queries.output(stay, given, stay.raw, after)
        yield End(after, output, variables, rule.next if rule else state.default)


def choice(stay: Stay, state: Choice, outcome: Outcome) -> Iterator[End]:
    if isinstance(state.flow, QueryFlow):
        yield from query_choice(stay, state, outcome, state.flow)
        return
    value, track = stay.path(stay.flow.input_path, stay.raw, stay.track)
    scene = stay.scene(value)
    last = outcome.number if outcome.kind == "rule" else len(state.choices)
    rules = [rule for rule in state.choices[: last + 1] if isinstance(rule, PathRule)]
    conditions = [stay.walk.program.condition(rule.condition) for rule in rules]

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
            stay.walk.obstacle = stay.walk.obstacle or f"{state.name}: {error}"
            continue
        rule = rules[last] if outcome.kind == "rule" else None
        variables, after = stay.assigned(rule.assign if rule else stay.flow.assign, value, done)
        output, after = stay.path(stay.flow.output_path, value, after)
        yield End(after, output, variables, rule.next if rule else state.default)


def wait(stay: Stay, state: Wait) -> Iterator[End]:
    if isinstance(state.flow, QueryFlow):
        track = stay.track
        for given, kind in ((state.seconds, "integer"), (state.timestamp, "timestamp")):
            if isinstance(given, Query):
                track = queries.computed(stay, given, kind, track)
        yield stay.deliver(track, stay.raw, state.next)
        return
    value, track = stay.path(stay.flow.input_path, stay.raw, stay.track)
    for amount, kind in ((state.seconds, "integer"), (state.timestamp, "timestamp")):
        if isinstance(amount, PathRef):
            found, track = stay.value(stay.walk.program.path(amount.path), value, track)
            track = track.wish(track.wishes.be(found, kind))
    variables, track = stay.assigned(stay.flow.assign, value, track)
    output, track = stay.path(stay.flow.output_path, value, track)
    yield End(track, output, variables, state.next)


def task(stay: Stay, state: Task, outcome: Outcome) -> Iterator[End]:
    arguments, track = stay.effective(stay.track)
    for amount in (state.timeout_seconds, state.heartbeat_seconds):
        if isinstance(amount, PathRef):
            found, track = stay.value(stay.walk.program.path(amount.path), stay.raw, track)
            track = track.wish(track.wishes.be(found, "integer"))
    for part, kind in argument_hints(state.resource, arguments):
        track = track.wish(track.wishes.be(part, kind, hint=True))
    if outcome.kind in ("catch", "fail"):
        times = 1 + stay.retried(state, outcome.error)
        yield from stay.caught(
            track.fails(state.name, stay.at.key, outcome.error, times, calls_function(state)), outcome.error, outcome
        )
        return
    if outcome.kind == "retry":
        track = track.fails(state.name, stay.at.key, outcome.error, outcome.times, calls_function(state))
    track, result = stay.answer(state, track)
    yield stay.deliver(track, result, state.next)


def parallel(stay: Stay, state: Parallel, outcome: Outcome) -> Iterator[End]:
    effective, track = stay.effective(stay.track)

    def beside(number: int, track: Track) -> Track:
        """What the branches after a failed one need: on Airflow they run on."""
        for later in range(number, len(state.branches)):
            place = replace(stay.at, numbers=(*stay.at.numbers, later))
            ends = stay.walk.scope(state.branches[later], effective, stay.variables, place, track)
            track = next((end.track for end in ends if not end.failed), track)
        return track

    def run(number: int, track: Track, ends: tuple[Value, ...]) -> Iterator[End]:
        if number == len(state.branches):
            if outcome.kind != "catch":
                yield stay.deliver(track, Lst(ends), state.next)
            return
        place = replace(stay.at, numbers=(*stay.at.numbers, number))
        for end in stay.walk.scope(state.branches[number], effective, stay.variables, place, track):
            if end.failed:
                yield from stay.caught(beside(number + 1, end.track), end.error, outcome)
            elif end.value is not None:
                yield from run(number + 1, end.track, (*ends, end.value))

    yield from run(0, track, ())


def map_of(stay: Stay, state: Map, outcome: Outcome) -> Iterator[End]:
    if state.item_reader is not None or state.item_batcher is not None:
        raise Impossible("items that are read from files are not imagined")
    value, track = stay.raw, stay.track
    if isinstance(state.flow, PathFlow):
        value, track = stay.path(state.flow.input_path, stay.raw, track)
    items, track = chosen_items(stay, state, value, track, outcome)

    def each(number: int, track: Track) -> Iterator[Ended]:
        item = Obj({"Index": Const(number), "Value": items[number]})
        given = items[number]
        if state.item_selector is not None and isinstance(state.flow, QueryFlow):
            given, track = queries.filled(stay, state.item_selector.value, track, item)
        elif state.item_selector is not None:
            given, track = stay.template(state.item_selector.value, value, track, item)
        place = Place((*stay.at.numbers, number), stay.at.maps + 1, item)
        yield from stay.walk.scope(state.processor, given, stay.variables, place, track)

    def beside(number: int, track: Track) -> Track:
        """What the items after a failed one need: on Airflow they run on."""
        for later in range(number, len(items)):
            track = next((end.track for end in each(later, track) if not end.failed), track)
        return track

    def run(number: int, track: Track, ends: tuple[Value, ...]) -> Iterator[End]:
        if number == len(items):
            if outcome.kind != "catch":
                yield stay.deliver(track, Lst(ends), state.next)
            return
        for end in each(number, track):
            if end.failed:
                yield from stay.caught(beside(number + 1, end.track), end.error, outcome)
            elif end.value is not None:
                yield from run(number + 1, end.track, (*ends, end.value))

    yield from run(0, track, ())


def chosen_items(stay: Stay, state: Map, value: Value, track: Track, outcome: Outcome) -> tuple[list[Value], Track]:
    """The items of a Map: as many as wanted, where that can be chosen."""
    found = value
    if isinstance(state.flow, QueryFlow):
        found, track = queries.items_of(stay, state.items if isinstance(state.items, Given) else None, track)
    elif isinstance(state.items, PathRef):
        found, track = stay.value(stay.walk.program.value(state.items.path), value, track)
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
            below = keys(tuple(names))
            items = [Sym(base.source, (*base.steps, start + number, *below)) for number in range(count)]
            wishes = track.wishes.be(base, "array").long(base, start + count)
            for item in items:
                wishes = wishes.need(item)
            return items, track.wish(wishes)
        case _:
            return known_items(stay, found, track), track


def known_items(stay: Stay, found: Value, track: Track) -> list[Value]:
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
