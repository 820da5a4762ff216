"""The drafts of mapped tasks and of mapped task groups: a Map whose items all run to their end.

An item hands on its result (a group: an object of what is read of its tasks), its error, or that it was skipped; a
Choice after the Map says what that makes of the whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING

from airflow2sfn.emission.callbacks import tell
from airflow2sfn.emission.chain import choice, failed
from airflow2sfn.emission.drafts import FAILURE, Draft, Out, Region, Scope
from airflow2sfn.expressions.text import Untranslatable
from airflow2sfn.expressions.values import Values, query, to_json
from airflow2sfn.source import Entries, Expansion, GroupArgument, Items, Known, Task, Value
from airflow2sfn.tasks.callables import cross, known_length, list_of
from airflow2sfn.trigger_rules import BROKEN, SKIPPED, SUCCESS, Statuses, Test
from airflow2sfn.work import most_at_once
from sfn_airflow_core.asl.model import Given, Json

if TYPE_CHECKING:
    from airflow2sfn.emission.flow import Flow

Env = dict[str, Statuses]
ITEM = "$states.context.Map.Item.Value"
MOST_INLINE, MOST_AT_ONCE = 1000, 40
"""Items of an inline Map: as many as its history may hold, and as many as run at the same time."""


@dataclass(frozen=True, slots=True)
class Each:
    """What is mapped over.

    ``items`` is an expression, ``given`` the list where the file has it. ``certain`` if there surely is an item,
    ``names`` of the arguments that an item gives, ``many`` if an inline Map cannot take them.
    """

    items: str
    selector: Json
    given: Json = None
    limit: int | None = None
    certain: bool = False
    names: tuple[str, ...] = ()
    many: bool = False


def each(expansion: Expansion, values: Values, limit: int | None = None) -> Each:
    """What an expansion maps over; raises Untranslatable."""
    over = [value for _, value in expansion.values] or ([expansion.over] if expansion.over is not None else [])
    lengths = [known_length(value) for value in over]
    certain = bool(lengths) and all(lengths)
    many = _total(lengths) > MOST_INLINE or (limit or 0) > MOST_AT_ONCE
    if expansion.kind == "expand_kwargs":
        names = _keys(expansion)
        assert expansion.over is not None
        return Each(list_of(expansion.over, values), None, _given(over, values), limit, certain, names, many)
    names = tuple(name for name, _ in expansion.values)
    if len(names) == 1:
        selector: Json = {names[0]: query(ITEM)}
        return Each(list_of(over[0], values), selector, _given(over, values), limit, certain, names, many)
    return Each(cross(dict(expansion.values), values), None, None, limit, certain, names, many)


def _total(lengths: list[int | None]) -> int:
    return prod(length or 1 for length in lengths)


def is_many(task: Task) -> bool:
    """Whether an inline Map cannot take the items of a mapped task, or not as many at once as it may run."""
    assert task.expansion is not None
    over: list[Value | None] = [value for _, value in task.expansion.values] or [task.expansion.over]
    return _total([known_length(value) for value in over]) > MOST_INLINE or (most_at_once(task) or 0) > MOST_AT_ONCE


def _given(over: list[Value], values: Values) -> Json:
    """The list that is mapped over, where the file has it."""
    literal = isinstance(over[0], Items) or (isinstance(over[0], Known) and isinstance(over[0].value, list))
    return to_json(over[0], values) if literal else None


def _keys(expansion: Expansion) -> tuple[str, ...]:
    """The keys that all items of expand_kwargs have; raises Untranslatable where the file does not say so."""
    match expansion.over:
        case Items(items):
            found = [_keys_of(one) for one in items]
        case Known(list() as known):
            found = [_keys_of(Known(one)) for one in known]
        case _:
            raise Untranslatable("it is mapped over dictionaries of which the keys are not known")
    if any(keys != found[0] for keys in found):
        raise Untranslatable("it is mapped over dictionaries with different keys")
    return tuple(found[0]) if found else ()


def _keys_of(one: Value) -> list[str]:
    match one:
        case Entries(entries):
            return [str(key.value) for key, _ in entries if isinstance(key, Known)]
        case Known(dict() as known):
            return list(known)
        case _:
            raise Untranslatable("it is mapped over dictionaries of which the keys are not known")


def unmapped(task: Task, names: tuple[str, ...]) -> Task:
    """One item of a mapped task, with the item's arguments in their place."""
    given = {name: GroupArgument(task.task_id, name) for name in names}
    if task.callable is not None:
        return replace(task, expansion=None, op_kwargs={**task.op_kwargs, **given})
    return replace(task, expansion=None, arguments={**task.arguments, **given})


_SUCCEEDED = (
    "$reduce($states.input, function($all, $item) { $exists($item.Error) or $exists($item.Skipped) ? $all"
    " : $append($all, $type($item) = 'array' ? [[$item]] : [$item]) }, [])"
)
"""The results of those items that have succeeded, which is what a mapped task's XCom then is."""

Inside = Callable[[list[Out], Scope], list[Out]]


def emit_map(flow: Flow, name: str, what: Each, edges: list[Out], scope: Scope, inside: Inside) -> list[Out]:
    """A Map and what decides before and after it.

    Args:
        flow: the translation.
        name: the task, or the group.
        what: what is mapped over.
        edges: the ways to it.
        scope: where it stands.
        inside: makes the states of one item; gives the ways on which it ends.
    """
    through: list[Out] = []
    if not what.certain:
        comment = f"Airflow skips a {'group' if name in flow.plan.inside else 'task'} that is mapped over nothing"
        any_ = scope.add(Draft(flow.names.state(f"{name}: any items?"), "Choice", comment=comment))
        env, failure = flow.meet(edges, any_, scope)
        some = Out("rule", env, failure=failure, condition=f"$count({what.items}) > 0")
        none = Out("default", env | {name: SKIPPED}, {name: "[]"}, failure)
        any_.outs, edges, through = [some, none], [some], [none]
    region = Region(name, flow.names.variable(name), frozenset({name}), scope, mapped=True)
    scope.regions.append(region)
    draft = scope.add(
        Draft(name, "Map", region=region, each=what, comment="All items run to their end, also when one fails")
    )
    env, failure = flow.meet(edges, draft, scope)
    start = flow.start(f"{name}: item", env | {FAILURE: SUCCESS})
    inner = Scope(start, region, frozenset({name}), around=flow.failures.around(env, failure, scope))
    inner.add(start)
    region.branches.append(inner)
    inner.exits = inside(list(start.outs), inner)
    draft.outs = [Out("next", env | {name: SUCCESS}, failure=failure)]
    return [*through, *_after(flow, name, draft, inner, region)]


def _after(flow: Flow, name: str, draft: Draft, inner: Scope, region: Region) -> list[Out]:
    """The Choice after a Map, if an item may fail or be skipped."""
    (out,) = draft.outs
    fails = any(exit_.ends == "failed" for exit_ in inner.exits)
    skips = any(exit_.ends == "skipped" for exit_ in inner.exits)
    done = {name: "$states.input", region.ran: "$states.input"}
    after = out.env | {region.ran: SUCCESS}
    if not fails and not skips:
        out.env, out.fresh = after, dict.fromkeys(done, "$states.result")
        return [out]
    ended = choice(flow, f"{name} succeeded?", out, region.scope, None)
    outs = []
    if fails:
        broken = failed(name, "rule", after, out.failure, "$states.input[$exists(Error)][0]")
        broken.condition = "$exists($states.input.Error)"
        broken.fresh = {name: _SUCCEEDED, region.ran: "$states.input"}
        outs.append(broken)
    if skips:  # for all_success, one skipped item is a skipped task
        condition = "$exists($states.input.Skipped)"
        kept = {name: _SUCCEEDED, region.ran: "$states.input"}
        outs.append(Out("rule", after | {name: SKIPPED}, kept, out.failure, condition=condition))
    ended.outs = [*outs, Out("default", after | {name: SUCCESS}, done, out.failure)]
    return list(ended.outs)


def ended(task: str, outs: list[Out]) -> list[Out]:
    """What an item of a mapped task hands on."""
    for out in outs:
        known = out.env[task]
        if known == SUCCESS:
            text = out.fresh.get(task, "null")
            out.output = Given(None if text == "null" else query(text))
        elif known == SKIPPED:
            out.ends, out.output = "skipped", Given({"Skipped": True})
        else:
            out.ends = "failed"
            out.output = None if out.slot == "catch" and not out.quiet else Given(query(out.failed()))
    return outs


def emit_group(flow: Flow, group: str, edges: list[Out], scope: Scope, values: Values) -> list[Out]:
    """A mapped task group; raises Untranslatable."""
    source = flow.plan.tasks[group]
    assert source.expansion is not None
    what = each(source.expansion, values)
    tree, leaves = flow.plan.inside[group]

    def inside(starts: list[Out], inner: Scope) -> list[Out]:
        for name in what.names:
            flow.reads.item[(group, name)] = inner
        outs = tell(flow, flow.walk(tree, starts, inner), inner, apart=True)
        failing, rest = flow.split(outs, leaves, Test("any", BROKEN), inner, f"{group}: has anything failed?")
        skipping, fine = flow.split(rest, leaves, Test("any", SKIPPED), inner, f"{group}: is anything skipped?")
        for out in failing:
            out.ends = "failed"
        for out in (*skipping, *fine):
            out.env = out.env | {FAILURE: SUCCESS}  # a failure that does not make the item fail is none outside
        for out in skipping:
            out.ends = "skipped"
        return [*failing, *skipping, *fine]

    return emit_map(flow, group, what, edges, scope, inside)
