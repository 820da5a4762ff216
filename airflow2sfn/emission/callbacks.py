"""The states of tasks' callbacks: a failure that a task's callback is to be told of is carried along a way, and told
where the way meets others, so that many tasks with one callback share a state; success and skips are told at once, and
that a task begins is told before it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from airflow2sfn.composed.notifiers import notification
from airflow2sfn.emission.drafts import Draft, Failure, Out, Scope
from airflow2sfn.emission.values import Reader
from airflow2sfn.expressions.text import Untranslatable, quoted
from airflow2sfn.expressions.values import query, to_json
from airflow2sfn.packaging.callbacks import KINDS, bound, callbacks_of
from airflow2sfn.packaging.context import Path, roots
from airflow2sfn.rules.callbacks import TaskCallback, TaskCallbackLeft, TaskCallbackOnce
from airflow2sfn.source import Known, Made, PythonCallable, Reference, Symbolic, Task, Value
from airflow2sfn.tasks import context
from airflow2sfn.tasks.functions import call_of
from airflow2sfn.trigger_rules import FAILED, SKIPPED, SUCCESS, Statuses, join
from airflow2sfn.work import Call, place
from sfn_airflow_core.asl.model import Given, Json
from sfn_airflow_core.findings import Finding

if TYPE_CHECKING:
    from airflow2sfn.emission.flow import Flow

INPUT, ERROR = "$states.input", "$states.errorOutput"
_FAILURE, _SUCCESS, _SKIPPED, _EXECUTE = KINDS
_RETRY = "on_retry_callback"
_ENDS: dict[str, Statuses] = {_FAILURE: FAILED, _SUCCESS: SUCCESS, _SKIPPED: SKIPPED}
_SLOTS: tuple[Literal["next", "catch"], ...] = ("next", "catch")
_TITLE = re.compile(r": on (failure|success|skipped|execute)(?: \d+)?$")
_CONSOLE = (
    "'https://' & $split($states.context.Execution.Id, ':')[3] & '.console.aws.amazon.com/states/home?region='"
    " & $split($states.context.Execution.Id, ':')[3] & '#/v2/executions/details/' & $states.context.Execution.Id"
)


@dataclass(slots=True)
class Told:
    """Which callbacks are called after which tasks, and which are left out and why."""

    called: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    left: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def findings(self, flow: Flow) -> Iterator[Finding]:
        """What there is to say of callbacks, each said once."""
        every = flow.plan.tasks.items()
        if retried := [name for name, task in every if callbacks_of(task, _RETRY) and _retried(task)]:
            self.left[_RETRY, "it is called between two tries"] = retried
        for (kind, callback), named in self.called.items():
            after = tuple(dict.fromkeys(named))
            yield TaskCallback(at=_at(flow, kind, named), name=kind, callback=callback, tasks=after)
        begun = dict.fromkeys(task for (kind, _), named in self.called.items() if kind == _EXECUTE for task in named)
        if again := tuple(task for task in begun if _begins_again(flow.plan.tasks[task])):
            yield TaskCallbackOnce(at=_at(flow, _EXECUTE, list(again)), name=_EXECUTE, tasks=again)
        for (kind, reason), named in self.left.items():
            after = tuple(dict.fromkeys(named))
            yield TaskCallbackLeft(at=_at(flow, kind, named), name=kind, reason=reason, tasks=after)


def callback_of(state: str) -> tuple[str, str] | None:
    """The kind of a callback and what it is named after, by the name of its state; nothing for another state.

    >>> callback_of("load: on failure 2"), callback_of("load")
    (('on_failure_callback', 'load'), None)
    """
    found = _TITLE.search(state)
    return None if found is None else (f"on_{found[1]}_callback", state[: found.start()])


def _at(flow: Flow, kind: str, tasks: list[str]) -> str:
    """The place of the first task that has it itself, of the DAG where its default_args have it."""
    own = next((task for name in tasks if kind in (task := flow.plan.tasks[name]).arguments), None)
    return place(own) if own is not None else str(flow.plan.dag.span or "")


def _retried(task: Task) -> bool:
    """Whether a task may be tried again."""
    return task.retries not in (None, Known(0))


def _begins_again(task: Task) -> bool:
    """Whether Airflow may begin a task more than once: it is retried, or gives up its place while it waits."""
    return _retried(task) or task.known("mode") == "reschedule" or task.known("deferrable") is True


class _Reader(Reader):
    """Where a callback finds its values: what the task is, and how it has ended."""

    facts: dict[str, str]

    def about(self, name: str) -> str | None:
        return self.facts.get(name)


def hear(flow: Flow, task: str, outs: list[Out], scope: Scope) -> list[Out]:
    """The ways on from a task after its callbacks for success and skips; where it has failed, that is noted."""
    source = flow.plan.tasks[task]
    if callbacks_of(source, _FAILURE):
        for out in outs:
            if out.env.get(task) == FAILED:
                out.untold = task
    for kind in (_SUCCESS, _SKIPPED):
        if not (values := callbacks_of(source, kind)):
            continue
        ended = [out for out in outs if out.env.get(task) == _ENDS[kind]]
        outs = [out for out in outs if out not in ended]
        for ways in _groups(ended, apart=True):
            outs += _after(flow, kind, values, ways, [task], scope)
    return outs


def begin(flow: Flow, task: str, ways: list[Out], scope: Scope) -> list[Out]:
    """Ways to a task after its callbacks for its beginning."""
    return _after(flow, _EXECUTE, callbacks_of(flow.plan.tasks[task], _EXECUTE), ways, [task], scope)


def tell(flow: Flow, outs: list[Out], scope: Scope, apart: bool = False) -> list[Out]:
    """The same ways after the callbacks for failures that were noted on them.

    Args:
        flow: the translation.
        outs: ways that are about to meet.
        scope: where.
        apart: whether ways on which different things have happened stay apart.
    """
    untold: dict[str, list[Out]] = {}
    for out in outs:
        if out.untold:
            untold.setdefault(repr(callbacks_of(flow.plan.tasks[out.untold], _FAILURE)), []).append(out)
    told = [out for out in outs if not out.untold]
    for noted in untold.values():
        for ways in _groups(noted, apart):
            tasks = list(dict.fromkeys(out.untold for out in ways))
            told += _after(flow, _FAILURE, callbacks_of(flow.plan.tasks[tasks[0]], _FAILURE), ways, tasks, scope)
    for out in told:
        out.untold = ""
    return told


def _groups(outs: list[Out], apart: bool) -> list[list[Out]]:
    """Ways that may meet: all of them, or those on which the same has happened."""
    found: dict[str, list[Out]] = {}
    for out in outs:
        key = json.dumps({name: sorted(known) for name, known in out.env.items()}, sort_keys=True) if apart else ""
        found.setdefault(key, []).append(out)
    return list(found.values())


def _after(
    flow: Flow, kind: str, values: tuple[Value, ...], ways: list[Out], tasks: list[str], scope: Scope
) -> list[Out]:
    """Ways after some callbacks, one after the other; those without a counterpart are left out."""
    for value in values:
        try:
            call = _call(flow, kind, value, ways, tasks, scope)
        except Untranslatable as reason:
            flow.told.left.setdefault((kind, str(reason)), []).extend(tasks)
            continue
        flow.told.called.setdefault((kind, _name(value)), []).extend(tasks)
        ways = _called(flow, kind, call, value, ways, tasks, scope)
    return ways


def _called(
    flow: Flow, kind: str, call: Call, value: Value, ways: list[Out], tasks: list[str], scope: Scope
) -> list[Out]:
    """The state of a callback, to which some ways lead: the ways on from it, also where it fails."""
    owner = flow.titles.get(tasks[0], tasks[0]) if len(tasks) == 1 else _name(value)
    title = f"{owner}: {kind.removesuffix('_callback').replace('_', ' ')}"
    draft = scope.add(Draft(flow.names.state(title), "Task", call=call))
    item = flow.reads.home[tasks[0]] is not scope  # which has no variable for its result, nor for its failure
    kept = item and kind == _SUCCESS
    for way in ways:
        if kept:
            way.output = Given(query(way.fresh[tasks[0]]))
        elif kind == _FAILURE:
            way.output = _failure(way, len(tasks) > 1)
    # the input is what has failed first, unless something had failed before
    said = kind == _FAILURE and all(way.failure is not None and way.failure.text == way.error for way in ways)
    env, failure = flow.meet(ways, draft, scope)
    draft.outs = [
        Out(
            slot,
            env,
            {tasks[0]: INPUT} if kept else {},
            Failure(INPUT) if said or (item and kind == _FAILURE) else failure,
            errors=("States.ALL",) if slot == "catch" else (),
            error=INPUT if kind == _FAILURE else "",
            quiet=slot == "catch",
            output=Given(query(INPUT)) if item and kind == _EXECUTE else None,  # the item itself
        )
        for slot in _SLOTS
    ]
    return list(draft.outs)


def _failure(way: Out, several: bool) -> Given | None:
    """What the callback's state gets as its input: error and cause, and the task where it may be one of several."""
    if several and way.error != INPUT:
        task = f"'Task': {quoted(way.untold)}"
        if way.error.startswith("{'Error'"):  # it is made here
            return Given(query(f"{way.error[:-1]}, {task}}}"))
        return Given(query(f"$merge([{way.error}, {{{task}}}])"))
    return None if way.error == ERROR and way.slot == "catch" and not way.quiet else Given(query(way.error))


def _name(value: Value) -> str:
    match value:
        case Made(name, (inner, *_)) if name.endswith(".partial"):
            return _name(inner)
        case PythonCallable(name) | Made(name) | Symbolic(key=name) | Reference(name):
            return name.rpartition(".")[2].strip("_<>") or "callback"
        case _:
            return "callback"


def _call(flow: Flow, kind: str, value: Value, ways: list[Out], tasks: list[str], scope: Scope) -> Call:
    """What a callback does; raises Untranslatable."""
    reader = _Reader(flow.reads, flow.plan, tasks[0], join(way.env for way in ways), scope, flow.note)
    reader.facts = _facts(kind, tasks)
    one = bound(value)
    if one is None and isinstance(value, Made):
        return notification(value, tasks[0], flow.plan, reader, flow.note)
    if one is None:
        raise Untranslatable(f"{_name(value)} is no function of the project")
    function = flow.plan.callbacks[one.key]
    if function.problems:
        raise Untranslatable(f"{_name(value)}: {function.problems[0]}")
    event: dict[str, Json] = {name: to_json(each, reader) for name, each in one.given.items()}
    asked = roots(function.asked.current)
    if asked:
        task = flow.plan.tasks[tasks[0]]
        event["context"] = {root: _of_context(root, below, kind, task, reader) for root, below in asked.items()}
    return call_of(function, event)


def _facts(kind: str, tasks: list[str]) -> dict[str, str]:
    """What is only known of a task that has ended, by the names of the context."""
    (state,) = _ENDS.get(kind, ("running",))
    facts = {"ti.log_url": _CONSOLE, "ti.state": quoted(state)}
    if kind == _FAILURE:
        facts["exception"] = f"{INPUT}.Cause"
    if len(tasks) > 1:
        facts |= dict.fromkeys(("ti.task_id", "task.task_id"), f"{INPUT}.Task")
    return facts


def _of_context(root: str, below: tuple[Path, ...], kind: str, task: Task, reader: _Reader) -> Json:
    """One name of the context of a callback; raises Untranslatable."""
    if root == "exception":
        return query(INPUT) if kind == _FAILURE else None
    known = {
        path[0]: query(text)
        for path in below
        if path and (text := reader.about(f"{'ti' if root == 'task_instance' else root}.{path[0]}")) is not None
    }
    found = context.value(root, [path for path in below if not path or path[0] not in known], task, reader)
    return {**found, **known} if isinstance(found, dict) else found
