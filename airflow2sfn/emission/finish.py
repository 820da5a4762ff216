"""From drafts to states: assigns what is read, hands it out of branches, and builds the machine."""

from __future__ import annotations

import json
import re

from airflow2sfn.emission.drafts import FAILURE, Draft, Join, Out, Region, Scope
from airflow2sfn.emission.flow import Flow
from airflow2sfn.emission.map import Each
from airflow2sfn.emission.values import Reads
from airflow2sfn.expressions.values import constant, query
from airflow2sfn.rules.control import MappedInline
from airflow2sfn.trigger_rules import Env, Statuses, statuses
from sfn_airflow_core.asl import model as asl
from sfn_airflow_core.asl.model import NOT_TRANSLATED, Given, Json, Query, QueryFlow
from sfn_airflow_core.asl.write import to_value

Wanted = set[tuple[str, str]]
"""What a branch has to hand on: ``("value" | "status", task)``."""


def finish(flow: Flow) -> asl.Machine:
    """The machine of all drafts; its language and timeout are the caller's."""
    _hand_out(flow.reads, flow.root, set())
    for scope in _scopes(flow.root):
        for join in scope.joins:
            _meet(flow.reads, scope, join)
    facts = flow.reads.facts
    flow.root.start.outs[0].assign |= dict(sorted(facts.prepared.items()))
    flow.root.start.comment = facts.comment()
    machine = _machine(flow, flow.root)
    fetching = facts.fetch(machine.start_at)
    return asl.Machine(next(iter(fetching), machine.start_at), {**fetching, **machine.states})


def _scopes(scope: Scope) -> list[Scope]:
    return [scope, *(inner for region in scope.regions for branch in region.branches for inner in _scopes(branch))]


def _known(env: Env, task: str) -> Statuses:
    return statuses(env, task) or frozenset()


def _inside(reads: Reads, task: str, scope: Scope) -> bool:
    return scope in reads.home[task].chain()


def _hand_out(reads: Reads, scope: Scope, wanted: Wanted) -> None:
    """Has every branch hand on what is read outside of it; outer branches first, since they ask inner ones."""
    for region in scope.regions:
        for branch in region.branches:
            asked = {(kind, task) for kind, task, where in reads.needs if where is scope} | wanted
            own = {(kind, task) for kind, task in asked if _inside(reads, task, branch)}
            if not region.mapped or region.name in reads.plan.inside:
                for out in branch.exits:
                    out.output = _output(reads, out, branch, own)
            _hand_out(reads, branch, own)


def _counts(reads: Reads, task: str, known: Statuses) -> bool:
    """Whether somebody reads a task's value where it has become one of these: also what is left of failed items."""
    return "success" in known or task in reads.unsure


def _fresh(out: Out, task: str) -> Json:
    return [] if out.fresh[task] == "[]" else query(out.fresh[task])


def _output(reads: Reads, out: Out, branch: Scope, wanted: Wanted) -> Given | None:
    """What a branch ends with on one way: values and statuses by name, and the failure if there was one."""
    entries: dict[str, Json] = {}
    merged: list[str] = []
    just = next((region for region in branch.regions if region.ran in out.fresh), None)
    if "failed" in out.env[FAILURE]:
        merged.append(reads.failure(out.failed(), branch))
    for kind, task in sorted(wanted):
        known = _known(out.env, task)
        if kind == "status" and len(known) == 1:
            entries[reads.key(kind, task)] = next(iter(known))
        elif kind == "value" and task in out.fresh and _counts(reads, task, known):
            entries[reads.key(kind, task)] = _fresh(out, task)
        elif kind == "status" or "success" in known:
            if just is not None and any(_inside(reads, task, inner) for inner in just.branches):
                if not any("$states.result" in text for text in merged):
                    merged.append(out.fresh[just.ran])
                reads.needs.add((kind, task, branch))
                continue
            text, region = reads.find(kind, task, branch, out.env)
            if region is None:
                entries[reads.key(kind, task)] = query(text)
            else:
                merged.append(f"${region.variable}")
    if out.ends:  # nobody reads values of such an item
        entries = {"Skipped": True} if out.ends == "skipped" else {}
    merged = list(dict.fromkeys(merged))
    if not merged:
        return Given(entries)
    if entries:
        merged.append(constant(entries))
    if merged == ["$states.errorOutput"]:
        return None
    return Given(query(merged[0] if len(merged) == 1 else f"$merge([{', '.join(merged)}])"))


def _meet(reads: Reads, scope: Scope, join: Join) -> None:
    """Assigns, on the ways that meet, what is asked for later: new XComs, and what differs between the ways."""
    for kind, task, where in sorted(reads.needs, key=lambda need: need[:2]):
        if where is not scope or reads.home[task] is not scope:
            continue
        met = _known(join.env, task)
        for out in join.edges:
            own = _known(out.env, task)
            if kind == "status" and len(met) > 1 and len(own) == 1 and task not in reads.chosen:
                out.assign[reads.variable(kind, task)] = next(iter(own))
            elif kind == "value" and task in out.fresh and _counts(reads, task, own):
                out.assign[reads.variable(kind, task)] = _fresh(out, task)
            elif kind == "value" and task in reads.unsure and "success" in met and "success" not in own:
                mapped = reads.plan.tasks[task].expansion is not None
                out.assign[reads.variable(kind, task)] = [] if mapped else None
    for region in scope.regions:
        if region in reads.regions:
            _meet_region(reads, scope, region, join)
    variable = reads.failure_variable(scope)
    if scope in reads.failures and join.failure is not None and join.failure.text == f"${variable}":
        for out in join.edges:
            if "failed" not in out.env[FAILURE]:
                out.assign[variable] = {}
            elif (text := out.failed()) != f"${variable}":
                out.assign[variable] = query(text)


def _meet_region(reads: Reads, scope: Scope, region: Region, join: Join) -> None:
    both = region.ran in reads.unsure and len(_known(join.env, region.ran)) > 1
    for out in join.edges:
        if region.ran in out.fresh:
            out.assign[region.variable] = query(out.fresh[region.ran])
        elif both and "success" not in _known(out.env, region.ran):
            out.assign[region.variable] = {
                reads.key(kind, task): next(iter(_known(out.env, task)))
                for kind, task, where in sorted(reads.needs, key=lambda need: need[:2])
                if kind == "status" and where is scope and any(_inside(reads, task, b) for b in region.branches)
            }


def _machine(flow: Flow, scope: Scope) -> asl.Machine:
    """The states of a scope."""
    drafts = dict(scope.drafts)
    if sinking := [out for out in scope.exits if out.slot != "next"]:
        end = Draft(flow.names.state(_end_name(flow, scope, sinking)), "Pass", [Out("next", {})])
        drafts[end.name] = end
        for out in sinking:
            out.target = end.name
    start = scope.start.outs[0]
    start_at = scope.start.name
    if start.target is not None and not start.assign:
        start_at = start.target
        del drafts[scope.start.name]
    return asl.Machine(start_at, {name: _state(flow, draft) for name, draft in drafts.items()})


def _end_name(flow: Flow, scope: Scope, outs: list[Out]) -> str:
    task = [task for task in flow.plan.tasks if task in scope.tasks][-1]
    ends = {status for out in outs for status in out.env.get(task, ())}
    if "success" in ends:
        return f"{task} done"
    for name in ("skipped", "failed"):
        if ends == {name}:
            return f"{task} {name}"
    return f"{task} did not {'succeed' if 'failed' in ends else 'run'}"


def _flow(out: Out, arguments: Json = None) -> QueryFlow:
    return QueryFlow(None if arguments is None else Given(arguments), out.output, out.assign or None)


def _catch(outs: list[Out]) -> tuple[asl.Catcher, ...]:
    return tuple(
        asl.Catcher(out.errors, out.target or "", asl.CatchQuery(out.output), out.assign or None)
        for out in outs
        if out.slot == "catch" and not out.dropped
    )


def _state(flow: Flow, draft: Draft) -> asl.State:
    name, comment = draft.name, draft.comment
    first = draft.outs[0] if draft.outs else Out("next", {})
    match draft.kind:
        case "Task":
            call = draft.call
            assert call is not None
            return asl.Task(
                name=name, comment=comment, resource=call.resource, flow=_flow(first, call.arguments),
                timeout_seconds=call.timeout, heartbeat_seconds=call.heartbeat, retry=call.retry,
                catch=_catch(draft.outs), next=first.target,
            )  # fmt: skip
        case "Missing":
            fails = flow.names.state(f"{name}: not translated")
            inner = asl.Fail(name=fails, flow=QueryFlow(), error=NOT_TRANSLATED, cause=draft.cause)
            return asl.Parallel(
                name=name, comment=comment, flow=_flow(first), branches=(asl.Machine(fails, {fails: inner}),),
                catch=_catch(draft.outs), next=first.target,
            )  # fmt: skip
        case "Choice":
            return _choice(draft)
        case "Wait":
            until = Query(f" {draft.until} ") if draft.until else None
            return asl.Wait(
                name=name, comment=comment, flow=_flow(first), seconds=None if until else draft.seconds,
                timestamp=until, next=first.target,
            )  # fmt: skip
        case "Pass":
            return asl.Pass(name=name, comment=comment, flow=_flow(first), next=first.target)
        case "Parallel":
            assert draft.region is not None
            branches = tuple(_machine(flow, branch) for branch in draft.region.branches)
            return asl.Parallel(name=name, comment=comment, flow=_flow(first), branches=branches, next=first.target)
        case "Map":
            assert draft.each is not None
            assert draft.region is not None
            return _map(flow, draft, draft.each, _machine(flow, draft.region.branches[0]), first)
        case "Succeed":
            return asl.Succeed(name=name, comment=comment, flow=QueryFlow())
        case "Fail":
            cause = Query(draft.cause[2:-2]) if draft.cause.startswith("{%") else draft.cause
            return asl.Fail(name=name, comment=comment, flow=QueryFlow(), error=draft.error, cause=cause)


def _choice(draft: Draft) -> asl.Choice:
    rules = tuple(
        asl.QueryRule(Query(f" {out.condition} "), out.target or "", out.output, out.assign or None)
        for out in draft.outs
        if out.slot == "rule"
    )
    default = next((out for out in draft.outs if out.slot == "default"), None)
    flow = _flow(default) if default else QueryFlow()
    return asl.Choice(
        name=draft.name, comment=draft.comment, flow=flow, choices=rules, default=default.target if default else None
    )


def _map(flow: Flow, draft: Draft, each: Each, processor: asl.Machine, first: Out) -> asl.Map:
    """A Map: distributed where an inline one cannot take the items, and an item needs nothing but itself."""
    task = flow.plan.tasks[draft.name]
    apart = each.many and not _variables(processor)
    flow.note(MappedInline(at=str(task.span or ""), task=draft.name, limit=each.limit, many=each.many, apart=apart))
    items = Given(query(each.items) if each.given is None else each.given)
    return asl.Map(
        name=draft.name, comment=draft.comment, flow=_flow(first), items=items,
        item_selector=None if each.selector is None else Given(each.selector), max_concurrency=each.limit,
        next=first.target, processor=processor, mode="DISTRIBUTED" if apart else "INLINE",
        execution_type="STANDARD" if apart else None,
    )  # fmt: skip


def _variables(machine: asl.Machine) -> set[str]:
    """Variables that a machine reads and does not assign itself."""
    text = json.dumps(to_value(machine), default=str)
    read = set(re.findall(r"\$([A-Za-z_]\w*)\b(?!\()", text)) - {"states"}
    for state in machine.walk():
        parts = [state.flow, *getattr(state, "catch", ()), *getattr(state, "choices", ())]
        read -= {name for part in parts for name in part.assign or ()}
    return read
