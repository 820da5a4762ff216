"""The groups of a generated DAG as states: Parallel and Map."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from airflow2sfn.expressions.values import query
from airflow2sfn.generated.bodies import Handed, amount, applied
from airflow2sfn.generated.checks import bound
from airflow2sfn.generated.settings import settings
from airflow2sfn.generated.states import Drafted
from airflow2sfn.generated.values import INPUT, RESULT, Scope, Unreadable, bare, expression, value
from airflow2sfn.generated.world import Function, World, decorated, name_of
from sfn_airflow_core.asl import model as asl
from sfn_airflow_core.asl.model import Given, Json, QueryFlow

ITEM: Mapping[str, str] = {
    name: f"$states.context.Map.Item.{name.title()}" for name in ("index", "value", "key", "source")
}
"""What the context object says of an item."""
Common: TypeAlias = "tuple[tuple[asl.Retrier, ...], Handed]"


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
    return said.retry, applied(results, world, INPUT, RESULT)


def _parallel(
    draft: Drafted, retry: tuple[asl.Retrier, ...], handed: Handed, world: World, inside: Inside
) -> asl.State:
    statements = draft.body.body
    entry = named(draft, "entry")
    if entry is not None and f"{draft.pointer}/" in "".join(inside.pointers([entry])):
        entry = None  # a state of that name
    arguments = None if entry is None else Given(applied(entry, world, INPUT).output)
    within = re.compile(rf"{re.escape(draft.pointer)}/Branches/(\d+)/")
    numbers = [int(found[1]) for pointer in inside.pointers(statements) if (found := within.match(pointer))]
    if not numbers:
        raise Unreadable("a Parallel without branches", draft.body)
    branches = tuple(
        inside.machine(statements, f"{draft.pointer}/Branches/{number}") for number in range(max(numbers) + 1)
    )
    return asl.Parallel(
        name=draft.name, comment=draft.comment, branches=branches, retry=retry, catch=draft.catch, next=draft.next,
        flow=QueryFlow(arguments, handed.given(RESULT), handed.assign),
    )  # fmt: skip


def _map(
    draft: Drafted,
    each: Function,
    retry: tuple[asl.Retrier, ...],
    handed: Handed,
    world: World,
    inside: Inside,
) -> asl.State:
    items = named(draft, "items")
    if items is None:
        raise Unreadable("a Map without items", draft.body)
    source, selector, limit = _items(items, world)
    prefix = f"{draft.pointer}/ItemProcessor"
    if any(pointer.startswith(f"{draft.pointer}/Iterator/") for pointer in inside.pointers(each.body)):
        prefix = f"{draft.pointer}/Iterator"
    return asl.Map(
        name=draft.name, comment=draft.comment, items=source, item_selector=selector,
        processor=inside.machine(each.body, prefix), max_concurrency=_limit(each.decorator_list[0]) or limit,
        retry=retry, catch=draft.catch, next=draft.next, flow=QueryFlow(None, handed.given(RESULT), handed.assign),
    )  # fmt: skip


def _items(function: Function, world: World) -> tuple[Given | None, Given | None, asl.Amount | None]:
    """Items, ItemSelector and MaxConcurrency of the function that makes the items; raises Unreadable."""
    last = function.body[-1]
    if not isinstance(last, ast.Return) or last.value is None:
        raise Unreadable("the items of a Map", function)
    scope, limit = prepared(function, world)
    match last.value:
        case ast.ListComp(elt=element, generators=[ast.comprehension(target=target, iter=over, ifs=[])]):
            listed, names = item_names(target, over)
            return items_of(listed, scope), Given(value(element, scope.within(**names))), limit
        case other:
            return items_of(other, scope), None, limit


def prepared(function: Function, world: World) -> tuple[Scope, asl.Amount | None]:
    """The scope at the end of a function that makes items, and the limit of how many are worked on at a time."""
    scope = world.scope(function, INPUT)
    limit: asl.Amount | None = None
    for statement in function.body[:-1]:
        match statement:
            case ast.Expr(value=ast.Constant(value=str())):
                continue
            case ast.Assign(targets=[ast.Name(id=name)], value=made):
                scope = scope.within(**{name: bound(made, scope, expression)})
            case ast.Expr(value=ast.Call(func=ast.Name(id="concurrency"), args=[only])):
                limit = amount(only, scope)
            case _:
                raise Unreadable("a statement over items", statement)
    return scope, limit


def item_names(target: ast.expr, over: ast.expr) -> tuple[ast.expr, dict[str, str]]:
    """What a loop over items goes through, and what its names mean; raises Unreadable."""
    names: dict[str, str] = {}
    match target, over:
        case ast.Tuple(elts=[ast.Name(id=index), inner]), ast.Call(func=ast.Name(id="enumerate"), args=[listed]):
            names[index], target, over = ITEM["index"], inner, listed
    match target:
        case ast.Tuple(elts=[ast.Name(id=key), ast.Name(id=item)]):
            names |= {key: ITEM["key"], item: ITEM["value"]}
        case ast.Name(id=item):
            names[item] = ITEM["value"]
        case _:
            raise Unreadable("the items of a Map", target)
    return over, names


def items_of(node: ast.expr, scope: Scope) -> Given | None:
    """Items; nothing where they are the input, which is meant without."""
    made: Json = value(node, scope) if isinstance(node, ast.List) else query(bare(expression(node, scope)))
    return None if made == query(INPUT) else Given(made)


def _limit(decorator: ast.expr) -> int | None:
    match decorator:
        case ast.Name():
            return None
        case ast.Call(args=[], keywords=[ast.keyword(arg="default_args", value=ast.Dict(keys=[key], values=[limit]))]):
            pair = (getattr(key, "value", None), getattr(limit, "value", None))
            if pair[0] == "max_active_tis_per_dagrun" and isinstance(pair[1], int):
                return pair[1]
    raise Unreadable("a setting of a Map's items", decorator)
