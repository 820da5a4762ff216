"""How a state and the task that stands for it differ: retries, errors, timeouts, conditions and service arguments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sfn_airflow_core.asl.model import (
    Choice,
    Fail,
    Flow,
    Machine,
    Map,
    Parallel,
    PathFlow,
    Placeholder,
    Pointer,
    Query,
    Retrier,
    State,
    Task,
    nested,
    targets,
)
from sfn_airflow_core.compare.conditions import condition_differences
from sfn_airflow_core.compare.dag_file import DagFile, DagTask
from sfn_airflow_core.compare.operators import EMPTY, keywords_of, same_call
from sfn_airflow_core.compare.order import closure, wiring
from sfn_airflow_core.compare.steps import Plan, by_name

TOLERANT: Final = (
    "all_done",
    "all_failed",
    "always",
    "dummy",
    "none_skipped",
    "one_done",
    "one_failed",
    "all_done_setup_success",
    "all_done_min_one_success",
)
"""Trigger rules under which a task runs although one before it failed."""
_LONGEST: Final = 60
_SUBSTITUTED: Final = re.compile(r"\$\{\w+\}")
_OF_AIRFLOW: Final = ("AirflowFailException", "AirflowSkipException")
"""Errors that Airflow never retries, whatever a task says."""


@dataclass(slots=True)
class Both:
    """A machine and a DAG with what of one is what of the other."""

    plan: Plan
    dag: DagFile
    chosen: Mapping[Pointer, str]
    onward: Mapping[str, set[str]]
    names: Mapping[str, Pointer]

    @classmethod
    def of(cls, plan: Plan, dag: DagFile, chosen: Mapping[Pointer, str]) -> Both:
        """Both sides with what follows from them."""
        return cls(plan, dag, chosen, wiring(dag), by_name(plan))

    def differences(self, at: Pointer) -> Iterator[str]:
        """How the state at a pointer differs from its task: first what the state has, then what the task has."""
        state, task = self.plan.state(at), self.dag.tasks[self.chosen[at]]
        if isinstance(state, Map) and task.operator != "group":  # a single mapped task is what each item goes through
            state = state.processor.states[state.processor.start_at]
        if isinstance(state, Task | Parallel | Map) and task.operator != "group":
            yield from _retries(state, task)
        yield from self.errors(state, task)
        if isinstance(state, Task):
            yield from _timeouts(state, task)
            yield from _arguments(state, task)
        if isinstance(state, Choice):
            yield from condition_differences(self.plan, state, task, self.chosen, self.names)
        if isinstance(state, Fail) and task.operator in EMPTY:
            yield "the state fails the execution, and the task succeeds"

    def errors(self, state: State, task: DagTask) -> Iterator[str]:
        """Where one side goes on after an error, and the other does not."""
        if task.origin or not isinstance(state, Task | Parallel | Map):
            return
        after = [self.dag.tasks[name] for name in closure(self.onward, task.id) if name in self.dag.tasks]
        going_on = [other for other in after if other.trigger_rule in TOLERANT]
        if not going_on:
            for catcher in state.catch:
                named = [name for name in catcher.error_equals if name not in _OF_AIRFLOW]
                if named and self.matters(state, catcher.next):
                    every = {"States.ALL", "States.TaskFailed"} & set(named)
                    what = "errors go" if every else f"{_some(named)} goes"
                    yield f"{what} on to {catcher.next}, and no task of the DAG runs after an error"
        near = [self.dag.tasks[name] for name in self.dag.after(task.id) if name in self.dag.tasks]
        if not self.caught(state) and (rules := [t for t in near if t.trigger_rule in TOLERANT]):
            yield f"errors end the execution, and {rules[0].id} runs after them ({rules[0].trigger_rule})"

    def matters(self, state: State, handler: str) -> bool:
        """Whether a handler does work or ends the execution well; one that only takes note of an error does not."""
        machine = next(m for m in self.machines() if any(other.at == state.at for other in m.states.values()))
        follows = {name: set(targets(other)) for name, other in machine.states.items()}
        reached = [machine.states[name] for name in {handler} | closure(follows, handler)]
        if any(isinstance(other, Task | Map | Parallel) for other in reached):
            return True
        ends = [other for other in reached if not targets(other) and not isinstance(other, Fail)]
        return machine is self.plan.machine and bool(ends)

    def machines(self) -> Iterator[Machine]:
        """The machine and those inside of its states."""
        yield self.plan.machine
        for state in self.plan.states.values():
            yield from nested(state)

    def caught(self, state: State) -> bool:
        """Whether an error of a state, or of a Parallel or Map around it, is caught."""
        around = [other for at, other in self.plan.states.items() if state.at == at or state.at.startswith(f"{at}/")]
        return any(getattr(other, "catch", ()) for other in around)


def _retries(state: Task | Parallel | Map, task: DagTask) -> Iterator[str]:
    if task.origin and task.retries is None:
        return  # a generated task whose retries are not written as numbers
    main = _main(state.retry)
    ours, theirs = (main.max_attempts if main else 0), task.retries or 0
    if isinstance(ours, int) and ours != theirs:
        yield f"{ours} retries, and {theirs}"
    if main is not None and theirs and not task.origin:
        if not {"States.ALL", "States.TaskFailed"} & set(main.error_equals):
            named = [name for retrier in state.retry if retrier.max_attempts for name in retrier.error_equals]
            yield f"retried for {_some(named)} only, and for every error"
        never = [name for r in state.retry if r.max_attempts == 0 for name in r.error_equals if name not in _OF_AIRFLOW]
        if never:
            yield f"not retried for {_some(never)}, and for every error"
    if main is None or not theirs:
        return
    delay = main.interval_seconds
    if isinstance(delay, int | float) and task.retry_delay is not None and float(delay) != task.retry_delay:
        yield f"first retry after {delay:g} s, and after {task.retry_delay:g} s"
    grows, factor = task.arguments.get("retry_exponential_backoff"), main.backoff_rate
    if isinstance(factor, int | float) and theirs > 1 and ours != 1 and not task.origin and bool(grows) != (factor > 1):
        yield f"delays grow by {factor:g}, and stay the same" if factor > 1 else "delays stay the same, and grow"


def _main(retry: tuple[Retrier, ...]) -> Retrier | None:
    """The retrier that stands for a task's retries: that for every error, or the first that tries again."""
    again = [retrier for retrier in retry if retrier.max_attempts != 0]
    general = [retrier for retrier in again if "States.ALL" in retrier.error_equals]
    return next(iter([*general, *again]), None)


def _timeouts(state: Task, task: DagTask) -> Iterator[str]:
    if "Sensor" in task.operator or task.operator == "task.sensor":
        return  # its time is that of looking again and again
    limit = state.timeout_seconds
    if isinstance(limit, int | float) and task.timeout is not None and float(limit) != task.timeout:
        yield f"timeout {limit:g} s, and {task.timeout:g} s"
    elif isinstance(limit, int | float) and task.timeout is None and not task.origin:
        yield f"timeout {limit:g} s, and none"
    elif limit is None and task.timeout is not None:
        yield f"no timeout, and {task.timeout:g} s"


def arguments_of(flow: Flow) -> dict[str, object]:
    """The arguments of a Task: its Parameters or Arguments; those that are computed under their name, as text."""
    given = flow.parameters if isinstance(flow, PathFlow) else flow.arguments
    return dict(given.value) if given is not None and isinstance(given.value, dict) else {}


def _arguments(state: Task, task: DagTask) -> Iterator[str]:
    called = [values for name, values in task.actions if same_call(name, state)]
    theirs = called[0] if called else keywords_of(state, task.operator, task.arguments)
    for path, value in _leaves(arguments_of(state.flow)):
        name = path.removesuffix(".$")
        if name not in (known := dict(_leaves(theirs))) or isinstance(value, Placeholder) or _open(value):
            continue
        other = known[name]
        if any(isinstance(each, list) and not _whole(each) for each in (value, other)):
            continue  # lists with members that are only known in the run
        ours_computed, theirs_computed = _computed(value, path), _computed(other, name)
        if ours_computed != theirs_computed:
            yield f"{name} {_show(value)}{' (computed)' if ours_computed else ''}, and {_show(other)}"
        elif not ours_computed and not _equal(value, other):
            yield f"{name} {_show(value)}, and {_show(other)}"


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else str(name))
    elif value is not None:
        yield path, value


def _computed(value: object, path: str) -> bool:
    """Whether a value is only known in the run: by a path, an expression, or a template."""
    if path.endswith(".$") or isinstance(value, Query):
        return True
    return isinstance(value, str) and (value.startswith("{%") or "{{" in value)


def _whole(value: object) -> bool:
    """Whether all members of a list are known."""
    match value:
        case list():
            return all(member is not None and not isinstance(member, Query) and _whole(member) for member in value)
        case dict():
            return all(not str(key).endswith(".$") and _whole([member]) for key, member in value.items())
        case str():
            return not _computed(value, "")
        case _:
            return not isinstance(value, Placeholder)


def _open(value: object) -> bool:
    """Whether a value is filled in when the machine is deployed."""
    return isinstance(value, str) and _SUBSTITUTED.fullmatch(value) is not None


def _equal(value: object, other: object) -> bool:
    """Whether two values say the same; a name and the ARN that ends in it do."""
    ours, theirs = str(value), str(other)
    return ours == theirs or ours.lower() == theirs.lower() or ours.rpartition(":")[2] == theirs.rpartition(":")[2]


def _show(value: object) -> str:
    text = value.text if isinstance(value, Query) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _some(found: list[str]) -> str:
    names = list(dict.fromkeys(found))
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
