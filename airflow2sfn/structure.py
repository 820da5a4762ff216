"""The structure of a DAG: what vanishes, what decides about each task, and the order of it all as a region tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from airflow2sfn.connections import Connection
from airflow2sfn.packaging.package import Function
from airflow2sfn.source import Dag, Known, Task
from airflow2sfn.trigger_rules import Condition, condition
from sfn_airflow_core.flow.series_parallel import Added, Cyclic, Tree, decompose, names

EMPTY = frozenset(
    {
        "airflow.providers.standard.operators.empty.EmptyOperator",
        "airflow.providers.standard.operators.latest_only.LatestOnlyOperator",
        "airflow.providers.standard.sensors.external_task.ExternalTaskMarker",
        "airflow.operators.empty.EmptyOperator",
        "airflow.operators.dummy.DummyOperator",
        "airflow.operators.latest_only.LatestOnlyOperator",
    }
)
"""Operators that do nothing. A run started by a schedule is the latest, so LatestOnlyOperator has nothing to do."""

MAPPED_GROUP = "task_group"
"""The operator of the task that stands for a mapped task group."""

__all__ = ["EMPTY", "MAPPED_GROUP", "Cyclic", "Plan", "plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be translated, in which order.

    ``tasks`` are those that are left, in the order in which they were made; ``absorbed`` are sensors by the task that
    does their waiting. ``upstream`` is what trigger rules count, ``decisive`` the tasks whose end decides about the
    run, ``below`` everything after a task. ``tree`` is ``None`` where nothing is left.
    """

    dag: Dag
    tasks: Mapping[str, Task]
    upstream: Mapping[str, tuple[str, ...]]
    conditions: Mapping[str, Condition]
    below: Mapping[str, frozenset[str]]
    tree: Tree[str] | None
    added: tuple[Added[str], ...] = ()
    decisive: tuple[str, ...] = ()
    absorbed: Mapping[str, str] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)
    """The Lambda functions of tasks whose work is a Python callable."""
    callbacks: Mapping[str, Function] = field(default_factory=dict)
    """The Lambda functions of tasks' callbacks, by what tells callbacks apart."""
    connections: Mapping[str, Connection] = field(default_factory=dict)
    """What Airflow's Connections are in AWS, by their ids."""
    inside: Mapping[str, tuple[Tree[str], tuple[str, ...]]] = field(default_factory=dict)
    """The region trees of mapped task groups, which stand in the order as one task, and the ends in them."""
    loose: tuple[tuple[str, str], ...] = ()
    """Mapped task groups, and tasks after them that wait for some of their tasks only."""

    def before(self, task: str) -> frozenset[str]:
        """Everything that has to be done before a task."""
        return frozenset(other for other, after in self.below.items() if task in after)


def plan(
    dag: Dag,
    *,
    absorbed: Mapping[str, str] | None = None,
    waiting: Iterable[str] = (),
    durations: Mapping[str, float] | None = None,
    functions: Mapping[str, Function] | None = None,
    callbacks: Mapping[str, Function] | None = None,
    connections: Mapping[str, Connection] | None = None,
) -> Plan:
    """The plan of a DAG.

    Args:
        dag: the DAG.
        absorbed: sensors that only wait for what their operator started, by operator: they become one state.
        waiting: sensors, which can start late without a loss.
        durations: known durations of tasks, in any unit.
        functions: Lambda functions by task.
        callbacks: Lambda functions of tasks' callbacks.
        connections: what Airflow's Connections are in AWS.

    Raises:
        Cyclic: if the edges are no order.
    """
    absorbed = dict(absorbed or {})
    tasks, edges = _joined(dag, absorbed)
    members = _mapped_groups(dag, tasks, edges)
    within = {name: group for group, those in members.items() for name in those}
    outer = _outer(dag, tasks, edges, within)
    leaves = outer.ends
    groups = {group: _inner(those, tasks, edges) for group, those in members.items()}
    for group, part in groups.items():
        followed = {up for up, down in edges if up in part.tasks and down not in part.tasks}
        if part.ends - followed:  # an end of the group that is an end of the DAG decides about the run
            leaves = leaves | {group}
    waiting = frozenset(waiting)
    done = (
        decompose(outer.tasks, outer.edges, durations=durations, waiting=waiting & outer.tasks.keys())
        if outer.tasks
        else None
    )
    inside = {
        group: (
            decompose(part.tasks, part.edges, waiting=waiting & part.tasks.keys()).tree,
            tuple(sorted(part.ends)),
        )
        for group, part in groups.items()
        if part.tasks
    }
    everything = outer.tasks | {name: task for group in inside for name, task in groups[group].tasks.items()}
    all_edges = [*outer.edges, *(edge for group in inside for edge in _into(group, groups[group], edges, within))]
    upstream = {name: tuple(up for up, down in all_edges if down == name) for name in everything}
    for group, (tree, _) in inside.items():  # the group itself is no task that its members wait for
        for name in names(tree):
            upstream[name] = tuple(up for up in dict.fromkeys(upstream[name]) if up != group)
    below = _closure(everything, all_edges)
    return Plan(
        dag,
        everything,
        upstream,
        {name: _condition(task, everything, upstream[name], below) for name, task in everything.items()},
        below,
        done.tree if done else None,
        done.added if done else (),
        tuple(name for name in outer.tasks if name in leaves),
        {task: sensor for task, sensor in absorbed.items() if task in everything},
        functions or {},
        callbacks or {},
        connections or {},
        inside,
        tuple(_loose(groups, outer, edges)),
    )


Edges = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Part:
    """Tasks that are put in order together: what stands outside of mapped groups, or inside of one."""

    tasks: dict[str, Task]
    edges: Edges
    ends: set[str]


def _joined(dag: Dag, absorbed: Mapping[str, str]) -> tuple[dict[str, Task], Edges]:
    """The tasks and edges where a sensor is one with the task that does its waiting."""
    into = {sensor: task for task, sensor in absorbed.items()}
    tasks = {task.task_id: task for task in dag.tasks if task.task_id not in into}
    pairs = ((into.get(edge.up, edge.up), into.get(edge.down, edge.down)) for edge in dag.edges)
    return tasks, list(dict.fromkeys((up, down) for up, down in pairs if up != down))


def _outer(dag: Dag, tasks: Mapping[str, Task], edges: Edges, within: Mapping[str, str]) -> _Part:
    """What stands outside of mapped groups, each of which is one task; its ends decide about the run."""
    outer, outer_edges = _contracted(dag, tasks, edges, within)
    leaves = _decisive(outer, outer_edges)
    outer_edges = [(up, down) for up, down in outer_edges if outer[down].trigger_rule not in ("always", "dummy")]
    return _without_empty(_Part(outer, outer_edges, leaves))


def _inner(members: Iterable[str], tasks: Mapping[str, Task], edges: Edges) -> _Part:
    """What stands inside of a mapped group."""
    mine = {name: tasks[name] for name in members}
    own = [edge for edge in edges if edge[0] in mine and edge[1] in mine]
    return _without_empty(_Part(mine, own, _decisive(mine, own)))


def _into(group: str, part: _Part, edges: Edges, within: Mapping[str, str]) -> Edges:
    """The edges of a mapped group: its own, those that lead into it, and those from the group to its starts."""
    entered = [(within.get(up, up), down) for up, down in edges if down in part.tasks and up not in part.tasks]
    followers = {down for _, down in part.edges}
    return [*part.edges, *entered, *((group, name) for name in part.tasks if name not in followers)]


def _loose(groups: Mapping[str, _Part], outer: _Part, edges: Edges) -> Iterator[tuple[str, str]]:
    """Mapped groups, and tasks after them that wait for some of their tasks only."""
    for group, part in groups.items():
        for name in outer.tasks:
            direct = {up for up, down in edges if down == name and up in part.tasks}
            if direct and direct != part.ends:
                yield group, name


def _mapped_groups(dag: Dag, tasks: Mapping[str, Task], edges: Edges) -> dict[str, list[str]]:
    """The mapped task groups that can stand as one task: nothing outside is between their tasks."""
    found: dict[str, list[str]] = {}
    below = _closure(tasks, edges)
    for group in dag.groups:
        if group.expansion is None:
            continue
        members = [name for name, task in tasks.items() if f"{task.group}.".startswith(f"{group.group_id}.")]
        between = [
            name
            for name in tasks
            if name not in members and below[name] & set(members) and any(name in below[one] for one in members)
        ]
        entered = [down for up, down in edges if down in members and up not in members]
        plain = all(tasks[name].trigger_rule == "all_success" for name in entered)
        if members and plain and not between and not any(tasks[name].expansion for name in members):
            found[group.group_id] = members
    return found


def _contracted(
    dag: Dag, tasks: Mapping[str, Task], edges: Edges, within: Mapping[str, str]
) -> tuple[dict[str, Task], Edges]:
    """The tasks and edges where each of these groups is one task."""
    groups = {group.group_id: group for group in dag.groups}
    found: dict[str, Task] = {}
    for name, task in tasks.items():
        if name not in within:
            found[name] = task
        elif within[name] not in found:
            group = groups[within[name]]
            found[group.group_id] = Task(
                task_id=group.group_id,
                operator=MAPPED_GROUP,
                expansion=group.expansion,
                group=group.parent,
                span=group.span,
            )
    pairs = ((within.get(up, up), within.get(down, down)) for up, down in edges)
    return found, list(dict.fromkeys((up, down) for up, down in pairs if up != down))


def _decisive(tasks: Mapping[str, Task], edges: Edges) -> set[str]:
    """The tasks whose end is the end of the run: leaves, where teardowns only count if they are to fail the run."""

    def counts(name: str) -> bool:
        return tasks[name].role != "teardown" or tasks[name].fails_run

    followed = {up for up, down in edges if counts(down)}
    return {name for name in tasks if counts(name) and name not in followed}


def _without_empty(part: _Part) -> _Part:
    """Takes tasks that do nothing out, where that changes no decision."""
    tasks, edges, ends = dict(part.tasks), part.edges, part.ends
    plain = all(task.trigger_rule == "all_success" and task.role == "work" for task in tasks.values())
    for name, task in part.tasks.items():
        if task.operator not in EMPTY or task.trigger_rule != "all_success" or task.expansion is not None:
            continue
        if any(task.get(kind) not in (None, Known(None)) for kind in ("on_success_callback", "on_execute_callback")):
            continue
        ups = [up for up, down in edges if down == name]
        downs = [down for up, down in edges if up == name]
        if any(chooses(tasks[up]) for up in ups):
            continue
        if name in ends and ups and not plain:
            continue
        if not all(tasks[down].trigger_rule == "all_success" for down in downs) and len(ups) != 1:
            continue
        del tasks[name]
        edges = [edge for edge in edges if name not in edge] + [(up, down) for up in ups for down in downs]
        edges = list(dict.fromkeys(edges))
        if name in ends:
            ends = (ends - {name}) | (set(ups) if plain else set())
    return _Part(tasks, edges, ends)


def chooses(task: Task) -> bool:
    """Whether a task decides which tasks after it run."""
    short = task.operator.rpartition(".")[2]
    return short.startswith(("Branch", "ShortCircuit", "branch", "short_circuit"))


def _closure(tasks: Iterable[str], edges: Edges) -> dict[str, frozenset[str]]:
    direct: dict[str, list[str]] = {name: [] for name in tasks}
    for up, down in edges:
        direct[up].append(down)
    result: dict[str, frozenset[str]] = {}
    for name in direct:
        found: set[str] = set()
        rest = list(direct[name])
        while rest:
            if (other := rest.pop()) not in found:
                found.add(other)
                rest.extend(direct[other])
        result[name] = frozenset(found)
    return result


def _condition(
    task: Task, tasks: Mapping[str, Task], upstream: tuple[str, ...], below: Mapping[str, frozenset[str]]
) -> Condition:
    name = task.task_id
    if task.role == "teardown":
        return condition(
            task.trigger_rule, upstream, [up for up in upstream if tasks[up].role == "setup"], teardown=True
        )
    if task.trigger_rule == "all_success":
        return condition("all_success", upstream)
    return condition(task.trigger_rule, upstream, [up for up in tasks if _sets_up(up, name, tasks, below)])


def _sets_up(setup: str, name: str, tasks: Mapping[str, Task], below: Mapping[str, frozenset[str]]) -> bool:
    """Whether a setup task's work is in force at a task: between it and its teardowns."""
    if tasks[setup].role != "setup" or name not in below[setup]:
        return False
    teardowns = [other for other in below[setup] if tasks[other].role == "teardown"]
    return not teardowns or any(other in below[name] for other in teardowns)
