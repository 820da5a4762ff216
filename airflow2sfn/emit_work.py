"""The drafts of one task: a Task, and what a branch, a sensor or a mapped task needs besides."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from airflow2sfn.callables import SKIP
from airflow2sfn.emit_branch import branch, decided, decision, short_circuit
from airflow2sfn.emit_chain import ERROR, chain, choice, failed
from airflow2sfn.emit_drafts import Draft, Failure, Out, Scope
from airflow2sfn.expressions import quoted
from airflow2sfn.rules.control import MappedInline
from airflow2sfn.trigger_rules import SKIPPED, SUCCESS, Statuses, join
from airflow2sfn.values import query
from airflow2sfn.work import INVOKE, Call, Chain, Look, Mapped, Missing, Nothing, Probe, place, work_of

if TYPE_CHECKING:
    from airflow2sfn.emit_flow import Flow


def emit(flow: Flow, task: str, edges: list[Out], scope: Scope) -> list[Out]:
    """The drafts of a task that runs on all these ways; gives the ways on from it."""
    source = flow.plan.tasks[task]
    reader = flow.reader(task, join(edge.env for edge in edges), scope)
    if (found := decided(flow, task, reader)) is not None:
        return decision(flow, task, found, edges, scope)
    work = work_of(source, flow.plan, reader, flow.note)
    match work:
        case Nothing():
            for edge in edges:
                edge.env = edge.env | {task: SUCCESS}
            return edges
        case Missing(cause):
            call = Call(INVOKE, query(f"$error({quoted(cause)})"))
            comment = "Not translated: put a state that does the work in its place"
            draft = scope.add(Draft(task, "Task", call=call, comment=comment))
            env, failure = flow.meet(edges, draft, scope)
            draft.outs = _of_call(task, call, env, failure)
            return list(draft.outs)
        case Call():
            draft = scope.add(Draft(task, "Task", call=work, comment=work.comment))
            env, failure = flow.meet(edges, draft, scope)
            draft.outs = _of_call(task, work, env, failure)
            rest = draft.outs[1:]
            if work.chooses == "short_circuit":
                return [*short_circuit(flow, task, draft.outs[0], scope), *rest]
            if work.chooses == "branch":
                return [*branch(flow, task, draft.outs[0], scope), *rest]
            return list(draft.outs)
        case Chain():
            return chain(flow, task, work, edges, scope)
        case Probe():
            look = Look(
                work.call, work.found, "$states.input", interval=work.interval, timeout=work.timeout,
                soft_fail=work.soft_fail,
            )  # fmt: skip
            return chain(flow, task, Chain((look,)), edges, scope)
        case Mapped():
            flow.note(MappedInline(at=place(source), task=task, limit=work.limit))
            return _map(flow, task, work, edges, scope)
        case _:
            assert_never(work)


Env = dict[str, Statuses]


def _of_call(task: str, call: Call, env: Env, failure: Failure | None) -> list[Out]:
    outs = [Out("next", env | {task: SUCCESS}, {task: call.result}, failure)]
    if call.accepted:
        outs.append(Out("catch", env | {task: SUCCESS}, {task: "null"}, failure, errors=call.accepted))
    if call.skips:
        outs.append(Out("catch", env | {task: SKIPPED}, failure=failure, errors=(SKIP,)))
    return [*outs, failed(task, "catch", env, failure, ERROR)]


def _map(flow: Flow, task: str, work: Mapped, edges: list[Out], scope: Scope) -> list[Out]:
    through: list[Out] = []
    if not work.certain:
        comment = "Airflow skips a task that is mapped over nothing"
        any_ = scope.add(Draft(flow.names.state(f"{task}: any items?"), "Choice", comment=comment))
        env, failure = flow.meet(edges, any_, scope)
        some = Out("rule", env, failure=failure, condition=f"$count({work.items}) > 0")
        none = Out("default", env | {task: SKIPPED}, failure=failure)
        any_.outs, edges, through = [some, none], [some], [none]
    draft = scope.add(Draft(task, "Map", mapped=work, comment="All items run to their end, also when one fails"))
    env, failure = flow.meet(edges, draft, scope)
    draft.outs = [Out("next", env | {task: SUCCESS}, failure=failure)]
    ended = choice(flow, f"{task} succeeded?", draft.outs[0], scope, None)
    first = "$states.input[$exists(Error)][0]"
    broken = failed(task, "rule", env, failure, first)
    broken.condition = "$exists($states.input.Error)"
    left_out = Out("rule", env | {task: SKIPPED}, failure=failure, condition="$exists($states.input.Skipped)")
    skipped = [left_out] if work.call.skips else []  # for all_success, one skipped item is a skipped task
    ended.outs = [broken, *skipped, Out("default", env | {task: SUCCESS}, {task: "$states.input"}, failure)]
    return [*through, *ended.outs]
