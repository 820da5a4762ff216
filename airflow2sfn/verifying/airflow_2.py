"""Lets a file that was written for Airflow 2 run on Airflow 3: the names, arguments and times that have gone since.

The file itself stays as it is. What Airflow 3 calls otherwise is found by its new name; arguments that change nothing
in a run are left out; templates and functions get the dates of Airflow 2; schedules have data intervals. Source: the
guide "Upgrading to Airflow 3" and its rules AIR301 to AIR312.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from types import MappingProxyType, ModuleType
from typing import Any, Final
from unittest import mock

from airflow2sfn.reading.former_names import ARGUMENTS
from airflow2sfn.reading.names import canonical

_INTERVALS: Final = {
    "AIRFLOW__SCHEDULER__CREATE_CRON_DATA_INTERVALS": "True",
    "AIRFLOW__SCHEDULER__CREATE_DELTA_DATA_INTERVALS": "True",
}
_DAG: Final = {
    "schedule_interval": "schedule", "timetable": "schedule", "concurrency": "max_active_tasks",
    "fail_stop": "fail_fast", "default_view": None, "orientation": None, "sla_miss_callback": None,
    "full_filepath": None,
}  # fmt: skip
_OPERATOR: Final = {
    "task_concurrency": "max_active_tis_per_dag", "provide_context": None, "sla": None,
}  # fmt: skip
"""Arguments by what they are called in Airflow 3; nothing for those without an effect on what a run does."""
_RULES: Final = {"dummy": "always", "none_failed_or_skipped": "none_failed_min_one_success"}


@contextmanager
def airflow_2() -> Iterator[None]:
    """What is imported and run inside of this finds an Airflow that takes what Airflow 2 took."""
    from airflow.sdk import DAG, BaseOperator
    from airflow.sdk.api.datamodels._generated import DagRun
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    with ExitStack() as stack:
        patch = functools.partial(mock.patch.object, autospec=False)
        stack.enter_context(mock.patch.dict(os.environ, _INTERVALS))
        renamed: set[type] = set()

        def seen(value: object) -> None:
            """Lets a class of a provider take its former arguments, from when a file imports it."""
            names = ARGUMENTS.get(f"{value.__module__}.{value.__qualname__}") if isinstance(value, type) else None
            if names and isinstance(value, type) and value not in renamed:
                renamed.add(value)
                stack.enter_context(patch(value, "__init__", _renamed(vars(value)["__init__"], names)))

        stack.enter_context(patch(builtins, "__import__", _import(builtins.__import__, seen)))
        stack.enter_context(patch(DAG, "__init__", _renamed(DAG.__init__, _DAG)))
        stack.enter_context(patch(BaseOperator, "__init__", _renamed(BaseOperator.__init__, _OPERATOR)))
        told = RuntimeTaskInstance.get_template_context
        stack.enter_context(patch(RuntimeTaskInstance, "get_template_context", _with_dates(told)))
        for kind, date in ((DagRun, _logical_date), (RuntimeTaskInstance, _logical_date_of_run)):
            stack.enter_context(patch(kind, "execution_date", property(date), create=True))
        yield


def _renamed(init: Callable[..., None], names: Mapping[str, Any]) -> Callable[..., None]:
    """A constructor that takes arguments by their former names."""

    @functools.wraps(init)
    def take(self: Any, *args: Any, **given: Any) -> None:
        today = {name: names.get(name, name) for name in given}
        known = {called: given[name] for name, called in today.items() if called is not None}
        if str(known.get("trigger_rule")) in _RULES:
            known["trigger_rule"] = _RULES[str(known["trigger_rule"])]
        init(self, *args, **known)

    return take


def _import(usual: Callable[..., ModuleType], seen: Callable[[object], None]) -> Callable[..., ModuleType]:
    """``import`` that finds what Airflow 2 had where Airflow 3 has it; ``seen`` is told of all that is imported."""

    def find(
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: tuple[str, ...] | None = (),
        level: int = 0,
    ) -> ModuleType:
        if level or not fromlist or name.partition(".")[0] != "airflow":
            return usual(name, globals, locals, fromlist, level)
        try:
            module = usual(name, globals, locals, fromlist, level)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                raise
            module = ModuleType(name)
        for member in fromlist:
            if not hasattr(module, member) and (found := _moved(f"{name}.{member}")) is not None:
                setattr(module, member, found)
            seen(getattr(module, member, None))
        return module

    return find


def _moved(name: str) -> Any:
    """What had this name in Airflow 2; nothing where Airflow 3 has no such thing."""
    if name in _GONE:
        return _GONE[name]
    module, _, member = canonical(name).rpartition(".")
    if f"{module}.{member}" == name:
        return None
    try:
        return getattr(importlib.import_module(module), member, None)
    except ModuleNotFoundError:
        return None


def _days_ago(n: int, hour: int = 0, minute: int = 0, second: int = 0, microsecond: int = 0) -> datetime:
    """``airflow.utils.dates.days_ago``: midnight, UTC, this many days ago."""
    from airflow.sdk.timezone import utcnow

    return utcnow().replace(hour=hour, minute=minute, second=second, microsecond=microsecond) - timedelta(days=n)


_GONE: Final = MappingProxyType({"airflow.utils.dates.days_ago": _days_ago})


def _with_dates(context: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The context of a task with the dates that Airflow 3 has taken out of it."""

    @functools.wraps(context)
    def tell(self: Any) -> Any:
        found = context(self)
        logical, end = found.get("logical_date"), found.get("data_interval_end")
        if logical is not None:
            found |= {"execution_date": logical} | _days("yesterday_ds", logical, -1) | _days("tomorrow_ds", logical, 1)
        if end is not None:
            found |= {"next_execution_date": end} | _days("next_ds", end, 0)
        return found

    return tell


def _logical_date(run: Any) -> Any:
    return run.logical_date


def _logical_date_of_run(instance: Any) -> Any:
    return instance.get_template_context().get("logical_date")


def _days(name: str, moment: datetime, days: int) -> dict[str, str]:
    text = (moment + timedelta(days=days)).strftime("%Y-%m-%d")
    return {name: text, f"{name}_nodash": text.replace("-", "")}
