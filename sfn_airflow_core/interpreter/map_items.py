"""The items of a Map: where they come from, what ItemSelector makes of them, and how they are batched."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from sfn_airflow_core.asl.model import Amount, Given, Json, Map, PathFlow, PathRef
from sfn_airflow_core.interpreter.amounts import whole
from sfn_airflow_core.interpreter.map_reader import read_items
from sfn_airflow_core.interpreter.query import expect, expression_in
from sfn_airflow_core.interpreter.run import Stay
from sfn_airflow_core.interpreter.shape import at_path, filtered, queried, templated
from sfn_airflow_core.interpreter.values import byte_size, json_text


@dataclass(frozen=True, slots=True)
class Item:
    """What one iteration starts with; ``context`` is ``$$.Map.Item``, ``size`` the number of items in a batch."""

    input: Json
    context: dict[str, Json]
    size: int = 1


def items_of(stay: Stay, state: Map) -> Generator[float, None, list[Item]]:
    """The items before ItemSelector.

    With an ItemReader, ItemsPath has no effect (recorded: a path that finds nothing there does no harm).
    """
    if state.item_reader is not None:
        values, source = yield from read_items(stay, state.item_reader)
    else:
        values, source = _from_state(stay, state), "STATE_DATA"
    if isinstance(values, dict):
        return [
            Item({"Key": key, "Value": value}, {"Index": n, "Value": value, "Key": key, "Source": source})
            for n, (key, value) in enumerate(values.items())
        ]
    extra: dict[str, Json] = {"Source": source} if state.mode == "DISTRIBUTED" else {}
    return [Item(value, {"Index": n, "Value": value, **extra}) for n, value in enumerate(values)]


def _from_state(stay: Stay, state: Map) -> list[Json] | dict[str, Json]:
    objects = state.mode == "DISTRIBUTED"  # only a distributed Map iterates over an object (asl.md 14)
    if not isinstance(state.flow, PathFlow):
        return _from_query(stay, state, objects)
    path = state.items.path if isinstance(state.items, PathRef) else "$"
    value = at_path(stay, path, filtered(stay))
    if isinstance(value, list) or (objects and isinstance(value, dict)):
        return value
    raise stay.broken(f'Reference path "{path}" must point to array.')


def _from_query(stay: Stay, state: Map, objects: bool) -> list[Json] | dict[str, Json]:
    if isinstance(state.items, Given):
        value = queried(stay, state.items.value, "Items")
        text = expression_in(state.items.value) if isinstance(state.items.value, str) else None
        if not isinstance(value, list) and not (objects and isinstance(value, dict)):
            expect(value, "array", text or json_text(value), stay, "Items")
    else:
        value = stay.raw
    if isinstance(value, list) or (objects and isinstance(value, dict)):
        return value
    raise stay.unanswered(f"Map state input must be an array but was: {json_text(value)}", "Items")


def selected(stay: Stay, state: Map, items: list[Item]) -> list[Item]:
    """Apply ItemSelector: its ``$`` is the Map's effective input, the item is in the context object."""
    if state.item_selector is None:
        return items
    template, made = state.item_selector.value, []
    value = filtered(stay)
    for item in items:
        stay.item = {"Item": item.context}
        if isinstance(state.flow, PathFlow):
            made.append(Item(templated(stay, template, value, "ItemSelector"), item.context))
        else:
            made.append(Item(queried(stay, template, "ItemSelector"), item.context))
    stay.item = None
    return made


def batches(stay: Stay, state: Map, items: list[Item]) -> list[Item]:
    """Group items by ItemBatcher; both limits hold, and a single item may be larger than the byte limit."""
    batcher = state.item_batcher
    if batcher is None:
        return items
    most = _limit(stay, batcher.max_items_per_batch, "MaxItemsPerBatch")
    size = _limit(stay, batcher.max_input_bytes_per_batch, "MaxInputBytesPerBatch")
    shared: dict[str, Json] = {}
    if batcher.batch_input is not None:
        shared["BatchInput"] = _batch_input(stay, batcher.batch_input.value)
    empty = byte_size({**shared, "Items": []})
    groups: list[list[Json]] = []
    used = 0
    for item in items:
        length = byte_size(item.input)
        if not groups or (most and len(groups[-1]) >= most) or (size and used + 1 + length > size):
            groups.append([])
            used = empty + length
        else:
            used += 1 + length
        groups[-1].append(item.input)
    inputs: list[dict[str, Json]] = [{**shared, "Items": group} for group in groups]
    return [
        Item(value, {"Index": n, "Value": value}, len(group))
        for n, (value, group) in enumerate(zip(inputs, groups, strict=True))
    ]


def _limit(stay: Stay, value: Amount | None, field: str) -> int | None:
    return None if value is None else whole(stay, value, field, 1)


def _batch_input(stay: Stay, value: Json) -> Json:
    if isinstance(stay.state.flow, PathFlow):
        return templated(stay, value, filtered(stay), "BatchInput")
    return queried(stay, value, "ItemBatcher/BatchInput")
