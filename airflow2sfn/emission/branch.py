"""The drafts of what decides which tasks run: branches and short circuits, by a function or by conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from airflow2sfn.emission.chain import choice
from airflow2sfn.emission.drafts import Draft, Failure, Out, Scope
from airflow2sfn.emission.gates import gates_of, opened
from airflow2sfn.expressions.decisions import Way, asks_xcoms, ways
from airflow2sfn.expressions.text import quoted
from airflow2sfn.expressions.values import Values, constant
from airflow2sfn.rules.choices import BranchAsksXComs, BranchInlined, BranchNotProven
from airflow2sfn.source import Known
from airflow2sfn.tasks.callables import Ids, followed, returned_ids
from airflow2sfn.tasks.calls import place
from airflow2sfn.tasks.clock_operators import BRANCHES, branch_ways
from airflow2sfn.tasks.kinds import PYTHON
from airflow2sfn.trigger_rules import GATE, SKIPPED, SUCCESS, Statuses

if TYPE_CHECKING:
    from airflow2sfn.emission.flow import Flow

Env = dict[str, Statuses]


def decided(flow: Flow, task: str, values: Values) -> list[Way] | None:
    """The ways of a task that only chooses by what it is given; nothing where a function has to be called.

    Raises Untranslatable for a branch by date that is not known.
    """
    source = flow.plan.tasks[task]
    kind = PYTHON.get(source.operator)
    if source.operator in BRANCHES:
        found: list[Way] | None = branch_ways(source, values)
    elif kind in ("branch", "short_circuit"):
        found = ways(source, values)
    else:
        return None
    if found is None:
        return None
    if kind != "short_circuit" and any(followed(flow.plan, task, way.chosen) is None for way in found):
        return None
    if kind is not None:
        rule = BranchAsksXComs if asks_xcoms(source) else BranchInlined
        flow.note(rule(at=place(source), task=task))
    return found


def decision(flow: Flow, task: str, found: list[Way], edges: list[Out], scope: Scope) -> list[Out]:
    """A Choice that is the task itself."""
    draft = scope.add(Draft(task, "Choice" if len(found) > 1 else "Pass"))
    env, failure = flow.meet(edges, draft, scope)
    env = env | {task: SUCCESS}
    after = _short(flow, task, scope) if PYTHON.get(flow.plan.tasks[task].operator) == "short_circuit" else None
    gates = {} if after else gates_of(flow, task, scope)
    for way in found:
        assert isinstance(way.chosen, Known)
        value = way.chosen.value
        if after:
            mine = env | {after: SUCCESS if value else SKIPPED}
        else:
            mine = env | opened(flow, gates, followed(flow.plan, task, way.chosen) or [])
        slot: Literal["rule", "default", "next"] = "rule" if way.condition else "default"
        slot = slot if len(found) > 1 else "next"
        draft.outs.append(Out(slot, mine, {task: constant(value)}, failure, condition=way.condition))
    return list(draft.outs)


def _short(flow: Flow, task: str, scope: Scope) -> str:
    """The gate of a short circuit, set before what it may skip."""
    source = flow.plan.tasks[task]
    ignore = source.known("ignore_downstream_trigger_rules", True)
    below = flow.plan.below[task] if ignore else {t for t, ups in flow.plan.upstream.items() if task in ups}
    gate = f"{GATE}{task}"
    flow.reads.home[gate] = scope
    for other in below:
        if flow.plan.tasks[other].role != "teardown":
            flow.gates.setdefault(other, []).append(gate)
    return gate


def short_circuit(flow: Flow, task: str, out: Out, scope: Scope) -> list[Out]:
    """The Choice after a short circuit."""
    source = flow.plan.tasks[task]
    gate = _short(flow, task, scope)
    ignore = source.known("ignore_downstream_trigger_rules", True)
    comment = "A short circuit skips everything that follows" if ignore else "A short circuit skips what comes next"
    draft = choice(flow, f"{task}: continue?", out, scope, out.fresh[task], comment)
    proven = source.callable is not None and source.callable.returns == "bool"
    condition = "$states.input" if proven else "$boolean($states.input)"
    draft.outs = [
        Out("rule", out.env | {gate: SUCCESS}, failure=_kept(out), condition=condition),
        Out("default", out.env | {gate: SKIPPED}, failure=_kept(out)),
    ]
    return list(draft.outs)


def _kept(out: Out) -> Failure | None:
    return out.failure if out.failure is not None and out.failure.lasting else None


def branch(flow: Flow, task: str, out: Out, scope: Scope) -> list[Out]:
    """The Choice after a branch: by the literals that its function returns, or before each task after it."""
    source = flow.plan.tasks[task]
    gates = gates_of(flow, task, scope)
    ids = returned_ids(source.callable)
    chosen = {name: followed(flow.plan, task, name) for name in ids or ()}
    if ids is None or any(found is None for found in chosen.values()):
        flow.note(BranchNotProven(at=place(source), task=task))
        either: Statuses = SUCCESS | SKIPPED
        flow.reads.chosen |= {gate: (task, t) for t, gate in gates.items()}
        out.env = out.env | dict.fromkeys(gates.values(), either)
        return [out]
    follows = {name: out.env | opened(flow, gates, found or []) for name, found in chosen.items()}
    if len(ids) == 1:
        out.env = follows[ids[0]]
        return [out]
    # A list may be compared with a list, but a list of one element is that element here and there.
    order = sorted(ids, key=lambda one: isinstance(one, str) or len(one) == 1)
    draft = choice(flow, f"{task}: which?", out, scope, out.fresh[task])
    draft.outs = [
        Out("rule", follows[value], failure=_kept(out), condition=_returned(value, order)) for value in order[:-1]
    ]
    draft.outs.append(Out("default", follows[order[-1]], failure=_kept(out)))
    return list(draft.outs)


def _returned(value: Ids, every: list[Ids]) -> str:
    """The condition that a branch has returned this."""
    if isinstance(value, tuple) and len(value) != 1:
        return f"$states.input = {constant(list(value))}"
    name = value if isinstance(value, str) else value[0]
    plain = all(isinstance(one, str) for one in every)
    return f"$states.input = {quoted(name)}" if plain else f"{quoted(name)} in $states.input"
