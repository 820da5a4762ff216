"""How an imagined Map ends: its items, chosen or read from imagined files, and what becomes of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sfn_airflow_core.asl.model import Given, ItemReader, Map, PathFlow, PathRef, Query, QueryFlow
from sfn_airflow_core.expr.model import Compare, Field, Literal, Slice, Wildcard
from sfn_airflow_core.interpreter.failures import READER_FAILED, TOLERANCE
from sfn_airflow_core.verify import walk_queries as queries
from sfn_airflow_core.verify.concretes import concrete
from sfn_airflow_core.verify.routes import Outcome
from sfn_airflow_core.verify.shapes import argument_hints
from sfn_airflow_core.verify.solver import documents
from sfn_airflow_core.verify.stay import End, Place, Stay, keys
from sfn_airflow_core.verify.symbols import AS_JSON, App, Asked, Const, Impossible, Lst, Obj, Sym, Unknown, Value
from sfn_airflow_core.verify.track import Ended, Track
from sfn_airflow_core.verify.wishes import Check

Json = Any
_ITEMS: Final = 2
_MANY: Final = 6
"""Of more items than this, the first ones are imagined one by one, and all others alike."""
_ALONE: Final = 2
_FORMS: Final = {"CSV": "csv", "JSONL": "jsonl", "JSON": "json", None: "json"}


def map_of(stay: Stay, state: Map, outcome: Outcome) -> Iterator[End]:
    """The ways in which a stay in a Map ends as wanted. Raises Impossible."""
    value, track = stay.raw, stay.track
    if isinstance(state.flow, PathFlow):
        value, track = stay.path(state.flow.input_path, stay.raw, track)
    if state.item_reader is not None:
        track = _asks(stay, state, state.item_reader, value, track)
        if outcome.error == READER_FAILED:
            times = 1 + stay.retried(state, READER_FAILED)
            failed = track.fails(_reader(state), stay.at.key, READER_FAILED, times)
            yield from stay.caught(failed, READER_FAILED, outcome)
            return
        items, track = _read(stay, state, state.item_reader, track, outcome)
    else:
        items, track = _chosen(stay, state, value, track, outcome)
    yield from _Iterations(stay, state, outcome, value, items).ends(track)


@dataclass(frozen=True, slots=True)
class _Iterations:
    """The iterations of a Map over its items, or the batches of them."""

    stay: Stay
    state: Map
    outcome: Outcome
    value: Value
    items: list[Value]

    def ends(self, track: Track) -> Iterator[End]:
        """Every way in which all iterations succeed, or one of them ends the Map."""
        yield from self._run(0, track, ())

    @property
    def _distributed(self) -> bool:
        return self.state.mode == "DISTRIBUTED"

    def _batch(self, number: int) -> list[int]:
        """The items of an iteration, by position; none behind the last iteration."""
        if self.state.item_batcher is None:
            return [number][: len(self.items) - number]
        most = self.state.item_batcher.max_items_per_batch
        size = most if isinstance(most, int) else max(len(self.items), 1)
        return list(range(len(self.items)))[number * size : (number + 1) * size]

    def _run(self, number: int, track: Track, made: tuple[Value, ...]) -> Iterator[End]:
        if not self._batch(number):
            if self.outcome.kind != "catch":
                yield self.stay.deliver(track, self._result(made), self.state.next)
            return
        for end in self._iteration(number, track):
            if end.failed and not self._tolerated():
                error = TOLERANCE if self._distributed else end.error
                yield from self.stay.caught(self._beside(number + 1, end.track), error, self.outcome)
            elif end.failed or end.value is not None:
                value = Unknown() if end.failed or end.value is None else end.value
                if self._alike(number):
                    rest = len(self.items) - len(made)
                    yield from self._run(len(self.items), end.track, (*made, *[value] * rest))
                else:
                    yield from self._run(number + 1, end.track, (*made, value))

    def _beside(self, number: int, track: Track) -> Track:
        """What the iterations after a failed one need: on Airflow they run on."""
        while self._batch(number):
            track = next((end.track for end in self._iteration(number, track) if not end.failed), track)
            number = len(self.items) if self._alike(number) else number + 1
        return track

    def _alike(self, number: int) -> bool:
        """Whether an iteration stands for all after it, too."""
        return len(self.items) > _MANY and number >= _ALONE and self.state.item_batcher is None

    def _tolerated(self) -> bool:
        """Whether one item may fail."""
        count, percentage = self.state.tolerated_failure_count, self.state.tolerated_failure_percentage
        few = count is None or (isinstance(count, int) and count > 0)
        small = percentage is None or (
            isinstance(percentage, int | float) and percentage * max(len(self.items), 1) >= 100
        )
        return self._distributed and (count is not None or percentage is not None) and few and small

    def _iteration(self, number: int, track: Track) -> Iterator[Ended]:
        """All ends of one iteration."""
        batch = self._batch(number)
        given: Value = self.items[number] if self.state.item_batcher is None else Const(None)
        item = Obj({"Index": Const(number), "Value": given})
        if self.state.item_batcher is None:
            given, track = self._selected(number, track)
        else:
            parts = []
            for position in batch:
                part, track = self._selected(position, track)
                parts.append(part)
            members: dict[str, Value] = {"Items": Lst(tuple(parts))}
            if (shared := self.state.item_batcher.batch_input) is not None:
                members["BatchInput"], track = self._template(shared.value, track)
            given = Obj(members)
        stay = self.stay
        numbers = (*stay.at.numbers, -1 if self._alike(number) else number)
        root = given if self._distributed else stay.at.root
        place = Place(numbers, stay.at.maps + 1, item, root, first=stay.at.first and number == 0)
        variables = {} if self._distributed else stay.variables
        yield from stay.walk.scope(self.state.processor, given, variables, place, track)

    def _selected(self, position: int, track: Track) -> tuple[Value, Track]:
        """An item after ItemSelector."""
        given = self.items[position]
        if self.state.item_selector is None:
            return given, track
        return self._template(self.state.item_selector.value, track, Obj({"Index": Const(position), "Value": given}))

    def _template(self, template: Json, track: Track, item: Value | None = None) -> tuple[Value, Track]:
        if isinstance(self.state.flow, QueryFlow):
            return queries.filled(self.stay, template, track, item)
        return self.stay.template(template, self.value, track, item)

    def _result(self, made: tuple[Value, ...]) -> Value:
        """What the Map hands on: the outputs, or where they were written."""
        writer = self.state.result_writer
        if writer is None or writer.resource is None:
            return Lst(made)
        details = Obj({"Bucket": Unknown(), "Key": Unknown()})
        return Obj({"MapRunArn": Unknown(), "ResultWriterDetails": details})


def _reader(state: Map) -> str:
    """The name under which replies for an ItemReader stand."""
    return f"{state.name}.ItemReader"


def _count(outcome: Outcome) -> int:
    return outcome.items if outcome.items is not None else 1 if outcome.kind == "catch" else _ITEMS


def _listed(part: Sym, count: int, track: Track, below: tuple[str | int, ...] = ()) -> tuple[list[Value], Track]:
    """As many elements of a part as wanted, and the wish that they are there."""
    items = [Sym(part.source, (*part.steps, number, *below)) for number in range(count)]
    wishes = track.wishes.be(part, "array").long(part, count)
    for item in items:
        wishes = wishes.need(item)
    return list(items), track.wish(wishes)


def _asks(stay: Stay, state: Map, reader: ItemReader, value: Value, track: Track) -> Track:
    """What the arguments of an ItemReader need, and what all batches share: AWS may look at it first."""

    def filled(given: Given | None, track: Track) -> tuple[Value, Track]:
        if given is None:
            return Const({}), track
        if isinstance(state.flow, QueryFlow):
            return queries.filled(stay, given.value, track)
        return stay.template(given.value, value, track)

    if state.item_batcher is not None:
        _, track = filled(state.item_batcher.batch_input, track)
    arguments, track = filled(reader.arguments, track)
    for part, kind in argument_hints(reader.resource, arguments):
        track = track.wish(track.wishes.be(part, kind, hint=True))
    if isinstance(reader.max_items, PathRef):
        most, track = stay.value(stay.walk.program.path(reader.max_items.path), value, track)
        track = track.wish(track.wishes.be(most, "integer"))
    elif isinstance(reader.max_items, Query):
        track = queries.computed(stay, reader.max_items, "integer", track)
    return track


def _read(stay: Stay, state: Map, reader: ItemReader, track: Track, outcome: Outcome) -> tuple[list[Value], Track]:
    """Items of a file, or of a listing, that is imagined."""
    if reader.manifest_type is not None or reader.transformation is not None or reader.input_type not in _FORMS:
        raise Impossible("items behind a manifest, and those of Parquet files, are not imagined")
    listing = reader.resource.endswith("s3:listObjectsV2")
    form = "listing" if listing else _FORMS[reader.input_type]
    track, source = track.reads(_reader(state), stay.at.key, form, reader.items_pointer or "")
    items, track = _listed(Sym(source), _count(outcome), track)
    for item in items:
        track = track.wish(track.wishes.be(item, "object", hint=reader.input_type != "CSV" and not listing))
        if listing and isinstance(item, Sym):
            track = track.wish(track.wishes.be(Sym(item.source, (*item.steps, "Key")), "string"))
    return items, track


def _chosen(stay: Stay, state: Map, value: Value, track: Track, outcome: Outcome) -> tuple[list[Value], Track]:
    """The items of a Map: as many as wanted, where that can be chosen."""
    found = value
    if isinstance(state.flow, QueryFlow):
        found, track = queries.items_of(stay, state.items if isinstance(state.items, Given) else None, track)
    elif isinstance(state.items, PathRef):
        found, track = stay.value(stay.walk.program.value(state.items.path), value, track)
    count = _count(outcome)
    match found:
        case Sym():
            return _listed(found, count, track)
        case Lst():
            return list(found.items), track
        case App(path=(Slice() | Wildcard() as first, *names), arguments=(Sym() as base,)) if all(
            isinstance(step, Field) for step in names
        ):
            start = max(getattr(first, "start", None) or 0, 0)
            items, track = _listed(base, start + count, track, tuple(keys(tuple(names))))
            return items[start:], track
        case Asked():
            listed, wishes = queries.elements_of(found, count, track.wishes)
            return _listing(found, count, track) if listed is None else (listed, track.wish(wishes))
        case _:
            return _known(found, track), track


def _listing(found: Asked, count: int, track: Track) -> tuple[list[Value], Track]:
    """The elements of a computed list, with documents that make it as long as wanted, or a list at least."""
    test = Compare("boolean", "==", Literal(None), Literal(None))
    for question in (f"$type($) = 'array' and $count($) = {count}", "$type($) = 'array'"):
        asked = track.wishes.check(Check(test, Asked(question, {"": found}, (count,)), Const(True), True))
        try:
            return _known(found, track.wish(asked)), track.wish(asked)
        except Impossible:
            continue
    raise Impossible("the items of the Map cannot be chosen")


def _known(found: Value, track: Track) -> list[Value]:
    """The items as they are with what is known so far, where they are computed."""
    known = documents(track.wishes)

    def look(part: Sym) -> Json:
        value: Json = known[part.source]
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
