"""The drafts of one task: a Task, and what a branch, a sensor or a mapped task needs besides."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from airflow2sfn.emission.branch import branch, decided, decision, short_circuit
from airflow2sfn.emission.callbacks import begin, hear, tell
from airflow2sfn.emission.chain import ERROR, chain, failed
from airflow2sfn.emission.drafts import Draft, Failure, Out, Scope
from airflow2sfn.emission.map import Each, Inside, each, emit_group, emit_map, ended, is_many, unmapped
from airflow2sfn.expressions.text import Untranslatable
from airflow2sfn.rules.control import NotComputable
from airflow2sfn.structure import MAPPED_GROUP
from airflow2sfn.tasks.callables import SKIP
from airflow2sfn.tasks.calls import SENSOR_LATE
from airflow2sfn.tasks.kinds import PYTHON
from airflow2sfn.trigger_rules import SKIPPED, SUCCESS, Statuses, join
from airflow2sfn.work import (
    INVOKE,
    Call,
    Chain,
    Look,
    Mapped,
    Missing,
    Nothing,
    Pause,
    Probe,
    Work,
    most_at_once,
    place,
    work_of,
)

if TYPE_CHECKING:
    from airflow2sfn.emission.flow import Flow


def emit(flow: Flow, task: str, edges: list[Out], scope: Scope) -> list[Out]:
    """The drafts of a task that runs on all these ways; gives the ways on from it."""
    source = flow.plan.tasks[task]
    if source.expansion is None and source.operator != MAPPED_GROUP:
        edges = begin(flow, task, edges, scope)
    reader = flow.reader(task, join(edge.env for edge in edges), scope)
    try:
        if (found := decided(flow, task, reader)) is not None:
            return hear(flow, task, decision(flow, task, found, edges, scope), scope)
        if source.operator == MAPPED_GROUP:
            return emit_group(flow, task, edges, scope, reader)
        if source.expansion is not None and PYTHON.get(source.operator) != "work":
            what = each(source.expansion, reader, most_at_once(source))
            return emit_map(flow, task, what, edges, scope, _mapped(flow, task, what))
    except Untranslatable as reason:
        flow.note(NotComputable(at=place(source), task=task, reason=str(reason)))
        return hear(flow, task, _emit(flow, task, Missing(f"{task}: {reason}"), edges, scope), scope)
    outs = _emit(flow, task, work_of(source, flow.plan, reader, flow.note), edges, scope)
    return outs if source.expansion is not None else hear(flow, task, outs, scope)


def _mapped(flow: Flow, task: str, what: Each) -> Inside:
    """Makes the states of one item of a mapped operator: a single one reads the item itself, others a variable."""
    source = unmapped(flow.plan.tasks[task], what.names)

    def inside(starts: list[Out], inner: Scope) -> list[Out]:
        flow.titles[task] = f"{task} item"
        for name in what.names:
            flow.reads.item[(task, name)] = inner
        starts = begin(flow, task, starts, inner)
        reader = flow.reader(task, join(edge.env for edge in starts), inner)
        reader.direct = True
        work = work_of(source, flow.plan, reader, flow.note)
        if not isinstance(work, Call | Missing):
            reader.direct = False
            work = work_of(source, flow.plan, reader, flow.note)
        return _ended(flow, task, _emit(flow, task, work, starts, inner), inner)

    return inside


def _ended(flow: Flow, task: str, outs: list[Out], scope: Scope) -> list[Out]:
    """What an item hands on once its callbacks know how it has ended."""
    return ended(task, tell(flow, hear(flow, task, outs, scope), scope, apart=True))


def _emit(flow: Flow, task: str, work: Work, edges: list[Out], scope: Scope) -> list[Out]:
    source, title = flow.plan.tasks[task], flow.titles.get(task, task)
    match work:
        case Nothing():
            for edge in edges:
                edge.env = edge.env | {task: SUCCESS}
            return edges
        case Missing(cause):
            comment = "Not translated: put a state that does the work in its place"
            draft = scope.add(Draft(title, "Missing", comment=comment, cause=cause))
            env, failure = flow.meet(edges, draft, scope)
            draft.outs = _of_call(task, Call(INVOKE, {}), env, failure)
            return list(draft.outs)
        case Call():
            draft = scope.add(Draft(title, "Task", call=work, comment=work.comment))
            env, failure = flow.meet(edges, draft, scope)
            draft.outs = _of_call(task, work, env, failure)
            rest = draft.outs[1:]
            if work.chooses == "short_circuit":
                return [*short_circuit(flow, task, draft.outs[0], scope), *rest]
            if work.chooses == "branch":
                return [*branch(flow, task, draft.outs[0], scope), *rest]
            return list(draft.outs)
        case Pause(until):
            draft = scope.add(Draft(title, "Wait", until=until))
            env, failure = flow.meet(edges, draft, scope)
            draft.outs = [Out("next", env | {task: SUCCESS}, {task: "null"}, failure)]
            return list(draft.outs)
        case Chain():
            return chain(flow, task, work, edges, scope)
        case Probe():
            look = Look(
                work.call, work.found, "$states.input", interval=work.interval, timeout=work.timeout,
                soft_fail=work.soft_fail, late=SENSOR_LATE,
            )  # fmt: skip
            return chain(flow, task, Chain((look,)), edges, scope)
        case Mapped():
            what = Each(work.items, work.selector, None, work.limit, work.certain, many=is_many(source))
            return emit_map(flow, task, what, edges, scope, _item(flow, task, work.call))
        case _:
            assert_never(work)


def _item(flow: Flow, task: str, work: Work) -> Inside:
    """Makes the states of one item of a mapped task."""

    def inside(starts: list[Out], inner: Scope) -> list[Out]:
        flow.titles[task] = f"{task} item"
        return _ended(flow, task, _emit(flow, task, work, begin(flow, task, starts, inner), inner), inner)

    return inside


Env = dict[str, Statuses]


def _of_call(task: str, call: Call, env: Env, failure: Failure | None) -> list[Out]:
    outs = [Out("next", env | {task: SUCCESS}, {task: call.result}, failure)]
    if call.accepted:
        outs.append(Out("catch", env | {task: SUCCESS}, {task: "null"}, failure, errors=call.accepted))
    if call.skips:
        outs.append(Out("catch", env | {task: SKIPPED}, failure=failure, errors=(SKIP,)))
    return [*outs, failed(task, "catch", env, failure, ERROR)]
