"""Names of the Lambda functions of a DAG: which tasks share one, and what it is called in every place."""

from __future__ import annotations

import re
from dataclasses import dataclass

from airflow2sfn.packaging.container import LONGEST
from airflow2sfn.packaging.context import NAMES
from airflow2sfn.source import Dag, PythonCallable, Task
from airflow2sfn.tasks.kinds import PYTHON


@dataclass(frozen=True, slots=True)
class FunctionName:
    """One Lambda function.

    >>> name = FunctionName("load_orders")
    >>> name.resource, name.placeholder
    ('LoadOrdersFunction', 'LoadOrdersFunctionArn')
    """

    folder: str
    """Its folder below ``functions/``."""

    @property
    def stem(self) -> str:
        """What the logical ids of its resources start with."""
        return "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", self.folder))

    @property
    def resource(self) -> str:
        """Its logical id in the template."""
        return f"{self.stem}Function"

    @property
    def placeholder(self) -> str:
        """What stands for its ARN in the definition, inside of ``${…}``."""
        return f"{self.resource}Arn"


def function_names(dag: Dag) -> dict[str, FunctionName]:
    """The functions of all tasks whose work is a Python callable, by task id.

    Tasks with the same callable share a function, which is then named after the callable; other functions are named
    after their task. Branches have a function each, since it knows which tasks may follow.
    """
    groups: dict[str, list[Task]] = {}
    for task in dag.tasks:
        if task.operator in PYTHON and task.callable is not None:
            groups.setdefault(_identity(task, task.callable), []).append(task)
    wishes = {key: tasks[0].task_id if len(tasks) == 1 else _of_callable(tasks[0]) for key, tasks in groups.items()}
    taken: set[str] = set()
    found: dict[str, FunctionName] = {}
    # Tasks that have a function of their own come first: their names are ids, which are unique already.
    for key, tasks in sorted(groups.items(), key=lambda group: len(group[1]) > 1):
        name = unused(wishes[key], taken)
        found |= {task.task_id: name for task in tasks}
    return found


def given_names(task: Task) -> frozenset[str]:
    """The parameters of a callable that a task gives a value to."""
    expansion = task.expansion
    mapped = [name for name, _ in expansion.values] if expansion else []
    first = [p.name for p in task.callable.parameters if p.kind in ("positional", "any")] if task.callable else []
    return frozenset([*task.op_kwargs, *mapped, *first[: len(task.op_args)]])


def _identity(task: Task, function: PythonCallable) -> str:
    from airflow2sfn.tasks.retries import timeout

    kind = PYTHON[task.operator]
    own = task.task_id if kind == "branch" else ""
    given = sorted(given_names(task) & NAMES)
    limit = None if kind == "sensor" else timeout(task)
    apart = bool(limit and limit > LONGEST)  # which Lambda cannot run
    defaults = [(each.name, each.default) for each in function.parameters]  # another one in each round of a loop
    place = (function.module.path, function.span, function.captured, defaults)
    return repr((kind, own, apart, given, place, task.get("requirements")))


def _of_callable(task: Task) -> str:
    assert task.callable is not None
    return task.task_id if task.callable.name == "<lambda>" else task.callable.name


def unused(wish: str, taken: set[str]) -> FunctionName:
    """A name close to a wish; ``taken`` holds the folders and logical ids that are in use, and gets the new ones."""
    stem = re.sub(r"[^A-Za-z0-9]+", "_", wish).strip("_")[:48] or "task"
    name, number = FunctionName(stem if stem[0].isalpha() else f"task_{stem}"), 1
    first = name
    while {name.folder.lower(), name.resource} & taken:
        number += 1
        name = FunctionName(f"{first.folder}_{number}")
    taken |= {name.folder.lower(), name.resource}
    return name
