"""``$$.Map.Item``: what a state inside a Map knows of its iteration, and the members of an object as items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from airflow.sdk import get_current_context

from .context import EXECUTION, context_object, is_child
from .documents import as_document, from_xcom
from .errors import Json, StateError

ROWS = "rows"
"""Key of the XCom with the items of a Map before ItemSelector."""


def map_item() -> Json:
    """``$$.Map.Item`` of the iteration in which a task runs: ``Index`` and ``Value``, as before ItemSelector.

    Raises StateError (States.Runtime) outside of an iteration.
    """
    context: Any = get_current_context()
    if (found := item_around(context)) is None:
        raise StateError("States.Runtime", "The JSONPath '$$.Map.Item' could not be found in the context object")
    return found


def whole_context(item: Json = None, *, retried: bool = True) -> Json:
    """``$$`` itself: the context object, inside of an iteration with ``Map``; ``item`` is that of an ItemSelector.

    ``retried=False``: in a state that has no Retry by its type, there is no ``State.RetryCount`` (recorded of a Pass).
    """
    context = context_object()
    if not retried:
        del context["State"]["RetryCount"]
    if item is None:
        item = item_around(get_current_context())
    return context if item is None else {**context, "Map": {"Item": item}}


def item_around(context: Any) -> Json:
    """The same, and ``None`` outside of an iteration; a child DAG may have it from the DAG that runs it."""
    mapped = context["task"].get_closest_mapped_task_group()
    if mapped is None:
        conf = context["dag_run"].conf or {}
        return conf[EXECUTION].get("Map", {}).get("Item") if is_child(conf) else None
    ti, source = context["ti"], f"{mapped.parent_group.group_id}.items"
    rows = ti.xcom_pull(task_ids=source, key=ROWS, map_indexes=-1)
    if rows is None:
        rows = ti.xcom_pull(task_ids=source, map_indexes=-1)
    return {"Index": ti.map_index, "Value": from_xcom(rows)[ti.map_index]}


def keep_items(rows: list[Json]) -> list[Json]:
    """Keep the items of a Map as they are before ItemSelector, for states inside that read ``$$.Map.Item``."""
    get_current_context()["ti"].xcom_push(key=ROWS, value=as_document(rows))
    return rows


class Member(dict[str, Json]):
    """A member of an object that is iterated over, as the item that it is: ``{"Key": ..., "Value": ...}``."""


def entries(items: Json) -> Iterator[Json]:
    """The elements of an array, or the members of an object as ``{"Key": ..., "Value": ...}``."""
    if isinstance(items, dict):
        return (Member(Key=key, Value=value) for key, value in items.items())
    if not isinstance(items, list):
        raise TypeError("the items of a Map must be an array or an object")
    return iter(items)


def item_values(items: Iterable[Json]) -> Iterator[Json]:
    """``$$.Map.Item.Value`` of each item: an element of an array, or the value of a member of an object."""
    return (item["Value"] if isinstance(item, Member) else item for item in items)


def item_pairs(items: Iterable[Json]) -> Iterator[tuple[str, Json]]:
    """``$$.Map.Item.Key`` and ``Value`` of each item, which has to be a member of an object."""
    for item in items:
        if not isinstance(item, Member):
            raise TypeError("only the members of an object have a $$.Map.Item.Key")
        yield item["Key"], item["Value"]
