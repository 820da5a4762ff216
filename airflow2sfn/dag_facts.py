"""A DAG as a comparison takes it: what is known of its tasks and edges, in the core's own terms."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from airflow2sfn.read import Reading, Settings, module_name, read_text
from airflow2sfn.reading.project import Project
from airflow2sfn.source import Dag, Entries, Group, Items, Known, Made, PythonCallable, Symbolic, Task, Template, Value
from airflow2sfn.tasks.retries import DEFAULT_DELAY, seconds
from sfn_airflow_core.compare.dag_file import DagFile, DagFileError, DagTask
from sfn_airflow_core.compare.dag_functions import calls, ways
from sfn_airflow_core.compare.dag_literals import Constants

_SETTINGS = ("schedule", "catchup", "max_active_runs", "max_active_tasks", "dagrun_timeout")
_DEFAULTED = ("pool", "retry_exponential_backoff", "deferrable", "mode", "wait_for_completion")
"""Arguments of ``default_args`` that a comparison looks at, besides retries and times."""
_DEEPEST = 20
_BRANCHING = ("branch", "short_circuit", "Branch", "ShortCircuit")


def read_facts(data: bytes, source: str, roots: Sequence[Path] = (), settings: Settings | None = None) -> list[DagFile]:
    """The DAGs of a file; the reader that this package announces to the core. Raises DagFileError."""
    project = Project((Path(source).parent, *roots))
    reading = read_text(data, source, project, settings, module_name(Path(source), project))
    return [facts(dag, source) for dag in readable(reading)]


def readable(reading: Reading) -> tuple[Dag, ...]:
    """The DAGs of a reading that have tasks. Raises DagFileError where there is none."""
    for problem in reading.problems:
        line = f":{problem.span.line}" if problem.span else ""
        what = "not Python: " if problem.code == "SYNTAX_ERROR" else ""
        raise DagFileError(f"{reading.source}{line}: {what}{problem.message}")
    found = tuple(dag for dag in reading.dags if dag.tasks)
    if not found:
        raise DagFileError(f"{reading.source}: no task of an Airflow DAG found")
    return found


def facts(dag: Dag, source: str) -> DagFile:
    """What a comparison needs of a DAG."""
    found = DagFile(source, dag.dag_id)
    found.settings = {name: value for name in _SETTINGS if (value := plain(dag.get(name))) is not None}
    given = (*dag.arguments, *dag.defaults)
    if callbacks := [name for name in given if name.startswith("on_") and name.endswith("_callback")]:
        found.settings["callbacks"] = callbacks
    for group in dag.groups:
        found.tasks[group.group_id] = _group(group)
    for task in dag.tasks:
        found.tasks[task.task_id] = _task(task)
    around = {task.task_id: list(_around(task.group, dag)) for task in dag.tasks}
    for edge in dag.edges:
        up, down = around[edge.up], around[edge.down]
        entered = [group for group in down if group not in up]
        left = [group for group in up if group not in down]
        for start in (edge.up, *left):  # an edge into a group is one to the group, and out of it as well
            for end in (edge.down, *entered):
                found.edges.setdefault((start, end), edge.label)
    return found


def _around(group: str, dag: Dag) -> Iterator[str]:
    """The groups around a task, innermost first."""
    parents = {one.group_id: one.parent for one in dag.groups}
    while group:
        yield group
        group = parents.get(group, "")


def _group(group: Group) -> DagTask:
    line = group.span.line if group.span else 1
    name = group.group_id.removeprefix(f"{group.parent}.")
    return DagTask(name, "group", line, group.parent, mapped=group.expansion is not None, path=group.group_id)


def _task(task: Task) -> DagTask:
    operator = task.operator if task.taskflow else task.operator.rpartition(".")[2]
    if not task.taskflow and not _of_airflow(task.operator) and task.bases:
        operator = next((base.rpartition(".")[2] for base in task.bases if _of_airflow(base)), operator)
    found = DagTask(
        task.task_id.removeprefix(f"{task.group}."),
        operator,
        task.span.line if task.span else 1,
        task.group,
        title=str(plain(task.get("task_display_name")) or ""),
        mapped=task.expansion is not None,
        trigger_rule=task.trigger_rule,
        path=task.task_id,
    )
    given = {**task.arguments, **dict(task.expansion.values if task.expansion else ())}
    found.arguments = {name: value for name, given_value in given.items() if (value := plain(given_value)) is not None}
    found.arguments |= {
        name: value
        for name in _DEFAULTED
        if name not in given and (value := plain(task.defaults.get(name))) is not None
    }
    retries = task.known("retries")
    found.retries = retries if isinstance(retries, int) and not isinstance(retries, bool) else None
    delay = seconds(task.known("retry_delay"))
    found.retry_delay = delay if delay is not None else DEFAULT_DELAY if found.retries else None
    limits = [seconds(task.known(name)) for name in ("execution_timeout", "timeout")]
    found.timeout = next((limit for limit in limits if limit is not None), None)
    if task.callable is not None and (function := _function(task.callable)) is not None:
        found.actions = calls(function, _constants(task.callable.module.text))
        found.ways = ways(function) if any(word in operator for word in _BRANCHING) else []
    return found


def _of_airflow(operator: str) -> bool:
    return operator.startswith("airflow.")


def _function(callable_: PythonCallable) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The definition of a callable in the syntax tree of its module; nothing for a lambda."""
    for node in _functions(callable_.module.text):
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        if callable_.span.line in (first, node.lineno):
            return node
    return None


@lru_cache(maxsize=16)
def _tree(text: str) -> ast.Module:
    return ast.parse(text)


def _functions(text: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(_tree(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _constants(text: str) -> Constants:
    """The literals that a module gives names to."""
    found = Constants()
    for node in _tree(text).body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.learn(target.id, node.value)
    return found


def plain(value: Value | None, depth: int = 0) -> Any:
    """A value as JSON has it, as far as it is known; ``None`` where it is not.

    Times are seconds, an asset its URI or name, a timetable its expression, a template its text.
    """
    if depth > _DEEPEST:
        return None
    match value:
        case Known(known):
            return _known(known)
        case Template(text):
            return text
        case Items(items):
            return [plain(item, depth + 1) for item in items]
        case Entries(entries):
            pairs = ((plain(key, depth + 1), plain(item, depth + 1)) for key, item in entries)
            return {str(key): item for key, item in pairs if key is not None}
        case Made(name=name, args=args) if name.endswith(("Asset", "Dataset", "AssetAlias", "Timetable")):
            named = [value.get(word) for word in ("uri", "name", "cron", "delta")]
            return next((plain(item, depth + 1) for item in (*args, *named) if item is not None), None)
        case Symbolic(default=default) if default is not None:
            return plain(default, depth + 1)
        case _:
            return None


def _known(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, dict):
        return {str(name): _known(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_known(item) for item in value]
    return value if isinstance(value, str | int | float | bool) else None
