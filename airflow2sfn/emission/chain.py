"""The drafts of a task that makes several calls, or looks again until something is so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, assert_never

from airflow2sfn.emission.drafts import FAILURE, Draft, Failure, Out, Scope
from airflow2sfn.emission.gates import gates_of, opened
from airflow2sfn.expressions.text import quoted
from airflow2sfn.expressions.values import query
from airflow2sfn.tasks.callables import followed
from airflow2sfn.tasks.calls import Branching, Call, Chain, Look, Step, Verdict
from airflow2sfn.tasks.retries import spoken
from airflow2sfn.trigger_rules import FAILED, SKIPPED, SUCCESS, Statuses
from sfn_airflow_core.asl.model import Given, Json

if TYPE_CHECKING:
    from airflow2sfn.emission.flow import Flow

ERROR = "$states.errorOutput"
CHECK_FAILED = "AirflowException"
"""The error of a check that has not passed, as Airflow raises it."""
Env = dict[str, Statuses]


def failed(task: str, slot: Literal["catch", "rule"], env: Env, before: Failure | None, text: str) -> Out:
    """A way on which a task has failed; what failed first stays known."""
    failure = before if env[FAILURE] == FAILED else Failure(text)
    errors = ("States.ALL",) if slot == "catch" else ()
    return Out(slot, env | {task: FAILED, FAILURE: FAILED}, failure=failure, errors=errors, error=text)


def choice(flow: Flow, name: str, out: Out, scope: Scope, value: str | None, comment: str | None = None) -> Draft:
    """A Choice after a state, which hands it ``value`` as its input."""
    draft = scope.add(Draft(flow.names.state(name), "Choice", comment=comment))
    if value is not None:
        out.output = Given(query(value))
    flow.meet([out], draft, scope)
    return draft


def chain(flow: Flow, task: str, work: Chain, edges: list[Out], scope: Scope) -> list[Out]:
    """The drafts of calls and looks one after the other; gives the ways on."""
    through: list[Out] = []
    main = next((n for n, step in enumerate(work.steps) if not step.name), 0)
    for number, step in enumerate(work.steps):
        last = number == len(work.steps) - 1
        edges, bad = _part(flow, task, step, number == main, edges, scope)
        through += bad
        for edge in edges:
            if not last:
                edge.fresh = {}  # it is not the task's result
                continue
            edge.env = edge.env | {task: SUCCESS}
            edge.fresh = {task: work.result} if work.result else edge.fresh
    return [*edges, *through]


def _part(
    flow: Flow, task: str, step: Step | Look | Verdict | Branching, main: bool, edges: list[Out], scope: Scope
) -> tuple[list[Out], list[Out]]:
    """The drafts of one part; gives the ways on to the next one, and those on which the task has ended."""
    if main and not (isinstance(step, Look) and step.before):
        name = flow.titles.get(task, task)
    else:
        name = flow.names.state(f"{task}: {step.name}")
    match step:
        case Step():
            return _step(flow, task, name, step, edges, scope)
        case Look():
            return _look(flow, task, name, step, edges, scope)
        case Verdict():
            return _verdict(flow, task, name, step, edges, scope)
        case Branching():
            return _branching(flow, task, name, step, edges, scope)
        case _:
            assert_never(step)


def _step(flow: Flow, task: str, name: str, step: Step, edges: list[Out], scope: Scope) -> tuple[list[Out], list[Out]]:
    draft = scope.add(Draft(name, "Task", call=step.call, comment=step.call.comment))
    env, failure = flow.meet(edges, draft, scope)
    good = [Out("next", env, {task: step.call.result}, failure, assign=_kept(step))]
    bad = [failed(task, "catch", env, failure, ERROR)]
    catches = []
    if step.call.accepted:
        good.append(Out("catch", env, {task: "null"}, failure, errors=step.call.accepted))
        catches.append(good[-1])
    if step.enough:
        bad.append(Out("catch", env | {task: SUCCESS}, {task: "null"}, failure, errors=step.enough))
        catches.append(bad[-1])
    if step.otherwise is not None:
        errors, call = step.otherwise
        catches.append(Out("catch", env, failure=failure, errors=errors))
        other = Step(call, assign=step.assign)
        more, worse = _step(flow, task, flow.names.state(f"{name}, otherwise"), other, [catches[-1]], scope)
        good, bad = [*good, *more], [*bad, *worse]
    draft.outs = [good[0], *catches, bad[0]]
    return good, bad


def _verdict(
    flow: Flow, task: str, name: str, verdict: Verdict, edges: list[Out], scope: Scope
) -> tuple[list[Out], list[Out]]:
    asked, (out, bad) = _asked(flow, task, name, verdict, f"{task}: passed?", edges, scope)
    good = Out("rule", out.env, {task: "null"}, out.failure, condition=verdict.good)
    return [good], [_settled(task, verdict, asked, [good], out), bad]


def _branching(
    flow: Flow, task: str, name: str, branching: Branching, edges: list[Out], scope: Scope
) -> tuple[list[Out], list[Out]]:
    asked, (out, bad) = _asked(flow, task, name, branching, f"{task}: yes or no?", edges, scope)
    gates = gates_of(flow, task, scope)
    good = []
    for condition, ids in branching.ways:
        env = out.env | opened(flow, gates, followed(flow.plan, task, list(ids)) or ())
        good.append(Out("rule", env, {task: "null"}, out.failure, condition=condition))
    return good, [_settled(task, branching, asked, good, out), bad]


def _asked(
    flow: Flow, task: str, name: str, part: Verdict | Branching, question: str, edges: list[Out], scope: Scope
) -> tuple[Draft, tuple[Out, Out]]:
    """A call and the Choice about its answer, which has no ways yet; and the ways out of the call."""
    draft = scope.add(Draft(name, "Task", call=part.call))
    env, failure = flow.meet(edges, draft, scope)
    outs = Out("next", env, failure=failure), failed(task, "catch", env, failure, ERROR)
    draft.outs = list(outs)
    return choice(flow, question, outs[0], scope, part.output), outs


def _settled(task: str, part: Verdict | Branching, asked: Draft, good: list[Out], out: Out) -> Out:
    """Gives a Choice its ways; gives the last of them, on which none of the good ones is gone: the task has failed."""
    error = f"{{'Error': {quoted(CHECK_FAILED)}, 'Cause': {part.cause}}}"
    bad = failed(task, "rule", out.env, out.failure, error)
    bad.slot, bad.fail = "default", (f"{task}: failed", CHECK_FAILED, query(part.cause))
    asked.outs = [*good, bad]
    return bad


def _kept(step: Step | Look) -> dict[str, Json]:
    return {variable: query(text) for variable, text in step.assign.items()}


def _look(flow: Flow, task: str, name: str, look: Look, edges: list[Out], scope: Scope) -> tuple[list[Out], list[Out]]:
    deadline = ""
    if look.meanwhile is None:
        deadline = flow.names.variable(f"{task}_deadline")
        for edge in edges:
            edge.assign[deadline] = query(f"$millis() + {look.timeout * 1000}")
    asked = f"Asked every {spoken(look.interval)}, for {spoken(look.timeout)} at most" if deadline else None
    entry, bad = edges[0], list[Out]()
    for one in look.before:
        edges, worse = _part(flow, task, one, not one.name, edges, scope)
        bad += worse
        for edge in edges:
            edge.fresh = {}
    draft = scope.add(Draft(name, "Task", call=look.call, comment=asked))
    env, failure = flow.meet(edges, draft, scope)
    draft.outs = [Out("next", env, failure=failure)]
    own = name == task or bool(look.before)
    word = "found?" if own else "done?" if not look.name or look.name == "status" else f"{look.name}, done?"
    found = choice(flow, f"{task}: {word}", draft.outs[0], scope, look.output)
    wait = _again(flow, task, "not yet" if own else "wait", look, scope)
    wait.outs = [Out("next", env, target=entry.target)]
    if look.meanwhile is not None:
        bad.append(failed(task, "catch", env, failure, ERROR))
        wait.outs.append(bad[-1])
    ready = Out("rule", env, {task: look.result}, failure, condition=look.done, assign=_kept(look))
    rules = [ready]
    if look.failed:
        bad.append(_ended_badly(task, look, env, failure))
        rules.append(bad[-1])
    good = [ready]
    if deadline:
        over = _late(task, look, env, failure, deadline)
        rules.append(over)
        bad.append(over)
    found.outs = [*rules, Out("default", env, target=wait.name)]
    if look.gone:
        good.append(Out("catch", env, {task: "null"}, failure, errors=look.gone))
        draft.outs.append(good[-1])
    if look.enough:
        bad.append(Out("catch", env | {task: SUCCESS}, {task: "null"}, failure, errors=look.enough))
        draft.outs.append(bad[-1])
    if look.missing:
        draft.outs.append(Out("catch", env, target=wait.name, errors=look.missing))
    bad.append(failed(task, "catch", env, failure, ERROR))
    draft.outs.append(bad[-1])
    return good, bad


def _again(flow: Flow, task: str, word: str, look: Look, scope: Scope) -> Draft:
    """What happens before the next look; ``word`` names a Wait."""
    if look.meanwhile is not None:
        wish = f"{task}: {look.meanwhile.comment or 'next'}"
        return scope.add(Draft(flow.names.state(wish), "Task", call=_plain(look.meanwhile)))
    return scope.add(Draft(flow.names.state(f"{task}: {word}"), "Wait", seconds=look.interval))


def _plain(call: Call) -> Call:
    return Call(call.resource, call.arguments, retry=call.retry, timeout=call.timeout)


def _ended_badly(task: str, look: Look, env: Env, failure: Failure | None) -> Out:
    status = "$states.input.Status" if "$states.input.Status" in look.failed else "$states.input"
    cause = f"{quoted(task + ' has ended with ')} & {status}"
    out = failed(task, "rule", env, failure, f"{{'Error': 'States.TaskFailed', 'Cause': {cause}}}")
    out.fail = (f"{task}: failed", "States.TaskFailed", query(cause))
    out.condition = look.failed
    return out


def _late(task: str, look: Look, env: Env, failure: Failure | None, deadline: str) -> Out:
    cause = f"{task} has waited for {spoken(look.timeout)}"
    if look.soft_fail:
        over = Out("rule", env | {task: SKIPPED}, failure=failure)
    else:
        over = failed(task, "rule", env, failure, f"{{'Error': {quoted(look.late)}, 'Cause': {quoted(cause)}}}")
        over.fail = (f"{task}: timed out", look.late, cause)
    over.condition = f"$millis() >= ${deadline}"
    return over
