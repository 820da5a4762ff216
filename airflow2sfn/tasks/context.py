"""Airflow's context in the event of a function: what the state machine says of the run and the task."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from airflow2sfn.expressions.text import Untranslatable
from airflow2sfn.expressions.values import Values, query, to_json
from airflow2sfn.packaging.context import TIMES, Path
from airflow2sfn.reading.template_files import extensions, names_file
from airflow2sfn.source import Task
from sfn_airflow_core.asl.model import Json

_DAY = 86_400_000
_DATE, _COMPACT = "[Y0001]-[M01]-[D01]", "[Y0001][M01][D01]"


def _days(name: str, days: int, picture: str) -> Callable[[Values], str]:
    """The date some days from a time of the run."""
    shift = f" {'+' if days > 0 else '-'} {abs(days) * _DAY}" if days else ""
    return lambda values: f"$fromMillis($toMillis({values.run(name)}){shift}, '{picture}')"


_TEXTS: Mapping[str, Callable[[Values], str]] = {
    "ds": lambda values: values.run("ds"),
    "ds_nodash": lambda values: f"$replace({values.run('ds')}, '-', '')",
    "ts": lambda values: (
        f"$fromMillis($toMillis({values.run('logical_date')}), '[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01]') & '+00:00'"
    ),
    "ts_nodash": lambda values: (
        f"$fromMillis($toMillis({values.run('logical_date')}), '[Y0001][M01][D01]T[H01][m01][s01]')"
    ),
    "yesterday_ds": _days("ds", -1, _DATE),
    "yesterday_ds_nodash": _days("ds", -1, _COMPACT),
    "tomorrow_ds": _days("ds", 1, _DATE),
    "tomorrow_ds_nodash": _days("ds", 1, _COMPACT),
    "next_ds": _days("data_interval_end", 0, _DATE),
    "next_ds_nodash": _days("data_interval_end", 0, _COMPACT),
    "run_id": lambda values: values.run("run_id"),
    "params": lambda values: values.run("params"),
}
_FORMER = {"execution_date": "logical_date", "next_execution_date": "data_interval_end"}
"""What Airflow 2 called times, and what Airflow 3 calls them."""


def value(root: str, below: Iterable[Path], task: Task, values: Values) -> Json:
    """One name of the context, as far as it is asked for; raises Untranslatable.

    Args:
        root: its name, as ``packaging.context`` lists them.
        below: what is asked of it.
        task: the task.
        values: where values are found.
    """
    if root in _TEXTS:
        return query(_TEXTS[root](values))
    if root in TIMES:
        return query(values.run(_FORMER.get(root, root)))
    if root == "templates_dict":
        given = task.get("templates_dict")
        if given is not None and names_file(given, extensions(task)):
            raise Untranslatable("its templates_dict names a file that is not beside the DAG")
        return None if given is None else to_json(given, values)
    made: dict[str, Any] = {}
    for name, *rest in sorted(set(below)):
        if name == "xcom_pull":
            source, key = rest
            made.setdefault("xcoms", {}).setdefault(source, {})[key] = query(values.xcom(source, key))
        elif name != "xcom_push":
            made[name] = _fact(root, name, task, values)
    return made


def _fact(root: str, name: str, task: Task, values: Values) -> Json:
    """An attribute of ``ti``, ``dag_run``, ``dag`` or ``task``."""
    match name:
        case "conf":
            return query(f"$merge([{values.run('conf')}])")  # an execution may be started without
        case "run_id":
            return query(values.run("run_id"))
        case "logical_date" | "execution_date":
            return query(values.run("logical_date"))
        case "task_id":
            return task.task_id
        case "dag_id":
            return values.literal("dag.dag_id")
        case "map_index":
            return query("$states.context.Map.Item.Index") if task.expansion else -1
        case "try_number":
            if task.expansion is not None or "sensor" in task.operator:
                raise Untranslatable("the number of the try of an item or a look is not known")
            return query("$states.context.State.RetryCount + 1")
        case _:
            raise Untranslatable(f"it uses {root}.{name}")
