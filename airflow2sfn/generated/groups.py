"""The groups of a generated DAG as states: Parallel and Map."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from airflow2sfn.generated.language import Names
from airflow2sfn.generated.settings import settings
from airflow2sfn.generated.states import Drafted
from airflow2sfn.generated.values import Unreadable
from airflow2sfn.generated.world import Function, World, decorated, name_of
from sfn_airflow_core.asl import model as asl
from sfn_airflow_core.asl.model import Given, PathRef

Common: TypeAlias = "tuple[tuple[asl.Retrier, ...], asl.Flow]"
Items: TypeAlias = "PathRef | Given | None"


@dataclass(frozen=True, slots=True)
class Inside:
    """How the states in a group are read.

    ``machine`` reads those of a body that stand in the machine at a pointer, ``pointers`` says where those of a body
    stand.
    """

    machine: Callable[[Sequence[ast.stmt], str], asl.Machine]
    pointers: Callable[[Sequence[ast.stmt]], list[str]]


def group(draft: Drafted, world: World, inside: Inside) -> asl.State:
    """A Parallel, or a Map; raises Unreadable."""
    functions = {name_of(node.decorator_list[0]): node for node in decorated(draft.body.body)}
    retry, handed = common(draft, functions, world)
    if "item_source" in functions:
        from airflow2sfn.generated.distributed import distributed  # a Map of another kind

        return distributed(draft, functions["item_source"], retry, handed, world, inside)
    if "task_group" in functions:
        return _map(draft, functions["task_group"], retry, handed, world, inside)
    return _parallel(draft, retry, handed, world, inside)


def named(draft: Drafted, name: str) -> Function | None:
    """A task of the group that is no state: its input, its items."""
    return next((node for node in decorated(draft.body.body) if node.name == name), None)


def common(draft: Drafted, functions: Mapping[str, Function], world: World) -> Common:
    """Retry of a group, and what it hands on; raises Unreadable."""
    said = settings(draft.call.keywords, world)
    said.only("task_id", "reads_item")
    if said.timeout is not None:
        raise Unreadable("a timeout of a group", draft.call)
    results = functions.get("results") or functions.get("run_results")
    if results is None:
        raise Unreadable("a group without results", draft.body)
    return said.retry, world.language.handed(results, world)


def _parallel(
    draft: Drafted, retry: tuple[asl.Retrier, ...], handed: asl.Flow, world: World, inside: Inside
) -> asl.State:
    statements = draft.body.body
    entry = named(draft, "entry")
    if entry is not None and f"{draft.pointer}/" in "".join(inside.pointers([entry])):
        entry = None  # a state of that name
    asked = world.language.nothing() if entry is None else world.language.asked(entry, world)
    within = re.compile(rf"{re.escape(draft.pointer)}/Branches/(\d+)/")
    numbers = [int(found[1]) for pointer in inside.pointers(statements) if (found := within.match(pointer))]
    if not numbers:
        raise Unreadable("a Parallel without branches", draft.body)
    branches = tuple(
        inside.machine(statements, f"{draft.pointer}/Branches/{number}") for number in range(max(numbers) + 1)
    )
    return asl.Parallel(
        name=draft.name, comment=draft.comment, branches=branches, retry=retry, catch=draft.catch, next=draft.next,
        flow=world.language.together(asked, handed),
    )  # fmt: skip


def _map(
    draft: Drafted,
    each: Function,
    retry: tuple[asl.Retrier, ...],
    handed: asl.Flow,
    world: World,
    inside: Inside,
) -> asl.State:
    items = named(draft, "items")
    if items is None:
        raise Unreadable("a Map without items", draft.body)
    before = world.language.prepared(items, world)
    source, selector = _items(items, before.names, world)
    limit = _limit(each.decorator_list[0]) or before.limit
    return asl.Map(
        name=draft.name, comment=draft.comment, items=source, item_selector=selector,
        processor=processor(each.body, draft, inside),
        max_concurrency=limit,
        retry=retry, catch=draft.catch, next=draft.next, flow=world.language.together(before.flow, handed),
    )  # fmt: skip


def processor(body: Sequence[ast.stmt], draft: Drafted, inside: Inside) -> asl.Machine:
    """The machine that a Map runs for each item, under the name that it had."""
    former = f"{draft.pointer}/Iterator"
    is_former = any(pointer.startswith(f"{former}/") for pointer in inside.pointers(body))
    return inside.machine(body, former if is_former else f"{draft.pointer}/ItemProcessor")


def _items(function: Function, names: Names, world: World) -> tuple[Items, Given | None]:
    """Items and ItemSelector of the function that makes the items; raises Unreadable."""
    last = function.body[-1]
    match last:
        case ast.Return(
            value=ast.ListComp(elt=element, generators=[ast.comprehension(target=target, iter=over, ifs=[])])
        ):
            listed, parts = item_names(target, over)
            made = world.language.template(element, world.language.around(names, parts))
            return world.language.items(listed, names), Given(made)
        case ast.Return(value=ast.expr() as listed):
            return world.language.items(listed, names), None
        case _:
            raise Unreadable("the items of a Map", function)


def item_names(target: ast.expr, over: ast.expr) -> tuple[ast.expr, dict[str, str]]:
    """What a loop over items goes through, and which part of the item its names stand for; raises Unreadable."""
    names: dict[str, str] = {}
    match target, over:
        case ast.Tuple(elts=[ast.Name(id=index), inner]), ast.Call(func=ast.Name(id="enumerate"), args=[listed]):
            names[index], target, over = "Index", inner, listed
    match target:
        case ast.Tuple(elts=[ast.Name(id=key), ast.Name(id=item)]):
            names |= {key: "Key", item: "Value"}
        case ast.Name(id=item):
            names[item] = "Value"
        case _:
            raise Unreadable("the items of a Map", target)
    return over, names


def _limit(decorator: ast.expr) -> int | None:
    match decorator:
        case ast.Name():
            return None
        case ast.Call(args=[], keywords=[ast.keyword(arg="default_args", value=ast.Dict(keys=[key], values=[limit]))]):
            pair = (getattr(key, "value", None), getattr(limit, "value", None))
            if pair[0] == "max_active_tis_per_dagrun" and isinstance(pair[1], int):
                return pair[1]
    raise Unreadable("a setting of a Map's items", decorator)
