"""DAGs under construction: tasks, groups and edges, drawn the way Airflow draws them.

The evaluator makes these while it goes through a file; ``finish`` turns them into the source model. What a task
was given is kept as the evaluator's values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sfn_airflow_core.text import Span


class GraphError(Exception):
    """Airflow would refuse to draw this; the message says why."""


@dataclass(slots=True, eq=False)
class EdgeMade:
    """What is known about an edge; ``data`` where an XComArg made it."""

    label: str = ""
    data: bool = False
    span: Span | None = None


@dataclass(slots=True, eq=False)
class DagMade:
    """A DAG; ``root`` is its nameless group."""

    dag_id: str
    arguments: dict[str, Any] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    span: Span | None = None
    known_id: bool = True
    module: Any = None
    tasks: dict[str, TaskMade] = field(default_factory=dict)
    edges: dict[tuple[str, str], EdgeMade] = field(default_factory=dict)
    used_group_ids: set[str] = field(default_factory=set)
    root: GroupMade = field(init=False)
    registered: bool = False

    def __post_init__(self) -> None:
        self.root = GroupMade("", self, None)

    def add(self, task: TaskMade) -> None:
        """Takes a task in. Raises GraphError for an id that is taken."""
        if task.task_id in self.tasks and self.tasks[task.task_id] is not task:
            raise GraphError(f"the task id {task.task_id} is used twice")
        self.tasks[task.task_id] = task
        task.dag = self
        if task.group is None:
            task.group = self.root
        task.group.children.setdefault(task.task_id, task)

    def groups(self) -> Iterator[GroupMade]:
        """Every named group, parents before children."""
        return (child for child in self.root.inside() if isinstance(child, GroupMade))


@dataclass(slots=True, eq=False)
class GroupMade:
    """A task group; ``name`` is its own part of the id."""

    name: str
    dag: DagMade
    parent: GroupMade | None
    prefix: bool = True
    arguments: dict[str, Any] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    expansion: tuple[str, Any] | None = None
    span: Span | None = None
    children: dict[str, TaskMade | GroupMade] = field(default_factory=dict)
    upstream_ids: list[str] = field(default_factory=list)

    @property
    def group_id(self) -> str:
        """The id with those of the groups around it, as far as they prefix."""
        return self.parent.child_id(self.name) if self.parent and self.name else self.name

    def child_id(self, label: str) -> str:
        """The id of something inside."""
        return f"{self.group_id}.{label}" if self.prefix and self.name else label

    def inside(self) -> Iterator[TaskMade | GroupMade]:
        """Everything inside, at any depth, in order."""
        for child in self.children.values():
            yield child
            if isinstance(child, GroupMade):
                yield from child.inside()

    def tasks(self) -> list[TaskMade]:
        """All tasks inside, at any depth."""
        return [child for child in self.inside() if isinstance(child, TaskMade)]

    def mapped(self) -> bool:
        """Whether this group or one around it is mapped."""
        return self.expansion is not None or (self.parent is not None and self.parent.mapped())


@dataclass(slots=True, eq=False)
class TaskMade:
    """A task; ``kind`` is its operator's name as the source model has it."""

    task_id: str
    kind: str
    arguments: dict[str, Any] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    callable: Any = None
    op_args: tuple[Any, ...] = ()
    op_kwargs: dict[str, Any] = field(default_factory=dict)
    expansion: tuple[str, Any] | None = None
    expansion_span: Span | None = None
    dag: DagMade | None = None
    group: GroupMade | None = None
    setup: bool = False
    teardown: bool = False
    fails_run: bool = False
    bases: tuple[str, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)
    certain: bool = True
    known_id: bool = True
    span: Span | None = None

    def near(self, downstream: bool) -> list[TaskMade]:
        """The tasks at the other end of its edges."""
        if self.dag is None:
            return []
        here = int(not downstream)
        return [self.dag.tasks[e[1 - here]] for e in self.dag.edges if e[here] == self.task_id]


@dataclass(slots=True, eq=False)
class XComMade:
    """An XComArg: the result of ``tasks[0]`` under ``key``, or made from others (``form``: map, zip, concat)."""

    sources: tuple[Any, ...]
    key: str = "return_value"
    form: str = ""
    extra: tuple[Any, ...] = ()

    def tasks(self) -> list[TaskMade]:
        """The tasks whose results it needs."""
        found: list[TaskMade] = []
        for source in self.sources:
            found += source.tasks() if isinstance(source, XComMade) else [source]
        return found


@dataclass(slots=True, eq=False)
class ItemMade:
    """What stands for one item inside a mapped group."""

    group: GroupMade | None
    name: str
    over: tuple[str, Any]


@dataclass(slots=True, eq=False)
class LabelMade:
    """A ``Label``: takes part in a chain of ``>>`` and names the edges drawn across it."""

    text: str
    ups: list[Any] = field(default_factory=list)
    downs: list[Any] = field(default_factory=list)


Node: TypeAlias = "TaskMade | GroupMade | XComMade | LabelMade"
NODES = (TaskMade, GroupMade, XComMade, LabelMade)


def roots(node: Node) -> list[TaskMade]:
    """Where edges into something end: the tasks in it that wait for nothing in it."""
    match node:
        case TaskMade():
            return [node]
        case XComMade():
            return node.tasks()
        case LabelMade():
            return [task for down in node.downs for task in roots(down)]
        case GroupMade():
            tasks = node.tasks()
            ids = {task.task_id for task in tasks}
            waiting = {down for up, down in node.dag.edges if up in ids}
            return [task for task in tasks if task.task_id not in waiting]


def leaves(node: Node) -> list[TaskMade]:
    """Where edges out of something start; teardowns at the end of a group do not count."""
    match node:
        case TaskMade():
            return [node]
        case XComMade():
            return node.tasks()
        case LabelMade():
            return [task for up in node.ups for task in leaves(up)]
        case GroupMade():
            return list(dict.fromkeys(_leaves_of_group(node)))


def _leaves_of_group(group: GroupMade) -> Iterator[TaskMade]:
    tasks = group.tasks()
    ids = {task.task_id for task in tasks}
    followed = {up for up, down in group.dag.edges if down in ids}
    for task in tasks:
        if task.task_id not in followed:
            yield from _before_teardown(task, ids) if task.teardown else (task,)


def _before_teardown(task: TaskMade, ids: set[str]) -> Iterator[TaskMade]:
    for up in task.near(downstream=False):
        if up.task_id not in ids or (up.setup and not up.teardown):
            continue
        if up.teardown:
            yield from _before_teardown(up, ids)
        elif not any(
            down.task_id != task.task_id and down.task_id in ids and not down.teardown for down in up.near(True)
        ):
            yield up


def connect(node: Node, others: Iterable[Node], upstream: bool, label: LabelMade | None, span: Span | None) -> None:
    """Draws edges between something and some things after it (before it, with ``upstream``).

    Raises GraphError where Airflow would.
    """
    others = list(others)
    match node:
        case TaskMade():
            for other in others:
                _relate(other, node, not upstream, label, span)
                for task in leaves(other) if upstream else roots(other):
                    up, down = (task, node) if upstream else (node, task)
                    draw(up, down, label.text if label else "", span)
        case XComMade():
            for task in node.tasks():
                connect(task, others, upstream, label, span)
        case GroupMade():
            _connect_group(node, others, upstream, label, span)
        case LabelMade():
            _connect_label(node, others, upstream, span)


def _connect_group(
    group: GroupMade, others: list[Node], upstream: bool, label: LabelMade | None, span: Span | None
) -> None:
    ends = roots(group) if upstream else _leaves_or_before(group)
    for other in others:
        _relate(other, group, not upstream, label, span)
        if upstream:
            group.upstream_ids += [task.task_id for task in leaves(other)]
    for task in ends:
        connect(task, [o for o in others if not isinstance(o, LabelMade)], upstream, label, span)


def _leaves_or_before(group: GroupMade) -> list[TaskMade]:
    """The leaves of a group; for an empty one those of what it was put behind, or of the group around it."""
    here: GroupMade | None = group
    while here is not None:
        if found := leaves(here):
            return found
        if here.upstream_ids:
            return [here.dag.tasks[task_id] for task_id in dict.fromkeys(here.upstream_ids)]
        here = here.parent
    return []


def _relate(other: Node, node: Node, upstream: bool, label: LabelMade | None, span: Span | None) -> None:
    """Tells the passive side of an edge about it; ``upstream`` says that ``node`` comes before ``other``."""
    match other:
        case LabelMade():
            _connect_label(other, [node], upstream, span)
        case GroupMade() if upstream and isinstance(node, TaskMade):
            other.upstream_ids.append(node.task_id)
        case _:
            pass


def _connect_label(label: LabelMade, others: list[Node], upstream: bool, span: Span | None) -> None:
    (label.ups if upstream else label.downs).extend(others)
    if label.ups and label.downs:
        _widen(label)
    for node in label.downs if upstream else label.ups:
        connect(node, others, upstream, label, span)


def _widen(label: LabelMade) -> None:
    """A label between different groups belongs to the groups, not to the tasks in them (Airflow 2.6 and later)."""
    groups = set()
    for node in (*label.ups, *label.downs):
        match node:
            case TaskMade():
                groups.add(node.group.group_id if node.group else "")
            case GroupMade():
                groups.add(node.group_id)
            case XComMade():
                groups.update(task.group.group_id if task.group else "" for task in node.tasks())
    if len(groups) != 1:
        label.ups, label.downs = _as_groups(label.ups), _as_groups(label.downs)


def _as_groups(nodes: Sequence[Any]) -> list[Any]:
    return [
        node.group if isinstance(node, TaskMade) and node.group is not None and node.group.name else node
        for node in nodes
    ]


def draw(up: TaskMade, down: TaskMade, label: str = "", span: Span | None = None, data: bool = False) -> None:
    """Draws one edge; a task without a DAG comes into that of the other. Raises GraphError."""
    dag = up.dag or down.dag
    if dag is None:
        raise GraphError(f"neither {up.task_id} nor {down.task_id} belongs to a DAG")
    if up.dag not in (None, dag) or down.dag not in (None, dag):
        raise GraphError(f"{up.task_id} and {down.task_id} belong to different DAGs")
    for task in (up, down):
        if task.dag is None:
            dag.add(task)
    edge = dag.edges.setdefault((up.task_id, down.task_id), EdgeMade(span=span))
    edge.label = label or edge.label
    edge.data = edge.data or data


def free_suffix(label: str, taken: Iterable[str], full: str) -> str:
    """A label made unique the way TaskFlow does it: ``load``, ``load__1``, ``load__2``.

    Args:
        label: without the ids of groups.
        taken: full ids that exist.
        full: the full id that the label would have.
    """
    taken = list(taken)
    if full not in taken:
        return label
    base = re.sub(r"__\d+$", "", full)
    numbers = [int(m[1]) for known in taken if (m := re.fullmatch(rf"{re.escape(base)}__(\d+)", known))]
    return f"{re.sub(r'__[0-9]+$', '', label)}__{max(numbers, default=0) + 1}"
