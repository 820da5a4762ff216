"""How imagined stays end: what each kind of state asks of documents, and what it hands on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from sfn_airflow_core.asl.model import (
    Choice,
    Fail,
    Map,
    Parallel,
    Pass,
    PathRef,
    PathRule,
    Query,
    QueryFlow,
    Succeed,
    Task,
    Wait,
)
from sfn_airflow_core.verify import walk_queries as queries
from sfn_airflow_core.verify.map_ends import map_of
from sfn_airflow_core.verify.routes import Outcome
from sfn_airflow_core.verify.shapes import answer_kind, answer_members, argument_hints
from sfn_airflow_core.verify.solver import documents
from sfn_airflow_core.verify.stay import End, Stay, calls_function
from sfn_airflow_core.verify.symbolic import ways_to
from sfn_airflow_core.verify.symbols import (
    Const,
    Impossible,
    Lst,
    Sym,
    Value,
)
from sfn_airflow_core.verify.track import Ended, Track

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
            yield fail(stay, state)
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
        if not solvable(stay, done):
            continue
        rule = state.choices[outcome.number] if outcome.kind == "rule" else None
        given = getattr(rule, "output", None) if rule else flow.output
        variables, after = queries.assigned(stay, rule.assign if rule else flow.assign, done)
        output, after = queries.output(stay, given, stay.raw, after)
        yield End(after, output, variables, rule.next if rule else state.default)


def solvable(stay: Stay, done: Track) -> bool:
    """Whether there are documents for what a rule asks in addition to what was asked before."""
    if done.wishes is stay.track.wishes:
        return True
    try:
        documents(done.wishes, stay.walk.atlas.budget)
    except Impossible as error:
        stay.walk.obstacle = stay.walk.obstacle or f"{stay.state.name}: {error}"
        return False
    return True


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
        if not solvable(stay, done):
            continue
        rule = rules[last] if outcome.kind == "rule" else None
        variables, after = stay.assigned(rule.assign if rule else stay.flow.assign, value, done)
        output, after = stay.path(stay.flow.output_path, value, after)
        yield End(after, output, variables, rule.next if rule else state.default)


def fail(stay: Stay, state: Fail) -> End:
    track = stay.track
    for given in (state.error, state.cause):
        if isinstance(given, Query):
            track = queries.computed(stay, given, "string", track)
        elif isinstance(given, PathRef):
            found, asked = stay.value(stay.walk.program.value(given.path), stay.raw, track)
            if not isinstance(found, Sym) or _answered(stay, track, found):
                track = asked.wish(asked.wishes.be(found, "string"))
    error = state.error if isinstance(state.error, str | None) else "any"
    return End(track, stay.raw, stay.variables, None, error, True)


def _answered(stay: Stay, track: Track, part: Sym) -> bool:
    """Whether an answer can have a part, as far as the model of its service says."""
    name = next((used.state for used in track.used if used.source == part.source), None)
    task = next((s for s in stay.walk.atlas.machine.walk() if isinstance(s, Task) and s.name == name), None)
    if task is None or calls_function(task) or answer_members(task.resource) is None:
        return True
    return bool(answer_kind(task.resource, part.steps))


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
        elif isinstance(amount, Query):
            track = queries.computed(stay, amount, "integer", track)
    for part, kind in argument_hints(state.resource, arguments):
        track = track.wish(track.wishes.be(part, kind, hint=True))
    how = {"function": calls_function(state), "told": state.heartbeat_seconds is not None}  # silence ends it sooner
    if outcome.kind in ("catch", "fail"):
        times = 1 + stay.retried(state, outcome.error)
        failed = track.fails(state.name, stay.at.key, outcome.error, times, **how)
        yield from stay.caught(failed, outcome.error, outcome)
        return
    if outcome.kind == "retry":
        track = track.fails(state.name, stay.at.key, outcome.error, outcome.times, **how)
    track, result = stay.answer(state, track)
    yield stay.deliver(track, result, state.next)


def parallel(stay: Stay, state: Parallel, outcome: Outcome) -> Iterator[End]:
    """Branches have nothing of each other: the one that the route goes through is first, the others must let it."""
    effective, track = stay.effective(stay.track)
    count = len(state.branches)
    order = sorted(range(count), key=lambda number: not _routed(stay, f"{state.at}/Branches/{number}/"))

    def run(number: int, track: Track) -> Iterator[Ended]:
        place = replace(stay.at, numbers=(*stay.at.numbers, number))
        yield from stay.walk.scope(state.branches[number], effective, stay.variables, place, track)

    def beside(later: list[int], track: Track) -> Track:
        """What the branches after a failed one need: on Airflow they run on."""
        for number in later:
            track = next((end.track for end in run(number, track) if not end.failed), track)
        return track

    def run_from(done: int, track: Track, ends: Mapping[int, Value]) -> Iterator[End]:
        if done == count:
            if outcome.kind != "catch":
                yield stay.deliver(track, Lst(tuple(ends[number] for number in range(count))), state.next)
            return
        for end in run(order[done], track):
            if end.failed:
                yield from stay.caught(beside(order[done + 1 :], end.track), end.error, outcome)
            elif end.value is not None:
                yield from run_from(done + 1, end.track, {**ends, order[done]: end.value})

    yield from run_from(0, track, {})


def _routed(stay: Stay, scope: str) -> bool:
    """Whether the route says something about a state below a pointer."""
    return any(at.startswith(scope) for at in stay.walk.route)
