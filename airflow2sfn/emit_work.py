"""The drafts of one task: a Task, and what a branch, a sensor or a mapped task needs besides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, assert_never

from airflow2sfn.callables import SKIP, returned_ids
from airflow2sfn.emit_drafts import FAILURE, Draft, Failure, Out, Scope
from airflow2sfn.expressions import quoted
from airflow2sfn.rules.control import BranchNotProven, MappedInline
from airflow2sfn.trigger_rules import FAILED, GATE, SKIPPED, SUCCESS, Statuses, join
from airflow2sfn.values import query
from airflow2sfn.work import INVOKE, Call, Mapped, Missing, Nothing, Probe, place, work_of
from sfn_airflow_core.asl.model import Given

if TYPE_CHECKING:
    from airflow2sfn.emit_flow import Flow

_ERROR = "$states.errorOutput"


def emit(flow: Flow, task: str, edges: list[Out], scope: Scope) -> list[Out]:
    """The drafts of a task that runs on all these ways; gives the ways on from it."""
    source = flow.plan.tasks[task]
    work = work_of(source, flow.plan, flow.reader(task, join(edge.env for edge in edges), scope), flow.note)
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
                return [*_short_circuit(flow, task, draft.outs[0], scope), *rest]
            if work.chooses == "branch":
                return [*_branch(flow, task, draft.outs[0], scope), *rest]
            return list(draft.outs)
        case Probe():
            return _sensor(flow, task, work, edges, scope)
        case Mapped():
            flow.note(MappedInline(at=place(source), task=task, limit=work.limit))
            return _map(flow, task, work, edges, scope)
        case _:
            assert_never(work)


Env = dict[str, Statuses]


def _failed(task: str, slot: Literal["catch", "rule"], env: Env, before: Failure | None, text: str) -> Out:
    """A way on which a task has failed; what failed first stays known."""
    failure = before if env[FAILURE] == FAILED else Failure(text)
    errors = ("States.ALL",) if slot == "catch" else ()
    return Out(slot, env | {task: FAILED, FAILURE: FAILED}, failure=failure, errors=errors)


def _of_call(task: str, call: Call, env: Env, failure: Failure | None) -> list[Out]:
    outs = [Out("next", env | {task: SUCCESS}, {task: call.result}, failure)]
    if call.skips:
        outs.append(Out("catch", env | {task: SKIPPED}, failure=failure, errors=(SKIP,)))
    return [*outs, _failed(task, "catch", env, failure, _ERROR)]


def _choice(flow: Flow, name: str, out: Out, scope: Scope, value: str | None, comment: str | None = None) -> Draft:
    """A Choice after a state, which hands it ``value`` as its input."""
    draft = scope.add(Draft(flow.names.state(name), "Choice", comment=comment))
    if value is not None:
        out.output = Given(query(value))
    flow.meet([out], draft, scope)
    return draft


def _short_circuit(flow: Flow, task: str, out: Out, scope: Scope) -> list[Out]:
    source = flow.plan.tasks[task]
    ignore = source.known("ignore_downstream_trigger_rules", True)
    below = flow.plan.below[task] if ignore else {t for t, ups in flow.plan.upstream.items() if task in ups}
    gate = f"{GATE}{task}"
    flow.reads.home[gate] = scope
    for other in below:
        if flow.plan.tasks[other].role != "teardown":
            flow.gates.setdefault(other, []).append(gate)
    comment = "A short circuit skips everything that follows" if ignore else "A short circuit skips what comes next"
    draft = _choice(flow, f"{task}: continue?", out, scope, out.fresh[task], comment)
    proven = source.callable is not None and source.callable.returns == "bool"
    condition = "$states.input" if proven else "$boolean($states.input)"
    draft.outs = [
        Out("rule", out.env | {gate: SUCCESS}, failure=_kept(out), condition=condition),
        Out("default", out.env | {gate: SKIPPED}, failure=_kept(out)),
    ]
    return list(draft.outs)


def _kept(out: Out) -> Failure | None:
    return out.failure if out.failure is not None and out.failure.lasting else None


def _branch(flow: Flow, task: str, out: Out, scope: Scope) -> list[Out]:
    plan, source = flow.plan, flow.plan.tasks[task]
    direct = [t for t, ups in plan.upstream.items() if task in ups and plan.tasks[t].role != "teardown"]
    gates = {t: f"{GATE}{task} {t}" for t in direct}
    for other, gate in gates.items():
        flow.reads.home[gate] = scope
        flow.gates.setdefault(other, []).append(gate)
    ids = returned_ids(source.callable)
    if ids is None or not set(ids) <= set(direct):
        flow.note(BranchNotProven(at=place(source), task=task))
        either: Statuses = SUCCESS | SKIPPED
        flow.reads.chosen |= {gate: (task, t) for t, gate in gates.items()}
        out.env = out.env | dict.fromkeys(gates.values(), either)
        return [out]

    def follows(chosen: str) -> Env:
        left = [t for t in direct if t != chosen and t not in plan.below[chosen]]
        return out.env | {gate: SKIPPED if t in left else SUCCESS for t, gate in gates.items()}

    if len(ids) == 1:
        out.env = follows(ids[0])
        return [out]
    draft = _choice(flow, f"{task}: which?", out, scope, out.fresh[task])
    draft.outs = [
        Out("rule", follows(name), failure=_kept(out), condition=f"$states.input = {quoted(name)}") for name in ids[:-1]
    ]
    draft.outs.append(Out("default", follows(ids[-1]), failure=_kept(out)))
    return list(draft.outs)


def _sensor(flow: Flow, task: str, work: Probe, edges: list[Out], scope: Scope) -> list[Out]:
    deadline = flow.names.variable(f"{task}_deadline")
    for edge in edges:
        edge.assign[deadline] = query(f"$millis() + {work.timeout * 1000}")
    comment = f"Asked every {work.interval} s, for {work.timeout} s at most"
    look = scope.add(Draft(task, "Task", call=work.call, comment=comment))
    env, failure = flow.meet(edges, look, scope)
    look.outs = [Out("next", env | {task: SUCCESS}, failure=failure), _failed(task, "catch", env, failure, _ERROR)]
    found = _choice(flow, f"{task}: found?", look.outs[0], scope, work.found)
    wait = scope.add(Draft(flow.names.state(f"{task}: not yet"), "Wait", seconds=work.interval))
    wait.outs = [Out("next", env, target=task)]
    late = f"$millis() >= ${deadline}"
    cause = f"{task} has waited for {work.timeout} s"
    if work.soft_fail:
        over = Out("rule", env | {task: SKIPPED}, failure=failure)
    else:
        over = _failed(task, "rule", env, failure, f"{{'Error': 'AirflowSensorTimeout', 'Cause': {quoted(cause)}}}")
        over.fail = (f"{task}: timed out", "AirflowSensorTimeout", cause)
    over.condition = late
    ready = Out("rule", env | {task: SUCCESS}, {task: "null"}, failure, condition="$states.input")
    found.outs = [ready, over, Out("default", env, target=wait.name)]
    skips = [look.outs[1]]
    return [ready, over, *skips]


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
    ended = _choice(flow, f"{task} succeeded?", draft.outs[0], scope, None)
    first = "$states.input[$exists(Error)][0]"
    broken = _failed(task, "rule", env, failure, first)
    broken.condition = "$exists($states.input.Error)"
    left_out = Out("rule", env | {task: SKIPPED}, failure=failure, condition="$exists($states.input.Skipped)")
    skipped = [left_out] if work.call.skips else []  # for all_success, one skipped item is a skipped task
    ended.outs = [broken, *skipped, Out("default", env | {task: SUCCESS}, {task: "$states.input"}, failure)]
    return [*through, *ended.outs]
