"""Setup and teardown tasks as context managers: which edges ``with setup >> teardown:`` draws.

The rules are Airflow's (Task SDK, setup_teardown): tasks made inside come after the setups and before the teardowns; an
inner context comes inside of the outer one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from airflow2sfn.reading.evaluate import CONTEXTS, Args, External, Kwargs, Run, Scope, external
from airflow2sfn.reading.expressions import items
from airflow2sfn.reading.graph import GraphError, TaskMade, XComMade, connect
from airflow2sfn.rules.reading import RefusedGraph

Tasks = list[TaskMade]


@dataclass(slots=True, eq=False)
class _Level:
    """One open context: what opened it, the other half found along the edges, and the tasks made inside."""

    setups: Tasks
    teardowns: Tasks
    inside: Tasks = field(default_factory=list)
    opened_by_setup: bool = True


@dataclass(slots=True, eq=False)
class Opened:
    """The open contexts, outermost first."""

    levels: list[_Level] = field(default_factory=list)

    def add(self, task: TaskMade) -> None:
        """Takes a new task into the innermost context."""
        if self.levels:
            self.levels[-1].inside.append(task)


@dataclass(slots=True, eq=False)
class Several:
    """``context_wrapper([…])``: several setups or teardowns as one context."""

    tasks: Tasks


def _other_half(tasks: Tasks, wanted: str, downstream: bool) -> Tasks:
    """The teardowns behind setups (the setups before teardowns), searched outwards along the edges."""
    ring, seen = tasks[0].near(downstream), {id(tasks[0])}
    while ring:
        if found := [task for task in ring if getattr(task, wanted)]:
            return found
        seen.update(id(task) for task in ring)
        wider = [n for task in ring for n in (*task.near(True), *task.near(False)) if id(n) not in seen]
        ring = list(dict.fromkeys(wider))
    return []


def _enter(run: Run, value: Any) -> Any:
    tasks = value.tasks if isinstance(value, Several) else [value] if isinstance(value, TaskMade) else value.tasks()
    if run.teardown is None:
        run.teardown = Opened()
    first = tasks[0] if tasks else None
    if first is None or not (first.setup or first.teardown):
        run.teardown.levels.append(_Level([], []))
        return run.teardown
    if first.setup:
        level = _Level(tasks, _other_half(tasks, "teardown", True))
    else:
        level = _Level(_other_half(tasks, "setup", False), tasks, opened_by_setup=False)
    run.teardown.levels.append(level)
    return run.teardown


def _leave(run: Run, value: Any) -> None:
    level = run.teardown.levels.pop()
    work = [task for task in level.inside if not task.setup and not task.teardown]
    try:
        if work:
            first = [task for task in work if not task.near(downstream=False)] or work[:1]
            for setup in level.setups:
                connect(setup, first, False, None, None)
            last = [task for task in work if not task.near(downstream=True)] or work[-1:]
            for teardown in level.teardowns:
                connect(teardown, last, True, None, None)
        if run.teardown.levels:
            _nest(run.teardown.levels[-1], level)
    except GraphError as error:
        run.report(RefusedGraph(reason=str(error)), run.caller())
    if not run.teardown.levels:
        run.teardown = None


def _nest(outer: _Level, inner: _Level) -> None:
    """An inner setup comes after the outer one, an inner teardown before it."""
    for setup in outer.setups:
        if inner.setups and outer.setups != inner.setups:
            connect(setup, inner.setups, False, None, None)
    for teardown in outer.teardowns:
        if inner.teardowns and outer.teardowns != inner.teardowns:
            connect(teardown, inner.teardowns, True, None, None)


CONTEXTS[TaskMade] = CONTEXTS[XComMade] = CONTEXTS[Several] = (_enter, _leave)


@external(
    "airflow.sdk.definitions.decorators.setup_teardown.context_wrapper",
    "airflow.decorators.setup_teardown.context_wrapper",
    "airflow.decorators.setup_teardown.ContextWrapper",
    "airflow.sdk.definitions.decorators.setup_teardown.ContextWrapper",
)
def _several(run: Run, callee: External, args: Args, kwargs: Kwargs, node: Any, scope: Scope) -> Any:
    found = items(run, args[0] if args else kwargs.get("tasks", [])) or []
    tasks: Tasks = []
    for each in found:
        tasks += each.tasks() if isinstance(each, XComMade) else [each] if isinstance(each, TaskMade) else []
    return Several(tasks)
